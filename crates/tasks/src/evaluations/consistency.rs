//! Consistency: agreement of the views of one held-out item in the space that all views share.

use align::Matrix;
use align::parallel::prelude::*;
use align::prep::unit_rows;
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::living::nothing_varies;
use crate::scores::metrics::{mean, quantile};
use crate::scores::score::check_finite;
use crate::{Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// Consistency: agreement of the views of one held-out item in the space that all views share.
///
/// # Formula
/// With the universe vectors of item $i$ at unit length, $\hat u_{mi} = u_{mi} / \lVert u_{mi} \rVert$,
///
/// $$ \gamma_i = \Bigl\lVert \frac{1}{M} \sum_m \hat u_{mi} \Bigr\rVert , \qquad
/// \delta_i = \frac{2}{M(M-1)} \sum_{a \lt b} \bigl( 1 - \hat u_{ai} \cdot \hat u_{bi} \bigr) . $$
///
/// Both carry the same information, because $\gamma_i^2 = 1 - \frac{M-1}{M} \delta_i$. Reported are the mean of
/// $\gamma$, its 0.90 quantile (interpolated linearly between order statistics) and the mean of $\delta$ (`delta_pos`).
///
/// # Shapes
/// Views are $n \times D$ in one shared space. All views together get one value of each metric, and one $\gamma$ and
/// $\delta$ per item. There is no value if the rows of a view are all equal, or if methods without a universe have
/// views of different widths.
///
/// # Cost
/// $O(n M^2 D)$.
///
/// # Source
/// arXiv 2602.06205.
///
/// # Departures
/// The authors' code handles three views and compares raw input; here there are any number of views, and the method
/// `na` sets the scaling of the input. The authors call the quantile `gamma10`.
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
