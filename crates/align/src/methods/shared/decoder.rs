//! Decoders: the map from a universe back to a view if the maps are not orthogonal.

use serde::{Deserialize, Serialize};

use crate::moments::Moments;
use crate::numerics::linalg::{self, Threads};
use crate::numerics::parallel::prelude::*;
use crate::{AlignError, Matrix};

/// Map from universe coordinates to a view's standardised coordinates, $z = u B$ with $B$ of size $R \times d$.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decoder {
    /// $B = Q^\top$, the transposed map: the released form. Exact for orthogonal maps; for other maps only directions
    /// are meaningful.
    #[default]
    Transpose,
    /// $B = Q^{+}$, the pseudo-inverse: it reconstructs the view's own items as well as the universe's width allows.
    PseudoInverse,
    /// Least-squares regression of the standardised view on the consensus: $B = \arg\min_B \lVert C B - Z \rVert_F^2$
    /// with $C = \frac{1}{M} \sum_m Z_m Q_m$. Directions that the views do not share are not amplified.
    LeastSquares,
}

/// Singular values and eigenvalues below this share of the largest count as zero.
const CUT: f64 = 1e-10;

impl Decoder {
    /// B of every view for the stacked maps Q (P × R); `None` for the transpose. One SVD of d_m × R per view, or one
    /// eigendecomposition of R × R.
    ///
    /// # Errors
    /// A factorisation that does not converge.
    pub(crate) fn of(self, moments: &Moments, maps: &Matrix<f64>) -> Result<Vec<Option<Matrix>>, AlignError> {
        let views = moments.views();
        // A view whose columns are all constant adds nothing to the consensus and does not count in its mean.
        let living = (0..views).filter(|&m| !moments.is_dead(m)).count();
        match self {
            Self::Transpose => Ok(vec![None; views]),
            Self::PseudoInverse => (0..views)
                .into_par_iter()
                .map(|m| {
                    let map = maps.view().subrows(moments.offset(m), moments.width(m));
                    let svd = linalg::thin_svd(map, &|| format!("the map of view `{}`", moments.names()[m]))?;
                    let largest = svd.s.first().copied().unwrap_or(0.0);
                    let inverse = |s: f64| if s > CUT * largest { 1.0 / s } else { 0.0 };
                    let scaled = Matrix::from_fn(map.cols(), svd.s.len(), |i, k| svd.v[(i, k)] * inverse(svd.s[k]));
                    let back = linalg::product(scaled.view(), svd.u.transpose(), Threads::One);
                    Ok(Some(back.map(|&x| x as f32)))
                })
                .collect(),
            Self::LeastSquares => {
                // M Cᵀ Z (R × P) and M² Cᵀ C.
                let cross = linalg::product(maps.view().transpose(), moments.gram(), Threads::Pool);
                let square = linalg::product(cross.view(), maps.view(), Threads::Pool);
                let (values, vectors) = linalg::symmetric_eigen(square.view(), &|| "the consensus".into())?;
                let largest = values.last().copied().unwrap_or(0.0);
                let inverse = |value: f64| if value > CUT * largest { living as f64 / value } else { 0.0 };
                let size = values.len();
                let scaled = Matrix::from_fn(size, size, |i, k| vectors[(i, k)] * inverse(values[k]));
                let inverse = linalg::product(scaled.view(), vectors.transpose(), Threads::Pool);
                let back = linalg::product(inverse.view(), cross.view(), Threads::Pool);
                let of_view = |m: usize| {
                    let (start, width) = (moments.offset(m), moments.width(m));
                    Some(Matrix::from_fn(size, width, |i, j| back.at(i, start + j) as f32))
                };
                Ok((0..views).map(of_view).collect())
            }
        }
    }
}

/// `argmin_B |C B − Z|²` for rows C (n × R) and Z (n × d): R × d. One eigendecomposition of R × R.
///
/// # Errors
/// A factorisation that does not converge.
pub(crate) fn regression(from: &Matrix, to: &Matrix) -> Result<Matrix, AlignError> {
    let (c, z) = (from.map(|&x| f64::from(x)), to.map(|&x| f64::from(x)));
    let square = linalg::product(c.view().transpose(), c.view(), Threads::Pool);
    let cross = linalg::product(c.view().transpose(), z.view(), Threads::Pool);
    let (values, vectors) = linalg::symmetric_eigen(square.view(), &|| "the consensus".into())?;
    let largest = values.last().copied().unwrap_or(0.0);
    let inverse = |value: f64| if value > CUT * largest { 1.0 / value } else { 0.0 };
    let size = values.len();
    let scaled = Matrix::from_fn(size, size, |i, k| vectors[(i, k)] * inverse(values[k]));
    let inverse = linalg::product(scaled.view(), vectors.transpose(), Threads::Pool);
    Ok(linalg::product(inverse.view(), cross.view(), Threads::Pool).map(|&x| x as f32))
}
