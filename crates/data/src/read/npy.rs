//! The npy format: magic, version, a Python dictionary, the data.

use std::borrow::Cow;

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};

use super::{Element, Raw};
use crate::error::FileProblem;

const FORMAT: &str = "npy";
const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy writes about 100 bytes; this leaves room for any plain array.
const LONGEST_HEADER: u64 = 1 << 16;
/// Deep enough for every header that NumPy writes; the parser behind recurses per bracket.
const DEEPEST: usize = 16;

/// The only array of the file.
pub(super) fn raw<'a>(bytes: &'a [u8], tensor: Option<&str>) -> Result<Raw<'a>, FileProblem> {
    if let Some(tensor) = tensor {
        return Err(FileProblem::TensorNamed { tensor: tensor.to_owned() });
    }
    let text = header_text(bytes)?;
    let invalid = |detail: String| FileProblem::Header { format: FORMAT, detail };
    if deepest(text) > DEEPEST {
        return Err(invalid(format!("its header nests brackets more than {DEEPEST} deep")));
    }
    // npyz multiplies the shape out without a look at overflow
    if product_of_numbers(text).is_none() {
        return Err(invalid("its header describes more data than a file can hold".to_owned()));
    }
    let mut rest = bytes;
    let header = NpyHeader::from_reader(&mut rest).map_err(|e| invalid(e.to_string()))?;

    let (element, big_endian) = element(&header.dtype());
    let size = match &element {
        Ok(element) => element.size(),
        Err(_) => header.dtype().num_bytes().unwrap_or(0),
    };
    let (got, before) = (bytes.len() as u64, (bytes.len() - rest.len()) as u64);
    // u128: the product fits u64, with the element's size it need not
    let want = u64::try_from(u128::from(header.len()) * size as u128 + u128::from(before)).unwrap_or(u64::MAX);
    if element.is_ok() && want > got {
        return Err(FileProblem::Truncated { got, want });
    }
    if element.is_ok() && want < got {
        return Err(FileProblem::Trailing { got, want });
    }
    let (shape, fortran) = (header.shape().to_vec(), header.order() == Order::Fortran);
    Ok(Raw { name: None, shape, element, big_endian, fortran, bytes: Cow::Borrowed(rest) })
}

/// The dictionary's text, after the checks that keep a false length from becoming an allocation.
fn header_text(bytes: &[u8]) -> Result<&[u8], FileProblem> {
    let got = bytes.len() as u64;
    let is_npy = bytes.iter().zip(MAGIC).all(|(a, b)| a == b);
    if !is_npy {
        return Err(FileProblem::Header { format: FORMAT, detail: "it does not begin with \\x93NUMPY".to_owned() });
    }
    let (start, length) = match bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => (10, u64::from(u16::from_le_bytes([*a, *b]))),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d, ..] => (12, u64::from(u32::from_le_bytes([*a, *b, *c, *d]))),
        [_, _, _, _, _, _, major, minor, ..] if !(1..=3).contains(major) => {
            let detail = format!("its version is {major}.{minor}, wanted 1.0, 2.0 or 3.0");
            return Err(FileProblem::Header { format: FORMAT, detail });
        }
        _ => return Err(FileProblem::Truncated { got, want: 12 }),
    };
    if length > LONGEST_HEADER {
        let detail = format!("it claims a header of {length} bytes, wanted at most {LONGEST_HEADER}");
        return Err(FileProblem::Header { format: FORMAT, detail });
    }
    let want = start + length;
    bytes.get(start as usize..want as usize).ok_or(FileProblem::Truncated { got, want })
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
        _ => Err(plain.to_string()),
    };
    (element, plain.endianness() == Endianness::Big)
}

/// The greatest number of brackets open at once.
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

/// The product of all numbers in the text but zeros, which bounds that of the shape; `None` beyond u64.
fn product_of_numbers(text: &[u8]) -> Option<u64> {
    text.split(|b| !b.is_ascii_digit()).filter(|digits| !digits.is_empty()).try_fold(1_u64, |product, digits| {
        let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        product.checked_mul(number.max(1))
    })
}
