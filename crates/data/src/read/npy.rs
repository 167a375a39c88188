//! The npy format: magic, version, a Python dictionary, the data.

use std::borrow::Cow;

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, TypeStr};

use super::{element::Element, raw::Raw};
use crate::FileProblem;

const FORMAT: &str = "npy";
const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest header that is read. NumPy writes about 100 bytes; this is enough for any plain array.
const LONGEST_HEADER: u64 = 1 << 16;
/// Deepest nesting of brackets. A dictionary with a tuple has depth two, and structured types are refused before. The
/// parser's time doubles with every further bracket.
const DEEPEST: usize = 4;

/// The only array of the file.
pub(super) fn raw<'a>(bytes: &'a [u8], tensor: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    if let Some(tensor) = tensor {
        return Err(FileProblem::TensorNamed { tensor: tensor.to_owned() });
    }
    let (start, text) = header_text(bytes)?;
    // The headers of structured types grow with their fields, so they are recognised before any limit.
    if is_structured(text) {
        let got = "a structured type".to_owned();
        return Ok(Raw { element: Err(got), ..Raw::empty() });
    }
    let invalid = |detail: String| FileProblem::Header { format: FORMAT, detail };
    if text.len() as u64 > LONGEST_HEADER {
        let length = text.len();
        return Err(invalid(format!("it claims a header of {length} bytes, expected at most {LONGEST_HEADER}")));
    }
    if deepest(text) > DEEPEST {
        return Err(invalid(format!("its header nests brackets more than {DEEPEST} deep")));
    }
    // npyz multiplies the shape without a check for overflow.
    if product_of_numbers(text).is_none() {
        return Err(invalid("its header describes more data than a file can hold".to_owned()));
    }
    let end = start + text.len();
    let head = [&bytes[..start], &without_long_marks(text)].concat();
    let header = NpyHeader::from_reader(head.as_slice()).map_err(|e| invalid(e.to_string()))?;
    let rest = &bytes[end..];

    let dtype = header.dtype();
    let (element, big_endian) = element(&dtype);
    let letters = match &dtype {
        DType::Plain(plain) => Letters::of(plain),
        _ => None,
    };
    let size = match (&element, &letters) {
        (Ok(element), _) => Some(element.size()),
        (_, Some(letters)) => Some(letters.size()),
        _ => None,
    };
    if let Some(size) = size {
        let got = bytes.len() as u64;
        // u128: the product fits into u64, but not necessarily the product with the element's size.
        let want = u64::try_from(u128::from(header.len()) * size as u128 + end as u128).unwrap_or(u64::MAX);
        match want {
            want if want > got => return Err(FileProblem::Truncated { got, want }),
            want if want < got => return Err(FileProblem::Trailing { got, want }),
            _ => {}
        }
    }
    let texts = letters.map(|letters| letters.texts(rest, header.len() as usize, big_endian)).transpose()?;
    let (shape, fortran) = (header.shape().to_vec(), header.order() == Order::Fortran);
    Ok(Raw { shape, element, big_endian, fortran, bytes: Cow::Borrowed(rest), texts, ..Raw::empty() })
}

/// Texts in NumPy's form (all of one length, padded with zeros), or truth values.
enum Letters {
    /// This many code points of four bytes.
    Points(usize),
    /// This many bytes.
    Bytes(usize),
    /// `False` and `True`, one byte each.
    Truth,
}

impl Letters {
    fn of(plain: &TypeStr) -> Option<Self> {
        let length = plain.size_field() as usize;
        match plain.type_char() {
            TypeChar::UnicodeStr => Some(Self::Points(length)),
            TypeChar::ByteStr => Some(Self::Bytes(length)),
            TypeChar::Bool => Some(Self::Truth),
            _ => None,
        }
    }

    /// Bytes of one text.
    fn size(&self) -> usize {
        match self {
            Self::Points(length) => length.saturating_mul(4),
            Self::Bytes(length) => *length,
            Self::Truth => 1,
        }
    }

    fn texts(&self, bytes: &[u8], count: usize, big: bool) -> Result<Vec<String>, FileProblem> {
        let size = self.size();
        if size == 0 {
            // Texts without letters take no space, so their number cannot be checked.
            let detail = "its texts are of length zero".to_owned();
            return Err(FileProblem::Header { format: FORMAT, detail });
        }
        let text = |(row, bytes): (usize, &[u8])| {
            let point = |b: &[u8; 4]| if big { u32::from_be_bytes(*b) } else { u32::from_le_bytes(*b) };
            let text = match self {
                Self::Points(_) => bytes.as_chunks::<4>().0.iter().map(|b| char::from_u32(point(b))).collect(),
                Self::Bytes(_) => str::from_utf8(bytes).ok().map(str::to_owned),
                Self::Truth => Some((bytes != [0]).to_string()),
            };
            let text: Option<String> = text;
            let text = text.ok_or_else(|| {
                let detail = format!("the text at row {row} is not Unicode");
                FileProblem::Header { format: FORMAT, detail }
            })?;
            Ok(text.trim_end_matches('\0').to_owned())
        };
        bytes.chunks_exact(size).take(count).enumerate().map(text).collect()
    }
}

/// Whether the dictionary's `descr` is a list of fields.
fn is_structured(text: &[u8]) -> bool {
    const KEY: &[u8] = b"'descr':";
    let after = text.windows(KEY.len()).position(|window| window == KEY).map(|at| &text[at + KEY.len()..]);
    after.is_some_and(|rest| rest.trim_ascii_start().starts_with(b"["))
}

/// Python 2 printed long integers with an `L`, as in `(400L, 24L)`.
fn without_long_marks(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let mut quoted = false;
    for i in 0..text.len() {
        quoted ^= text[i] == b'\'';
        if !quoted && text[i] == b'L' && i > 0 && text[i - 1].is_ascii_digit() {
            text[i] = b' ';
        }
    }
    text
}

/// Text and position of the dictionary; an error if the stated length is longer than the file or the limit.
fn header_text(bytes: &[u8]) -> Result<(usize, &[u8]), FileProblem> {
    let got = bytes.len() as u64;
    let is_npy = bytes.iter().zip(MAGIC).all(|(a, b)| a == b);
    if !is_npy {
        return Err(FileProblem::Header { format: FORMAT, detail: "it does not begin with \\x93NUMPY".to_owned() });
    }
    let (start, length) = match bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => (10, u64::from(u16::from_le_bytes([*a, *b]))),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d, ..] => (12, u64::from(u32::from_le_bytes([*a, *b, *c, *d]))),
        [_, _, _, _, _, _, major, minor, ..] if !(1..=3).contains(major) => {
            let detail = format!("its version is {major}.{minor}, expected 1.0, 2.0 or 3.0");
            return Err(FileProblem::Header { format: FORMAT, detail });
        }
        _ => return Err(FileProblem::Truncated { got, want: 12 }),
    };
    let want = start + length;
    match bytes.get(start as usize..want as usize) {
        Some(text) => Ok((start as usize, text)),
        None if length > LONGEST_HEADER => {
            let detail = format!("it claims a header of {length} bytes, expected at most {LONGEST_HEADER}");
            Err(FileProblem::Header { format: FORMAT, detail })
        }
        None => Err(FileProblem::Truncated { got, want }),
    }
}

fn element(dtype: &DType) -> (Result<Element, String>, bool) {
    let DType::Plain(plain) = dtype else { return (Err("a structured type".to_owned()), false) };
    let element = match (plain.type_char(), plain.size_field()) {
        (TypeChar::Float, 2) => Ok(Element::F16),
        (TypeChar::Float, 4) => Ok(Element::F32),
        (TypeChar::Float, 8) => Ok(Element::F64),
        (TypeChar::Int, 1) => Ok(Element::I8),
        (TypeChar::Int, 2) => Ok(Element::I16),
        (TypeChar::Int, 4) => Ok(Element::I32),
        (TypeChar::Int, 8) => Ok(Element::I64),
        (TypeChar::Uint, 1) => Ok(Element::U8),
        (TypeChar::Uint, 2) => Ok(Element::U16),
        (TypeChar::Uint, 4) => Ok(Element::U32),
        (TypeChar::Object, _) => Err(format!("{plain} (Python objects)")),
        _ => Err(plain.to_string()),
    };
    (element, plain.endianness() == Endianness::Big)
}

/// The largest number of brackets open at once.
fn deepest(text: &[u8]) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// The product of all nonzero numbers in the text, an upper bound of the product of the shape; `None` beyond u64.
/// Quoted texts are names and types.
fn product_of_numbers(text: &[u8]) -> Option<u64> {
    let (mut quote, mut escaped) = (None, false);
    let bare = text.iter().map(|&byte| {
        if std::mem::take(&mut escaped) {
            return b' ';
        }
        escaped = quote.is_some() && byte == b'\\';
        match quote {
            None if byte == b'\'' || byte == b'"' => quote = Some(byte),
            Some(open) if open == byte => quote = None,
            Some(_) => return b' ',
            None => {}
        }
        byte
    });
    let bare: Vec<u8> = bare.collect();
    bare.split(|b| !b.is_ascii_digit()).filter(|digits| !digits.is_empty()).try_fold(1_u64, |product, digits| {
        let number: u64 = str::from_utf8(digits).ok()?.parse().ok()?;
        product.checked_mul(number.max(1))
    })
}
