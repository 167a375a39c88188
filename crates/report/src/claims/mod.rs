//! Verdicts on the paper's claims: paired bootstrap over held-out items, from stored scores alone.

mod judge;
pub mod test;

use serde::Serialize;

pub use judge::judge;
pub use test::{Claim, Test};

use crate::tables::table::Table;

/// How a claim fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
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
    /// How its ordering fares.
    pub outcome: Outcome,
    /// Figures with their 95% intervals, or why there are none.
    pub why: String,
    /// The second verdict, on the published values: within or outside the tolerance, or why they cannot be compared; `None`
    /// where the claim states none.
    pub value: Option<String>,
}

impl Verdict {
    /// One paragraph.
    pub fn sentence(&self) -> String {
        let value = self.value.as_ref().map_or(String::new(), |value| format!(" Published values: {value}"));
        format!("{} {}: {}. {}{value}", self.claim.id, self.outcome.words(), self.claim.text, self.why)
    }
}

/// All verdicts on one page: id, claim, the paper's figure, the verdict on the ordering and why, the verdict on the values.
pub fn page(verdicts: &[Verdict], notes: &[String]) -> Table {
    let row = |verdict: &Verdict| {
        let published = verdict.claim.published.clone().unwrap_or_else(|| "an ordering".into());
        vec![
            verdict.claim.id.clone(),
            verdict.claim.text.clone(),
            published,
            verdict.outcome.words().into(),
            verdict.why.clone(),
            verdict.value.clone().unwrap_or_else(|| "none stated".into()),
        ]
    };
    Table {
        title: "Claims of the paper".into(),
        headers: ["id", "claim", "paper", "ordering", "ours, with 95% intervals", "values"].map(String::from).to_vec(),
        names: 6,
        rows: verdicts.iter().map(row).collect(),
        notes: notes.to_vec(),
        ..Table::default()
    }
}
