//! Problems of a map that is to be written.

use thiserror::Error;

use super::format::MapFormat;

/// Problem of a map that is to be written.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MapProblem {
    /// A map with steps that the format cannot hold.
    #[error(
        "the map has the steps {steps}, and `{format}` holds {}; expected one of these formats: {}", .format.holds(), listed(.takers)
    )]
    Steps {
        /// The steps of the map, in words.
        steps: String,
        /// The format.
        format: MapFormat,
        /// Formats that can hold the map.
        takers: Vec<MapFormat>,
    },
    /// A folder with files that a map does not have.
    #[error(
        "holds `{other}`, which is not a file of an exported map, so the folder is not overwritten; choose another folder, or empty this one"
    )]
    OtherFiles {
        /// Name of the first such file.
        other: String,
    },
    /// An array that is too large for the format.
    #[error("the map has {bytes} bytes, and `{format}` holds at most {most}; use `safetensors`")]
    TooLarge {
        /// The format.
        format: MapFormat,
        /// Bytes of the map.
        bytes: usize,
        /// Bytes that the format can hold.
        most: usize,
    },
}

fn listed(formats: &[MapFormat]) -> String {
    formats.iter().map(|format| format!("`{format}`")).collect::<Vec<_>>().join(", ")
}
