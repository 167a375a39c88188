//! Fits of data larger than memory: the sums over the rows, and then the rows that a fit asks for.

use std::path::Path;
use std::time::Instant;

use align::moments::{Precision, SufficientStatistics};
use align::{Consensus, Fit, FitWarning, Method, RowSource as _};
use anyhow::{Context, Result, bail};
use data::universe::Saved;
use data::{SplitName, Stream};
use files::Fault;

use super::moments;
use super::origin::{Data, origin};
use super::watched::steps;
use crate::commands::sets::datasets;
use crate::event::Watcher;

/// The fit on the training rows of a manifest and some of its views (all if none is named), which are read some at a time, and
/// its seconds. With `sums`, a file of `runner moments`, they are not summed again.
///
/// # Errors
/// All that is wrong with the data; sums of other data; a method that has to see all rows at once.
pub(super) fn fit(
    method: &Method,
    (manifest, views): (&str, &[String]),
    sums: Option<&Path>,
    (seed, calibrate): (u64, bool),
    watcher: &Watcher,
) -> Result<(Saved, f64)> {
    method.validate()?;
    let Some(weights) = method.sums_weights() else {
        bail!(Fault::usage(format!(
            "{method} has to see all rows at once, so it cannot read them some at a time; fit it without --streamed"
        )));
    };
    let manifest = moments::with_views(datasets::find(manifest)?, views)?;
    let stream = Stream::open(&manifest, SplitName::Train)?;
    let clock = Instant::now();
    let sums = match sums {
        Some(file) => stored(file, &stream)?,
        None => moments::of_rows(&stream, 0..stream.rows(), (weights, Precision::Double), watcher)?,
    };
    let fit = method
        .fit_streamed(&sums, &stream, seed, &steps(watcher))
        .with_context(|| format!("fit on `{}`", manifest.name))?;
    let (fit, consensus) = match fit.fitted.universe() {
        Some(universe) if !universe.is_linear() => on_sample(fit, &stream, calibrate)?,
        _ => moments::completed(fit, &sums, calibrate)?,
    };
    let data = Data { name: &manifest.name, sha256: &stream.identity(), rows: stream.rows() };
    let saved = Saved::new(fit, origin(method, seed, &data)?, consensus);
    Ok((saved, clock.elapsed().as_secs_f64()))
}

/// Most items from which the consensus and the calibration of a universe that is not linear are computed.
const SAMPLE: usize = 16_384;

/// The fit, calibrated if requested, and its consensus, both from items that are evenly spread over all; with a warning if
/// these are not all.
fn on_sample(fit: Fit, stream: &Stream, calibrate: bool) -> Result<(Fit, Option<Consensus>)> {
    let (of, items) = (stream.rows(), stream.rows().min(SAMPLE));
    let spread: Vec<usize> = (0..items).map(|at| at * of / items).collect();
    let rows = stream.read(&spread)?;
    let mut fit = if calibrate { fit.calibrated(&rows)? } else { fit.with_spread_checked(&rows)? };
    if items < of {
        fit.report.warnings.push(FitWarning::SampledConsensus { items, of });
    }
    let consensus = fit.fitted.universe().map(|universe| Consensus::of(universe, &rows)).transpose()?;
    Ok((fit, consensus))
}

/// The sums in a file, which have to be those of these rows.
fn stored(file: &Path, stream: &Stream) -> Result<SufficientStatistics> {
    let stored = moments::stored(file)?;
    let (found, expected) = (&stored.header.data_sha256, stream.identity());
    if *found != expected {
        bail!(Fault::input(format!(
            "{}: sums of other rows or views: found {found} (`{}`), expected {expected}; sum these rows with `runner moments`, \
             with the same views in the same order",
            file.display(),
            stored.header.data,
        )));
    }
    Ok(stored.sums)
}
