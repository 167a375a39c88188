//! The accelerated solver: two views at a time against all others, extrapolated.
//!
//! `Σ_m |Z_m R_m − C|²` falls as `tr(Rᵀ G R)` rises. A view's own term `tr(R_mᵀ G_mm R_m)` is a constant for an
//! orthogonal R_m, so the best R_m against the others is the polar factor of `A_m = Σ_{j≠m} G_mj R_j`, which the
//! released sweep dampens by the view's own part of the consensus. Two views are turned at a time, by two
//! threads where there are two; that can overshoot, so a sweep that raises the objective is undone and made
//! again one view at a time, which cannot. `A_m` is extrapolated by its change since the sweep before.

use rayon::prelude::*;

use super::{GpaParams, Solved, inner, stacked};
use crate::linalg::{self, Accum, Threads};
use crate::moments::Moments;
use crate::{AlignError, Matrix, Stop};

/// Most sweeps without `max_iter`.
const SWEEPS: usize = 500;
/// Views turned at a time.
const GROUP: usize = 2;
/// Most of the last change that is added to `A_m`.
const MOMENTUM: f64 = 0.5;
/// `S = G R` is kept up by differences and computed anew as often as this.
const REFRESH: usize = 50;

/// Sweeps from `start`, or from the Procrustes maps to the first of the widest views.
///
/// Cost of a sweep: 2·P²·D flops and M SVDs of d_m × d_m.
pub(super) fn solve(params: &GpaParams, moments: &Moments, start: Option<Matrix<f64>>) -> Result<Solved, AlignError> {
    let mut state = State::new(moments, start)?;
    let mut last = state.objective();
    let (mut stop, mut iterations, mut residual) = (Stop::IterationCap, 0, f64::INFINITY);
    // Sweeps in a row that went well.
    let mut run = 0;
    for iteration in 1..=params.max_iter.unwrap_or(SWEEPS) {
        let before = state.clone();
        let momentum = (f64::from(run) / f64::from(run + 3)).min(MOMENTUM);
        state.sweep(GROUP, momentum)?;
        run += 1;
        if state.objective() > last {
            state = State { previous: vec![None; moments.views()], ..before };
            state.sweep(1, 0.0)?;
            run = 0;
        }
        if iteration % REFRESH == 0 {
            state.refresh();
        }
        let objective = state.objective();
        let change = last - objective;
        residual = change.abs() / objective.abs().max(f64::MIN_POSITIVE);
        (iterations, last) = (iteration, objective);
        // Where the views agree to the last digit the objective is rounding and has no relative change.
        if residual < params.tol || change.abs() < 4.0 * f64::EPSILON * moments.energy() {
            stop = Stop::Converged;
            break;
        }
    }
    state.refresh();
    Ok(Solved { objective: state.objective(), maps: state.maps, stop, iterations, residual })
}

#[derive(Clone)]
struct State<'a> {
    moments: &'a Moments,
    /// R, P × D.
    maps: Matrix<f64>,
    /// G R, P × D.
    sums: Matrix<f64>,
    /// `A_m` of the sweep before.
    previous: Vec<Option<Matrix<f64>>>,
}

impl<'a> State<'a> {
    fn new(moments: &'a Moments, start: Option<Matrix<f64>>) -> Result<Self, AlignError> {
        let (views, width) = (moments.views(), moments.widest());
        let reference = (0..views).find(|&m| moments.width(m) == width).unwrap_or(0);
        let targets: Vec<Matrix<f64>> = match start {
            Some(start) => {
                let sums = linalg::product(moments.gram(), start.view(), Threads::Pool);
                (0..views).map(|m| corner(moments, &sums, m)).collect()
            }
            None => (0..views)
                .map(|m| {
                    let block = moments.block(m, reference);
                    let d = moments.width(m);
                    Matrix::from_fn(d, d, |i, j| block[(i, j)])
                })
                .collect(),
        };
        let factors: Result<Vec<Matrix<f64>>, AlignError> =
            targets.par_iter().enumerate().map(|(m, target)| polar(moments, m, target)).collect();
        let maps = stacked(moments, &factors?);
        let sums = linalg::product(moments.gram(), maps.view(), Threads::Pool);
        Ok(Self { moments, maps, sums, previous: vec![None; views] })
    }

    fn objective(&self) -> f64 {
        self.moments.energy() - inner(&self.maps, &self.sums) / self.moments.views() as f64
    }

    fn refresh(&mut self) {
        linalg::gemm(self.sums.view_mut(), Accum::Replace, self.moments.gram(), self.maps.view(), Threads::Pool);
    }

    /// Turns all views, `group` at a time.
    fn sweep(&mut self, group: usize, momentum: f64) -> Result<(), AlignError> {
        let views: Vec<usize> = (0..self.moments.views()).collect();
        views.chunks(group).try_for_each(|group| self.turn(group, momentum))
    }

    /// Turns neighbouring views against the rest.
    fn turn(&mut self, group: &[usize], momentum: f64) -> Result<(), AlignError> {
        let (moments, width) = (self.moments, self.maps.cols());
        // The target of each view, to extrapolate from in the next sweep, and the polar factor.
        type Turned = (Matrix<f64>, Matrix<f64>);
        let turned: Result<Vec<Turned>, AlignError> = group
            .par_iter()
            .map(|&m| {
                let target = self.others(m);
                let factor = match &self.previous[m] {
                    Some(previous) if momentum > 0.0 => {
                        let extrapolated = target.as_slice().iter().zip(previous.as_slice());
                        let extrapolated = extrapolated.map(|(now, before)| now + momentum * (now - before)).collect();
                        polar(moments, m, &Matrix::from_vec(target.rows(), target.cols(), extrapolated))?
                    }
                    _ => polar(moments, m, &target)?,
                };
                Ok((target, factor))
            })
            .collect();
        let (first, last) = (group[0], group[group.len() - 1]);
        let (start, end) = (moments.offset(first), moments.offset(last) + moments.width(last));
        let mut change = Matrix::zeros(end - start, width);
        for (&m, (target, factor)) in group.iter().zip(turned?) {
            for i in 0..factor.rows() {
                let at = moments.offset(m) + i;
                let now = &mut self.maps.row_mut(at)[..factor.cols()];
                let change = change.row_mut(at - start);
                for ((change, now), &next) in change.iter_mut().zip(now).zip(factor.row(i)) {
                    *change = next - *now;
                    *now = next;
                }
            }
            self.previous[m] = Some(target);
        }
        let columns = moments.gram().subcols(start, end - start);
        linalg::gemm(self.sums.view_mut(), Accum::Add, columns, change.view(), Threads::Pool);
        Ok(())
    }

    /// `A_m`, the first d_m columns of `Σ_{j≠m} G_mj R_j`.
    fn others(&self, m: usize) -> Matrix<f64> {
        let (offset, d) = (self.moments.offset(m), self.moments.width(m));
        let own = self.maps.view().submatrix(offset, 0, d, d);
        let own = linalg::product(self.moments.block(m, m), own, Threads::One);
        let mut target = corner(self.moments, &self.sums, m);
        target.as_mut_slice().iter_mut().zip(own.as_slice()).for_each(|(all, own)| *all -= own);
        target
    }
}

/// View m's rows and first d_m columns of a P × D matrix.
fn corner(moments: &Moments, stacked: &Matrix<f64>, m: usize) -> Matrix<f64> {
    let d = moments.width(m);
    Matrix::from_fn(d, d, |i, j| stacked.at(moments.offset(m) + i, j))
}

fn polar(moments: &Moments, m: usize, target: &Matrix<f64>) -> Result<Matrix<f64>, AlignError> {
    linalg::polar(target.view(), &|| format!("view `{}` against the others", moments.names()[m]))
}
