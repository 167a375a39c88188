//! Geometry of views: values that a rotation changes, or that belong to one view alone.
//!
//! Over unit rows x̂: alignment is the mean of `‖x̂_i − ŷ_i‖²` over matched items (0 to 4); uniformity is
//! `ln mean_{i<j} exp(−2·‖x̂_i − x̂_j‖²)` (0 if all rows are equal, lower for more evenly spread rows); the modality
//! gap is the distance of the two views' means. For centred rows: the effective rank is `exp(H(σ / Σσ))` of the
//! singular values, between 1 and the width. Sources: Wang and Isola, ICML 2020; Liang et al., NeurIPS 2022; Roy and
//! Vetterli, EUSIPCO 2007.

use align::Matrix;
use align::prep::cosine_rows;

/// Squared distances between the two unit rows of every item, and the distance of the views' means.
pub(super) fn of_pair(a: &Matrix, b: &Matrix) -> (Vec<f32>, f64) {
    let (a, b) = (cosine_rows(a), cosine_rows(b));
    let mut means = vec![0.0f64; a.cols()];
    let mut squared = Vec::with_capacity(a.rows());
    for i in 0..a.rows() {
        let mut distance = 0.0;
        for ((x, y), mean) in a.row(i).iter().zip(b.row(i)).zip(&mut means) {
            let difference = f64::from(*x) - f64::from(*y);
            distance += difference * difference;
            *mean += difference;
        }
        squared.push(distance as f32);
    }
    let gap = means.iter().map(|sum| (sum / a.rows() as f64).powi(2)).sum::<f64>().sqrt();
    (squared, gap)
}

/// Uniformity from the cosines of all items.
pub(super) fn uniformity(cosines: &Matrix<f64>) -> f64 {
    let n = cosines.rows();
    let sum: f64 = (0..n).map(|i| cosines.row(i)[..i].iter().map(|c| (4.0 * c - 4.0).exp()).sum::<f64>()).sum();
    (sum / (n * (n - 1) / 2) as f64).ln()
}

/// Effective rank from singular values.
pub(super) fn effective_rank(s: &[f64]) -> f64 {
    let total: f64 = s.iter().sum();
    let entropy: f64 = s.iter().map(|s| s / total).map(|share| -share * share.ln()).sum();
    if s.is_empty() { f64::NAN } else { entropy.exp() }
}
