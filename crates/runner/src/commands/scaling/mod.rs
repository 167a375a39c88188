//! The command `runner scaling`: times of fits as the numbers of views, items and columns grow, one fit at a time.

mod star;
mod timings;

use std::path::{Path, PathBuf};

use align::{Method, Views};
use anyhow::{Context, Result};
use tasks::noise::Noise;

use crate::cells::cost::{PeakMemory, measured};
use crate::event::{Event, Observer};
use crate::run::outcome::Ending;
use grid::keys::{MethodKey, Params};
use report::draw;
use report::tables::processors;
use star::{Axis, Size, Star};
use store::cells::{State, Store};
use store::durable::Durability;
use store::keeper::Keeper;
use store::lock::{Lock, Turn};
use store::provenance::{LOCK_SHA256, Provenance, REVISION, now};
use store::record::{COST, Record};
use timings::{Timings, views};

/// The sizes to time, and the settings.
#[derive(Clone, Debug)]
pub struct ScalingRequest {
    /// The star of sizes.
    pub file: PathBuf,
    /// Whether to time every size once, and no size beyond the axes.
    pub quick: bool,
    /// Folder of all results.
    pub out: PathBuf,
    /// Whether to list the sizes and stop.
    pub dry_run: bool,
    /// Number of threads; all cores by default.
    pub threads: Option<usize>,
    /// Whether to time sizes again that have been timed.
    pub recompute: bool,
}

/// Times the sizes that have not been timed, and writes records, a table and log-log curves.
///
/// # Errors
/// Anything wrong with the file, a result that cannot be kept. A fit that fails is no error here: it becomes a record.
pub fn run(request: &ScalingRequest, observer: &dyn Observer) -> Result<Ending> {
    let ScalingRequest { file: path, quick, out, dry_run, threads, recompute } = request;
    let star = Star::read(path)?.value;
    let name = if *quick { format!("{}-quick", star.name) } else { star.name.clone() };
    let sizes = star.sizes(*quick);
    if *dry_run {
        for (size, times) in sizes {
            let methods = star.methods.len();
            observer.on_event(&Event::SizeToTime { label: &size.label(), times, methods });
        }
        return Ok(Ending::Complete);
    }
    let store = Store::open(out, &name)?;
    let _lock = Lock::all(store.root())?;
    store.sweep()?;
    let provenance = Provenance::gather(path.parent().unwrap_or(Path::new("")));
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("cannot start threads")?;
    let ids: Vec<String> = sizes.iter().map(|(size, times)| star.id(*size, *times, threads)).collect();
    if *recompute {
        ids.iter().try_for_each(|id| store.forget(id))?;
    }
    let states = store.states(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    for (cell, state) in ids.iter().zip(&states) {
        if let State::Damaged(why) = state {
            observer.on_event(&Event::Damaged { cell, why });
            // If a fit fails now, the damaged records would stand before those of the failure.
            store.forget(cell)?;
        }
    }
    let pending: Vec<usize> = (0..sizes.len()).filter(|&i| !states[i].done()).collect();
    let weight = |size: Size| (size.views * size.width) as f64 * (size.items + 10 * size.width) as f64;
    let work = pending.iter().map(|&i| weight(sizes[i].0)).sum();
    observer.on_event(&Event::CellsBegin { cells: pending.len(), work });
    let blank = Record {
        grid: name.clone(),
        data: "synthetic".into(),
        git: Some(REVISION.into()),
        lock_sha256: LOCK_SHA256.clone(),
        grid_git: provenance.grid_git.clone(),
        host: provenance.host.clone(),
        cpu: provenance.cpu.clone(),
        threads: threads as u64,
        ..Record::default()
    };
    let keeper = Keeper::new(&store, Durability::Cell);
    let (mut failed, mut warm) = (0, false);
    for &i in &pending {
        let (size, times) = sizes[i];
        let start = std::time::Instant::now();
        let blank = Record { cell: ids[i].clone(), ..blank.clone() };
        let data = size.data();
        let Timed { records, failures } = pool.install(|| time(&star, (size, &data), times, &blank, &mut warm));
        // The records of a size at which a fit failed hold the times of the others. The next run tries it again.
        keeper.keep(match failures.is_empty() {
            true => store.stage(&ids[i], &records, &[], &[], None)?,
            false => store.stage_failed(&ids[i], &records)?,
        })?;
        failed += usize::from(!failures.is_empty());
        let (label, seconds) = (size.label(), start.elapsed().as_secs_f64());
        observer.on_event(&Event::CellEnded { label: &label, seconds, failures: &failures, work: weight(size) });
    }
    observer.on_event(&Event::CellsEnded);
    let (before, done) = (sizes.len() - pending.len(), pending.len() - failed);
    observer.on_event(&Event::RunEnded { name: &name, before, done, failed, left: 0 });
    let _turn = Lock::turn(store.root(), Turn::Outputs)?;
    let mut records = Vec::new();
    for id in &ids {
        records.extend(store.records(id)?);
    }
    let mut files = store.write_records(&records, None)?.to_vec();
    let timings = Timings { star: &star, records: &records };
    let mut note = format!(
        "Synthetic data; {threads} thread{} of {}; {}.",
        if threads == 1 { "" } else { "s" },
        provenance.cpu,
        repeats_note(&sizes)
    );
    // The records of sizes that were timed earlier may come from another machine.
    note.extend(processors::mixed(&records).map(|mixed| format!(" {mixed}")));
    let table = timings.table(&name, &note);
    files.extend(table.write(&store.root().join("tables").join("cost"))?);
    // A curve needs two sizes.
    for axis in Axis::ALL.into_iter().filter(|axis| timings.along(*axis).len() > 1) {
        let stem =
            store.root().join("figures").join(format!("cost_by_{}", axis.title().split(' ').next().unwrap_or("")));
        files.extend(draw::keep(figures::draw(&timings.curves(axis, &name, &note), &stem)?)?);
    }
    observer.on_event(&Event::Tables(&table.terminal()));
    files.sort();
    observer.on_event(&Event::Written(&files));
    Ok(if failed == 0 { Ending::Complete } else { Ending::Failures })
}

fn repeats_note(sizes: &[(Size, usize)]) -> String {
    let most = sizes.iter().map(|(_, times)| *times).max().unwrap_or(0);
    let fewer: Vec<String> = sizes
        .iter()
        .filter(|(_, times)| *times < most)
        .map(|(size, times)| format!("{} {times}", size.label()))
        .collect();
    let but = if fewer.is_empty() { String::new() } else { format!(", but {}", fewer.join(", ")) };
    let what = if most == 1 { "single fits".into() } else { format!("medians of {most} fits each") };
    format!("{what}, methods in turn{but}")
}

/// The fits of a size.
#[derive(Default)]
struct Timed {
    records: Vec<Record>,
    /// Why fits failed, by their methods.
    failures: Vec<String>,
}

/// Times every method on the data of a size. A fit that fails does not affect those of other methods. `warm` tells whether
/// this process has fitted before.
fn time(star: &Star, of: (Size, &Result<Views>), times: usize, blank: &Record, warm: &mut bool) -> Timed {
    let (size, data) = of;
    let mut timed = Timed::default();
    let blank = |method: &Method, repeat: usize| Record {
        views: views(size),
        m: size.views as u64,
        method: Some(method.name().into()),
        method_version: Some(method.version().into()),
        params: Some(Params::of(method, method.name())),
        noise: Some(Noise::default()),
        seed: Some(repeat as u64),
        task: Some(COST.into()),
        n: Some(size.items as u64),
        ..blank.clone()
    };
    // The first fits of a process find cold caches and sleeping threads, so they are not timed.
    if let (Ok(data), false) = (data, *warm) {
        star.methods.iter().for_each(|method| drop(method.fit(data, 1)));
        *warm = true;
    }
    let mut failed = vec![false; star.methods.len()];
    for repeat in 0..times {
        for (method, failed) in star.methods.iter().zip(&mut failed).filter(|(_, failed)| !**failed) {
            let blank = blank(method, repeat);
            let fit = match data {
                Ok(data) => fit(method, data, &blank).map_err(|error| format!("{error:#}")),
                Err(error) => Err(format!("{error:#}")),
            };
            timed.records.push(fit.unwrap_or_else(|error| {
                // The same fit would fail again, so its other repeats are left out.
                *failed = true;
                timed.failures.push(format!("{}: {error}", MethodKey::of(method).label()));
                Record { error: Some(error), finished_at: now(), ..blank }
            }));
        }
    }
    timed
}

/// The record of one fit.
fn fit(method: &Method, data: &Views, blank: &Record) -> Result<Record> {
    let memory = PeakMemory::start();
    let (fit, cost) = measured(|| method.fit(data, 1));
    let report = fit?.report;
    Ok(Record {
        fit_seconds: Some(cost.wall),
        fit_cpu_seconds: Some(cost.cpu),
        peak_rss_mb: memory.and_then(|memory| memory.megabytes()),
        maps: Some(report.maps as u64),
        parameters: Some(report.parameters as u64),
        iterations: report.iterations.map(|n| n as u64),
        stop: Some(report.stop.name().into()),
        objective: report.objective,
        finished_at: now(),
        ..blank.clone()
    })
}
