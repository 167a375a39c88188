//! Cycles: what is left of a view's rows after a way through all views and back.
//!
//! From view s through s + 1, s + 2, … (round the end) back to s; reported per s: the mean over held-out items
//! of `1 − cos(z, z')`, z standardised as the method does.
//!
//! Linear: the maps between standardised views, composed (`R_s R_tᵀ` through a universe, pair maps without
//! one). Through a universe of orthogonal maps of equal widths the product telescopes to the identity; GCCA's
//! transposes are no inverses, and pairwise maps do not compose, so theirs is above zero. Corrected, where
//! there is a corrector: every hop is a translation, so the corrector turns the row in each universe that it
//! passes; it returns unit rows, which the cosine does not see.
//!
//! A view whose rows are all the same has no figure, and the others' cycles pass it by.
//!
//! Cost: M² products of d × d and M²·n·d². Source: claim of arXiv 2602.06205; the authors' check composes
//! orthogonal maps alone.

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

/// Parameters of cycle: none.
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

/// The stations of a cycle from view s, s at both ends.
fn stations<'a>(names: &[&'a str], s: usize) -> Vec<&'a str> {
    (0..=names.len()).map(|i| names[(s + i) % names.len()]).collect()
}

/// `None` where a step of the cycle is not linear.
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

/// Rows of a view in the standardised coordinates of its method.
fn standardised(input: &TaskInput<'_>, name: &str, x: &Matrix) -> Result<Matrix, TaskError> {
    let z = match input.fitted.prep(name) {
        Some(prep) => prep.apply(x)?,
        None => x.clone(),
    };
    check_finite(input.fitted.coordinates()[0], &|| name.to_string(), &z)?;
    Ok(z)
}

/// `1 − cos`; 1 where a row has no direction.
fn distance(a: &[f64], b: &[f64]) -> f32 {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { (1.0 - dot(a, b) / lengths) as f32 } else { 1.0 }
}
