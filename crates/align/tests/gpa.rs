//! GPA: its solvers, restarts, orientation and rank.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::linalg::{Threads, product};
use align::methods::gcpa::{CorrectorBase, GcpaParams, GpaBase, Training};
use align::methods::gpa::{GpaParams, Orientation, Solver};
use align::synthetic::Synthetic;
use align::{Fit, FitWarning, Matrix, Method, Termination, Universe, Views};
use common::Golden;

/// Best stationary values known of the two synthetic cases.
const BEST: [(&str, f64); 2] = [("A", 6839.895165679841), ("B", 26736.322246695927)];

fn accelerated() -> GpaParams {
    GpaParams { solver: Solver::Accelerated, ..GpaParams::default() }
}

fn fit(params: GpaParams, train: &Views, seed: u64) -> Fit {
    Method::from(params).fit(train, seed).unwrap()
}

fn universe(fit: &Fit) -> &Universe {
    fit.fitted.universe().unwrap()
}

fn train(case: &str) -> Views {
    Golden::read(&format!("case_{case}_inputs.safetensors")).views("train")
}

fn synthetic() -> Views {
    Synthetic { widths: vec![20; 4], fit_rows: 300, ..Synthetic::default() }.generate(2).unwrap().train.views
}

#[test]
fn the_accelerated_solver_ends_no_higher_than_the_released_one_and_its_maps_are_orthogonal() {
    for (case, best) in BEST {
        let train = train(case);
        let ours = fit(accelerated(), &train, 0);
        let released: Vec<f64> =
            (0..5).map(|seed| fit(GpaParams::default(), &train, seed).report.objective.unwrap()).collect();
        let mean = released.iter().sum::<f64>() / 5.0;
        let objective = ours.report.objective.unwrap();
        assert!(objective < mean, "{case}: {objective}, released {released:?}");
        assert!((-1e-9..3e-4).contains(&(objective / best - 1.0)), "{case}: {objective} against {best}");
        for view in universe(&ours).views() {
            let gram = product(view.map().unwrap().view(), view.map().unwrap().view().transpose(), Threads::One);
            for i in 0..gram.rows() {
                for j in 0..gram.cols() {
                    assert!((gram.at(i, j) - f32::from(u8::from(i == j))).abs() < 1e-5);
                }
            }
        }
    }
}

#[test]
fn more_sweeps_never_raise_the_objective_and_tight_tolerances_are_reached() {
    let train = train("A");
    let objective =
        |sweeps| fit(GpaParams { max_iter: Some(sweeps), ..accelerated() }, &train, 0).report.objective.unwrap();
    let figures: Vec<f64> = (1..25).map(objective).collect();
    assert!(figures.is_sorted_by(|a, b| *a >= *b - 1e-9 * a), "{figures:?}");
    let tight = fit(GpaParams { tol: 1e-10, ..accelerated() }, &train, 0).report;
    assert_eq!(tight.stop, Termination::Converged);
    assert!(tight.residual.unwrap() < 1e-10);
}

#[test]
fn views_that_agree_to_the_last_digit_end_at_nothing() {
    let one = synthetic().at(0).clone();
    let same = Views::new([("a", one.clone()), ("b", one.clone()), ("c", one)]).unwrap();
    let report = fit(accelerated(), &same, 0).report;
    assert_eq!(report.stop, Termination::Converged);
    let energy = 3.0 * 300.0 * 20.0;
    assert!(report.objective.unwrap().abs() < 1e-9 * energy, "{report:?}");
}

#[test]
fn restarts_keep_the_best_and_say_how_far_the_worst_was() {
    let train = train("A");
    for solver in [Solver::Released, Solver::Accelerated] {
        let alone = fit(GpaParams { solver, ..GpaParams::default() }, &train, 3).report;
        let several = fit(GpaParams { solver, restarts: 6, ..GpaParams::default() }, &train, 3).report;
        assert_eq!(alone.spread, None);
        assert!(several.spread.unwrap() > 0.1, "starts end in different stationary points: {several:?}");
        assert!(several.objective <= alone.objective);
        assert!(several.objective.unwrap() / BEST[0].1 - 1.0 < 1e-5, "{several:?}");
    }
}

/// `R_iᵀ`-free: what does not depend on the rotation of the universe.
fn between(universe: &Universe, a: &str, b: &str) -> Matrix<f64> {
    universe.map_between(a, b).unwrap().unwrap()
}

#[test]
fn the_principal_orientation_turns_the_universe_and_nothing_else() {
    let train = synthetic();
    let free = fit(GpaParams::default(), &train, 1);
    let turned = fit(GpaParams { orientation: Orientation::Principal, ..GpaParams::default() }, &train, 1);
    assert_eq!(free.report.objective, turned.report.objective);
    let (one, other) = (between(universe(&free), "v0", "v2"), between(universe(&turned), "v0", "v2"));
    let gap = one.as_slice().iter().zip(other.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(gap < 1e-5, "{gap:e}");

    let views: Vec<Matrix> =
        train.iter().map(|s| universe(&turned).project_linear(s.name(), s.values()).unwrap()).collect();
    let mean = Matrix::from_fn(300, 20, |i, j| views.iter().map(|u| f64::from(u.at(i, j))).sum::<f64>() / 4.0);
    let square = product(mean.view().transpose(), mean.view(), Threads::One);
    for i in 0..20 {
        assert!(i == 0 || square.at(i, i) <= square.at(i - 1, i - 1) + 1e-6, "axes in order of length");
        assert!((0..i).all(|j| square.at(i, j).abs() < 1e-3), "axes are uncorrelated");
    }
}

#[test]
fn a_truncated_universe_is_the_first_axes_of_the_whole() {
    let train = synthetic();
    let whole = fit(GpaParams { orientation: Orientation::Principal, ..accelerated() }, &train, 0);
    let cut = fit(GpaParams { rank: Some(5), ..accelerated() }, &train, 0);
    assert_eq!(universe(&cut).width(), 5);
    assert_eq!(cut.report.parameters, 4 * 20 * 5);
    for (view, wide) in universe(&cut).views().iter().zip(universe(&whole).views()) {
        assert!((0..20).all(|i| view.map().unwrap().row(i) == &wide.map().unwrap().row(i)[..5]), "{}", view.name());
    }
    let unequal = Synthetic { widths: vec![20, 16, 20], ..Synthetic::default() }.generate(2).unwrap().train.views;
    let error = Method::from(GpaParams { rank: Some(5), ..accelerated() }).fit(&unequal, 0).unwrap_err().to_string();
    assert_eq!(
        error,
        "gpa: `rank` is set for views of widths 20, 16, 20, expected views of one width (the grid's `widths: pca` makes them so)"
    );
}

#[test]
fn a_cap_that_was_reached_is_a_warning_also_of_what_stands_on_the_fit() {
    let train = synthetic();
    let capped = |solver| GpaParams { solver, max_iter: Some(1), tol: 0.0, ..GpaParams::default() };
    for solver in [Solver::Released, Solver::Accelerated] {
        let fit = fit(capped(solver), &train, 0);
        let [only] = fit.report.warnings.as_slice() else { panic!("{:?}", fit.report.warnings) };
        assert_eq!(only.to_string(), "GPA stopped at the cap of 1 iterations before it converged; raise `max_iter`");
        let kept = serde_json::to_string(&fit.report).unwrap();
        assert_eq!(serde_json::from_str::<align::FitReport>(&kept).unwrap(), fit.report);
    }
    assert!(fit(accelerated(), &train, 0).report.warnings.is_empty());
    let base = CorrectorBase::Gpa(GpaBase { max_iter: Some(1), tol: 0.0, ..GpaBase::default() });
    let gcpa = GcpaParams { base, training: Training::released(1), ..Default::default() };
    assert_eq!(Method::from(gcpa).fit(&train, 0).unwrap().report.warnings.len(), 1);
}

#[test]
fn the_warning_of_a_cap_names_a_parameter_of_the_method() {
    let train = synthetic();
    for name in ["gpa", "srm", "sumcor"] {
        let method: Method = serde_json::from_str(&format!(r#"{{"{name}": {{"max_iter": 1, "tol": 0}}}}"#)).unwrap();
        let warnings = method.fit(&train, 0).unwrap().report.warnings;
        let [FitWarning::IterationCap { iterations: 1, parameter, .. }] = warnings.as_slice() else {
            panic!("{name}: {warnings:?}")
        };
        let documented: Vec<&str> = method.parameter_docs().iter().map(|doc| doc.name).collect();
        assert!(documented.contains(&parameter.as_str()), "{name}: {parameter} and not {documented:?}");
    }
}
