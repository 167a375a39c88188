//! Splits that keep the shares of classes, and the union of several groupings.

use std::{collections::BTreeMap, fmt};

use align::rng::{Stream, permutation};

use crate::SplitName;

/// Deviation of the splits from the shares of the stratified classes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Strata {
    /// Name of the labelling.
    pub labelling: String,
    /// Whether groups had to stay whole.
    pub grouped: bool,
    /// The class whose shares differ most.
    pub class: String,
    /// Share of this class in each split.
    pub shares: BTreeMap<SplitName, f64>,
}

impl Strata {
    /// The deviation of a drawn split; `name` returns the name of a class.
    pub(super) fn of(
        labelling: &str,
        grouped: bool,
        classes: &[i64],
        splits: &BTreeMap<SplitName, Vec<usize>>,
        name: impl Fn(i64) -> String,
    ) -> Self {
        let mut shares: BTreeMap<i64, BTreeMap<SplitName, f64>> = BTreeMap::new();
        for (&split, items) in splits {
            for &class in classes {
                shares.entry(class).or_default().entry(split).or_default();
            }
            for &item in items {
                *shares.entry(classes[item]).or_default().entry(split).or_default() += 1.0 / items.len() as f64;
            }
        }
        let most = shares.into_iter().max_by(|a, b| apart(&a.1).total_cmp(&apart(&b.1)));
        let (class, shares) = most.unwrap_or_default();
        Self { labelling: labelling.to_owned(), grouped, class: name(class), shares }
    }

    /// Difference of the shares of the class.
    pub fn apart(&self) -> f64 {
        apart(&self.shares)
    }
}

fn apart(shares: &BTreeMap<SplitName, f64>) -> f64 {
    let most = shares.values().copied().fold(0.0, f64::max);
    most - shares.values().copied().fold(1.0, f64::min)
}

impl fmt::Display for Strata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: &f64| format!("{:.1}%", 100.0 * share);
        let shares: Vec<String> =
            self.shares.iter().map(|(split, share)| format!("{} {}", split.name(), percent(share))).collect();
        let (labelling, class) = (&self.labelling, &self.class);
        let whole =
            if self.grouped { "; groups are kept whole, so shares are met as nearly as they allow" } else { "" };
        write!(
            f,
            "stratified by `{labelling}`: the shares of a class differ by at most {:.1} percentage points (class `{class}`: {}){whole}",
            100.0 * self.apart(),
            shares.join(", ")
        )
    }
}

/// Groups of items that any of several groupings joins, named by the first item of each group.
pub(super) fn united(groupings: &[Vec<i64>]) -> Vec<i64> {
    let items = groupings.first().map_or(0, Vec::len);
    let mut leads: Vec<usize> = (0..items).collect();
    for grouping in groupings {
        let mut first: BTreeMap<i64, usize> = BTreeMap::new();
        for (item, &group) in grouping.iter().enumerate() {
            let other = *first.entry(group).or_insert(item);
            let (a, b) = (lead(&mut leads, item), lead(&mut leads, other));
            leads[a.max(b)] = a.min(b);
        }
    }
    (0..items).map(|item| lead(&mut leads, item) as i64).collect()
}

/// The first item of an item's group.
fn lead(leads: &mut [usize], mut item: usize) -> usize {
    while leads[item] != item {
        leads[item] = leads[leads[item]];
        item = leads[item];
    }
    item
}

/// Part of each item, so that the parts have these shares of all items and of every class, and units stay whole.
///
/// Single items are assigned class by class in a random order, each to the part that lacks most: no part is ever more
/// than one item away from its share. Units of several items are assigned in order of size, the largest first, each to
/// the part for which the squared deviations of classes and sizes grow least.
pub(super) fn assign(units: &[Vec<usize>], classes: &[i64], shares: &[f64], rng: &mut Stream) -> Vec<usize> {
    let mut order = permutation(units.len(), rng);
    let mut parts = vec![0; classes.len()];
    if units.iter().all(|unit| unit.len() == 1) {
        order.sort_by_key(|&unit| classes[units[unit][0]]);
        let mut have = vec![0.0; shares.len()];
        for (placed, unit) in order.into_iter().enumerate() {
            let excess = |part: usize| have[part] - shares[part] * (placed + 1) as f64;
            let part = least(shares.len(), excess);
            have[part] += 1.0;
            parts[units[unit][0]] = part;
        }
        return parts;
    }
    let mut sizes: BTreeMap<i64, f64> = BTreeMap::new();
    classes.iter().for_each(|class| *sizes.entry(*class).or_default() += 1.0);
    let usual = classes.len() as f64 / sizes.len().max(1) as f64;
    // Amount by which each part exceeds its share of a class, and of all items.
    let excess_of = |share: &f64| sizes.iter().map(|(&class, size)| (class, -share * size)).collect();
    let mut excess: Vec<BTreeMap<i64, f64>> = shares.iter().map(excess_of).collect();
    let mut total: Vec<f64> = shares.iter().map(|share| -share * classes.len() as f64).collect();
    order.sort_by_key(|&unit| std::cmp::Reverse(units[unit].len()));
    for unit in order {
        let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
        units[unit].iter().for_each(|&item| *counts.entry(classes[item]).or_default() += 1.0);
        let size = units[unit].len() as f64;
        let growth = |part: usize| {
            let of_class = |(class, count): (&i64, &f64)| count * (2.0 * excess[part][class] + count) / sizes[class];
            counts.iter().map(of_class).sum::<f64>() + size * (2.0 * total[part] + size) / usual
        };
        let part = least(shares.len(), growth);
        total[part] += size;
        for (class, count) in counts {
            *excess[part].entry(class).or_default() += count;
        }
        units[unit].iter().for_each(|&item| parts[item] = part);
    }
    parts
}

/// The first part with the smallest value.
fn least(parts: usize, value: impl Fn(usize) -> f64) -> usize {
    (0..parts).min_by(|&a, &b| value(a).total_cmp(&value(b))).unwrap_or(0)
}
