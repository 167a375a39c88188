//! Outer loop of scaled and robust GPA: update scales or row weights, then at most five GPA sweeps.

use std::borrow::Cow;

use super::params::{GpaParams, Solver};
use super::restarts::best_of_restarts;
use super::robust::{Residuals, Robust};
use super::stack::Solved;
use super::{accelerated, balance, released};
use crate::moments::Moments;
use crate::{AlignError, Matrix, Termination, Views};

/// Maximal number of rounds.
const ROUNDS: usize = 200;
/// Sweeps per round. After a few sweeps the scales and weights belong to maps that are out of date.
const SWEEPS: usize = 5;

/// A fit and the moments that it belongs to.
#[derive(Clone)]
pub(super) struct Balanced<'m> {
    pub(super) solved: Solved,
    /// Distance from the lowest to the highest objective of the restarts.
    pub(super) spread: Option<f64>,
    /// Weight of each view, if they differ.
    weights: Option<Vec<f64>>,
    /// Scale s_m of each view, if views are scaled.
    pub(super) scales: Option<Vec<f64>>,
    /// Moments on which the maps were fitted.
    pub(super) moments: Cow<'m, Moments>,
}

/// GPA before the rounds, whatever `scale` is. With `robust`, or with weights of views that miss items, it needs `train`.
pub(super) fn start<'m>(
    params: &GpaParams,
    moments: &'m Moments,
    train: Option<&Views>,
    seed: u64,
) -> Result<Balanced<'m>, AlignError> {
    let rows = || train.ok_or_else(needs_rows);
    if params.robust.is_some() {
        rows()?;
    }
    let weights = params.weights.of(moments)?;
    let moments = match &weights {
        None => Cow::Borrowed(moments),
        Some(weights) if moments.complete() => Cow::Owned(moments.with_view_weights(weights)),
        Some(weights) => Cow::Owned(moments.weighted(rows()?, &present(rows()?, weights))),
    };
    let (solved, spread) = best_of_restarts(params, &moments, seed)?;
    Ok(Balanced { solved, spread, weights, scales: None, moments })
}

/// The rounds after the [`start`], if views are scaled or rows are weighted. No round raises the objective.
pub(super) fn finish<'m>(
    params: &GpaParams,
    start: Balanced<'m>,
    train: Option<&Views>,
) -> Result<Balanced<'m>, AlignError> {
    match params.robust {
        Some(robust) => reweighted(params, robust, train.ok_or_else(needs_rows)?, start),
        None if params.scale => scaled(params, start),
        None => Ok(start),
    }
}

fn needs_rows() -> AlignError {
    AlignError::NeedsRows { method: "gpa with weights of rows", instead: Vec::new() }
}

/// Rounds on moments: update the scales, then sweep.
fn scaled<'m>(params: &GpaParams, start: Balanced<'m>) -> Result<Balanced<'m>, AlignError> {
    let Balanced { mut solved, spread, weights, moments, .. } = start;
    let mut rounds = Rounds::new(params.tol, moments.energy());
    rounds.done(solved.objective, solved.iterations);
    loop {
        let scales = balance::scales(&moments, &mut solved.maps)?;
        let scaled = moments.with_scales(&scales);
        solved = sweep(params, &scaled, solved.maps)?;
        if rounds.done(solved.objective, solved.iterations) {
            let (solved, moments) = (rounds.end(solved), Cow::Owned(scaled));
            return Ok(Balanced { solved, spread, weights, scales: Some(scales), moments });
        }
    }
}

/// Rounds on rows: compute weights from the residuals, then sweep on the moments of the weighted rows.
fn reweighted<'m>(
    params: &GpaParams,
    robust: Robust,
    train: &Views,
    start: Balanced<'m>,
) -> Result<Balanced<'m>, AlignError> {
    let Balanced { mut solved, spread, weights: of_views, mut moments, .. } = start;
    let views = of_views.clone().unwrap_or_else(|| vec![1.0; moments.views()]);
    let mut rounds = Rounds::new(params.tol, moments.energy());
    let mut weights = present(train, &views);
    loop {
        let state = Residuals { train, moments: &moments, views: &views, maps: &solved.maps, weights: &weights };
        let (objective, next) = state.weigh(robust);
        solved.objective = objective;
        if rounds.done(objective, solved.iterations) {
            return Ok(Balanced { solved: rounds.end(solved), spread, weights: of_views, scales: None, moments });
        }
        weights = next;
        moments = Cow::Owned(moments.weighted(train, &weights));
        solved = sweep(params, &moments, solved.maps)?;
    }
}

/// Termination of the rounds, and their numbers for the report.
struct Rounds {
    tol: f64,
    /// Rounding error of an objective of zero.
    rounding: f64,
    made: usize,
    sweeps: usize,
    last: f64,
    residual: f64,
    converged: bool,
}

impl Rounds {
    fn new(tol: f64, energy: f64) -> Self {
        let rounding = 16.0 * f64::EPSILON * energy;
        Self { tol, rounding, made: 0, sweeps: 0, last: f64::INFINITY, residual: f64::INFINITY, converged: false }
    }

    /// Counts a round of this many sweeps that ended at `objective`; the first call counts the fit before the rounds.
    /// Returns whether the round was the last.
    fn done(&mut self, objective: f64, sweeps: usize) -> bool {
        let change = (self.last - objective).abs();
        self.residual = change / objective.abs().max(f64::MIN_POSITIVE);
        (self.last, self.sweeps) = (objective, self.sweeps + sweeps);
        self.converged = self.residual < self.tol || change < self.rounding;
        self.made += 1;
        self.converged || self.made > ROUNDS
    }

    fn end(&self, solved: Solved) -> Solved {
        let stop = if self.converged { Termination::Converged } else { Termination::IterationCap };
        Solved { stop, iterations: self.sweeps, residual: self.residual, ..solved }
    }
}

/// At most five sweeps from these maps; the rounds decide about the end.
fn sweep(params: &GpaParams, moments: &Moments, maps: Matrix<f64>) -> Result<Solved, AlignError> {
    match params.solver {
        Solver::Released => released::solve(&GpaParams { max_iter: Some(SWEEPS), ..params.clone() }, moments, maps),
        Solver::Accelerated => accelerated::further(params, moments, maps, SWEEPS),
    }
}

/// v_m where a view has an item, 0 elsewhere; N × M.
fn present(train: &Views, views: &[f64]) -> Matrix<f64> {
    Matrix::from_fn(train.rows(), views.len(), |i, m| if train.nth(m).has(i) { views[m] } else { 0.0 })
}
