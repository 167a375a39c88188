//! The safetensors format: an 8-byte length, a JSON header, the data.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use align::parts::{Array, Values};
use safetensors::{Dtype, SafeTensorError, SafeTensors, tensor::TensorView};

use super::{element::Element, raw::Raw};
use crate::{FileProblem, nearest};

const FORMAT: &str = "safetensors";
const LENGTH: usize = size_of::<u64>();

/// The metadata of the header.
pub(super) fn metadata(bytes: &[u8]) -> Result<HashMap<String, String>, FileProblem> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| explain(bytes, error))?;
    Ok(header.metadata().clone().unwrap_or_default())
}

/// The tensor with this name, or the only one without a name.
pub(super) fn raw<'a>(bytes: &'a [u8], tensor: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| explain(bytes, error))?;
    let mut known: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
    known.sort();
    let name = match (tensor, known.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, _) => return Err(FileProblem::TensorNotNamed { known }),
    };
    let Ok(view) = file.tensor(name) else {
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        return Err(FileProblem::NoTensor { tensor: name.to_owned(), nearest, known });
    };
    let element = match view.dtype() {
        Dtype::F16 => Ok(Element::F16),
        Dtype::BF16 => Ok(Element::Bf16),
        Dtype::F32 => Ok(Element::F32),
        Dtype::F64 => Ok(Element::F64),
        Dtype::I8 => Ok(Element::I8),
        Dtype::I16 => Ok(Element::I16),
        Dtype::I32 => Ok(Element::I32),
        Dtype::I64 => Ok(Element::I64),
        Dtype::U8 => Ok(Element::U8),
        Dtype::U16 => Ok(Element::U16),
        Dtype::U32 => Ok(Element::U32),
        other => Err(other.to_string()),
    };
    let shape = view.shape().iter().map(|&n| n as u64).collect();
    let bytes = view.data();
    Ok(Raw { name: Some(name.to_owned()), shape, element, bytes: Cow::Borrowed(bytes), ..Raw::empty() })
}

/// Content of a file of floats.
pub(crate) struct Contents<'a> {
    /// The format's own metadata.
    pub(crate) metadata: HashMap<String, String>,
    /// The arrays by name.
    pub(crate) arrays: BTreeMap<String, Array>,
    /// All bytes after the header.
    pub(crate) data: &'a [u8],
}

/// Every tensor, without conversion.
pub(crate) fn arrays(bytes: &[u8]) -> Result<Contents<'_>, FileProblem> {
    let (start, header) = SafeTensors::read_metadata(bytes).map_err(|error| explain(bytes, error))?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| explain(bytes, error))?;
    let array = |(name, view): (String, TensorView<'_>)| {
        let values = match view.dtype() {
            Dtype::F32 => Values::Single(Element::F32.floats(view.data(), false)),
            Dtype::F64 => Values::Double(doubles(view.data())),
            other => {
                return Err(FileProblem::Dtype { tensor: Some(name), got: other.to_string(), want: "f32, f64" });
            }
        };
        Ok((name, Array { shape: view.shape().to_vec(), values }))
    };
    Ok(Contents {
        metadata: header.metadata().clone().unwrap_or_default(),
        arrays: file.tensors().into_iter().map(array).collect::<Result<_, _>>()?,
        data: bytes.get(LENGTH + start..).unwrap_or_default(),
    })
}

fn doubles(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
}

/// The crate's errors, with the byte counts that they leave out.
fn explain(bytes: &[u8], error: SafeTensorError) -> FileProblem {
    let got = bytes.len() as u64;
    let header = bytes.first_chunk::<LENGTH>().map(|b| u64::from_le_bytes(*b));
    match (error, header) {
        (SafeTensorError::HeaderTooSmall, _) => FileProblem::Truncated { got, want: LENGTH as u64 },
        (SafeTensorError::InvalidHeaderLength, Some(n)) => {
            FileProblem::Truncated { got, want: n.saturating_add(LENGTH as u64) }
        }
        (SafeTensorError::MetadataIncompleteBuffer, Some(n)) => {
            match n.checked_add(LENGTH as u64).and_then(|start| start.checked_add(data_end(bytes, n)?)) {
                Some(want) if want > got => FileProblem::Truncated { got, want },
                Some(want) => FileProblem::Trailing { got, want },
                None => FileProblem::Header { format: FORMAT, detail: "its header does not cover the file".into() },
            }
        }
        (SafeTensorError::HeaderTooLarge, Some(n)) => FileProblem::Header {
            format: FORMAT,
            detail: format!("it claims a header of {n} bytes, the format allows 100000000"),
        },
        (error, _) => FileProblem::Header { format: FORMAT, detail: error.to_string() },
    }
}

/// End of the last tensor, counted from the end of the header.
fn data_end(bytes: &[u8], header: u64) -> Option<u64> {
    let header = bytes.get(LENGTH..LENGTH.checked_add(header as usize)?)?;
    let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(header).ok()?;
    header.values().filter_map(|tensor| tensor["data_offsets"][1].as_u64()).max()
}
