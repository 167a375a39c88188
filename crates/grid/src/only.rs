//! `--only method=gcpa,seed=0`: some of a plan's cells.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use data::nearest;

use crate::plan::Cell;

/// Conditions on cells: keys are ANDed, values of one key ORed. A seed may be a range, `seed=0..2` for 0, 1 and 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    conditions: Vec<(Key, Wanted)>,
    /// As it was given.
    text: String,
}

/// A value, or the seeds from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Value(String),
    Seeds(u64, u64),
}

impl Wanted {
    fn has(&self, value: &str) -> bool {
        match self {
            Self::Value(wanted) => wanted == value,
            Self::Seeds(first, last) => value.parse().is_ok_and(|seed| (*first..=*last).contains(&seed)),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Value(wanted) => wanted.clone(),
            Self::Seeds(first, last) => format!("{first}..{last}"),
        }
    }
}

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
            Self::Noise => cell.noise.name().to_string(),
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
        let conditions: Result<Vec<(Key, Wanted)>> = text
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
                let value = value.trim();
                let wanted = match value.split_once("..").filter(|_| *key == Key::Seed) {
                    None => Wanted::Value(value.to_string()),
                    Some((first, last)) => {
                        let last = last.strip_prefix('=').unwrap_or(last);
                        let Some((first, last)) = first.parse().ok().zip(last.parse().ok()).filter(|(a, b)| a <= b)
                        else {
                            bail!("`{part}`: wanted a range of seeds such as seed=0..2, which is 0, 1 and 2");
                        };
                        Wanted::Seeds(first, last)
                    }
                };
                Ok((*key, wanted))
            })
            .collect();
        Ok(Self { conditions: conditions?, text: text.to_string() })
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
        for (key, wanted) in &self.conditions {
            let mut there: Vec<String> = cells.iter().map(|cell| key.of(cell)).collect();
            if !there.iter().any(|value| wanted.has(value)) {
                there.sort();
                there.dedup();
                let wanted = wanted.text();
                bail!("--only {}={wanted}: no cell has that; there are {}", key.name(), there.join(", "));
            }
        }
        let meets = |cell: &&Cell| {
            Key::ALL.iter().all(|(_, key)| {
                let mut wanted = self.conditions.iter().filter(|(k, _)| k == key).peekable();
                wanted.peek().is_none() || wanted.any(|(_, wanted)| wanted.has(&key.of(cell)))
            })
        };
        Ok(cells.iter().filter(meets).collect())
    }
}

impl fmt::Display for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
        let only: Only = "method=gcpa,seed=1..3,seed=7".parse().expect("conditions");
        assert!(only.conditions[1].1.has("1") && only.conditions[1].1.has("3") && !only.conditions[1].1.has("4"));
        assert!(!only.conditions[2].1.has("1") && only.to_string() == "method=gcpa,seed=1..3,seed=7");
        let error = "seed=3..1".parse::<Only>().unwrap_err().to_string();
        assert_eq!(error, "`seed=3..1`: wanted a range of seeds such as seed=0..2, which is 0, 1 and 2");
    }
}
