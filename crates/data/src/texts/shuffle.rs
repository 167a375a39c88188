//! The order of Python's `random.shuffle`.

use rand_mt::Mt;

/// `0..items` in the order of Python's `random.seed(seed); random.shuffle(list(range(items)))`: Fisher-Yates from the
/// back; each partner is drawn from as many high bits of MT19937 as are needed, and drawn again if it is too large.
///
/// It only reproduces splits that others have drawn with Python; this project does not draw with it. Python 3.2 to 3.14 give
/// the same order.
///
/// ```
/// assert_eq!(data::texts::python_shuffle(10, 42), [7, 3, 2, 8, 5, 6, 9, 4, 0, 1]);
/// ```
pub fn python_shuffle(items: usize, seed: u64) -> Vec<usize> {
    // A seed is a number of any length, in digits of 32 bits, the lowest first.
    let digits = [seed as u32, (seed >> 32) as u32];
    let digits = if digits[1] == 0 { &digits[..1] } else { &digits[..] };
    let mut twister = Mt::new_with_key(digits.iter().copied());
    let mut order: Vec<usize> = (0..items).collect();
    for i in (1..items).rev() {
        order.swap(i, below(&mut twister, i as u64 + 1) as usize);
    }
    order
}

/// A number below `n`, which is at least 2.
fn below(twister: &mut Mt, n: u64) -> u64 {
    let bits = u64::BITS - n.leading_zeros();
    loop {
        let drawn = match bits {
            ..=32 => u64::from(twister.next_u32() >> (32 - bits)),
            // The first draw is the low digit; the last draw gives the high bits.
            _ => u64::from(twister.next_u32()) | (u64::from(twister.next_u32() >> (64 - bits)) << 32),
        };
        if drawn < n {
            return drawn;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::checksum::sha256;

    // Every expectation is CPython 3.11.7's, such as
    // python3 -c "import random; a = list(range(12)); random.seed(1); random.shuffle(a); print(a)"
    #[test]
    fn the_order_is_pythons() {
        assert!(python_shuffle(0, 42).is_empty());
        assert_eq!(python_shuffle(1, 42), [0]);
        assert_eq!(python_shuffle(2, 42), [1, 0]);
        assert_eq!(python_shuffle(5, 42), [3, 1, 2, 4, 0]);
        assert_eq!(python_shuffle(12, 0), [1, 9, 8, 5, 10, 2, 3, 7, 4, 0, 11, 6]);
        assert_eq!(python_shuffle(12, 1), [7, 11, 0, 8, 5, 6, 3, 10, 4, 1, 9, 2]);
        assert_eq!(python_shuffle(12, 1 << 32), [11, 10, 7, 3, 9, 2, 4, 8, 0, 6, 5, 1]);
        assert_eq!(python_shuffle(12, (1 << 40) + 7), [0, 5, 2, 3, 6, 1, 8, 4, 7, 11, 10, 9]);
    }

    /// `r = random.Random(42); [r._randbelow(2**40 + 5) for _ in range(4)]`, then below 3.
    #[test]
    fn numbers_of_any_size_are_drawn_as_there() {
        let mut twister = Mt::new_with_key([42]);
        let many = [(); 4].map(|()| below(&mut twister, (1 << 40) + 5));
        assert_eq!(many, [247_559_453_085, 538_052_153_943, 305_901_360_862, 226_501_419_177]);
        assert_eq!([(); 4].map(|()| below(&mut twister, 3)), [2, 2, 2, 0]);
    }

    /// `hashlib.sha256("\n".join(map(str, a)).encode()).hexdigest()` of 100,000 items under seed 42.
    #[test]
    fn so_is_that_of_many() {
        let order: Vec<String> = python_shuffle(100_000, 42).iter().map(usize::to_string).collect();
        let wanted = "582d6a6b61589cd5882304c4bcd0a9d57910caa33d285442a4644b1e9703ec42";
        assert_eq!(sha256(order.join("\n").as_bytes()), wanted);
    }
}
