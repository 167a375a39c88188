//! PCA matching: all views get one width before a fit.

use crate::numerics::linalg::{self, Accum, Threads};
use crate::prep::ZScore;
use crate::{AlignError, Dataset, Matrix, Split, Views};

/// Rows that are centred and multiplied at a time.
const CHUNK: usize = 512;

/// The first principal components of a view, fitted on its training rows.
///
/// `y = (x − μ) W` with W (d × k) the eigenvectors of the covariance, largest eigenvalue first; centred,
/// not whitened.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    centre: ZScore,
    /// W, d × k.
    components: Matrix,
}

impl Pca {
    /// The leading `components` eigenvectors of `(X − μ)ᵀ (X − μ)` (d × d), in `f64`. The sign of each makes its entry
    /// of largest magnitude positive. Cost: N·d² multiply-adds, half of which the symmetry saves, and one
    /// eigendecomposition of d × d.
    ///
    /// Source: arXiv 2602.06205, scikit-learn's PCA. Departure: exact; that library's default solver becomes
    /// randomised, without a seed, for large inputs.
    ///
    /// # Errors
    /// [`AlignError::Parameter`] if there are not that many components; a factorisation that does not converge.
    pub fn fit(train: &Matrix, components: usize) -> Result<Self, AlignError> {
        let (rows, width) = (train.rows(), train.cols());
        if components == 0 || components > rows.min(width) {
            return Err(AlignError::Parameter {
                method: "pca",
                parameter: "components",
                got: format!("{components} for a {rows} x {width} matrix"),
                want: "at least 1, at most the smaller of rows and columns",
            });
        }
        let centre = ZScore::centre(train);
        let mut covariance = Matrix::zeros(width, width);
        let mut chunk = Matrix::<f64>::zeros(CHUNK.min(rows), width);
        for start in (0..rows).step_by(CHUNK) {
            let end = (start + CHUNK).min(rows);
            centre.apply_f64(train, start..end, chunk.as_mut_slice(), width);
            linalg::gram_lower(covariance.view_mut(), Accum::Add, chunk.view().subrows(0, end - start), Threads::Pool);
        }
        let (_, vectors) = linalg::symmetric_eigen(covariance.view(), &|| "the covariance of a view".into())?;
        let sign = |k: usize| linalg::sign_of_largest(width, |i| vectors[(i, width - 1 - k)]);
        let signs: Vec<f64> = (0..components).map(sign).collect();
        let components = Matrix::from_fn(width, components, |i, k| (signs[k] * vectors[(i, width - 1 - k)]) as f32);
        Ok(Self { centre, components })
    }

    /// `(x − μ) W`, n × k.
    ///
    /// # Errors
    /// [`AlignError::Width`] if `x` does not have the width of the rows it was fitted on.
    pub fn apply(&self, x: &Matrix) -> Result<Matrix, AlignError> {
        x.check_width("pca", "the fitted rows", self.centre.width())?;
        Ok(self.multiply(x))
    }

    fn multiply(&self, x: &Matrix) -> Matrix {
        linalg::product(self.centre.standardised(x).view(), self.components.view(), Threads::Pool)
    }
}

/// Coordinates of the rows along their own first two principal directions, n × 2, for a scatter plot.
///
/// For the centred rows X (n × d) these are `X [w₁ w₂]` with the leading eigenvectors of XᵀX; if n is smaller, the
/// equal leading eigenvectors of XXᵀ times the roots of their eigenvalues. The sign of a direction makes its coordinate
/// of largest magnitude positive; a direction that the rows do not have is all zero. Cost: n·d·min(n, d) multiply-adds
/// and one eigendecomposition of min(n, d).
///
/// # Errors
/// A factorisation that does not converge.
pub fn pca_2d(x: &Matrix) -> Result<Matrix, AlignError> {
    let (rows, width) = (x.rows(), x.cols());
    let size = rows.min(width);
    if size == 0 {
        return Ok(Matrix::zeros(rows, 2));
    }
    let mut centred = Matrix::<f64>::zeros(rows, width);
    ZScore::centre(x).apply_f64(x, 0..rows, centred.as_mut_slice(), width);
    let dual = rows < width;
    let mut gram = Matrix::zeros(size, size);
    let of = if dual { centred.view().transpose() } else { centred.view() };
    linalg::gram_lower(gram.view_mut(), Accum::Replace, of, Threads::Pool);
    let (values, vectors) = linalg::symmetric_eigen(gram.view(), &|| "the rows of a picture".into())?;
    let mut out = Matrix::zeros(rows, 2);
    for k in 0..size.min(2) {
        let at = size - 1 - k;
        let along = |i: usize| match dual {
            true => vectors[(i, at)] * values[at].max(0.0).sqrt(),
            false => centred.row(i).iter().enumerate().map(|(j, c)| c * vectors[(j, at)]).sum(),
        };
        let coordinates: Vec<f64> = (0..rows).map(along).collect();
        let sign = linalg::sign_of_largest(rows, |i| coordinates[i]);
        coordinates.iter().enumerate().for_each(|(i, c)| out.row_mut(i)[k] = (sign * c) as f32);
    }
    Ok(out)
}

impl Dataset {
    /// The same data with all views at the width of the narrowest. Wider views are replaced in every split by their
    /// leading principal components, fitted on their training rows. Views of that width are unchanged, neither centred
    /// nor rotated.
    ///
    /// # Errors
    /// Fewer training rows than the narrowest view has columns; a split whose views have other widths.
    pub fn pca_matched(&self) -> Result<Self, AlignError> {
        let widths = self.train.views.widths();
        let narrowest = widths.iter().copied().min().unwrap_or(0);
        let mut matched = self.clone();
        for space in self.train.views.iter().filter(|space| space.values().cols() > narrowest) {
            let pca = Pca::fit(&space.observed(), narrowest)?;
            let splits = [Some(&mut matched.train), matched.validation.as_mut(), Some(&mut matched.test)];
            for split in splits.into_iter().flatten() {
                reduce(split, space.name(), &pca)?;
            }
            if let Some(corpus) = &mut matched.corpus {
                *corpus = corpus.with_views(|views| reduced(views, space.name(), &pca))?;
            }
        }
        Ok(matched)
    }
}

fn reduce(split: &mut Split, view: &str, pca: &Pca) -> Result<(), AlignError> {
    split.views = reduced(&split.views, view, pca)?;
    Ok(())
}

fn reduced(views: &Views, view: &str, pca: &Pca) -> Result<Views, AlignError> {
    let position = views.position(view)?;
    let values = views.at(position);
    values.check_width("pca", view, pca.centre.width())?;
    views.with_values(position, pca.multiply(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows in a plane of a wide space, with a spread of 5 along one axis of it and of 1 along the other.
    fn flat(rows: usize, width: usize) -> Matrix {
        let along = |i: usize| (5.0 * (i as f32 * 0.7).sin(), (i as f32 * 1.9).cos());
        Matrix::from_fn(rows, width, |i, j| {
            let (a, b) = along(i);
            3.0 + a * (j as f32 * 0.3).cos() + b * (j as f32 * 0.3).sin()
        })
    }

    fn distance(x: &Matrix, i: usize, j: usize) -> f32 {
        x.row(i).iter().zip(x.row(j)).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
    }

    #[test]
    fn a_plane_keeps_distances_of_rows_that_lie_in_one() {
        for (rows, width) in [(40, 12), (12, 40)] {
            let x = flat(rows, width);
            let seen = pca_2d(&x).expect("converges");
            for (i, j) in [(0, 1), (2, 7), (5, 11)] {
                assert!((distance(&x, i, j) - distance(&seen, i, j)).abs() < 1e-3, "{rows} x {width}");
            }
            let spread = |k: usize| (0..rows).map(|i| seen.at(i, k).powi(2)).sum::<f32>();
            assert!(spread(0) > spread(1) && spread(1) > 0.0);
            assert_eq!(seen, pca_2d(&x).expect("converges"));
        }
    }

    #[test]
    fn a_plane_of_too_little_is_flat() {
        assert_eq!(pca_2d(&Matrix::zeros(3, 0)).expect("nothing to do"), Matrix::zeros(3, 2));
        let line = pca_2d(&Matrix::from_fn(4, 1, |i, _| i as f32)).expect("converges");
        assert!((0..4).all(|i| line.at(i, 1) == 0.0) && line.at(3, 0).abs() == 1.5);
    }
}
