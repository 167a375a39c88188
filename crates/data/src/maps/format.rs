//! Formats in which maps leave the program.

use align::RowMap;
use align::fitted::{AffineMap, MapStep};

/// Name of the entry in the metadata of safetensors and ONNX.
pub(super) const METADATA_ENTRY: &str = "polyalign";

/// Format of an exported map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapFormat {
    /// A zip archive of NumPy arrays.
    Npz,
    /// Tensors of safetensors.
    Safetensors,
    /// A folder with modules of sentence-transformers: `Dense`, and `Normalize` for a step to unit length.
    SentenceTransformers,
    /// A `LinearTransform` of faiss, as `faiss.read_VectorTransform` reads it.
    Faiss,
    /// A model of ONNX.
    Onnx,
}

align::names! {
    MapFormat, "format" {
        Npz = "npz",
        Safetensors = "safetensors",
        SentenceTransformers = "sentence-transformers",
        Faiss = "faiss",
        Onnx = "onnx",
    }
}

/// An affine map, and whether rows are brought to unit length before it and after it.
pub(super) struct Around<'m> {
    pub(super) before: bool,
    pub(super) affine: &'m AffineMap,
    pub(super) after: bool,
}

impl<'m> Around<'m> {
    /// The only affine map, if no other steps are between rows and result.
    pub(super) fn of(map: &'m RowMap) -> Option<Self> {
        let (before, affine, after) = match map.steps() {
            [MapStep::Affine(affine)] => (false, affine, false),
            [MapStep::UnitRows, MapStep::Affine(affine)] => (true, affine, false),
            [MapStep::Affine(affine), MapStep::UnitRows] => (false, affine, true),
            [MapStep::UnitRows, MapStep::Affine(affine), MapStep::UnitRows] => (true, affine, true),
            _ => return None,
        };
        Some(Self { before, affine, after })
    }
}

impl MapFormat {
    /// Whether the format can hold this map.
    pub fn takes(self, map: &RowMap) -> bool {
        match self {
            Self::Npz | Self::Safetensors | Self::Onnx => true,
            Self::SentenceTransformers => {
                map.steps().iter().all(|step| matches!(step, MapStep::Affine(_) | MapStep::UnitRows))
            }
            Self::Faiss => Around::of(map).is_some(),
        }
    }

    /// The maps that the format can hold, for messages.
    pub(super) fn holds(self) -> &'static str {
        match self {
            Self::Npz | Self::Safetensors | Self::Onnx => "any map",
            Self::SentenceTransformers => "affine maps and steps to unit length",
            Self::Faiss => "one affine map",
        }
    }
}
