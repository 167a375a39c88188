//! Selections of cells and memory: `--shard i/n`, `--indices 3,5-9`, `--max-memory 8G`.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};

/// Every n-th of a plan's cells, or the i-th of n equal runs of a set's rows. Counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Index of the shard.
    pub index: usize,
    /// Number of shards.
    pub count: usize,
}

impl Shard {
    /// All cells or rows.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Whether a cell with this index is in the shard. Neighbours, which have similar costs, are in different shards.
    pub fn has(self, index: usize) -> bool {
        index % self.count == self.index
    }

    /// The shard's part of `rows`: n runs whose lengths differ by one row at most.
    pub fn rows(self, rows: usize) -> std::ops::Range<usize> {
        let start = |index: usize| (rows as u128 * index as u128 / self.count as u128) as usize;
        start(self.index)..start(self.index + 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        let Some((index, count)) = parts else { bail!("`{text}` is no shard; expected i/n, such as 0/4") };
        ensure!(count > 0, "`{text}`: there are no shards of 0");
        ensure!(index < count, "`{text}`: shards are counted from 0, so the last of {count} is {}/{count}", count - 1);
        Ok(Self { index, count })
    }
}

/// Indices of cells in a plan, such as `3,5-9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indices(pub Vec<usize>);

impl FromStr for Indices {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut indices = Vec::new();
        for part in text.split(',') {
            let number = |text: &str| {
                text.trim().parse::<usize>().with_context(|| format!("found `{part}`, expected indices such as 3,5-9"))
            };
            let (first, last) = match part.split_once('-') {
                None => (number(part)?, number(part)?),
                Some((first, last)) => (number(first)?, number(last)?),
            };
            ensure!(first <= last, "`{part}` ends before it begins");
            indices.extend(first..=last);
        }
        indices.sort_unstable();
        indices.dedup();
        Ok(Self(indices))
    }
}

impl fmt::Display for Indices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_slice();
        while let Some(&first) = rest.first() {
            let run = rest.iter().enumerate().take_while(|(i, index)| first + i == **index).count();
            let comma = if rest.len() == self.0.len() { "" } else { "," };
            match run {
                1 => write!(f, "{comma}{first}")?,
                _ => write!(f, "{comma}{first}-{}", first + run - 1)?,
            }
            rest = &rest[run..];
        }
        Ok(())
    }
}

/// An amount of memory, such as `8G`: bytes, or with K, M, G or T a multiple of a power of 1,024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let wanted = || format!("`{text}` is no amount of memory; expected an amount such as 8G, 512M or 4000000000");
        let trimmed = text.trim().trim_end_matches(['B', 'b']).trim_end_matches('i');
        let power = trimmed.chars().last().and_then(|unit| "KMGT".find(unit.to_ascii_uppercase()));
        let digits = if power.is_some() { &trimmed[..trimmed.len() - 1] } else { trimmed };
        let amount: f64 = digits.trim().parse().ok().with_context(wanted)?;
        ensure!(amount.is_finite() && amount > 0.0, wanted());
        Ok(Self((amount * 1024f64.powi(power.map_or(0, |power| power as i32 + 1))) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_everything_once() {
        let shards: Vec<Shard> = (0..4).map(|i| format!("{i}/4").parse().expect("a shard")).collect();
        assert!((0..10).all(|index| shards.iter().filter(|shard| shard.has(index)).count() == 1));
        let rows: Vec<usize> = shards.iter().flat_map(|shard| shard.rows(10)).collect();
        assert_eq!(rows, (0..10).collect::<Vec<_>>());
        let error = "4/4".parse::<Shard>().expect_err("beyond").to_string();
        assert_eq!(error, "`4/4`: shards are counted from 0, so the last of 4 is 3/4");
        assert!(["", "1", "a/2", "0/0", "-1/2"].iter().all(|text| text.parse::<Shard>().is_err()));
    }

    #[test]
    fn indices_are_read_as_they_are_written() {
        let indices: Indices = "9, 3,5-7,6".parse().expect("indices");
        assert_eq!(indices.0, [3, 5, 6, 7, 9]);
        assert_eq!(indices.to_string(), "3,5-7,9");
        assert_eq!(indices.to_string().parse::<Indices>().expect("its own text"), indices);
        assert!(["", "a", "5-3", "1,,2"].iter().all(|text| text.parse::<Indices>().is_err()));
    }

    #[test]
    fn memory_has_units() {
        let bytes = |text: &str| text.parse::<Bytes>().map(|bytes| bytes.0).ok();
        assert_eq!(bytes("8G"), Some(8 << 30));
        assert_eq!(bytes("1.5 GiB"), Some(3 << 29));
        assert_eq!(bytes("512m"), Some(512 << 20));
        assert_eq!(bytes("100"), Some(100));
        assert!(["", "G", "-1G", "8X", "nan"].iter().all(|text| bytes(text).is_none()));
    }
}
