//! Robust GPA: residuals of rows, their weights, and the sum that is minimised.

use serde::{Deserialize, Serialize};

use crate::methods::shared::check::ensure;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::{AlignError, Matrix, Views};

/// Loss for a row that lies far from the consensus of its item. The distance x is in units of the row's own length,
/// which no rotation changes: at x = 1 the consensus explains nothing of the row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Robust {
    /// Huber's loss: quadratic up to this distance, linear beyond it.
    Huber(f64),
    /// Tukey's biweight: the weight falls with the distance; from this distance on it is a thousandth.
    Tukey(f64),
}

/// Remaining weight of a row that the biweight rejects, so that a view that agrees with no other view still has a map.
const REJECTED: f64 = 1e-3;

impl Robust {
    pub(super) fn validate(self, method: &'static str) -> Result<(), AlignError> {
        let (Self::Huber(k) | Self::Tukey(k)) = self;
        ensure(k > 0.0 && k.is_finite(), method, "robust", k, "a finite distance above 0")
    }

    /// ρ and its derivative by x², the weight of the row. ρ is concave in x². Therefore a least-squares fit of rows
    /// with these weights lowers the sum of ρ.
    fn loss(self, x: f64) -> (f64, f64) {
        match self {
            Self::Huber(k) if x <= k => (x * x, 1.0),
            Self::Huber(k) => (2.0 * k * x - k * k, k / x),
            Self::Tukey(k) => {
                let rest = (1.0 - (x / k).powi(2)).max(0.0);
                let biweight = k * k / 3.0 * (1.0 - rest.powi(3));
                let mix = |kept: f64, rejected: f64| (1.0 - REJECTED) * kept + REJECTED * rejected;
                (mix(biweight, x * x), mix(rest * rest, 1.0))
            }
        }
    }
}

/// Items whose residuals one parallel task computes.
const CHUNK: usize = 256;

/// State of a fit on weighted rows, for the computation of residuals.
pub(super) struct Residuals<'a> {
    pub(super) train: &'a Views,
    /// Moments on which the maps were fitted.
    pub(super) moments: &'a Moments,
    /// Weight of each view.
    pub(super) views: &'a [f64],
    /// Maps of all views, stacked: P × D.
    pub(super) maps: &'a Matrix<f64>,
    /// The weights that the maps were fitted with, N × M.
    pub(super) weights: &'a Matrix<f64>,
}

impl Residuals<'_> {
    /// `Σ_mi v_m |z_mi|² ρ(x_mi)` with `x_mi = |z_mi R_m − c_i| / |z_mi|`, and the weights `v_m ρ'(x_mi)` that follow
    /// from it. 2·N·P·D flops; memory a few hundred items for every thread.
    pub(super) fn weigh(&self, robust: Robust) -> (f64, Matrix<f64>) {
        let views = self.moments.views();
        let mut next = Matrix::<f64>::zeros(self.train.rows(), views);
        let parts: Vec<f64> = next
            .as_mut_slice()
            .par_chunks_mut(CHUNK * views)
            .enumerate()
            .map(|(chunk, out)| self.weigh_chunk(robust, chunk * CHUNK, out))
            .collect();
        (parts.iter().sum(), next)
    }

    fn weigh_chunk(&self, robust: Robust, start: usize, out: &mut [f64]) -> f64 {
        let (views, width) = (self.moments.views(), self.maps.cols());
        let items = out.len() / views;
        let mut consensus = Matrix::<f64>::zeros(items, width);
        let mut moved = Vec::with_capacity(views);
        for (m, view) in self.train.iter().enumerate() {
            let (offset, d) = (self.moments.offset(m), self.moments.width(m));
            let mut z = Matrix::<f64>::zeros(items, d);
            self.moments.preps()[m].apply_f64(view.values(), start..start + items, z.as_mut_slice(), d);
            let u = linalg::product(z.view(), self.maps.view().subrows(offset, d), Threads::One);
            for i in 0..items {
                let weight = self.weights.at(start + i, m);
                consensus.row_mut(i).iter_mut().zip(u.row(i)).for_each(|(c, u)| *c += weight * u);
            }
            let lengths: Vec<f64> = (0..items).map(|i| square(z.row(i)).sqrt()).collect();
            moved.push((u, lengths));
        }
        let mut total = 0.0;
        for i in 0..items {
            let weight: f64 = self.weights.row(start + i).iter().sum();
            if weight > 0.0 {
                consensus.row_mut(i).iter_mut().for_each(|c| *c /= weight);
            }
            for (m, (u, lengths)) in moved.iter().enumerate() {
                if !self.train.nth(m).has(start + i) || lengths[i] == 0.0 {
                    continue;
                }
                let gap: f64 = u.row(i).iter().zip(consensus.row(i)).map(|(u, c)| (u - c).powi(2)).sum();
                let (loss, counts) = robust.loss(gap.sqrt() / lengths[i]);
                total += self.views[m] * lengths[i].powi(2) * loss;
                out[i * views + m] = self.views[m] * counts;
            }
        }
        total
    }
}

fn square(row: &[f64]) -> f64 {
    row.iter().map(|x| x * x).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_counts_by_the_slope_of_its_loss() {
        for robust in [Robust::Huber(0.7), Robust::Tukey(0.9)] {
            for x in [0.01, 0.3, 0.69, 0.71, 0.89, 0.91, 3.0f64] {
                let step = 1e-6;
                let at = |square: f64| robust.loss(square.sqrt()).0;
                let slope = (at(x * x + step) - at(x * x - step)) / (2.0 * step);
                assert!((slope - robust.loss(x).1).abs() < 1e-5, "{robust:?} at {x}");
            }
            assert!(robust.loss(1e-9).0 < 1e-17 && (robust.loss(1e-9).1 - 1.0).abs() < 1e-9);
        }
    }
}
