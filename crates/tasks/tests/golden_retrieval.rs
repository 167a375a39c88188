//! Retrieval against the reference's figures, on two synthetic cases.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::methods::na::Scale;
use align::{Method, SpaceKind};
use common::{case, expected, na, score};
use tasks::{Metric, Score, Task};

const METRICS: [(Metric, &str); 4] =
    [(Metric::Rank1, "r1"), (Metric::Rank5, "r5"), (Metric::Rank10, "r10"), (Metric::Mrr, "mrr")];

fn retrieval(method: &Method, letter: &str) -> Vec<Score> {
    score(method, &Task::Retrieval(Default::default()), &case(letter)).scores
}

fn pair(score: &Score) -> String {
    format!("{}->{}", score.source.as_deref().expect("a source"), score.target.as_deref().expect("a target"))
}

/// Every pair within `per_pair`, the mean over pairs within `mean`, of the reference's `name`.
fn check(scores: &[Score], letter: &str, space: SpaceKind, name: &str, per_pair: f64, mean: f64) {
    let expected = &expected()[format!("case_{letter}")];
    for (metric, key) in METRICS {
        let of_metric: Vec<&Score> = scores.iter().filter(|s| s.metric == metric && s.space == space).collect();
        let pairs = expected["retrieval"][name].as_object().expect("figures by pair");
        assert_eq!(of_metric.len(), pairs.len(), "{name} {key}");
        let mut sum = 0.0;
        for score in &of_metric {
            let want = pairs[&pair(score)][key].as_f64().expect("a figure");
            let got = score.value.expect("applies");
            assert!(
                (got - want).abs() <= per_pair + 1e-6,
                "{letter} {name} {} {key}: {got}, reference {want}",
                pair(score)
            );
            sum += got;
        }
        let want = expected["retrieval_mean"][name][key].as_f64().expect("a figure");
        let got = sum / of_metric.len() as f64;
        assert!((got - want).abs() <= mean, "{letter} {name} mean {key}: {got}, reference {want}");
    }
}

#[test]
fn no_alignment() {
    check(&retrieval(&na(Scale::Raw), "a"), "a", SpaceKind::Input, "NA_raw", 1e-5, 1e-5);
    check(&retrieval(&na(Scale::Zscore), "a"), "a", SpaceKind::Input, "NA_zscore", 1e-5, 1e-5);
}

#[test]
fn no_alignment_does_not_apply_to_pairs_of_unequal_widths() {
    let scores = retrieval(&na(Scale::Raw), "b");
    assert_eq!(scores.len(), 20 * 5);
    assert!(scores.iter().all(|s| s.value.is_none() && s.n == 300));
    assert_eq!(pair(&scores[0]), "v0->v1");
    assert_eq!(scores[0].reason.as_deref(), Some("widths differ: v0 32, v1 24"));
}

#[test]
fn pairwise() {
    let method = Method::Pairwise(Default::default());
    for (letter, n) in [("a", 200.0), ("b", 300.0)] {
        check(&retrieval(&method, letter), letter, SpaceKind::Translated, "PW", 1.0 / n, 0.003);
    }
}

#[test]
fn gcca() {
    let method = Method::Gcca(Default::default());
    for (letter, n) in [("a", 200.0), ("b", 300.0)] {
        let scores = retrieval(&method, letter);
        check(&scores, letter, SpaceKind::Universe, "GCCA", 1.0 / n, 0.003);
        check(&scores, letter, SpaceKind::Translated, "GCCA_TRANSFORMED", 1.0 / n, 0.003);
    }
}

/// GPA has several stationary points: only means over pairs are comparable.
#[test]
fn gpa() {
    let method = Method::Gpa(Default::default());
    for letter in ["a", "b"] {
        let scores = retrieval(&method, letter);
        check(&scores, letter, SpaceKind::Universe, "GPA", 0.08, 0.015);
        check(&scores, letter, SpaceKind::Translated, "GPA_TRANSFORMED", 0.08, 0.015);
        // Its maps are isometries between equally standardised views, so both spaces rank alike.
        let by_space = |space| scores.iter().filter(move |s| s.space == space && s.metric == Metric::Rank10);
        for (u, t) in by_space(SpaceKind::Universe).zip(by_space(SpaceKind::Translated)) {
            assert_eq!((u.source.as_ref(), u.target.as_ref()), (t.source.as_ref(), t.target.as_ref()));
            let difference = (u.value.expect("applies") - t.value.expect("applies")).abs();
            assert!(difference <= 1.0 / u.n as f64, "{letter} {}: {difference}", pair(u));
        }
    }
}
