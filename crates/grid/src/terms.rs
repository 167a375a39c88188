//! Preparation of data in a grid file: pairing, widths, and the number and noise of the training rows.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tasks::noise::Noise;

/// Correspondence of the rows of different views.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pairing {
    /// Row i is the same item in every view.
    #[default]
    Rows,
    /// Row i is the same class in every view and never the same item: the re-identification protocol.
    ByClass(ByClass),
}

/// Assignment of items to views under [`Pairing::ByClass`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ByClass {
    /// Name of the labelling. Default: the first labelling of the data.
    pub label: Option<String>,
    /// Seed of the assignment.
    pub seed: u64,
}

/// Treatment of the views' widths before a fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Widths {
    /// No change: methods pad.
    #[default]
    AsTheyAre,
    /// Wider views are reduced to the narrowest by a PCA fitted on their training rows.
    Pca,
}

/// Number of training rows of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FitRows {
    /// A part of them, drawn by the seed of the cell; the draws of one seed are nested.
    Count(usize),
    /// All of them.
    #[default]
    All,
}

/// Fewest training rows of a cell: of one row nothing is standardised.
const FEWEST: usize = 2;
/// The values of [`FitRows`] in words.
const FIT_ROWS: &str = "`all` or a number of training rows, at least 2";

impl FitRows {
    /// All rows, or so many.
    pub fn from_count(count: Option<u64>) -> Self {
        count.and_then(|count| usize::try_from(count).ok()).map_or(Self::All, Self::Count)
    }

    /// The number, if it is not all rows.
    pub fn count(self) -> Option<usize> {
        match self {
            Self::All => None,
            Self::Count(count) => Some(count),
        }
    }
}

impl fmt::Display for FitRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl FromStr for FitRows {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = || text.parse().ok().filter(|count| *count >= FEWEST).map(Self::Count);
        let read = if text == "all" { Some(Self::All) } else { number() };
        read.ok_or_else(|| format!("found `{text}`, expected {FIT_ROWS}"))
    }
}

impl Serialize for FitRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Count(count) => serializer.serialize_u64(*count as u64),
        }
    }
}

impl<'de> Deserialize<'de> for FitRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = FitRows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(FIT_ROWS)
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<FitRows, E> {
                let refused = || E::invalid_value(Unexpected::Unsigned(count), &self);
                usize::try_from(count).ok().filter(|count| *count >= FEWEST).map(FitRows::Count).ok_or_else(refused)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<FitRows, E> {
                if text == "all" { Ok(FitRows::All) } else { Err(E::invalid_value(Unexpected::Str(text), &self)) }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Condition of the training rows of a cell: their noise and their number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Condition {
    /// Noise on the rows.
    pub noise: Noise,
    /// Number of the rows.
    pub fit_rows: FitRows,
}

impl Condition {
    /// Whether these are all training rows, without noise.
    pub fn is_clean(&self) -> bool {
        self.noise.is_clean() && self.fit_rows == FitRows::All
    }

    /// The condition after a comma, as the end of a title.
    pub fn in_full(&self) -> String {
        let rows = self.fit_rows.count().map(|count| format!(", {count} training rows")).unwrap_or_default();
        format!(", noise {}{rows}", self.noise)
    }

    /// The condition after a comma, as the end of a title; nothing for all training rows without noise.
    pub fn suffix(&self) -> String {
        let noise = if self.noise.is_clean() { String::new() } else { format!(", noise {}", self.noise) };
        let rows = self.fit_rows.count().map(|count| format!(", {count} training rows")).unwrap_or_default();
        noise + &rows
    }
}

/// The noise, and the number of rows if it is not all of them: `none`, `permute 0.5 of a seed 0`, `100 training rows`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.fit_rows, self.noise.is_clean()) {
            (FitRows::All, _) => write!(f, "{}", self.noise),
            (FitRows::Count(count), true) => write!(f, "{count} training rows"),
            (FitRows::Count(count), false) => write!(f, "{}, {count} training rows", self.noise),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_training_rows_are_read_or_refused() {
        let read = |text: &str| serde_json::from_str::<FitRows>(text).map_err(|error| error.to_string());
        assert_eq!((read("\"all\""), read("30")), (Ok(FitRows::All), Ok(FitRows::Count(30))));
        for (text, found) in
            [("1", "integer `1`"), ("-3", "integer `-3`"), ("2.5", "floating point `2.5`"), ("\"30\"", "string \"30\"")]
        {
            let error = read(text).expect_err("refused");
            assert!(
                error.contains(found) && error.contains("expected `all` or a number of training rows, at least 2"),
                "{error}"
            );
        }
        let named = |rows: FitRows| (rows.to_string(), rows.to_string().parse());
        assert_eq!(named(FitRows::All), ("all".to_string(), Ok(FitRows::All)));
        assert_eq!(named(FitRows::Count(300)), ("300".to_string(), Ok(FitRows::Count(300))));
        assert_eq!(
            "1".parse::<FitRows>(),
            Err("found `1`, expected `all` or a number of training rows, at least 2".into())
        );
        assert!(FitRows::Count(usize::MAX) < FitRows::All, "all rows come last");
    }

    #[test]
    fn a_condition_names_what_differs() {
        let noise: Noise = "permute 0.5 of a seed 0".parse().expect("a noise");
        let of = |noise: &Noise, fit_rows| Condition { noise: noise.clone(), fit_rows };
        let (clean, few) = (Condition::default(), of(&Noise::default(), FitRows::Count(30)));
        assert_eq!((clean.to_string(), clean.suffix(), clean.is_clean()), ("none".into(), String::new(), true));
        assert_eq!(
            (few.to_string(), few.suffix(), few.is_clean()),
            ("30 training rows".into(), ", 30 training rows".into(), false)
        );
        let both = of(&noise, FitRows::Count(30));
        assert_eq!(both.to_string(), "permute 0.5 of a seed 0, 30 training rows");
        assert_eq!(both.suffix(), ", noise permute 0.5 of a seed 0, 30 training rows");
        assert_eq!(of(&noise, FitRows::All).to_string(), noise.to_string());
    }
}
