//! A recommendation among methods: its rules, its intervals, its errors.
#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

use std::sync::Mutex;

use align::synthetic::Synthetic;
use align::{Labels, Split};
use select::{
    MethodScore, Planned, PlannedMethod, RecommendOptions, RecommendProgress, Recommendation, ScoreInterval, recommend,
};
use tasks::{Metric, Task};

fn items(seed: u64, rows: usize) -> Split {
    let shape = Synthetic { widths: vec![12; 3], fit_rows: rows, test_rows: 4, classes: 4, ..Synthetic::default() };
    shape.generate(seed).expect("valid").train
}

fn options(methods: &[&str]) -> RecommendOptions {
    let methods = methods.iter().map(ToString::to_string).collect();
    RecommendOptions { methods, folds: 4, budget: 3, ..RecommendOptions::default() }
}

fn of(items: &Split, options: &RecommendOptions) -> Recommendation {
    recommend(items, options, &()).expect("a recommendation")
}

/// The part of a score that does not depend on the machine.
fn steady(score: &MethodScore) -> (&str, String, &[f64], bool, Option<f64>) {
    (score.candidate.method.name(), score.parameters_text(), &score.folds, score.as_good, score.spread.share)
}

#[derive(Default)]
struct Steps(Mutex<Vec<String>>);

impl RecommendProgress for Steps {
    fn begin(&self, planned: &Planned) {
        self.0.lock().expect("free").push(format!("{} methods on {} items", planned.methods.len(), planned.items));
    }

    fn method_ended(&self, planned: &PlannedMethod, score: Option<f64>, _: f64) {
        self.0.lock().expect("free").push(format!("{} {}", planned.method, score.is_some()));
    }
}

#[test]
fn the_cheapest_of_the_methods_within_one_standard_error_is_recommended() {
    let (items, options) = (items(1, 160), options(&["gcca", "na", "gpa", "pairwise", "cca", "add_view", "select"]));
    let steps = Steps::default();
    select::register();
    let found = recommend(&items, &options, &steps).expect("a recommendation");
    assert_eq!((found.items, found.groups, found.folds), (160, None, 4));
    let best = found.best();
    for method in &found.methods {
        assert!(method.mean <= best.mean && method.candidates >= 1 && method.candidates <= 3, "{method:?}");
        assert_eq!(method.as_good, method.mean >= best.mean - best.standard_error, "{method:?}");
        let (interval, over) = method.spread.interval.expect("a mean over items");
        assert!((interval.estimate - method.mean).abs() < 1e-9 && over == ScoreInterval::Items, "{method:?}");
        assert!(interval.low <= method.mean && method.mean <= interval.high, "{method:?}");
        assert!(!method.as_good || method.cost >= found.chosen().cost, "{method:?}");
    }
    let shares: f64 = found.methods.iter().map(|method| method.spread.share.expect("known")).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{shares}");
    assert!(found.chosen().as_good && found.methods.last().is_some_and(|worst| worst.candidate.method.name() == "na"));
    let reasons: Vec<(&str, &str)> = found.not_tried.iter().map(|it| (it.method, it.reason.as_str())).collect();
    let want =
        [("add_view", "it adds a view to an existing universe"), ("select", "it is a choice among candidates itself")];
    assert_eq!(reasons, want);
    let steps = steps.0.into_inner().expect("free");
    assert_eq!((steps.len(), steps[0].as_str()), (6, "5 methods on 160 items"));
    assert!(steps.contains(&"na true".to_string()), "{steps:?}");

    let rows: Vec<usize> = found.curve.sizes.iter().map(|size| size.rows).collect();
    assert_eq!(rows, [15, 30, 60, 120], "an eighth, a quarter, a half and all of the rows outside a fold");
    assert_eq!(found.curve.sizes[3].score, Some(found.chosen().mean));
    assert_eq!(found.curve.range(), (120, 240));

    let again = of(&items, &options);
    assert_eq!(
        found.methods.iter().map(steady).collect::<Vec<_>>(),
        again.methods.iter().map(steady).collect::<Vec<_>>()
    );
    assert_eq!((found.recommended, &found.curve), (again.recommended, &again.curve));
}

#[test]
fn groups_stay_whole_and_intervals_draw_them() {
    let mut grouped = items(2, 160);
    grouped.groups = vec![Labels { name: "picture".into(), values: (0..160).map(|item| item / 5).collect() }];
    let found = of(&grouped, &options(&["gpa", "na"]));
    assert_eq!(found.groups, Some(32));
    assert!(found.methods.iter().all(|it| it.spread.interval.is_some_and(|(_, over)| over == ScoreInterval::Groups)));
}

#[test]
fn metrics_that_are_no_means_over_items_have_intervals_too() {
    let items = items(3, 120);
    let with = |task: &str, by| {
        let task: Task = serde_json::from_str(&format!("\"{task}\"")).expect("a task");
        of(&items, &RecommendOptions { task, by, ..options(&["gpa", "na"]) })
    };
    let clusters = with("clustering", Metric::Ari);
    let spread = clusters.best().spread;
    assert!(
        spread.share.is_some() && spread.interval.is_some_and(|(_, over)| over == ScoreInterval::Items),
        "{spread:?}"
    );
    let gaps = with("similarity", Metric::ModalityGap);
    let spread = gaps.best().spread;
    let (interval, over) = spread.interval.expect("from folds");
    assert!(spread.share.is_none() && over == ScoreInterval::Folds && interval.low < interval.high, "{spread:?}");
}

#[test]
fn settings_and_items_that_cannot_be_are_refused() {
    let few = items(4, 30);
    let refused = |items: &Split, options: RecommendOptions, text: &str| {
        let error = recommend(items, &options, &()).expect_err(text).to_string();
        assert!(error.contains(text), "{error}");
    };
    refused(&few, options(&["gpaa"]), "no method `gpaa`");
    refused(&few, RecommendOptions { folds: 31, ..options(&["na"]) }, "found 30 training items, expected at least 31");
    refused(&few, RecommendOptions { folds: 1, ..options(&["na"]) }, "`folds` is 1, expected at least 2");
    refused(&few, RecommendOptions { budget: 0, ..options(&["na"]) }, "`budget` is 0, expected at least 1");
    refused(&few, RecommendOptions { by: Metric::Ari, ..options(&["na"]) }, "the task `retrieval` computes no `ari`");
    let task: Task = serde_json::from_str("\"clustering\"").expect("a task");
    let bare = Split { labels: Vec::new(), ..few.clone() };
    refused(
        &bare,
        RecommendOptions { task, by: Metric::Ari, ..options(&["na"]) },
        "`task` is `clustering`, which needs labels",
    );
    refused(
        &few,
        options(&["add_view"]),
        "no method can be recommended, because none has a score on every fold: add_view: it",
    );
    // Nothing depends on more rows: the extrapolation says so.
    let found = of(&few, &options(&["na"]));
    assert!(found.curve.gain.is_err_and(|reason| !reason.is_empty()), "a baseline that fits nothing does not learn");
}
