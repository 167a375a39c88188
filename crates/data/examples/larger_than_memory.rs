//! GPA, GCCA and GCPA on a data set larger than memory.
//!
//! ```sh
//! cargo run --release -p polyalign-data --example larger_than_memory -- make FOLDER 20       # 20 GB, five views of width 256
//! cargo run --release -p polyalign-data --example larger_than_memory -- make FOLDER 12.8 64  # ten million rows of width 64
//! cargo run --release -p polyalign-data --example larger_than_memory -- fit FOLDER
//! ```
//!
//! `fit` prints what each fit took and the most memory that the process ever had (`VmHWM`).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use align::linalg::{Threads, product};
use align::methods::gcca::GccaParams;
use align::methods::gcpa::{CorrectorBase, FastTraining, GcpaParams, Training};
use align::methods::gpa::{GpaParams, Solver};
use align::methods::pairwise::PairwiseParams;
use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::rng::{Purpose, Stream, stream};
use align::synthetic::rotation;
use align::{Matrix, Method, Watch};
use data::{DataError, Manifest, SplitName};
use rand::RngExt;
use rayon::prelude::*;

type Error = Box<dyn std::error::Error + Send + Sync>;

const VIEWS: usize = 5;
/// Rows made and read at a time.
const CHUNK: usize = 8192;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", folder, gigabytes] => make(Path::new(folder), gigabytes.parse()?, 256),
        ["make", folder, gigabytes, width] => make(Path::new(folder), gigabytes.parse()?, width.parse()?),
        ["fit", folder] => fit(Path::new(folder)),
        _ => Err("usage: larger_than_memory make FOLDER GIGABYTES [WIDTH] | fit FOLDER".into()),
    }
}

/// Views `v0` … of one latent with a decaying spectrum, each turned and with its own noise, as npy files.
fn make(folder: &Path, gigabytes: f64, width: usize) -> Result<(), Error> {
    let rows = (gigabytes * 1e9 / (4 * VIEWS * width) as f64) as usize;
    std::fs::create_dir_all(folder)?;
    let mut rng = stream(1, Purpose::SYNTHETIC, None);
    let turns: Vec<Matrix> =
        (0..VIEWS).map(|m| rotation(width, &mut stream(1, Purpose::SYNTHETIC, Some(m)))).collect::<Result<_, _>>()?;
    let mut files = Vec::new();
    for m in 0..VIEWS {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(folder.join(format!("v{m}.npy")))?);
        header(&mut file, rows, width)?;
        files.push(file);
    }
    for start in (0..rows).step_by(CHUNK) {
        let count = CHUNK.min(rows - start);
        let latent = uniform((count, width), |j| (1.0 + j as f32).powf(-0.6), &mut rng);
        let seeds: Vec<u64> = (0..VIEWS).map(|_| rng.random()).collect();
        let made: Vec<Result<(), std::io::Error>> = files
            .par_iter_mut()
            .zip(&turns)
            .zip(seeds)
            .map(|((file, turn), seed)| {
                let mut view = product(latent.view(), turn.view(), Threads::One);
                let noise = uniform((count, width), |_| 0.05, &mut stream(seed, Purpose::SYNTHETIC, None));
                view.as_mut_slice().iter_mut().zip(noise.as_slice()).for_each(|(x, noise)| *x += noise);
                view.as_slice().iter().try_for_each(|x| file.write_all(&x.to_le_bytes()))
            })
            .collect();
        made.into_iter().collect::<Result<(), _>>()?;
    }
    files.iter_mut().try_for_each(Write::flush)?;
    let views: String = (0..VIEWS)
        .map(|m| format!("  - {{name: v{m}, files: {{train: {{file: v{m}.npy}}, test: {{file: v{m}.npy}}}}}}\n"))
        .collect();
    let head = "name: large\ntitle: synthetic\nlicence: CC0-1.0\nsource: made by an example\nsplits: [train, test]\n";
    std::fs::write(folder.join("large.yaml"), format!("{head}views:\n{views}"))?;
    println!("{rows} rows of {VIEWS} views of width {width} in {}", folder.display());
    Ok(())
}

/// Numbers around zero, column j spread by `spread(j)`.
fn uniform((rows, width): (usize, usize), spread: impl Fn(usize) -> f32, rng: &mut Stream) -> Matrix {
    Matrix::from_fn(rows, width, |_, j| spread(j) * (rng.random::<f32>() * 2.0 - 1.0))
}

/// The beginning of an npy file.
fn header(file: &mut impl Write, rows: usize, width: usize) -> Result<(), Error> {
    let mut text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}");
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    file.write_all(b"\x93NUMPY\x01\x00")?;
    file.write_all(&u16::try_from(text.len())?.to_le_bytes())?;
    Ok(file.write_all(text.as_bytes())?)
}

fn fit(folder: &Path) -> Result<(), Error> {
    let manifest = Manifest::read(&folder.join("large.yaml"))?;
    let stream = data::Stream::open(&manifest, SplitName::Train)?;
    let clock = Instant::now();
    let chunks = stream.chunks(CHUNK);
    let sums = SufficientStatistics::collect::<DataError>(chunks, Incomplete::PairwiseComplete, Precision::Single)?;
    let sums = sums.ok_or("no rows")?;
    println!("{} rows summed in {:.1} s", sums.rows(), clock.elapsed().as_secs_f64());
    let gpa = GpaParams { solver: Solver::Accelerated, ..GpaParams::default() };
    let gcpa = GcpaParams {
        base: CorrectorBase::accelerated(),
        training: Training::Fast(FastTraining::default()),
        ..GcpaParams::default()
    };
    for method in [
        Method::from(PairwiseParams::default()),
        Method::from(gpa),
        Method::from(GccaParams::default()),
        Method::from(gcpa),
    ] {
        let clock = Instant::now();
        let report = method.fit_streamed(&sums, &stream, 1, &Watch::default())?.report;
        // The objective of GCPA is a mean over rows already.
        let rows = if report.corrector.is_some() { 1.0 } else { sums.rows() as f64 };
        let objective = report.objective.unwrap_or(f64::NAN) / rows;
        println!("{}: {:.1} s, objective per row {objective:.6}", method.name(), clock.elapsed().as_secs_f64());
        memory();
    }
    Ok(())
}

/// Prints the most memory that the process ever had.
fn memory() {
    match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}")),
        Err(_) => println!("this system does not say how much memory a process has had"),
    }
}
