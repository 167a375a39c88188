//! Cells in this process.

use std::path::Path;

use anyhow::Result;

use super::state::EngineState;
use super::{Engine, Submitted};
use crate::cells::fits::Fits;
use crate::event::Observer;
use crate::run::Run;
use crate::run::plan_file::PlanFile;
use crate::run::settings::{RunSettings, Selection};
use grid::plan::Plan;

/// This process, which computes the cells and waits for them.
pub struct InProcess<'a> {
    /// Some of the cells.
    pub selection: &'a Selection,
    /// How they are computed.
    pub settings: &'a RunSettings,
    /// Fits that are shared.
    pub fits: &'a Fits,
}

impl Engine for InProcess<'_> {
    fn name(&self) -> &'static str {
        "in-process"
    }

    fn submit(&self, plan: &Plan, out: &Path, observer: &dyn Observer) -> Result<Submitted> {
        // The run has the folder to itself, which covers what the turn of a submission does.
        let outcome = Run::new(plan, out, self.selection, self.settings)?.run(self.fits, observer)?;
        Ok(Submitted::Computed(Box::new(outcome)))
    }

    fn state(&self, _: &PlanFile, _: &Path) -> Result<EngineState> {
        Ok(EngineState::default())
    }

    /// This process ends by a signal, and then keeps the cells that it has.
    fn cancel(&self, _: &Path) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}
