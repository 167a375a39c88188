//! Items per second of an encoder, without the decoding of files: `throughput text|pictures|sounds FOLDER ITEMS BATCH`.
//! `docs/baseline/encoders.py` makes the folders and runs this program in turn with the reference library. Operations per
//! second of the matrix products alone, as an encoder calls them: `throughput products ROWS INNER COLUMNS`.

use std::{fs, path::Path, process::ExitCode, time::Instant};

use align::Matrix;
use align::linalg::{Accum, gemm_in_parts};
use embed::{EmbedError, PictureEncoder, SoundEncoder, TextEncoder, TextOptions, pictures::Pixels};

/// Words of a text; with the two special tokens 128 tokens.
const WORDS: usize = 126;
/// Pixels per side.
const SIDE: usize = 224;
/// Samples of a sound: five seconds.
const SAMPLES: usize = 5 * 16_000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [kind, folder, items, batch] = args.as_slice() else {
        eprintln!("expected: throughput text|pictures|sounds FOLDER ITEMS BATCH, or products ROWS INNER COLUMNS");
        return ExitCode::from(2);
    };
    if kind == "products" {
        return products([folder, items, batch]);
    }
    let (Ok(items), Ok(batch)) = (items.parse(), batch.parse::<usize>()) else {
        eprintln!("expected two whole numbers, found `{items}` and `{batch}`");
        return ExitCode::from(2);
    };
    match seconds(kind, Path::new(folder), items, batch.max(1)) {
        Ok([wall, cpu]) => {
            let peak = peak().unwrap_or_default();
            println!("{:.4} items/s, {:.4} CPU s per item, peak {peak} MB", items as f64 / wall, cpu / items as f64);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the operations per second of `[rows, inner]` times a transposed `[columns, inner]`.
fn products(sizes: [&String; 3]) -> ExitCode {
    let [Ok(rows), Ok(inner), Ok(columns)] = sizes.map(|size| size.parse::<usize>()) else {
        eprintln!("expected three whole numbers, found {sizes:?}");
        return ExitCode::from(2);
    };
    let matrix = |rows| Matrix::from_fn(rows, inner, |i, j| (((i * inner + j) * 7919) % 2003) as f32 / 1001.0 - 1.0);
    let (a, b) = (matrix(rows), matrix(columns));
    let mut out = Matrix::zeros(rows, columns);
    let mut multiply = || gemm_in_parts(out.view_mut(), Accum::Replace, a.view(), b.view().transpose());
    multiply();
    let (start, before, mut count) = (Instant::now(), cpu(), 0.0);
    while start.elapsed().as_secs_f64() < 2.0 {
        multiply();
        count += 2.0 * (rows * inner * columns) as f64 / 1e9;
    }
    let [wall, cpu] = [count / start.elapsed().as_secs_f64(), count / (cpu() - before)];
    println!("{wall:.1} GFLOP/s, {cpu:.1} GFLOP per CPU s");
    ExitCode::SUCCESS
}

/// Wall and CPU seconds for all items, after one batch that does not count.
fn seconds(kind: &str, folder: &Path, items: usize, batch: usize) -> Result<[f64; 2], EmbedError> {
    match kind {
        "text" => {
            let encoder = TextEncoder::open(folder, TextOptions::default())?;
            let text = |i: usize| (0..WORDS).map(|j| format!("w{} ", (31 * i + 7 * j) % 1000)).collect::<String>();
            let texts: Vec<String> = (0..items).map(text).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            encoder.encode(&texts[..batch.min(items)], batch, &mut |_| ())?;
            let start = (Instant::now(), cpu());
            encoder.encode(&texts, batch, &mut |_| ())?;
            Ok([start.0.elapsed().as_secs_f64(), cpu() - start.1])
        }
        "pictures" => {
            let encoder = PictureEncoder::open(folder)?;
            let values = (0..batch * 3 * SIDE * SIDE).map(|i| ((i * 7919) % 2003) as f32 / 1001.0 - 1.0);
            let pixels = Pixels::new(batch, SIDE, SIDE, values.collect())?;
            encoder.features(&pixels)?;
            let start = (Instant::now(), cpu());
            for _ in 0..items.div_ceil(batch) {
                encoder.features(&pixels)?;
            }
            Ok([start.0.elapsed().as_secs_f64(), cpu() - start.1])
        }
        _ => {
            let encoder = SoundEncoder::open(folder)?;
            let values: Vec<f32> = (0..SAMPLES).map(|i| ((i * 7919) % 2003) as f32 / 1001.0 - 1.0).collect();
            encoder.features(&values)?;
            let start = (Instant::now(), cpu());
            for _ in 0..items {
                encoder.features(&values)?;
            }
            Ok([start.0.elapsed().as_secs_f64(), cpu() - start.1])
        }
    }
}

/// CPU seconds of this process, where the system says them in hundredths.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name, in brackets, may have spaces.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace());
    fields.map_or(0.0, |fields| {
        fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
    })
}

/// Largest memory of this process in MB, where the system says it.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}
