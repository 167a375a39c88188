//! No fit depends on the unit of a view, or of a column of one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod common;

use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::synthetic::Synthetic;
use align::{AlignError, Dataset, Fit, Matrix, Method, Views};
use common::{every_method, standardised};

/// Powers of two, so that a view in another unit has the same digits: 8.9e-16, 9.1e-13, 1.1e12 and 1.1e15.
const EXACT: [i32; 4] = [-50, -40, 40, 50];

fn synthetic() -> Dataset {
    Synthetic { widths: vec![12, 12, 9], fit_rows: 200, test_rows: 40, ..Synthetic::default() }.generate(5).unwrap()
}

/// The same with a column of view 1 that is constant on train and not on test, and a mean far from zero.
fn data() -> Dataset {
    let mut data = synthetic();
    let constant = |views: &Views, value: &dyn Fn(usize) -> f32| {
        let x = views.at(1);
        let moved = Matrix::from_fn(x.rows(), x.cols(), |i, j| if j == 4 { value(i) } else { x.at(i, j) + 3.0 });
        views.with_values(1, moved).unwrap()
    };
    data.train.views = constant(&data.train.views, &|_| 0.7);
    data.test.views = constant(&data.test.views, &|i| 0.7 + (i % 3) as f32);
    data
}

/// Column `column` of view 1, or all of it, in units of `1/factor`.
fn in_unit(views: &Views, factor: f32, column: Option<usize>) -> Views {
    let x = views.at(1);
    let moved = Matrix::from_fn(x.rows(), x.cols(), |i, j| match column {
        Some(column) if column != j => x.at(i, j),
        _ => x.at(i, j) * factor,
    });
    views.with_values(1, moved).unwrap()
}

/// What a fit says and gives of the test rows, the view in question in its unit of before.
fn told(fit: &Fit, test: &Views, factor: f32, column: Option<usize>) -> (Option<f64>, Vec<Matrix>) {
    let mut out: Vec<Matrix> =
        test.iter().filter_map(|view| fit.fitted.project(view.name(), view.values()).ok()).collect();
    let names = ["v0", "v1", "v2"];
    for (s, t) in names.iter().flat_map(|s| names.iter().map(move |t| (s, t))).filter(|(s, t)| s != t) {
        let Ok(moved) = fit.fitted.translate(s, t, test.get(s).unwrap()) else { continue };
        out.push(Matrix::from_fn(moved.rows(), moved.cols(), |i, j| match column {
            _ if *t != "v1" => moved.at(i, j),
            Some(column) if column != j => moved.at(i, j),
            _ => moved.at(i, j) / factor,
        }));
    }
    (fit.report.objective, out)
}

fn largest_gap(one: &[Matrix], other: &[Matrix]) -> f32 {
    assert_eq!(one.len(), other.len());
    let gap = |(a, b): (&Matrix, &Matrix)| {
        let scale = a.as_slice().iter().fold(0.0f32, |most, x| most.max(x.abs()));
        let gap = a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        gap / scale.max(f32::MIN_POSITIVE)
    };
    one.iter().zip(other).map(gap).fold(0.0, f32::max)
}

/// Whether what a method minimises does not depend on the units of single columns: the error of a network is in those of the
/// target.
fn standardises(name: &str) -> bool {
    name != "residual_mlp"
}

#[test]
fn a_view_in_another_unit_gives_the_same_fit() {
    let data = data();
    for (name, method) in every_method().into_iter().chain([("na", standardised())]) {
        for column in [None, Some(2), Some(4)].into_iter().filter(|column| column.is_none() || standardises(name)) {
            let (objective, want) = told(&method.fit(&data.train.views, 3).unwrap(), &data.test.views, 1.0, column);
            for power in EXACT {
                let factor = 2f32.powi(power);
                let moved = |views: &Views| in_unit(views, factor, column);
                let fit = method.fit(&moved(&data.train.views), 3).unwrap();
                let (other, got) = told(&fit, &moved(&data.test.views), factor, column);
                assert!(
                    objective == other && want == got,
                    "{name}, 2^{power}, {column:?}: {:e}",
                    largest_gap(&want, &got)
                );
            }
        }
    }
}

/// Digits differ by rounding, which sweeps and training carry further than closed forms do. Every column varies here:
/// what a rotation does to a direction that no view has is rounding itself.
#[test]
fn factors_that_round_the_digits_move_a_fit_no_further_than_rounding() {
    let data = synthetic();
    for (name, method) in every_method().into_iter().chain([("na", standardised())]) {
        for column in [None, Some(2)].into_iter().filter(|column| column.is_none() || standardises(name)) {
            let (_, want) = told(&method.fit(&data.train.views, 3).unwrap(), &data.test.views, 1.0, column);
            for factor in [1e-15f32, 1e-7, 1e15] {
                let moved = |views: &Views| in_unit(views, factor, column);
                let fit = method.fit(&moved(&data.train.views), 3).unwrap();
                let (_, got) = told(&fit, &moved(&data.test.views), factor, column);
                let gap = largest_gap(&want, &got);
                // Hundreds of steps of gradient descent carry rounding further.
                let most = if standardises(name) { 1e-2 } else { 5e-2 };
                assert!(gap < most, "{name}, {factor:e}, {column:?}: {gap:e}");
            }
        }
    }
}

#[test]
fn sums_of_a_view_in_another_unit_give_the_same_fit() {
    let data = data();
    let fit = |method: &Method, views: &Views, precision| {
        let rows = |range: std::ops::Range<usize>| views.select_rows(&range.collect::<Vec<_>>());
        let mut sums = SufficientStatistics::of(&rows(0..70), Incomplete::MeanOfPresent, precision);
        sums.merge(&SufficientStatistics::of(&rows(70..200), Incomplete::MeanOfPresent, precision)).unwrap();
        method.fit_statistics(&sums, 3)
    };
    for (name, method) in every_method() {
        for precision in [Precision::Double, Precision::Single] {
            let want = match fit(&method, &data.train.views, precision) {
                Err(AlignError::NeedsRows { .. }) => continue,
                fit => told(&fit.unwrap(), &data.test.views, 1.0, None),
            };
            for power in EXACT {
                let factor = 2f32.powi(power);
                let moved = |views: &Views| in_unit(views, factor, None);
                let fit = fit(&method, &moved(&data.train.views), precision).unwrap();
                assert!(told(&fit, &moved(&data.test.views), factor, None) == want, "{name}, 2^{power}, {precision:?}");
            }
        }
    }
}
