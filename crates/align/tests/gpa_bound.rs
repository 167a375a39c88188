//! GPA's bound on how far its objective is above the lowest.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use align::methods::gpa::{GpaParams, Robust, Solver, Weights};
use align::synthetic::Synthetic;
use align::{FitReport, Matrix, Method, Views};

fn fit(params: GpaParams, train: &Views, seed: u64) -> FitReport {
    Method::from(params).fit(train, seed).unwrap().report
}

fn accelerated(restarts: usize) -> GpaParams {
    GpaParams { solver: Solver::Accelerated, restarts, ..GpaParams::default() }
}

fn synthetic(widths: &[usize], fit_rows: usize, noise: f32, seed: u64) -> Views {
    let synthetic = Synthetic { widths: widths.to_vec(), fit_rows, test_rows: 1, noise, ..Synthetic::default() };
    synthetic.generate(seed).unwrap().train.views
}

/// What is wrong by rounding in a bound that is zero, as a part of the energy.
const ROUNDING: f64 = 1e-10;

#[test]
fn optima_of_views_of_one_width_are_certified_while_noise_is_moderate() {
    for (noise, seed) in [(0.0, 1), (0.05, 1), (0.3, 2), (0.5, 3), (0.5, 4)] {
        let train = synthetic(&[12; 4], 80, noise, seed);
        let report = fit(accelerated(10), &train, 0);
        let (gap, energy) = (report.optimality_gap.unwrap(), 4.0 * 80.0 * 12.0);
        // What the solver leaves of a tolerance of 1e-8 is part of the gap.
        let allowed = ROUNDING * energy + 1e-6 * report.objective.unwrap();
        assert!((0.0..allowed).contains(&gap), "noise {noise}, seed {seed}: {gap:e} of {:?}", report.objective);
    }
}

#[test]
fn no_start_of_two_hundred_is_below_the_bound() {
    let mut positive = 0;
    for (k, (widths, noise)) in [(&[6, 6, 6][..], 2.5), (&[5, 5, 5, 5], 0.5), (&[6, 3, 4], 2.5)].into_iter().enumerate()
    {
        let train = synthetic(widths, 30, noise, k as u64);
        let mut missing = train.clone();
        for m in 0..train.len() {
            let mask: Vec<bool> = (0..30).map(|row| (row + 7 * m) % 9 == 0).collect();
            missing = missing.with_missing(m, &mask).unwrap();
        }
        let lowest = |params: &GpaParams, train: &Views| {
            let many = GpaParams { restarts: 200, solver: Solver::Accelerated, max_iter: None, ..params.clone() };
            fit(many, train, 5).objective.unwrap()
        };
        let mut check = |params: &GpaParams, train: &Views, best: f64| {
            let report = fit(params.clone(), train, 1);
            let (objective, gap) = (report.objective.unwrap(), report.optimality_gap.unwrap());
            assert!(objective - gap <= best * (1.0 + 1e-9), "{widths:?} {noise}: {objective} − {gap} above {best}");
            positive += usize::from(gap > 1e-4 * objective);
        };
        let best = lowest(&accelerated(1), &train);
        check(&accelerated(1), &train, best);
        check(&GpaParams { max_iter: Some(3), ..accelerated(1) }, &train, best);
        check(&GpaParams { rank: (k < 2).then_some(2), ..GpaParams::default() }, &train, best);
        if k == 2 {
            let given = Weights::Given([("v0".to_string(), 2.5)].into());
            let weighted = GpaParams { weights: given, ..accelerated(1) };
            check(&weighted, &train, lowest(&weighted, &train));
            check(&accelerated(1), &missing, lowest(&accelerated(1), &missing));
        }
    }
    assert!(positive > 2, "a bound that is zero everywhere is none: {positive}");
}

#[test]
fn local_minima_have_a_gap_at_least_as_wide_as_their_distance_to_the_lowest() {
    let mut local = 0;
    for set in 0..6 {
        let train = synthetic(&[6, 6, 6, 6], 30, 3.0, set);
        let best = fit(accelerated(40), &train, 3).objective.unwrap();
        for seed in 0..10 {
            let report = fit(GpaParams { max_iter: Some(2000), ..GpaParams::default() }, &train, seed);
            let above = report.objective.unwrap() - best;
            assert!(report.optimality_gap.unwrap() >= above * (1.0 - 1e-9), "set {set}, seed {seed}: {report:?}");
            local += usize::from(above > 1e-5 * best);
        }
    }
    assert!(local > 0, "no start ended in a local minimum");
}

#[test]
fn scaled_views_have_the_bound_of_their_scales() {
    let train = synthetic(&[8; 3], 60, 0.4, 1);
    let report = fit(GpaParams { scale: true, ..accelerated(5) }, &train, 0);
    assert!(report.optimality_gap.unwrap() < 1e-5 * report.objective.unwrap(), "{report:?}");
}

#[test]
fn where_there_is_no_bound_the_report_has_none() {
    let train = synthetic(&[8; 3], 60, 0.4, 1);
    assert!(fit(GpaParams::default(), &train, 0).optimality_gap.is_some());
    let none = |params| assert_eq!(fit(params, &train, 0).optimality_gap, None);
    none(GpaParams { certify: Some(false), ..GpaParams::default() });
    none(GpaParams { robust: Some(Robust::Huber(0.5)), ..GpaParams::default() });
    let both = GpaParams { certify: Some(true), robust: Some(Robust::Huber(0.5)), ..GpaParams::default() };
    let error = Method::from(both).fit(&train, 0).unwrap_err().to_string();
    assert_eq!(error, "gpa: `certify` is true beside `robust`, expected one of the two: its losses have no such bound");

    let wide = |width: usize| {
        let view = |m: usize| Matrix::from_fn(4, width, |i, j| ((i * 31 + j * 17 + m * 7) as f32).sin());
        Views::new([("a".to_string(), view(0)), ("b".to_string(), view(1))]).unwrap()
    };
    let once = |certify| GpaParams { certify, max_iter: Some(1), ..GpaParams::default() };
    assert_eq!(fit(once(None), &wide(513), 0).optimality_gap, None);
    assert!(fit(once(None), &wide(512), 0).optimality_gap.is_some());
    assert!(fit(once(Some(true)), &wide(513), 0).optimality_gap.is_some());
}

/// The matrix of the bound is zero but for a few rows, and its division into halves does not converge.
#[test]
fn views_of_mostly_constant_columns_have_a_bound() {
    let living = synthetic(&[20, 3, 20], 1200, 0.3, 1);
    let wide = living.iter().map(|view| {
        let (values, own) = (view.values(), view.values().cols());
        let width = if view.name() == "v0" { 600 } else { own };
        let value = |i: usize, j: usize| if j < own { values.at(i, j) } else { 2.0 };
        (view.name().to_string(), Matrix::from_fn(living.rows(), width, value))
    });
    let wide = Views::new(wide.collect::<Vec<_>>()).unwrap();
    let (report, want) = (fit(accelerated(1), &wide, 0), fit(accelerated(1), &living, 0));
    let (gap, objective) = (report.optimality_gap.unwrap(), report.objective.unwrap());
    assert!((objective - want.objective.unwrap()).abs() < 1e-6 * objective, "{objective} and {:?}", want.objective);
    assert!(gap.is_finite() && gap >= want.optimality_gap.unwrap() - 1e-6 * objective, "{gap}");
}
