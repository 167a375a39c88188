//! Mean and covariance of the rows of one matrix.

use crate::Matrix;
use crate::numerics::linalg::{self, Accum, Threads};

/// Rows that are centred and multiplied at a time.
const CHUNK: usize = 512;

/// Mean of each column and their covariance, divided by the number of rows, in `f64`; zeros if there is no row.
pub fn mean_and_covariance(x: &Matrix) -> (Vec<f64>, Matrix<f64>) {
    let (count, width) = (x.rows(), x.cols());
    let mut mean = vec![0.0; width];
    let mut covariance = Matrix::<f64>::zeros(width, width);
    if count == 0 {
        return (mean, covariance);
    }
    for row in 0..count {
        mean.iter_mut().zip(x.row(row)).for_each(|(m, &c)| *m += f64::from(c));
    }
    mean.iter_mut().for_each(|m| *m /= count as f64);
    for start in (0..count).step_by(CHUNK) {
        let chunk = Matrix::from_fn(CHUNK.min(count - start), width, |i, j| f64::from(x.at(start + i, j)) - mean[j]);
        linalg::gram_lower(covariance.view_mut(), Accum::Add, chunk.view(), Threads::Pool);
    }
    linalg::mirror_lower(&mut covariance);
    covariance.as_mut_slice().iter_mut().for_each(|c| *c /= count as f64);
    (mean, covariance)
}
