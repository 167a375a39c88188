//! Cycles: the error of a view's rows after a way through all views and back.

use align::linalg::{Threads, product};
use align::parallel::prelude::*;
use align::{LinearStep, Matrix, Universe};
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::incomplete::of_all_items;
use crate::living::nothing_varies;
use crate::scores::metrics::mean;
use crate::scores::score::check_finite;
use crate::{ItemScope, Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// Cycle consistency: the error of a view's rows after a way through all views and back.
///
/// # Formula
/// For view $s$ and the cycle $s \to s + 1 \to \dots \to s$ through all views, with the standardised row $z_i$ of
/// an item and its image $y_i$ after the cycle,
///
/// $$ e_s = \frac{1}{n} \sum_i \bigl( 1 - \cos(z_i, y_i) \bigr) , \qquad y = z R_{s, s+1} R_{s+1, s+2} \dots R_{s-1, s} . $$
///
/// `cycle_error` composes the linear maps between standardised views: $R_{st} = R_s R_t^\top$ through a universe, else
/// the pair's map. For a universe of orthogonal maps of equal widths the product is the identity. GCCA's transposes are
/// not inverses and pairwise maps do not compose, so their error is above zero. `cycle_error_corrected`, for methods
/// with a corrector, translates in every step, so the corrector acts in each step; it returns unit rows, which the
/// cosine ignores.
///
/// # Shapes
/// Views are $n \times d_m$. Every view gets one value and $n$ errors per item.
///
/// # Cost
/// $M^2$ products of $d \times d$, and $M^2 n d^2$ multiply-adds.
///
/// # Source
/// A claim of arXiv 2602.06205.
///
/// # Departures
/// The authors' check composes orthogonal maps only, so it always gives zero. A view whose rows are all equal has no
/// value, and the cycles of the other views leave it out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CycleParams {}

const TASK: &str = "cycle";

impl Evaluation for CycleParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Cycle"
    }

    fn summary(&self) -> &'static str {
        "1 - cos after a cycle through all views, linear and through the corrector"
    }

    fn item_scope(&self) -> ItemScope {
        ItemScope::OwnRows
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(input)
    }
}

/// Scores a cycle from every view.
fn score(input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let space = input.fitted.coordinates()[0];
    let mut out = Scores::default();
    if !input.fitted.translates() {
        let reason = "without alignment there is no way to another view";
        let n = input.test.views.rows();
        return Ok(Scores::not_applicable(space, &[Metric::CycleError], n, reason));
    }
    let mut names = Vec::with_capacity(input.test.views.len());
    for view in input.test.views.iter() {
        let (name, n) = (view.name(), view.observed_rows());
        match nothing_varies(name, &standardised(input, name, &view.observed())?) {
            Some(reason) => out.undefined(Place::view(space, name), &[Metric::CycleError], n, &reason),
            None => names.push(name),
        }
    }
    let report = |out: &mut Scores, (metric, quantity), name: &str, errors: Vec<f32>| -> Result<(), TaskError> {
        let place = Place::view(space, name);
        out.figure(place, metric, errors.len(), mean(&errors));
        out.keep(place, quantity, of_all_items(input.test.views.space(name)?, errors));
        Ok(())
    };
    let linear: Vec<Option<Vec<f32>>> =
        (0..names.len()).into_par_iter().map(|s| linear(input, &names, s)).collect::<Result<_, TaskError>>()?;
    for (name, errors) in names.iter().zip(linear) {
        match errors {
            Some(errors) => report(&mut out, (Metric::CycleError, Quantity::CycleError), name, errors)?,
            None => {
                let reason = "the way from view to view is not linear";
                let n = input.test.views.space(name)?.observed_rows();
                out.undefined(Place::view(space, name), &[Metric::CycleError], n, reason);
            }
        }
    }
    if let Some(universe) = input.fitted.universe().filter(|universe| universe.corrector().is_some()) {
        for (s, name) in names.iter().enumerate() {
            let errors = corrected(input, universe, &names, s)?;
            report(&mut out, (Metric::CycleErrorCorrected, Quantity::CycleErrorCorrected), name, errors)?;
        }
    }
    Ok(out)
}

/// The views of a cycle from view s; s is the first and the last.
fn stations<'a>(names: &[&'a str], s: usize) -> Vec<&'a str> {
    (0..=names.len()).map(|i| names[(s + i) % names.len()]).collect()
}

/// The error of the composed linear maps; `None` if a step of the cycle is not linear.
fn linear(input: &TaskInput<'_>, names: &[&str], s: usize) -> Result<Option<Vec<f32>>, TaskError> {
    let mut composed: Option<Matrix<f64>> = None;
    for hop in stations(names, s).windows(2) {
        composed = match (composed, input.fitted.linear_step(hop[0], hop[1])?) {
            (_, LinearStep::None) => return Ok(None),
            (before, LinearStep::Identity) => before,
            (Some(before), LinearStep::Map(map)) => Some(product(before.view(), map.view(), Threads::One)),
            (None, LinearStep::Map(map)) => Some(map),
        };
    }
    let z = standardised(input, names[s], &input.test.views.space(names[s])?.observed())?.map(|&x| f64::from(x));
    let Some(composed) = composed else { return Ok(Some(vec![0.0; z.rows()])) };
    let back = product(z.view(), composed.view(), Threads::One);
    Ok(Some((0..z.rows()).map(|i| distance(z.row(i), back.row(i))).collect()))
}

fn corrected(input: &TaskInput<'_>, universe: &Universe, names: &[&str], s: usize) -> Result<Vec<f32>, TaskError> {
    let start = input.test.views.space(names[s])?.observed();
    let mut x = start.clone().into_owned();
    for hop in stations(names, s).windows(2) {
        x = universe.translate(hop[0], hop[1], &x)?;
    }
    let wide = |x: &Matrix| Ok::<_, TaskError>(standardised(input, names[s], x)?.map(|&x| f64::from(x)));
    let (z, back) = (wide(&start)?, wide(&x)?);
    Ok((0..z.rows()).map(|i| distance(z.row(i), back.row(i))).collect())
}

/// Rows of a view, standardised as the method does.
pub(super) fn standardised(input: &TaskInput<'_>, name: &str, x: &Matrix) -> Result<Matrix, TaskError> {
    let z = match input.fitted.prep(name) {
        Some(prep) => prep.apply(x)?,
        None => x.clone(),
    };
    check_finite(input.fitted.coordinates()[0], &|| name.to_string(), &z)?;
    Ok(z)
}

/// `1 − cos`; 1 if a row has no direction.
pub(super) fn distance(a: &[f64], b: &[f64]) -> f32 {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { (1.0 - dot(a, b) / lengths) as f32 } else { 1.0 }
}
