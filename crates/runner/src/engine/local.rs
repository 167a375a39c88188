//! Cells in this process.

use std::path::Path;

use anyhow::Result;

use super::{Capabilities, Engine, Submitted};
use crate::cells::fits::Fits;
use crate::event::Observer;
use crate::run::Run;
use crate::run::settings::{RunSettings, Selection};
use files::attempt;
use grid::plan::Plan;

/// This process, which computes the cells and waits for them.
pub struct Local<'a> {
    /// Some of the cells.
    pub selection: &'a Selection,
    /// How they are computed.
    pub settings: &'a RunSettings,
    /// Fits that are shared.
    pub fits: &'a Fits,
}

impl Engine for Local<'_> {
    fn name(&self) -> &'static str {
        "local"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { waits: true, state: false, cancel: false }
    }

    fn submit(&self, plan: &Plan, out: &Path, observer: &dyn Observer) -> Result<Submitted> {
        // The run has the folder to itself, which covers what the turn of a submission does.
        let outcome = Run::new(plan, out, self.selection, self.settings)?.run(self.fits, observer)?;
        Ok(Submitted::Computed(Box::new(outcome)))
    }

    fn attempt(&self) -> Option<String> {
        Some(attempt::name().into())
    }
}
