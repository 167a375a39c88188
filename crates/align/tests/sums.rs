//! Sums over rows: in pieces as in one go, and fits from them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::ops::Range;

mod common;

use align::methods::gpa::GpaParams;
use align::methods::na::NaParams;
use align::moments::{Incomplete, Moments, Precision, SufficientStatistics};
use align::prep::{ConstantColumns, Standardisation};
use align::synthetic::Synthetic;
use align::{AlignError, Fit, Matrix, Method, Views};
use common::{every_method, standardised};

const DOUBLE: Precision = Precision::Double;
const POPULATION: Standardisation = Standardisation::Population(ConstantColumns::Clamp);

/// Synthetic views far from the origin, the columns in units from a thousandth to a thousand.
fn views(rows: usize) -> Views {
    let recipe = Synthetic { widths: vec![12, 12, 9, 12], fit_rows: rows, test_rows: 1, ..Synthetic::default() };
    let mut views = recipe.generate(5).unwrap().train.views;
    for m in 0..views.len() {
        let x = views.at(m);
        let unit = |j: usize| 10f32.powi(j as i32 % 7 - 3);
        let moved = Matrix::from_fn(x.rows(), x.cols(), |i, j| unit(j) * (x.at(i, j) + 30.0 * (j as f32 - 4.0)));
        views = views.with_values(m, moved).unwrap();
    }
    views
}

fn incomplete(views: &Views) -> Views {
    let missing = |from: usize, nth: usize| (0..views.rows()).map(|row| row % nth == from).collect::<Vec<_>>();
    views.with_missing(1, &missing(1, 3)).unwrap().with_missing(2, &missing(0, 5)).unwrap()
}

fn rows(views: &Views, range: Range<usize>) -> Views {
    views.select_rows(&range.collect::<Vec<_>>())
}

/// The largest difference of standardised Gram entries, in units of the number of rows.
fn gap(one: &Moments, other: &Moments) -> f64 {
    assert_eq!(one.names(), other.names());
    let (a, b) = (one.gram(), other.gram());
    let n = one.rows(0, 0) as f64;
    let mut worst = (one.energy() / other.energy() - 1.0).abs();
    for i in 0..a.rows() {
        for j in 0..a.cols() {
            worst = worst.max((a[(i, j)] - b[(i, j)]).abs() / n);
        }
    }
    worst
}

fn moments(sums: &SufficientStatistics) -> Moments {
    Moments::of(sums, POPULATION).unwrap()
}

const WEIGHTS: [Incomplete; 2] = [Incomplete::PairwiseComplete, Incomplete::MeanOfPresent];

#[test]
fn pieces_add_up_to_the_whole() {
    let whole = views(900);
    for data in [whole.clone(), incomplete(&whole)] {
        for weights in WEIGHTS {
            let want = Moments::fit(&data, weights, POPULATION).unwrap();
            let mut sums = SufficientStatistics::of(&rows(&data, 0..40), weights, DOUBLE);
            sums.add(&rows(&data, 40..700)).unwrap();
            sums.merge(&SufficientStatistics::of(&rows(&data, 700..900), weights, DOUBLE)).unwrap();
            assert!(gap(&moments(&sums), &want) < 1e-11, "{:e}", gap(&moments(&sums), &want));
            assert_eq!((sums.rows(), sums.shared(1, 2)), (900, want.rows(1, 2)));
        }
    }
}

#[test]
fn a_fold_taken_out_leaves_the_other_rows() {
    let whole = views(900);
    for data in [whole.clone(), incomplete(&whole)] {
        for weights in WEIGHTS {
            let want = Moments::fit(&rows(&data, 300..900), weights, POPULATION).unwrap();
            let mut sums = SufficientStatistics::of(&data, weights, DOUBLE);
            sums.subtract(&SufficientStatistics::of(&rows(&data, 0..300), weights, DOUBLE)).unwrap();
            assert!(gap(&moments(&sums), &want) < 1e-11);
            assert!(sums.subtract(&SufficientStatistics::of(&data, weights, DOUBLE)).is_err());
            sums.subtract(&SufficientStatistics::of(&rows(&data, 300..900), weights, DOUBLE)).unwrap();
            assert_eq!(sums.rows(), 0, "all of them may go");
        }
    }
}

#[test]
fn views_come_and_go() {
    let whole = views(400);
    for data in [whole.clone(), incomplete(&whole)] {
        let weights = Incomplete::PairwiseComplete;
        let all = SufficientStatistics::of(&data, weights, DOUBLE);
        let two = all.select(&["v3", "v1"]).unwrap();
        let want = Moments::fit(&data.select(&["v3", "v1"]).unwrap(), weights, POPULATION).unwrap();
        assert!(gap(&moments(&two), &want) < 1e-11);

        let three = all.select(&["v0", "v1", "v2"]).unwrap();
        let chunks = [300..400, 0..300].map(|range| Ok::<_, AlignError>(rows(&data, range)));
        let four = three.with_view(chunks).unwrap();
        assert!(gap(&moments(&four), &moments(&all)) < 1e-11);
        let few = three.with_view([Ok::<_, AlignError>(rows(&data, 0..300))]);
        assert!(matches!(few, Err(AlignError::RowMismatch { got: 300, want: 400, .. })));
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let data = views(100);
    let mut sums = SufficientStatistics::of(&data, Incomplete::PairwiseComplete, DOUBLE);
    let other = SufficientStatistics::of(&data.select(&["v1", "v0"]).unwrap(), Incomplete::PairwiseComplete, DOUBLE);
    let message = sums.merge(&other).unwrap_err().to_string();
    assert_eq!(message, "these sums are of `v1` (12), `v0` (12), expected `v0` (12), `v1` (12), `v2` (9), `v3` (12)");
    assert!(sums.merge(&SufficientStatistics::of(&data, Incomplete::MeanOfPresent, DOUBLE)).is_err());

    let gpa = Method::from(GpaParams::default());
    let pairwise = SufficientStatistics::of(&incomplete(&data), Incomplete::PairwiseComplete, DOUBLE);
    assert!(matches!(gpa.fit_statistics(&pairwise, 1), Err(AlignError::OtherViews { .. })));
    assert!(gpa.fit_statistics(&sums, 1).is_ok(), "without missing rows both weights are the same");
    assert!(matches!(
        Method::from(NaParams::default()).fit_statistics(&sums, 1),
        Err(AlignError::NeedsRows { method: "na", .. })
    ));
    let weighted = SufficientStatistics::of(&incomplete(&data), Incomplete::MeanOfPresent, DOUBLE);
    assert!(matches!(weighted.select(&["v0", "v1"]), Err(AlignError::OtherViews { .. })));
}

#[test]
fn single_precision_is_off_by_what_its_documentation_says() {
    let data = views(6000);
    let want = Moments::fit(&data, Incomplete::MeanOfPresent, POPULATION).unwrap();
    let mut single = SufficientStatistics::of(&rows(&data, 0..100), Incomplete::MeanOfPresent, Precision::Single);
    single.add(&rows(&data, 100..6000)).unwrap();
    let gap = gap(&moments(&single), &want);
    assert!(gap > 1e-12 && gap < 5e-7, "{gap:e}");
}

#[test]
fn a_fit_from_sums_is_the_fit_from_rows() {
    let data = views(800);
    let mut fitted = 0;
    for data in [data.clone(), incomplete(&data)] {
        for (name, method) in every_method().into_iter().chain([("na", standardised())]) {
            let weights = method.moments().map_or(Incomplete::PairwiseComplete, |method| method.spec().incomplete);
            let chunks = [0..100, 100..450, 450..800].map(|range| Ok::<_, AlignError>(rows(&data, range)));
            let sums = SufficientStatistics::collect(chunks, weights, DOUBLE).unwrap().unwrap();
            let from =
                |fit: Fit| (fit.report.objective.unwrap(), fit.fitted.translate("v0", "v3", data.at(0)).unwrap());
            let (one, translated) = match (method.fit(&data, 3), method.fit_statistics(&sums, 3)) {
                (Ok(fit), Ok(_)) => from(fit),
                (Ok(_), Err(AlignError::NeedsRows { .. })) => continue,
                (fit, sums) => panic!("{name}: {:?}, {:?}", fit.err(), sums.err()),
            };
            let (other, again) = from(method.fit_statistics(&sums, 3).unwrap());
            assert!((one / other - 1.0).abs() < 1e-8, "{name}: {one} and {other}");
            for (a, b) in translated.as_slice().iter().zip(again.as_slice()) {
                assert!((a - b).abs() <= 1e-3 * a.abs().max(0.1), "{name}: {a} and {b}");
            }
            fitted += 1;
        }
    }
    // All but no alignment, what trains on rows, robust GPA, and with missing rows GPA with weights.
    assert_eq!(fitted, 2 * 15 - 1);
}

#[test]
fn a_view_that_changes_what_items_count_is_not_added_to_their_sums() {
    let whole = views(400);
    let add =
        |sums: &SufficientStatistics, chunks: Vec<Views>| sums.with_view(chunks.into_iter().map(Ok::<_, AlignError>));
    let names = ["v0", "v1", "v2"];
    for (weights, data) in [
        (Incomplete::MeanOfPresent, whole.with_missing(3, &(0..400).map(|i| i % 3 == 0).collect::<Vec<_>>()).unwrap()),
        // The old views miss rows in the chunks that the sums had.
        (Incomplete::MeanOfPresent, incomplete(&whole)),
        (Incomplete::PairwiseComplete, incomplete(&whole)),
    ] {
        let three = SufficientStatistics::of(&whole.select(&names).unwrap(), weights, DOUBLE);
        let error = add(&three, vec![rows(&data, 0..200), rows(&data, 200..400)]);
        assert!(matches!(error, Err(AlignError::OtherViews { .. })), "{weights:?}");
        let error = add(&three, Vec::new()).unwrap_err();
        assert!(matches!(error, AlignError::TooFewRows { got: 0, want: 400, .. }), "{error}");
    }
    // Without missing rows, and under weights that no view changes, it is.
    let three = SufficientStatistics::of(&whole.select(&names).unwrap(), Incomplete::MeanOfPresent, DOUBLE);
    let four = add(&three, vec![whole.clone()]).unwrap();
    assert!(
        gap(&moments(&four), &moments(&SufficientStatistics::of(&whole, Incomplete::MeanOfPresent, DOUBLE))) < 1e-11
    );
}

#[test]
fn a_chunk_without_a_row_of_a_view_is_no_loss() {
    let whole = views(300);
    let late: Vec<bool> = (0..300).map(|row| row < 100).collect();
    let data = whole.with_missing(1, &late).unwrap();
    for weights in WEIGHTS {
        let mut sums = SufficientStatistics::of(&rows(&data, 0..80), weights, DOUBLE);
        sums.add(&rows(&data, 80..300)).unwrap();
        let want = Moments::fit(&data, weights, POPULATION).unwrap();
        assert!(gap(&moments(&sums), &want) < 1e-11, "{:e}", gap(&moments(&sums), &want));
        let mut sums = SufficientStatistics::of(&rows(&data, 0..80), weights, DOUBLE);
        sums.merge(&SufficientStatistics::of(&rows(&data, 80..300), weights, DOUBLE)).unwrap();
        assert!(gap(&moments(&sums), &want) < 1e-11, "{:e}", gap(&moments(&sums), &want));
    }
}

#[test]
fn a_column_that_is_constant_in_what_is_left_is_constant() {
    let whole = views(200);
    let mut x = whole.at(0).clone();
    (50..200).for_each(|row| x.row_mut(row)[2] = 7.25);
    let data = whole.with_values(0, x).unwrap();
    let mut sums = SufficientStatistics::of(&data, Incomplete::PairwiseComplete, DOUBLE);
    sums.subtract(&SufficientStatistics::of(&rows(&data, 0..50), Incomplete::PairwiseComplete, DOUBLE)).unwrap();
    assert_eq!(moments(&sums).preps()[0].constant_columns(), 1);
}

#[test]
fn the_consensus_of_shifted_rows_keeps_its_covariance() {
    let recipe = Synthetic { widths: vec![6; 3], fit_rows: 500, test_rows: 1, ..Synthetic::default() };
    let train = recipe.generate(1).unwrap().train.views;
    let fitted = every_method().into_iter().find(|(name, _)| *name == "gpa").unwrap().1.fit(&train, 0).unwrap().fitted;
    let universe = fitted.universe().unwrap();
    // Exact in `f32`, but the mean is five million deviations away.
    let far = (0..3).fold(train.clone(), |views, m| {
        let moved = views.at(m).map(|&x| (x * 16.0).round() / 16.0 + 524_288.0);
        views.with_values(m, moved).unwrap()
    });
    let near = (0..3).fold(train.clone(), |views, m| {
        let moved = views.at(m).map(|&x| (x * 16.0).round() / 16.0);
        views.with_values(m, moved).unwrap()
    });
    let consensus = |rows: &Views| {
        let sums = SufficientStatistics::of(rows, Incomplete::PairwiseComplete, DOUBLE);
        align::Consensus::of_statistics(universe, &sums).unwrap().unwrap()
    };
    let (far, near) = (consensus(&far), consensus(&near));
    for (a, b) in far.covariance().as_slice().iter().zip(near.covariance().as_slice()) {
        assert!((a - b).abs() < 1e-9 * near.spread(), "{a} and {b}");
    }
    assert!(near.shift_to(&far) > 1e5);
}
