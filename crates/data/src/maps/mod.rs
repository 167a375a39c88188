//! The map of a fit in the formats of other programs: NumPy, safetensors, sentence-transformers, faiss, ONNX.
//!
//! ```
//! use align::methods::gpa::GpaParams;
//! use align::{Method, synthetic::Synthetic};
//! use data::maps::{ExportedMap, MapFormat};
//! use data::universe::Origin;
//!
//! let data = Synthetic::default().generate(1)?;
//! let fit = Method::from(GpaParams::default()).fit(&data.train.views, 42)?;
//! let origin = Origin { method: serde_json::json!({"gpa": {}}), seed: 42, ..Origin::default() };
//!
//! let folder = tempfile::tempdir()?;
//! let map = ExportedMap::of(&fit.fitted, &origin, "mine 1.0", "v0", Some("v1"))?;
//! map.write(MapFormat::Npz, &folder.path().join("map.npz"), false)?;
//! map.write(MapFormat::SentenceTransformers, &folder.path().join("map"), false)?;
//! assert!(map.notes(MapFormat::Npz).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `docs/formats.md` describes the files.

mod arrays;
mod faiss;
mod format;
mod npz;
mod onnx;
mod problem;
mod sentence_transformers;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use align::fitted::{AffineMap, MapStep};
use align::{AlignError, Fitted, RowMap};
use serde::Serialize;

use self::arrays::{NamedSteps, StepEntry};
pub use self::format::MapFormat;
use self::format::{Around, METADATA_ENTRY};
pub use self::problem::MapProblem;
use crate::universe::Origin;
use crate::write::{Tensor, safetensors_with, whole};
use crate::{DataError, FileProblem};

/// Version of the metadata.
const FORMAT_VERSION: u32 = 1;
/// The word for the universe as a target.
const UNIVERSE: &str = "universe";
/// Deviation from the fit above which a note says so.
const DEVIATES: f64 = 1e-4;

/// The map from a view to another view or to the universe, with its origin.
#[derive(Clone, Debug)]
pub struct ExportedMap {
    map: RowMap,
    source: String,
    target: Option<String>,
    deviation: f64,
    tool: String,
    origin: Origin,
}

/// The metadata of a file, as JSON.
#[derive(Serialize)]
struct Metadata<'m> {
    format_version: u32,
    tool: &'m str,
    source: End<'m>,
    target: End<'m>,
    steps: Vec<StepEntry>,
    notes: Vec<String>,
    deviation: f64,
    origin: &'m Origin,
}

/// One end of a map.
#[derive(Serialize)]
struct End<'m> {
    /// The view; null for the universe.
    view: Option<&'m str>,
    width: usize,
}

impl ExportedMap {
    /// The map of rows of `source` to the coordinates of `target`, or without a target to the universe. `tool` is the
    /// program that exports, with its version.
    ///
    /// # Errors
    /// The errors of [`Fitted::row_map`].
    pub fn of(
        fitted: &Fitted,
        origin: &Origin,
        tool: &str,
        source: &str,
        target: Option<&str>,
    ) -> Result<Self, AlignError> {
        let map = fitted.row_map(source, target)?;
        let deviation = map.deviation(fitted, source, target)?;
        let (source, target) = (source.to_owned(), target.map(str::to_owned));
        Ok(Self { map, source, target, deviation, tool: tool.to_owned(), origin: origin.clone() })
    }

    /// The target that a user names: the universe for `universe`, unless a view has this name.
    pub fn target<'t>(fitted: &Fitted, name: &'t str) -> Option<&'t str> {
        let known = fitted.views().iter().any(|(view, _)| *view == UNIVERSE);
        (name != UNIVERSE || known).then_some(name)
    }

    /// The affine map, if there is one and no other steps but those to unit length, which [`ExportedMap::notes`] of
    /// [`MapFormat::Faiss`] names.
    ///
    /// # Errors
    /// [`MapProblem::Steps`] for any other map.
    pub fn affine(&self) -> Result<&AffineMap, MapProblem> {
        Around::of(&self.map).map(|around| around.affine).ok_or_else(|| self.refused(MapFormat::Faiss))
    }

    fn refused(&self, format: MapFormat) -> MapProblem {
        let takers = MapFormat::ALL.into_iter().filter(|format| format.takes(&self.map)).collect();
        MapProblem::Steps { steps: self.steps(), format, takers }
    }

    /// The map itself.
    pub fn map(&self) -> &RowMap {
        &self.map
    }

    /// The largest difference from the fit ([`RowMap::deviation`]).
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// The steps in words, such as `affine, unit_rows, affine`.
    pub fn steps(&self) -> String {
        self.map.steps().iter().map(MapStep::name).collect::<Vec<_>>().join(", ")
    }

    /// Sentences that a user of the file must know: steps that the format cannot hold, and a map that is not exact. They
    /// are in the metadata, too, if the format has metadata.
    pub fn notes(&self, format: MapFormat) -> Vec<String> {
        let mut notes = Vec::new();
        let unit = self.map.steps().iter().any(|step| matches!(step, MapStep::UnitRows));
        match (format, Around::of(&self.map)) {
            (MapFormat::Faiss, Some(Around { before, after, .. })) => {
                let rows = |when: &str| {
                    format!("bring every row to unit length {when} the transform: the file cannot hold this step")
                };
                notes.extend(before.then(|| rows("before")));
                notes.extend(after.then(|| rows("after")));
            }
            (MapFormat::Npz | MapFormat::Safetensors, _) if unit => {
                notes.push("bring every row to unit length where the steps in the metadata say `unit_rows`: this step has no arrays".to_owned());
            }
            _ => {}
        }
        if self.deviation.is_nan() || self.deviation > DEVIATES {
            notes.push(format!(
                "rows of this map differ from those of the fit by up to {:.0e} of their root mean square: large numbers cancel \
                 in single precision; if the means of columns are many times their standard deviations, subtract them before \
                 the fit",
                self.deviation
            ));
        }
        notes
    }

    /// The metadata of a file in this format, as JSON.
    ///
    /// # Errors
    /// None that is known; a text of the JSON library if there is one.
    pub fn metadata(&self, format: MapFormat) -> Result<String, String> {
        let (source, target) = self.map.widths();
        let metadata = Metadata {
            format_version: FORMAT_VERSION,
            tool: &self.tool,
            source: End { view: Some(&self.source), width: source },
            target: End { view: self.target.as_deref(), width: target },
            steps: NamedSteps::of(&self.map).steps,
            notes: self.notes(format),
            deviation: self.deviation,
            origin: &self.origin,
        };
        serde_json::to_string(&metadata).map_err(|e| e.to_string())
    }

    /// Writes the file, or the folder for sentence-transformers, completely or not at all. The same map gives the same
    /// bytes.
    ///
    /// # Errors
    /// A map that the format cannot hold ([`MapProblem`]); a path that exists, unless it may be overwritten; a folder with
    /// other files; a place that cannot be written.
    pub fn write(&self, format: MapFormat, path: &Path, overwrite: bool) -> Result<(), DataError> {
        let refused = |problem: MapProblem| DataError::Map { path: path.to_owned(), problem: Box::new(problem) };
        if !format.takes(&self.map) {
            return Err(refused(self.refused(format)));
        }
        if path.exists() && !overwrite {
            return Err(DataError::file(path, FileProblem::Exists));
        }
        let unwritable = |reason: String| DataError::unwritable(path, reason);
        let metadata = self.metadata(format).map_err(unwritable)?;
        let named = NamedSteps::of(&self.map);
        match format {
            MapFormat::Npz => {
                let bytes = npz::bytes(&named.arrays, &metadata).map_err(|e| unwritable(e.to_string()))?;
                whole(path, &bytes).map(drop)
            }
            MapFormat::Safetensors => {
                let tensors: Vec<Tensor> =
                    named.arrays.iter().map(|(name, array)| Tensor::array(name.clone(), array)).collect();
                let entry = HashMap::from([(METADATA_ENTRY.to_owned(), metadata)]);
                safetensors_with(path, &tensors, Some(entry)).map(drop)
            }
            MapFormat::SentenceTransformers => {
                let files =
                    sentence_transformers::files(&self.map, &metadata).map_err(|e| unwritable(e.to_string()))?;
                self.folder(path, &files, refused)
            }
            MapFormat::Faiss => {
                let bytes = faiss::bytes(self.affine().map_err(refused)?);
                let bytes =
                    bytes.ok_or_else(|| unwritable("its rows are wider than a file of faiss can say".to_owned()))?;
                whole(path, &bytes).map(drop)
            }
            MapFormat::Onnx => {
                let bytes = onnx::bytes(&self.map, &self.tool, &metadata);
                if bytes.len() > onnx::MOST {
                    return Err(refused(MapProblem::TooLarge { format, bytes: bytes.len(), most: onnx::MOST }));
                }
                whole(path, &bytes).map(drop)
            }
        }
    }

    fn folder(
        &self,
        path: &Path,
        files: &[(PathBuf, Vec<u8>)],
        refused: impl Fn(MapProblem) -> DataError,
    ) -> Result<(), DataError> {
        let unwritable = |reason: std::io::Error| DataError::unwritable(path, reason);
        if path.is_dir() {
            if let Some(other) = sentence_transformers::other_entry(path).map_err(unwritable)? {
                return Err(refused(MapProblem::OtherFiles { other }));
            }
        } else if path.exists() {
            return Err(unwritable(std::io::Error::other("it is a file, expected a folder")));
        }
        files::write_folder(path, files).map_err(unwritable)
    }
}
