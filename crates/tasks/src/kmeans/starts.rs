//! Starting centroids: points of the data.

use align::Matrix;
use align::rng::{Stream, permutation};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::nearest::squared_distances;

/// Starting centroids of k-means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Init {
    /// Distinct points, drawn uniformly: the released form.
    #[default]
    Random,
    /// K-means++: each next point has a probability proportional to its squared distance to the chosen points.
    KmeansPp,
}

/// k distinct rows of `x`, for 1 <= k <= n.
pub(super) fn draw(init: Init, x: &Matrix, k: usize, rng: &mut Stream) -> Matrix {
    let rows = match init {
        Init::Random => {
            let mut order = permutation(x.rows(), rng);
            order.truncate(k);
            order
        }
        Init::KmeansPp => plus_plus(x, k, rng),
    };
    x.select_rows(&rows)
}

/// D² sampling: the first point is drawn uniformly, each next one with a probability proportional to its squared
/// distance to the nearest chosen point. If all distances are zero, the first free point is chosen. O(n·k·d). Source:
/// Arthur and Vassilvitskii 2007.
fn plus_plus(x: &Matrix, k: usize, rng: &mut Stream) -> Vec<usize> {
    let n = x.rows();
    let mut chosen = Vec::with_capacity(k);
    let mut free = vec![true; n];
    let mut nearest = vec![f32::INFINITY; n];
    let mut fresh = vec![0.0f32; n];
    let mut next = rng.random_range(0..n);
    loop {
        chosen.push(next);
        free[next] = false;
        if chosen.len() == k {
            return chosen;
        }
        squared_distances(x.as_slice(), x.row(next), &mut fresh);
        nearest.iter_mut().zip(&fresh).for_each(|(nearest, &d)| *nearest = nearest.min(d));
        nearest[next] = 0.0;
        let total: f64 = nearest.iter().map(|&d| f64::from(d)).sum();
        let mut left = rng.random::<f64>() * total;
        let mut last = None;
        for (i, &d) in nearest.iter().enumerate().filter(|&(_, &d)| d > 0.0) {
            last = Some(i);
            left -= f64::from(d);
            if left < 0.0 {
                break;
            }
        }
        // `left` can stay above zero by rounding; then the last candidate is chosen.
        next = last.or_else(|| free.iter().position(|&free| free)).unwrap_or(next);
    }
}

#[cfg(test)]
mod tests {
    use super::super::STARTS;
    use super::*;
    use align::rng::stream;

    #[test]
    fn starts_are_distinct_rows_also_among_duplicates() {
        // Twelve rows, three distinct.
        let x = Matrix::from_fn(12, 2, |i, j| if j == 0 { (i % 3) as f32 } else { 1.0 });
        for seed in 0..20 {
            let mut rng = stream(seed, STARTS, Some(0));
            let mut rows = plus_plus(&x, 12, &mut rng);
            let mut first: Vec<usize> = rows[..3].iter().map(|i| i % 3).collect();
            first.sort_unstable();
            assert_eq!(first, [0, 1, 2], "a zero distance is never drawn while another is there");
            rows.sort_unstable();
            assert_eq!(rows, (0..12).collect::<Vec<_>>());
        }
    }

    #[test]
    fn far_points_are_drawn_in_proportion_to_their_squared_distance() {
        // From 0: squared distances 1 and 9, so the second start is the far point nine times in ten.
        let x = Matrix::from_vec(3, 1, vec![0.0, 1.0, -3.0]);
        let mut rng = stream(5, STARTS, Some(0));
        let (mut from_zero, mut far) = (0, 0);
        for _ in 0..6000 {
            let rows = plus_plus(&x, 2, &mut rng);
            from_zero += usize::from(rows[0] == 0);
            far += usize::from(rows == [0, 2]);
        }
        let share = far as f64 / from_zero as f64;
        assert!((from_zero as f64 / 6000.0 - 1.0 / 3.0).abs() < 0.02 && (share - 0.9).abs() < 0.02, "{share}");
    }
}
