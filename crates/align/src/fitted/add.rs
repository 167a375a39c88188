//! Addition of one more view to a fitted universe, whose maps do not change.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::calibrated::calibration_of;
use super::fit::Fitted;
use super::steps::{LinearMap, Step, ViewMap};
use super::universe::Universe;
use crate::moments::FEWEST;
use crate::numerics::linalg::{self, Accum, Threads};
use crate::prep::ZScore;
use crate::views::check_finite;
use crate::{AlignError, Matrix, Views};

/// How a view is added to a universe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AddForm {
    /// The released form: a pairwise translator to the mean universe vectors, with both sides standardised. The map is
    /// a rotation between standardised coordinates. Therefore it is not orthogonal in the universe, and the corrector
    /// does not apply to the view.
    #[default]
    Scaled,
    /// The step that GPA itself would make: one orthogonal Procrustes map to the consensus, without scaling. The
    /// corrector applies to the view as to any other.
    Orthogonal,
}

impl AddForm {
    /// Number of parameters of the map of a view of this width, added to a universe of width `universe_width`. Columns
    /// that are zero because of nesting do not count, as in GPA.
    pub fn parameters(self, width: usize, universe_width: usize) -> usize {
        width
            * match self {
                Self::Scaled => universe_width,
                Self::Orthogonal => universe_width.min(width),
            }
    }
}

impl Universe {
    /// Adds a view by its training rows (N × d, the same items as `base_train`). The other views do not change by a
    /// bit.
    ///
    /// [`AddForm::Scaled`]: ū is the mean over the views of `base_train` of their universe vectors (corrected if there
    /// is a corrector, not normalised again), and ~ standardises with the sample standard deviation. `R = U Vᵀ` of
    /// `X~ᵀ ū~ = U S Vᵀ` (d × D). A row goes in by `x~ R`, un-standardised by ū's statistics, and comes back by the
    /// inverse of both. For unequal widths R is the thin partial isometry, as in pairwise Procrustes: a view wider than
    /// the universe loses what lies outside D directions.
    ///
    /// [`AddForm::Orthogonal`]: C is the mean of the linear universe vectors `z R_m`, and Z is the new view,
    /// standardised like the base views. `R = [B 0]` with the polar factor B of the first min(d, D) columns of `Zᵀ C`.
    /// As in GPA, a view of width d lies in the first d coordinates; a view wider than the universe gets the partial
    /// isometry d × D.
    ///
    /// In a calibrated universe the new view is calibrated by the translated rows of `base_train`.
    ///
    /// `base_train` may leave out views of the universe; these do not count in the mean. If its views miss items, the
    /// mean is over the views that have the item, and items that no view has are left out. Cost: the projections of its
    /// views, 2·N·d·D flops and one SVD of d × D.
    ///
    /// Source: arXiv 2602.06205, the released form of model addition. The orthogonal form is none of the authors'.
    ///
    /// # Errors
    /// A name that the universe already has, rows that do not match, an empty view, a value that is not finite, a view
    /// of `base_train` that the universe does not know or that has another width, fewer than two rows.
    pub fn add(&self, base_train: &Views, name: &str, new_rows: &Matrix, form: AddForm) -> Result<Self, AlignError> {
        self.check_new(base_train, name, new_rows)?;
        let known: Vec<usize> = (0..base_train.rows()).filter(|&row| base_train.views_of(row) > 0).collect();
        if known.len() < FEWEST {
            return Err(AlignError::TooFewRows { method: "adding a view", got: known.len(), want: FEWEST });
        }
        if known.len() < base_train.rows() {
            return self.add(&base_train.select_rows(&known), name, &new_rows.select_rows(&known), form);
        }
        let context = || format!("view `{name}` against the universe");
        let view = match form {
            AddForm::Scaled => {
                let target = mean_over_views(base_train, |view, x| self.project(view, x))?;
                let (prep, post) = (ZScore::fit_sample(new_rows), ZScore::fit_sample(&target));
                let cross = cross_covariance(new_rows, &prep, &target, &post);
                let map = linalg::polar(cross.view(), &context)?.map(|&x| x as f32);
                let (map, post) = (LinearMap::new(map), Arc::new(post));
                let back = vec![Step::Standardise(Arc::clone(&post)), Step::Linear(map.transposed())];
                let way_in = vec![Step::Linear(map), Step::UnStandardise(post)];
                ViewMap::of_steps(name.to_string(), prep, way_in, Some(back))
            }
            AddForm::Orthogonal => {
                let consensus = mean_over_views(base_train, |view, x| self.project_linear(view, x))?;
                let prep = ZScore::fit(new_rows, self.views()[0].prep().rule());
                let cross = cross_covariance(new_rows, &prep, &consensus, &ZScore::identity(self.width()));
                let nested = cross.view().subcols(0, new_rows.cols().min(self.width()));
                let factor = linalg::polar(nested, &context)?;
                let entry = |i, j| if j < factor.cols() { factor.at(i, j) as f32 } else { 0.0 };
                let map = Matrix::from_fn(new_rows.cols(), self.width(), entry);
                let view = ViewMap::new(name.to_string(), prep, map);
                match self.correction().cloned() {
                    Some(correction) => view.with_correction(correction),
                    None => view,
                }
            }
        };
        let joined = self.with_view(view);
        if !self.views().iter().any(ViewMap::is_calibrated) {
            return Ok(joined);
        }
        // The other views are calibrated, so that translated rows can stand beside the target's own rows. The new view
        // needs the same.
        let (at, fitted) = (joined.views().len() - 1, Fitted::Universe(joined.clone()));
        let calibration = calibration_of(&fitted, base_train, at)?;
        Ok(self.with_view(joined.views()[at].clone().with_calibration(calibration)))
    }

    fn check_new(&self, base_train: &Views, name: &str, x: &Matrix) -> Result<(), AlignError> {
        let (rows, cols, name) = (x.rows(), x.cols(), name.to_string());
        if self.views().iter().any(|view| view.name() == name) {
            return Err(AlignError::DuplicateView { name });
        }
        if rows == 0 || cols == 0 {
            return Err(AlignError::EmptyView { name, rows, cols });
        }
        if rows != base_train.rows() {
            let first = base_train.names().next().unwrap_or_default().to_string();
            return Err(AlignError::RowMismatch { name, got: rows, first, want: base_train.rows() });
        }
        check_finite(&name, x)
    }
}

/// The mean of `f(m)` over the views that have the item, N × D, summed in `f64` in the order of the views.
pub(crate) fn mean_over_views(
    train: &Views,
    f: impl Fn(&str, &Matrix) -> Result<Matrix, AlignError>,
) -> Result<Matrix, AlignError> {
    let mut sum: Option<Matrix<f64>> = None;
    for space in train.iter() {
        let u = f(space.name(), space.values())?;
        let sum = sum.get_or_insert_with(|| Matrix::zeros(u.rows(), u.cols()));
        for row in (0..u.rows()).filter(|&row| space.has(row)) {
            sum.row_mut(row).iter_mut().zip(u.row(row)).for_each(|(s, &x)| *s += f64::from(x));
        }
    }
    let mut sum = sum.unwrap_or_else(|| Matrix::zeros(0, 0));
    for row in 0..sum.rows() {
        let views = train.views_of(row) as f64;
        sum.row_mut(row).iter_mut().for_each(|s| *s /= views);
    }
    Ok(sum.map(|&s| s as f32))
}

/// Rows that are standardised and multiplied at a time.
const CHUNK: usize = 512;

/// `A~ᵀ B~` (d_a × d_b) in `f64`; each side has its own standardisation.
fn cross_covariance(a: &Matrix, of_a: &ZScore, b: &Matrix, of_b: &ZScore) -> Matrix<f64> {
    let (rows, wide_a, wide_b) = (a.rows(), a.cols(), b.cols());
    let mut cross = Matrix::zeros(wide_a, wide_b);
    let mut chunk_a = Matrix::<f64>::zeros(CHUNK.min(rows), wide_a);
    let mut chunk_b = Matrix::<f64>::zeros(CHUNK.min(rows), wide_b);
    for start in (0..rows).step_by(CHUNK) {
        let end = (start + CHUNK).min(rows);
        of_a.apply_f64(a, start..end, chunk_a.as_mut_slice(), wide_a);
        of_b.apply_f64(b, start..end, chunk_b.as_mut_slice(), wide_b);
        let (left, right) = (chunk_a.view().subrows(0, end - start), chunk_b.view().subrows(0, end - start));
        linalg::gemm(cross.view_mut(), Accum::Add, left.transpose(), right, Threads::Pool);
    }
    cross
}
