//! The cost of embedding an index again.

use anyhow::{Result, bail};
use data::grouped;
use files::Fault;

/// Size of an index, and what a model asks for it. Numbers that are not given are not part of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// Number of documents; by default those of the data set.
    pub documents: Option<u64>,
    /// Price of a million documents, in any currency.
    pub per_million: Option<f64>,
    /// Seconds for a thousand documents.
    pub seconds_per_thousand: Option<f64>,
}

/// The cost of embedding all documents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Number of documents.
    pub documents: u64,
    /// Price.
    pub price: Option<f64>,
    /// Hours.
    pub hours: Option<f64>,
}

impl Prices {
    /// Refuses numbers that are no price and no time, and an index of nothing.
    pub(super) fn check(&self) -> Result<()> {
        for (option, value) in
            [("--price-per-million", self.per_million), ("--seconds-per-thousand", self.seconds_per_thousand)]
        {
            if let Some(value) = value.filter(|value| !value.is_finite() || *value < 0.0) {
                bail!(Fault::usage(format!("{option} is {value}, expected a number, 0 or above")));
            }
        }
        if self.documents == Some(0) {
            bail!(Fault::usage("--documents is 0, expected the number of documents of your index"));
        }
        Ok(())
    }

    /// The cost of the given number of documents, or of `here`.
    pub(super) fn of(&self, here: usize) -> Cost {
        let documents = self.documents.unwrap_or(here as u64);
        let count = documents as f64;
        Cost {
            documents,
            price: self.per_million.map(|price| price * count / 1e6),
            hours: self.seconds_per_thousand.map(|seconds| seconds * count / 1e3 / 3600.0),
        }
    }
}

impl Cost {
    /// Price and hours, if either is known.
    pub fn in_words(&self) -> Option<String> {
        let price = self.price.map(|price| format!("a price of {}", amount(price)));
        let hours = self.hours.map(|hours| format!("{} of embedding", duration(hours)));
        let parts: Vec<String> = price.into_iter().chain(hours).collect();
        (!parts.is_empty())
            .then(|| format!("{} for {} documents", parts.join(" and "), grouped(self.documents as usize)))
    }
}

fn amount(price: f64) -> String {
    if price >= 100.0 { grouped(price.round() as usize) } else { format!("{price:.2}") }
}

fn duration(hours: f64) -> String {
    match hours {
        hours if hours >= 48.0 => format!("{:.1} days", hours / 24.0),
        hours if hours >= 1.0 => format!("{hours:.1} hours"),
        hours if hours * 60.0 >= 1.0 => format!("{:.0} minutes", hours * 60.0),
        hours => format!("{:.0} seconds", hours * 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_products() {
        let prices = Prices { documents: Some(10_000_000), per_million: Some(20.0), seconds_per_thousand: Some(3.0) };
        let cost = prices.of(5183);
        assert_eq!((cost.documents, cost.price), (10_000_000, Some(200.0)));
        assert!((cost.hours.unwrap() - 8.3333).abs() < 1e-4);
        assert_eq!(cost.in_words().unwrap(), "a price of 200 and 8.3 hours of embedding for 10,000,000 documents");
        let here = Prices { seconds_per_thousand: Some(3.0), ..Prices::default() }.of(5183);
        assert_eq!(here.in_words().unwrap(), "16 seconds of embedding for 5,183 documents");
        assert_eq!(Prices::default().of(5).in_words(), None);
        let odd = Prices { per_million: Some(-1.0), ..Prices::default() }.check().unwrap_err().to_string();
        assert_eq!(odd, "--price-per-million is -1, expected a number, 0 or above");
        let none = Prices { documents: Some(0), ..Prices::default() }.check().unwrap_err().to_string();
        assert_eq!(none, "--documents is 0, expected the number of documents of your index");
    }
}
