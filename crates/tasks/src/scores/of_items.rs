//! Values as functions of how often each item counts, which resamples of the items evaluate.

use crate::TaskError;
use crate::scores::metric::{Metric, Quantity};
use crate::scores::metrics::{ContingencyTable, item_value, weighted_figure};
use crate::scores::score::Series;

/// The values of the items behind one value of a metric.
#[derive(Clone, Debug)]
pub enum OfItems {
    /// The cluster and the label of each item.
    Clusters(ContingencyTable),
    /// One value per item.
    Values(Vec<f32>),
}

impl OfItems {
    /// The values of a series. `labels` are the labels of the items, which only clusters need.
    ///
    /// # Errors
    /// [`TaskError::Shape`] for clusters if there is not one label per item.
    pub fn new(series: &Series, labels: &[f32]) -> Result<Self, TaskError> {
        Ok(match series.quantity {
            Quantity::Cluster => Self::Clusters(ContingencyTable::from_series(&series.values, labels)?),
            _ => Self::Values(series.values.clone()),
        })
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        match self {
            Self::Clusters(table) => table.items(),
            Self::Values(values) => values.len(),
        }
    }

    /// The metric with item i counted `weights[i]` times; NaN where it is undefined, and for another number of weights.
    pub fn value(&self, metric: Metric, weights: &[u32]) -> f64 {
        let value = match self {
            Self::Clusters(table) => table.weighted_agreement(weights).map(|agreement| agreement.figure(metric)),
            Self::Values(values) => weighted_figure(metric, values, weights),
        };
        value.ok().flatten().unwrap_or(f64::NAN)
    }

    /// One value for each item whose mean over items is the metric; `None` for a metric that is no mean over items, or
    /// that is undefined.
    ///
    /// Where a metric is a mean over n of the N items (queries without a right answer, rows that stand for several
    /// items), an item that counts has `mean + N/n · (value − mean)` and one that does not the mean: to first order what
    /// each adds to it.
    pub fn per_item(&self, metric: Metric) -> Option<Vec<f64>> {
        let Self::Values(values) = self else { return None };
        let counted = values.iter().filter(|value| !value.is_nan()).count();
        if counted == values.len() {
            return values.iter().map(|&value| item_value(metric, value)).collect();
        }
        let mean = weighted_figure(metric, values, &vec![1; values.len()]).ok().flatten()?;
        let more = values.len() as f64 / counted as f64;
        let of_one = |&value: &f32| match value.is_nan() {
            true => Some(mean),
            false => Some(mean + more * (item_value(metric, value)? - mean)),
        };
        values.iter().map(of_one).collect()
    }
}
