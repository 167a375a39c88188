//! The cost of a choice by cross-validation beside that of one fit and one score: M = 4, N = 1,000, d = 64. The sizes are
//! small because a choice is up to 120 fits and scores; `examples/cost.rs` has a table for larger ones.

#![allow(clippy::expect_used, reason = "a bench whose data cannot be made should stop")]

use std::hint::black_box;
use std::time::Duration;

use align::synthetic::Synthetic;
use align::{Dataset, Method};
use criterion::{Criterion, criterion_group, criterion_main};
use select::{Folds, Rule, Scored, SelectParams, share};
use serde_json::Value;
use tasks::{RetrievalParams, Task, TaskInput};

fn data() -> Dataset {
    let size = Synthetic { widths: vec![64; 4], fit_rows: 1000, test_rows: 200, noise: 3.0, ..Synthetic::default() };
    size.generate(1).expect("sizes above zero")
}

fn read(text: &str) -> Method {
    serde_json::from_str(text).expect("a method")
}

fn selection(method: &str, over: &[(&str, &str)]) -> Method {
    let values = |text: &str| serde_json::from_str::<Value>(text).expect("a list");
    let over = over.iter().map(|(path, text)| (path.to_string(), values(text))).collect();
    Method::from(SelectParams { method: method.into(), over, ..SelectParams::default() })
}

fn choices(c: &mut Criterion) {
    let data = data();
    let gcca =
        [("rank", "[8, 16, 32, 64]"), ("ridge", "[0, 0.01, 0.1]"), ("whiten", r#"["none", "inverse_singular"]"#)];
    let gpa = [("rank", "[null, 32, 16]"), ("scale", "[false, true]")];
    let methods = [
        ("gcca_fit", read(r#"{"gcca": {}}"#)),
        ("gcca_24_candidates", selection("gcca", &gcca)),
        ("gpa_fit", read(r#"{"gpa": {}}"#)),
        ("gpa_6_candidates", selection("gpa", &gpa)),
    ];
    let mut group = c.benchmark_group("select_M4_N1000_d64");
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
    for (name, method) in methods {
        group
            .bench_function(name, |bench| bench.iter(|| method.fit(black_box(&data), 42).expect("synthetic data fit")));
    }
    let fit = read(r#"{"gcca": {}}"#).fit(&data, 42).expect("synthetic data fit");
    let input = TaskInput { headline_only: true, ..TaskInput::new(&fit.fitted, &data) };
    let task = Task::from(RetrievalParams::default());
    group
        .bench_function("gcca_score", |bench| bench.iter(|| task.score(black_box(&input)).expect("a fitted universe")));
    group.finish();
}

/// The share of a choice among 24 candidates on 4,000 items: 1,000 resamples.
fn shares(c: &mut Criterion) {
    let items = 4000;
    let folds = Folds::draw(items, None, None, 5, 1).expect("enough items");
    let values = |candidate: usize| -> Vec<f64> {
        (0..items).map(|item| f64::from(u8::from((item * 7919 + candidate * 104_729) % 1000 < 700))).collect()
    };
    let scored: Vec<Scored> =
        (0..24).map(|candidate| Scored::of_items(&values(candidate), &folds).expect("one value each")).collect();
    let criterion = SelectParams::default().criterion();
    let mut group = c.benchmark_group("select_share");
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
    group.bench_function("24_candidates_4000_items", |bench| {
        bench.iter(|| share(&criterion, Rule::Best, black_box(&scored), &folds, None, 1).expect("enough items"));
    });
    group.finish();
}

criterion_group!(benches, choices, shares);
criterion_main!(benches);
