//! GPA with scales, weights and robust losses: what holds whatever the data are.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::linalg::{Threads, product};
use align::methods::gpa::{GpaParams, Robust, Solver, Weights};
use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::rng::{Purpose, permutation, stream};
use align::synthetic::Synthetic;
use align::{AlignError, Dataset, Fit, Matrix, Method, Termination, Views};
use common::mean_rank1;

/// Permuted rows, as the noise `permute` draws them.
const PERMUTATION: Purpose = Purpose::new(9);

fn data() -> Dataset {
    with_noise(2.0)
}

fn with_noise(noise: f32) -> Dataset {
    let recipe = Synthetic { widths: vec![24; 4], fit_rows: 600, test_rows: 150, noise, ..Synthetic::default() };
    recipe.generate(6).unwrap()
}

fn plain() -> GpaParams {
    GpaParams { solver: Solver::Accelerated, tol: 1e-6, ..GpaParams::default() }
}

fn robust(robust: Robust) -> GpaParams {
    GpaParams { robust: Some(robust), ..plain() }
}

fn scaled() -> GpaParams {
    GpaParams { scale: true, ..plain() }
}

fn fit(params: GpaParams, train: &Views) -> Fit {
    Method::from(params).fit(train, 1).unwrap()
}

/// A share of the correspondences of the first views permuted.
fn permuted(train: &Views, views: usize, share: f64) -> Views {
    let chosen = (share * train.rows() as f64) as usize;
    (0..views).fold(train.clone(), |held, view| {
        let mut rng = stream(5, PERMUTATION, Some(view));
        let rows = permutation(train.rows(), &mut rng);
        let shuffled = permutation(chosen, &mut rng);
        let mut map: Vec<usize> = (0..train.rows()).collect();
        (0..chosen).for_each(|i| map[rows[i]] = rows[shuffled[i]]);
        held.with_row_map(view, &map).unwrap()
    })
}

fn rank1(fit: &Fit, test: &Views) -> f64 {
    let views: Vec<Matrix> = test.iter().map(|s| fit.fitted.project(s.name(), s.values()).unwrap()).collect();
    mean_rank1(&views)
}

/// `RᵀR` of every map over the square of its scale is the identity; the scales.
fn scales(fit: &Fit) -> Vec<f64> {
    let views = fit.fitted.universe().unwrap().views();
    let scale = |map: &Matrix| {
        let gram = product(map.view().transpose(), map.view(), Threads::One).map(|&x| f64::from(x));
        let square = gram.at(0, 0);
        for i in 0..gram.rows() {
            for j in 0..gram.cols() {
                let want = if i == j { square } else { 0.0 };
                assert!((gram.at(i, j) - want).abs() < 1e-4 * square, "a map is a rotation and a scale");
            }
        }
        square.sqrt()
    };
    views.iter().map(|view| scale(view.map().unwrap())).collect()
}

#[test]
fn maps_are_rotations_and_scales_keep_the_total_norm() {
    let train = data().train.views;
    for params in [plain(), robust(Robust::Huber(0.3)), robust(Robust::Tukey(1.0))] {
        assert!(scales(&fit(params, &train)).iter().all(|s| (s - 1.0).abs() < 1e-5));
    }
    let found = scales(&fit(scaled(), &train));
    // Standardised views of one width all have the same norm.
    assert!((found.iter().map(|s| s * s).sum::<f64>() / 4.0 - 1.0).abs() < 1e-5, "{found:?}");
    assert!(found.iter().any(|s| (s - 1.0).abs() > 1e-4));
    // Beside weights it is the weighted norm that is kept, a view that shares nothing included.
    let weights = [3.0, 1.0, 0.5, 1.5];
    let given = Weights::Given((0..4).map(|m| (format!("v{m}"), weights[m])).collect());
    for train in [train.clone(), permuted(&train, 1, 1.0)] {
        let found = scales(&fit(GpaParams { weights: given.clone(), ..scaled() }, &train));
        let kept: f64 = found.iter().zip(weights).map(|(s, weight)| weight * s * s).sum();
        assert!((kept / weights.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{found:?}");
        let plain = found.iter().map(|s| s * s).sum::<f64>() / 4.0;
        assert!((plain - 1.0).abs() > 1e-3, "and not the plain one: {found:?}");
    }
}

#[test]
fn a_view_of_noise_is_shrunk_and_counts_less() {
    let train = data().train.views;
    let noisy = permuted(&train, 1, 1.0);
    let found = scales(&fit(scaled(), &noisy));
    assert!(found[0] < 0.6 && found[1..].iter().all(|&s| s > 1.0), "{found:?}");
    let with = |weights| fit(GpaParams { weights, ..plain() }, &noisy).report.objective.unwrap();
    // The view costs less where it counts less.
    assert!(with(Weights::Agreement) < 0.9 * with(Weights::Equal));
}

#[test]
fn weights_and_scales_of_one_are_gpa() {
    let train = data().train.views;
    let want = fit(plain(), &train);
    let given = Weights::Given((0..4).map(|m| (format!("v{m}"), 3.0)).collect());
    for params in [GpaParams { weights: given, ..plain() }, robust(Robust::Huber(1e6))] {
        let got = fit(params, &train);
        // A loss that is the square wherever rows are has its rounds all the same, which lower it a little further.
        let relative = got.report.objective.unwrap() / want.report.objective.unwrap() - 1.0;
        assert!((-1e-4..1e-9).contains(&relative), "{relative:e}");
    }
    assert!(fit(scaled(), &train).report.objective < want.report.objective);
}

#[test]
fn scales_take_few_more_sweeps_and_end_where_the_released_solver_ends() {
    let train = with_noise(0.3).train.views;
    let ended = |params: GpaParams| {
        let report = fit(GpaParams { tol: 1e-8, ..params }, &train).report;
        assert_eq!(report.stop, Termination::Converged);
        (report.iterations.unwrap(), report.objective.unwrap())
    };
    let ((plain, _), (with_scales, objective)) = (ended(plain()), ended(scaled()));
    let (_, released) = ended(GpaParams { solver: Solver::Released, max_iter: Some(2000), ..scaled() });
    assert!((objective / released - 1.0).abs() < 1e-7, "{objective} and not {released}");
    assert!((plain + 1..plain + 7).contains(&with_scales), "{with_scales} sweeps, {plain} without scales");
}

#[test]
fn rounds_never_raise_the_objective() {
    let train = permuted(&data().train.views, 2, 0.4);
    for params in [scaled(), robust(Robust::Huber(0.4)), robust(Robust::Tukey(1.0))] {
        for solver in [Solver::Released, Solver::Accelerated] {
            // The looser the tolerance, the fewer rounds; one sweep before them is the same with each.
            let objective = |tol: f64| {
                let base = GpaParams { solver, tol, max_iter: Some(1), ..params.clone() };
                fit(base, &train).report
            };
            let reports: Vec<_> = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 3e-6].into_iter().map(objective).collect();
            let figures: Vec<f64> = reports.iter().map(|report| report.objective.unwrap()).collect();
            assert!(figures.is_sorted_by(|a, b| *a >= *b * (1.0 - 1e-9)), "{figures:?}");
            assert!(figures[0] > figures[6] * (1.0 + 1e-5), "rounds lower it: {figures:?}");
            assert!(reports[0].iterations < reports[6].iterations);
            assert_eq!(reports[6].stop, Termination::Converged);
        }
    }
}

#[test]
fn a_robust_fit_of_clean_data_is_close_to_gpa_and_of_wrong_rows_better() {
    let data = with_noise(1.2);
    let clean = rank1(&fit(plain(), &data.train.views), &data.test.views);
    for loss in [Robust::Huber(0.4), Robust::Tukey(1.2)] {
        let got = rank1(&fit(robust(loss), &data.train.views), &data.test.views);
        assert!((got - clean).abs() < 0.01, "{loss:?}: {got}, GPA {clean}");
    }
    for share in [0.25, 0.5, 0.7] {
        let noisy = permuted(&data.train.views, 2, share);
        let gpa = rank1(&fit(plain(), &noisy), &data.test.views);
        for loss in [Robust::Huber(0.4), Robust::Tukey(1.2)] {
            let got = rank1(&fit(robust(loss), &noisy), &data.test.views);
            assert!(clean - got < 0.67 * (clean - gpa), "{share} {loss:?}: {got}, GPA {gpa}, clean {clean}");
        }
    }
}

#[test]
fn views_that_miss_items_have_weights_too() {
    let train = data().train.views;
    let missing: Vec<bool> = (0..600).map(|row| row % 3 == 0).collect();
    let train = train.with_missing(1, &missing).unwrap();
    let agreement = GpaParams { weights: Weights::Agreement, ..plain() };
    for params in [scaled(), agreement.clone(), robust(Robust::Tukey(1.0))] {
        let report = fit(params, &train).report;
        assert!(report.objective.unwrap() > 0.0 && report.stop == Termination::Converged, "{report:?}");
    }
    let sums = SufficientStatistics::of(&train, Incomplete::MeanOfPresent, Precision::Double);
    let from_sums = |params: GpaParams, sums: &SufficientStatistics| Method::from(params).fit_statistics(sums, 1);
    assert!(from_sums(scaled(), &sums).is_ok());
    let message = "gpa with weights of rows cannot be fitted from sums over rows; pairwise, gpa, gcca, cca, pivot, sumcor, \
                   srm and low_rank_affine can";
    for params in [agreement.clone(), robust(Robust::Huber(1.0))] {
        assert_eq!(from_sums(params, &sums).unwrap_err().to_string(), message);
    }
    let complete = data().train.views;
    let sums = SufficientStatistics::of(&complete, Incomplete::MeanOfPresent, Precision::Double);
    let (one, other) = (from_sums(agreement.clone(), &sums).unwrap(), fit(agreement, &complete));
    assert!((one.report.objective.unwrap() / other.report.objective.unwrap() - 1.0).abs() < 1e-8);
    let unknown = Weights::Given([("v9".to_string(), 1.0)].into());
    let error = Method::from(GpaParams { weights: unknown, ..plain() }).fit(&complete, 0).unwrap_err();
    assert!(matches!(error, AlignError::UnknownView { .. }), "{error}");
}

#[test]
fn defaults_are_written_as_before_there_were_variants() {
    let text = serde_json::to_string(&Method::from(GpaParams::default())).unwrap();
    assert!(!text.contains("scale") && !text.contains("weights") && !text.contains("robust"), "{text}");
    for text in ["gpa", "gcpa", "pairwise"] {
        let method = Method::from_name(text).unwrap();
        let written = serde_json::to_string(&method).unwrap();
        assert_eq!(serde_json::from_str::<Method>(&written).unwrap(), method);
    }
    let text = r#"{"gpa": {"weights": "agreement", "robust": {"tukey": 1.0}}}"#;
    let method: Method = serde_json::from_str(text).unwrap();
    let params: &GpaParams = method.parameters().unwrap();
    assert_eq!((&params.weights, params.robust), (&Weights::Agreement, Some(Robust::Tukey(1.0))));
}

#[test]
fn every_number_of_threads_gives_the_same_bits() {
    let data = data();
    for params in [scaled(), GpaParams { weights: Weights::Agreement, ..robust(Robust::Tukey(1.0)) }] {
        let outputs = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let fitted = fit(params.clone(), &data.train.views).fitted;
                data.test.views.iter().map(|s| fitted.project(s.name(), s.values()).unwrap()).collect::<Vec<_>>()
            })
        };
        assert!(outputs(1) == outputs(3));
    }
}
