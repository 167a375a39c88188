//! Random splits into train, validation and test.

use std::{collections::BTreeMap, path::Path};

use align::rng::{Purpose, permutation, stream};

use super::{ImportProblem, strata};
use crate::{DataError, Place, SetProblem, SplitName};

/// The draw of the rows of each split.
const SPLITS: Purpose = Purpose::new(25);

/// Items to be split.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Population<'a> {
    /// Number of items.
    pub(crate) items: usize,
    /// Groups of items that stay together.
    pub(crate) groups: Option<&'a [i64]>,
    /// Classes whose shares are kept.
    pub(crate) classes: Option<&'a [i64]>,
}

/// The items of each split, in order.
pub(super) type Drawn = BTreeMap<SplitName, Vec<usize>>;

/// Draws a split: items of one group stay together, and the rows of each split are in order. With groups, the shares
/// are met as nearly as whole groups allow.
///
/// # Errors
/// Shares that are not two or three positive numbers with sum 1; a split that would be empty.
pub(super) fn draw(population: Population<'_>, shares: &[f64], seed: u64, manifest: &Path) -> Result<Drawn, DataError> {
    let place = Place { file: manifest.to_owned(), line_col: None, key: "splits".to_owned() };
    let names: &[SplitName] = match shares.len() {
        2 => &[SplitName::Train, SplitName::Test],
        3 => &[SplitName::Train, SplitName::Validation, SplitName::Test],
        _ => return Err(DataError::import(&place, ImportProblem::Shares { got: shares.to_vec() })),
    };
    if shares.iter().any(|share| share.is_nan() || *share <= 0.0) || (shares.iter().sum::<f64>() - 1.0).abs() > 1e-6 {
        return Err(DataError::import(&place, ImportProblem::Shares { got: shares.to_vec() }));
    }
    let units = units_of(population).len();
    if population.groups.is_some() && units < names.len() {
        return Err(DataError::import(&place, ImportProblem::TooFewGroups { got: units, want: names.len() }));
    }
    let parts = assign(population, shares, seed);
    let mut splits: Drawn = names.iter().map(|&name| (name, Vec::new())).collect();
    parts.into_iter().enumerate().for_each(|(item, part)| splits.entry(names[part]).or_default().push(item));
    for (split, rows) in &splits {
        if rows.is_empty() {
            let problem = SetProblem::EmptySplit { view: "all".to_owned(), split: split.name() };
            return Err(DataError::set(&place, problem));
        }
    }
    Ok(splits)
}

/// Draws folds: every item, with its group, is in test of exactly one of them, and in train of the others.
///
/// # Errors
/// Fewer than two folds, or more than items or groups; a fold that would be empty.
pub(super) fn folds(
    population: Population<'_>,
    folds: usize,
    seed: u64,
    manifest: &Path,
) -> Result<Vec<Drawn>, DataError> {
    let place = Place { file: manifest.to_owned(), line_col: None, key: "splits".to_owned() };
    let units = units_of(population).len();
    let what = if population.groups.is_some() { "groups" } else { "items" };
    if folds < 2 || folds > units {
        return Err(DataError::import(&place, ImportProblem::Folds { got: folds, units, what }));
    }
    let parts = assign(population, &vec![1.0 / folds as f64; folds], seed);
    let of_fold = |fold: usize| {
        let (test, train): (Vec<usize>, Vec<usize>) = (0..population.items).partition(|&item| parts[item] == fold);
        if test.is_empty() {
            return Err(DataError::import(&place, ImportProblem::Folds { got: folds, units, what }));
        }
        Ok(Drawn::from([(SplitName::Train, train), (SplitName::Test, test)]))
    };
    (0..folds).map(of_fold).collect()
}

/// Groups of items that stay together.
fn units_of(population: Population<'_>) -> Vec<Vec<usize>> {
    let mut units: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for item in 0..population.items {
        units.entry(population.groups.map_or(item as i64, |groups| groups[item])).or_default().push(item);
    }
    units.into_values().collect()
}

/// Part of each item; the parts have these shares.
pub(crate) fn assign(population: Population<'_>, shares: &[f64], seed: u64) -> Vec<usize> {
    let items = population.items;
    let members = units_of(population);
    let mut rng = stream(seed, SPLITS, None);
    if let Some(classes) = population.classes {
        return strata::assign(&members, classes, shares, &mut rng);
    }
    let mut parts = vec![0; items];
    let (mut part, mut until) = (0, shares[0]);
    let mut placed = 0;
    for group in permutation(members.len(), &mut rng) {
        // A group across the border belongs to the part of its middle.
        let middle = placed as f64 + members[group].len() as f64 / 2.0;
        while part + 1 < shares.len() && middle > until * items as f64 {
            part += 1;
            until += shares[part];
        }
        placed += members[group].len();
        members[group].iter().for_each(|&item| parts[item] = part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn of(groups: Option<&[i64]>) -> Population<'_> {
        Population { items: 1000, groups, classes: None }
    }

    #[test]
    fn shares_are_met_and_groups_stay_together() {
        let draw = |groups, shares: &[f64], seed| draw(of(groups), shares, seed, Path::new("x.yaml"));
        let plain = draw(None, &[0.7, 0.1, 0.2], 1).expect("a split");
        assert_eq!(plain.values().map(Vec::len).collect::<Vec<_>>(), [700, 200, 100], "train, test, validation");
        assert_eq!(plain, draw(None, &[0.7, 0.1, 0.2], 1).expect("a split"));
        assert_ne!(plain, draw(None, &[0.7, 0.1, 0.2], 2).expect("a split"));

        let groups: Vec<i64> = (0..1000).map(|i| i % 90).collect();
        let grouped = draw(Some(&groups), &[0.8, 0.2], 1).expect("a split");
        let of = |split| grouped[&split].iter().map(|&row| groups[row]).collect::<BTreeSet<_>>();
        assert!(of(SplitName::Train).is_disjoint(&of(SplitName::Test)));
        assert!(grouped[&SplitName::Train].len().abs_diff(800) <= 12);

        assert!(draw(None, &[0.5, 0.6], 1).is_err());
        assert!(draw(None, &[1.0], 1).is_err());
        let one: Vec<i64> = vec![3; 1000];
        assert!(draw(Some(&one), &[0.8, 0.2], 1).is_err(), "one group cannot be split");
    }

    /// 37 classes of very different sizes.
    fn classes() -> Vec<i64> {
        (0..1000_i64).map(|i| (i * i) % 37 * (i % 3)).collect()
    }

    fn share(rows: &[usize], class: i64, classes: &[i64]) -> f64 {
        rows.iter().filter(|&&row| classes[row] == class).count() as f64
    }

    #[test]
    fn strata_keep_the_share_of_every_class_to_an_item() {
        let classes = classes();
        let population = Population { classes: Some(&classes), ..of(None) };
        let drawn = draw(population, &[0.7, 0.1, 0.2], 5, Path::new("x.yaml")).expect("a split");
        assert_eq!(drawn.values().map(Vec::len).collect::<Vec<_>>(), [700, 200, 100]);
        let all: Vec<usize> = (0..1000).collect();
        for class in classes.iter().copied().collect::<BTreeSet<_>>() {
            for (split, want) in [(SplitName::Train, 0.7), (SplitName::Validation, 0.1), (SplitName::Test, 0.2)] {
                let gap = share(&drawn[&split], class, &classes) - want * share(&all, class, &classes);
                assert!(gap.abs() < 2.0, "class {class}, {}: {gap}", split.name());
            }
        }
        let other = draw(population, &[0.7, 0.1, 0.2], 6, Path::new("x.yaml")).expect("a split");
        assert_ne!(drawn, other, "the seed decides");
    }

    #[test]
    fn strata_of_whole_groups_are_nearer_to_the_shares_than_without() {
        // Groups of one to five items, most of one class each.
        let groups: Vec<i64> = (0..1000).map(|i: i64| i / (1 + i % 5)).collect();
        let classes: Vec<i64> =
            groups.iter().zip(0..).map(|(g, i)| if i % 11 == 0 { 4 } else { (g * 7) % 4 }).collect();
        let apart = |classes_kept: bool| {
            let population = Population { classes: classes_kept.then_some(&classes), ..of(Some(&groups)) };
            let drawn = draw(population, &[0.8, 0.2], 2, Path::new("x.yaml")).expect("a split");
            let of = |split| drawn[&split].iter().map(|&row| groups[row]).collect::<BTreeSet<_>>();
            assert!(of(SplitName::Train).is_disjoint(&of(SplitName::Test)), "groups are whole");
            assert!(drawn[&SplitName::Test].len().abs_diff(200) <= 5);
            strata::Strata::of("y", true, &classes, &drawn, |class| class.to_string()).apart()
        };
        assert!(apart(true) < 0.01 && apart(true) < apart(false), "{} {}", apart(true), apart(false));
    }

    #[test]
    fn every_item_is_in_test_of_one_fold() {
        let groups: Vec<i64> = (0..1000).map(|i| i % 90).collect();
        let classes = classes();
        for (groups, classes) in
            [(None, None), (Some(&*groups), None), (None, Some(&*classes)), (Some(&groups), Some(&classes))]
        {
            let population = Population { groups, classes, ..of(None) };
            let folds = folds(population, 4, 7, Path::new("x.yaml")).expect("folds");
            let mut tested = vec![0; 1000];
            for fold in &folds {
                assert!(fold[&SplitName::Test].len().abs_diff(250) <= 12);
                fold[&SplitName::Test].iter().for_each(|&item| tested[item] += 1);
                let all: BTreeSet<usize> = fold.values().flatten().copied().collect();
                assert_eq!(all.len(), 1000);
                if let Some(groups) = groups {
                    let of = |split| fold[&split].iter().map(|&row| groups[row]).collect::<BTreeSet<_>>();
                    assert!(of(SplitName::Train).is_disjoint(&of(SplitName::Test)));
                }
            }
            assert!(tested.iter().all(|&times| times == 1));
        }
        for (count, groups) in [(1, None), (1001, None), (91, Some(&*groups))] {
            assert!(folds(of(groups), count, 7, Path::new("x.yaml")).is_err());
        }
    }

    #[test]
    fn items_that_any_grouping_joins_are_one_group() {
        let united = strata::united(&[vec![1, 1, 2, 2, 3, 4], vec![7, 8, 8, 9, 6, 5]]);
        assert_eq!(united, [0, 0, 0, 0, 4, 5]);
    }
}
