//! Agreement against the reference's figures.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::Method;
use align::methods::na::Scale;
use common::{case, expected, na, score};
use tasks::Task;

#[test]
fn agreement_of_all_views() {
    let expected = expected();
    let gpa = Method::Gpa(Default::default());
    let gcca = Method::Gcca(Default::default());
    for (letter, method, name, tolerance) in [
        ("a", na(Scale::Raw), "NA_raw", 1e-5),
        ("a", na(Scale::Zscore), "NA_zscore", 1e-5),
        ("a", gcca.clone(), "GCCA", 1e-4),
        ("b", gcca, "GCCA", 1e-4),
        ("a", gpa.clone(), "GPA", 0.006),
        ("b", gpa, "GPA", 0.006),
    ] {
        let scores = score(&method, &Task::Consistency(Default::default()), &case(letter)).scores;
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
