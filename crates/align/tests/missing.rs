//! Fits on views that miss items.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use align::methods::gcpa::GcpaParams;
use align::methods::gpa::GpaParams;
use align::planted::Planted;
use align::prep::unit_rows;
use align::{AlignError, Dataset, Matrix, Method, Spaces};

fn data() -> Dataset {
    let recipe = Planted { widths: vec![12, 12, 9], fit_rows: 300, test_rows: 60, ..Planted::default() };
    recipe.generate(5).unwrap()
}

fn methods() -> Vec<Method> {
    let gcpa = GcpaParams { epochs: Some(2), steps_per_epoch: 30, ..GcpaParams::default() };
    vec![
        Method::Pairwise(Default::default()),
        Method::Gpa(GpaParams { max_iter: Some(30), ..GpaParams::default() }),
        Method::Gcca(Default::default()),
        Method::Gcpa(gcpa),
        Method::Extend(Default::default()),
    ]
}

/// View `view` misses every `nth` item, counted from `from`.
fn without(spaces: &Spaces, view: usize, from: usize, nth: usize) -> Spaces {
    let missing: Vec<bool> = (0..spaces.rows()).map(|row| row % nth == from).collect();
    spaces.with_missing(view, &missing).unwrap()
}

/// Every view's test rows in every other view's coordinates.
fn outputs(method: &Method, train: &Spaces, test: &Spaces) -> Vec<Matrix> {
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
    let clean = &data.train.spaces;
    let mut garbage = clean.at(1).clone();
    (0..garbage.rows()).filter(|row| row % 3 == 1).for_each(|row| garbage.row_mut(row).fill(1e6));
    let spoilt = clean.with_values(1, garbage).unwrap();
    for method in methods() {
        let one = outputs(&method, &without(clean, 1, 1, 3), &data.test.spaces);
        let other = outputs(&method, &without(&spoilt, 1, 1, 3), &data.test.spaces);
        assert!(one == other, "{}", method.name());
    }
}

#[test]
fn an_item_that_no_view_has_is_as_good_as_dropped() {
    let data = data();
    let mut gone = data.train.spaces.clone();
    for view in 0..3 {
        gone = without(&gone, view, 2, 4);
    }
    let kept: Vec<usize> = (0..300).filter(|row| row % 4 != 2).collect();
    let dropped = data.train.spaces.select_rows(&kept);
    for method in methods() {
        let pairs =
            outputs(&method, &gone, &data.test.spaces).into_iter().zip(outputs(&method, &dropped, &data.test.spaces));
        for (one, other) in pairs {
            let gap = one.as_slice().iter().zip(other.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(gap < 2e-3, "{}: {gap:e}", method.name());
        }
    }
}

/// `Σ_i Σ_{m∈V_i} |z_mi R_m − C_i|²` with C_i the mean over V_i, from the maps themselves.
#[test]
fn gpa_reports_and_lowers_the_objective_of_the_rows_that_there_are() {
    let data = data();
    let train = without(&without(&data.train.spaces, 0, 0, 3), 2, 1, 5);
    let objective = |sweeps: usize| {
        let method = Method::Gpa(GpaParams { max_iter: Some(sweeps), ..GpaParams::default() });
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
    let train = without(&without(&data.train.spaces, 0, 0, 5), 1, 1, 5);
    for method in methods() {
        for (one, other) in outputs(&method, &data.train.spaces, &data.test.spaces).iter().zip(&outputs(
            &method,
            &train,
            &data.test.spaces,
        )) {
            let (a, b) = (unit_rows(one), unit_rows(other));
            let dot = |i: usize| a.row(i).iter().zip(b.row(i)).map(|(x, y)| x * y).sum::<f32>();
            let mean = (0..a.rows()).map(dot).sum::<f32>() / a.rows() as f32;
            assert!(mean > 0.8, "{}: mean cosine {mean}", method.name());
        }
    }
}

#[test]
fn too_few_rows_in_common_are_refused_with_the_views_named() {
    let spaces = data().train.spaces;
    let odd = |view: usize, spaces: &Spaces| without(spaces, view, view % 2, 2);
    let apart = odd(1, &odd(0, &spaces));
    let error = Method::Pairwise(Default::default()).fit(&apart, 0).unwrap_err();
    assert_eq!(error, AlignError::NoCommonRows { method: "pairwise", a: "v0".into(), b: "v1".into() });
    assert!(Method::Gpa(Default::default()).fit(&apart, 0).is_ok(), "the third view links them");
    let none = spaces.with_missing(0, &[true; 300]).unwrap();
    let error = Method::Gpa(Default::default()).fit(&none, 0).unwrap_err().to_string();
    assert_eq!(error, "view `v0` has 0 of the rows to fit on, wanted at least 2; lower the share of missing rows");
}
