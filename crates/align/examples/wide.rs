//! Time of one fit of synthetic views, without the time to make them: docs/performance.md, "Wide views".
//!
//! ```sh
//! cargo run --release -p polyalign-align --example wide -- '{"gpa": {"solver": "accelerated", "tol": 1e-5}}' 3 10000 2048
//! ```

use std::error::Error;
use std::time::Instant;

use align::{Matrix, Method, Views};
use cpu_time::ProcessTime;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [method, sizes @ ..] = arguments.as_slice() else {
        return Err("usage: wide METHOD VIEWS ROWS WIDTH, with the method in JSON".into());
    };
    let sizes: Vec<usize> = sizes.iter().map(|size| size.parse()).collect::<Result<_, _>>()?;
    let [views, rows, width] = sizes[..] else {
        return Err("expected three numbers after the method: views, rows and width".into());
    };
    let method: Method = serde_json::from_str(method)?;
    let views = synthetic(views, rows, width)?;
    let (wall, cpu) = (Instant::now(), ProcessTime::try_now()?);
    let fit = method.fit(&views, 1)?;
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu.try_elapsed()?.as_secs_f64());
    let report = fit.report;
    println!("{}: {:?} iterations, objective {:?}", report.stop.name(), report.iterations, report.objective);
    report.warnings.iter().for_each(|warning| println!("{warning:?}"));
    println!("wall {wall:.2} s, CPU {cpu:.2} s");
    Ok(())
}

/// The views of `planted` in docs/baseline/torch_baseline.py: one set of latent rows with the spectrum j^-0.6, rotated
/// for each view, with noise.
fn synthetic(views: usize, rows: usize, width: usize) -> Result<Views, Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let normal = |scale: f64, rng: &mut ChaCha8Rng| scale * rng.sample::<f64, _>(StandardNormal);
    let latent: Vec<Vec<f64>> =
        (0..rows).map(|_| (0..width).map(|j| normal((1.0 + j as f64).powf(-0.6), &mut rng)).collect()).collect();
    let noise = 0.5 / (width as f64).sqrt();
    let mut named = Vec::new();
    for view in 0..views {
        let rotation = Rotation::draw(width, &mut rng);
        let mut values = Vec::with_capacity(rows * width);
        for row in &latent {
            let rotated = rotation.apply(row.clone());
            values.extend(rotated.into_iter().map(|x| (x + normal(noise, &mut rng)) as f32));
        }
        named.push((format!("v{view}"), Matrix::new(rows, width, values)?));
    }
    Ok(Views::new(named)?)
}

/// An orthogonal matrix: rounds of rotations of pairs of coordinates, each after a random reordering.
struct Rotation(Vec<Round>);

/// An order of the coordinates, and sine and cosine for each pair of neighbours in it.
type Round = (Vec<usize>, Vec<(f64, f64)>);

impl Rotation {
    fn draw(width: usize, rng: &mut ChaCha8Rng) -> Self {
        let rounds = 2 * width.ilog2().max(1);
        let round = |rng: &mut ChaCha8Rng| {
            let mut order: Vec<usize> = (0..width).collect();
            (1..width).rev().for_each(|i| order.swap(i, rng.random_range(0..=i)));
            let angle = |rng: &mut ChaCha8Rng| (rng.random::<f64>() * std::f64::consts::TAU).sin_cos();
            (order, (0..width / 2).map(|_| angle(rng)).collect())
        };
        Self((0..rounds).map(|_| round(rng)).collect())
    }

    fn apply(&self, mut row: Vec<f64>) -> Vec<f64> {
        for (order, angles) in &self.0 {
            let mut next: Vec<f64> = order.iter().map(|&i| row[i]).collect();
            for (pair, (sin, cos)) in next.chunks_exact_mut(2).zip(angles) {
                (pair[0], pair[1]) = (cos * pair[0] - sin * pair[1], sin * pair[0] + cos * pair[1]);
            }
            row = next;
        }
        row
    }
}
