//! The command `runner export-map`: the map of a fit for other programs.

use std::path::PathBuf;

use anyhow::{Context, Result};
use data::maps::{ExportedMap, MapFormat};
use data::universe;

use super::apply::Way;
use super::place::{TOOL, check_place};

/// The map to write.
#[derive(Clone, Debug)]
pub struct ExportMap {
    /// The file of the fitted method.
    pub universe: PathBuf,
    /// The view of the rows.
    pub from: String,
    /// The view to whose coordinates the map leads, or `universe`.
    pub to: String,
    /// The format.
    pub format: MapFormat,
    /// The file or folder to write.
    pub out: PathBuf,
    /// Whether to overwrite what exists.
    pub overwrite: bool,
}

/// Writes the map, and returns a text about it and about steps that its user has to do.
///
/// # Errors
/// A universe that cannot be read or has no such map; an unknown view; a map that the format cannot hold; an output that
/// is there already or cannot be written.
pub fn export_map(request: &ExportMap) -> Result<String> {
    let ExportMap { universe: file, from, format, out, .. } = request;
    check_place(out, request.overwrite)?;
    let saved = universe::read(file)?;
    let target = ExportedMap::target(&saved.fitted, &request.to);
    let way = match target {
        Some(to) => Way::Translate { from: from.clone(), to: to.to_owned() },
        None => Way::Project { view: from.clone(), unit_variance: false },
    };
    let source = saved.width(way.source(), file)?;
    let width = way.width(&saved, file)?;
    let map = ExportedMap::of(&saved.fitted, &saved.origin, TOOL, from, target);
    let map = map.with_context(|| file.display().to_string())?;
    map.write(*format, out, request.overwrite)?;
    map.notes(*format).iter().for_each(|note| tracing::warn!("{note}"));
    let ends = format!("`{from}` ({source}) to `{}` ({width})", request.to);
    let agrees = format!("equals the fit to {:.0e} of the rows' root mean square", map.deviation());
    Ok(format!("{}: {format}, {ends}, steps {}; {agrees}", out.display(), map.steps()))
}
