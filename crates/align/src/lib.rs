//! Multi-way representation alignment.
//!
//! M ≥ 3 independently trained encoders embed the same items: M *views*, each an N × d_m matrix whose
//! row i is the same item everywhere. A [`Method`] fits them into one shared *universe*; the fitted
//! value projects a view into it and translates one view into another through it. A [`FitReport`]
//! describes the end of the fit.
//!
//! ```
//! use align::methods::gpa::GpaParams;
//! use align::{Method, synthetic};
//!
//! let data = synthetic::Synthetic { widths: vec![16; 3], fit_rows: 200, test_rows: 50, ..Default::default() };
//! let data = data.generate(1)?;
//! let fit = Method::from(GpaParams::default()).fit(&data.train.views, 42)?;
//! let universe = fit.fitted.project("v0", data.test.views.get("v0")?)?; // 50 × 16
//! // Calibrated: translated rows have the location and scale of v1's own rows.
//! let fit = fit.calibrated(&data.train.views)?;
//! let as_v1 = fit.fitted.translate("v0", "v1", data.test.views.get("v0")?)?; // 50 × 16
//! assert_eq!((universe.rows(), as_v1.cols()), (50, 16));
//! # Ok::<(), align::AlignError>(())
//! ```
//!
//! # Your own numbers
//!
//! [`Matrix::new`] takes rows of numbers, and [`Views::new`] checks that the views match. Its errors name the view.
//!
//! ```
//! use align::{AlignError, Matrix, Views};
//!
//! let en = Matrix::new(3, 2, vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6])?;
//! let fr = Matrix::new(2, 2, vec![0.1, 0.2, 0.3, 0.4])?;
//! let error = Views::new([("en".to_string(), en), ("fr".to_string(), fr)]).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "view `fr` has 2 rows, `en` has 3; row i must be the same item in every view"
//! );
//! # Ok::<(), AlignError>(())
//! ```
//!
//! # Add a view
//!
//! [`Universe::add`] adds one more view by items that it shares with other views. The other views do not change.
//!
//! ```
//! use align::methods::gpa::GpaParams;
//! use align::{AddForm, Method, synthetic::Synthetic};
//!
//! let data = Synthetic { widths: vec![16; 4], ..Synthetic::default() }.generate(1)?;
//! let train = &data.train.views;
//! let fit = Method::from(GpaParams::default()).fit(&train.select(&["v0", "v1", "v2"])?, 42)?;
//! let universe = fit.fitted.universe().expect("gpa has one");
//! let wider = universe.add(&train.select(&["v0", "v1"])?, "v3", train.get("v3")?, AddForm::Scaled)?;
//! assert_eq!(wider.views().len(), 4);
//! # Ok::<(), align::AlignError>(())
//! ```
//!
//! # A method of your own
//!
//! A method is a type of parameters that implements [`Aligner`], and also [`MomentAligner`] if the second moments of the rows
//! suffice ([`moments`]). [`Method::register`] gives it a name in grid files. A method that finds a map for each view
//! returns a universe: [`Universe::from_views`], or [`Universe::from_maps`] for views standardised by their training rows.
//! `crates/tasks/examples/own_method.rs` evaluates such a fit.
//!
//! ```
//! use align::methods::gpa::GpaParams;
//! use align::{Aligner, AlignError, Fit, FitInput, Fitted, Method, Universe, ViewMap, synthetic::Synthetic};
//!
//! /// The first `rank` principal axes of GPA.
//! #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
//! #[serde(default, deny_unknown_fields)]
//! struct Axes {
//!     rank: usize,
//! }
//!
//! impl Default for Axes {
//!     fn default() -> Self {
//!         Self { rank: 8 }
//!     }
//! }
//!
//! impl Aligner for Axes {
//!     fn name(&self) -> &'static str {
//!         "axes"
//!     }
//!
//!     fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
//!         let gpa = GpaParams { rank: Some(self.rank), ..GpaParams::default() }.fit(input, seed)?;
//!         let views = gpa.fitted.universe().expect("gpa has one").views().iter();
//!         let views = views.map(|view| ViewMap::new(view.name().into(), view.prep().clone(), view.map().expect("gpa has one").clone()));
//!         Ok(Fit { fitted: Fitted::Universe(Universe::from_views(views.collect())?), ..gpa })
//!     }
//! }
//!
//! Method::register::<Axes>()?;
//! let data = Synthetic { widths: vec![16; 3], ..Synthetic::default() }.generate(1)?;
//! let own = "axes".parse::<Method>()?.fit(&data.train.views, 42)?.fitted;
//! assert_eq!(own.project("v0", data.test.views.get("v0")?)?.cols(), 8);
//! # Ok::<(), align::AlignError>(())
//! ```
//!
//! # Store a fit
//!
//! [`Fitted::parts`] splits a fit into named arrays, and [`Fitted::from_parts`] restores the same bits from them ([`parts`]). The
//! crate `data` writes them to files.
//!
//! # Features
//!
//! * `rayon`, on by default, splits the work among threads. Without it the calling thread does all of it. The numbers are the
//!   same bit for bit, except for the last bits of factorisations whose smaller side is 768 or more.
//! * `ndarray` and `faer` add conversions between [`Matrix`] and the matrices of these libraries. Without them no public
//!   signature has a type of either library.
//!
//! serde is not a feature: the parameters of a method are read by the method's name, so [`Aligner`] requires types that serde
//! can read. A bound that depends on a feature would not be additive.
//!
//! # Precision and order
//!
//! Views are `f32`; moments, factorisations and objectives are `f64`. Every reduction has a fixed order, so no result depends on
//! the number of threads. This crate knows no files, tasks or tables.

pub mod aligner;
pub mod calibration;
mod consensus;
pub mod corrector;
mod error;
pub mod fitted;
pub mod methods;
pub mod moments;
pub mod named;
mod names;
mod numerics;
pub mod parts;
pub mod pca;
pub mod prep;
pub mod progress;
pub mod report;
pub mod rng;
pub mod settings;
pub mod views;

pub use aligner::{
    Aligner, BaseFit, BaseViews, FitInput, FitSize, Method, MomentAligner, MomentSpec, Needs, RowSource, SearchSpace,
    StreamAligner,
};
pub use calibration::Calibration;
pub use consensus::Consensus;
pub use error::AlignError;
pub use fitted::{
    AddForm, Coordinates, Fit, Fitted, FittedMaps, InputSpace, LinearStep, PairMaps, Projections, Rescale,
    ResidualMaps, RowMap, Universe, ViewMap,
};
pub use names::UnknownName;
pub use numerics::matrix::Matrix;
#[doc(hidden)]
pub use numerics::parallel;
pub use numerics::{kernels, linalg, matrix};
pub use parts::OwnParts;
pub use pca::{Pca, pca_2d};
pub use progress::{Progress, Watch};
pub use report::{CandidateReport, CorrectorReport, FitReport, FitWarning, SelectionReport, Termination};
pub use settings::choice;
pub use views::corpus::{Documents, Judgement, Judgements};
pub use views::dataset::{Corpus, Dataset, Labels, Split};
pub use views::{Correspondence, RowPairs, Views};
pub use views::{dataset, synthetic};

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
