//! One step of a view's way into the universe or back.

use std::borrow::Cow;
use std::sync::Arc;

use crate::numerics::parallel::prelude::*;
use serde::{Deserialize, Serialize};

use super::kernel::KernelFeatures;
use crate::calibration::Calibration;
use crate::corrector::Corrector;
use crate::numerics::linalg::{self, Threads};
use crate::prep::{ZScore, norm, unit_rows};
use crate::{AlignError, Matrix};

/// A step of the way between a view's standardised rows and the universe. Rows are `f32` before and after each step.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// `(x − μ) / s`, column by column.
    Standardise(Arc<ZScore>),
    /// `x σ + μ`, column by column: the inverse of [`Step::Standardise`].
    UnStandardise(Arc<ZScore>),
    /// Every row at length one.
    UnitRows,
    /// `x A`.
    Linear(LinearMap),
    /// Features of a kernel.
    KernelFeatures(Arc<KernelFeatures>),
    /// The corrector of GCPA, always the last step into the universe.
    /// [`Universe::with_corrector`](crate::Universe::with_corrector) appends it.
    Correct(Correction),
    /// `(x − mean) · gain`, the last step back of a calibrated fit.
    Calibrate(Calibration),
}

/// The matrix A of a linear step, or the transpose of another step's.
#[derive(Clone, Debug)]
pub struct LinearMap {
    matrix: Arc<Matrix>,
    transposed: bool,
}

impl LinearMap {
    /// The step `x A` of a matrix A.
    pub fn new(matrix: Matrix) -> Self {
        Self { matrix: Arc::new(matrix), transposed: false }
    }

    /// The step of the transpose, which shares the memory.
    pub fn transposed(&self) -> Self {
        Self { matrix: Arc::clone(&self.matrix), transposed: !self.transposed }
    }

    /// The matrix as it is stored.
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// Whether rows are multiplied by the transpose of [`LinearMap::matrix`].
    pub fn is_transposed(&self) -> bool {
        self.transposed
    }

    /// The widths of rows before and after the step.
    pub fn widths(&self) -> (usize, usize) {
        let (rows, cols) = (self.matrix.rows(), self.matrix.cols());
        if self.transposed { (cols, rows) } else { (rows, cols) }
    }

    /// A in `f64`.
    pub(super) fn to_f64(&self, f: impl Fn(f64, usize) -> f64) -> Matrix<f64> {
        let (rows, cols) = self.widths();
        let at = |i: usize, j: usize| if self.transposed { self.matrix.at(j, i) } else { self.matrix.at(i, j) };
        Matrix::from_fn(rows, cols, |i, j| f(f64::from(at(i, j)), i))
    }

    fn apply(&self, x: &Matrix) -> Matrix {
        let stored = self.matrix.view();
        linalg::product(x.view(), if self.transposed { stored.transpose() } else { stored }, Threads::Pool)
    }
}

/// Corrected vectors that get back the length `|u|` that they had before the corrector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rescale {
    /// No vectors: all have unit length.
    #[default]
    None,
    /// All vectors.
    All,
    /// Vectors in the universe only; translation continues from unit vectors. This is GCPA_R as the authors released
    /// it, whose translated values repeat those of GCPA.
    Universe,
}

/// A corrector and the rule for lengths.
#[derive(Clone, Debug)]
pub struct Correction {
    pub(crate) corrector: Arc<Corrector>,
    pub(crate) rescale: Rescale,
}

/// Use of corrected rows, which decides their length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fitted) enum Aim {
    /// The rows stay in the universe.
    Universe,
    /// The rows are translated to another view.
    Onward,
}

impl Correction {
    /// Whether both are the same corrector with the same lengths.
    pub(in crate::fitted) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.corrector, &other.corrector) && self.rescale == other.rescale
    }

    pub(in crate::fitted) fn keeps_lengths(&self, aim: Aim) -> bool {
        match aim {
            Aim::Universe => self.rescale != Rescale::None,
            Aim::Onward => self.rescale == Rescale::All,
        }
    }

    /// Corrects universe rows, once for each of these aims.
    pub(super) fn apply<const N: usize>(&self, linear: &Matrix, aims: [Aim; N]) -> Result<[Matrix; N], AlignError> {
        let unit = self.corrector.apply(linear)?;
        Ok(aims.map(|aim| if self.keeps_lengths(aim) { with_lengths(unit.clone(), linear) } else { unit.clone() }))
    }
}

impl Step {
    /// Width of rows after the step for rows of this width before it.
    ///
    /// # Errors
    /// The width that the step needs, if it is another one.
    pub(crate) fn width_after(&self, width: usize) -> Result<usize, usize> {
        let (takes, gives) = match self {
            Self::Standardise(prep) | Self::UnStandardise(prep) => (prep.width(), prep.width()),
            Self::UnitRows => (width, width),
            Self::Linear(map) => map.widths(),
            Self::KernelFeatures(features) => features.widths(),
            Self::Correct(correction) => (correction.corrector.width(), correction.corrector.width()),
            Self::Calibrate(calibration) => (calibration.mean().len(), calibration.mean().len()),
        };
        if takes == width { Ok(gives) } else { Err(takes) }
    }

    /// Whether the step is a matrix and a shift.
    pub(in crate::fitted) fn is_affine(&self) -> bool {
        match self {
            Self::Standardise(_) | Self::UnStandardise(_) | Self::Linear(_) | Self::Calibrate(_) => true,
            Self::UnitRows | Self::KernelFeatures(_) | Self::Correct(_) => false,
        }
    }

    /// Whether both hold the same numbers in the same memory.
    pub(crate) fn shares_memory(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Standardise(a) | Self::UnStandardise(a), Self::Standardise(b) | Self::UnStandardise(b)) => {
                Arc::ptr_eq(a, b)
            }
            (Self::Linear(a), Self::Linear(b)) => Arc::ptr_eq(&a.matrix, &b.matrix),
            _ => false,
        }
    }

    /// Number of fitted parameters, without standardisations and the corrector.
    pub(super) fn parameters(&self) -> usize {
        match self {
            Self::Linear(map) => map.matrix.as_slice().len(),
            Self::KernelFeatures(features) => features.parameters(),
            Self::Standardise(_) | Self::UnStandardise(_) | Self::UnitRows | Self::Correct(_) | Self::Calibrate(_) => 0,
        }
    }

    /// Bytes of its numbers, without the corrector, which views share.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Standardise(prep) | Self::UnStandardise(prep) => prep.bytes(),
            Self::Linear(map) => size_of_val(map.matrix.as_slice()),
            Self::KernelFeatures(features) => features.bytes(),
            Self::Calibrate(calibration) => size_of_val(calibration.mean()),
            Self::UnitRows | Self::Correct(_) => 0,
        }
    }

    fn apply(&self, rows: Cow<'_, Matrix>, aim: Aim) -> Result<Matrix, AlignError> {
        Ok(match self {
            Self::Standardise(prep) => prep.standardised(&rows),
            Self::UnStandardise(prep) => prep.restored(&rows),
            Self::UnitRows => unit_rows(&rows),
            Self::Linear(map) => map.apply(&rows),
            Self::KernelFeatures(features) => features.apply(&rows),
            Self::Correct(correction) => {
                let [corrected] = correction.apply(&rows, [aim])?;
                corrected
            }
            Self::Calibrate(calibration) => {
                let mut rows = rows.into_owned();
                calibration.apply(&mut rows);
                rows
            }
        })
    }
}

/// Rows after all of these steps.
///
/// # Errors
/// A value that the corrector refuses.
pub(super) fn apply<'x>(steps: &[Step], rows: Cow<'x, Matrix>, aim: Aim) -> Result<Cow<'x, Matrix>, AlignError> {
    steps.iter().try_fold(rows, |rows, step| step.apply(rows, aim).map(Cow::Owned))
}

/// The directions `unit` at the lengths of `rows`.
pub(in crate::fitted) fn with_lengths(mut unit: Matrix, rows: &Matrix) -> Matrix {
    let width = rows.cols();
    unit.as_mut_slice().par_chunks_mut(width).zip(rows.as_slice().par_chunks(width)).for_each(|(row, before)| {
        let length = norm(before);
        row.iter_mut().for_each(|x| *x *= length);
    });
    unit
}
