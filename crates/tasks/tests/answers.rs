//! Retrieval with several right answers: against an independent implementation, and what must hold on any data.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::methods::na::Scale;
use align::prep::cosine_rows;
use align::rng::{Purpose, permutation, stream};
use align::{Dataset, Labels, Matrix, Method, Split, Views};
use common::{Tensors, in_pool, json, na, score, synthetic};
use rand::RngExt;
use serde_json::Value;
use tasks::answers::answers;
use tasks::{
    Csls, Metric, NamedList, Positives, Quantity, ReidBy, ReidParams, RetrievalParams, Score, Scores, Scoring, Task,
    TaskInput,
};

/// Permuted rows, as the noise `permute` draws them.
const PERMUTATION: Purpose = Purpose::new(9);

fn close(got: f32, want: &Value, what: &str) {
    match want.as_f64() {
        Some(want) => assert!((f64::from(got) - want).abs() < 1e-6, "{what}: {got}, independently {want}"),
        None => assert!(got.is_nan(), "{what}: {got}, but no candidate is right"),
    }
}

#[test]
fn every_query_agrees_with_an_independent_implementation() {
    let (tensors, figures) = (Tensors::open("answers.safetensors"), json("answers.json"));
    for case in ["plain", "tied"] {
        let gallery = tensors.matrix(&format!("{case}.gallery"));
        let of_gallery = tensors.integers(&format!("{case}.gallery_classes"));
        let found = answers(&tensors.matrix("queries"), &gallery, &tensors.integers("query_classes"), &of_gallery)
            .expect("fits");
        let want = &figures[case]["queries"];
        assert!(want["rank"].as_array().is_some_and(|ranks| ranks.len() == 70 && ranks.contains(&Value::Null)));
        for query in 0..70 {
            let what = |measure: &str| format!("{case}, query {query}, {measure}");
            close(found.rank[query], &want["rank"][query], &what("rank"));
            close(found.average_precision[query], &want["average_precision"][query], &what("average precision"));
            close(found.ndcg10[query], &want["ndcg10"][query], &what("nDCG@10"));
        }
        assert_eq!(case == "plain", found.rank.iter().zip(&found.rank_optimistic).all(|(a, b)| a == b || a.is_nan()));
    }
}

fn split(views: Views, groups: Vec<i64>) -> Split {
    Split::new(views, Vec::new(), vec![Labels { name: "picture".into(), values: groups }], None).expect("one each")
}

fn both(split: Split) -> Dataset {
    Dataset::new(split.clone(), split)
}

fn by_groups() -> Task {
    Task::from(RetrievalParams { positives: Positives::Groups(NamedList::default()), ..RetrievalParams::default() })
}

fn of_pair<'s>(scores: &'s Scores, source: &str, metric: Metric) -> &'s Score {
    let pair = |s: &&Score| s.source.as_deref() == Some(source) && s.metric == metric;
    scores.scores.iter().find(pair).expect("scored")
}

#[test]
fn captions_and_pictures_are_scored_as_in_the_field() {
    let (tensors, figures) = (Tensors::open("answers.safetensors"), json("answers.json"));
    let picture_of = tensors.integers("picture_of");
    let rows: Vec<usize> = picture_of.iter().map(|&picture| picture as usize).collect();
    let views =
        Views::new([("text", tensors.matrix("texts")), ("picture", tensors.matrix("pictures").select_rows(&rows))])
            .and_then(|views| views.with_source_rows(1, &rows.iter().copied().map(Some).collect::<Vec<_>>()))
            .expect("sound");
    let data = both(split(views, picture_of));
    let scores = score(&na(Scale::Raw), &by_groups(), &data);
    for (source, target, n) in [("text", "picture", rows.len()), ("picture", "text", 60)] {
        let want = &figures["captions"][format!("{source}->{target}")];
        for metric in [Metric::Rank1, Metric::Rank5, Metric::Rank10, Metric::Mrr, Metric::Map, Metric::Ndcg10] {
            let got = of_pair(&scores, source, metric);
            let want = want[metric.name()].as_f64().expect("a figure");
            let value = got.value.expect("defined");
            assert!((value - want).abs() < 1e-6, "{source}->{target} {metric}: {value}, independently {want}");
            assert_eq!(got.n, n, "{source}->{target}: queries");
        }
        let series = scores.series.iter().find(|s| s.source.as_deref() == Some(source)).expect("kept");
        assert_eq!(series.values.len(), rows.len(), "one value for each item, whatever the direction");
        assert_eq!(series.values.iter().filter(|rank| !rank.is_nan()).count(), n);
    }
    assert!(scores.notes.is_empty() && !scores.series.iter().any(|s| s.quantity == Quantity::Group));

    // By item the copies of a picture tie, and count against the query.
    let by_item = score(&na(Scale::Raw), &Task::from(RetrievalParams::default()), &data);
    assert_eq!(of_pair(&by_item, "text", Metric::Rank1).value, Some(0.0));
    let reid = ReidParams { by: ReidBy::Groups(NamedList::default()), ..ReidParams::default() };
    let reid = score(&na(Scale::Raw), &Task::from(reid), &data);
    for source in ["text", "picture"] {
        let same =
            |a: Metric, b: Metric| assert_eq!(of_pair(&reid, source, a).value, of_pair(&scores, source, b).value);
        same(Metric::Cmc1, Metric::Rank1);
        same(Metric::Cmc5, Metric::Rank5);
        let (a, b) = (of_pair(&reid, source, Metric::Map), of_pair(&scores, source, Metric::Map));
        assert!((a.value.expect("defined") - b.value.expect("defined")).abs() < 1e-6 && a.n == b.n);
    }
    let alone = ReidParams {
        exclude_self: true,
        ..ReidParams { by: ReidBy::Groups(NamedList::default()), ..ReidParams::default() }
    };
    let alone = score(&na(Scale::Raw), &Task::from(alone), &data);
    assert_eq!(of_pair(&alone, "text", Metric::Map).n, 0, "a picture is the only one of its text's group");
}

#[test]
fn queries_search_the_gallery_alone() {
    // The queries of the other view are the nearest rows and would be found first.
    let (across, up) = ([1.0, 0.0], [0.0, 1.0]);
    let a = Matrix::new(4, 2, [across, up, across, across].concat()).expect("sound");
    let b = Matrix::new(4, 2, [across, up, up, across].concat()).expect("sound");
    let views = Views::new([("a", a), ("b", b)]).expect("sound");
    let labels = |values: [i64; 4]| vec![Labels { name: "query".into(), values: values.to_vec() }];
    let groups = vec![Labels { name: "person".into(), values: vec![1, 2, 1, 2] }];
    let data = |roles| both(Split::new(views.clone(), labels(roles), groups.clone(), None).expect("one each"));
    let groups = ReidParams { by: ReidBy::Groups(NamedList::default()), ..ReidParams::default() };
    let with_roles = Task::from(ReidParams { queries: Some("query".into()), ..groups.clone() });

    let scores = score(&na(Scale::Raw), &with_roles, &data([1, 1, 0, 0]));
    let of = |scores: &Scores, metric| (of_pair(scores, "a", metric).value, of_pair(scores, "a", metric).n);
    assert_eq!(of(&scores, Metric::Cmc1), (Some(0.0), 2));
    assert_eq!(of(&scores, Metric::Map), (Some(0.5), 2));
    let all = score(&na(Scale::Raw), &Task::from(groups), &data([1, 1, 0, 0]));
    assert_eq!(of(&all, Metric::Cmc1).1, 4, "without roles every item is a query");

    let input = data([1, 1, 0, 7]);
    let fit = na(Scale::Raw).fit(&input.train.views, 0).expect("fits");
    let error = with_roles.score(&TaskInput::new(&fit.fitted, &input)).expect_err("no role").to_string();
    assert!(error.contains("queries") && error.contains("the value 7"), "{error}");
}

/// Retrieval by item and by labels that are all distinct.
#[test]
fn one_right_answer_is_the_item_itself_bit_for_bit() {
    let methods = ["na", "pairwise", "gcca"].map(|name| Method::from_name(name).expect("known"));
    // More than two tiles of 256, the last of them of a few rows.
    let mut data = synthetic(3, 12, 200, 530);
    let mut values: Vec<i64> = (0..530).map(|item| 7 * item % 531).collect();
    data.test.labels = vec![Labels { name: "own".into(), values: values.clone() }];
    // Copies, so that there are ties.
    let rows: Vec<usize> = (0..530).map(|item| if item % 9 == 0 { item / 2 } else { item }).collect();
    data.test.views = data.test.views.select_rows(&rows);
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 530);
    for method in methods {
        for scoring in [
            Scoring::Cosine,
            Scoring::Csls(Csls { k: 5, ..Default::default() }),
            Scoring::InvertedSoftmax(Default::default()),
        ] {
            let of = |positives| {
                score(&method, &Task::from(RetrievalParams { scoring, positives, ..RetrievalParams::default() }), &data)
            };
            let (item, labels) = (of(Positives::Item), of(Positives::Labels(NamedList::default())));
            for one in &item.scores {
                let twin = labels.scores.iter().find(|s| {
                    (s.space, &s.source, &s.target, s.metric) == (one.space, &one.source, &one.target, one.metric)
                });
                assert_eq!(twin, Some(one), "{method:?}");
            }
            for one in &item.series {
                let twin = labels.series.iter().find(|s| {
                    (s.space, &s.source, &s.target, s.quantity) == (one.space, &one.source, &one.target, one.quantity)
                });
                assert_eq!(twin, Some(one), "{method:?}");
            }
            assert_eq!(labels.scores.len(), item.scores.len() / 5 * 7, "mAP and nDCG@10 beside them");
        }
    }
}

fn random(n: usize, width: usize, seed: u64) -> Matrix {
    let mut rng = stream(seed, Purpose::SYNTHETIC, None);
    Matrix::from_fn(n, width, |_, _| rng.random::<f32>() - 0.5)
}

#[test]
fn the_order_of_the_gallery_and_threads_do_not_show() {
    let n = 600;
    let queries = cosine_rows(&random(70, 6, 1));
    let of_queries: Vec<i64> = (0..70).map(|query| query % 23).collect();
    // 150 distinct rows, four copies of each: equal scores, of one class and of others.
    let distinct = cosine_rows(&random(150, 6, 2));
    let gallery = distinct.select_rows(&(0..n).map(|row| row % 150).collect::<Vec<_>>());
    let of_gallery: Vec<i64> = (0..n as i64).map(|row| (row / 2) % 23).collect();
    let plain = in_pool(1, || answers(&queries, &gallery, &of_queries, &of_gallery).expect("fits"));
    for seed in 0..4 {
        let order = permutation(n, &mut stream(seed, PERMUTATION, None));
        let moved: Vec<i64> = order.iter().map(|&row| of_gallery[row]).collect();
        let found = in_pool(3, || answers(&queries, &gallery.select_rows(&order), &of_queries, &moved).expect("fits"));
        assert_eq!(found, plain);
    }
}

#[test]
fn a_query_without_a_right_answer_is_left_out_and_counted() {
    // The pictures of the first three groups are missing in one view, so that these texts have no answer.
    let groups: Vec<i64> = (0..40).map(|item| item / 4).collect();
    let x = random(40, 8, 3);
    let missing: Vec<bool> = groups.iter().map(|&group| group < 3).collect();
    let views = Views::new([("text", x.clone()), ("picture", x.clone())]).expect("sound");
    let whole = both(split(views.clone(), groups.clone()));
    let lacking = both(split(views.with_missing(1, &missing).expect("sound"), groups));
    let fit = na(Scale::Raw).fit(&whole.train.views, 0).expect("fits");
    let params = RetrievalParams { positives: Positives::Groups(NamedList::default()), ..RetrievalParams::default() };
    let input = TaskInput { test: &lacking.test, ..TaskInput::new(&fit.fitted, &whole) };
    let scores = Task::from(params).score(&input).expect("scores");
    for metric in [Metric::Rank1, Metric::Map, Metric::Ndcg10] {
        let asked = of_pair(&scores, "text", metric);
        assert_eq!(asked.n, 28, "{metric}");
        assert!(asked.value.expect("of the others") > 0.2, "{metric}");
    }
    assert_eq!(of_pair(&scores, "text", Metric::Rank1).value, Some(1.0), "misses are none");
    assert_eq!(of_pair(&scores, "picture", Metric::Rank1).n, 28, "what a view misses is not asked");
    let note = "retrieval: 12 of 40 queries of one pair of views have no right answer in the gallery and are left out.";
    assert_eq!(scores.notes, [note]);
    let ranks = &scores.series.iter().find(|s| s.source.as_deref() == Some("text")).expect("kept").values;
    assert!(ranks[..12].iter().all(|rank| rank.is_nan()) && ranks[12..].iter().all(|rank| *rank == 1.0));
}

#[test]
fn lists_are_found_by_name_and_refused_where_there_are_none() {
    let x = random(12, 4, 4);
    let lists = |names: &[&str]| -> Vec<Labels> {
        let list = |(k, name): (usize, &&str)| Labels {
            name: name.to_string(),
            values: (0..12).map(|i| i / (k as i64 + 2)).collect(),
        };
        names.iter().enumerate().map(list).collect()
    };
    let data = |labels: &[&str], groups: &[&str]| {
        let views = Views::new([("a", x.clone()), ("b", x.clone())]).expect("sound");
        both(Split::new(views, lists(labels), lists(groups), None).expect("one each"))
    };
    let said = |task: &str, data: &Dataset| {
        let task: Task = serde_json::from_str(task).expect("a task");
        let fit = na(Scale::Raw).fit(&data.train.views, 0).expect("fits");
        task.score(&TaskInput::new(&fit.fitted, data)).err().map(|error| error.to_string()).unwrap_or_default()
    };
    let (bare, full) = (data(&[], &[]), data(&["intent"], &["picture", "person"]));
    let groups = r#"{"retrieval": {"positives": "groups"}}"#;
    assert!(said(groups, &bare).starts_with("retrieval needs groups, the evaluated split has none; add a grouping"));
    assert!(said(r#"{"retrieval": {"positives": "labels"}}"#, &bare).starts_with("retrieval needs labels"));
    assert!(said(r#"{"reid": {"by": "groups"}}"#, &bare).starts_with("reid needs groups"));
    assert_eq!(said(groups, &full), "");
    let unknown = said(r#"{"retrieval": {"positives": {"groups": {"name": "pic"}}}}"#, &full);
    assert_eq!(unknown, "retrieval: no grouping `pic`; the groupings here are `picture`, `person`");
    let unknown = said(r#"{"retrieval": {"positives": {"labels": {"name": "pic"}}}}"#, &full);
    assert_eq!(unknown, "retrieval: no labelling `pic`; the labellings here are `intent`");
    let mutual = said(r#"{"retrieval": {"positives": "groups", "scoring": "mutual"}}"#, &full);
    assert!(
        mutual.starts_with("retrieval: `scoring` is mutual, which ranks one right answer, expected cosine"),
        "{mutual}"
    );
    let label = said(r#"{"reid": {"by": "groups", "label": "intent"}}"#, &full);
    assert!(label.starts_with("reid: `label` is intent, beside `by: groups`, expected"), "{label}");
    // What a task names that is not the first grouping goes with its scores, because resamples draw whole groups.
    let person: Task =
        serde_json::from_str(r#"{"retrieval": {"positives": {"groups": {"name": "person"}}}}"#).expect("a task");
    assert_eq!((person.needs_groups(), person.grouping(), person.needs_labels()), (true, Some("person"), false));
    let scores = score(&na(Scale::Raw), &person, &full);
    let kept = scores.series.iter().find(|s| s.quantity == Quantity::Group).expect("kept");
    assert_eq!((kept.source.as_deref(), kept.values[11]), (Some("person"), 3.0));
    // Defaults are written as before, so that cells keep their ids.
    let text = |task: &str| serde_json::to_string(&Task::from_name(task).expect("known")).expect("serialises");
    assert_eq!(text("retrieval"), r#"{"retrieval":{"scoring":"cosine"}}"#);
    assert_eq!(text("reid"), r#"{"reid":{"label":null,"exclude_self":false}}"#);
    let named = serde_json::to_string(&person).expect("serialises");
    assert_eq!(named, r#"{"retrieval":{"scoring":"cosine","positives":{"groups":{"name":"person"}}}}"#);
}
