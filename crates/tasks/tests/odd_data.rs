//! What data may bring: any unit, rows that are missing, views that do not vary.
#![allow(clippy::expect_used, reason = "a test that cannot go on should stop")]

mod common;

use align::methods::gcpa::{GcpaParams, ReleasedTraining, Training};
use align::methods::na::Scale;
use align::methods::pairwise::PairwiseParams;
use align::methods::relative::RelativeParams;
use align::{Dataset, Labels, Matrix, Method, Split, Views};
use common::{na, score, synthetic, tasks};
use tasks::{Metric, Scores, Task, TaskInput};

fn methods() -> Vec<Method> {
    let mut methods: Vec<Method> = Method::all();
    assert_eq!(methods.len(), Method::names().len());
    for method in &mut methods {
        match method.name() {
            "gcpa" => {
                let short = ReleasedTraining { epochs: 1, steps_per_epoch: 20, ..ReleasedTraining::default() };
                *method = GcpaParams { training: Training::Released(short), ..GcpaParams::default() }.into();
            }
            // With more anchors than a view has columns its way back rests on what the views differ in, here on noise.
            "relative" => *method = RelativeParams { anchors: Some(12), ..RelativeParams::default() }.into(),
            _ => {}
        }
    }
    methods.push(na(Scale::zscore()));
    methods.push(Method::from(PairwiseParams { scale: true, ..PairwiseParams::default() }));
    methods
}

/// View 1 of every split through `f`.
fn with_view(data: &Dataset, f: impl Fn(&Matrix) -> Matrix) -> Dataset {
    let mut data = data.clone();
    for split in [Some(&mut data.train), data.validation.as_mut(), Some(&mut data.test)].into_iter().flatten() {
        split.views = split.views.with_values(1, f(split.views.at(1))).expect("the same shape");
    }
    data
}

fn gap(what: &str, one: &Scores, other: &Scores) -> f64 {
    let reasons = |scores: &Scores| scores.scores.iter().filter_map(|score| score.reason.clone()).collect::<Vec<_>>();
    assert_eq!(reasons(one), reasons(other), "{what}");
    assert_eq!((one.scores.len(), one.series.len()), (other.scores.len(), other.series.len()), "{what}");
    let mut worst = 0.0f64;
    for (a, b) in one.scores.iter().zip(&other.scores) {
        assert_eq!((&a.source, &a.target, a.metric, a.n, &a.reason), (&b.source, &b.target, b.metric, b.n, &b.reason));
        assert_eq!(a.value.is_some(), b.value.is_some());
        worst = worst.max((a.value.unwrap_or(0.0) - b.value.unwrap_or(0.0)).abs());
    }
    worst
}

#[test]
fn no_figure_depends_on_a_views_unit() {
    let data = synthetic(3, 16, 160, 60);
    for method in methods() {
        for task in tasks() {
            let want = score(&method, &task, &data);
            assert!(want.scores.iter().any(|score| score.value.is_some() || score.reason.is_some()));
            // Powers of two keep all digits: 8.9e-16, 6.0e-8 and 1.1e15.
            for power in [-50, -24, 50] {
                let got = score(&method, &task, &with_view(&data, |x| x.map(|v| v * 2f32.powi(power))));
                let gap = gap(&format!("{} {}, 2^{power}", method.name(), task.name()), &want, &got);
                assert!(gap < 1e-9, "{} {}, 2^{power}: {gap:e}", method.name(), task.name());
            }
        }
    }
}

#[test]
fn retrieval_in_volts_is_retrieval_in_microvolts() {
    let data = synthetic(3, 16, 160, 60);
    let task = Task::from_name("retrieval").expect("registered");
    for method in methods() {
        let want = score(&method, &task, &data);
        for factor in [1e-15f32, 1e-13, 1e-10, 1e-7, 1e15] {
            let got = score(&method, &task, &with_view(&data, |x| x.map(|v| v * factor)));
            // An item or two may fall on the other side of a tie by rounding.
            let gap = gap(&format!("{} {factor:e}", method.name()), &want, &got);
            assert!(gap <= 2.0 / 60.0 + 1e-9, "{} {factor:e}: {gap}", method.name());
        }
    }
}

#[test]
fn labels_stay_with_their_rows_where_rows_to_train_or_choose_by_are_missing() {
    let data = synthetic(3, 8, 120, 60).with_validation(0.3, None, 1).expect("labels");
    let gone = |split: &Split| -> Vec<bool> { (0..split.views.rows()).map(|row| row % 4 == 1).collect() };
    // Rows that no view has are as good as dropped, with their labels; every view misses others besides.
    let masked = |split: &Split| {
        let blank = |views: Views, view| views.with_missing(view, &gone(split)).expect("its rows");
        Split { views: (0..3).fold(split.views.clone(), blank), ..split.clone() }
    };
    let dropped = |split: &Split| {
        let gone = gone(split);
        split.select_rows(&(0..gone.len()).filter(|&row| !gone[row]).collect::<Vec<_>>())
    };
    let of = |f: &dyn Fn(&Split) -> Split| Dataset {
        validation: data.validation.as_ref().map(f),
        ..Dataset::new(f(&data.train), data.test.clone())
    };
    let (masked, dropped) = (of(&masked), of(&dropped));
    let fit = Method::from_name("gcca").expect("registered").fit(&dropped.train.views, 0).expect("fits");
    // Stitching alone has a direction.
    let directions = ["", r#", "direction": "released""#, r#", "direction": "standard""#];
    for (name, directions) in [("probing", &directions[..1]), ("stitching", &directions[..])] {
        for protocol in ["converged", "released"] {
            for direction in directions {
                let text = format!(r#"{{"{name}": {{"protocol": "{protocol}"{direction}}}}}"#);
                let task: Task = serde_json::from_str(&text).expect("a task");
                let scores = |data: &Dataset| task.score(&TaskInput::new(&fit.fitted, data)).expect("scores");
                assert_eq!(gap(&text, &scores(&masked), &scores(&dropped)), 0.0, "{text}");
            }
        }
    }
    // And of a view by itself: its own rows are those that its classifier is trained and chosen by.
    let alone = Dataset {
        validation: data.validation.as_ref().map(|split| Split {
            views: split.views.with_missing(2, &gone(split)).expect("its rows"),
            ..split.clone()
        }),
        ..data.clone()
    };
    let task: Task = serde_json::from_str(r#"{"probing": {"protocol": "released"}}"#).expect("a task");
    task.score(&TaskInput::new(&fit.fitted, &alone)).expect("codes are as many as rows");
}

/// The data with a view more that does not vary.
fn with_dead(data: &Dataset, value: f32) -> Dataset {
    let more = |split: &Split| {
        let mut views: Vec<(String, Matrix)> =
            split.views.iter().map(|view| (view.name().to_string(), view.values().clone())).collect();
        let rows = split.views.rows();
        views.insert(2, ("dead".into(), Matrix::from_fn(rows, 16, |_, j| value * (j as f32 - 3.5))));
        let labels = split.labels.iter().map(|l| Labels { name: l.name.clone(), values: l.values.clone() }).collect();
        Split { views: Views::new(views).expect("views"), labels, groups: vec![], ids: None }
    };
    Dataset::new(more(&data.train), more(&data.test))
}

#[test]
fn the_living_are_scored_beside_a_dead_view_whose_own_figures_are_undefined() {
    let data = synthetic(3, 16, 160, 60);
    for value in [0.0, 1.0] {
        let with = with_dead(&data, value);
        for method in methods() {
            for task in tasks() {
                let scores = score(&method, &task, &with).scores;
                let dead = |name: &Option<String>| name.as_deref() == Some("dead");
                for score in &scores {
                    assert!(score.value.is_none_or(f64::is_finite), "{score:?}");
                    let of_the_dead = dead(&score.source) || dead(&score.target);
                    // A classifier sees a view that does not vary: it says the largest class.
                    if of_the_dead && score.metric != Metric::Accuracy {
                        let reason = score.reason.as_deref().unwrap_or_default();
                        assert!(
                            score.value.is_none() && reason.contains("`dead`"),
                            "{} {}: {score:?}",
                            method.name(),
                            task.name()
                        );
                    }
                }
                let living =
                    |metric| scores.iter().filter(move |s| s.metric == metric && !dead(&s.source) && !dead(&s.target));
                let lost = |metric| living(metric).any(|s| s.value.is_none());
                let names = [
                    Metric::Rank1,
                    Metric::Ari,
                    Metric::HubSkewness,
                    Metric::CycleError,
                    Metric::Map,
                    Metric::Accuracy,
                    Metric::DriftMean,
                ];
                for metric in names.into_iter().filter(|&metric| lost(metric)) {
                    let reason = living(metric).find_map(|s| s.reason.clone()).unwrap_or_default();
                    assert!(!reason.contains("the same"), "{} {}: {reason}", method.name(), task.name());
                }
                if task.name() == "retrieval" {
                    assert!(living(Metric::Rank1).count() >= 6 && !lost(Metric::Rank1), "{}", method.name());
                    // And as they would be without it.
                    let want = score_of(&method, &task, &data, Metric::Rank1);
                    let got: f64 = living(Metric::Rank1).filter_map(|s| s.value).sum::<f64>()
                        / living(Metric::Rank1).count() as f64;
                    assert!((got - want).abs() < 0.08, "{}: {got} for {want}", method.name());
                }
            }
        }
    }
}

fn score_of(method: &Method, task: &Task, data: &Dataset, metric: Metric) -> f64 {
    let scores = score(method, task, data).scores;
    let values: Vec<f64> = scores.iter().filter(|s| s.metric == metric).filter_map(|s| s.value).collect();
    values.iter().sum::<f64>() / values.len() as f64
}
