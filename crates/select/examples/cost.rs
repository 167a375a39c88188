//! The cost of a choice by cross-validation, in CPU seconds and in units of one fit and its score.
//!
//! ```sh
//! cargo run --release -p polyalign-select --example cost -- gcca 3 3.0    # method, rounds, noise of the views
//! ```
//!
//! M = 10 views, N = 4,000 training items, d = 256. The parts are measured by turns, and the last line of the table has
//! their medians over the rounds, so that other work on the machine changes little.

use std::env;

use align::synthetic::Synthetic;
use align::{Dataset, Fitted, Method};
use cpu_time::ProcessTime;
use select::SelectParams;
use serde_json::Value;
use tasks::{RetrievalParams, Task, TaskInput};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "gcca".into());
    let rounds: usize = arguments.next().map_or(Ok(3), |rounds| rounds.parse())?;
    let noise: f32 = arguments.next().map_or(Ok(3.0), |noise| noise.parse())?;
    let over: Value = serde_json::from_str(match name.as_str() {
        "gcca" => r#"{"rank": [32, 64, 128, 256], "ridge": [0, 0.01, 0.1], "whiten": ["none", "inverse_singular"]}"#,
        "gpa" => r#"{"rank": [null, 128, 64], "scale": [false, true]}"#,
        _ => return Err(format!("found `{name}`, expected `gcca` or `gpa`").into()),
    })?;
    let over = over.as_object().ok_or("a mapping")?.clone().into_iter().collect();
    let one = Method::from_name(&name).ok_or("no such method")?;
    let selected = Method::from(SelectParams { method: name, over, ..SelectParams::default() });

    let size = Synthetic { widths: vec![256; 10], fit_rows: 4000, test_rows: 800, noise, ..Synthetic::default() };
    let held_out = size.generate(1)?;
    let on_all = Dataset { test: held_out.train.clone(), ..held_out.clone() };
    let fit = one.fit(&held_out, 42)?;
    println!(
        "| CPU seconds | fit | score, 800 items | score, 4,000 items | selection | in fits | in fits and scores of 800 | of 4,000 |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut parts: [Vec<f64>; 4] = Default::default();
    for round in 1..=rounds {
        parts[0].push(seconds(|| one.fit(&held_out, 42))?);
        parts[1].push(seconds(|| score(&fit.fitted, &held_out))?);
        parts[2].push(seconds(|| score(&fit.fitted, &on_all))?);
        parts[3].push(seconds(|| selected.fit(&held_out, 42))?);
        line(&format!("round {round}"), parts.each_ref().map(|values| values[round - 1]));
    }
    line("median", parts.map(median));
    Ok(())
}

fn line(what: &str, [fit, few, many, selection]: [f64; 4]) {
    let [in_fits, with_few, with_many] = [fit, fit + few, fit + many].map(|unit| selection / unit);
    println!(
        "| {what} | {fit:.2} | {few:.2} | {many:.2} | {selection:.1} | {in_fits:.1} | {with_few:.1} | {with_many:.1} |"
    );
}

/// Rank-1 of all ordered pairs in the universe, as selection scores a candidate.
fn score(fitted: &Fitted, data: &Dataset) -> Result<(), Error> {
    let task = Task::from(RetrievalParams::default());
    task.score(&TaskInput { headline_only: true, ..TaskInput::new(fitted, data) })?;
    Ok(())
}

/// CPU seconds of all threads of this process in `work`.
fn seconds<T, E: Into<Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<f64, Error> {
    let before = ProcessTime::now();
    work().map_err(Into::into)?;
    Ok(before.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
