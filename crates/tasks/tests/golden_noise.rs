//! Wrong correspondences against the reference's figures: case B, its own row maps in three of five views.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::methods::gcca::GccaParams;
use align::methods::gcpa::GcpaParams;
use align::methods::gpa::GpaParams;
use align::methods::pairwise::PairwiseParams;
use align::{Coordinates, Dataset, Method};
use common::{Tensors, case, json};
use tasks::{Metric, RetrievalParams, Task, TaskInput};

const NOISY: [&str; 3] = ["v0", "v1", "v2"];

fn corrupted() -> Dataset {
    let mut data = case("b");
    let maps = Tensors::open("case_B_noise_rowmaps.safetensors");
    for (view, name) in NOISY.iter().enumerate() {
        let map: Vec<usize> = maps.indices(&format!("row_map.{name}"));
        data.train.views = data.train.views.with_row_map(view, &map).expect("a permutation");
    }
    data
}

/// Mean Rank-1 over the pairs with so many noisy ends (`None` for all pairs).
fn rank1(data: &Dataset, method: &Method, seed: u64, noisy_ends: Option<usize>) -> f64 {
    let fit = method.fit(&data.train.views, seed).expect("fits");
    let scores =
        Task::from(RetrievalParams::default()).score(&TaskInput::new(&fit.fitted, data)).expect("scores").scores;
    let space = fit.fitted.coordinates()[0];
    assert_ne!(space, Coordinates::Input);
    let ends = |source: &Option<String>, target: &Option<String>| {
        [source, target].into_iter().flatten().filter(|view| NOISY.contains(&view.as_str())).count()
    };
    let wanted = scores.iter().filter(|s| s.metric == Metric::Rank1 && s.space == space);
    let wanted = wanted.filter(|s| noisy_ends.is_none_or(|want| ends(&s.source, &s.target) == want));
    let values: Vec<f64> = wanted.filter_map(|s| s.value).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

const GROUPS: [(&str, Option<usize>); 4] =
    [("both_noisy", Some(2)), ("one_noisy", Some(1)), ("clean", Some(0)), ("all", None)];

#[test]
fn closed_forms_lose_what_the_reference_loses() {
    let (data, expected) = (corrupted(), json("case_B_noise.json"));
    for (method, name) in
        [(Method::from(PairwiseParams::default()), "PW"), (Method::from(GccaParams::default()), "GCCA")]
    {
        for (group, ends) in GROUPS {
            let want = expected["PW_GCCA"][name][group]["r1"].as_f64().expect("a figure");
            let got = rank1(&data, &method, 0, ends);
            assert!((got - want).abs() < 0.004, "{name} {group}: {got}, reference {want}");
        }
    }
}

#[test]
fn iterated_methods_lie_in_the_bands_of_the_reference() {
    let (data, expected) = (corrupted(), json("case_B_noise.json"));
    for (method, name, seeds) in
        [(Method::from(GpaParams::default()), "GPA", 1), (Method::from(GcpaParams::default()), "GCPA", 3)]
    {
        for (group, ends) in GROUPS {
            let figure = &expected[name][group]["r1"];
            let (mean, std) = (figure["mean"].as_f64().expect("a mean"), figure["std"].as_f64().expect("a spread"));
            let got = (0..seeds).map(|seed| rank1(&data, &method, seed, ends)).sum::<f64>() / seeds as f64;
            assert!((got - mean).abs() < (4.0 * std).max(0.015), "{name} {group}: {got}, reference {figure}");
        }
    }
}
