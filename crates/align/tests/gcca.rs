//! GCCA beyond the released form: whitening, ridge, ways back.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::linalg::{Threads, product, symmetric_eigen};
use align::methods::decoder::Decoder;
use align::methods::gcca::{Coordinates, GccaParams, Whiten};
use align::prep::ZScore;
use align::synthetic::Synthetic;
use align::{Matrix, Method, Universe, Views};
use common::{Golden, json, max_abs, mean_rank1};

fn fit(params: GccaParams, train: &Views) -> Universe {
    Method::from(params).fit(train, 0).unwrap().fitted.universe().unwrap().clone()
}

/// Rank-1 of the two forms, with all directions and with half of them, as an independent study found it on the
/// authors' cases (golden/README.md).
#[test]
fn whitening_pays_off_at_half_the_rank() {
    for (case, full, want) in
        [("A", 24, [0.468333, 0.366667, 0.491667, 0.6625]), ("B", 40, [0.546167, 0.551, 0.482667, 0.709])]
    {
        let inputs = Golden::read(&format!("case_{case}_inputs.safetensors"));
        let (train, test) = (inputs.views("train"), inputs.views("test"));
        let full = full.min(train.widths().into_iter().min().unwrap());
        let released = |rank| GccaParams { rank: Some(rank), ..GccaParams::default() };
        let forms = [
            released(full),
            GccaParams::textbook(Some(full), 0.0),
            released(full / 2),
            GccaParams::textbook(Some(full / 2), 0.0),
        ];
        for (params, want) in forms.into_iter().zip(want) {
            let universe = fit(params.clone(), &train);
            let projected: Vec<Matrix> = test.iter().map(|s| universe.project(s.name(), s.values()).unwrap()).collect();
            let rank1 = mean_rank1(&projected);
            assert!((rank1 - want).abs() < 0.002, "{case} {params:?}: {rank1}, expected {want}");
        }
    }
}

fn synthetic() -> Views {
    let recipe = Synthetic { widths: vec![10, 8, 12], fit_rows: 150, test_rows: 1, ..Synthetic::default() };
    recipe.generate(3).unwrap().train.views
}

fn standardised(universe: &Universe, train: &Views) -> Vec<Matrix<f64>> {
    let preps: Vec<&ZScore> = universe.views().iter().map(|view| view.prep()).collect();
    train.iter().zip(preps).map(|(space, prep)| prep.apply(space.values()).unwrap().map(|&x| f64::from(x))).collect()
}

/// `Σ_m Z_m W_m` must be eigenvectors of `Σ_m Z_m (Z_mᵀ Z_m + κ n I)⁻¹ Z_mᵀ`, N × N.
#[test]
fn ridge_solves_the_regularised_problem() {
    let train = synthetic();
    let ridge = 0.3;
    let universe = fit(GccaParams::textbook(Some(5), ridge), &train);
    let views = standardised(&universe, &train);
    let n = train.rows();
    let mut projections = Matrix::<f64>::zeros(n, n);
    let mut shared = Matrix::<f64>::zeros(n, 5);
    for (z, view) in views.iter().zip(universe.views()) {
        let gram = product(z.view().transpose(), z.view(), Threads::One);
        let (values, vectors) = symmetric_eigen(gram.view(), &String::new).unwrap();
        let turned = product(z.view(), vectors.view(), Threads::One);
        let scaled = Matrix::from_fn(n, values.len(), |i, k| turned.at(i, k) / (values[k] + ridge * n as f64));
        let part = product(scaled.view(), turned.view().transpose(), Threads::One);
        let map = view.map().unwrap().map(|&x| f64::from(x));
        let seen = product(z.view(), map.view(), Threads::One);
        projections.as_mut_slice().iter_mut().zip(part.as_slice()).for_each(|(a, b)| *a += b);
        shared.as_mut_slice().iter_mut().zip(seen.as_slice()).for_each(|(a, b)| *a += b);
    }
    let images = product(projections.view(), shared.view(), Threads::One);
    let (eigenvalues, _) = symmetric_eigen(projections.view(), &String::new).unwrap();
    for j in 0..5 {
        let dot = |a: &Matrix<f64>, b: &Matrix<f64>| (0..n).map(|i| a.at(i, j) * b.at(i, j)).sum::<f64>();
        let value = dot(&images, &shared) / dot(&shared, &shared);
        assert!((value - eigenvalues[n - 1 - j]).abs() < 1e-5, "{value} and {}", eigenvalues[n - 1 - j]);
        let residual = (0..n).map(|i| (images.at(i, j) - value * shared.at(i, j)).powi(2)).sum::<f64>().sqrt();
        assert!(residual < 1e-4 * dot(&shared, &shared).sqrt(), "column {j}: {residual:e}");
    }
}

#[test]
fn a_pseudo_inverse_brings_a_view_of_full_rank_back_to_itself() {
    let train = synthetic();
    let decoder = Decoder::PseudoInverse;
    for whiten in [Whiten::None, Whiten::InverseSingular] {
        let universe = fit(GccaParams { whiten, decoder, ..GccaParams::default() }, &train);
        let x = train.get("v1").unwrap();
        assert_eq!(universe.width(), x.cols(), "v1 is the narrowest");
        assert!(max_abs(&universe.translate("v1", "v1", x).unwrap(), x) < 1e-4);
        let released = fit(GccaParams { whiten, ..GccaParams::default() }, &train);
        assert!(max_abs(&released.translate("v1", "v1", x).unwrap(), x) > 0.1);
    }
}

/// `Cᵀ (C B − Z_m) = 0`.
#[test]
fn least_squares_leaves_nothing_that_the_consensus_explains() {
    let train = synthetic();
    let params = GccaParams { decoder: Decoder::LeastSquares, ..GccaParams::textbook(Some(6), 0.1) };
    let universe = fit(params, &train);
    let views = standardised(&universe, &train);
    let mut consensus = Matrix::<f64>::zeros(train.rows(), 6);
    for space in train.iter() {
        let u = universe.project_linear(space.name(), space.values()).unwrap();
        consensus.as_mut_slice().iter_mut().zip(u.as_slice()).for_each(|(c, u)| *c += f64::from(*u) / 3.0);
    }
    for (z, view) in views.iter().zip(universe.views()) {
        let back = view.back().unwrap().map(|&x| f64::from(x));
        let mut residual = product(consensus.view(), back.view(), Threads::One);
        residual.as_mut_slice().iter_mut().zip(z.as_slice()).for_each(|(a, b)| *a -= b);
        let left = product(consensus.view().transpose(), residual.view(), Threads::One);
        let all = product(consensus.view().transpose(), z.view(), Threads::One);
        let largest = |m: &Matrix<f64>| m.as_slice().iter().fold(0.0, |a: f64, x| a.max(x.abs()));
        assert!(largest(&left) < 1e-5 * largest(&all), "{:e} of {:e}", largest(&left), largest(&all));
    }
}

#[test]
fn a_ridge_below_zero_is_refused() {
    let error = Method::from(GccaParams::textbook(None, -1.0)).validate().unwrap_err();
    assert_eq!(error.to_string(), "gcca: `ridge` is -1, expected a finite number, 0 or above");
}

/// Every scale of the coordinates with every way back, against a solution that whitens nothing (golden/make_gcca.py).
#[test]
fn coordinates_and_ways_back_are_those_of_a_direct_solution() {
    let (golden, figures) = (Golden::read("gcca.safetensors"), json("gcca.json"));
    let train = Golden::read("case_A_inputs.safetensors").views("train");
    let coordinates = [
        (Coordinates::Weights, "weights"),
        (Coordinates::Carroll, "carroll"),
        (Coordinates::UnitVariance, "unit_variance"),
    ];
    let decoders = [
        (Decoder::Transpose, "transpose"),
        (Decoder::PseudoInverse, "pseudo_inverse"),
        (Decoder::LeastSquares, "least_squares"),
    ];
    for ridge in [0.0, 0.1] {
        for (coordinates, scale) in coordinates {
            for (decoder, way) in decoders {
                let params = GccaParams { coordinates, decoder, ..GccaParams::textbook(Some(12), ridge) };
                let fit = Method::from(params).fit(&train, 0).unwrap();
                let universe = fit.fitted.universe().unwrap();
                let got = universe.map_between("v0", "v1").unwrap().unwrap().map(|&x| x as f32);
                let want = golden.matrix(&format!("{scale}.{way}.{ridge:.1}"));
                let largest = want.as_slice().iter().fold(0.0, |most: f32, x| most.max(x.abs()));
                let gap = max_abs(&got, &want) / largest;
                assert!(gap < 1e-4, "{scale} {way} ridge {ridge}: {gap:e}");
                let objective = figures[format!("objective.{ridge:.1}")].as_f64().unwrap();
                assert!((fit.report.objective.unwrap() / objective - 1.0).abs() < 1e-6);
                if coordinates == Coordinates::UnitVariance {
                    let u = universe.project("v1", train.get("v1").unwrap()).unwrap();
                    let std = ZScore::fit(&u, Default::default()).std().to_vec();
                    assert!(std.iter().all(|std| (std - 1.0).abs() < 1e-4), "{std:?}");
                }
            }
        }
    }
}

#[test]
fn the_default_coordinates_leave_the_parameters_as_they_were_written() {
    let text = serde_json::to_string(&Method::from(GccaParams::default())).unwrap();
    assert!(!text.contains("coordinates"), "{text}");
    let carroll: Method = serde_json::from_str(r#"{"gcca": {"coordinates": "carroll"}}"#).unwrap();
    assert_eq!(serde_json::from_str::<Method>(&serde_json::to_string(&carroll).unwrap()).unwrap(), carroll);
}

/// Columns that are constant, or sums of others, add no direction, and the universe is no wider than the views' directions.
#[test]
fn views_with_columns_that_add_nothing_have_the_universe_of_the_others() {
    let recipe = Synthetic { widths: vec![10; 3], fit_rows: 150, test_rows: 1, ..Synthetic::default() };
    let train = recipe.generate(3).unwrap().train.views;
    let padded = |repeat: bool| {
        let wider = train.iter().map(|view| {
            let (values, own) = (view.values(), view.values().cols());
            let more = |i: usize, j: usize| if repeat { values.at(i, j % own) } else { 0.0 };
            let value = |i: usize, j: usize| if j < own { values.at(i, j) } else { more(i, j) };
            (view.name().to_string(), Matrix::from_fn(train.rows(), 5 * own, value))
        });
        Views::new(wider.collect::<Vec<_>>()).unwrap()
    };
    for (whiten, repeat) in [(Whiten::None, false), (Whiten::InverseSingular, true)] {
        let of = |rank, views: &Views| {
            let fit = Method::from(GccaParams { whiten, rank, ..GccaParams::default() }).fit(views, 0).unwrap();
            let universe = fit.fitted.universe().unwrap().clone();
            let rows = views.iter().map(|view| universe.project(view.name(), view.values()).unwrap());
            (rows.collect::<Vec<_>>(), fit.report.objective.unwrap())
        };
        let ((wide, objective), (narrow, want)) = (of(None, &padded(repeat)), of(None, &train));
        assert_eq!((wide[0].cols(), narrow[0].cols()), (10, 10), "{whiten:?}");
        assert!((objective - want).abs() < 1e-6 * want.max(1.0), "{whiten:?}: {objective} and {want}");
        let rank1 = mean_rank1(&wide);
        assert!((rank1 - mean_rank1(&narrow)).abs() < 1e-3 && rank1 > 0.5, "{whiten:?}: {rank1}");
    }
}
