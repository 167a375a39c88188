//! Tasks that judge a fitted method on held-out items, and what statistics on their scores need.
//!
//! A [`Task`] takes a fitted method with the two splits and returns [`Scores`]: one [`Score`] per
//! metric and view or ordered pair of views, and the per-item [`Series`] behind it. The scores are
//! computed from the series, so intervals and differences can be had later from records alone.
//!
//! ```
//! use align::methods::gcca::GccaParams;
//! use align::{Method, planted};
//! use tasks::{Metric, RetrievalParams, Task, TaskInput};
//!
//! let data = planted::Planted { widths: vec![16; 3], fit_rows: 200, test_rows: 50, ..Default::default() };
//! let data = data.generate(1)?;
//! let fit = Method::from(GccaParams::default()).fit(&data.train.spaces, 42)?;
//!
//! let input = TaskInput::new(&fit.fitted, &data);
//! let scores = Task::from(RetrievalParams::default()).score(&input)?.scores;
//! let rank1 = scores.iter().filter(|s| s.metric == Metric::Rank1);
//! assert_eq!(rank1.count(), 2 * 6); // universe and translated, six ordered pairs each
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Own data
//!
//! A [`Dataset`](align::Dataset) is two splits of matched views with labels; `crates/tasks/examples/evaluate.rs` goes from
//! plain numbers to Rank-1 with its interval and to the paired difference of two methods.
//!
//! ```
//! use align::methods::gcca::GccaParams;
//! use align::{Dataset, Labels, Matrix, Method, Spaces, Split};
//! use tasks::{ClusteringParams, Task, TaskInput};
//!
//! let view = |shift: usize| Matrix::from_fn(60, 4, |i, j| ((i * 7 + j * shift) as f32).sin());
//! let split = || {
//!     let spaces = Spaces::new([("en".to_string(), view(3)), ("fr".to_string(), view(5))])?;
//!     let classes = (0..60).map(|i| i % 3).collect();
//!     Split::new(spaces, vec![Labels { name: "class".into(), values: classes }], Vec::new(), None)
//! };
//! let data = Dataset { train: split()?, validation: None, test: split()? };
//! let fit = Method::from(GccaParams::default()).fit(&data.train.spaces, 42)?;
//! let scores = Task::from(ClusteringParams::default()).score(&TaskInput::new(&fit.fitted, &data))?;
//! assert!(scores.scores.iter().all(|score| score.value.is_some()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What holds everywhere
//!
//! Everything is bit-identical for any number of threads: products are tiled by constants, counts are
//! integers, sums have a fixed order, and every draw comes from [`align::rng`]. This crate knows no
//! files and no tables.

pub mod bootstrap;
pub mod classifier;
mod clustering;
mod consistency;
mod cycle;
mod drift;
mod error;
mod evaluation;
mod hubness;
pub mod kmeans;
mod labels;
mod largest;
mod living;
mod metric;
pub mod metrics;
pub mod multiple;
pub mod noise;
mod pairs;
mod probe;
mod probing;
pub mod ranks;
pub mod reid;
pub mod resamples;
mod retrieval;
mod score;
mod scoring;
mod similarity;
pub mod statistics;
mod stitching;
mod task;

pub use bootstrap::{Items, Omitted, paired_bootstrap, resample, resample_with_seeds};
pub use clustering::{ClusterCount, ClusteringParams};
pub use consistency::ConsistencyParams;
pub use cycle::CycleParams;
pub use drift::DriftParams;
pub use error::TaskError;
pub use evaluation::{Evaluation, Task};
pub use hubness::HubnessParams;
pub use metric::{Better, Measure, Metric, Quantity, Reading, Statistic, UnknownMetric};
pub use metrics::{CrossTable, ari_nmi_weighted};
pub use probe::{Direction, ProbeParams, Protocol};
pub use probing::Probing;
pub use reid::{ReidParams, disjoint_by_class};
pub use resamples::{Contrast, Interval, Resamples};
pub use retrieval::RetrievalParams;
pub use score::{Place, Score, Scores, Series, TaskInput, group_series};
pub use scoring::Scoring;
pub use similarity::SimilarityParams;
pub use statistics::Scale;
pub use stitching::Stitching;
