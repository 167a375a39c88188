//! What a selection among candidates costs, in fits: one fit on rows, and all candidates on one of five folds, whose sums
//! come from the sums of all rows by subtraction. Five times the second over the first is the cost of a selection.
//!
//! Data are seeded and made outside the clock, as are the sums over all rows and over the fold.

#![allow(clippy::expect_used, reason = "a bench whose data cannot be made should stop")]

use std::hint::black_box;
use std::time::Duration;

use align::methods::gcca::{GccaParams, Whiten};
use align::methods::gpa::GpaParams;
use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::synthetic::Synthetic;
use align::{Method, Watch};
use criterion::{Criterion, criterion_group, criterion_main};

const VIEWS: usize = 10;
const ITEMS: usize = 4_000;
const WIDTH: usize = 256;

/// Ranks by ridges by whitening: 24 candidates.
fn gcca() -> Vec<Method> {
    let mut candidates = Vec::new();
    for rank in [32, 64, 128, 256] {
        for ridge in [0.0, 0.01, 0.1] {
            for whiten in [Whiten::None, Whiten::InverseSingular] {
                candidates.push(GccaParams { rank: Some(rank), ridge, whiten, ..GccaParams::default() }.into());
            }
        }
    }
    candidates
}

/// Ranks with and without scales of the views: six candidates.
fn gpa() -> Vec<Method> {
    let params = |rank: Option<usize>, scale: bool| GpaParams { rank, scale, ..GpaParams::default() };
    let ranks = [None, Some(128), Some(64)];
    ranks.iter().flat_map(|&rank| [false, true].map(|scale| params(rank, scale).into())).collect()
}

fn selections(c: &mut Criterion) {
    let recipe = Synthetic { widths: vec![WIDTH; VIEWS], fit_rows: ITEMS, test_rows: 1, ..Synthetic::default() };
    let train = recipe.generate(1).expect("sizes above zero").train.views;
    let fold = train.select_rows(&(0..ITEMS).filter(|row| row % 5 == 0).collect::<Vec<_>>());
    let sums = |rows| SufficientStatistics::of(rows, Incomplete::PairwiseComplete, Precision::Double);
    let (all, held_out) = (sums(&train), sums(&fold));
    for (name, candidates) in [("gcca_24", gcca()), ("gpa_6", gpa())] {
        let one = Method::from_name(candidates[0].name()).expect("a method of this crate");
        let mut group = c.benchmark_group(format!("selection_{name}"));
        group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
        group.bench_function("one_fit", |b| {
            b.iter(|| one.fit(black_box(&train), 1).expect("synthetic data fit"));
        });
        group.bench_function("one_fold", |b| {
            b.iter(|| {
                let mut rest = all.clone();
                rest.subtract(black_box(&held_out)).expect("a part of the rows");
                Method::fit_candidates(&candidates, &rest, 1, &Watch::default())
            });
        });
        group.finish();
    }
}

criterion_group!(benches, selections);
criterion_main!(benches);
