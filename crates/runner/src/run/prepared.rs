//! A plan that runs: what is done, what is left, and what the records come to.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use data::summarise;
use files::checksum;

use crate::cells::execute::{Tally, Width, Work};
use crate::cells::fits::Fits;
use crate::cells::forecast::Forecast;
use crate::cells::interrupt;
use crate::cells::isolate::Isolation;
use crate::grid::keys::Subset;
use crate::grid::plan::{Cell, Plan};
use crate::kept::durable::Durability;
use crate::kept::lock::{Lock, Turn};
use crate::kept::provenance::Provenance;
use crate::kept::record::Record;
use crate::kept::store::{DATA, State, Store};
use crate::run::finished::Finished;
use crate::run::plan_file::PlanFile;
use crate::run::{Ending, Options, command, on_file};

/// A plan and what is said about its data.
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// The command that makes everything that comes of it.
    pub command: String,
    /// Fewer seeds and points than the full run.
    pub quick: bool,
}

/// How far a run came.
pub enum Ran {
    /// No further than its cells, or not even there.
    Stopped(Ending),
    /// All cells have been tried.
    Finished(Box<Finished>),
}

impl Prepared {
    /// Says what has to be known about the data.
    pub fn new(plan: Plan, options: &Options) -> Self {
        if let Some(stand_in) = &plan.source.stand_in {
            tracing::info!("note: {}", stand_in.notice(&plan.source.asked));
        }
        for line in summarise(plan.source.warnings()) {
            tracing::warn!("{}: {line}", plan.source.used());
        }
        let command = command("--grid", plan.grid.path(), options);
        Self { plan, command, quick: options.quick }
    }

    /// The grid's name.
    pub fn name(&self) -> &str {
        &self.plan.grid.value.name
    }

    /// The cells asked for.
    fn cells(&self, options: &Options) -> Result<Vec<&Cell>> {
        let mut cells = match &options.only {
            Some(only) => only.pick(&self.plan.cells)?,
            None => self.plan.cells.iter().collect(),
        };
        cells.retain(|cell| options.shard.is_none_or(|shard| shard.has(cell.index)));
        Ok(cells)
    }

    /// What there is of every cell of the plan.
    pub fn states(&self, store: &Store) -> Vec<State> {
        let ids: Vec<&str> = self.plan.cells.iter().map(|cell| cell.id.as_str()).collect();
        store.states(&ids)
    }

    /// Runs what is not done.
    ///
    /// # Errors
    /// Another runner is at work here; a folder that cannot be written; a result that cannot be kept.
    pub fn run(self, options: &Options, fits: &Fits) -> Result<Ran> {
        let cells = self.cells(options)?;
        if options.dry_run {
            say::out!("{}", dry_run(&cells, &options.out.join(self.name())));
            return Ok(Ran::Stopped(Ending::Complete));
        }
        let store = Store::open(&options.out, self.name())?;
        let lock = match part(options) {
            None => Lock::all(store.root())?,
            Some(part) => Lock::part(store.root(), Some(&part))?,
        };
        let mut states = self.states(&store);
        let file = self.write_plan(&store, &states, options)?;
        let tally = self.run_cells(&cells, &mut states, &store, true, options, fits, &file)?;
        if tally.left > 0 || options.shard.is_some() {
            return Ok(Ran::Stopped(self.stopped(&tally, options, &store)));
        }
        // What is computed is computed; what is written of it is written in turn.
        drop(lock);
        let turn = Lock::turn(store.root(), Turn::Outputs)?;
        Ok(Ran::Finished(Box::new(Finished::new(self, store, states, tally, turn))))
    }

    /// Runs those of `cells` that are not done; `states` are of all cells of the plan, and are brought up to date.
    /// With `sweep`, what killed runs left half-written is removed first.
    ///
    /// # Errors
    /// As [`Prepared::run`].
    #[allow(clippy::too_many_arguments, reason = "what a run is made of, in one place")]
    pub fn run_cells(
        &self,
        cells: &[&Cell],
        states: &mut [State],
        store: &Store,
        sweep: bool,
        options: &Options,
        fits: &Fits,
        file: &Path,
    ) -> Result<Tally> {
        interrupt::watch();
        let swept = if sweep { store.sweep()? } else { 0 };
        if swept > 0 {
            tracing::info!(
                "note: removed {swept} half-written file{} of a run that was killed",
                if swept == 1 { "" } else { "s" }
            );
        }
        if options.force {
            for cell in cells {
                store.forget(&cell.id)?;
                states[cell.index] = State::Missing;
            }
        }
        for cell in cells {
            if let State::Damaged(why) = &states[cell.index] {
                tracing::info!("note: {why}; cell {} is computed anew", cell.id);
            }
        }
        let pending: Vec<&Cell> = cells.iter().copied().filter(|cell| !states[cell.index].done()).collect();
        let before = cells.len() - pending.len();
        let provenance = Provenance::gather(self.plan.grid.path().parent().unwrap_or(Path::new("")));
        let work = Work {
            plan: &self.plan,
            width: Width::choose(options.threads, options.jobs, pending.len()),
            cells: pending,
            store,
            provenance: &provenance,
            fits,
            durability: options.durability.unwrap_or(Durability::Batch),
            max_memory: options.max_memory,
            fail_fast: options.fail_fast,
            isolation: options.timeout.map(|timeout| Isolation { plan: file.to_path_buf(), timeout }),
        };
        let tally = work
            .run()
            .with_context(|| format!("`{}` stopped; go on from here with: {}", self.name(), interrupt::resume()))?;
        for cell in &work.cells {
            states[cell.index] = store.state(&cell.id);
        }
        let name = self.name();
        if tally.done + tally.failed + tally.left == 0 {
            tracing::info!("nothing to do: all {before} cells of `{name}` are done");
        } else {
            let before = if before > 0 { format!(", {before} were done before") } else { String::new() };
            tracing::info!("{} cells done, {} failed{before}", tally.done, tally.failed);
        }
        Ok(Tally { before, ..tally })
    }

    /// Says why a run ends with its cells.
    fn stopped(&self, tally: &Tally, options: &Options, store: &Store) -> Ending {
        let ending = if tally.failed > 0 { Ending::Failures } else { Ending::Complete };
        if tally.left == 0 {
            let merge = on_file(&["merge", "--plan"], &PlanFile::place(store.root()), &[]);
            tracing::info!("when all shards have run: {merge}");
            return ending;
        }
        let why = if interrupt::requested() { "interrupted" } else { "stopped at a failure" };
        tracing::info!("{why}: {} cells are left; go on with: {}", tally.left, interrupt::resume());
        debug_assert!(interrupt::requested() || options.fail_fast);
        if interrupt::requested() { Ending::Interrupted } else { ending }
    }

    /// Writes the plan beside the results, where another is not there already.
    fn write_plan(&self, store: &Store, states: &[State], options: &Options) -> Result<PathBuf> {
        let path = PlanFile::place(store.root());
        let _turn = Lock::turn(store.root(), Turn::Plan)?;
        let plan = PlanFile::new(&self.plan, states, &Forecast::new(&self.plan, &[]), options)?;
        if !PlanFile::read(&path).is_ok_and(|there| there.same_work(&plan)) {
            plan.write(&path)?;
        }
        Ok(path)
    }

    /// What every table and figure says about the data.
    pub fn notes(&self) -> Vec<String> {
        let source = &self.plan.source;
        let mut notes = vec![match &source.stand_in {
            Some(stand_in) => stand_in.notice(&source.asked),
            None => format!("Data: `{}` ({}).", source.asked, source.title),
        }];
        if self.quick {
            notes.push("Quick run: fewer seeds and points than the full one, GCPA in its fast profile.".into());
        }
        notes
    }

    /// Records of all cells of the plan that have any, in its order, then what is odd about the data. Where
    /// `records.parquet` was gathered from the same [`Prepared::inputs`], it is read in place of the cells' files; else
    /// it is written.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn records(&self, store: &Store, states: &[State]) -> Result<Vec<Record>> {
        let inputs = self.inputs(states);
        if let Some(records) = store.gathered(&inputs) {
            return Ok(records);
        }
        let records = self.gather(store, states)?;
        store.write_records(&records, Some(&inputs))?;
        Ok(records)
    }

    /// The same from the cells' files, nothing written.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn gather(&self, store: &Store, states: &[State]) -> Result<Vec<Record>> {
        let source = &self.plan.source;
        // Another subset's name or another grid's may be stored: the cell is the same, its labels are ours.
        let label = |cell: &Cell, record: Record| Record {
            grid: self.name().into(),
            data: source.asked.clone(),
            stand_in: source.stand_in.as_ref().map(|stand_in| stand_in.name.clone()),
            views: cell.subset(),
            ..record
        };
        let there = self.there(states);
        let read = |cells: &[(&Cell, &str)]| -> Result<Vec<Record>> {
            let mut records = Vec::new();
            for (cell, _) in cells {
                records.extend(store.records(&cell.id)?.into_iter().map(|record| label(cell, record)));
            }
            Ok(records)
        };
        // Threads of their own: polars works in a pool, and a worker of another pool that waits for it takes up its next
        // cell meanwhile, and the next inside that one, until its stack is full.
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = there.len().div_ceil(threads).max(1);
        let records: Result<Vec<Vec<Record>>> = std::thread::scope(|scope| {
            let threads: Vec<_> = there.chunks(share).map(|cells| scope.spawn(|| read(cells))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|p| std::panic::resume_unwind(p))).collect()
        });
        let mut records = records?.concat();
        records.extend(self.warning_records());
        Ok(records)
    }

    /// Checksum of what records are gathered from: the seals of the cells' files, and the labels that this grid gives
    /// them.
    pub fn inputs(&self, states: &[State]) -> String {
        let source = &self.plan.source;
        let stand_in = source.stand_in.as_ref().map(|stand_in| stand_in.name.as_str());
        let mut sum = checksum::Combined::default();
        [self.name(), &source.asked, stand_in.unwrap_or_default()].into_iter().for_each(|text| sum.add(text));
        for (cell, seal) in self.there(states) {
            [&cell.id, &cell.subset().to_string(), seal].into_iter().for_each(|text| sum.add(text));
        }
        self.warning_records().iter().for_each(|warning| sum.add(&format!("{warning:?}")));
        sum.finish()
    }

    /// The cells that have records, and their seals.
    fn there<'a>(&'a self, states: &'a [State]) -> Vec<(&'a Cell, &'a str)> {
        let seal = |(cell, state): (&'a Cell, &'a State)| match state {
            State::Done(seal) | State::Failed(seal) => Some((cell, seal.sha256.as_str())),
            State::Missing | State::Damaged(_) => None,
        };
        self.plan.cells.iter().zip(states).filter_map(seal).collect()
    }

    fn warning_records(&self) -> Vec<Record> {
        let views = self.plan.source.view_names();
        let data_sha256 = self.plan.source.checksum(&views);
        let record = |warning: &data::Warning| Record {
            grid: self.name().into(),
            cell: format!("data-{}", &data_sha256[..16]),
            data: self.plan.source.asked.clone(),
            stand_in: self.plan.source.stand_in.as_ref().map(|s| s.name.clone()),
            views: Subset { name: "all".into(), views: views.clone() },
            m: views.len() as u64,
            task: Some(DATA.into()),
            task_version: Some(1),
            space: Some(align::SpaceKind::Input),
            source: warning.view.clone().or_else(|| warning.labelling.clone()),
            target: Some(warning.split.name().into()),
            metric: Some(warning.kind.into()),
            value: Some(warning.count as f64),
            unit: Some("count".into()),
            n: Some(warning.total as u64),
            data_sha256: data_sha256.clone(),
            ..Record::default()
        };
        self.plan.source.warnings().iter().map(record).collect()
    }
}

/// What a run of some of the cells is called, so that the same one does not run twice at a time.
fn part(options: &Options) -> Option<String> {
    let shard = options.shard.map(|shard| format!("shard {}-{}", shard.index, shard.count));
    let only = options.only.as_ref().map(|only| format!("only {only}"));
    let parts: Vec<String> = shard.into_iter().chain(only).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn dry_run(cells: &[&Cell], folder: &Path) -> String {
    let store = Store::at(folder);
    let states = store.states(&cells.iter().map(|cell| cell.id.as_str()).collect::<Vec<_>>());
    let word = |state: &State| if state.done() { "done" } else { "to do" };
    let lines: Vec<String> = cells
        .iter()
        .zip(&states)
        .map(|(cell, state)| format!("{}  {:<8} {}", cell.id, word(state), cell.label()))
        .collect();
    let to_do = states.iter().filter(|state| !state.done()).count();
    format!("{}\n{} cells, {to_do} to do; results go to {}", lines.join("\n"), cells.len(), folder.display())
}
