//! `--only method=gcpa,seed=0`: some of a plan's cells.

use std::str::FromStr;

use anyhow::{Result, bail};
use data::nearest;

use crate::plan::Cell;

/// Conditions on cells: keys are ANDed, values of one key ORed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only(Vec<(Key, String)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Method,
    Views,
    Noise,
    Seed,
}

impl Key {
    const ALL: [(&'static str, Self); 4] =
        [("method", Self::Method), ("views", Self::Views), ("noise", Self::Noise), ("seed", Self::Seed)];

    fn of(self, cell: &Cell) -> String {
        match self {
            Self::Method => cell.method.name().to_string(),
            Self::Views => cell.view_set.clone(),
            Self::Noise => cell.noise.label().split(' ').next().unwrap_or_default().to_string(),
            Self::Seed => cell.seed.to_string(),
        }
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, key)| *key == self).map_or("", |(name, _)| name)
    }
}

impl FromStr for Only {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let conditions: Result<Vec<(Key, String)>> = text
            .split(',')
            .map(|part| {
                let Some((name, value)) = part.split_once('=') else {
                    bail!("`{part}` is not key=value; keys are {}", names());
                };
                let Some((_, key)) = Key::ALL.iter().find(|(known, _)| *known == name.trim()) else {
                    let hint = nearest(name, Key::ALL.iter().map(|(n, _)| *n));
                    let hint = hint.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                    bail!("no key `{name}`{hint} keys are {}", names());
                };
                Ok((*key, value.trim().to_string()))
            })
            .collect();
        Ok(Self(conditions?))
    }
}

fn names() -> String {
    Key::ALL.map(|(name, _)| format!("`{name}`")).join(", ")
}

impl Only {
    /// The cells that meet all conditions.
    ///
    /// # Errors
    /// A value that no cell has, with those there are.
    pub fn pick<'a>(&self, cells: &'a [Cell]) -> Result<Vec<&'a Cell>> {
        for (key, value) in &self.0 {
            let mut there: Vec<String> = cells.iter().map(|cell| key.of(cell)).collect();
            if !there.contains(value) {
                there.sort();
                there.dedup();
                bail!("--only {}={value}: no cell has that; there are {}", key.name(), there.join(", "));
            }
        }
        let meets = |cell: &&Cell| {
            Key::ALL.iter().all(|(_, key)| {
                let mut wanted = self.0.iter().filter(|(k, _)| k == key).peekable();
                wanted.peek().is_none() || wanted.any(|(_, value)| *value == key.of(cell))
            })
        };
        Ok(cells.iter().filter(meets).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_or_refused_with_the_nearest_key() {
        assert!("method=gpa,method=gcca,seed=0".parse::<Only>().is_ok());
        let error = "metod=gpa".parse::<Only>().unwrap_err().to_string();
        assert_eq!(error, "no key `metod`; did you mean `method`? keys are `method`, `views`, `noise`, `seed`");
        let error = "gpa".parse::<Only>().unwrap_err().to_string();
        assert_eq!(error, "`gpa` is not key=value; keys are `method`, `views`, `noise`, `seed`");
    }
}
