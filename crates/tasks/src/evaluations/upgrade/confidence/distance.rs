//! Confidence of mapped queries: the distance of a query to the pairs, and the agreement of two maps.

use align::Matrix;
use align::linalg::{Factor, Threads, product, symmetric_eigen};
use align::moments::mean_and_covariance;

use crate::TaskError;

/// Distances of rows of a model to its pairs: the farther a query, the more its map extrapolates.
///
/// # Formula
/// With the mean $\mu$ and the covariance $\Sigma = U \Lambda U^\top$ of the pairs (divided by their number) and the mean
/// variance $\tau = \mathrm{tr}(\Sigma) / d$ of a column,
///
/// $$ \delta(q)^2 = \frac{1}{s^2} \sum_j \frac{(u_j \cdot (q - \mu))^2}{\lambda_j + \tau} , \qquad s^2 = \sum_j
/// \frac{\lambda_j}{\lambda_j + \tau} , $$
///
/// a Mahalanobis distance whose square has the mean 1 over the pairs. The ridge $\tau$ makes it finite outside the span of
/// the pairs, where a map is not determined.
///
/// # Cost
/// An eigendecomposition of $d \times d$, and $2 d^2$ flops for a query.
#[derive(Clone, Debug)]
pub struct PairDistance {
    mean: Vec<f64>,
    /// 1 / (s² (λ_j + τ)) for every direction.
    weights: Vec<f64>,
    directions: Factor,
}

impl PairDistance {
    /// The distances to these pairs, the rows of one model.
    ///
    /// # Errors
    /// A factorisation that fails.
    pub fn to(pairs: &Matrix) -> Result<Self, TaskError> {
        let (mean, covariance) = mean_and_covariance(pairs);
        let (values, directions) = symmetric_eigen(covariance.view(), &|| "covariance of the pairs".to_string())?;
        let variances: Vec<f64> = values.iter().map(|value| value.max(0.0)).collect();
        let ridge = variances.iter().sum::<f64>() / variances.len().max(1) as f64;
        let own: f64 = variances.iter().map(|value| value / (value + ridge)).sum();
        // Pairs that do not vary are no distance apart, and say nothing about the distance of others.
        let weight = |value: &f64| if ridge > 0.0 { 1.0 / (own * (value + ridge)) } else { 0.0 };
        Ok(Self { mean, weights: variances.iter().map(weight).collect(), directions })
    }

    /// The distance of every row.
    ///
    /// # Errors
    /// [`TaskError::Shape`] for rows of another width.
    pub fn of(&self, rows: &Matrix) -> Result<Vec<f64>, TaskError> {
        if rows.cols() != self.mean.len() {
            return Err(TaskError::Shape {
                op: "distance to pairs",
                left_name: "width of the pairs",
                left: self.mean.len().to_string(),
                right_name: "width of the rows",
                right: rows.cols().to_string(),
            });
        }
        let centred = Matrix::from_fn(rows.rows(), rows.cols(), |i, j| f64::from(rows.at(i, j)) - self.mean[j]);
        let along = product(centred.view(), self.directions.view(), Threads::Pool);
        let distance = |row: usize| {
            let squares = along.row(row).iter().zip(&self.weights).map(|(part, weight)| weight * part * part);
            squares.sum::<f64>().sqrt()
        };
        Ok((0..rows.rows()).map(distance).collect())
    }
}

/// Cosine of every row of one map with that of another, such as the maps of two halves of the pairs; 0 for a row of zeros.
///
/// # Errors
/// [`TaskError::Shape`] for matrices of different shapes.
pub fn agreement(one: &Matrix, other: &Matrix) -> Result<Vec<f64>, TaskError> {
    if (one.rows(), one.cols()) != (other.rows(), other.cols()) {
        let text = |of: &Matrix| format!("{} x {}", of.rows(), of.cols());
        return Err(TaskError::Shape {
            op: "agreement of maps",
            left_name: "rows of one map",
            left: text(one),
            right_name: "rows of the other",
            right: text(other),
        });
    }
    let cosine = |row: usize| {
        let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let (a, b) = (one.row(row), other.row(row));
        let lengths = (sum(a, a) * sum(b, b)).sqrt();
        if lengths > 0.0 { sum(a, b) / lengths } else { 0.0 }
    };
    Ok((0..one.rows()).map(cosine).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, width: usize, shift: f32) -> Matrix {
        Matrix::from_fn(count, width, |i, j| ((i * 31 + j * 17 + i * j) as f32).sin() * (j + 1) as f32 + shift)
    }

    #[test]
    fn pairs_are_at_distance_one_in_the_mean_and_others_farther() {
        for (count, width) in [(80, 5), (6, 12)] {
            let pairs = rows(count, width, 3.0);
            let distance = PairDistance::to(&pairs).expect("rows that vary");
            let own = distance.of(&pairs).expect("the width");
            let square = own.iter().map(|d| d * d).sum::<f64>() / count as f64;
            assert!((square - 1.0).abs() < 1e-9, "{square}");
            let far = distance.of(&rows(count, width, 60.0)).expect("the width");
            assert!(far.iter().zip(&own).all(|(far, own)| far > own), "{far:?}");
        }
        let still = PairDistance::to(&Matrix::zeros(4, 3)).expect("zeros");
        assert_eq!(still.of(&rows(2, 3, 1.0)).expect("the width"), [0.0, 0.0]);
        assert!(still.of(&rows(2, 4, 1.0)).is_err());
    }

    #[test]
    fn the_distance_is_that_of_the_formula() {
        // Two uncorrelated columns with variances 4 and 1, so τ = 2.5 and s² = 4/6.5 + 1/3.5.
        let pairs = Matrix::new(4, 2, vec![2.0, 1.0, 2.0, -1.0, -2.0, 1.0, -2.0, -1.0]).expect("4 x 2");
        let own = 4.0 / 6.5 + 1.0 / 3.5;
        let want: f64 = ((9.0f64 / 6.5 + 16.0 / 3.5) / own).sqrt();
        let query = Matrix::new(1, 2, vec![3.0, -4.0]).expect("1 x 2");
        let got = PairDistance::to(&pairs).expect("varies").of(&query).expect("the width");
        assert!((got[0] - want).abs() < 1e-12, "{got:?}, {want}");
    }

    #[test]
    fn maps_agree_by_the_cosine_of_their_images() {
        let one = Matrix::new(3, 2, vec![1.0, 0.0, 2.0, 2.0, 0.0, 0.0]).expect("3 x 2");
        let other = Matrix::new(3, 2, vec![3.0, 0.0, 1.0, -1.0, 1.0, 1.0]).expect("3 x 2");
        assert_eq!(agreement(&one, &other).expect("one shape"), [1.0, 0.0, 0.0]);
        assert!(agreement(&one, &Matrix::zeros(2, 2)).is_err());
    }
}
