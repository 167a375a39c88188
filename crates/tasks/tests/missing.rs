//! Held-out items that some views miss.
#![allow(clippy::expect_used, reason = "a test that cannot go on should stop")]

mod common;

use align::{Dataset, Matrix, Method, Split, Views};
use common::{score, synthetic, tasks};
use tasks::metrics::weighted_figure;
use tasks::{ContingencyTable, ItemScope, Metric, Quantity, Score, Task, TaskInput};

fn method(name: &str) -> Method {
    Method::from_name(name).expect("registered")
}

/// A method of each kind: the input, maps of pairs, a universe, and one with a corrector.
fn methods() -> Vec<Method> {
    let gcpa = serde_json::from_str(r#"{"gcpa": {"training": {"released": {"epochs": 1, "steps_per_epoch": 20}}}}"#);
    [method("na"), method("pairwise"), method("gcca"), gcpa.expect("a method")].to_vec()
}

/// Whether a view misses a row: 8 of 100, others of each view.
fn misses(view: usize, row: usize) -> bool {
    (row * 7 + view * 31) % 100 < 8
}

fn masked(split: &Split, misses: impl Fn(usize, usize) -> bool) -> Split {
    let mask = |view| (0..split.views.rows()).map(|row| misses(view, row)).collect::<Vec<_>>();
    let blank = |views: Views, view| views.with_missing(view, &mask(view)).expect("its rows");
    Split { views: (0..split.views.len()).fold(split.views.clone(), blank), ..split.clone() }
}

fn incomplete(data: &Dataset) -> Dataset {
    Dataset { train: masked(&data.train, misses), test: masked(&data.test, misses), ..data.clone() }
}

/// The items of a split that these views have, as a split of these views without a missing row.
fn common(split: &Split, views: &[&str]) -> Split {
    split.select(views).expect("known").complete().expect("some")
}

fn same(one: &[&Score], other: &[&Score]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(a, b)| {
            let bits = |score: &Score| score.value.map(f64::to_bits);
            (bits(a), a.metric, a.n, &a.reason) == (bits(b), b.metric, b.n, &b.reason)
        })
}

#[test]
fn every_comparison_is_of_the_items_that_its_views_have() {
    let data = synthetic(3, 16, 160, 100);
    let test = masked(&data.test, misses);
    for method in methods() {
        let fit = method.fit(&data.train.views, 0).expect("fits");
        let of = |task: &Task, test: &Split| {
            task.score(&TaskInput { test, ..TaskInput::new(&fit.fitted, &data) }).expect("scores")
        };
        for task in tasks() {
            let got = of(&task, &test);
            let what = || format!("{} {}", method.name(), task.name());
            match task.item_scope() {
                ItemScope::AllViews => {
                    let want = of(&task, &common(&test, &["v0", "v1", "v2"]));
                    assert!(same(&got.scores.iter().collect::<Vec<_>>(), &want.scores.iter().collect::<Vec<_>>()));
                    let counted = got.scores[0].n;
                    assert!((70..90).contains(&counted), "{}: {counted}", what());
                }
                ItemScope::Pairs => {
                    let mut seen = 0;
                    for (a, b) in [("v0", "v1"), ("v0", "v2"), ("v1", "v2")] {
                        let want = of(&task, &common(&test, &[a, b]));
                        for (s, t) in [(a, b), (b, a)] {
                            let of_pair = |scores: &'_ [Score]| -> Vec<Score> {
                                let here =
                                    |x: &&Score| x.source.as_deref() == Some(s) && x.target.as_deref() == Some(t);
                                scores.iter().filter(here).cloned().collect()
                            };
                            let (got, want) = (of_pair(&got.scores), of_pair(&want.scores));
                            let (got, want) = (got.iter().collect::<Vec<_>>(), want.iter().collect::<Vec<_>>());
                            assert!(same(&got, &want), "{}: {s} {t}", what());
                            assert!(got.iter().all(|score| score.n == 0 || score.n == 84), "{}", what());
                            seen += got.len();
                        }
                    }
                    assert_eq!(seen, got.scores.len(), "{}", what());
                }
                _ => {
                    for score in got.scores.iter().filter(|score| score.value.is_some()) {
                        assert_eq!(score.n, 92, "{}", what());
                    }
                }
            }
            for series in &got.series {
                let values = series.values.len();
                assert_eq!(values, 100, "{}: one value for each item of the split", what());
            }
            // The figures follow from the series, in which what is missing does not count.
            let labels = got.series.iter().find(|series| series.quantity == Quantity::Label);
            for score in got.scores.iter().filter(|score| score.value.is_some()) {
                let here = |series: &&tasks::Series| {
                    (series.space, &series.source, &series.target) == (score.space, &score.source, &score.target)
                        && Some(series.quantity) == score.metric.quantity()
                };
                let values: Vec<f64> = got
                    .series
                    .iter()
                    .filter(here)
                    .filter_map(|series| match labels {
                        Some(labels) if series.quantity == Quantity::Cluster => {
                            let table = ContingencyTable::from_series(&series.values, &labels.values).expect("as long");
                            assert_eq!(table.items(), 100);
                            let weighted = table.weighted_agreement(&[1; 100]).expect("as long");
                            assert_eq!(weighted, table.agreement());
                            weighted.figure(score.metric)
                        }
                        _ => weighted_figure(score.metric, &series.values, &[1; 100]).expect("as long"),
                    })
                    .collect();
                if !values.is_empty() {
                    let mean = values.iter().sum::<f64>() / values.len() as f64;
                    assert!((mean - score.value.unwrap_or(f64::NAN)).abs() < 1e-5, "{}: {score:?} {mean}", what());
                }
            }
        }
    }
}

#[test]
fn what_stands_in_missing_rows_changes_no_bit() {
    let data = synthetic(3, 12, 160, 100);
    let garbage = |split: &Split| {
        let spoilt = |views: Views, view: usize| {
            let mut values: Matrix = views.at(view).clone();
            (0..values.rows()).filter(|&row| misses(view, row)).for_each(|row| values.row_mut(row).fill(1e4));
            views.with_values(view, values).expect("finite")
        };
        Split { views: (0..3).fold(split.views.clone(), spoilt), ..split.clone() }
    };
    let spoilt = Dataset { train: garbage(&data.train), test: garbage(&data.test), ..data.clone() };
    for method in methods() {
        for task in tasks() {
            let (one, other) = (score(&method, &task, &incomplete(&data)), score(&method, &task, &incomplete(&spoilt)));
            assert_eq!(one.scores, other.scores, "{} {}", method.name(), task.name());
            let bits = |scores: &tasks::Scores| -> Vec<u32> {
                scores.series.iter().flat_map(|series| &series.values).map(|value| value.to_bits()).collect()
            };
            assert_eq!(bits(&one), bits(&other), "{} {}", method.name(), task.name());
        }
    }
}

#[test]
fn a_few_missing_rows_leave_the_results_close_to_the_full_set() {
    let data = synthetic(3, 16, 400, 200);
    for method in methods() {
        for (name, metric, most) in [
            ("retrieval", Metric::Rank1, 0.08),
            ("retrieval", Metric::Mrr, 0.08),
            ("clustering", Metric::Nmi, 0.12),
            ("probing", Metric::Accuracy, 0.06),
            ("consistency", Metric::GammaMean, 0.03),
        ] {
            let task = Task::from_name(name).expect("registered");
            let mean = |data: &Dataset| {
                let scores = score(&method, &task, data).scores;
                let values: Vec<f64> = scores.iter().filter(|s| s.metric == metric).filter_map(|s| s.value).collect();
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
            };
            let (full, less) = (mean(&data), mean(&incomplete(&data)));
            assert_eq!(full.is_some(), less.is_some());
            let gap = full.zip(less).map_or(0.0, |(full, less)| (full - less).abs());
            assert!(gap < most, "{} {metric}: {full:?} {less:?}", method.name());
        }
    }
}

#[test]
fn too_few_common_items_are_an_error_or_a_reason_with_the_numbers() {
    let data = synthetic(3, 8, 120, 60);
    let fit = method("gcca").fit(&data.train.views, 0).expect("fits");
    // The first view has the first 30 items, the second the last 31, the third all.
    let apart = masked(&data.test, |view, row| match view {
        0 => row >= 30,
        1 => row < 29,
        _ => false,
    });
    let of = |name: &str, test: &Split| {
        let task = Task::from_name(name).expect("registered");
        task.score(&TaskInput { test, ..TaskInput::new(&fit.fitted, &data) }).map_err(|error| error.to_string())
    };
    let error = of("consistency", &apart).expect_err("one item");
    assert_eq!(error, "consistency: 1 of the 60 held-out items are in `v0`, `v1`, `v2`; expected at least 2");
    for name in ["retrieval", "hubness", "reid"] {
        let scores = of(name, &apart).expect("the other pairs have values").scores;
        let between = |score: &&Score| score.source.as_deref() != Some("v2") && score.target.as_deref() != Some("v2");
        assert!(scores.iter().any(|score| score.value.is_some()) && scores.iter().filter(between).count() > 0);
        for score in scores.iter().filter(between) {
            let reason = score.reason.as_deref();
            assert_eq!((score.value, score.n), (None, 0));
            assert_eq!(reason, Some("1 of the 60 held-out items are in `v0`, `v1`; expected at least 2"), "{name}");
        }
    }
    assert!(of("clustering", &apart).is_ok() && of("drift", &apart).is_ok());
    let gone = masked(&data.test, |view, row| view == 1 && row > 0);
    let error = of("cycle", &gone).expect_err("one row");
    assert_eq!(error, "cycle: 1 of the 60 held-out items are in `v1`; expected at least 2");
}
