//! A map of rows as a few steps.

use std::sync::Arc;

use super::super::steps::{KernelFeatures, with_lengths};
use crate::corrector::Corrector;
use crate::corrector::residual::ResidualWeights;
use crate::linalg::MatrixView;
use crate::numerics::linalg::{self, Threads};
use crate::prep::unit_rows;
use crate::{AlignError, Matrix};

/// A map of rows without the fit from which it comes: a few steps, each of which other programs can do.
///
/// Standardisation, linear maps and calibration that follow each other are one step, `x A + b`. So most methods give a
/// map of one step, which is one layer of a network or a linear transform of an index.
/// [`Fitted::row_map`](crate::Fitted::row_map) makes it; rows that it maps equal those of
/// [`Fitted::translate`](crate::Fitted::translate) up to rounding.
///
/// ```
/// use align::methods::gpa::GpaParams;
/// use align::{Method, synthetic::Synthetic};
///
/// let data = Synthetic::default().generate(1)?;
/// let fitted = Method::from(GpaParams::default()).fit(&data.train.views, 42)?.fitted;
/// let map = fitted.row_map("v0", Some("v1"))?;
/// let affine = map.affine().expect("one step");
/// assert_eq!((affine.matrix.rows(), affine.matrix.cols(), affine.shift.len()), (32, 32, 32));
/// let x = data.test.views.get("v0")?;
/// let (mapped, translated) = (map.apply(x)?, fitted.translate("v0", "v1", x)?);
/// assert!(mapped.as_slice().iter().zip(translated.as_slice()).all(|(a, b)| (a - b).abs() < 1e-5));
/// # Ok::<(), align::AlignError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RowMap {
    width: usize,
    target: usize,
    steps: Vec<MapStep>,
}

/// A step of a [`RowMap`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MapStep {
    /// `x A + b`.
    Affine(AffineMap),
    /// Every row at length one; a row of zeros stays zero.
    UnitRows,
    /// Features of a kernel.
    KernelFeatures(Arc<KernelFeatures>),
    /// The corrector of GCPA.
    Correct {
        /// The network.
        corrector: Arc<Corrector>,
        /// Whether corrected rows, which have length one, get back the length that they had before.
        keeps_lengths: bool,
    },
    /// `s ∘ (x + gelu(x W1 + b1) W2 + b2)`.
    Residual(ResidualWeights),
}

/// The affine map `x A + b` of rows x.
#[derive(Clone, Debug, PartialEq)]
pub struct AffineMap {
    /// A, a row for each input column.
    pub matrix: Matrix,
    /// b.
    pub shift: Vec<f32>,
}

impl AffineMap {
    /// Whether every row stays as it is.
    fn is_identity(&self) -> bool {
        let (rows, cols) = (self.matrix.rows(), self.matrix.cols());
        let one = |i: usize, j: usize| self.matrix.at(i, j) == f32::from(u8::from(i == j));
        rows == cols && self.shift.iter().all(|&b| b == 0.0) && (0..rows).all(|i| (0..cols).all(|j| one(i, j)))
    }

    fn apply(&self, x: &Matrix) -> Matrix {
        let mut y = linalg::product(x.view(), self.matrix.view(), Threads::Pool);
        (0..y.rows()).for_each(|i| y.row_mut(i).iter_mut().zip(&self.shift).for_each(|(y, b)| *y += b));
        y
    }
}

impl MapStep {
    /// The name in files and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Affine(_) => "affine",
            Self::UnitRows => "unit_rows",
            Self::KernelFeatures(_) => "kernel_features",
            Self::Correct { .. } => "corrector",
            Self::Residual(_) => "residual_mlp",
        }
    }

    /// Width of rows after the step for rows of this width before it.
    fn width_after(&self, width: usize) -> Result<usize, AlignError> {
        let (takes, gives) = match self {
            Self::Affine(AffineMap { matrix, shift }) => (matrix.rows(), vec![matrix.cols(), shift.len()]),
            Self::UnitRows => (width, vec![width]),
            Self::KernelFeatures(features) => (features.landmarks().cols(), vec![features.whitener().cols()]),
            Self::Correct { corrector, .. } => (corrector.width(), vec![corrector.width()]),
            Self::Residual(ResidualWeights { w1, b1, w2, b2, scale }) => {
                let (inner, outer) = (w1.cols(), w1.rows());
                let hidden = if (b1.len(), w2.rows()) == (inner, inner) { outer } else { 0 };
                (outer, vec![hidden, w2.cols(), b2.len(), scale.as_ref().map_or(outer, Vec::len)])
            }
        };
        let wrong = |got, want| AlignError::Width { op: "map", name: self.name().to_string(), got, want };
        let last = gives.last().copied().unwrap_or(width);
        match gives.iter().find(|gives| **gives != last || last == 0) {
            _ if takes != width => Err(wrong(width, takes)),
            Some(&gives) => Err(wrong(gives, last.max(1))),
            None => Ok(last),
        }
    }

    fn apply(&self, x: &Matrix) -> Result<Matrix, AlignError> {
        Ok(match self {
            Self::Affine(affine) => affine.apply(x),
            Self::UnitRows => unit_rows(x),
            Self::KernelFeatures(features) => features.of_rows(x)?,
            Self::Correct { corrector, keeps_lengths: false } => corrector.apply(x)?,
            Self::Correct { corrector, keeps_lengths: true } => with_lengths(corrector.apply(x)?, x),
            Self::Residual(weights) => weights.apply(x),
        })
    }
}

impl RowMap {
    /// A map of rows of this width by these steps, at least one.
    ///
    /// # Errors
    /// [`AlignError::Width`] if two steps, or the arrays of a step, do not fit each other.
    pub fn new(width: usize, steps: Vec<MapStep>) -> Result<Self, AlignError> {
        let target = steps.iter().try_fold(width, |width, step| step.width_after(width))?;
        // Identities add nothing; one stays if there is nothing else.
        let (mut kept, mut dropped) = (Vec::new(), None);
        for step in steps {
            match step {
                MapStep::Affine(affine) if affine.is_identity() => dropped = Some(MapStep::Affine(affine)),
                step => kept.push(step),
            }
        }
        if kept.is_empty() {
            kept.extend(dropped);
        }
        if kept.is_empty() {
            return Err(AlignError::Width { op: "map", name: "steps".to_string(), got: 0, want: 1 });
        }
        Ok(Self { width, target, steps: kept })
    }

    /// Widths of rows before and after the map.
    pub fn widths(&self) -> (usize, usize) {
        (self.width, self.target)
    }

    /// The steps in their order; no two affine ones follow each other.
    pub fn steps(&self) -> &[MapStep] {
        &self.steps
    }

    /// The affine map, if there is no other step.
    pub fn affine(&self) -> Option<&AffineMap> {
        match self.steps.as_slice() {
            [MapStep::Affine(affine)] => Some(affine),
            _ => None,
        }
    }

    /// Rows (n × d) after all steps, in single precision like in other programs.
    ///
    /// # Errors
    /// [`AlignError::Width`] for rows of another width.
    pub fn apply<'x>(&self, x: impl Into<MatrixView<'x>>) -> Result<Matrix, AlignError> {
        let x = x.into();
        x.check_width("map", "the rows", self.width)?;
        self.steps.iter().try_fold(x.to_matrix(), |rows, step| step.apply(&rows))
    }
}
