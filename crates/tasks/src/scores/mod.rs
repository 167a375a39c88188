//! What tasks return: the table of metrics, how each is computed, scores and the series behind them.

pub(crate) mod metric;
pub mod metrics;
pub(crate) mod score;
