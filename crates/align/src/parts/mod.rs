//! Parts of a fitted method: named arrays and an outline, from which the fit is restored.
//!
//! A file of a fit holds these parts, in any format. [`Fitted::parts`](crate::Fitted::parts) returns them;
//! [`Fitted::from_parts`](crate::Fitted::from_parts) checks them and restores a value that projects and translates to
//! the same bits.
//!
//! ```
//! use align::methods::gpa::GpaParams;
//! use align::{Fitted, Method, synthetic::Synthetic};
//!
//! let data = Synthetic::default().generate(1)?;
//! let fitted = Method::from(GpaParams::default()).fit(&data.train.views, 42)?.fitted;
//! let again = Fitted::from_parts(fitted.parts()?)?;
//! let x = data.test.views.get("v0")?;
//! assert_eq!(again.project("v0", x)?, fitted.project("v0", x)?);
//! # Ok::<(), align::AlignError>(())
//! ```
//!
//! A view of a universe is a chain of steps, and each step of the outline names its arrays. Arrays of a view `en`:
//! `en.mean`, `en.std`, `en.divisor` and `en.scale` are its standardisation (the latter two follow from the outline and
//! `std`; they are stored so that readers need not know the rule); `en.map` is the linear step in; `en.back` is the way
//! back if it is not the transpose; `en.landmarks` and `en.whitener` belong to kernel features, and `en.features_mean`
//! and so on to their standardisation; `en.universe_mean` and so on belong to a view that was added with scaling;
//! `en.back_mean` and `en.back_gain` belong to a calibrated fit. Arrays of a corrector: `corrector.norm_scale`,
//! `.norm_shift`, `.w1`, `.b1`, `.wg`, `.bg`, `.w2`, `.b2`. Arrays of pairs of views, by their positions: `pair.0.1`.
//! The part after the last dot never occurs in two of these groups, so the name of a view cannot be mistaken for
//! another array.
//!
//! A fit of a form outside this crate ([`Fitted::Own`](crate::Fitted::Own)) can have parts, too: [`OwnParts`]. Their
//! arrays have the prefixes `own.array.`, `own.scaling.` and `own.fit.`.

mod arrays;
mod forms;
mod old;
mod own;
mod put;
mod take;

pub use old::OldOutline;
pub use own::OwnParts;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Matrix;
use crate::fitted::Rescale;
use crate::prep::ConstantColumns;

/// An array with its shape, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Extents; a vector has one.
    pub shape: Vec<usize>,
    /// Numbers, as many as the shape requires.
    pub values: Values,
}

/// The numbers of an [`Array`].
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Maps and weights.
    Single(Vec<f32>),
    /// Means, scales and moments.
    Double(Vec<f64>),
}

impl Array {
    /// A matrix, as an array of two dimensions.
    pub fn matrix(matrix: &Matrix) -> Self {
        let shape = vec![matrix.rows(), matrix.cols()];
        Self { shape, values: Values::Single(matrix.as_slice().to_vec()) }
    }

    /// Like [`Array::matrix`], in double precision.
    pub fn matrix_f64(matrix: &Matrix<f64>) -> Self {
        let shape = vec![matrix.rows(), matrix.cols()];
        Self { shape, values: Values::Double(matrix.as_slice().to_vec()) }
    }

    /// A vector.
    pub fn vector(values: &[f32]) -> Self {
        Self { shape: vec![values.len()], values: Values::Single(values.to_vec()) }
    }

    /// A vector in double precision.
    pub fn vector_f64(values: &[f64]) -> Self {
        Self { shape: vec![values.len()], values: Values::Double(values.to_vec()) }
    }

    /// Type and shape, for messages.
    fn describe(&self) -> String {
        let name = if matches!(self.values, Values::Single(_)) { "f32" } else { "f64" };
        format!("{name} {:?}", self.shape)
    }
}

/// A fitted method as arrays and an outline.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// Kind, views and use of the arrays.
    pub outline: Outline,
    /// The arrays by name.
    pub arrays: BTreeMap<String, Array>,
}

/// Everything of a fitted method except its arrays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Outline {
    /// No alignment.
    Input {
        /// The views in order.
        views: Vec<InputOutline>,
    },
    /// A map for every pair of views.
    Pairwise {
        /// The views in order; maps are named by their positions.
        views: Vec<PairOutline>,
        /// The maps from a later view to an earlier one.
        back: Back,
        /// Positions of the views whose translated rows are calibrated.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calibrated: Vec<usize>,
    },
    /// A map for every view into one space.
    Universe {
        /// Width D of the space.
        width: usize,
        /// The views in order.
        views: Vec<ViewOutline>,
        /// The corrector, if there is one.
        corrector: Option<CorrectorOutline>,
    },
    /// A form outside this crate.
    Own(OwnOutline),
}

impl Outline {
    /// Names and widths of the views, in order.
    pub fn views(&self) -> Vec<(&str, usize)> {
        match self {
            Self::Input { views } => views.iter().map(|v| (v.name.as_str(), v.width)).collect(),
            Self::Pairwise { views, .. } => views.iter().map(|v| (v.name.as_str(), v.width)).collect(),
            Self::Universe { views, .. } => views.iter().map(|v| (v.name.as_str(), v.width)).collect(),
            Self::Own(outline) => outline.views(),
        }
    }
}

/// A view of [`Outline::Input`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputOutline {
    /// Its name.
    pub name: String,
    /// Its width d.
    pub width: usize,
    /// Standardisation of the view, if there is one.
    pub prep: Option<Scaling>,
}

/// A view of [`Outline::Pairwise`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairOutline {
    /// Its name.
    pub name: String,
    /// Its width d.
    pub width: usize,
    /// Its standardisation.
    pub prep: Scaling,
}

/// A view of [`Outline::Universe`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewOutline {
    /// Its name.
    pub name: String,
    /// Its width d.
    pub width: usize,
    /// The steps from raw rows into the universe; the first standardises.
    pub way_in: Vec<StepOutline>,
    /// The steps from the universe to raw rows, the last of which un-standardises; null without a way back.
    pub way_back: Option<Vec<StepOutline>>,
}

/// Step of a way, with the names of its arrays. Two steps of a view can name the same arrays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum StepOutline {
    /// `(x − mean) / divisor`.
    Standardise {
        /// Prefix of the arrays `mean`, `std`, `divisor` and `scale`, such as `en.`.
        arrays: String,
        /// Rule by which the divisors follow from the standard deviations.
        scaling: Scaling,
    },
    /// `x · scale + mean`.
    UnStandardise {
        /// See [`StepOutline::Standardise`].
        arrays: String,
        /// See [`StepOutline::Standardise`].
        scaling: Scaling,
    },
    /// Rows at unit length.
    UnitRows,
    /// `x A`.
    Linear {
        /// The name of the matrix.
        array: String,
        /// The width of rows after the step.
        width: usize,
        /// Whether A is the transpose of the matrix.
        transposed: bool,
    },
    /// `exp(−|x − l|² / scale)` for each row l of the landmarks, times the whitener.
    KernelFeatures {
        /// Name of the landmarks, one row each.
        landmarks: String,
        /// Name of the whitener, a square matrix.
        whitener: String,
        /// Number of landmarks, which is the width of rows after the step.
        width: usize,
        /// The scale of squared distances.
        scale: f64,
    },
    /// The corrector of the universe.
    Corrector,
    /// `(x − mean) · gain`.
    Calibrate {
        /// Prefix of the arrays `mean` and `gain`.
        arrays: String,
    },
}

/// Rule by which a [`ZScore`](crate::prep::ZScore) makes divisors and factors from standard deviations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// Number that is added to every standard deviation on the way in.
    pub epsilon: f64,
    /// Treatment of constant columns.
    pub constant_columns: ConstantColumns,
}

/// Reverse direction of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Back {
    /// The transpose of the map.
    Transpose,
    /// An array of its own.
    Own,
}

/// The corrector of [`Outline::Universe`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectorOutline {
    /// Hidden width H.
    pub hidden: usize,
    /// Corrected vectors that get back their length.
    pub rescale: Rescale,
}

/// Outline of a fit of a form outside this crate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnOutline {
    /// Name of the form.
    form: String,
    /// The views in order.
    views: Vec<OwnView>,
    /// Rules of its standardisations, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    scalings: BTreeMap<String, Scaling>,
    /// Outlines of the fits that it contains, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fits: BTreeMap<String, Outline>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnView {
    name: String,
    width: usize,
}

impl OwnOutline {
    /// Names and widths of the views, in order.
    fn views(&self) -> Vec<(&str, usize)> {
        self.views.iter().map(|view| (view.name.as_str(), view.width)).collect()
    }
}

/// Name of the map between the views at two positions.
fn pair(source: usize, target: usize) -> String {
    format!("pair.{source}.{target}")
}

/// Prefix of the names of a view's standardisation.
fn of_view(view: &str) -> String {
    format!("{view}.")
}
