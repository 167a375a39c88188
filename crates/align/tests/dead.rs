//! Views of which nothing varies: they are named, and the others are aligned as without them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod common;

use align::methods::pivot::PivotParams;
use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::prep::unit_rows;
use align::synthetic::Synthetic;
use align::{AlignError, Dataset, Fit, FitWarning, Matrix, Method, Views};
use common::{every_method, standardised};

fn data() -> Dataset {
    Synthetic { widths: vec![12, 12, 9], fit_rows: 300, test_rows: 60, ..Synthetic::default() }.generate(5).unwrap()
}

/// The views with one more at a position, constant or zero.
fn with_dead(train: &Views, at: usize, value: f32) -> Views {
    let mut views: Vec<(String, Matrix)> =
        train.iter().map(|view| (view.name().to_string(), view.values().clone())).collect();
    views.insert(at, ("dead".to_string(), Matrix::from_fn(train.rows(), 10, |_, j| value * (j + 1) as f32)));
    Views::new(views).unwrap()
}

fn translated(fit: &Fit, test: &Views) -> Vec<Matrix> {
    let names = ["v0", "v1", "v2"];
    let pairs = names.iter().flat_map(|s| names.iter().map(move |t| (s, t))).filter(|(s, t)| s != t);
    pairs.map(|(s, t)| fit.fitted.translate(s, t, test.get(s).unwrap()).unwrap()).collect()
}

#[test]
fn the_living_are_aligned_as_without_the_dead_view_which_is_named() {
    let data = data();
    for (name, method) in every_method() {
        let living = method.fit(&data.train.views, 3).unwrap();
        assert!(living.report.warnings.iter().all(|warning| !matches!(warning, FitWarning::DeadView { .. })));
        for value in [0.0, 0.3] {
            // Starts are drawn by position; the last view of an extension is the one that is added.
            let train = with_dead(&data.train.views, if name.starts_with("add_view") { 2 } else { 3 }, value);
            let fit = method.fit(&train, 3).unwrap();
            let dead = FitWarning::DeadView { view: "dead".into() };
            assert_eq!(fit.report.warnings.iter().filter(|warning| **warning == dead).count(), 1, "{name}");
            assert!(fit.report.objective.is_none_or(f64::is_finite), "{name}");
            for (one, other) in translated(&fit, &data.test.views).iter().zip(translated(&living, &data.test.views)) {
                assert!(one.as_slice().iter().all(|x| x.is_finite()), "{name}");
                let (a, b) = (unit_rows(one), unit_rows(&other));
                let dot = |i: usize| a.row(i).iter().zip(b.row(i)).map(|(x, y)| x * y).sum::<f32>();
                let mean = (0..a.rows()).map(dot).sum::<f32>() / a.rows() as f32;
                assert!(mean > 0.98, "{name}, {value}: {mean}");
            }
            for view in ["v0", "dead"] {
                let to =
                    fit.fitted.translate(view, if view == "dead" { "v1" } else { "dead" }, train.get(view).unwrap());
                assert!(to.unwrap().as_slice().iter().all(|x| x.is_finite()), "{name}");
            }
            // What a row of a view holds that did not vary on train says nothing.
            if let Ok(u) = fit.fitted.project("dead", &Matrix::from_fn(3, 10, |i, _| i as f32)) {
                assert!(u.row(0) == u.row(1) && u.row(0) == u.row(2), "{name}");
            }
        }
    }
}

#[test]
fn sums_name_the_dead_view_too() {
    let train = with_dead(&data().train.views, 2, 0.3);
    let mut fitted = 0;
    for (name, method) in every_method() {
        let sums = SufficientStatistics::of(&train, Incomplete::MeanOfPresent, Precision::Double);
        match method.fit_statistics(&sums, 3) {
            Err(AlignError::NeedsRows { .. }) => continue,
            Err(error) => panic!("{name}: {error}"),
            Ok(fit) => assert!(fit.report.warnings.contains(&FitWarning::DeadView { view: "dead".into() }), "{name}"),
        }
        fitted += 1;
    }
    assert_eq!(fitted, 15);
}

#[test]
fn one_living_view_is_aligned_with_nothing() {
    let train = with_dead(&data().train.views, 2, 0.3);
    let train = train.select(&["dead", "v0"]).unwrap();
    for (name, method) in every_method().into_iter().filter(|(name, _)| !name.starts_with("add_view")) {
        let error = method.fit(&train, 3).unwrap_err().to_string();
        assert!(
            error.contains("vary on the training rows are 1, expected at least 2") && error.contains("`dead`"),
            "{name}: {error}"
        );
    }
    let fit = standardised().fit(&train, 3).unwrap();
    assert_eq!(fit.report.warnings, [FitWarning::DeadView { view: "dead".into() }]);
}

#[test]
fn a_dead_view_is_no_pivot() {
    let train = with_dead(&data().train.views, 2, 0.0).select(&["dead", "v0", "v1", "v2"]).unwrap();
    let pivot = |pivot: Option<&str>| {
        Method::from(PivotParams { pivot: pivot.map(str::to_string), ..PivotParams::default() }).fit(&train, 0)
    };
    let universe = pivot(None).unwrap().fitted.universe().unwrap().clone();
    let identity = Matrix::from_fn(12, 12, |i, j| f32::from(u8::from(i == j)));
    let pivots: Vec<&str> = universe.views().iter().filter(|v| v.map() == Some(&identity)).map(|v| v.name()).collect();
    assert!(pivots.len() == 1 && pivots[0] != "dead", "{pivots:?}");
    let error = pivot(Some("dead")).unwrap_err().to_string();
    assert_eq!(error, "pivot: `pivot` is `dead`, which is constant on the training rows, expected a view that varies");
}

#[test]
fn the_authors_divisor_is_warned_of_where_it_is_felt() {
    use align::methods::gpa::GpaParams;
    use align::prep::ConstantColumns;
    let train = data().train.views;
    let small = train.with_values(1, train.at(1).map(|x| x * 1e-7)).unwrap();
    let fit = |train: &Views, constant_columns| {
        let params = GpaParams { constant_columns, ..GpaParams::default() };
        Method::from(params).fit(train, 0).unwrap().report.warnings
    };
    let named = |warnings: &[FitWarning]| -> Vec<String> {
        let view = |warning: &FitWarning| match warning {
            FitWarning::SmallUnit { view, .. } => Some(view.clone()),
            _ => None,
        };
        warnings.iter().filter_map(view).collect()
    };
    assert_eq!(named(&fit(&small, ConstantColumns::Released)), ["v1"]);
    assert!(named(&fit(&small, ConstantColumns::Clamp)).is_empty());
    assert!(named(&fit(&train, ConstantColumns::Released)).is_empty());
}
