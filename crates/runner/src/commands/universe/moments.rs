//! The command `runner moments`: sums over rows, in shards on any number of machines, and their addition. The memory
//! does not depend on the number of rows, and a fit from the sums equals the fit from the rows up to rounding.

use std::ops::Range;
use std::path::{Path, PathBuf};

use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::{Consensus, Fit};
use anyhow::{Context, Result, bail};
use data::moments::StoredSums;
use data::{DataError, Manifest, SplitName, Stream};
use files::Fault;

use super::place::check_place;
use super::watched::Ended;
use crate::commands::sets::datasets;
use crate::event::{Event, Watcher};
use grid::pick::Shard;

/// The rows to sum, and the file to write.
#[derive(Clone, Debug)]
pub struct Request {
    /// A name in `data-manifests/`, or the path of a manifest.
    pub manifest: String,
    /// The split.
    pub split: SplitName,
    /// The views, in this order; all views by default.
    pub views: Vec<String>,
    /// The shard of the rows.
    pub shard: Shard,
    /// The arithmetic of the products.
    pub precision: Precision,
    /// Whether to verify the checksums in the manifest, which reads every file completely.
    pub verify: bool,
    /// The file to write.
    pub out: PathBuf,
    /// Whether to overwrite an existing file.
    pub overwrite: bool,
    /// Number of threads; all cores by default.
    pub threads: Option<usize>,
}

/// Number of rows of a piece.
const CHUNK: usize = 2048;

/// Sums a shard of the rows and writes the file. `watcher` sees how many rows are read.
///
/// # Errors
/// All that is wrong with the data; more shards than rows; a file that exists or cannot be written.
pub fn sum(request: &Request, watcher: &Watcher) -> Result<String> {
    check_place(&request.out, request.overwrite)?;
    let _ended = Ended(watcher);
    let manifest = with_views(datasets::find(&request.manifest)?, &request.views)?;
    let stream = Stream::open_with(&manifest, request.split, request.verify)?;
    let rows = request.shard.rows(stream.rows());
    if rows.is_empty() {
        let found = format!("shard {} of {} rows is empty; take fewer shards", request.shard, stream.rows());
        bail!(Fault::usage(found));
    }
    let threads = rayon::ThreadPoolBuilder::new().num_threads(request.threads.unwrap_or(0)).build()?;
    let sums = threads
        .install(|| of_rows(&stream, rows.clone(), (Incomplete::PairwiseComplete, request.precision), watcher))?;
    let text = format!("rows {} to {} of {}", rows.start, rows.end - 1, stream.rows());
    let stored = StoredSums::new(sums, &manifest.name, stream.identity(), request.split, rows, stream.rows());
    stored.write(&request.out)?;
    Ok(format!("{text} summed in {}", request.out.display()))
}

/// The manifest with these views alone, in this order; all of them if none is named.
pub(super) fn with_views(mut manifest: Manifest, views: &[String]) -> Result<Manifest> {
    if views.is_empty() {
        return Ok(manifest);
    }
    let named = |name: &String| {
        let known = || manifest.views.iter().map(|view| format!("`{}`", view.name)).collect::<Vec<_>>().join(", ");
        let view = manifest.views.iter().find(|view| view.name == *name).cloned();
        view.with_context(|| Fault::input(format!("no view `{name}`; the views here are {}", known())))
    };
    manifest.views = views.iter().map(named).collect::<Result<_>>()?;
    Ok(manifest)
}

/// The sums over some rows of a split, read some at a time.
pub(super) fn of_rows(
    stream: &Stream,
    rows: Range<usize>,
    (incomplete, precision): (Incomplete, Precision),
    watcher: &Watcher,
) -> Result<SufficientStatistics> {
    let (mut done, total) = (0, rows.len());
    let chunks = stream.chunks_of(rows, CHUNK).inspect(|chunk| {
        done += chunk.as_ref().map_or(0, align::Views::rows);
        watcher.on_event(&Event::WorkAt { noun: "rows", done, total });
    });
    SufficientStatistics::collect::<DataError>(chunks, incomplete, precision)?.context("no rows were read")
}

/// The fit, calibrated by the sums if requested, and its consensus, if its universe is linear and no view misses an item.
pub(super) fn completed(fit: Fit, sums: &SufficientStatistics, calibrate: bool) -> Result<(Fit, Option<Consensus>)> {
    let fit = if calibrate { fit.calibrated_by_statistics(sums)? } else { fit };
    let consensus = fit.fitted.universe().map(|universe| Consensus::of_statistics(universe, sums)).transpose()?;
    Ok((fit, consensus.flatten()))
}

/// Adds the sums of several files in the order of their rows, so that the order of the files has no effect.
///
/// # Errors
/// A file that cannot be read; sums of other data or of rows that another file has; without `partial`, rows that none
/// has; a file that exists or cannot be written.
pub fn merge(files: &[PathBuf], out: &Path, partial: bool, overwrite: bool) -> Result<String> {
    check_place(out, overwrite)?;
    let mut shards = Vec::with_capacity(files.len());
    for file in files {
        shards.push((StoredSums::read(file)?, file));
    }
    shards.sort_by(|(a, _), (b, _)| a.header.covers.cmp(&b.header.covers));
    let mut shards = shards.into_iter();
    let (mut all, _) = shards.next().context("no file given")?;
    for (shard, file) in shards {
        all.add(&shard).map_err(|problem| Fault::input(format!("{}: {problem}", file.display())))?;
    }
    if !partial {
        complete(&all).map_err(|missing| {
            Fault::missing(format!("{missing}; sum them, or write the sums of these rows alone with --partial"))
        })?;
    }
    all.write(out)?;
    Ok(format!("{} of {} rows summed in {}", all.sums.rows(), all.header.of, out.display()))
}

/// The sums over all rows of a split, from a file of [`sum`] or [`merge`], for [`align::Method::fit_statistics`].
///
/// # Errors
/// It cannot be read; rows that it has not summed.
pub fn read(file: &Path) -> Result<SufficientStatistics> {
    Ok(stored(file)?.sums)
}

/// The sums with the description of their data.
///
/// # Errors
/// The errors of [`read`].
pub fn stored(file: &Path) -> Result<StoredSums> {
    let stored = StoredSums::read(file)?;
    complete(&stored).map_err(|missing| {
        Fault::missing(format!("{}: {missing}; add the other shards with `runner moments merge`", file.display()))
    })?;
    Ok(stored)
}

/// The rows that are not summed, in words.
fn complete(stored: &StoredSums) -> Result<(), String> {
    let missing: Vec<String> = stored.missing().iter().map(|(from, to)| format!("{from} to {}", to - 1)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let header = &stored.header;
    Err(format!(
        "rows {} of `{}` ({}, {} rows) are not summed",
        missing.join(", "),
        header.data,
        header.split.name(),
        header.of
    ))
}
