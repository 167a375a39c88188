//! The HDF5 format: named arrays in groups, contiguous or in compressed chunks.

mod lzf;

use std::borrow::Cow;

use hdf5_reader::error::{ByteOrder, Error};
use hdf5_reader::{
    Dataset, Datatype, FilterRegistry, H5Type, Hdf5File, OpenOptions, SliceInfo, SliceInfoElem, StringSize,
};

use super::{
    element::Element,
    raw::{Raw, most_unpacked},
};
use crate::FileProblem;

const FORMAT: &str = "HDF5";
/// Default array, and the attribute of the file with the number of its rows that were written. latentis' vector stores
/// have both: they allocate all rows before they encode the first.
const DEFAULT: &str = "data";
const WRITTEN: &str = "last_index";
/// h5py's number for its own compression.
const LZF: u16 = 32_000;

/// The array at this path, `data` without one. Files and links outside the file are not followed.
pub(super) fn raw<'a>(bytes: &[u8], tensor: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    let invalid = |detail: String| FileProblem::Header { format: FORMAT, detail };
    let limit = most_unpacked(bytes);
    let mut filters = FilterRegistry::new();
    let unpack = move |packed: &[u8]| {
        lzf::unpack(packed, limit).ok_or_else(|| Error::DecompressionError("a damaged chunk of LZF".to_owned()))
    };
    filters.register(LZF, Box::new(move |_, packed, _| unpack(packed)));
    let options = OpenOptions::default().with_filter_registry(filters);
    let options = options.with_max_read_bytes(limit).with_max_chunk_bytes(limit);
    let file = Hdf5File::from_bytes_with_options(bytes, options).map_err(|e| invalid(e.to_string()))?;
    let name = tensor.unwrap_or(DEFAULT);
    let array = file.dataset(name).map_err(|e| invalid(format!("array `{name}`: {e}")))?;
    let failed = |error: Error| explain(name, error, bytes.len() as u64, limit as u64);
    let mut shape = array.shape().to_vec();
    let (element, big_endian) = element(array.dtype());

    let written = file.root_group().and_then(|root| root.attribute(WRITTEN)).and_then(|a| a.read_as_f64());
    let mut values = None;
    if let (Ok(element), Ok(written), Some(rows)) = (&element, written, shape.first_mut())
        && tensor.is_none_or(|tensor| tensor == DEFAULT)
        && written >= 0.0
        && (written as u64) < *rows
    {
        *rows = written as u64;
        values = Some(first_rows(&array, *rows, element.size()).map_err(failed)?);
    }
    let values = match (&element, values) {
        (_, Some(values)) => values,
        (Ok(_), None) => array.read_raw_bytes().map_err(failed)?,
        (Err(_), None) => Vec::new(),
    };
    let texts = match text_of(array.dtype()) {
        Some(text) => Some(strings(&array, text, limit).map_err(failed)?),
        None => None,
    };
    Ok(Raw {
        name: Some(name.to_owned()),
        shape,
        element,
        big_endian,
        bytes: Cow::Owned(values),
        texts,
        ..Raw::empty()
    })
}

fn element(dtype: &Datatype) -> (Result<Element, String>, bool) {
    match dtype {
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
        other if text_of(other).is_some() => (Err("text".to_owned()), false),
        other => (Err(format!("{other:?}")), false),
    }
}

/// The first rows of an array in the byte order of the file; unwritten space is not read.
fn first_rows(array: &Dataset, rows: u64, size: usize) -> Result<Vec<u8>, Error> {
    fn of<const N: usize>(array: &Dataset, selection: &SliceInfo) -> Result<Vec<u8>, Error> {
        Ok(array.read_slice::<AsItIs<N>>(selection)?.iter().flat_map(|element| element.0).collect())
    }
    let mut selection = SliceInfo::all(array.ndim());
    if let Some(first) = selection.selections.first_mut() {
        *first = SliceInfoElem::Slice { start: 0, end: rows, step: 1 };
    }
    match size {
        1 => of::<1>(array, &selection),
        2 => of::<2>(array, &selection),
        4 => of::<4>(array, &selection),
        _ => of::<8>(array, &selection),
    }
}

/// Bytes of an element in the order of the file.
#[derive(Clone, Copy)]
struct AsItIs<const N: usize>([u8; N]);

impl<const N: usize> H5Type for AsItIs<N> {
    fn hdf5_type() -> Datatype {
        Datatype::Opaque { size: N as u32, tag: String::new() }
    }

    fn from_bytes(bytes: &[u8], _: &Datatype) -> Result<Self, Error> {
        let bytes =
            bytes.first_chunk::<N>().ok_or_else(|| Error::InvalidData(format!("an element of {N} bytes is cut")))?;
        Ok(Self(*bytes))
    }

    fn element_size(_: &Datatype) -> usize {
        N
    }
}

/// Storage of texts.
enum Text {
    /// A fixed number of bytes, padded.
    Fixed(usize),
    /// Elsewhere in the file, with any length.
    Anywhere,
}

fn text_of(dtype: &Datatype) -> Option<Text> {
    match dtype {
        Datatype::String { size: StringSize::Fixed(length), .. } => Some(Text::Fixed(*length as usize)),
        Datatype::String { size: StringSize::Variable, .. } => Some(Text::Anywhere),
        Datatype::VarLen { base, .. } if base.is_vlen_string_base() => Some(Text::Anywhere),
        _ => None,
    }
}

/// All texts of an array, together at most `limit` bytes, because many can refer to the same place in the file.
fn strings(array: &Dataset, text: Text, limit: usize) -> Result<Vec<String>, Error> {
    let values = array.read_raw_bytes()?;
    let size = match text {
        Text::Fixed(length) => length,
        Text::Anywhere => array.vlen_reference_size(),
    };
    let mut left = limit;
    let mut texts = Vec::new();
    for (row, element) in values.chunks_exact(size.max(1)).enumerate() {
        let bytes = match text {
            Text::Fixed(_) => Cow::Borrowed(element),
            Text::Anywhere => Cow::Owned(array.resolve_vlen_reference_bytes(element, 1)?),
        };
        let too_much = || Error::ResourceLimit(format!("texts of more than {limit} bytes"));
        left = left.checked_sub(bytes.len()).ok_or_else(too_much)?;
        let wrong = |_| Error::InvalidData(format!("the text at row {row} is not UTF-8"));
        texts.push(str::from_utf8(&bytes).map_err(wrong)?.trim_end_matches('\0').to_owned());
    }
    Ok(texts)
}

/// The library's errors; errors of intact files are distinguished from those of damaged files.
fn explain(name: &str, error: Error, got: u64, limit: u64) -> FileProblem {
    let tensor = Some(name.to_owned());
    match error {
        Error::Context { source, .. } => explain(name, *source, got, limit),
        Error::ResourceLimit(_) => FileProblem::Inflated { tensor, got, limit },
        Error::UnsupportedFilter(filter) => FileProblem::Unsupported {
            tensor,
            detail: format!("compressed by {}", known_filter(&filter)),
            remedy: "write it with gzip or lzf, or without compression",
        },
        Error::UnsupportedEncoding(what) => {
            FileProblem::Unsupported { tensor, detail: what, remedy: "write it anew with h5py, or as npy" }
        }
        other => FileProblem::Header { format: FORMAT, detail: format!("array `{name}`: {other}") },
    }
}

/// The registered names of common filters.
fn known_filter(filter: &str) -> String {
    let name = match filter.rsplit(' ').next().and_then(|id| id.parse::<u32>().ok()) {
        Some(307) => "bzip2",
        Some(32_001) => "Blosc",
        Some(32_004) => "LZ4",
        Some(32_008) => "bitshuffle",
        Some(32_013) => "ZFP",
        Some(32_015) => "Zstandard",
        Some(32_026) => "Blosc2",
        _ => return filter.to_owned(),
    };
    format!("{name} ({filter})")
}
