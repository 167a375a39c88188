//! What composes and what does not, by way of the task.
#![allow(clippy::expect_used, reason = "a test that cannot fit its data should stop")]

mod common;

use align::Method;
use align::methods::gcpa::{GcpaParams, Training};
use align::methods::gpa::GpaParams;
use align::methods::na::NaParams;
use align::methods::pairwise::PairwiseParams;
use common::{score, synthetic};
use tasks::{CycleParams, DriftParams, Metric, Task};

fn errors(method: &Method, metric: Metric) -> Vec<f64> {
    let scores = score(method, &Task::from(CycleParams::default()), &synthetic(4, 16, 300, 80)).scores;
    scores.iter().filter(|s| s.metric == metric).filter_map(|s| s.value).collect()
}

#[test]
fn a_universe_of_orthogonal_maps_closes_every_cycle_and_pairwise_maps_do_not() {
    let gpa = errors(&Method::from(GpaParams::default()), Metric::CycleError);
    assert_eq!(gpa.len(), 4);
    assert!(gpa.iter().all(|e| e.abs() < 1e-9), "{gpa:?}");
    let pairwise = errors(&Method::from(PairwiseParams::default()), Metric::CycleError);
    assert!(pairwise.len() == 4 && pairwise.iter().all(|&e| e > 1e-4), "{pairwise:?}");
}

#[test]
fn the_corrector_leaves_a_trace_that_its_linear_maps_do_not() {
    let gcpa = Method::from(GcpaParams { training: Training::released(2), ..GcpaParams::default() });
    assert!(errors(&gcpa, Metric::CycleError).iter().all(|e| e.abs() < 1e-9));
    let corrected = errors(&gcpa, Metric::CycleErrorCorrected);
    assert!(corrected.len() == 4 && corrected.iter().all(|&e| e > 1e-6 && e < 0.5), "{corrected:?}");
    let drift = score(&gcpa, &Task::from(DriftParams::default()), &synthetic(4, 16, 300, 80)).scores;
    let means: Vec<f64> = drift.iter().filter(|s| s.metric == Metric::DriftMean).filter_map(|s| s.value).collect();
    assert!(means.len() == 4 && means.iter().all(|&d| d > 1e-6 && d < 0.5), "{means:?}");
    assert!(errors(&Method::from(NaParams::default()), Metric::CycleError).is_empty());
}
