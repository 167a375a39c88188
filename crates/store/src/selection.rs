//! The choice of a method's parameters, as records hold it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use align::SelectionReport;

/// A choice by cross-validation; in files its report as JSON, without seconds and values of items.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection(Arc<SelectionReport>);

impl Selection {
    /// The choice.
    pub fn report(&self) -> &SelectionReport {
        &self.0
    }
}

impl From<SelectionReport> for Selection {
    fn from(report: SelectionReport) -> Self {
        Self(Arc::new(report))
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&*self.0).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Selection {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<SelectionReport>(text).map(Self::from)
    }
}
