//! How a query is compared with its candidates: the score, the rows that are queries, the weights of coordinates.

use align::Coordinates;
use serde::{Deserialize, Serialize};

use crate::ranking::bank::BankItems;
use crate::ranking::scoring::Scoring;

/// Rows that are queries.
///
/// In a grid file `query: slerp`, or with its setting `query: {slerp: {t: 0.3}}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Query {
    /// The rows of the query's view.
    #[default]
    Own,
    /// Points on the arc from the row of the query's view to the consensus of all views but the target, in the universe.
    /// Only items that all views have are scored.
    Slerp(Slerp),
}

impl Query {
    pub(super) fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// Settings of the spherical interpolation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Slerp {
    /// Share of the arc: 0 is the query's own row, 1 the consensus.
    pub t: f64,
}

impl Default for Slerp {
    fn default() -> Self {
        Self { t: 0.5 }
    }
}

/// Weights of universe coordinates in the similarity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Weight {
    /// One for all coordinates: the cosine.
    #[default]
    None,
    /// The correlation of each coordinate between the two views on the training rows.
    Correlations,
}

impl Weight {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// How queries are compared with candidates.
#[derive(Clone, Copy)]
pub(super) struct Comparison {
    pub(super) scoring: Scoring,
    pub(super) query: Query,
    pub(super) weight: Weight,
}

impl Comparison {
    /// The reason why a space has no values.
    pub(super) fn out_of_place(self, space: Coordinates) -> Option<String> {
        let setting = match (self.query, self.weight) {
            (Query::Own, Weight::None) => return None,
            (Query::Slerp(_), _) => "`query: slerp`",
            (Query::Own, Weight::Correlations) => "`weight: correlations`",
        };
        (space != Coordinates::Universe).then(|| format!("{setting} is defined in the universe alone"))
    }

    /// Training items whose rows are a bank: the consensus of an item needs all views.
    pub(super) fn bank_items(self) -> BankItems {
        match self.query {
            Query::Own => BankItems::OwnRows,
            Query::Slerp(_) => BankItems::Common,
        }
    }
}
