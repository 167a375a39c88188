//! The choice of a method and its parameters by cross-validation on the training items. Held-out items take no part.
//!
//! [`SelectParams`] is a method whose fit chooses among candidates and fits the chosen one. [`Study`] scores any
//! candidates on [`Folds`] by a [`Criterion`]; [`choose`] and [`share`] make the choice and say how sure it is.
//! [`recommend`] makes the choice among all methods that apply to the items.
//!
//! ```
//! use align::{Method, synthetic::Synthetic};
//! use select::SelectParams;
//!
//! let data = Synthetic { fit_rows: 200, ..Synthetic::default() }.generate(1)?;
//! let over = [("rank".to_string(), vec![2, 8].into()), ("ridge".to_string(), vec![0.0, 0.1].into())];
//! let gcca = SelectParams { over: over.into(), ..SelectParams::default() };
//! let fit = Method::from(gcca).fit(&data, 42)?;
//! let selection = fit.report.selection.ok_or("a choice")?;
//! assert_eq!((selection.folds, selection.candidates.len()), (5, 4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod candidates;
mod choice;
mod criterion;
mod error;
mod folds;
mod params;
mod recommend;
mod study;

pub use candidates::{Candidate, Combinations, place};
pub use choice::{Rule, as_good_as_best, choose, share};
pub use criterion::Criterion;
pub use error::SelectError;
pub use folds::Folds;
pub use params::{NAME, SelectParams, draw_folds, register};
pub use recommend::{
    Curve, CurveSize, MethodScore, NotTried, Planned, PlannedMethod, RecommendOptions, RecommendProgress,
    Recommendation, ScoreInterval, Spread, recommend,
};
pub use study::{Scored, Study};

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
