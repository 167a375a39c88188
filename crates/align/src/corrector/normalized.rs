//! Rows in the form that the corrector reads.

use crate::prep::unit_rows;
use crate::{Matrix, numerics::kernels};

/// ε of the layer normalisation.
const LAYER_NORM_EPS: f32 = 1e-5;

/// Rows at unit length with their mean and inverse standard deviation, which never change during training.
#[derive(Clone, Debug)]
pub struct NormalizedRows {
    pub(super) v: Matrix,
    mean: Vec<f32>,
    rstd: Vec<f32>,
}

impl NormalizedRows {
    /// `v = norm(u)` and its layer statistics, row by row.
    pub fn new(u: &Matrix) -> Self {
        let v = unit_rows(u);
        let width = v.cols() as f64;
        let statistics = (0..v.rows()).map(|i| {
            let row = v.row(i);
            let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / width;
            let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / width;
            (mean as f32, (1.0 / (variance + f64::from(LAYER_NORM_EPS)).sqrt()) as f32)
        });
        let (mean, rstd) = statistics.unzip();
        Self { v, mean, rstd }
    }

    /// The rows with these indices.
    pub fn select(&self, rows: &[usize]) -> Self {
        let pick = |values: &[f32]| rows.iter().map(|&i| values[i]).collect();
        Self { v: self.v.select_rows(rows), mean: pick(&self.mean), rstd: pick(&self.rstd) }
    }

    /// The rows of all parts, stacked.
    pub fn stack(parts: &[Self]) -> Self {
        let values: Vec<f32> = parts.iter().flat_map(|p| p.v.as_slice()).copied().collect();
        let width = parts.first().map_or(0, |p| p.v.cols());
        Self {
            v: Matrix::from_vec(parts.iter().map(Self::rows).sum(), width, values),
            mean: parts.iter().flat_map(|p| &p.mean).copied().collect(),
            rstd: parts.iter().flat_map(|p| &p.rstd).copied().collect(),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.v.rows()
    }

    /// The unit rows.
    pub fn unit(&self) -> &Matrix {
        &self.v
    }

    /// Whether row i is not zero.
    pub fn has_direction(&self, i: usize) -> bool {
        self.v.row(i).iter().any(|&x| x != 0.0)
    }

    /// The layer-normalised row i, before scale and shift.
    pub(super) fn normalised(&self, i: usize, out: &mut [f32]) {
        kernels::centre(self.v.row(i), self.mean[i], self.rstd[i], out);
    }
}
