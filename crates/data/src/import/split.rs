//! Which items become train, validation and test.

use std::{collections::BTreeMap, path::Path};

use align::rng::{Purpose, permutation, stream};

use super::ImportProblem;
use crate::{DataError, Place, SetProblem, SplitName};

/// Which rows of imported files become which split.
const SPLITS: Purpose = Purpose::new(25);

/// Draws a split: items of one group go together, and each split's rows are in order. With groups, shares are met as
/// nearly as whole groups allow.
///
/// # Errors
/// Shares that are not two or three positive numbers with sum 1; a split that would be empty.
pub(super) fn draw(
    items: usize,
    groups: Option<&[i64]>,
    shares: &[f64],
    seed: u64,
    manifest: &Path,
) -> Result<BTreeMap<SplitName, Vec<usize>>, DataError> {
    let place = Place { file: manifest.to_owned(), line_col: None, key: "splits".to_owned() };
    let names: &[SplitName] = match shares.len() {
        2 => &[SplitName::Train, SplitName::Test],
        3 => &[SplitName::Train, SplitName::Validation, SplitName::Test],
        _ => return Err(DataError::import(&place, ImportProblem::Shares { got: shares.to_vec() })),
    };
    if shares.iter().any(|share| share.is_nan() || *share <= 0.0) || (shares.iter().sum::<f64>() - 1.0).abs() > 1e-6 {
        return Err(DataError::import(&place, ImportProblem::Shares { got: shares.to_vec() }));
    }
    let mut members: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for item in 0..items {
        members.entry(groups.map_or(item as i64, |groups| groups[item])).or_default().push(item);
    }
    let members: Vec<Vec<usize>> = members.into_values().collect();
    let mut rng = stream(seed, SPLITS, None);
    let mut splits: BTreeMap<SplitName, Vec<usize>> = names.iter().map(|&name| (name, Vec::new())).collect();
    let (mut split, mut until) = (0, shares[0]);
    let mut placed = 0;
    for group in permutation(members.len(), &mut rng) {
        // A group that straddles the border goes where its middle lies.
        let middle = placed as f64 + members[group].len() as f64 / 2.0;
        while split + 1 < names.len() && middle > until * items as f64 {
            split += 1;
            until += shares[split];
        }
        placed += members[group].len();
        splits.entry(names[split]).or_default().extend(&members[group]);
    }
    for (split, rows) in &mut splits {
        if rows.is_empty() {
            let problem = SetProblem::EmptySplit { view: "all".to_owned(), split: split.name() };
            return Err(DataError::set(&place, problem));
        }
        rows.sort_unstable();
    }
    Ok(splits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_met_and_groups_stay_together() {
        let draw = |groups, shares: &[f64], seed| draw(1000, groups, shares, seed, Path::new("x.yaml"));
        let plain = draw(None, &[0.7, 0.1, 0.2], 1).expect("a split");
        assert_eq!(plain.values().map(Vec::len).collect::<Vec<_>>(), [700, 200, 100], "train, test, validation");
        assert_eq!(plain, draw(None, &[0.7, 0.1, 0.2], 1).expect("a split"));
        assert_ne!(plain, draw(None, &[0.7, 0.1, 0.2], 2).expect("a split"));

        let groups: Vec<i64> = (0..1000).map(|i| i % 90).collect();
        let grouped = draw(Some(&groups), &[0.8, 0.2], 1).expect("a split");
        let of = |split| grouped[&split].iter().map(|&row| groups[row]).collect::<std::collections::BTreeSet<_>>();
        assert!(of(SplitName::Train).is_disjoint(&of(SplitName::Test)));
        assert!(grouped[&SplitName::Train].len().abs_diff(800) <= 12);

        assert!(draw(None, &[0.5, 0.6], 1).is_err());
        assert!(draw(None, &[1.0], 1).is_err());
        let one: Vec<i64> = vec![3; 1000];
        assert!(draw(Some(&one), &[0.8, 0.2], 1).is_err(), "one group cannot be split");
    }
}
