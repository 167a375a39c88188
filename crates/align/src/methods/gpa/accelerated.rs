//! The accelerated solver of GPA: two views at a time against all others, extrapolated.
//!
//! `Σ_m |Z_m R_m − C|²` falls as `tr(Rᵀ G R)` rises. A view's own term `tr(R_mᵀ G_mm R_m)` is a constant for an
//! orthogonal R_m, so the best R_m against the other views is the polar factor of `A_m = Σ_{j≠m} G_mj R_j`. The
//! released sweep dampens this step by the view's own part of the consensus. Two views are updated at a time, by two
//! threads if there are two. This can overshoot: a sweep that raises the objective is undone and repeated one view at a
//! time, which cannot overshoot. `A_m` is extrapolated by its change since the previous sweep. Where this does not end
//! the iteration, the views differ in directions that hardly matter to the objective, and sweeps one view at a time from
//! extrapolated maps (Nesterov's sequence, restarted where the objective rises) get there in a fraction of the sweeps.
//! The last sweeps are plain ones.

use super::params::GpaParams;
use super::stack::{Solved, corner, inner, stacked, still_to_come};
use super::wide;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Accum, Threads};
use crate::numerics::parallel::prelude::*;
use crate::{AlignError, Matrix, Termination};

/// Default of `max_iter`.
const SWEEPS: usize = 500;
/// Number of views that are updated at a time.
const GROUP: usize = 2;
/// Largest share of the last change that is added to `A_m`.
const MOMENTUM: f64 = 0.5;
/// Sweeps between two changes of the moments go on as long as one gains more than this share of all.
const SHARE: f64 = 0.1;
/// Least number of steady sweeps before the iteration may end.
const STRETCH: usize = 8;
/// `S = G R` is updated by differences and computed anew after this many sweeps.
const REFRESH: usize = 50;

/// How a sweep updates the views.
enum Phase {
    /// [`GROUP`] views at a time with momentum; `run` counts the sweeps in a row that lowered the objective.
    Fast { run: u32 },
    /// One view at a time without momentum. Only such sweeps can tell whether the iteration has converged; `before` is
    /// the change of the previous sweep.
    Plain { before: Option<f64> },
    /// One view at a time from extrapolated maps.
    Steady(Box<Steady>),
}

/// A stretch of steady sweeps.
struct Steady {
    /// Maps and `G R` where the previous sweep ended.
    maps: Matrix<f64>,
    sums: Matrix<f64>,
    /// Sweeps in a row that lowered the objective.
    run: u32,
    /// Objective after each sweep of the stretch.
    objectives: Vec<f64>,
}

impl Steady {
    fn from(state: &State) -> Self {
        Self { maps: state.maps.clone(), sums: state.sums.clone(), run: 0, objectives: Vec::new() }
    }

    /// Whether the last quarter of the stretch changed less than this. Where the excess over the limit falls as the inverse
    /// square of the sweeps, the rest is 1.3 times that quarter's change, and less where it falls faster. Two plain sweeps
    /// would not show it: they shrink first what shrinks fast.
    fn has_settled(&self, tolerance: f64) -> bool {
        let sweeps = self.objectives.len();
        sweeps >= STRETCH && self.objectives[sweeps * 3 / 4 - 1] - self.objectives[sweeps - 1] < tolerance
    }
}

/// Sweeps from `start`, or from the Procrustes maps to the first of the widest views.
///
/// Views that are updated together can swing for ever between maps of one objective, so a small change proves nothing.
/// It is followed by sweeps of one view at a time without momentum. The iteration ends when such a sweep changes less
/// than `tol` and the sum of all further changes, if they shrink as the last two did, is less than `tol`. If a plain
/// sweep finds a lower objective, the fast sweeps continue; if it changes little and much is still to come, steady ones
/// follow, and plain ones again when these have settled.
///
/// Cost of a sweep: 2·P²·D flops and M SVDs of d_m × d_m.
pub(super) fn solve(params: &GpaParams, moments: &Moments, start: Option<Matrix<f64>>) -> Result<Solved, AlignError> {
    if moments.is_wide() {
        return wide::solve(params, moments, start, params.max_iter.unwrap_or(SWEEPS));
    }
    narrow(params, moments, start)
}

/// At most `most` sweeps from these orthogonal maps. They end when one gains less than a tenth of all, whatever `tol` is: sweeps
/// that depended on a tolerance would take another path for each tolerance.
pub(super) fn further(
    params: &GpaParams,
    moments: &Moments,
    maps: Matrix<f64>,
    most: usize,
) -> Result<Solved, AlignError> {
    if moments.is_wide() {
        return wide::solve(&GpaParams { tol: 0.0, ..params.clone() }, moments, Some(maps), most);
    }
    let mut state = State::at(moments, maps);
    let before = state.objective();
    let (mut last, mut run, mut iterations) = (before, 0, 0);
    while iterations < most {
        state.fast_sweep(last, &mut run)?;
        iterations += 1;
        let objective = state.objective();
        let gained = last - objective;
        last = objective;
        if gained <= SHARE * (before - objective) {
            break;
        }
    }
    let (objective, maps) = (last, state.maps);
    Ok(Solved { objective, maps, stop: Termination::IterationCap, iterations, residual: f64::INFINITY })
}

/// The sweeps for views that are not wide.
fn narrow(params: &GpaParams, moments: &Moments, start: Option<Matrix<f64>>) -> Result<Solved, AlignError> {
    let mut state = State::new(moments, start)?;
    let mut last = state.objective();
    let (mut stop, mut iterations, mut residual) = (Termination::IterationCap, 0, f64::INFINITY);
    // If the views agree to the last digit, the objective is rounding and has no relative change.
    let rounding = 4.0 * f64::EPSILON * moments.energy();
    let mut phase = Phase::Fast { run: 0 };
    let most = params.max_iter.unwrap_or(SWEEPS);
    for iteration in 1..=most {
        match &mut phase {
            Phase::Fast { run } => state.fast_sweep(last, run)?,
            Phase::Plain { .. } => state.sweep(1, 0.0)?,
            Phase::Steady(steady) => state.steady_sweep(last, steady)?,
        }
        if iteration % REFRESH == 0 {
            state.refresh();
        }
        moments.watch().step(iteration, most)?;
        let objective = state.objective();
        let change = last - objective;
        residual = change.abs() / objective.abs().max(f64::MIN_POSITIVE);
        (iterations, last) = (iteration, objective);
        let nothing = change.abs() < rounding;
        let small = residual < params.tol || nothing;
        phase = match phase {
            Phase::Fast { .. } if small => Phase::Plain { before: None },
            Phase::Fast { run } => Phase::Fast { run },
            Phase::Plain { before } => {
                let ends = |before| small && still_to_come(before, change) < params.tol * objective.abs();
                if nothing || before.is_some_and(ends) {
                    stop = Termination::Converged;
                    break;
                }
                let slow = |before| still_to_come(before, change) > STRETCH as f64 * change;
                match before {
                    Some(_) if !small => Phase::Fast { run: 0 },
                    Some(before) if slow(before) => Phase::Steady(Box::new(Steady::from(&state))),
                    _ => Phase::Plain { before: Some(change) },
                }
            }
            Phase::Steady(mut steady) => {
                steady.objectives.push(objective);
                let settled = nothing || steady.has_settled(params.tol * objective.abs());
                if settled { Phase::Plain { before: None } } else { Phase::Steady(steady) }
            }
        };
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
    /// `A_m` of the previous sweep.
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
        Ok(Self::at(moments, stacked(moments, &factors?)))
    }

    /// These maps, as they are.
    fn at(moments: &'a Moments, maps: Matrix<f64>) -> Self {
        let sums = linalg::product(moments.gram(), maps.view(), Threads::Pool);
        Self { moments, maps, sums, previous: vec![None; moments.views()] }
    }

    fn objective(&self) -> f64 {
        self.moments.energy() - inner(&self.maps, &self.sums) / self.moments.views() as f64
    }

    fn refresh(&mut self) {
        linalg::gemm(self.sums.view_mut(), Accum::Replace, self.moments.gram(), self.maps.view(), Threads::Pool);
    }

    /// A sweep of [`GROUP`] views at a time with momentum; one that ends above `last` is repeated one view at a time. `run`
    /// counts the sweeps in a row that lowered the objective.
    fn fast_sweep(&mut self, last: f64, run: &mut u32) -> Result<(), AlignError> {
        let before = self.clone();
        let momentum = (f64::from(*run) / f64::from(*run + 3)).min(MOMENTUM);
        self.sweep(GROUP, momentum)?;
        *run += 1;
        if self.objective() > last {
            *self = State { previous: vec![None; self.moments.views()], ..before };
            self.sweep(1, 0.0)?;
            *run = 0;
        }
        Ok(())
    }

    /// A sweep of one view at a time from the maps and their change since the sweep before; one that ends above `last` is
    /// repeated from the maps.
    fn steady_sweep(&mut self, last: f64, steady: &mut Steady) -> Result<(), AlignError> {
        let (maps, sums) = (self.maps.clone(), self.sums.clone());
        let momentum = f64::from(steady.run) / f64::from(steady.run + 3);
        // Maps between the sweeps need not be orthogonal: a view's own map has no part in its update.
        extrapolate(&mut self.maps, &steady.maps, momentum);
        extrapolate(&mut self.sums, &steady.sums, momentum);
        (steady.maps, steady.sums) = (maps, sums);
        self.sweep(1, 0.0)?;
        steady.run += 1;
        if self.objective() > last {
            (self.maps, self.sums) = (steady.maps.clone(), steady.sums.clone());
            self.sweep(1, 0.0)?;
            steady.run = 0;
        }
        Ok(())
    }

    /// Updates all views, `group` at a time.
    fn sweep(&mut self, group: usize, momentum: f64) -> Result<(), AlignError> {
        let views: Vec<usize> = (0..self.moments.views()).collect();
        views.chunks(group).try_for_each(|group| self.turn(group, momentum))
    }

    /// Updates neighbouring views against the other views.
    fn turn(&mut self, group: &[usize], momentum: f64) -> Result<(), AlignError> {
        let (moments, width) = (self.moments, self.maps.cols());
        // For each view the target, from which the next sweep extrapolates, and its polar factor.
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

/// `now + share (now − before)` in place of `now`.
fn extrapolate(now: &mut Matrix<f64>, before: &Matrix<f64>, share: f64) {
    now.as_mut_slice().iter_mut().zip(before.as_slice()).for_each(|(now, before)| *now += share * (*now - before));
}

fn polar(moments: &Moments, m: usize, target: &Matrix<f64>) -> Result<Matrix<f64>, AlignError> {
    linalg::polar(target.view(), &|| format!("view `{}` against the others", moments.names()[m]))
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::moments::Incomplete;
    use crate::prep::{ConstantColumns, Standardisation};
    use crate::rng::{Purpose, stream};
    use crate::views::synthetic::Synthetic;

    fn moments_of(synthetic: &Synthetic, seed: u64) -> Moments {
        let train = synthetic.generate(seed).expect("valid").train.views;
        let standardisation = Standardisation::Population(ConstantColumns::default());
        Moments::fit(&train, Incomplete::MeanOfPresent, standardisation).expect("valid")
    }

    /// Few rows, three to six views of three to sixteen columns, little or much noise.
    fn random_set(seed: u64) -> Moments {
        let mut rng = stream(seed, Purpose::SYNTHETIC, None);
        let views = rng.random_range(3..=6);
        let synthetic = Synthetic {
            widths: (0..views).map(|_| rng.random_range(3..=16)).collect(),
            fit_rows: rng.random_range(20..150),
            test_rows: 1,
            noise: rng.random_range(0.3..3.0),
            ..Synthetic::default()
        };
        moments_of(&synthetic, seed)
    }

    #[test]
    fn on_uneven_views_it_ends_where_a_long_run_one_view_at_a_time_ends() {
        let mut sweeps = 0;
        for seed in 0..80 {
            let moments = random_set(seed);
            // One of the sets needs more than the cap without it.
            let params = GpaParams { max_iter: Some(5000), ..GpaParams::default() };
            let solved = solve(&params, &moments, None).expect("valid");
            assert_eq!(solved.stop, Termination::Converged, "set {seed} after {}", solved.iterations);
            sweeps += solved.iterations;
            let mut state = State::at(&moments, solved.maps);
            let mut last = f64::INFINITY;
            for _ in 0..3000 {
                state.sweep(1, 0.0).expect("valid");
                if last - state.objective() < 1e-13 * last {
                    break;
                }
                last = state.objective();
            }
            let short = solved.objective / state.objective() - 1.0;
            assert!((-1e-12..1e-6).contains(&short), "set {seed}: {short:e} short");
        }
        assert!(sweeps < 80 * 100, "{sweeps} sweeps");
    }

    #[test]
    fn views_that_hardly_agree_converge_as_far_as_the_tolerance_says() {
        for seed in 0..3 {
            let synthetic = Synthetic {
                widths: vec![48, 40, 36, 30, 24, 32],
                fit_rows: 400,
                test_rows: 1,
                noise: 4.0,
                ..Synthetic::default()
            };
            let moments = moments_of(&synthetic, seed);
            let params = GpaParams { tol: 1e-6, ..GpaParams::default() };
            let of_wide = wide::solve(&params, &moments, None, SWEEPS);
            let of_narrow = narrow(&params, &moments, None);
            // Wide views end by the changes of the last two sweeps, which tell less than a quarter of all sweeps does.
            for (solved, most, least, share) in [(of_narrow, 250, -1e-12, 1.0), (of_wide, 100, -1e-11, 5.0)] {
                let solved = solved.expect("valid");
                assert_eq!(solved.stop, Termination::Converged, "set {seed}");
                assert!(solved.iterations <= most, "set {seed}: {} sweeps, not {most}", solved.iterations);
                let mut state = State::at(&moments, solved.maps);
                let mut steady = Steady::from(&state);
                for _ in 0..1000 {
                    let last = state.objective();
                    state.steady_sweep(last, &mut steady).expect("valid");
                }
                let excess = solved.objective / state.objective() - 1.0;
                assert!((least..share * params.tol).contains(&excess), "set {seed}: {excess:e}");
            }
        }
    }

    /// Both solvers on these views.
    fn both(synthetic: &Synthetic, seed: u64, tol: f64) -> [Solved; 2] {
        let moments = moments_of(synthetic, seed);
        let params = GpaParams { tol, ..GpaParams::default() };
        let wide = wide::solve(&params, &moments, None, SWEEPS).expect("valid");
        let sums = linalg::product(moments.gram(), wide.maps.view(), Threads::Pool);
        let objective = moments.energy() - inner(&wide.maps, &sums) / moments.views() as f64;
        assert!((objective / wide.objective - 1.0).abs() < 1e-8, "{objective} and not {}", wide.objective);
        for m in 0..moments.views() {
            let (start, d) = (moments.offset(m), moments.width(m));
            let map = wide.maps.view().submatrix(start, 0, d, wide.maps.cols());
            let gram = linalg::product(map, map.transpose(), Threads::One);
            let off = |i: usize, j: usize| (gram.at(i, j) - f64::from(u8::from(i == j))).abs();
            assert!((0..d).all(|i| (0..d).all(|j| off(i, j) < 1e-8)), "view {m}");
        }
        [wide, narrow(&params, &moments, None).expect("valid")]
    }

    #[test]
    fn wide_views_end_where_narrow_ones_end_after_as_many_sweeps() {
        let of = |widths: &[usize], fit_rows, noise| Synthetic {
            widths: widths.to_vec(),
            fit_rows,
            test_rows: 1,
            noise,
            ..Synthetic::default()
        };
        let cases = [
            ("equal widths", of(&[24, 24, 24], 300, 0.3)),
            ("fewer rows than columns", of(&[24, 24, 24], 16, 0.3)),
            ("other widths", of(&[24, 9, 17, 24], 200, 0.3)),
            ("two views", of(&[24, 24], 200, 0.3)),
            ("five views, noise", of(&[24; 5], 400, 1.0)),
        ];
        for (name, synthetic) in cases {
            for seed in 0..4 {
                let [wide, narrow] = both(&synthetic, seed, 1e-10);
                assert_eq!(wide.stop, Termination::Converged, "{name} {seed} after {}", wide.iterations);
                let excess = wide.objective / narrow.objective - 1.0;
                println!("{name} {seed}: {excess:e} {} {}", wide.iterations, narrow.iterations);
                assert!(excess < 1e-7, "{name} {seed}: {excess:e}");
                assert!(wide.iterations <= narrow.iterations + 10, "{name} {seed}: {} sweeps", wide.iterations);
            }
        }
    }

    #[test]
    fn wide_views_need_no_more_sweeps_on_random_sets() {
        let (mut sweeps, mut others, mut above) = (0, 0, 0);
        for seed in 0..80 {
            let moments = random_set(seed);
            let params = GpaParams { max_iter: Some(5000), ..GpaParams::default() };
            let wide = wide::solve(&params, &moments, None, 5000).expect("valid");
            assert_eq!(wide.stop, Termination::Converged, "set {seed} after {}", wide.iterations);
            let narrow = narrow(&params, &moments, None).expect("valid");
            (sweeps, others) = (sweeps + wide.iterations, others + narrow.iterations);
            above += usize::from(wide.objective > narrow.objective * (1.0 + 1e-6));
        }
        println!("{sweeps} {others} {above}");
        assert!(sweeps <= others * 11 / 10, "{sweeps} sweeps, not {others}");
        assert!(above <= 8, "{above} of 80 sets end higher");
    }

    #[test]
    fn wide_views_give_the_same_bits_for_every_number_of_threads() {
        let moments = random_set(3);
        let in_pool = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let solved = pool.install(|| wide::solve(&GpaParams::default(), &moments, None, SWEEPS)).expect("valid");
            (solved.maps, solved.objective.to_bits(), solved.iterations)
        };
        assert!(in_pool(1) == in_pool(3));
    }
}
