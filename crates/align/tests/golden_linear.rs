//! Standardisation, pairwise Procrustes, GPA and GCCA against the authors' outputs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::fitted::ViewMap;
use align::methods::gcca::GccaParams;
use align::methods::gpa::GpaParams;
use align::methods::pairwise::PairwiseParams;
use align::prep::{ConstantColumns, ZScore};
use align::{Fitted, Matrix, Method, Termination, Universe};
use common::{Golden, json, max_abs, mean_rank1};

const TIGHT: f32 = 1e-5;

fn universe(fitted: &Fitted) -> &Universe {
    fitted.universe().expect("a universe")
}

#[test]
fn zscore_statistics() {
    for case in ["A", "B"] {
        let inputs = Golden::read(&format!("case_{case}_inputs.safetensors"));
        let expected = Golden::read(&format!("case_{case}_expected.safetensors"));
        let train = inputs.views("train");
        for space in train.iter() {
            let z = ZScore::fit(space.values(), ConstantColumns::Clamp);
            let close = |got: &[f64], name: &str| {
                let want = expected.vector(&format!("zscore.{name}.{}", space.name()));
                assert_eq!(got.len(), want.len());
                for (g, w) in got.iter().zip(&want) {
                    assert!((g - f64::from(*w)).abs() < f64::from(TIGHT), "{case} {} {name}", space.name());
                }
            };
            close(z.mean(), "mean");
            close(z.std(), "std");
        }
    }
}

#[test]
fn zscore_of_a_column_that_is_constant_on_train() {
    let micro = Golden::read("micro.safetensors");
    let (train, test) = (micro.matrix("zconst.train"), micro.matrix("zconst.test"));
    let released = ZScore::fit(&train, ConstantColumns::Released).apply(&test).expect("its width");
    let want = micro.matrix("zconst.test_z_gpa");
    for (got, want) in released.as_slice().iter().zip(want.as_slice()) {
        assert!((got - want).abs() <= TIGHT * want.abs().max(1.0), "{got} against {want}");
    }
    let sample = ZScore::fit_sample(&train);
    let (clamped, want) = (sample.apply(&test).expect("its width"), micro.matrix("zconst.test_z_pw"));
    for j in 0..train.cols() {
        for i in 0..test.rows() {
            // The authors' translator leaves the column that is constant on train in its own unit; here it is left out.
            let want = if sample.std()[j] == 0.0 { 0.0 } else { want.at(i, j) };
            assert!((clamped.at(i, j) - want).abs() < TIGHT, "{i}, {j}");
        }
    }
    let ours = ZScore::fit(&train, ConstantColumns::Clamp);
    assert_eq!(ours.constant_columns(), 1);
    assert!(ours.apply(&test).expect("its width").as_slice().iter().all(|x| x.abs() < 1e3), "clamping keeps it tame");
}

#[test]
fn pairwise_maps() {
    for (case, views) in [("A", 3), ("B", 5)] {
        let train = Golden::read(&format!("case_{case}_inputs.safetensors")).views("train");
        let expected = Golden::read(&format!("case_{case}_expected.safetensors"));
        let fit = Method::from(PairwiseParams::default()).fit(&train, 0).unwrap();
        let Fitted::Pairwise(maps) = &fit.fitted else { panic!("pairwise gives pair maps") };
        for a in 0..views {
            for b in a + 1..views {
                let (a, b) = (format!("v{a}"), format!("v{b}"));
                let want = expected.matrix(&format!("pw.{a}->{b}"));
                assert!(max_abs(&maps.map(&a, &b).unwrap().unwrap(), &want) < TIGHT, "{case} {a}->{b}");
                let back = expected.transposed(&format!("pw.{a}->{b}"));
                assert!(max_abs(&maps.map(&b, &a).unwrap().unwrap(), &back) < TIGHT, "{case} {b}->{a}");
            }
        }
        assert_eq!(fit.report.maps, views * (views - 1) / 2);
        assert_eq!(fit.report.stop, Termination::ClosedForm);
    }
}

fn product(a: &Matrix, b_transposed: &Matrix) -> Matrix {
    align::linalg::product(a.view(), b_transposed.view().transpose(), align::linalg::Threads::One)
}

#[test]
fn gcca_maps_up_to_gauge_and_eigenvalues() {
    for (case, views) in [("A", 3), ("B", 5)] {
        let train = Golden::read(&format!("case_{case}_inputs.safetensors")).views("train");
        let expected = Golden::read(&format!("case_{case}_expected.safetensors"));
        let figures = json(&format!("case_{case}_expected.json"));
        let fit = Method::from(GccaParams::default()).fit(&train, 0).unwrap();
        let maps: Vec<&Matrix> = universe(&fit.fitted).views().iter().map(|v: &ViewMap| v.map().unwrap()).collect();
        for i in 0..views {
            for j in 0..views {
                let q = |m: usize| expected.matrix(&format!("gcca.Q.v{m}"));
                let want = product(&q(i), &q(j));
                let gap = max_abs(&product(maps[i], maps[j]), &want);
                assert!(gap < TIGHT, "{case} Q{i} Q{j}ᵀ differs by {gap:e}");
            }
        }
        let rank = figures["gcca"]["R"].as_u64().unwrap() as usize;
        let eigenvalues = figures["gcca"]["eigenvalues_S_all"].as_array().unwrap();
        let mut eigenvalues: Vec<f64> = eigenvalues.iter().map(|v| v.as_f64().unwrap()).collect();
        eigenvalues.sort_by(f64::total_cmp);
        for r in 1..=rank {
            let params = GccaParams { rank: Some(r), ..Default::default() };
            if r != rank && r % 7 != 0 {
                continue;
            }
            let objective = Method::from(params).fit(&train, 0).unwrap().report.objective.unwrap();
            let want: f64 = eigenvalues[..r].iter().sum();
            assert!((objective - want).abs() < f64::from(TIGHT), "{case} rank {r}: {objective} against {want}");
        }
    }
}

#[test]
fn gpa_reaches_the_known_objective_with_orthogonal_maps() {
    // Best stationary values known for the two cases, from long runs of several starts in f64.
    for (case, best) in [("A", 6839.895165679841), ("B", 26736.322246695927)] {
        let inputs = Golden::read(&format!("case_{case}_inputs.safetensors"));
        let figures = json(&format!("case_{case}_expected.json"));
        let want_rank1 = figures["retrieval_mean"]["GPA"]["r1"].as_f64().unwrap();
        let (train, test) = (inputs.views("train"), inputs.views("test"));
        for seed in 0..4 {
            let fit = Method::from(GpaParams::default()).fit(&train, seed).unwrap();
            let objective = fit.report.objective.unwrap();
            let relative = objective / best - 1.0;
            assert!((-1e-9..1e-3).contains(&relative), "{case} seed {seed}: {objective} against {best}");
            let universe = universe(&fit.fitted);
            for view in universe.views() {
                let wide = view.map().unwrap().map(|&x| f64::from(x));
                let gram = align::linalg::product(wide.view(), wide.view().transpose(), align::linalg::Threads::One);
                for i in 0..gram.rows() {
                    for j in 0..gram.cols() {
                        assert!((gram.at(i, j) - f64::from(u8::from(i == j))).abs() < 1e-6);
                    }
                }
            }
            let projected: Vec<Matrix> = test.iter().map(|s| universe.project(s.name(), s.values()).unwrap()).collect();
            let rank1 = mean_rank1(&projected);
            assert!((rank1 - want_rank1).abs() < 0.015, "{case} seed {seed}: Rank-1 {rank1} against {want_rank1}");
        }
    }
}
