//! The HDF5 format: named arrays in groups, contiguous or in compressed chunks.

use std::borrow::Cow;

use hdf5_reader::error::ByteOrder;
use hdf5_reader::{Datatype, Hdf5File, OpenOptions};

use super::{Element, Raw, most_unpacked};
use crate::error::FileProblem;

const FORMAT: &str = "HDF5";
/// The array that is meant where none is named, and the attribute of the file that says how many of its rows have been
/// written: those of latentis' vector stores, which lay out room for all rows before they encode the first.
const DEFAULT: &str = "data";
const WRITTEN: &str = "last_index";
/// The array at this path, `data` where none is named. Files and links outside the file are not followed.
pub(super) fn raw<'a>(bytes: &[u8], tensor: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    let invalid = |detail: String| FileProblem::Header { format: FORMAT, detail };
    let limit = most_unpacked(bytes);
    let options = OpenOptions::default().with_max_read_bytes(limit).with_max_chunk_bytes(limit);
    let file = Hdf5File::from_bytes_with_options(bytes, options).map_err(|e| invalid(e.to_string()))?;
    let name = tensor.unwrap_or(DEFAULT);
    let array = file.dataset(name).map_err(|e| invalid(format!("array `{name}`: {e}")))?;
    let mut shape = array.shape().to_vec();
    let (element, big_endian) = match array.dtype() {
        Datatype::FloatingPoint { size, byte_order } => {
            let element = match size {
                2 => Ok(Element::F16),
                4 => Ok(Element::F32),
                8 => Ok(Element::F64),
                size => Err(format!("a float of {size} bytes")),
            };
            (element, matches!(byte_order, ByteOrder::BigEndian))
        }
        Datatype::FixedPoint { size, signed, byte_order } => {
            let element = match (size, signed) {
                (1, true) => Ok(Element::I8),
                (2, true) => Ok(Element::I16),
                (4, true) => Ok(Element::I32),
                (8, true) => Ok(Element::I64),
                (1, false) => Ok(Element::U8),
                (2, false) => Ok(Element::U16),
                (4, false) => Ok(Element::U32),
                (size, _) => Err(format!("an integer of {size} bytes")),
            };
            (element, matches!(byte_order, ByteOrder::BigEndian))
        }
        other => (Err(format!("{other:?}")), false),
    };
    let mut values = match element {
        Ok(_) => array.read_raw_bytes().map_err(|e| invalid(format!("array `{name}`: {e}")))?,
        Err(_) => Vec::new(),
    };
    let written = file.root_group().and_then(|root| root.attribute(WRITTEN)).and_then(|a| a.read_as_f64());
    if let (Ok(written), Some(rows)) = (written, shape.first_mut())
        && tensor.is_none_or(|tensor| tensor == DEFAULT)
        && written >= 0.0
        && (written as u64) < *rows
    {
        let row = values.len() / (*rows).max(1) as usize;
        *rows = written as u64;
        values.truncate(row * written as usize);
    }
    Ok(Raw { name: Some(name.to_owned()), shape, element, big_endian, fortran: false, bytes: Cow::Owned(values) })
}
