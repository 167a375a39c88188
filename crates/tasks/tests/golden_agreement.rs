//! Agreement against the reference's figures.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::Method;
use align::methods::gcca::GccaParams;
use align::methods::gcpa::GcpaParams;
use align::methods::gpa::GpaParams;
use align::methods::na::Scale;
use common::{case, expected, na, score};
use tasks::{ConsistencyParams, Task, TaskInput};

#[test]
fn agreement_of_all_views() {
    let expected = expected();
    let gpa = Method::from(GpaParams::default());
    let gcca = Method::from(GccaParams::default());
    for (letter, method, name, tolerance) in [
        ("a", na(Scale::Raw), "NA_raw", 1e-5),
        ("a", na(Scale::zscore()), "NA_zscore", 1e-5),
        ("a", gcca.clone(), "GCCA", 1e-4),
        ("b", gcca, "GCCA", 1e-4),
        ("a", gpa.clone(), "GPA", 0.006),
        ("b", gpa, "GPA", 0.006),
    ] {
        let scores = score(&method, &Task::from(ConsistencyParams::default()), &case(letter)).scores;
        assert_eq!(scores.len(), 3);
        for score in scores {
            let key = score.metric.name();
            let want = expected[format!("case_{letter}")]["agreement"][name][key].as_f64().expect("a figure");
            let tolerance = if key == "delta_pos" { 2.5 * tolerance } else { tolerance };
            let got = score.value.expect("applies");
            assert!((got - want).abs() <= tolerance, "{letter} {name} {key}: {got}, reference {want}");
        }
    }
}

/// The authors' figures of GCPA are means over five seeds.
#[test]
fn agreement_under_gcpa_lies_in_the_bands_of_the_authors_seeds() {
    let expected = expected();
    for letter in ["a", "b"] {
        let data = case(letter);
        let mut sums = std::collections::BTreeMap::<&str, f64>::new();
        let seeds = 3;
        for seed in 0..seeds {
            let fit = Method::from(GcpaParams::default()).fit(&data.train.views, seed).expect("fits");
            let scores =
                Task::from(ConsistencyParams::default()).score(&TaskInput::new(&fit.fitted, &data)).expect("scores");
            for score in scores.scores {
                *sums.entry(score.metric.name()).or_default() += score.value.expect("applies") / seeds as f64;
            }
        }
        assert_eq!(sums.len(), 3);
        for (key, got) in sums {
            let want = expected[format!("case_{letter}")]["gcpa_agreement"][key]["mean"].as_f64().expect("a figure");
            let tolerance = if key == "delta_pos" { 0.015 } else { 0.006 };
            assert!((got - want).abs() <= tolerance, "{letter} {key}: {got}, reference {want}");
        }
    }
}
