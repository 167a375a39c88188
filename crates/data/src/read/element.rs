//! Element types of files, and their conversion to f32, f64 and i64.

use half::{bf16, f16, slice::HalfFloatSliceExt};

/// Element type that some format can hold and this crate can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Element {
    /// IEEE half.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// IEEE single.
    F32,
    /// IEEE double.
    F64,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
}

align::names! {
    Element, "element type" {
        F16 = "f16",
        Bf16 = "bf16",
        F32 = "f32",
        F64 = "f64",
        I8 = "i8",
        I16 = "i16",
        I32 = "i32",
        I64 = "i64",
        U8 = "u8",
        U16 = "u16",
        U32 = "u32",
    }
}

impl Element {
    /// Bytes per element.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }

    /// Whether it is one of the floats.
    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::Bf16 | Self::F32 | Self::F64)
    }

    /// All elements as f32, in the order of the file.
    pub(super) fn floats(self, bytes: &[u8], big: bool) -> Vec<f32> {
        match self {
            Self::F16 => widen::<f16>(&decode(bytes, big, f16::from_le_bytes, f16::from_be_bytes)),
            Self::Bf16 => widen::<bf16>(&decode(bytes, big, bf16::from_le_bytes, bf16::from_be_bytes)),
            Self::F32 => decode(bytes, big, f32::from_le_bytes, f32::from_be_bytes),
            Self::F64 => decode(bytes, big, |b| f64::from_le_bytes(b) as f32, |b| f64::from_be_bytes(b) as f32),
            _ => self.integers(bytes, big).unwrap_or_default().into_iter().map(|x| x as f32).collect(),
        }
    }

    /// All elements as i64; `None` for a float type.
    pub(super) fn integers(self, bytes: &[u8], big: bool) -> Option<Vec<i64>> {
        macro_rules! wide {
            ($t:ty) => {
                decode(bytes, big, |b| <$t>::from_le_bytes(b).into(), |b| <$t>::from_be_bytes(b).into())
            };
        }
        Some(match self {
            Self::I8 => wide!(i8),
            Self::I16 => wide!(i16),
            Self::I32 => wide!(i32),
            Self::I64 => wide!(i64),
            Self::U8 => wide!(u8),
            Self::U16 => wide!(u16),
            Self::U32 => wide!(u32),
            _ => return None,
        })
    }

    /// One element of an f64 array; `None` for every other type.
    pub(super) fn f64_at(self, bytes: &[u8], big: bool, index: usize) -> Option<f64> {
        let bytes = bytes.as_chunks::<8>().0.get(index)?;
        (self == Self::F64).then(|| if big { f64::from_be_bytes(*bytes) } else { f64::from_le_bytes(*bytes) })
    }
}

fn decode<const N: usize, T>(bytes: &[u8], big: bool, le: impl Fn([u8; N]) -> T, be: impl Fn([u8; N]) -> T) -> Vec<T> {
    let chunks = bytes.as_chunks::<N>().0.iter();
    if big { chunks.map(|&b| be(b)).collect() } else { chunks.map(|&b| le(b)).collect() }
}

/// Converts a whole slice, because `half` then uses the processor's own conversion of eight values at a time.
fn widen<T>(values: &[T]) -> Vec<f32>
where
    [T]: HalfFloatSliceExt,
{
    let mut wide = vec![0.0; values.len()];
    values.convert_to_f32_slice(&mut wide);
    wide
}
