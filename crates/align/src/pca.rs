//! PCA matching: views brought to one width before anything is fitted.

use crate::fitted::check_width;
use crate::linalg::{self, Accum, Threads};
use crate::prep::ZScore;
use crate::{AlignError, Dataset, Matrix, Split};

/// Rows centred and multiplied at a time.
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
    /// The leading `components` eigenvectors of `(X − μ)ᵀ (X − μ)` (d × d), in `f64`. Each one's sign makes
    /// its entry of largest magnitude positive. N·d² multiply-adds, half of which the symmetry saves, and
    /// one eigendecomposition of d.
    ///
    /// Source: arXiv 2602.06205, scikit-learn's PCA. Departs: exact, where that library's default solver
    /// turns randomised, without a seed, for large inputs.
    ///
    /// # Errors
    /// [`AlignError::Parameter`] where there are not that many components; a factorisation that does not
    /// converge.
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

    /// `(x − μ) W`, n × k. `x` has the width of the rows it was fitted on.
    pub fn apply(&self, x: &Matrix) -> Matrix {
        linalg::product(self.centre.apply(x).view(), self.components.view(), Threads::Pool)
    }
}

impl Dataset {
    /// The same data with every view as wide as the narrowest: wider ones are replaced, in every split, by
    /// their leading principal components, fitted on their training rows. Views that already are that
    /// narrow stay as they are, neither centred nor rotated.
    ///
    /// # Errors
    /// Fewer training rows than the narrowest view has columns; a split whose views have other widths.
    pub fn pca_matched(&self) -> Result<Self, AlignError> {
        let widths = self.train.spaces.widths();
        let narrowest = widths.iter().copied().min().unwrap_or(0);
        let mut matched = self.clone();
        for space in self.train.spaces.iter().filter(|space| space.values().cols() > narrowest) {
            let pca = Pca::fit(&space.observed(), narrowest)?;
            let splits = [Some(&mut matched.train), matched.validation.as_mut(), Some(&mut matched.test)];
            for split in splits.into_iter().flatten() {
                reduce(split, space.name(), &pca)?;
            }
        }
        Ok(matched)
    }
}

fn reduce(split: &mut Split, view: &str, pca: &Pca) -> Result<(), AlignError> {
    let position = split.spaces.position(view)?;
    let values = split.spaces.at(position);
    check_width("pca", view, pca.centre.width(), values)?;
    split.spaces = split.spaces.with_values(position, pca.apply(values))?;
    Ok(())
}
