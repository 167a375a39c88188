//! Check of parquet's footer before its parser, which allocates memory for as many elements as a list claims to have.

/// Deeper than any footer: a list of row groups of columns with their statistics.
const DEEPEST: usize = 24;

/// Whether no list, map or text in the footer (Thrift's compact protocol) claims more elements than there are bytes
/// left. The parser reports all other errors.
pub(super) fn is_honest(file: &[u8]) -> bool {
    let Some((before, [length @ .., _, _, _, _])) = file.split_last_chunk::<8>() else { return false };
    let length = u32::from_le_bytes(*length) as usize;
    let Some(start) = before.len().checked_sub(length) else { return false };
    Footer { rest: &before[start..] }.structure(0).is_some()
}

struct Footer<'a> {
    rest: &'a [u8],
}

impl Footer<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }

    /// An unsigned number, seven bits per byte.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    /// Number of elements that follow: at most the number of bytes.
    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.rest.len())
    }

    fn structure(&mut self, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            if head >> 4 == 0 {
                self.number()?;
            }
            // a field that is true or false says so in its head
            if !matches!(head & 15, 1 | 2) {
                self.value(head & 15, depth)?;
            }
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.number().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.count()?;
                self.skip(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.count()? } else { usize::from(head >> 4) };
                (0..count).try_for_each(|_| self.element(head & 15, depth))
            }
            11 => {
                let count = self.count()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                (0..count).try_for_each(|_| {
                    self.element(kinds >> 4, depth)?;
                    self.element(kinds & 15, depth)
                })
            }
            12 => self.structure(depth + 1),
            13 => self.skip(16),
            _ => None,
        }
    }

    fn element(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        self.value(kind, depth + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(footer: &[u8]) -> Vec<u8> {
        [b"PAR1", footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat()
    }

    #[test]
    fn what_claims_more_than_there_is_is_told() {
        // field 1: the number 5; field 2: two texts; field 3: true; the end
        let sound = [0x15, 10, 0x19, 0x28, 1, b'a', 0, 0x11, 0];
        assert!(is_honest(&file(&sound)));
        for end in 0..sound.len() {
            assert!(!is_honest(&file(&sound[..end])), "cut to {end}");
        }
        assert!(!is_honest(&file(&[0x19, 0xf8, 0xff, 0xff, 0xff, 0xff, 0x0f, 0])), "a list of 4 billion texts");
        assert!(!is_honest(&file(&[0x18, 0xff, 0xff, 0x03, 0])), "a long text");
        assert!(!is_honest(&file(&[0x1c; 100])), "structures in structures");
        assert!(!is_honest(&file(&[0x19; 100])), "lists in lists");
        assert!(!is_honest(b"PAR1") && !is_honest(&[255; 12]));
    }
}
