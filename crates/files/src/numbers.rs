//! Numbers in the bytes of files, as `f32`.
//!
//! Every value of a data set passes through here, so this crate is optimised, whatever the crates of the formats are.

use half::{bf16, f16, slice::HalfFloatSliceExt};

/// IEEE halves; `big` for big-endian bytes. Bytes behind the last whole number are left out, here and below.
pub fn of_f16(bytes: &[u8], big: bool) -> Vec<f32> {
    widen(&decode(bytes, big, f16::from_le_bytes, f16::from_be_bytes))
}

/// Upper halves of IEEE singles.
pub fn of_bf16(bytes: &[u8], big: bool) -> Vec<f32> {
    widen(&decode(bytes, big, bf16::from_le_bytes, bf16::from_be_bytes))
}

/// IEEE singles.
pub fn of_f32(bytes: &[u8], big: bool) -> Vec<f32> {
    decode(bytes, big, f32::from_le_bytes, f32::from_be_bytes)
}

/// IEEE doubles, rounded.
pub fn of_f64(bytes: &[u8], big: bool) -> Vec<f32> {
    decode(bytes, big, |b| f64::from_le_bytes(b) as f32, |b| f64::from_be_bytes(b) as f32)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_orders_of_bytes() {
        let want = [1.5_f32, -2.0, 0.25];
        let bytes = |of: &dyn Fn(f32) -> Vec<u8>| want.iter().flat_map(|&x| of(x)).collect::<Vec<u8>>();
        assert_eq!(of_f16(&bytes(&|x| f16::from_f32(x).to_le_bytes().into()), false), want);
        assert_eq!(of_f16(&bytes(&|x| f16::from_f32(x).to_be_bytes().into()), true), want);
        assert_eq!(of_bf16(&bytes(&|x| bf16::from_f32(x).to_le_bytes().into()), false), want);
        assert_eq!(of_bf16(&bytes(&|x| bf16::from_f32(x).to_be_bytes().into()), true), want);
        assert_eq!(of_f32(&bytes(&|x| x.to_le_bytes().into()), false), want);
        assert_eq!(of_f32(&bytes(&|x| x.to_be_bytes().into()), true), want);
        assert_eq!(of_f64(&bytes(&|x| f64::from(x).to_le_bytes().into()), false), want);
        assert_eq!(of_f64(&bytes(&|x| f64::from(x).to_be_bytes().into()), true), want);
        assert_eq!(of_f64(&[0; 15], false), [0.0]);
    }
}
