//! Input and results of tasks.

use align::prep::{ConstantColumns, ZScore};
use align::{Coordinates, Corpus, Dataset, Fitted, Matrix, Split};

use crate::TaskError;
use crate::scores::metric::{Metric, Quantity};
use crate::scores::metrics::dense_codes;

/// A fitted method and the data on which it is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct TaskInput<'a> {
    /// The fitted method.
    pub fitted: &'a Fitted,
    /// The rows of the fit. Tasks take standardisation statistics from them and train classifiers on them.
    pub train: &'a Split,
    /// The rows that choose among classifiers, if the data have some.
    pub validation: Option<&'a Split>,
    /// The rows on which the method is evaluated.
    pub test: &'a Split,
    /// Documents, queries and judgements, for tasks that search an index.
    pub corpus: Option<&'a Corpus>,
    /// Whether only the headline values are needed, those in the fit's first coordinates. Tasks then leave out the other
    /// coordinates.
    pub headline_only: bool,
}

impl<'a> TaskInput<'a> {
    /// A fitted method with the data it was fitted on.
    pub fn new(fitted: &'a Fitted, data: &'a Dataset) -> Self {
        let validation = data.validation.as_ref();
        let corpus = data.corpus.as_ref();
        Self { fitted, train: &data.train, validation, test: &data.test, corpus, headline_only: false }
    }

    /// Coordinates in which the method is evaluated; headline values use the first.
    pub fn coordinates(&self) -> &'static [Coordinates] {
        let all = self.fitted.coordinates();
        if self.headline_only { &all[..all.len().min(1)] } else { all }
    }

    /// Standardisation by the training rows of a view (ddof 0); constant columns are left out.
    ///
    /// # Errors
    /// Unknown view.
    pub(crate) fn standardisation(&self, view: &str) -> Result<ZScore, TaskError> {
        Ok(ZScore::fit(&self.train.views.space(view)?.observed(), ConstantColumns::Clamp))
    }
}

/// One value: a metric of a view (`source` alone), of an ordered pair (`source`, `target`) or of all views together
/// (neither).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// The coordinates of the measurement.
    pub space: Coordinates,
    /// The view, or the source of the pair.
    pub source: Option<String>,
    /// The target of the pair.
    pub target: Option<String>,
    /// The metric.
    pub metric: Metric,
    /// The value; `None` (never zero) if the metric does not apply.
    pub value: Option<f64>,
    /// Number of held-out items behind the value.
    pub n: usize,
    /// The reason if there is no value.
    pub reason: Option<String>,
}

/// One value per held-out item, in the order of the split's rows (of those in [`Scores::rows`], where a task looks at some).
///
/// Ranks, clusters and label codes are whole numbers, exact in `f32` up to 2²⁴ = 16.8 million items.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The coordinates of the measurement.
    pub space: Coordinates,
    /// The view, or the source of the pair.
    pub source: Option<String>,
    /// The target of the pair.
    pub target: Option<String>,
    /// The quantity of the values.
    pub quantity: Quantity,
    /// The k-means seed of a cluster series.
    pub draw: Option<u64>,
    /// One value per item.
    pub values: Vec<f32>,
}

/// Result of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// The values.
    pub scores: Vec<Score>,
    /// The values per item from which the scores are computed.
    pub series: Vec<Series>,
    /// The rows of the split that these values are of, where a task looks at some of them.
    pub rows: Option<Vec<usize>>,
    /// The ids of the items of these values, where they are no rows of the split, such as queries of an index.
    pub ids: Option<Vec<i64>>,
    /// Notes for the reader of any of the scores, one per line, for example about queries that are left out.
    pub notes: Vec<String>,
}

/// Place of a value: coordinates, and in them a view, an ordered pair of views or all views together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The coordinates.
    pub space: Coordinates,
    /// The view, or the source of the pair.
    pub source: Option<&'a str>,
    /// The target of the pair.
    pub target: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// All views together.
    pub fn all(space: Coordinates) -> Self {
        Self { space, source: None, target: None }
    }

    /// One view.
    pub fn view(space: Coordinates, view: &'a str) -> Self {
        Self { space, source: Some(view), target: None }
    }

    /// An ordered pair of views.
    pub fn pair(space: Coordinates, source: &'a str, target: &'a str) -> Self {
        Self { space, source: Some(source), target: Some(target) }
    }
}

impl Scores {
    /// Scores of a method to which a task does not apply: no values, with the reason.
    pub fn not_applicable(space: Coordinates, metrics: &[Metric], n: usize, reason: &str) -> Self {
        let mut scores = Self::default();
        scores.undefined(Place::all(space), metrics, n, reason);
        scores
    }

    /// Adds a value of `n` held-out items.
    pub fn figure(&mut self, place: Place<'_>, metric: Metric, n: usize, value: f64) {
        self.figure_or_reason(place, metric, n, Ok(value));
    }

    /// Adds a value, or the reason if there is none.
    pub fn figure_or_reason(&mut self, place: Place<'_>, metric: Metric, n: usize, value: Result<f64, &str>) {
        let (value, reason) = (value.ok(), value.err().map(str::to_string));
        let Place { space, source, target } = place;
        let [source, target] = [source, target].map(|view| view.map(str::to_string));
        self.scores.push(Score { space, source, target, metric, value, n, reason });
    }

    /// Adds metrics that have no value for one reason.
    pub fn undefined(&mut self, place: Place<'_>, metrics: &[Metric], n: usize, reason: &str) {
        metrics.iter().for_each(|&metric| self.figure_or_reason(place, metric, n, Err(reason)));
    }

    /// Stores one value per item, from which intervals are computed.
    pub fn keep(&mut self, place: Place<'_>, quantity: Quantity, values: Vec<f32>) {
        self.keep_draw(place, quantity, None, values);
    }

    /// Like [`Scores::keep`], for one of several seeds of the task (of k-means, or of the initial weights of a
    /// classifier).
    pub fn keep_draw(&mut self, place: Place<'_>, quantity: Quantity, draw: Option<u64>, values: Vec<f32>) {
        let Place { space, source, target } = place;
        let [source, target] = [source, target].map(|view| view.map(str::to_string));
        self.series.push(Series { space, source, target, quantity, draw, values });
    }
}

/// The groups of items as a series, with the grouping's name as its source.
pub fn group_series(space: Coordinates, name: &str, groups: &[i64]) -> Series {
    let values = dense_codes(groups).0.into_iter().map(|code| code as f32).collect();
    Series { space, source: Some(name.to_string()), target: None, quantity: Quantity::Group, draw: None, values }
}

/// Refuses a value that is not finite. NaN compares false with everything, so it would be ranked first, not last.
pub(crate) fn check_finite(space: Coordinates, view: &dyn Fn() -> String, x: &Matrix) -> Result<(), TaskError> {
    match x.as_slice().iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(TaskError::NotFinite {
            space: space.name(),
            view: view(),
            row: at / x.cols(),
            col: at % x.cols(),
            value: x.as_slice()[at],
        }),
    }
}

/// Refuses a value that is not finite, or so large that a sum of products of two rows may overflow. Public functions
/// check their matrices by it.
pub(crate) fn check_numbers(op: &'static str, name: &'static str, x: &Matrix) -> Result<(), TaskError> {
    // Four products for a squared distance, and one more factor of two for the difference of two similarities.
    let most = (f32::MAX / (8.0 * x.cols().max(1) as f32)).sqrt();
    match x.as_slice().iter().position(|v| !v.is_finite() || v.abs() > most) {
        None => Ok(()),
        Some(at) => {
            let (row, col, value) = (at / x.cols(), at % x.cols(), x.as_slice()[at]);
            Err(TaskError::NoNumber { op, name, row, col, value })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_that_is_not_finite_is_named() {
        let mut x = Matrix::zeros(3, 2);
        assert!(check_finite(Coordinates::Universe, &|| "en".into(), &x).is_ok());
        x.row_mut(1)[1] = f32::NAN;
        let error = check_finite(Coordinates::Universe, &|| "en".into(), &x).unwrap_err().to_string();
        assert!(error.starts_with("universe coordinates of view `en` hold NaN at row 1, column 1"), "{error}");
    }
}
