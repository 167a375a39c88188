//! The value by which candidates are compared: a metric of a task on the items that a fold holds out.

use tasks::metrics::item_value;
use tasks::{Better, Metric, OfItems, Quantity, Task, TaskInput};

use crate::SelectError;

/// A task and one of its metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// The task.
    pub task: Task,
    /// The metric.
    pub metric: Metric,
}

/// The value of one candidate on one fold.
#[derive(Clone, Debug)]
pub(crate) struct FoldScore {
    /// Mean of the metric over views or pairs of views.
    pub value: f64,
    /// The values of the held-out items behind it.
    pub items: FoldItems,
}

/// Values of the held-out items of a fold.
#[derive(Clone, Debug)]
pub(crate) enum FoldItems {
    /// One value per item, whose mean is the score.
    Means(Vec<f64>),
    /// The metric of each view or pair as a function of the items; the score is their mean.
    Figures(Vec<OfItems>),
    /// The metric is no function of values of the items.
    Unknown,
}

/// The score of a fold, or the reason why it has none.
pub(crate) type Outcome = Result<FoldScore, String>;

impl Criterion {
    /// Checks the task and the direction of the metric.
    ///
    /// # Errors
    /// Parameters of the task outside their domain; a metric that is neither better high nor low; a task that needs
    /// validation rows, which folds do not have.
    pub fn validate(&self) -> Result<(), SelectError> {
        self.task.validate()?;
        let refused = |parameter, got: String, want| Err(SelectError::Parameter { parameter, got, want });
        if self.metric.better() == Better::Neither {
            let got = format!("`{}`, which is neither better high nor low", self.metric);
            return refused("by", got, "a metric with a direction, such as `rank1`");
        }
        if self.task.needs_validation() {
            let got = format!("`{}` with a protocol that needs validation rows, which folds do not have", self.task);
            return refused("task", got, "a task without validation rows; set its `protocol: converged`");
        }
        Ok(())
    }

    /// Whether `a` is better than `b`.
    pub(crate) fn better(&self, a: f64, b: f64) -> bool {
        if self.metric.higher_is_better() { a > b } else { a < b }
    }

    /// The score of a fitted candidate on a fold.
    ///
    /// # Errors
    /// [`SelectError::NoMetric`], which every candidate would have.
    pub(crate) fn score(&self, input: &TaskInput<'_>) -> Result<Outcome, SelectError> {
        let scores = match self.task.score(input) {
            Ok(scores) => scores,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mine: Vec<_> = scores.scores.iter().filter(|score| score.metric == self.metric).collect();
        let Some(first) = mine.first() else {
            let mut known: Vec<String> = scores.scores.iter().map(|score| format!("`{}`", score.metric)).collect();
            known.sort();
            known.dedup();
            let (task, metric) = (self.task.name(), self.metric.name());
            return Err(SelectError::NoMetric { task, metric, known: known.join(", ") });
        };
        // A mean over fewer pairs would be another quantity for this candidate than for the others.
        if let Some(odd) = mine.iter().find(|score| !score.value.is_some_and(f64::is_finite)) {
            let reason = odd.reason.clone().unwrap_or_else(|| "the value is not finite".into());
            return Ok(Err(reason));
        }
        let value = mine.iter().filter_map(|score| score.value).sum::<f64>() / mine.len() as f64;
        let space = first.space;
        let wanted = self.metric.quantity();
        let series = || scores.series.iter().filter(|series| Some(series.quantity) == wanted && series.space == space);
        let items = input.test.views.rows();
        let labels = scores.series.iter().find(|series| series.quantity == Quantity::Label);
        let labels = labels.map_or(&[] as &[f32], |series| &series.values);
        let figures: Option<Vec<OfItems>> = series().map(|series| OfItems::new(series, labels).ok()).collect();
        let figures = figures.filter(|all| !all.is_empty() && all.iter().all(|figure| figure.items() == items));
        let Some(figures) = figures else {
            return Ok(Ok(FoldScore { value, items: FoldItems::Unknown }));
        };
        // A metric that is a mean over items needs one value per item only.
        let is_mean = item_value(self.metric, 1.0).is_some();
        let items = if is_mean { mean_over(&figures, self.metric) } else { FoldItems::Figures(figures) };
        Ok(Ok(FoldScore { value, items }))
    }
}

/// Mean over views or pairs of the contributions of each item.
fn mean_over(figures: &[OfItems], metric: Metric) -> FoldItems {
    let mut mean: Option<Vec<f64>> = None;
    for figure in figures {
        let Some(values) = figure.per_item(metric) else { return FoldItems::Unknown };
        match &mut mean {
            None => mean = Some(values),
            Some(mean) => mean.iter_mut().zip(values).for_each(|(sum, value)| *sum += value),
        }
    }
    let Some(mut mean) = mean else { return FoldItems::Unknown };
    mean.iter_mut().for_each(|value| *value /= figures.len() as f64);
    FoldItems::Means(mean)
}

impl FoldItems {
    /// The score with item i counted `weights[i]` times; NaN if it is undefined.
    pub(crate) fn at(&self, metric: Metric, weights: &[u32]) -> f64 {
        match self {
            Self::Means(values) => {
                let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
                values.iter().zip(weights).map(|(value, &weight)| value * f64::from(weight)).sum::<f64>() / total
            }
            Self::Figures(figures) => {
                figures.iter().map(|figure| figure.value(metric, weights)).sum::<f64>() / figures.len() as f64
            }
            Self::Unknown => f64::NAN,
        }
    }
}
