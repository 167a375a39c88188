//! Values of parameters that are worth trying, for the search spaces of several methods.

use serde_json::{Map, Value, json};

use crate::aligner::FitSize;

/// Ridges in units of the variance of a standardised column: none, and up to a third.
pub(crate) const RIDGES: [f64; 4] = [0.0, 0.01, 0.1, 0.3];

/// Numbers as values of parameters.
pub(crate) fn numbers(numbers: &[f64]) -> Vec<Value> {
    numbers.iter().map(|&number| json!(number)).collect()
}

/// A GPA whose value on held-out items is known after a tenth of the time: on the bundled sets, Rank-1 at this tolerance is
/// within 0.001 of Rank-1 at the default one.
pub(crate) fn quick() -> [(&'static str, Vec<Value>); 2] {
    [("solver", names(&["accelerated"])), ("tol", numbers(&[1e-4]))]
}

/// Methods whose universe another method can start from.
pub(crate) fn bases() -> Vec<Value> {
    let gpa: Map<String, Value> = quick().into_iter().map(|(name, values)| (name.into(), values[0].clone())).collect();
    vec![json!({ "gpa": gpa }), json!("gcca")]
}

/// Names, or other text, as values of parameters.
pub(crate) fn names(names: &[&str]) -> Vec<Value> {
    names.iter().map(|&name| json!(name)).collect()
}

/// Both values of a switch, the default first.
pub(crate) fn switch() -> Vec<Value> {
    vec![json!(false), json!(true)]
}

/// Widths of a universe that is at most as wide as the narrowest view: small ones, and an eighth, a quarter, a half and all
/// of that width. Centred rows have one direction less than there are rows. Only the default if the width is not known.
pub(crate) fn ranks(size: &FitSize) -> Vec<Value> {
    let Some(narrowest) = size.narrowest else { return vec![Value::Null] };
    let most = size.rows.map_or(narrowest, |rows| narrowest.min(rows.saturating_sub(1))).max(1);
    let mut ranks: Vec<usize> = [8, 4, 2, 1].iter().map(|share| narrowest.div_ceil(*share)).collect();
    ranks.extend([16, 32]);
    ranks.retain(|&rank| rank < most);
    ranks.push(most);
    ranks.sort_unstable();
    ranks.dedup();
    ranks.into_iter().map(|rank| json!(rank)).collect()
}

/// Widths of a universe that only views of one width can have: all, a half and a quarter. Only the default if the views
/// have several widths, or widths that are not known.
pub(crate) fn axes(size: &FitSize) -> Vec<Value> {
    let mut axes = vec![Value::Null];
    if let Some(width) = size.narrowest.filter(|width| size.columns == Some(width * size.views)) {
        axes.extend([2, 4].iter().map(|share| width / share).filter(|&rank| rank >= 1).map(|rank| json!(rank)));
    }
    axes.dedup();
    axes
}

/// Numbers of items that are drawn from the training rows that every view has, at most half of them. Only the default if
/// none remains.
pub(crate) fn draws(size: &FitSize, counts: &[usize]) -> Vec<Value> {
    let most = size.complete.or(size.rows).unwrap_or(0) / 2;
    let draws: Vec<Value> = counts.iter().filter(|&&count| count <= most).map(|count| json!(count)).collect();
    if draws.is_empty() { vec![Value::Null] } else { draws }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_within_the_data() {
        let size = |widths: &[usize], rows| FitSize::of_widths(widths).with_rows(rows);
        assert_eq!(ranks(&size(&[256, 300], 4000)), [16, 32, 64, 128, 256].map(|rank| json!(rank)));
        assert_eq!(ranks(&size(&[8; 3], 4000)), [1, 2, 4, 8].map(|rank| json!(rank)));
        assert_eq!(ranks(&size(&[768; 3], 101)), [16, 32, 96, 100].map(|rank| json!(rank)));
        assert_eq!(ranks(&size(&[1; 3], 1)), [json!(1)]);
        assert_eq!(ranks(&FitSize::of_views(3)), [Value::Null]);
        assert_eq!(axes(&size(&[8; 3], 20)), [Value::Null, json!(4), json!(2)]);
        assert_eq!(axes(&size(&[1; 3], 20)), [Value::Null]);
        assert_eq!(axes(&size(&[8, 9], 20)), [Value::Null]);
        assert_eq!(axes(&FitSize::of_views(3)), [Value::Null]);
        assert_eq!(draws(&size(&[8; 3], 300), &[64, 128, 256]), [json!(64), json!(128)]);
        assert_eq!(draws(&FitSize::of_views(3), &[64]), [Value::Null]);
    }
}
