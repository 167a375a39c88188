//! Consistency: how well the views of one held-out item agree in the space that all views share.
//!
//! Per item, over unit rows `û = u / |u|`: `γ = |Σ_m û_m / M|` and
//! `δ⁺ = mean over pairs of (1 − cos)`; γ² = 1 − (M−1)/M · δ⁺. Reported: the mean and the 0.90 quantile
//! of γ (linear between order statistics), the mean of δ⁺. One figure for all views together;
//! none where all rows of a view are the same.
//!
//! Cost O(n·M²·D). Source: arXiv 2602.06205. The authors' code calls the quantile `gamma10`; it has three
//! views and raw input, here are any number of views and the scaling of `na`.

use align::Matrix;
use align::parallel::prelude::*;
use align::prep::unit_rows;
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::living::nothing_varies;
use crate::scores::metrics::{mean, quantile};
use crate::scores::score::check_finite;
use crate::{Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// Parameters of consistency: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsistencyParams {}

const TASK: &str = "consistency";

impl Evaluation for ConsistencyParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Consistency"
    }

    fn summary(&self) -> &'static str {
        "how well all views agree on each held-out item: gamma, delta_pos"
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(input)
    }
}

const METRICS: [Metric; 3] = [Metric::GammaMean, Metric::Gamma90, Metric::DeltaPos];

/// Scores the views of the test split together.
fn score(input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let space = input.fitted.coordinates()[0];
    let n = input.test.views.rows();
    let not_applicable = |reason: &str| Scores::not_applicable(space, &METRICS, n, reason);
    if !input.fitted.projects() {
        return Ok(not_applicable("pairwise maps share no space to agree in"));
    }
    let mut views: Vec<Matrix> = Vec::with_capacity(input.test.views.len());
    for view in input.test.views.iter() {
        let projected = input.fitted.project(view.name(), view.values())?;
        check_finite(space, &|| view.name().to_string(), &projected)?;
        views.push(unit_rows(&projected));
    }
    if views.iter().any(|view| view.cols() != views[0].cols()) {
        return Ok(not_applicable("widths differ"));
    }
    if views.len() < 2 {
        return Ok(not_applicable("a single view has nothing to agree with"));
    }
    let dead = input.test.views.names().zip(&views).find_map(|(name, view)| nothing_varies(name, view));
    if let Some(reason) = dead {
        return Ok(not_applicable(&reason));
    }
    let (gamma, delta): (Vec<f32>, Vec<f32>) = (0..n).into_par_iter().map(|i| of_item(&views, i)).unzip();
    let values = [mean(&gamma), quantile(&gamma, 0.9), mean(&delta)];
    let (mut out, place) = (Scores::default(), Place::all(space));
    for (metric, value) in METRICS.into_iter().zip(values) {
        out.figure(place, metric, n, value);
    }
    out.keep(place, Quantity::Gamma, gamma);
    out.keep(place, Quantity::DeltaPos, delta);
    Ok(out)
}

/// γ and δ⁺ of item i, each by its own definition.
fn of_item(views: &[Matrix], i: usize) -> (f32, f32) {
    let m = views.len();
    let mut sum = vec![0.0f64; views[0].cols()];
    for view in views {
        sum.iter_mut().zip(view.row(i)).for_each(|(s, &x)| *s += f64::from(x));
    }
    let gamma = sum.iter().map(|s| s * s).sum::<f64>().sqrt() / m as f64;
    let mut distance = 0.0;
    for b in 1..m {
        for a in 0..b {
            let rows = views[a].row(i).iter().zip(views[b].row(i));
            distance += 1.0 - rows.map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
        }
    }
    (gamma as f32, (distance / (m * (m - 1) / 2) as f64) as f32)
}
