//! Drift: how far a corrector turns held-out items away from their linear universe coordinates.
//!
//! Per view and item `1 − cos(f(u), u)`; reported per view: mean, median (the lower middle element for
//! even n) and 0.95 quantile (linear between order statistics). Methods without a corrector have none.
//!
//! Cost: two projections per view. Source: arXiv 2602.06205.

use align::{Matrix, SpaceKind};
use serde::{Deserialize, Serialize};

use crate::living::nothing_varies;
use crate::metrics::{cosine_distances, lower_median, mean, quantile};
use crate::score::check_finite;
use crate::{Metric, Quantity, Score, Scores, Series, TaskError, TaskInput};

/// Parameters of drift: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DriftParams {}

const METRICS: [Metric; 3] = [Metric::DriftMean, Metric::DriftMedian, Metric::DriftP95];

/// Scores every view of the test split.
pub(crate) fn score(input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let n = input.test.spaces.rows();
    let Some(universe) = input.fitted.universe().filter(|universe| universe.corrector().is_some()) else {
        let none = |metric| Score {
            space: input.fitted.offers()[0],
            source: None,
            target: None,
            metric,
            value: None,
            n,
            reason: Some("no corrector, so nothing drifts".into()),
        };
        return Ok(Scores { scores: METRICS.map(none).into(), series: Vec::new() });
    };
    let space = SpaceKind::Universe;
    let mut out = Scores::default();
    for view in input.test.spaces.iter() {
        let finite = |x: Matrix| -> Result<Matrix, TaskError> {
            check_finite(space, &|| view.name().to_string(), &x)?;
            Ok(x)
        };
        let before = finite(universe.project_linear(view.name(), view.values())?)?;
        let after = finite(universe.project(view.name(), view.values())?)?;
        let source = Some(view.name().to_string());
        if let Some(reason) = nothing_varies(view.name(), &before) {
            let none = |metric| {
                let (source, reason) = (source.clone(), Some(reason.clone()));
                Score { space, source, target: None, metric, value: None, n, reason }
            };
            out.scores.extend(METRICS.map(none));
            continue;
        }
        let values = cosine_distances(&before, &after);
        let figures = [mean(&values), lower_median(&values), quantile(&values, 0.95)];
        out.scores.extend(METRICS.iter().zip(figures).map(|(&metric, value)| Score {
            space,
            source: source.clone(),
            target: None,
            metric,
            value: Some(value),
            n,
            reason: None,
        }));
        out.series.push(Series { space, source, target: None, quantity: Quantity::Drift, draw: None, values });
    }
    Ok(out)
}
