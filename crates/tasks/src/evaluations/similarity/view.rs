//! A view's rows prepared for all measures; permutations of items reuse it.

use align::Matrix;
use align::linalg::{MatrixView, Threads, product, thin_svd};
use align::prep::{ZScore, cosine_rows};

use super::geometry;
use super::kinds::neighbours::Neighbours;
use super::kinds::{cka, rsa};
use super::pairs::{Pairs, rounding};
use crate::TaskError;

/// One view.
pub(super) struct View {
    /// U-centred Gram matrix, for CKA.
    pub(super) gram: Pairs,
    /// Ranks of cosines, for RSA.
    pub(super) cosines: Pairs,
    /// Nearest neighbours, for mutual kNN.
    pub(super) neighbours: Neighbours,
    /// Principal axes, for SVCCA and Procrustes.
    pub(super) axes: Axes,
    /// Uniformity of the unit rows.
    pub(super) uniformity: f64,
}

impl View {
    /// Prepares n × d rows; errors contain `name`.
    pub(super) fn new(x: &Matrix, k: usize, name: &dyn Fn() -> String) -> Result<Self, TaskError> {
        let unit = cosine_rows(x).map(|&v| f64::from(v));
        let cosines = product(unit.view(), unit.view().transpose(), Threads::One);
        Ok(Self {
            gram: cka::centred_gram(x),
            cosines: rsa::ranked(&cosines),
            neighbours: Neighbours::new(&cosines, k),
            axes: Axes::new(x, name)?,
            uniformity: geometry::uniformity(&cosines),
        })
    }
}

/// Principal axes of centred rows: left singular vectors and singular values, without those that are only rounding.
pub(super) struct Axes {
    u: Matrix<f64>,
    s: Vec<f64>,
}

impl Axes {
    fn new(x: &Matrix, name: &dyn Fn() -> String) -> Result<Self, TaskError> {
        let centred = ZScore::centred(x).map(|&v| f64::from(v));
        let svd = thin_svd(centred.view(), name)?;
        let first = svd.s.first().copied().unwrap_or(0.0);
        // The rounding of `f32`, for any number of rows.
        let least = (first * (x.cols() as f64).sqrt() * f64::from(f32::EPSILON)).max(rounding(x));
        let rank = svd.s.iter().filter(|&&s| s > least).count();
        let u = &svd.u;
        Ok(Self { u: Matrix::from_fn(x.rows(), rank, |i, j| u[(i, j)]), s: svd.s[..rank].to_vec() })
    }

    /// Singular values, descending.
    pub(super) fn lengths(&self) -> &[f64] {
        &self.s
    }

    /// Number of axes that hold this share of the variance.
    pub(super) fn holding(&self, share: f64) -> usize {
        let total: f64 = self.s.iter().map(|s| s * s).sum();
        let mut held = 0.0;
        let short = |s: &&f64| {
            let open = held < share * total * (1.0 - 1e-12);
            held += **s * **s;
            open
        };
        self.s.iter().take_while(short).count()
    }

    /// Cosines between the axes of two views over matched items; with an order, the items of `other` are in this order.
    pub(super) fn cross(&self, other: &Self, order: Option<&[usize]>) -> Matrix<f64> {
        let times = |u: MatrixView<'_, f64>| product(self.u.view().transpose(), u, Threads::One);
        match order {
            None => times(other.u.view()),
            Some(order) => times(other.u.select_rows(order).view()),
        }
    }
}
