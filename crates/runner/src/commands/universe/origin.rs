//! What the file of a universe says about where it comes from.

use align::Method;
use anyhow::Result;
use data::universe::Origin;

use super::place::TOOL;

/// The data of a fit, as the file stores them.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    /// Name of the data set.
    pub name: &'a str,
    /// SHA-256 of the views.
    pub sha256: &'a str,
    /// Number of rows.
    pub rows: usize,
}

/// The method, its seed and its data.
pub(super) fn origin(method: &Method, seed: u64, data: &Data<'_>) -> Result<Origin> {
    Ok(Origin {
        method: serde_json::to_value(method)?,
        method_version: method.version(),
        seed,
        data: data.name.to_owned(),
        data_sha256: data.sha256.to_owned(),
        rows: data.rows,
        tool: TOOL.to_owned(),
        added: Vec::new(),
    })
}
