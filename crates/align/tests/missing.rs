//! Fits on views that miss items.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod common;

use align::linalg::{Threads, product};
use align::methods::gpa::GpaParams;
use align::methods::pairwise::PairwiseParams;
use align::prep::unit_rows;
use align::synthetic::Synthetic;
use align::{AlignError, Dataset, Matrix, Method, Views};
use common::{every_method, standardised};

fn data() -> Dataset {
    let recipe = Synthetic { widths: vec![12, 12, 9], fit_rows: 300, test_rows: 60, ..Synthetic::default() };
    recipe.generate(5).unwrap()
}

/// View `view` misses every `nth` item, counted from `from`.
fn without(views: &Views, view: usize, from: usize, nth: usize) -> Views {
    let missing: Vec<bool> = (0..views.rows()).map(|row| row % nth == from).collect();
    views.with_missing(view, &missing).unwrap()
}

/// Every view's test rows in every other view's coordinates.
fn outputs(method: &Method, train: &Views, test: &Views) -> Vec<Matrix> {
    let fit = method.fit(train, 7).unwrap();
    let names: Vec<&str> = test.names().collect();
    let mut out = Vec::new();
    for source in &names {
        for target in names.iter().filter(|target| *target != source) {
            out.push(fit.fitted.translate(source, target, test.get(source).unwrap()).unwrap());
        }
    }
    out
}

#[test]
fn what_stood_in_a_missing_row_changes_nothing() {
    let data = data();
    let clean = &data.train.views;
    let mut garbage = clean.at(1).clone();
    (0..garbage.rows()).filter(|row| row % 3 == 1).for_each(|row| garbage.row_mut(row).fill(1e6));
    let spoilt = clean.with_values(1, garbage).unwrap();
    for (name, method) in every_method() {
        let one = outputs(&method, &without(clean, 1, 1, 3), &data.test.views);
        let other = outputs(&method, &without(&spoilt, 1, 1, 3), &data.test.views);
        assert!(one == other, "{name}");
    }
}

#[test]
fn an_item_that_no_view_has_is_as_good_as_dropped() {
    let data = data();
    let mut gone = data.train.views.clone();
    for view in 0..3 {
        gone = without(&gone, view, 2, 4);
    }
    let kept: Vec<usize> = (0..300).filter(|row| row % 4 != 2).collect();
    let dropped = data.train.views.select_rows(&kept);
    for (name, method) in every_method() {
        let pairs =
            outputs(&method, &gone, &data.test.views).into_iter().zip(outputs(&method, &dropped, &data.test.views));
        for (one, other) in pairs {
            let gap = one.as_slice().iter().zip(other.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(gap < 2e-3, "{name}: {gap:e}");
        }
    }
}

/// `Σ_i Σ_{m∈V_i} |z_mi R_m − C_i|²` with C_i the mean over V_i, from the maps themselves.
#[test]
fn gpa_reports_and_lowers_the_objective_of_the_rows_that_there_are() {
    let data = data();
    let train = without(&without(&data.train.views, 0, 0, 3), 2, 1, 5);
    let objective = |sweeps: usize| {
        let method = Method::from(GpaParams { max_iter: Some(sweeps), ..GpaParams::default() });
        let fit = method.fit(&train, 7).unwrap();
        let universe = fit.fitted.universe().unwrap();
        let views: Vec<Matrix> = train.iter().map(|s| universe.project_linear(s.name(), s.values()).unwrap()).collect();
        let mut total = 0.0;
        for row in 0..train.rows() {
            let present: Vec<&[f32]> = (0..3).filter(|&m| train.nth(m).has(row)).map(|m| views[m].row(row)).collect();
            for j in 0..universe.width() {
                let mean = present.iter().map(|u| f64::from(u[j])).sum::<f64>() / present.len() as f64;
                total += present.iter().map(|u| (f64::from(u[j]) - mean).powi(2)).sum::<f64>();
            }
        }
        assert!((fit.report.objective.unwrap() / total - 1.0).abs() < 1e-5);
        total
    };
    let figures = [1, 3, 10, 40].map(objective);
    assert!(figures.is_sorted_by(|a, b| a > b), "{figures:?}");
}

#[test]
fn fits_on_incomplete_views_stay_close_to_those_on_complete_ones() {
    let data = data();
    let train = without(&without(&data.train.views, 0, 0, 5), 1, 1, 5);
    for (name, method) in every_method() {
        for (one, other) in outputs(&method, &data.train.views, &data.test.views).iter().zip(&outputs(
            &method,
            &train,
            &data.test.views,
        )) {
            let (a, b) = (unit_rows(one), unit_rows(other));
            let dot = |i: usize| a.row(i).iter().zip(b.row(i)).map(|(x, y)| x * y).sum::<f32>();
            let mean = (0..a.rows()).map(dot).sum::<f32>() / a.rows() as f32;
            assert!(mean > 0.8, "{name}: mean cosine {mean}");
        }
    }
}

#[test]
fn too_few_rows_in_common_are_refused_with_the_views_named() {
    let views = data().train.views;
    let odd = |view: usize, views: &Views| without(views, view, view % 2, 2);
    let apart = odd(1, &odd(0, &views));
    let error = Method::from(PairwiseParams::default()).fit(&apart, 0).unwrap_err();
    let (a, b) = ("v0".to_string(), "v1".to_string());
    assert_eq!(error, AlignError::NoCommonRows { method: "pairwise", a, b, got: 0, want: 2 });
    assert!(Method::from(GpaParams::default()).fit(&apart, 0).is_ok(), "the third view links them");
    let none = views.with_missing(0, &[true; 300]).unwrap();
    let error = Method::from(GpaParams::default()).fit(&none, 0).unwrap_err().to_string();
    assert_eq!(error, "view `v0` has 0 of the rows to fit on, expected at least 2; lower the share of missing rows");
}

#[test]
fn one_row_aligns_nothing() {
    let views = data().train.views;
    for (name, method) in every_method().into_iter().chain([("na", standardised())]) {
        let error = method.fit(&views.select_rows(&[3]), 0).unwrap_err().to_string();
        assert!(error.contains("expected at least 2"), "{name}: {error}");
    }
    // Of two views that share a single row, any rotation fits it.
    let apart: Vec<bool> = (0..300).map(|row| row < 150).collect();
    let rest: Vec<bool> = (0..300).map(|row| row > 150).collect();
    let touching =
        views.select(&["v0", "v1"]).unwrap().with_missing(0, &apart).unwrap().with_missing(1, &rest).unwrap();
    for (name, method) in every_method().into_iter().filter(|(name, _)| !name.starts_with("add_view")) {
        let error = method.fit(&touching, 0).unwrap_err().to_string();
        assert!(error.contains("at least 2"), "{name}: {error}");
    }
}

#[test]
fn groups_of_views_without_a_common_row_are_named() {
    let recipe = Synthetic { widths: vec![8; 5], fit_rows: 200, ..Synthetic::default() };
    let mut views = recipe.generate(2).unwrap().train.views;
    let first: Vec<bool> = (0..200).map(|row| row < 100).collect();
    let second: Vec<bool> = (0..200).map(|row| row >= 100).collect();
    for view in 0..5 {
        views = views.with_missing(view, if view % 2 == 0 { &first } else { &second }).unwrap();
    }
    let mut asked = 0;
    for (name, method) in every_method() {
        let error = method.fit(&views, 0).unwrap_err();
        if let AlignError::Apart { groups, .. } = &error {
            assert_eq!(
                groups,
                if name.starts_with("add_view") {
                    "`v0`, `v2` and `v1`, `v3`"
                } else {
                    "`v0`, `v2`, `v4` and `v1`, `v3`"
                }
            );
            asked += 1;
        } else {
            let text = error.to_string();
            assert!(text.contains("rows in common") || text.contains("matched rows"), "{name}: {text}");
        }
    }
    assert!(asked >= 10, "{asked}");
    // One view that has rows of either group joins them.
    let joined = views.select(&["v0", "v1", "v2", "v3"]).unwrap();
    let all = recipe.generate(2).unwrap().train.views;
    let joined = Views::new(all.iter().map(|view| (view.name().to_string(), view.values().clone())))
        .and_then(|all| (0..4).try_fold(all, |all, m| all.with_missing(m, if m % 2 == 0 { &first } else { &second })))
        .unwrap_or(joined);
    assert!(Method::from(GpaParams::default()).fit(&joined, 0).is_ok());
}

#[test]
fn linear_is_fitted_on_items_of_two_views() {
    let data = data();
    // The first view alone has the last 60 items.
    let alone: Vec<bool> = (0..300).map(|row| row >= 240).collect();
    let train = data.train.views.with_missing(1, &alone).unwrap().with_missing(2, &alone).unwrap();
    let method = every_method().into_iter().find(|(name, _)| *name == "consensus_ridge").unwrap().1;
    let base = method.base().unwrap().method.fit(&train, 0).unwrap();
    let outputs = |train: &Views| {
        let fit = method.fit_on(&base, train, 0).unwrap();
        (fit.report.objective, fit.fitted.project("v0", data.test.views.at(0)).unwrap())
    };
    let shared: Vec<usize> = (0..240).collect();
    assert!(outputs(&train) == outputs(&train.select_rows(&shared)));
}

#[test]
fn whitened_sumcor_has_unit_variance_over_items_as_they_count() {
    let data = data();
    let train = without(&without(&data.train.views, 0, 0, 3), 2, 1, 5);
    let method = every_method().into_iter().find(|(name, _)| *name == "sumcor, whitened").unwrap().1;
    let fit = method.fit(&train, 0).unwrap();
    for view in train.iter() {
        let u = fit.fitted.project(view.name(), view.values()).unwrap();
        let (mut rows, mut total) = (u.map(|&x| f64::from(x)), 0.0);
        for i in 0..u.rows() {
            let weight = if view.has(i) { 3.0 / train.views_of(i) as f64 } else { 0.0 };
            total += weight;
            rows.row_mut(i).iter_mut().for_each(|x| *x *= weight.sqrt());
        }
        let gram = product(rows.view().transpose(), rows.view(), Threads::One);
        // A narrow view has as many live columns as it is wide.
        let live = (0..gram.rows()).filter(|&j| gram.at(j, j) > 1e-6 * total).count();
        assert_eq!(live, view.values().cols());
        for i in 0..gram.rows() {
            for j in 0..gram.cols() {
                let want = if i == j && gram.at(i, i) > 1e-6 * total { 1.0 } else { 0.0 };
                assert!(
                    (gram.at(i, j) / total - want).abs() < 1e-4,
                    "{}: {i}, {j}: {}",
                    view.name(),
                    gram.at(i, j) / total
                );
            }
        }
    }
}
