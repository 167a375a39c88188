//! Times the kernels of this crate against their floors, on seeded data.
//!
//! `cargo run --release -p polyalign-tasks --example measure` prints one line per case: the ranks of both
//! directions against the bare product of the same size, k-means by both backends, the bootstrap of a
//! clustering table. Times are the least of a few runs on the pool's threads. `-- N` measures the ranks of N items
//! of width 768 alone; the bare product needs 4·N² bytes. `-- search N` measures the ten nearest of N documents of
//! width 768 for 1,000 queries, documents in batches, against the bare products, in wall and CPU seconds.

use std::time::{Duration, Instant};

use align::linalg::{Threads, product};
use align::prep::cosine_rows;
use align::rng::{Purpose, stream};
use align::{AlignError, Matrix};
use cpu_time::ProcessTime;
use rand::RngExt;
use tasks::kmeans::{Backend, Init, KMeans, STARTS};
use tasks::metrics::ContingencyTable;
use tasks::{Search, TaskError, paired_bootstrap, ranks};

fn main() -> Result<(), TaskError> {
    println!("{} threads", rayon::current_num_threads());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["search", n] => return n.parse().map_or(Ok(()), |n| measure_search(n, 768, 1000)),
        [n] if n.parse::<usize>().is_ok() => return n.parse().map_or(Ok(()), |n| measure_ranks(n, 768, 3)),
        _ => {}
    }
    for d in [256, 768] {
        for n in [2974, 4000] {
            measure_ranks(n, d, 7)?;
        }
    }
    for (n, d, k) in [(3000, 384, 60), (2974, 256, 59)] {
        measure_kmeans(n, d, k)?;
    }
    measure_bootstrap()
}

fn least<T>(runs: usize, mut f: impl FnMut() -> Result<T, TaskError>) -> Result<Duration, TaskError> {
    let mut least = Duration::MAX;
    for _ in 0..runs {
        let start = Instant::now();
        std::hint::black_box(f()?);
        least = least.min(start.elapsed());
    }
    Ok(least)
}

/// Points around `groups` centres, rows normalised.
fn points(n: usize, d: usize, groups: usize, seed: u64) -> Matrix {
    let mut rng = stream(seed, Purpose::SYNTHETIC, None);
    let centres = Matrix::from_fn(groups, d, |_, _| rng.random::<f32>() - 0.5);
    cosine_rows(&Matrix::from_fn(n, d, |i, j| centres.at(i % groups, j) + 2.0 * (rng.random::<f32>() - 0.5)))
}

fn measure_ranks(n: usize, d: usize, runs: usize) -> Result<(), TaskError> {
    let (a, b) = (points(n, d, 60, 1), points(n, d, 60, 2));
    let floor = least(runs, || {
        Ok::<_, AlignError>(product(a.view(), b.view().transpose(), Threads::Pool)).map_err(Into::into)
    })?;
    let both = least(runs, || ranks::ranks_both(&a, &b))?;
    let one = least(runs, || ranks::ranks(&a, &b))?;
    let ratio = |t: Duration| t.as_secs_f64() / floor.as_secs_f64();
    println!(
        "ranks n={n} d={d}: product {floor:.1?}, both directions {both:.1?} ({:.2}x), one {one:.1?} ({:.2}x)",
        ratio(both),
        ratio(one)
    );
    Ok(())
}

fn measure_search(n: usize, d: usize, queries: usize) -> Result<(), TaskError> {
    const BATCH: usize = 1 << 16;
    let mut rng = stream(5, Purpose::SYNTHETIC, None);
    let mut rows = |n: usize| Matrix::from_fn(n, d, |_, _| rng.random::<f32>() - 0.5);
    let mut search = Search::new(rows(queries), 10)?;
    let asked = rows(queries);
    let (mut ours, mut floor) = ([Duration::ZERO; 2], [Duration::ZERO; 2]);
    let clock = |total: &mut [Duration; 2], work: &mut dyn FnMut() -> Result<(), TaskError>| {
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        work()?;
        total[0] += wall.elapsed();
        total[1] += cpu.elapsed();
        Ok::<_, TaskError>(())
    };
    for start in (0..n).step_by(BATCH) {
        let documents = rows(BATCH.min(n - start));
        clock(&mut floor, &mut || {
            std::hint::black_box(product(asked.view(), documents.view().transpose(), Threads::Pool));
            Ok(())
        })?;
        clock(&mut ours, &mut || search.add(&documents, |_| true))?;
    }
    println!(
        "search n={n} d={d} queries={queries}: {:.1?} wall, {:.1?} CPU; products alone {:.1?} wall, {:.1?} CPU ({:.2}x of CPU)",
        ours[0],
        ours[1],
        floor[0],
        floor[1],
        ours[1].as_secs_f64() / floor[1].as_secs_f64()
    );
    Ok(())
}

fn measure_kmeans(n: usize, d: usize, k: usize) -> Result<(), TaskError> {
    let x = points(n, d, k, 3);
    for (backend, init, runs) in
        [(Backend::Lloyd, Init::Random, 5), (Backend::Lloyd, Init::KmeansPp, 5), (Backend::Linfa, Init::KmeansPp, 1)]
    {
        let kmeans = KMeans { k, restarts: 3, iterations: 20, init, backend };
        let mut inertia = 0.0;
        let time = least(runs, || {
            let fit = kmeans.fit(&x, &mut stream(0, STARTS, Some(0)))?;
            inertia = fit.inertia;
            Ok(())
        })?;
        println!("k-means n={n} d={d} k={k} {backend:?} {init:?}: {time:.1?}, inertia {inertia:.3}");
    }
    Ok(())
}

/// ARI and NMI of 10 views × 5 seeds × 4 methods, 1,000 resamples of 2,974 items.
fn measure_bootstrap() -> Result<(), TaskError> {
    let (n, k) = (2974, 59);
    let mut rng = stream(4, Purpose::SYNTHETIC, None);
    let labels: Vec<u32> = (0..n).map(|_| rng.random_range(0..k)).collect();
    let mut noisy = |&label: &u32| if rng.random_range(0..2) == 0 { label } else { rng.random_range(0..k) };
    let tables: Vec<ContingencyTable> = (0..10 * 5 * 4)
        .map(|_| ContingencyTable::new(&labels.iter().map(&mut noisy).collect::<Vec<_>>(), &labels))
        .collect::<Result<_, _>>()?;
    let statistic = |weights: &[u32]| {
        let agreements = tables.iter().filter_map(|table| table.weighted_agreement(weights).ok());
        agreements.flat_map(|a| [a.ari, a.nmi]).collect()
    };
    let time = least(1, || paired_bootstrap(n as usize, 1000, 0, statistic))?;
    println!("bootstrap of 200 tables, 1000 resamples of {n} items: {time:.1?}");
    Ok(())
}
