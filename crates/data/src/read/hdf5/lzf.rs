//! LZF, the compression of h5py's filter `lzf`.

/// Unpacks a chunk of at most `most` bytes; `None` if it is damaged or larger.
///
/// A control byte c below 32 is followed by c + 1 literal bytes. Any other control byte gives a length to repeat (its
/// upper three bits; 7 means that another byte adds to the length) and a distance (the other bits and the next byte).
pub(super) fn unpack(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::new();
    let mut at = 0;
    let mut next = || {
        let byte = packed.get(at).copied();
        at += 1;
        byte
    };
    while let Some(control) = next() {
        let high = usize::from(control >> 5);
        if high == 0 {
            for _ in 0..=control {
                out.push(next()?);
            }
        } else {
            let length = 2 + if high == 7 { 7 + usize::from(next()?) } else { high };
            let back = (usize::from(control & 31) << 8 | usize::from(next()?)) + 1;
            let start = out.len().checked_sub(back)?;
            // The copy may overlap its own output.
            (start..start + length).for_each(|i| out.push(out[i]));
        }
        if out.len() > most {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_repeats_and_damage() {
        // `abc`, then six bytes from three back, then 264 from one back
        let packed = [2, b'a', b'b', b'c', 4 << 5, 2, 7 << 5, 255, 0];
        let want = [b"abcabcabc".as_slice(), &[b'c'; 264]].concat();
        assert_eq!(unpack(&packed, 1000).as_deref(), Some(want.as_slice()));
        assert_eq!(unpack(&packed, 100), None, "too large");
        assert_eq!(unpack(&packed[..3], 1000), None, "cut");
        assert_eq!(unpack(&[1 << 5, 0], 1000), None, "from before the beginning");
        assert_eq!(unpack(&[], 1000).as_deref(), Some(&[][..]));
    }
}
