//! Verdicts on the paper's claims: paired bootstrap over held-out items, from stored scores alone.

pub mod evidence;
mod judge;
pub mod test;

use serde::Serialize;

pub use judge::judge;
pub use test::{Claim, Test};

use crate::tables::table::Table;

/// How a claim fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every interval lies on the claimed side.
    Holds,
    /// Every mean does, not every interval.
    HoldsOnTheMeanOnly,
    /// A mean does not.
    DoesNotHold,
    /// The grid has not what it takes.
    NotTestable,
}

impl Outcome {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::HoldsOnTheMeanOnly => "holds on the mean only",
            Self::DoesNotHold => "does not hold",
            Self::NotTestable => "not testable on these data",
        }
    }
}

/// A claim, how it fares, and the figures that say so.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The claim.
    pub claim: Claim,
    /// How it fares.
    pub outcome: Outcome,
    /// Figures with their 95% intervals, or why there are none.
    pub why: String,
}

impl Verdict {
    /// One paragraph.
    pub fn sentence(&self) -> String {
        format!("{} {}: {}. {}", self.claim.id, self.outcome.words(), self.claim.text, self.why)
    }
}

/// All verdicts on one page: id, claim, the paper's figure, verdict, why.
pub fn page(verdicts: &[Verdict], notes: &[String]) -> Table {
    let row = |verdict: &Verdict| {
        let published = verdict.claim.published.clone().unwrap_or_else(|| "an ordering".into());
        vec![
            verdict.claim.id.clone(),
            verdict.claim.text.clone(),
            published,
            verdict.outcome.words().into(),
            verdict.why.clone(),
        ]
    };
    Table {
        title: "Claims of the paper".into(),
        headers: ["id", "claim", "paper", "verdict", "ours, with 95% intervals"].map(String::from).to_vec(),
        names: 5,
        rows: verdicts.iter().map(row).collect(),
        notes: notes.to_vec(),
    }
}
