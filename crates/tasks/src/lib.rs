//! Tasks that evaluate a fitted method on held-out items, and statistics on their scores.
//!
//! A [`Task`] takes a fitted method with the two splits and returns [`Scores`]: one [`Score`] per
//! metric and view or ordered pair of views, and the per-item [`Series`] behind it. The scores are
//! computed from the series, so intervals and differences can be computed later from records alone.
//!
//! ```
//! use align::methods::gcca::GccaParams;
//! use align::{Method, synthetic};
//! use tasks::{Metric, RetrievalParams, Task, TaskInput};
//!
//! let data = synthetic::Synthetic { widths: vec![16; 3], fit_rows: 200, test_rows: 50, ..Default::default() };
//! let data = data.generate(1)?;
//! let fit = Method::from(GccaParams::default()).fit(&data.train.views, 42)?;
//!
//! let input = TaskInput::new(&fit.fitted, &data);
//! let scores = Task::from(RetrievalParams::default()).score(&input)?.scores;
//! let rank1 = scores.iter().filter(|s| s.metric == Metric::Rank1);
//! assert_eq!(rank1.count(), 2 * 6); // universe and translated, six ordered pairs each
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Your own data
//!
//! A [`Dataset`](align::Dataset) consists of two splits of matched views with labels. `crates/tasks/examples/evaluate.rs`
//! starts from plain numbers and computes Rank-1 with its interval, and the paired difference of two methods.
//!
//! ```
//! use align::methods::gcca::GccaParams;
//! use align::{Dataset, Labels, Matrix, Method, Views, Split};
//! use tasks::{ClusteringParams, Task, TaskInput};
//!
//! let view = |shift: usize| Matrix::from_fn(60, 4, |i, j| ((i * 7 + j * shift) as f32).sin());
//! let split = || {
//!     let views = Views::new([("en".to_string(), view(3)), ("fr".to_string(), view(5))])?;
//!     let classes = (0..60).map(|i| i % 3).collect();
//!     Split::new(views, vec![Labels { name: "class".into(), values: classes }], Vec::new(), None)
//! };
//! let data = Dataset::new(split()?, split()?);
//! let fit = Method::from(GccaParams::default()).fit(&data.train.views, 42)?;
//! let scores = Task::from(ClusteringParams::default()).score(&TaskInput::new(&fit.fitted, &data))?;
//! assert!(scores.scores.iter().all(|score| score.value.is_some()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Threads
//!
//! All results are bit-identical for any number of threads: products are tiled by constants, counts are
//! integers, sums have a fixed order, and every draw comes from [`align::rng`]. This crate knows no
//! files and no tables.

pub mod classifier;
mod error;
mod evaluation;
mod evaluations;
mod incomplete;
pub mod kmeans;
mod labels;
mod living;
pub mod noise;
mod probe;
mod ranking;
mod scores;
pub mod statistics;

pub use error::TaskError;
pub use evaluation::{Evaluation, Task};
pub use evaluations::clustering::{ClusterCount, ClusteringParams};
pub use evaluations::consistency::ConsistencyParams;
pub use evaluations::cycle::CycleParams;
pub use evaluations::drift::DriftParams;
pub use evaluations::hubness::HubnessParams;
pub use evaluations::probing::ProbingParams;
pub use evaluations::reid;
pub use evaluations::reid::{ReidBy, ReidParams, disjoint_by_class};
pub use evaluations::retrieval::{Positives, Query, RetrievalParams, Slerp, Weight};
pub use evaluations::similarity::SimilarityParams;
pub use evaluations::similarity::correspondence::{Correspondence, correspondence};
pub use evaluations::stitching::{Direction, StitchingParams};
pub use evaluations::upgrade;
pub use evaluations::upgrade::UpgradeParams;
pub use incomplete::ItemScope;
pub use labels::NamedList;
pub use probe::{ConvergedProtocol, Protocol, ReleasedProtocol};
pub use ranking::answers;
pub use ranking::ranks;
pub use ranking::scoring::{Bank, Csls, InvertedSoftmax, Scoring, Sinkhorn};
pub use ranking::search::{Hit, Search};
pub use scores::metric::{Better, Metric, Quantity, SimilarityMeasure, SimilarityStatistic, Statistic, UnknownMetric};
pub use scores::metrics;
pub use scores::metrics::{ContingencyTable, ari_nmi_weighted};
pub use scores::of_items::OfItems;
pub use scores::score::{Place, Score, Scores, Series, TaskInput, group_series};
pub use statistics::Scale;
pub use statistics::bootstrap::{Items, Omitted, on_resamples, paired_bootstrap, resample, resample_with_seeds};
pub use statistics::resamples::{Contrast, Interval, Resamples};
pub use statistics::student::Spread;
pub use statistics::{bootstrap, learning_curve, multiple, resamples};

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
