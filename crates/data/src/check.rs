//! Checks of a data set before any fit: spectra, norms, classes, and rows that reveal the answer.

use std::collections::BTreeMap;

use align::linalg::{Threads, product, symmetric_eigen};
use align::prep::{ZScore, cosine_rows, norm};
use align::{Labels, Matrix, Split, views::View};
use rayon::prelude::*;

use crate::{DataError, Loaded, SplitName, Warning, WarningKind, warnings::in_one_group};

/// Rows with a cosine above this count as equal in direction; columns with a correlation above this count as equal.
const NEAR_ROWS: f32 = 0.9999;
const NEAR_COLUMNS: f64 = 0.9999;
/// Largest number of rows that are compared with each other; from more rows, this many are taken at regular intervals.
const MOST: usize = 20_000;
/// Rows that are compared with all others at a time.
const BLOCK: usize = 1024;

/// Numbers about one view of one split.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ViewFigures {
    /// The split.
    pub split: SplitName,
    /// The view.
    pub view: String,
    /// Number of items that the view has.
    pub rows: usize,
    /// Items that it misses.
    pub missing: usize,
    /// Number of columns d.
    pub columns: usize,
    /// Effective rank, `exp(−Σ p ln p)` with the singular values p of the centred rows as shares of their sum: the
    /// number of directions that carry the view. Source: Roy and Vetterli, EUSIPCO 2007.
    pub effective_rank: f64,
    /// Smallest, median and largest Euclidean norm of a row.
    pub norms: [f32; 3],
}

/// Numbers about a labelling or grouping of one split.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClassFigures {
    /// The split.
    pub split: SplitName,
    /// Its name.
    pub name: String,
    /// Number of distinct values.
    pub classes: usize,
    /// Rows of the smallest, the median and the largest class.
    pub sizes: [usize; 3],
}

/// Result of [`check`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Checked {
    /// Every view of every split.
    pub views: Vec<ViewFigures>,
    /// Every labelling and grouping of every split.
    pub classes: Vec<ClassFigures>,
    /// Warnings by kind.
    pub warnings: Vec<Warning>,
    /// Whether only a part of the rows was compared, because there are too many.
    pub sampled: bool,
}

/// Checks a data set more closely than a run does.
///
/// Cost: two products of N × N × d for each view with N at most 20,000; one eigendecomposition of d × d.
///
/// # Errors
/// An eigendecomposition that does not converge.
pub fn check(loaded: &Loaded) -> Result<Checked, DataError> {
    let splits = loaded.splits();
    let mut views = Vec::new();
    let mut classes = Vec::new();
    for &(split, data) in &splits {
        for space in data.views.iter() {
            views.push(figures(split, space)?);
        }
        for list in data.labels.iter().chain(&data.groups) {
            classes.push(sizes(split, list));
        }
    }
    let (train, test) = (&loaded.dataset.train, &loaded.dataset.test);
    let mut warnings = loaded.warnings.clone();
    for (position, view) in train.views.iter().enumerate() {
        warnings.extend(near(train, test, position));
        warnings.extend(few_rows(view.name(), &view.observed()));
    }
    warnings.sort_by_key(|w| (w.kind, w.split));
    let sampled = splits.iter().any(|(_, data)| data.views.rows() > MOST);
    Ok(Checked { views, classes, warnings, sampled })
}

fn figures(split: SplitName, space: &View) -> Result<ViewFigures, DataError> {
    let (view, x) = (space.name(), &*space.observed());
    let centred = ZScore::centred(x).map(|&x| f64::from(x));
    let gram = product(centred.view().transpose(), centred.view(), Threads::Pool);
    let (values, _) = symmetric_eigen(gram.view(), &|| format!("view `{view}`"))?;
    let singular: Vec<f64> = values.iter().map(|value| value.max(0.0).sqrt()).collect();
    let total: f64 = singular.iter().sum();
    let shares = singular.iter().map(|s| s / total).filter(|p| *p > 0.0);
    let entropy: f64 = shares.map(|p| -p * p.ln()).sum();
    let mut norms: Vec<f32> = (0..x.rows()).map(|row| norm(x.row(row))).collect();
    norms.sort_by(f32::total_cmp);
    Ok(ViewFigures {
        split,
        view: view.to_owned(),
        rows: x.rows(),
        missing: space.values().rows() - x.rows(),
        columns: x.cols(),
        effective_rank: if total > 0.0 { entropy.exp() } else { 0.0 },
        norms: [norms[0], norms[norms.len() / 2], norms[norms.len() - 1]],
    })
}

fn sizes(split: SplitName, list: &Labels) -> ClassFigures {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    list.values.iter().for_each(|value| *counts.entry(*value).or_default() += 1);
    let mut sizes: Vec<usize> = counts.into_values().collect();
    sizes.sort_unstable();
    let at = |i: usize| sizes.get(i).copied().unwrap_or(0);
    let last = sizes.len().saturating_sub(1);
    ClassFigures { split, name: list.name.clone(), classes: sizes.len(), sizes: [at(0), at(sizes.len() / 2), at(last)] }
}

/// Warns about a view with no more training rows than columns.
fn few_rows(view: &str, train: &Matrix) -> Option<Warning> {
    let (kind, split, view) = (WarningKind::FewRows, SplitName::Train, Some(view.to_owned()));
    let (count, total) = (train.rows(), train.cols());
    (count <= total).then_some(Warning { kind, split, view, labelling: None, count, total, example: 0 })
}

/// Rows and columns of the view at a position that are nearly the same, besides those that are exactly.
fn near(train: &Split, test: &Split, position: usize) -> Vec<Warning> {
    let view = train.views.nth(position);
    let warning = |kind, split, total: usize, which: &[usize]| {
        let (view, example) = (Some(view.name().to_owned()), *which.first()? as i64);
        Some(Warning { kind, split, view, labelling: None, count: which.len(), total, example })
    };
    let (in_train, in_test) = (Sample::of(view), Sample::of(test.views.nth(position)));
    let observed = view.observed();
    let columns = near_columns(&observed);
    let mut found = vec![warning(WarningKind::NearDuplicateColumns, SplitName::Train, observed.cols(), &columns)];
    for (name, split, sample) in [(SplitName::Train, train, &in_train), (SplitName::Test, test, &in_test)] {
        let near = sample.near(None, |one, other| in_one_group(split, one, other));
        found.push(warning(WarningKind::NearDuplicateRows, name, sample.rows.len(), &near.others));
        found.push(warning(WarningKind::NearDuplicatesInGroups, name, sample.rows.len(), &near.in_groups));
    }
    let again = in_test.near(Some(&in_train), |_, _| false).others;
    found.push(warning(WarningKind::NearTrainTestRows, SplitName::Test, in_test.rows.len(), &again));
    found.into_iter().flatten().collect()
}

/// Columns that nearly repeat an earlier one, by their correlation over the rows.
fn near_columns(x: &Matrix) -> Vec<usize> {
    let z = align::prep::Standardisation::Population(align::prep::ConstantColumns::Clamp).standardise(x);
    let z = z.map(|&x| f64::from(x));
    let gram = product(z.view().transpose(), z.view(), Threads::Pool);
    let varies = |j: usize| gram.at(j, j) > 0.5 * x.rows() as f64;
    let repeats =
        |j: usize, i: usize| varies(i) && gram.at(i, j).abs() > NEAR_COLUMNS * (gram.at(i, i) * gram.at(j, j)).sqrt();
    (0..x.cols()).filter(|&j| varies(j) && (0..j).any(|i| repeats(j, i))).collect()
}

/// Rows at unit length, at most [`MOST`], with their row numbers in the view.
struct Sample {
    rows: Vec<usize>,
    unit: Matrix,
}

impl Sample {
    fn of(view: &View) -> Self {
        let x = view.values();
        let there: Vec<usize> = (0..x.rows()).filter(|&row| view.has(row)).collect();
        let count = there.len().min(MOST);
        let rows: Vec<usize> = (0..count).map(|i| there[i * there.len() / count]).collect();
        Self { unit: cosine_rows(&x.select_rows(&rows)), rows }
    }

    /// Rows that are near a row of the other sample (or an earlier row of their own) without being equal to any of
    /// them. `together` says of two rows whether they are in one group.
    fn near(&self, other: Option<&Self>, together: impl Fn(usize, usize) -> bool + Sync) -> Near {
        let against = other.unwrap_or(self);
        let starts: Vec<usize> = (0..self.rows.len()).step_by(BLOCK).collect();
        let found: Vec<Near> = starts
            .par_iter()
            .map(|&start| {
                let count = BLOCK.min(self.rows.len() - start);
                let block = self.unit.view().subrows(start, count);
                let cosines = product(block, against.unit.view().transpose(), Threads::One);
                let mut found = Near::default();
                for i in 0..count {
                    let row = start + i;
                    let candidates = if other.is_some() { against.rows.len() } else { row };
                    let near: Vec<usize> = (0..candidates).filter(|&j| cosines.at(i, j) > NEAR_ROWS).collect();
                    if near.is_empty() || near.iter().any(|&j| self.unit.row(row) == against.unit.row(j)) {
                        continue;
                    }
                    match near.iter().all(|&j| together(self.rows[row], against.rows[j])) {
                        true => found.in_groups.push(self.rows[row]),
                        false => found.others.push(self.rows[row]),
                    }
                }
                found
            })
            .collect();
        let joined = |of: fn(&Near) -> &[usize]| found.iter().flat_map(of).copied().collect();
        Near { others: joined(|near| &near.others), in_groups: joined(|near| &near.in_groups) }
    }
}

/// Rows that are near others.
#[derive(Default)]
struct Near {
    /// Near a row of another group, or without groups.
    others: Vec<usize>,
    /// Near rows of their own group only.
    in_groups: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_rows_than_columns_is_a_warning_with_its_remedy() {
        assert_eq!(few_rows("en", &Matrix::zeros(41, 40)), None);
        let text = few_rows("en", &Matrix::zeros(40, 40)).map(|warning| warning.to_string()).unwrap_or_default();
        assert!(text.starts_with("train: view `en` has 40 rows for 40 columns;"), "{text}");
        assert!(text.contains("`ridge` or `shrinkage` above 0"), "{text}");
    }
}
