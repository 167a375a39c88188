//! Results of tasks: the table of metrics, their computation, scores, and the series behind them.

mod definition;
pub(crate) mod metric;
pub mod metrics;
pub mod of_items;
mod quantity;
pub(crate) mod score;
