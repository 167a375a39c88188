//! Nested selection: against an independent implementation, and what must hold on any data.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use align::synthetic::Synthetic;
use align::{Dataset, FitInput, Labels, Matrix, Method, Split, Views};
use select::{Candidate, Combinations, Criterion, Folds, Rule, SelectParams, Study, choose};
use serde_json::{Map, Value};
use tasks::{Metric, RetrievalParams, Task};

fn golden() -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/selection.json");
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

fn split(views: Views) -> Split {
    Split::new(views, Vec::new(), Vec::new(), None).expect("one each")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number")).collect()
}

fn by(metric: Metric) -> Criterion {
    Criterion { task: Task::from(RetrievalParams::default()), metric }
}

#[test]
fn scores_of_folds_and_choice_agree_with_an_independent_implementation() {
    let golden = golden();
    let view = |at: usize| {
        let rows = golden["views"][at].as_array().expect("rows");
        let values: Vec<f32> = rows.iter().flat_map(numbers).map(|value| value as f32).collect();
        Matrix::from_vec(rows.len(), values.len() / rows.len(), values)
    };
    let views = Views::new(["a", "b", "c"].into_iter().enumerate().map(|(at, name)| (name.to_string(), view(at))));
    let items = split(views.expect("views"));
    let folds = Folds::given(numbers(&golden["folds"]).into_iter().map(|fold| fold as usize).collect()).expect("folds");
    let candidate = |values: &Value| {
        let values = values.as_object().expect("a mapping").clone().into_iter().collect();
        Candidate::new("gcca", &Map::new(), values).expect("a candidate").method
    };
    let methods: Vec<Method> = golden["candidates"].as_array().expect("a list").iter().map(candidate).collect();
    for metric in [Metric::Rank1, Metric::Mrr] {
        let want = &golden[metric.name()];
        let criterion = by(metric);
        let study = Study::new(&items, &folds, &criterion, 42);
        let scored = study.scores(&methods.iter().collect::<Vec<_>>()).expect("scores");
        for (at, scored) in scored.iter().enumerate() {
            let found: Vec<f64> = scored.folds().into_iter().map(|fold| fold.expect("a score")).collect();
            for (found, want) in found.iter().zip(numbers(&want["folds"][at])) {
                assert!((found - want).abs() < 1e-6, "{metric}, candidate {at}: {found}, independently {want}");
            }
            for (found, want) in
                [(scored.mean(), &want["mean"][at]), (scored.standard_error(), &want["standard_error"][at])]
            {
                assert!((found.expect("defined") - want.as_f64().expect("a number")).abs() < 1e-6, "{metric} {at}");
            }
        }
        assert_eq!(Some(choose(&criterion, Rule::Best, &scored).expect("a choice") as u64), want["chosen"].as_u64());
    }
}

fn planted(seed: u64) -> Dataset {
    let shape = Synthetic { widths: vec![12, 10, 14], fit_rows: 160, test_rows: 60, ..Synthetic::default() };
    shape.generate(seed).expect("valid")
}

fn over(axes: &[(&str, Value)]) -> BTreeMap<String, Value> {
    axes.iter().map(|(path, values)| (path.to_string(), values.clone())).collect()
}

fn gcca() -> SelectParams {
    let over = over(&[("rank", vec![2, 5, 10].into()), ("ridge", vec![0.0, 0.1].into())]);
    SelectParams {
        over,
        with: serde_json::from_str(r#"{"whiten": "inverse_singular"}"#).expect("JSON"),
        ..Default::default()
    }
}

#[test]
fn held_out_items_cannot_change_a_choice() {
    let clean = planted(1);
    let mut spoilt = clean.clone();
    let nonsense =
        |view: &Matrix| Matrix::from_fn(view.rows(), view.cols(), |i, j| ((i * 31 + j * 7) % 17) as f32 - 1e6);
    for view in 0..3 {
        let values = nonsense(spoilt.test.views.at(view));
        spoilt.test.views = spoilt.test.views.with_values(view, values).expect("finite");
    }
    let items = spoilt.test.views.rows();
    spoilt.test.labels = vec![Labels { name: "class".into(), values: (0..items as i64).collect() }];
    spoilt.test.groups = vec![Labels { name: "odd".into(), values: vec![0; items] }];
    let choice = |data: &Dataset| {
        let mut report = *Method::from(gcca()).fit(data, 7).expect("a fit").report.selection.expect("a choice");
        report.seconds = 0.0;
        report
    };
    assert_eq!(choice(&clean), choice(&spoilt));
}

#[test]
fn a_fit_is_that_of_the_chosen_candidate_on_all_training_items() {
    let data = planted(2);
    let fit = Method::from(gcca()).fit(&data, 7).expect("a fit");
    let report = fit.report.selection.expect("a choice");
    assert_eq!((report.candidates.len(), report.folds, report.left_out), (6, 5, 0));
    let best = report.candidates.iter().map(|candidate| candidate.mean.expect("scores")).fold(f64::MIN, f64::max);
    let chosen = &report.candidates[report.chosen];
    assert_eq!(chosen.mean, Some(best));
    assert!(report.share.is_some_and(|share| share > 1.0 / 6.0 && share <= 1.0), "{:?}", report.share);
    let items = chosen.items.as_ref().expect("a mean over items");
    let mean = items.iter().map(|&value| f64::from(value)).sum::<f64>() / items.len() as f64;
    assert!(items.len() == 160 && (mean - best).abs() < 1e-6, "folds of equal size: {mean}, {best}");
    let values = chosen.values.iter().map(|(path, value)| (path.clone(), value.parse().expect("JSON"))).collect();
    let alone = Candidate::new("gcca", &gcca().with, values).expect("a candidate").method.fit(&data, 7).expect("a fit");
    let rows = data.test.views.at(0);
    let name = data.test.views.names().next().expect("a view");
    assert_eq!(fit.fitted.project(name, rows).expect("rows"), alone.fitted.project(name, rows).expect("rows"));
    assert_eq!(
        Method::from(gcca()).fit(&data, 7).expect("again").report.selection.map(|again| again.candidates),
        Some(report.candidates)
    );
}

#[test]
fn sums_by_subtraction_give_the_scores_of_fits_on_rows() {
    let data = planted(3);
    let (folds, criterion) = (Folds::draw(160, None, None, 4, 5).expect("folds"), by(Metric::Mrr));
    let read = |text: &str| serde_json::from_str::<Method>(text).expect("a method");
    let methods = [
        read(r#"{"gcca": {"rank": 6}}"#),
        read(r#"{"gpa": {}}"#),
        read(r#"{"pairwise": {}}"#),
        read(r#"{"srm": {"features": 6}}"#),
        read(r#"{"gpa": {"robust": {"huber": 1.0}}}"#),
    ];
    let found = Study::new(&data.train, &folds, &criterion, 42).scores(&methods.iter().collect::<Vec<_>>());
    for (method, scored) in methods.iter().zip(found.expect("scores")) {
        for fold in 0..4 {
            let dataset =
                Dataset::new(data.train.select_rows(&folds.rest(fold)), data.train.select_rows(&folds.held_out(fold)));
            let fit = method.fit(&dataset, 42).expect("a fit");
            let scores = criterion.task.score(&tasks::TaskInput::new(&fit.fitted, &dataset)).expect("scores");
            let space = fit.fitted.coordinates()[0];
            let mine = scores.scores.iter().filter(|score| score.metric == Metric::Mrr && score.space == space);
            let values: Vec<f64> = mine.filter_map(|score| score.value).collect();
            let want = values.iter().sum::<f64>() / values.len() as f64;
            let got = scored.folds()[fold].expect("a score");
            assert!((got - want).abs() < 2e-3, "{method} fold {fold}: {got} by sums, {want} by rows");
        }
    }
}

#[test]
fn one_standard_error_prefers_fewer_parameters() {
    let data = planted(4);
    let fit = |rule| Method::from(SelectParams { rule, ..gcca() }).fit(&data, 7).expect("a fit").report;
    let (best, smallest) = (fit(Rule::Best), fit(Rule::OneStandardError));
    let (of_best, of_smallest) = (best.selection.expect("a choice"), smallest.selection.expect("a choice"));
    let top = &of_best.candidates[of_best.chosen];
    let margin = top.mean.expect("scores") - top.standard_error.expect("folds");
    assert!(of_smallest.candidates[of_smallest.chosen].mean.expect("scores") >= margin);
    assert!(smallest.parameters <= best.parameters);
}

#[test]
fn groups_stay_whole_and_a_candidate_that_fails_is_left_out_with_its_reason() {
    let mut data = planted(5);
    data.train.groups = vec![Labels { name: "picture".into(), values: (0..160).map(|item| item / 8).collect() }];
    let over = over(&[("rank", vec![4, 99].into())]);
    let report = Method::from(SelectParams { over, ..SelectParams::default() }).fit(&data, 7).expect("a fit").report;
    let report = report.selection.expect("a choice");
    assert_eq!((report.chosen, report.candidates[1].mean), (0, None));
    assert!(report.candidates[1].problem.as_ref().is_some_and(|problem| problem.contains("rank")), "{report:?}");
    let none = SelectParams { over: [("rank".to_string(), vec![98, 99].into())].into(), ..SelectParams::default() };
    let error = Method::from(none).fit(&data, 7).expect_err("no candidate").to_string();
    assert!(error.starts_with("select: none of 2 candidates has a score on every fold"), "{error}");
    data.train.groups[0].values = vec![0; 160];
    let error = Method::from(gcca()).fit(&data, 7).expect_err("one group").to_string();
    assert!(error.contains("found 1 groups of training items, expected at least 5"), "{error}");
    let input = FitInput::new(&data.train.views);
    assert!(Method::from(gcca()).fit(input, 7).is_ok(), "no groups are known here");
}

#[test]
fn settings_that_cannot_be_are_refused_before_any_fit() {
    let refused = |params: SelectParams, text: &str| {
        let error = Method::from(params).validate().expect_err(text).to_string();
        assert!(error.contains(text), "{error}");
    };
    refused(SelectParams { folds: 1, ..gcca() }, "`folds` is 1, expected at least 2");
    refused(SelectParams { budget: 0, ..gcca() }, "`budget` is 0, expected at least 1");
    refused(SelectParams { method: "gpaa".into(), ..gcca() }, "gpaa");
    refused(SelectParams { method: "select".into(), ..gcca() }, "expected a method that is not itself a choice");
    refused(SelectParams { over: over(&[("rnk", vec![3].into())]), ..gcca() }, "candidate {rnk: 3}");
    refused(SelectParams { by: Metric::EffectiveRank, ..gcca() }, "neither better high nor low");
    let probing: Task = serde_json::from_str(r#"{"probing": {"protocol": "released"}}"#).expect("a task");
    refused(SelectParams { task: probing, by: Metric::Accuracy, ..gcca() }, "needs validation rows");
    let params = SelectParams { by: Metric::Ari, ..gcca() };
    let error = Method::from(params).fit(&planted(6), 1).expect_err("no such metric").to_string();
    assert!(error.contains("the task `retrieval` computes no `ari`; it computes `mrr`, `rank10`"), "{error}");
    assert!(Combinations::default().draw(1).is_ok());
}
