//! Columns of views before a fit of pairs.

use serde::{Deserialize, Serialize};

use crate::named::ParameterDoc;
use crate::prep::Standardisation;

/// What is done with the columns of both views before a map of a pair is fitted, and undone after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Columns {
    /// Subtract the mean of the training rows and divide by their sample standard deviation.
    #[default]
    ZScore,
    /// Subtract the mean of the training rows.
    Centre,
    /// Nothing: the map takes rows as they are.
    None,
}

impl Columns {
    /// Whether it is the default, which records leave out.
    pub(crate) fn is_z_score(&self) -> bool {
        *self == Self::ZScore
    }

    pub(crate) fn standardisation(self) -> Standardisation {
        match self {
            Self::ZScore => Standardisation::Sample,
            Self::Centre => Standardisation::Centre,
            Self::None => Standardisation::Identity,
        }
    }
}

/// The parameter `columns` with this default.
pub(crate) const fn columns_doc(default: &'static str) -> ParameterDoc {
    ParameterDoc::new(
        "columns",
        default,
        "z_score, centre, none",
        "Columns before the fit: standardised, centred, or as they are",
    )
}
