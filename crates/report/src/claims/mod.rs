//! Verdicts on the paper's claims: paired bootstrap over held-out items, from stored scores alone.

mod judge;
pub mod test;

use serde::Serialize;

pub use judge::judge;
pub use test::{Claim, Test};

use crate::tables::table::Table;

/// Outcome of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Every interval lies on the claimed side.
    Holds,
    /// Every mean lies on the claimed side, but not every interval.
    HoldsOnTheMeanOnly,
    /// A mean does not lie on the claimed side.
    DoesNotHold,
    /// The grid does not have the required cells.
    NotTestable,
}

impl Outcome {
    /// The outcome as text.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::HoldsOnTheMeanOnly => "holds on the mean only",
            Self::DoesNotHold => "does not hold",
            Self::NotTestable => "not testable on these data",
        }
    }
}

/// A claim, its outcome, and the values behind it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The claim.
    pub claim: Claim,
    /// Outcome of the claimed ordering.
    pub outcome: Outcome,
    /// Values with their 95% intervals, or the reason why there are none.
    pub why: String,
    /// The second verdict, on the published values: within or outside the tolerance, or the reason why they cannot be
    /// compared; `None` if the claim states none.
    pub value: Option<String>,
}

impl Verdict {
    /// The verdict as one paragraph.
    pub fn sentence(&self) -> String {
        let value = self.value.as_ref().map_or(String::new(), |value| format!(" Published values: {value}"));
        format!("{} {}: {}. {}{value}", self.claim.id, self.outcome.words(), self.claim.text, self.why)
    }
}

/// All verdicts on one page: id, claim, published value, the verdict on the ordering with its reason, the verdict on
/// the values.
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
