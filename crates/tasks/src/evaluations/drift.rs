//! Drift: angle between held-out items before and after the corrector.

use align::{Coordinates, Matrix};
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::incomplete::of_all_items;
use crate::living::nothing_varies;
use crate::scores::metrics::{cosine_distances, lower_median, mean, quantile};
use crate::scores::score::check_finite;
use crate::{ItemScope, Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// Drift: how far a corrector moves held-out items from their linear universe coordinates.
///
/// # Formula
/// Per view and item, with the linear universe vector $u$ and the corrector $f$,
///
/// $$ 1 - \cos(f(u), u) . $$
///
/// Reported per view: the mean, the median (the lower middle element if $n$ is even) and the 0.95 quantile
/// (interpolated linearly between order statistics).
///
/// # Shapes
/// Universe vectors are $n \times D$. Every view gets one value of each metric and $n$ values per item. A method
/// without a corrector gets none.
///
/// # Cost
/// Two projections per view.
///
/// # Source
/// arXiv 2602.06205.
///
/// # Departures
/// None.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DriftParams {}

const TASK: &str = "drift";

impl Evaluation for DriftParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Drift"
    }

    fn summary(&self) -> &'static str {
        "how far a corrector turns each held-out item: mean, median, 95% quantile"
    }

    fn item_scope(&self) -> ItemScope {
        ItemScope::OwnRows
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(input)
    }
}

const METRICS: [Metric; 3] = [Metric::DriftMean, Metric::DriftMedian, Metric::DriftP95];

/// Scores every view of the test split.
fn score(input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let Some(universe) = input.fitted.universe().filter(|universe| universe.corrector().is_some()) else {
        let space = input.fitted.coordinates()[0];
        return Ok(Scores::not_applicable(space, &METRICS, input.test.views.rows(), "no corrector, so nothing drifts"));
    };
    let space = Coordinates::Universe;
    let mut out = Scores::default();
    for view in input.test.views.iter() {
        let finite = |x: Matrix| -> Result<Matrix, TaskError> {
            check_finite(space, &|| view.name().to_string(), &x)?;
            Ok(x)
        };
        let (rows, n) = (view.observed(), view.observed_rows());
        let before = finite(universe.project_linear(view.name(), &rows)?)?;
        let after = finite(universe.project(view.name(), &rows)?)?;
        let place = Place::view(space, view.name());
        if let Some(reason) = nothing_varies(view.name(), &before) {
            out.undefined(place, &METRICS, n, &reason);
            continue;
        }
        let values = cosine_distances(&before, &after);
        let figures = [mean(&values), lower_median(&values), quantile(&values, 0.95)];
        for (metric, value) in METRICS.into_iter().zip(figures) {
            out.figure(place, metric, n, value);
        }
        out.keep(place, Quantity::Drift, of_all_items(view, values));
    }
    Ok(out)
}
