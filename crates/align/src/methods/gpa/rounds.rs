//! Rounds of sweeps between which views are scaled or rows weighed anew.

use std::borrow::Cow;

use super::params::{GpaParams, Solver};
use super::restarts::best_of_restarts;
use super::robust::{Residuals, Robust};
use super::stack::Solved;
use super::{accelerated, balance, released};
use crate::moments::Moments;
use crate::{AlignError, Matrix, Termination, Views};

/// Most rounds.
const ROUNDS: usize = 200;
/// Sweeps of a round: once the maps have moved, scales and weights are those of other maps.
const SWEEPS: usize = 5;

/// A fit, and what it is a fit of.
pub(super) struct Balanced<'m> {
    pub(super) solved: Solved,
    /// From the lowest to the highest objective over restarts.
    pub(super) spread: Option<f64>,
    /// s_m, where views are scaled.
    pub(super) scales: Option<Vec<f64>>,
    /// The moments that the maps were found on.
    pub(super) moments: Cow<'m, Moments>,
}

/// GPA, and where views are scaled or rows weighed the rounds after it, none of which raises the objective. `train` is
/// asked for where rows have weights of their own.
pub(super) fn solve<'m>(
    params: &GpaParams,
    moments: &'m Moments,
    train: Option<&Views>,
    seed: u64,
) -> Result<Balanced<'m>, AlignError> {
    let rows = || train.ok_or(AlignError::NeedsRows { method: "gpa with weights of rows", instead: Vec::new() });
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
    let start = Balanced { solved, spread, scales: None, moments };
    match params.robust {
        Some(robust) => {
            let views = weights.unwrap_or_else(|| vec![1.0; start.moments.views()]);
            reweighted(params, robust, rows()?, &views, start)
        }
        None if params.scale => scaled(params, start),
        None => Ok(start),
    }
}

/// Rounds on moments: scales, then sweeps.
fn scaled<'m>(params: &GpaParams, start: Balanced<'m>) -> Result<Balanced<'m>, AlignError> {
    let Balanced { mut solved, spread, moments, .. } = start;
    let mut rounds = Rounds::new(params.tol, moments.energy());
    rounds.done(solved.objective, solved.iterations);
    loop {
        let scales = balance::scales(&moments, &mut solved.maps)?;
        let scaled = moments.with_scales(&scales);
        solved = sweep(params, &scaled, solved.maps)?;
        if rounds.done(solved.objective, solved.iterations) {
            let (solved, moments) = (rounds.end(solved), Cow::Owned(scaled));
            return Ok(Balanced { solved, spread, scales: Some(scales), moments });
        }
    }
}

/// Rounds on rows: weights from the residuals, then sweeps on the moments of the rows so weighed.
fn reweighted<'m>(
    params: &GpaParams,
    robust: Robust,
    train: &Views,
    views: &[f64],
    start: Balanced<'m>,
) -> Result<Balanced<'m>, AlignError> {
    let Balanced { mut solved, spread, mut moments, .. } = start;
    let mut rounds = Rounds::new(params.tol, moments.energy());
    let mut weights = present(train, views);
    loop {
        let state = Residuals { train, moments: &moments, views, maps: &solved.maps, weights: &weights };
        let (objective, next) = state.weigh(robust);
        solved.objective = objective;
        if rounds.done(objective, solved.iterations) {
            return Ok(Balanced { solved: rounds.end(solved), spread, scales: None, moments });
        }
        weights = next;
        moments = Cow::Owned(moments.weighted(train, &weights));
        solved = sweep(params, &moments, solved.maps)?;
    }
}

/// When rounds end, and what is said of them.
struct Rounds {
    tol: f64,
    /// What an objective of zero is rounded to.
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

    /// Counts a round of so many sweeps that ended at `objective`, the first the fit before the rounds; whether it was
    /// the last.
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

/// A few sweeps from these maps.
fn sweep(params: &GpaParams, moments: &Moments, maps: Matrix<f64>) -> Result<Solved, AlignError> {
    let params = GpaParams { max_iter: Some(SWEEPS), ..params.clone() };
    match params.solver {
        Solver::Released => released::solve(&params, moments, maps),
        // The rounds judge the end; sweeps turned by a tolerance would go another way with each.
        Solver::Accelerated => accelerated::solve(&GpaParams { tol: 0.0, ..params }, moments, Some(maps)),
    }
}

/// v_m where a view has an item, N × M.
fn present(train: &Views, views: &[f64]) -> Matrix<f64> {
    Matrix::from_fn(train.rows(), views.len(), |i, m| if train.nth(m).has(i) { views[m] } else { 0.0 })
}
