//! Corrections for hubs against NumPy and SciPy (golden/make_rivals.py).
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::{Dataset, Split, Views};
use common::{Tensors, json};
use tasks::{Csls, HubnessParams, InvertedSoftmax, Metric, Quantity, RetrievalParams, Scores, Scoring, Task};

fn data() -> Dataset {
    let tensors = Tensors::open("rivals.safetensors");
    let views = [("queries", "hubs.queries"), ("gallery", "hubs.gallery")];
    let views = Views::new(views.map(|(view, name)| (view.to_string(), tensors.matrix(name)))).unwrap();
    let split = Split { views, labels: Vec::new(), groups: Vec::new(), ids: None };
    Dataset::new(split.clone(), split)
}

fn score(task: &Task) -> Scores {
    common::score(&common::na(align::methods::na::Scale::Raw), task, &data())
}

const SCORINGS: [(Scoring, &str); 4] = [
    (Scoring::Cosine, "cosine"),
    (Scoring::Csls(Csls { k: 10, bank: tasks::Bank::Test }), "csls"),
    (
        Scoring::InvertedSoftmax(InvertedSoftmax { beta: 30.0, dynamic: false, bank: tasks::Bank::Test }),
        "inverted_softmax",
    ),
    (Scoring::Mutual, "mutual"),
];

#[test]
fn ranks_by_every_scoring() {
    let figures = json("rivals.json");
    for (scoring, name) in SCORINGS {
        let scores = score(&Task::from(RetrievalParams { scoring, ..RetrievalParams::default() }));
        let series = scores
            .series
            .iter()
            .find(|s| s.quantity == Quantity::Rank && s.source.as_deref() == Some("queries"))
            .unwrap();
        let want: Vec<f32> = figures[format!("hubs.{name}.ranks")]
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap() as f32)
            .collect();
        assert_eq!(series.values, want, "{name}");
    }
}

#[test]
fn hubs_and_anti_hubs() {
    let figures = json("rivals.json");
    for (scoring, name) in &SCORINGS[..3] {
        let scores = score(&Task::from(HubnessParams { scoring: *scoring, ..HubnessParams::default() }));
        for (metric, key) in [(Metric::HubSkewness, "skewness"), (Metric::AntiHubs, "anti_hubs")] {
            let of_pair = |s: &&tasks::Score| s.metric == metric && s.source.as_deref() == Some("queries");
            let got = scores.scores.iter().find(of_pair).unwrap().value.unwrap();
            let want = figures[format!("hubs.{name}.{key}")].as_f64().unwrap();
            assert!((got - want).abs() < 1e-6, "{name} {key}: {got} for {want}");
        }
        let counts = &scores.series[0].values;
        assert_eq!(counts.iter().sum::<f32>(), 600.0, "ten neighbours for each of sixty queries");
    }
}

#[test]
fn as_many_neighbours_as_candidates_say_nothing() {
    let data = data();
    let candidates = data.test.views.rows();
    for k in [candidates, 1_000_000_000_000, usize::MAX] {
        let scores = score(&Task::from(HubnessParams { k, ..HubnessParams::default() })).scores;
        let reason = format!("k is {k}, and the candidates are {candidates}: each is among the nearest of every query");
        assert!(!scores.is_empty());
        for score in scores {
            assert_eq!((score.value, score.reason.as_deref()), (None, Some(reason.as_str())));
        }
    }
    // CSLS takes the mean over all where there are no more.
    let csls = |k| {
        let scoring = Scoring::Csls(Csls { k, ..Csls::default() });
        score(&Task::from(RetrievalParams { scoring, ..RetrievalParams::default() })).scores
    };
    assert_eq!(csls(candidates), csls(usize::MAX));
}

#[test]
fn parameters_are_checked() {
    for text in [
        r#"{"retrieval": {"scoring": {"csls": {"k": 0}}}}"#,
        r#"{"hubness": {"k": 0}}"#,
        r#"{"hubness": {"scoring": {"inverted_softmax": {"beta": -1}}}}"#,
    ] {
        assert!(serde_json::from_str::<Task>(text).unwrap().validate().is_err(), "{text}");
    }
}

#[test]
fn settings_of_what_was_not_chosen_cannot_be_given() {
    for (text, want) in [
        (r#"{"retrieval": {"scoring": {"csls": {"beta": 5}}}}"#, "unknown field `beta`, expected `k` or `bank`"),
        (
            r#"{"retrieval": {"scoring": {"inverted_softmax": {"k": 5}}}}"#,
            "unknown field `k`, expected one of `beta`, `dynamic`, `bank`",
        ),
        (r#"{"retrieval": {"scoring": {"mutual": {"k": 5}}}}"#, "unknown field `k`"),
        (r#"{"probing": {"protocol": {"converged": {"epochs": 5}}}}"#, "unknown field `epochs`, expected `l2`"),
        (r#"{"stitching": {"protocol": {"released": {"l2": 0.5}}}}"#, "unknown field `l2`"),
        (r#"{"probing": {"direction": "standard"}}"#, "unknown field `direction`, expected `label` or `protocol`"),
    ] {
        let error = serde_json::from_str::<Task>(text).unwrap_err().to_string();
        assert!(error.starts_with(want), "{text}: {error}");
    }
    for text in [
        r#"{"retrieval": {"scoring": "csls"}}"#,
        r#"{"retrieval": {"scoring": {"csls": {"k": 5}}}}"#,
        r#"{"retrieval": {"scoring": {"inverted_softmax": {"beta": 5, "bank": "train", "dynamic": true}}}}"#,
        r#"{"hubness": {"k": 5, "scoring": {"sinkhorn": {"bank": "train"}}}}"#,
        r#"{"probing": {"protocol": {"converged": {"l2": 0.5}}}}"#,
        r#"{"stitching": {"direction": "standard"}}"#,
        r#"{"probing": {"protocol": {"released": {"epochs": 5, "lr": 0.5, "patience": null, "seeds": [0, 1]}}}}"#,
    ] {
        let task: Task = serde_json::from_str(text).unwrap();
        assert!(task.validate().is_ok(), "{text}");
        let kept = serde_json::to_string(&task).unwrap();
        assert_eq!(serde_json::from_str::<Task>(&kept).unwrap(), task, "{kept}");
    }
    let mutual: Task = serde_json::from_str(r#"{"hubness": {"scoring": "mutual"}}"#).unwrap();
    let error = mutual.validate().unwrap_err().to_string();
    assert!(error.contains("mutual, which orders no candidates"), "{error}");
}
