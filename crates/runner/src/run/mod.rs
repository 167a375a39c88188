//! A run: the cells of a plan that are not done, computed into a store.
//!
//! ```text
//! PlanRequest ─open─▶ Plan                                  grid::plan: nothing has run
//! Plan, folder, Selection, RunSettings ─▶ Run ─run─▶ RunOutcome   here: what is done, has failed, is left
//! Plan, RunOutcome ─▶ Drawing ─▶ Report, files              report::outputs
//! ```
//!
//! Each is made from the one before it and knows none after it. A plan goes to other processes as a file (`plan_file`).

pub mod line;
pub mod outcome;
pub mod plan_file;
pub mod settings;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use data::{Warning, WarningKind, summarise};

use crate::cells::execute::{Tally, Width, Work};
use crate::cells::fits::Fits;
use crate::cells::forecast::Forecast;
use crate::cells::interrupt;
use crate::cells::isolate::Isolation;
use crate::event::{Event, Observer};
use crate::run::line::executable;
use grid::pick::Indices;
use grid::plan::{Cell, Plan};
use outcome::RunOutcome;
use plan_file::PlanFile;
use settings::{RunSettings, Selection};
use store::cells::{State, Store};
use store::durable::Durability;
use store::gather;
use store::lock::{Lock, Turn};
use store::provenance::Provenance;

/// A run: cells of a plan that are computed into a store. No other process computes them there meanwhile.
pub struct Run<'a> {
    plan: &'a Plan,
    cells: Vec<&'a Cell>,
    settings: &'a RunSettings,
    store: Store,
    states: Vec<State>,
    /// The plan file, for cells in separate processes.
    file: PathBuf,
    durability: Durability,
    /// Whether to remove first the incomplete files of runs that were killed.
    sweep: bool,
    _lock: Lock,
}

impl<'a> Run<'a> {
    /// Prepares the selected cells of a plan, in its folder below `out`. Writes the plan file if the folder has none of
    /// this plan.
    ///
    /// # Errors
    /// A selection of no cell; another runner at work there; a folder that cannot be written.
    pub fn new(plan: &'a Plan, out: &Path, selection: &Selection, settings: &'a RunSettings) -> Result<Self> {
        let cells = selection.pick(plan)?;
        let store = Store::open(out, plan.name())?;
        let lock = match selection.part() {
            None => Lock::all(store.root())?,
            Some(part) => Lock::part(store.root(), Some(&part))?,
        };
        let states = gather::states(plan, &store);
        let file = PlanFile::place(store.root());
        {
            let _turn = Lock::turn(store.root(), Turn::Plan)?;
            let now = PlanFile::new(plan, &states, &Forecast::new(plan, &[]), out)?;
            if !PlanFile::read(&file).is_ok_and(|there| there.same_work(&now)) {
                now.write(&file)?;
            }
        }
        let durability = settings.durability.unwrap_or(Durability::Batch);
        Ok(Self { plan, cells, settings, store, states, file, durability, sweep: true, _lock: lock })
    }

    /// Prepares cells by their indices in a plan file. `within_run` names the run that has started this process for one
    /// of its cells: that run already holds the lock and has removed incomplete files.
    ///
    /// # Errors
    /// Another runner at work on the whole grid; no such run; a folder that cannot be written.
    pub fn of_places(
        plan: &'a Plan,
        file: (&PlanFile, &Path),
        places: &Indices,
        within_run: Option<&str>,
        settings: &'a RunSettings,
    ) -> Result<Self> {
        let (file, path) = file;
        let store = file.store()?;
        let (lock, sweep) = match within_run {
            Some(run) => (Lock::within(store.root(), run)?, false),
            None => (Lock::part(store.root(), None)?, true),
        };
        let cells: Vec<&Cell> = places.0.iter().filter_map(|&place| plan.cells.get(place)).collect();
        let mut states = vec![State::Missing; plan.cells.len()];
        let ids: Vec<&str> = cells.iter().map(|cell| cell.id.as_str()).collect();
        cells.iter().zip(store.verified_states(&ids)).for_each(|(cell, state)| states[cell.index] = state);
        let durability = settings.durability.unwrap_or(Durability::Cell);
        Ok(Self { plan, cells, settings, store, states, file: path.to_path_buf(), durability, sweep, _lock: lock })
    }

    /// Computes the unfinished cells and reports progress to the observer.
    ///
    /// # Errors
    /// A result that cannot be kept; a folder that cannot be written any more. A cell that fails is no error.
    pub fn run(mut self, fits: &Fits, observer: &dyn Observer) -> Result<RunOutcome> {
        interrupt::watch();
        // This comes before any file is removed, because the program may not be one that can start itself.
        let isolated = |timeout| -> Result<Isolation> {
            Ok(Isolation { program: executable()?, plan: self.file.clone(), timeout })
        };
        let isolation = self.settings.timeout.map(isolated).transpose()?;
        self.prepare(observer)?;
        let pending: Vec<&Cell> = self.cells.iter().copied().filter(|cell| !self.states[cell.index].done()).collect();
        let before = self.cells.len() - pending.len();
        let name = self.plan.name();
        let provenance = Provenance::gather(self.plan.grid.path().parent().unwrap_or(Path::new("")));
        let RunSettings { threads, jobs, max_memory, fail_fast, .. } = *self.settings;
        let work = Work {
            plan: self.plan,
            width: Width::choose(threads, jobs, pending.len()),
            cells: pending,
            store: &self.store,
            provenance: &provenance,
            fits,
            durability: self.durability,
            max_memory,
            fail_fast,
            isolation,
            observer,
        };
        let tally =
            work.run().with_context(|| format!("`{name}` stopped; go on from here with: {}", interrupt::resume()))?;
        for cell in &work.cells {
            self.states[cell.index] = self.store.state(&cell.id);
        }
        let Tally { done, failed, left } = tally;
        observer.on_event(&Event::RunEnded { name, before, done, failed, left });
        Ok(RunOutcome {
            store: self.store,
            states: self.states,
            before,
            done,
            failed,
            left,
            interrupted: interrupt::requested() && left > 0,
        })
    }

    /// Removes the results that must not count as done.
    fn prepare(&mut self, observer: &dyn Observer) -> Result<()> {
        let swept = if self.sweep { self.store.sweep()? } else { 0 };
        if swept > 0 {
            observer.on_event(&Event::Swept { files: swept });
        }
        for cell in &self.cells {
            if self.settings.recompute {
                self.store.forget(&cell.id)?;
                self.states[cell.index] = State::Missing;
            }
            if let State::Damaged(why) = &self.states[cell.index] {
                observer.on_event(&Event::Damaged { cell: &cell.id, why });
            }
        }
        Ok(())
    }
}

/// Reports the notes and warnings about the data.
pub fn announce(plan: &Plan, observer: &dyn Observer) {
    let unmatched = plan.source.unmatched().iter().map(|(split, pair)| format!("{}: {pair}", split.name()));
    tell(plan, unmatched.collect(), observer);
}

/// Like [`announce`], for one cell of a run that has already tested whether rows correspond.
pub fn announce_within(plan: &Plan, observer: &dyn Observer) {
    tell(plan, Vec::new(), observer);
}

fn tell(plan: &Plan, unmatched: Vec<String>, observer: &dyn Observer) {
    let source = &plan.source;
    let stand_in = source.stand_in.as_ref().map(|stand_in| stand_in.notice(&source.asked));
    // Several items of a group are a problem only if a task accepts one of them alone as the right answer.
    let is_note = |warning: &Warning| {
        warning.kind.is_note() || warning.kind == WarningKind::ManyToOne && !plan.retrieves_by_item()
    };
    let (notes, odd): (Vec<Warning>, Vec<Warning>) = source.warnings().iter().cloned().partition(is_note);
    let (notes, odd) = (summarise(&notes), summarise(&odd));
    let warnings: Vec<String> = odd.into_iter().chain(unmatched).chain(plan.tied_copies()).collect();
    let (used, stand_in) = (source.used(), stand_in.as_deref());
    observer.on_event(&Event::Data { used, stand_in, notes: &notes, warnings: &warnings });
}
