//! Engine that computes cells in this process.

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

/// Engine that computes the cells in this process and waits for them.
pub struct InProcess<'a> {
    /// Selection of cells.
    pub selection: &'a Selection,
    /// Settings of the computation.
    pub settings: &'a RunSettings,
    /// Fits that cells share.
    pub fits: &'a Fits,
}

impl Engine for InProcess<'_> {
    fn name(&self) -> &'static str {
        "in-process"
    }

    fn submit(&self, plan: &Plan, out: &Path, observer: &dyn Observer) -> Result<Submitted> {
        // The run locks the whole folder, so it needs no turn of a submission.
        let outcome = Run::new(plan, out, self.selection, self.settings)?.run(self.fits, observer)?;
        Ok(Submitted::Computed(Box::new(outcome)))
    }

    fn state(&self, _: &PlanFile, _: &Path) -> Result<EngineState> {
        Ok(EngineState::default())
    }

    /// A signal ends this process; it then stores the finished cells.
    fn cancel(&self, _: &Path) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}
