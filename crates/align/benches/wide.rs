//! What a fit of wide views costs: M = 3, N = 10,000, d up to 4,096. It is not part of `cargo bench`, because criterion takes at
//! least ten samples of a fit of minutes; with `-- --quick` it takes as few as it can.

#![allow(clippy::expect_used, reason = "a bench whose data cannot be made should stop")]

use std::cell::LazyCell;
use std::hint::black_box;
use std::time::Duration;

use align::Method;
use align::methods::gcca::{GccaParams, Whiten};
use align::methods::gpa::{GpaParams, Solver};
use align::synthetic::Synthetic;
use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};

fn fits(c: &mut Criterion) {
    let gpa = GpaParams { solver: Solver::Accelerated, tol: 1e-5, ..GpaParams::default() };
    let whitened = GccaParams { whiten: Whiten::InverseSingular, rank: Some(256), ..GccaParams::default() };
    let methods = [
        ("gpa_accelerated_tol_1e-5", Method::from(gpa)),
        ("gcca", Method::from(GccaParams::default())),
        ("gcca_whitened_rank_256", Method::from(whitened)),
    ];
    for width in [1024, 2048, 4096] {
        // Made for the first fit that was asked for.
        let data = LazyCell::new(|| {
            let recipe = Synthetic { widths: vec![width; 3], fit_rows: 10_000, test_rows: 1, ..Synthetic::default() };
            recipe.generate(1).expect("sizes above zero").train.views
        });
        for (name, method) in &methods {
            let mut group = c.benchmark_group(*name);
            // One fit a sample, however long it takes, and none to warm up but the first.
            group.sample_size(10).sampling_mode(SamplingMode::Flat);
            group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_secs(1));
            group.bench_function(BenchmarkId::from_parameter(format!("d{width}")), |b| {
                let data = &*data;
                b.iter(|| method.fit(black_box(data), 1).expect("synthetic data fit"));
            });
            group.finish();
        }
    }
}

criterion_group!(benches, fits);
criterion_main!(benches);
