//! The question of an upgrade.

use std::path::PathBuf;

use super::cost::Prices;

/// The question of an upgrade.
#[derive(Clone, Debug)]
pub struct UpgradeRequest {
    /// The data set: a name in `data-manifests/`, or the path of a manifest.
    pub manifest: String,
    /// The view of the old model, which made the index.
    pub from: String,
    /// The view of the new model.
    pub to: String,
    /// Names of the methods among which the pairs choose.
    pub methods: Vec<String>,
    /// Number of candidates per method at most.
    pub budget: usize,
    /// Number of folds of the pairs.
    pub folds: usize,
    /// Seed of the folds, the fits and the parts of the pairs.
    pub seed: u64,
    /// Resamples of the queries for intervals.
    pub resamples: usize,
    /// Size of the real index, and what it costs to embed.
    pub prices: Prices,
    /// Folder of the page and the map.
    pub out: PathBuf,
    /// Whether to overwrite files that exist.
    pub overwrite: bool,
}
