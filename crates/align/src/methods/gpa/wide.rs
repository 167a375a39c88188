//! The accelerated solver of GPA for wide views, where everything but products is slow.
//!
//! One view at a time against all others, as in the plain sweeps of narrower views. Polar factors come from Newton
//! iterations ([`polar`]). The first sweeps are in `f32`; they end when two more sweeps suffice, or when a sweep changes
//! too little for `f32`. The other sweeps are in `f64` and alone decide about the end; only a step that makes their factors
//! orthogonal is in `f32`, until changes are too small for this.
//!
//! A sweep needs no products beside its targets: `A_m = Σ_{j<m} G_mj R_j + Σ_{j>m} G_mj R_j`, and the traces of the
//! second sums with the former R_m and of the first with the next R_m give the objective before and after the sweep.

use super::params::GpaParams;
use super::stack::{Solved, inner, still_to_come};
use crate::moments::Moments;
use crate::numerics::linalg::{self, Float, MatrixView, Threads};
use crate::numerics::polar;
use crate::{AlignError, Matrix, Termination};

/// Changes of the objective, as shares of the energy, that sweeps in `f32` and factors with a step in `f32` resolve.
const SINGLE: f64 = 1e-6;
const FACTORS: f64 = 1e-11;
/// Largest share of the last change that is added to `A_m`.
const MOMENTUM: f64 = 0.5;
/// If the change of a sweep is less than this share of the change before, the next sweep has no momentum.
const SLOW: f64 = 0.25;
/// `|I − RᵀR|_F` of factors in `f32`.
const OFF: f64 = 2e-5;

/// Sweeps from `start`, or from the Procrustes maps to the first of the widest views. At most `most` sweeps.
///
/// Cost of a sweep: 2·M·P·D² flops for the targets and about 12·D³ for each view.
pub(super) fn solve(
    params: &GpaParams,
    moments: &Moments,
    start: Option<Matrix<f64>>,
    most: usize,
) -> Result<Solved, AlignError> {
    let mut course = Course { params, moments, most, made: 0, change: f64::INFINITY, rate: 1.0, run: 0, last: None };
    let maps = {
        let gram = narrowed(moments);
        let first = match start {
            Some(start) => linalg::product(gram.view(), start.map(|&x| x as f32).view(), Threads::Pool),
            None => reference_columns(moments, &gram),
        };
        let mut state = State { moments, gram: gram.view(), maps: first, previous: Vec::new(), exact: false };
        state.start()?;
        while course.goes_on() {
            course.sweep(&mut state, false)?;
            if course.is_nearly_done() || !course.is_resolved() {
                break;
            }
        }
        state.maps
    };
    let mut state =
        State { moments, gram: moments.gram(), maps: maps.map(|&x| f64::from(x)), previous: Vec::new(), exact: false };
    state.orthogonalise();
    course.finish(state)
}

/// Progress of the sweeps.
struct Course<'a> {
    params: &'a GpaParams,
    moments: &'a Moments,
    most: usize,
    /// Number of sweeps.
    made: usize,
    /// Fall of the objective in the last sweep.
    change: f64,
    /// The last change divided by the change before.
    rate: f64,
    /// Sweeps with momentum in a row.
    run: u32,
    /// The objective, and whether the last sweep had no momentum.
    last: Option<(f64, bool)>,
}

impl Course<'_> {
    fn goes_on(&self) -> bool {
        self.made < self.most
    }

    fn objective(&self) -> f64 {
        self.last.map_or(f64::INFINITY, |(objective, _)| objective)
    }

    fn residual(&self) -> f64 {
        self.change.abs() / self.objective().abs().max(f64::MIN_POSITIVE)
    }

    /// Whether the last change is below the tolerance or is rounding.
    fn is_small(&self) -> bool {
        self.residual() < self.params.tol || self.is_nothing()
    }

    /// Whether two more sweeps reach the tolerance if the changes shrink as the last two did.
    fn is_nearly_done(&self) -> bool {
        let rate = self.rate.min(1.0);
        self.residual() * rate * rate < self.params.tol
    }

    /// Whether sweeps in `f32` resolve the last change.
    fn is_resolved(&self) -> bool {
        self.change.abs() >= SINGLE * self.moments.energy()
    }

    fn is_nothing(&self) -> bool {
        self.change.abs() < 4.0 * f64::EPSILON * self.moments.energy()
    }

    /// A sweep, with momentum if that helps and the sweep need not be plain.
    fn sweep<T: Float>(&mut self, state: &mut State<'_, T>, plain: bool) -> Result<(), AlignError> {
        let fast = !plain && self.rate > SLOW && state.previous.len() == self.moments.views();
        let momentum = if fast { (f64::from(self.run) / f64::from(self.run + 3)).min(MOMENTUM) } else { 0.0 };
        let kept = (momentum > 0.0).then(|| state.maps.clone());
        let (mut before, mut after) = state.sweep(momentum)?;
        self.run = if fast { self.run + 1 } else { 0 };
        let mut without = momentum == 0.0;
        if let Some(kept) = kept.filter(|_| after > before) {
            (state.maps, state.previous) = (kept, Vec::new());
            (before, after) = state.sweep(0.0)?;
            (self.run, without) = (0, true);
        }
        let change = before - after;
        self.rate = if self.made > 0 { (change / self.change).abs() } else { 1.0 };
        (self.change, self.last) = (change, Some((after, without)));
        self.made += 1;
        self.moments.watch().step(self.made, self.most)
    }

    /// The sweeps that decide about the end. It is reached when a sweep without momentum changes less than the tolerance
    /// and the sum of all further changes, if they shrink as the last two did, is below it, too.
    fn finish(mut self, mut state: State<'_, f64>) -> Result<Solved, AlignError> {
        let mut stop = Termination::IterationCap;
        // The change of the last sweep, if it had no momentum.
        let plain = |course: &Self| course.last.filter(|(_, without)| *without).map(|_| course.change);
        let mut before = plain(&self).filter(|_| self.is_resolved());
        let mut checks = self.made > 0 && self.is_small();
        if !self.goes_on() {
            self.last = Some((state.objective(), true));
        }
        while self.goes_on() {
            self.sweep(&mut state, checks)?;
            let least = FACTORS * self.moments.energy();
            let enough = self.params.tol * self.objective().abs();
            let resolves = state.exact || least < enough;
            let ends = |before| self.is_small() && still_to_come(before, self.change) < enough;
            if resolves && plain(&self).is_some() && (self.is_nothing() || before.is_some_and(ends)) {
                stop = Termination::Converged;
                break;
            }
            state.exact |= self.change.abs() < least;
            checks = self.is_small() || checks && before.is_none();
            before = plain(&self);
        }
        let (objective, residual, iterations) = (self.objective(), self.residual(), self.made);
        Ok(Solved { objective, maps: state.maps, stop, iterations, residual })
    }
}

/// Maps and moments of one float type.
struct State<'a, T: Float> {
    moments: &'a Moments,
    /// G, P × P.
    gram: MatrixView<'a, T>,
    /// R, P × D.
    maps: Matrix<T>,
    /// `A_m` of the previous sweep; empty before the first sweep.
    previous: Vec<Matrix<T>>,
    /// Whether no step of a factor is in `f32`.
    exact: bool,
}

impl<T: Float> State<'_, T> {
    /// Replaces the maps, which hold the first targets, by their polar factors.
    fn start(&mut self) -> Result<(), AlignError> {
        for m in 0..self.moments.views() {
            let target = self.corner(m);
            let factor = self.factor(m, &target)?;
            self.maps_of(m, &factor);
        }
        Ok(())
    }

    /// Makes every map orthogonal up to the square of its distance from that.
    fn orthogonalise(&mut self) {
        for m in 0..self.moments.views() {
            let (factor, _) = polar::schulz(&self.corner(m));
            self.maps_of(m, &factor);
        }
    }

    /// Updates all views in turn; returns the objective before and after.
    fn sweep(&mut self, momentum: f64) -> Result<(f64, f64), AlignError> {
        let (mut before, mut after) = (0.0, 0.0);
        for m in 0..self.moments.views() {
            let (done, rest) = self.sums(m);
            before += rest.as_ref().map_or(0.0, |rest| inner(&self.corner(m), rest));
            let target = match (&done, rest) {
                (Some(done), Some(mut rest)) => {
                    let sums = rest.as_mut_slice().iter_mut().zip(done.as_slice());
                    sums.for_each(|(sum, &done)| *sum = T::narrow(sum.widen() + done.widen()));
                    rest
                }
                (Some(done), None) => done.clone(),
                (None, Some(rest)) => rest,
                (None, None) => Matrix::zeros(self.moments.width(m), self.moments.width(m)),
            };
            let factor = match self.previous.get(m).filter(|_| momentum > 0.0) {
                None => self.factor(m, &target)?,
                Some(previous) => {
                    let pairs = target.as_slice().iter().zip(previous.as_slice());
                    let ahead =
                        |(now, before): (&T, &T)| T::narrow(now.widen() + momentum * (now.widen() - before.widen()));
                    let extrapolated = pairs.map(ahead).collect();
                    self.factor(m, &Matrix::from_vec(target.rows(), target.cols(), extrapolated))?
                }
            };
            after += done.map_or(0.0, |done| inner(&factor, &done));
            self.maps_of(m, &factor);
            match self.previous.get_mut(m) {
                Some(previous) => *previous = target,
                None => self.previous.push(target),
            }
        }
        Ok((self.objective_of(before), self.objective_of(after)))
    }

    /// The objective for a sum of `tr(R_iᵀ G_ij R_j)` over all pairs i < j. A view's own term is the trace of its block,
    /// whatever its orthogonal map is.
    fn objective_of(&self, pairs: f64) -> f64 {
        let gram = self.moments.gram();
        let own: f64 = (0..gram.rows()).map(|i| gram[(i, i)]).sum();
        self.moments.energy() - (own + 2.0 * pairs) / self.moments.views() as f64
    }

    fn objective(&self) -> f64 {
        let of = |m: usize| self.sums(m).0.map_or(0.0, |done| inner(&self.corner(m), &done));
        self.objective_of((0..self.moments.views()).map(of).sum())
    }

    /// The first d_m columns of `Σ_{j<m} G_mj R_j` and of `Σ_{j>m} G_mj R_j`.
    fn sums(&self, m: usize) -> (Option<Matrix<T>>, Option<Matrix<T>>) {
        let (start, d) = (self.moments.offset(m), self.moments.width(m));
        let sum = |from: usize, to: usize| {
            let blocks = self.gram.submatrix(start, from, d, to - from);
            let maps = self.maps.view().submatrix(from, 0, to - from, d);
            (to > from).then(|| linalg::product(blocks, maps, Threads::Pool))
        };
        (sum(0, start), sum(start + d, self.maps.rows()))
    }

    /// The map of view m, d_m × d_m.
    fn corner(&self, m: usize) -> Matrix<T> {
        let d = self.moments.width(m);
        self.maps.view().submatrix(self.moments.offset(m), 0, d, d).to_matrix()
    }

    fn maps_of(&mut self, m: usize, factor: &Matrix<T>) {
        let (start, width) = (self.moments.offset(m), self.maps.cols());
        let rows = &mut self.maps.as_mut_slice()[start * width..(start + factor.rows()) * width];
        for (to, row) in rows.chunks_exact_mut(width).zip(factor.as_slice().chunks_exact(factor.cols())) {
            let (inside, outside) = to.split_at_mut(row.len());
            inside.copy_from_slice(row);
            outside.fill(T::default());
        }
    }

    /// The polar factor of a target.
    fn factor(&self, m: usize, target: &Matrix<T>) -> Result<Matrix<T>, AlignError> {
        let found = if T::EPSILON < f64::from(f32::EPSILON) && !self.exact {
            let factor = polar::mixed_factor(&target.map(|x| x.widen()));
            factor.map(|factor| factor.map(|&x| T::narrow(x)))
        } else {
            polar::orthogonal_factor(target, if self.exact { 0.0 } else { OFF })
        };
        if let Some(factor) = found {
            return Ok(factor);
        }
        let context = || format!("view `{}` against the others", self.moments.names()[m]);
        Ok(linalg::polar(target.map(|x| x.widen()).view(), &context)?.map(|&x| T::narrow(x)))
    }
}

/// G in `f32`.
fn narrowed(moments: &Moments) -> Matrix<f32> {
    let gram = moments.gram();
    let mut out = Matrix::zeros(gram.rows(), gram.cols());
    let mut buffer = Vec::new();
    for i in 0..gram.rows() {
        out.row_mut(i).iter_mut().zip(gram.row(i, &mut buffer)).for_each(|(to, &x)| *to = x as f32);
    }
    out
}

/// The columns of the first of the widest views: the targets of the Procrustes maps to it.
fn reference_columns(moments: &Moments, gram: &Matrix<f32>) -> Matrix<f32> {
    let width = moments.widest();
    let reference = (0..moments.views()).find(|&m| moments.width(m) == width).unwrap_or(0);
    gram.view().subcols(moments.offset(reference), width).to_matrix()
}
