//! Multi-way representation alignment.
//!
//! M ≥ 3 independently trained encoders embed the same items: M *views*, each an N × d_m matrix whose
//! row i is the same item everywhere. A [`Method`] fits them into one shared *universe*; the fitted
//! value projects a view into it, translates one view into another through it, and says in a
//! [`FitReport`] how the fit ended.
//!
//! ```
//! use align::{Method, planted};
//!
//! let data = planted::Planted { widths: vec![16; 3], fit_rows: 200, test_rows: 50, ..Default::default() };
//! let data = data.generate(1)?;
//! let fit = Method::Gpa(Default::default()).fit(&data.train.spaces, 42)?;
//! let universe = fit.fitted.project("v0", data.test.spaces.get("v0")?)?; // 50 × 16
//! let as_v1 = fit.fitted.translate("v0", "v1", data.test.spaces.get("v0")?)?; // 50 × 16
//! assert_eq!((universe.rows(), as_v1.cols()), (50, 16));
//! # Ok::<(), align::AlignError>(())
//! ```
//!
//! Spaces are `f32`; moments, factorisations and objectives are `f64`; every reduction has a fixed
//! order, so nothing depends on the number of threads. This crate knows no files, tasks or tables.

pub mod corrector;
pub mod dataset;
mod error;
pub mod fitted;
pub mod kernels;
mod krylov;
pub mod linalg;
pub mod matrix;
pub mod method;
pub mod methods;
pub mod moments;
pub mod pca;
pub mod planted;
pub mod prep;
pub mod report;
pub mod rng;
pub mod spaces;

pub use dataset::{Dataset, Labels, Split};
pub use error::AlignError;
pub use fitted::{Fit, Fitted, Rescale, SpaceKind, Universe};
pub use matrix::Matrix;
pub use method::{BaseFit, BaseViews, Method};
pub use methods::extend::AddForm;
pub use pca::Pca;
pub use report::{CorrectorReport, FitReport, Stop};
pub use spaces::Spaces;
