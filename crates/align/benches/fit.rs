//! What a fit costs as views, items and widths grow: a star around M = 5, N = 5,000, d = 256, one axis at a time.
//!
//! Fixed work, the accelerated solver apart: iterations are capped and tolerances zero, so a figure is the cost of
//! the arithmetic, not of how fast these data converge. Data are seeded and made outside the clock.

#![allow(clippy::expect_used, reason = "a bench whose data cannot be made should stop")]

use std::hint::black_box;
use std::time::Duration;

use align::corrector::train::{Adamw, Trainer};
use align::corrector::{Batch, Corrector, Draw, Loss, NormalizedRows};
use align::methods::gcca::GccaParams;
use align::methods::gpa::{GpaParams, Solver};
use align::methods::pairwise::PairwiseParams;
use align::synthetic::Synthetic;
use align::{Method, Views};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// One point of the star.
#[derive(Clone, Copy)]
struct Size {
    views: usize,
    items: usize,
    width: usize,
}

const CENTRE: Size = Size { views: 5, items: 5_000, width: 256 };

impl Size {
    /// The centre and the ends of each axis.
    fn star() -> Vec<Self> {
        let views = [3, 10].map(|views| Self { views, ..CENTRE });
        let items = [1_000, 20_000].map(|items| Self { items, ..CENTRE });
        let widths = [64, 768].map(|width| Self { width, ..CENTRE });
        [vec![CENTRE], views.to_vec(), items.to_vec(), widths.to_vec()].concat()
    }

    fn data(self) -> Views {
        let recipe = Synthetic {
            widths: vec![self.width; self.views],
            fit_rows: self.items,
            test_rows: 1,
            ..Synthetic::default()
        };
        recipe.generate(1).expect("sizes above zero").train.views
    }

    fn name(self) -> String {
        format!("M{}_N{}_d{}", self.views, self.items, self.width)
    }
}

/// Sweeps of GPA: few, because every one costs the same.
const SWEEPS: usize = 5;

fn fits(c: &mut Criterion) {
    let accelerated = GpaParams { solver: Solver::Accelerated, ..GpaParams::default() };
    let methods = [
        ("pairwise", Method::from(PairwiseParams::default())),
        ("gpa_5_sweeps", Method::from(GpaParams { max_iter: Some(SWEEPS), tol: 0.0, ..GpaParams::default() })),
        ("gpa_accelerated_tol_1e-5", Method::from(GpaParams { tol: 1e-5, ..accelerated.clone() })),
        ("gcca", Method::from(GccaParams::default())),
    ];
    for (name, method) in methods {
        let mut group = c.benchmark_group(name);
        group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
        for size in Size::star() {
            let data = size.data();
            group.bench_with_input(BenchmarkId::from_parameter(size.name()), &data, |b, data| {
                b.iter(|| method.fit(black_box(data), 1).expect("synthetic data fit"));
            });
        }
        group.finish();
    }
}

/// One training step of the corrector, batch 4,096; M and N do not enter.
fn corrector(c: &mut Criterion) {
    let mut group = c.benchmark_group("gcpa_step_4096");
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
    for width in [64, 256, 384, 768] {
        let data = Size { views: 2, width, ..CENTRE }.data();
        let (x, targets) = (NormalizedRows::new(data.at(0)), NormalizedRows::new(data.at(1)).unit().clone());
        let rows = Draw::of(0..4096);
        let adamw = Adamw { lr: 2e-3, weight_decay: 1e-4, clip: 1.0 };
        let mut trainer = Trainer::new(Corrector::new(width, 2 * width, 1).expect("a width above 0"), adamw);
        let batch = Batch { x: &x, targets: &targets, rows: &rows };
        group.bench_function(BenchmarkId::from_parameter(format!("d{width}")), |b| {
            b.iter(|| trainer.step(black_box(&batch), Loss { tau: 0.08, lambda: 0.7 }));
        });
    }
    group.finish();
}

criterion_group!(benches, fits, corrector);
criterion_main!(benches);
