//! A fit tells how far it is, and ends where someone asks it to.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use align::moments::{Precision, SufficientStatistics};
use align::synthetic::Synthetic;
use align::{AlignError, FitInput, Progress, Watch};
use common::every_method;

/// Counts the steps, and ends the fit after some of them.
struct Counter {
    steps: AtomicUsize,
    most: usize,
}

impl Counter {
    fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { steps: AtomicUsize::new(0), most })
    }
}

impl Progress for Counter {
    fn advance(&self, done: usize, total: usize) {
        assert!((1..=total).contains(&done), "step {done} of {total}");
        self.steps.fetch_add(1, Ordering::SeqCst);
    }

    fn cancelled(&self) -> bool {
        self.steps.load(Ordering::SeqCst) >= self.most
    }
}

#[test]
fn a_fit_tells_its_steps_and_ends_where_it_is_asked_to() {
    let recipe = Synthetic { widths: vec![12; 4], fit_rows: 150, test_rows: 10, ..Synthetic::default() };
    let train = recipe.generate(1).unwrap().train.views;
    let loops = |name: &str| ["gpa", "gcpa", "sumcor", "srm", "add_view"].iter().any(|start| name.starts_with(start));
    for (name, method) in every_method() {
        let fit = |counter: &Arc<Counter>| {
            let watch = Watch::by(counter.clone());
            method.fit(FitInput::new(&train).watched_by(&watch), 3)
        };
        let patient = Counter::new(usize::MAX);
        let watched = fit(&patient).unwrap();
        let plain = method.fit(&train, 3).unwrap();
        assert_eq!(format!("{:?}", watched.report), format!("{:?}", plain.report), "{name}: a watch changes nothing");
        let steps = patient.steps.load(Ordering::SeqCst);
        assert!(steps >= 2 || !loops(name), "{name}: {steps} steps were told");

        // Before the fit begins, and in the middle of a loop.
        for most in [0, steps.min(2)] {
            let counter = Counter::new(most);
            if most < steps || most == 0 {
                assert_eq!(fit(&counter).unwrap_err(), AlignError::Cancelled, "{name} after {most} steps");
                assert_eq!(counter.steps.load(Ordering::SeqCst), most, "{name}: it ends at once");
            }
        }
    }
}

#[test]
fn a_fit_from_sums_ends_where_it_is_asked_to() {
    let recipe = Synthetic { widths: vec![12; 4], fit_rows: 150, test_rows: 10, ..Synthetic::default() };
    let train = recipe.generate(1).unwrap().train.views;
    for (name, method) in every_method() {
        let Some(spec) = method.moments().map(|method| method.spec()) else { continue };
        let sums = SufficientStatistics::of(&train, spec.incomplete, Precision::Double);
        if method.fit_statistics(&sums, 3).is_ok() {
            let watch = Watch::by(Counter::new(0));
            assert_eq!(method.fit_statistics_watched(&sums, 3, &watch).unwrap_err(), AlignError::Cancelled, "{name}");
        }
    }
}
