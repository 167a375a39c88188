//! What judging costs: ranks of one pair in both directions against the product that they need anyway, and
//! k-means. Data are seeded and made outside the clock.

#![allow(clippy::expect_used, reason = "a bench whose data cannot be made should stop")]

use std::hint::black_box;
use std::time::Duration;

use align::Matrix;
use align::linalg::{Threads, product};
use align::prep::cosine_rows;
use align::rng::stream;
use align::synthetic::Synthetic;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tasks::kmeans::{Backend, Init, KMeans, STARTS};
use tasks::ranks::ranks_both;

fn pair(items: usize, width: usize) -> (Matrix, Matrix) {
    let recipe = Synthetic { widths: vec![width; 2], fit_rows: 1, test_rows: items, ..Synthetic::default() };
    let views = recipe.generate(1).expect("sizes above zero").test.views;
    (cosine_rows(views.at(0)), cosine_rows(views.at(1)))
}

fn retrieval(c: &mut Criterion) {
    let mut group = c.benchmark_group("retrieval_both_directions");
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
    for (items, width) in [(1_000, 256), (4_000, 256), (4_000, 768), (20_000, 256)] {
        let (a, b) = pair(items, width);
        let name = format!("n{items}_d{width}");
        group.bench_function(BenchmarkId::new("ranks", &name), |bench| {
            bench.iter(|| ranks_both(black_box(&a), black_box(&b)).expect("equal shapes"));
        });
        // The floor: the same product and nothing else. Its result is n × n, so only where that fits.
        if items <= 4_000 {
            group.bench_function(BenchmarkId::new("product_alone", &name), |bench| {
                bench.iter(|| product(black_box(a.view()), black_box(b.view().transpose()), Threads::Pool));
            });
        }
    }
    group.finish();
}

fn kmeans(c: &mut Criterion) {
    let mut group = c.benchmark_group("kmeans_3_restarts_20_steps");
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
    for (items, width, k) in [(1_000, 256, 60), (3_000, 384, 60), (20_000, 256, 60)] {
        let (x, _) = pair(items, width);
        let kmeans = KMeans { k, restarts: 3, iterations: 20, init: Init::Random, backend: Backend::Lloyd };
        group.bench_function(BenchmarkId::from_parameter(format!("n{items}_d{width}_k{k}")), |bench| {
            bench.iter(|| kmeans.fit(black_box(&x), &mut stream(1, STARTS, Some(0))).expect("k <= n"));
        });
    }
    group.finish();
}

criterion_group!(benches, retrieval, kmeans);
criterion_main!(benches);
