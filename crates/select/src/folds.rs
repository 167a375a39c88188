//! Folds of the training items.

use std::collections::BTreeMap;

use align::rng::{Purpose, permutation, stream};
use tasks::metrics::dense_codes;

use crate::SelectError;

/// The draw of the folds.
const FOLDS: Purpose = Purpose::new(50);

/// A division of items into folds; each fold is held out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    of_items: Vec<usize>,
    count: usize,
}

impl Folds {
    /// Draws folds whose sizes differ as little as possible.
    ///
    /// Items of one group stay in one fold. With labels, every class is divided as evenly as the groups allow. The draw
    /// depends on `seed`, the groups and the labels, and on nothing else, so that all methods see the same folds.
    ///
    /// Items (or groups, the largest first) are taken in random order. Each goes to the fold in which its classes are
    /// rarest, by the sum of the squared class counts; then to the smallest such fold; then to the first.
    ///
    /// # Errors
    /// [`SelectError::Parameter`] for fewer than two folds; [`SelectError::TooFewUnits`] for fewer items or groups than
    /// folds; [`SelectError::Length`] if there is not one group or label per item.
    pub fn draw(
        items: usize,
        groups: Option<&[i64]>,
        labels: Option<&[i64]>,
        count: usize,
        seed: u64,
    ) -> Result<Self, SelectError> {
        at_least_two(count)?;
        for (what, list) in [("groups", groups), ("labels", labels)] {
            if let Some(list) = list.filter(|list| list.len() != items) {
                return Err(SelectError::Length { what, got: list.len(), want: items });
            }
        }
        let mut units = units_of(items, groups);
        if units.len() < count {
            let what = if groups.is_some() { "groups of training items" } else { "training items" };
            return Err(SelectError::TooFewUnits { what, got: units.len(), folds: count });
        }
        let order = permutation(units.len(), &mut stream(seed, FOLDS, None));
        units = order.into_iter().map(|unit| std::mem::take(&mut units[unit])).collect();
        units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));

        let (classes, class_count) = labels.map_or_else(|| (vec![0; items], 1), dense_codes);
        let mut counts = vec![vec![0u64; class_count]; count];
        let mut sizes = vec![0usize; count];
        let mut of_items = vec![0; items];
        for unit in units {
            let mut own: BTreeMap<usize, u64> = BTreeMap::new();
            unit.iter().for_each(|&item| *own.entry(classes[item] as usize).or_default() += 1);
            // By how much the sum of squared counts grows, up to a constant.
            let growth = |fold: usize| own.iter().map(|(&class, n)| counts[fold][class] * n).sum::<u64>();
            let fold = (0..count).min_by_key(|&fold| (growth(fold), sizes[fold], fold)).unwrap_or(0);
            own.iter().for_each(|(&class, n)| counts[fold][class] += n);
            sizes[fold] += unit.len();
            unit.iter().for_each(|&item| of_items[item] = fold);
        }
        Ok(Self { of_items, count })
    }

    /// Folds that are known: the fold of each item, from 0.
    ///
    /// # Errors
    /// [`SelectError::Parameter`] for fewer than two folds, or for a fold without items.
    pub fn given(of_items: Vec<usize>) -> Result<Self, SelectError> {
        let count = of_items.iter().max().map_or(0, |most| most + 1);
        at_least_two(count)?;
        if let Some(empty) = (0..count).find(|fold| !of_items.contains(fold)) {
            let got = format!("a division in which fold {empty} has no items");
            return Err(SelectError::Parameter { parameter: "folds", got, want: "at least one item in every fold" });
        }
        Ok(Self { of_items, count })
    }

    /// Number of folds.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The fold of each item.
    pub fn of_items(&self) -> &[usize] {
        &self.of_items
    }

    /// The items that a fold holds out, in ascending order.
    pub fn held_out(&self, fold: usize) -> Vec<usize> {
        self.items(|of| of == fold)
    }

    /// The items that each fold holds out.
    pub(crate) fn all_held_out(&self) -> Vec<Vec<usize>> {
        (0..self.count).map(|fold| self.held_out(fold)).collect()
    }

    /// The items of all other folds, in ascending order.
    pub fn rest(&self, fold: usize) -> Vec<usize> {
        self.items(|of| of != fold)
    }

    fn items(&self, which: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.of_items.len()).filter(|&item| which(self.of_items[item])).collect()
    }
}

/// The items of each group in the order of the groups' values; without groups every item alone.
pub(crate) fn units_of(items: usize, groups: Option<&[i64]>) -> Vec<Vec<usize>> {
    let Some(groups) = groups else { return (0..items).map(|item| vec![item]).collect() };
    let mut members: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    groups.iter().enumerate().for_each(|(item, group)| members.entry(*group).or_default().push(item));
    members.into_values().collect()
}

fn at_least_two(count: usize) -> Result<(), SelectError> {
    match count >= 2 {
        true => Ok(()),
        false => Err(SelectError::Parameter { parameter: "folds", got: count.to_string(), want: "at least 2" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_have_equal_sizes_keep_groups_and_divide_classes() {
        let plain = Folds::draw(23, None, None, 5, 7).expect("enough items");
        let sizes: Vec<usize> = (0..5).map(|fold| plain.held_out(fold).len()).collect();
        assert_eq!(sizes, [5, 5, 5, 4, 4]);
        assert_eq!(plain, Folds::draw(23, None, None, 5, 7).expect("the same"));
        assert_ne!(plain, Folds::draw(23, None, None, 5, 8).expect("other folds"));

        let labels: Vec<i64> = (0..60).map(|item| i64::from(item % 6 == 0)).collect();
        let even = Folds::draw(60, None, Some(&labels), 5, 1).expect("enough items");
        for fold in 0..5 {
            let rare = even.held_out(fold).into_iter().filter(|&item| labels[item] == 1).count();
            assert_eq!((even.held_out(fold).len(), rare), (12, 2));
        }
        let groups: Vec<i64> = (0..60).map(|item| (item / 4) as i64).collect();
        let whole = Folds::draw(60, Some(&groups), Some(&labels), 5, 1).expect("enough groups");
        for fold in 0..5 {
            assert_eq!(whole.held_out(fold).len() + whole.rest(fold).len(), 60);
            let inside: Vec<i64> = whole.held_out(fold).into_iter().map(|item| groups[item]).collect();
            assert!(whole.rest(fold).into_iter().all(|item| !inside.contains(&groups[item])));
        }
    }

    #[test]
    fn folds_that_cannot_be_drawn_are_refused() {
        let error = |folds: Result<Folds, SelectError>| folds.expect_err("refused").to_string();
        assert_eq!(error(Folds::draw(9, None, None, 1, 1)), "`folds` is 1, expected at least 2");
        let few = error(Folds::draw(9, Some(&[1, 1, 1, 2, 2, 2, 3, 3, 3]), None, 5, 1));
        assert!(few.starts_with("found 3 groups of training items, expected at least 5"), "{few}");
        assert!(error(Folds::draw(9, Some(&[1]), None, 2, 1)).contains("found 1 groups"));
        assert!(error(Folds::given(vec![0, 2, 2])).contains("fold 1 has no items"));
    }
}
