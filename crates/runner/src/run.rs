//! A grid from its file to its tables and figures, and a paper file on top of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use data::summarise;

use crate::claims::evidence::Evidence;
use crate::claims::{self, Verdict};
use crate::comparison;
use crate::draw;
use crate::execute::{self, Tally, Width};
use crate::fits::Fits;
use crate::grid::{Grid, lay_over};
use crate::only::Only;
use crate::paper::Paper;
use crate::plan::{Cell, Plan};
use crate::provenance::Provenance;
use crate::record::Record;
use crate::source::Source;
use crate::store::Store;
use crate::summary::Summary;
use crate::table::Table;
use crate::tables;

/// What a user can ask of a run beyond the grid file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folder of all grids' outputs.
    pub out: PathBuf,
    /// Print the cells and stop.
    pub dry_run: bool,
    /// Some of the cells.
    pub only: Option<Only>,
    /// Cells at a time.
    pub jobs: Option<usize>,
    /// Threads in all.
    pub threads: Option<usize>,
    /// Compute cells anew that are done.
    pub force: bool,
    /// Take the grid's stand-in where its data are not present.
    pub allow_stand_in: bool,
    /// Fewer seeds and points, as the paper file says, in a folder of their own.
    pub quick: bool,
}

/// Whether everything asked for is there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Yes.
    Complete,
    /// Cells have failed; the next run tries them again.
    Failures,
}

/// Runs a grid file.
///
/// # Errors
/// Anything wrong with the grid, the data or the output folder, before the first cell; a result that
/// cannot be kept.
pub fn grid(path: &Path, options: &Options) -> Result<Ending> {
    let prepared = Prepared::new(Plan::open(path, &serde_json::Value::Null, options)?, options)?;
    let Some(finished) = prepared.run(options, &Fits::default())? else { return Ok(Ending::Complete) };
    let mut files = finished.write(None)?;
    print!("\n{}", finished.overview.terminal());
    for (_, table) in &finished.comparisons {
        print!("\n{}", table.terminal());
    }
    files.sort();
    close(&files);
    Ok(finished.ending())
}

/// Runs paper files one after the other, with one claims page at the end where there are several: their grids,
/// the paper's figures beside ours, verdicts on its claims. Fits are shared among them by content.
///
/// # Errors
/// As [`grid`].
pub fn reproduce(paths: &[PathBuf], options: &Options) -> Result<Ending> {
    let fits = Fits::default();
    let (mut ending, mut verdicts, mut notes) = (Ending::Complete, Vec::new(), Vec::new());
    for path in paths {
        let Some(reproduced) = reproduce_one(path, options, &fits)? else { continue };
        if reproduced.ending == Ending::Failures {
            ending = Ending::Failures;
        }
        verdicts.extend(reproduced.verdicts);
        notes.extend(reproduced.notes.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
    }
    if paths.len() > 1 && !options.dry_run {
        verdicts.sort_by_key(|v| v.claim.id.trim_start_matches('C').parse::<u32>().unwrap_or(u32::MAX));
        let page = claims::page(&verdicts, &notes);
        let files = page.write(&options.out.join("claims"))?;
        println!("\n{}", page.terminal());
        close(&files);
    }
    Ok(ending)
}

/// What one paper file came to.
struct Reproduced {
    ending: Ending,
    verdicts: Vec<Verdict>,
    notes: Vec<String>,
}

/// `None` after a dry run.
fn reproduce_one(path: &Path, options: &Options, fits: &Fits) -> Result<Option<Reproduced>> {
    let paper = Paper::read(path)?.value;
    let grid = path.parent().unwrap_or(Path::new("")).join(&paper.grid);
    let mut overrides = paper.overrides.clone();
    if options.quick {
        lay_over(&mut overrides, &paper.quick);
    }
    let prepared = Prepared::new(Plan::open(&grid, &overrides, options)?, options)?;
    let Some(finished) = prepared.run(options, fits)? else { return Ok(None) };
    let mut files = finished.write(Some(&paper))?;
    let verdicts = claims::judge(&paper.claims, &finished.records, &finished.store)?;
    let mut table = paper.table(&finished.records, &finished.notes);
    table.title += &finished.mark;
    table.notes.extend(verdicts.iter().map(Verdict::sentence));
    files.extend(table.write(&finished.store.root().join("tables").join("paper"))?);
    print!("\n{}", table.terminal());
    files.sort();
    close(&files);
    Ok(Some(Reproduced { ending: finished.ending(), verdicts, notes: finished.notes }))
}

/// Says what has been written.
pub(crate) fn close(files: &[PathBuf]) {
    println!("written:");
    for file in files {
        println!("  {}", file.display());
    }
}

impl Plan {
    /// Reads a grid file, its data, and expands the cells.
    ///
    /// # Errors
    /// Anything wrong with either.
    pub fn open(path: &Path, overrides: &serde_json::Value, options: &Options) -> Result<Self> {
        let mut grid = Grid::read_with(path, overrides)?;
        if options.quick {
            grid.value.name += "-quick";
        }
        let source = Source::open(&grid, options.allow_stand_in)?;
        Self::new(grid, source)
    }
}

/// A plan whose output folder can be written.
struct Prepared {
    plan: Plan,
    only: Option<Only>,
    quick: bool,
}

impl Prepared {
    fn new(plan: Plan, options: &Options) -> Result<Self> {
        if let Some(stand_in) = &plan.source.stand_in {
            eprintln!("note: {}", stand_in.notice(&plan.source.asked));
        }
        for line in summarise(plan.source.warnings()) {
            eprintln!("warning: {}: {line}", plan.source.used());
        }
        Ok(Self { plan, only: options.only.clone(), quick: options.quick })
    }

    fn cells(&self) -> Result<Vec<&Cell>> {
        match &self.only {
            Some(only) => only.pick(&self.plan.cells),
            None => Ok(self.plan.cells.iter().collect()),
        }
    }

    /// Runs what is not done; `None` after a dry run.
    fn run(self, options: &Options, fits: &Fits) -> Result<Option<Finished>> {
        let cells = self.cells()?;
        let name = self.plan.grid.value.name.clone();
        if options.dry_run {
            println!("{}", dry_run(&cells, &options.out.join(&name)));
            return Ok(None);
        }
        let store = Store::open(&options.out, &name)?;
        if options.force {
            cells.iter().try_for_each(|cell| store.forget(&cell.id))?;
        }
        let pending = cells.iter().filter(|cell| !store.has(&cell.id)).count();
        let width = Width::choose(options.threads, options.jobs, pending);
        let provenance = Provenance::gather(self.plan.grid.path().parent().unwrap_or(Path::new("")));
        let tally = execute::run(&self.plan, &cells, &store, width, &provenance, fits)
            .with_context(|| format!("`{name}` stopped; run the same command again to go on from here"))?;
        if tally.done + tally.failed == 0 {
            eprintln!("nothing to do: all {} cells of `{name}` are done", tally.before);
        } else {
            let before = if tally.before > 0 { format!(", {} were done before", tally.before) } else { String::new() };
            eprintln!("{} cells done, {} failed{before}", tally.done, tally.failed);
        }
        let records = self.records(&store)?;
        let mark = self.plan.source.mark();
        let title = format!("{name}{mark}");
        let notes = self.notes();
        let overview = tables::overview(&title, &Summary::new(&records), &notes);
        let comparisons = {
            let summary = Summary::new(&records);
            let evidence = Evidence::new(&summary, &store);
            let compared = comparison::compare(&summary, &evidence, self.plan.grid.value.primary.as_ref())?;
            compared.iter().map(|by_measure| (by_measure.stem(), by_measure.table(&title, &notes))).collect()
        };
        Ok(Some(Finished { store, records, title, mark, notes, overview, comparisons, tally }))
    }

    /// What every table and figure says about the data.
    fn notes(&self) -> Vec<String> {
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

    /// Records of all cells of the plan that have any, in its order, then what is odd about the data.
    fn records(&self, store: &Store) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for cell in &self.plan.cells {
            // Another subset's name or another grid's may be stored: the cell is the same, its labels are ours.
            records.extend(store.records(&cell.id)?.into_iter().map(|record| Record {
                grid: self.plan.grid.value.name.clone(),
                data: self.plan.source.asked.clone(),
                stand_in: self.plan.source.stand_in.as_ref().map(|s| s.name.clone()),
                views: cell.views_column(),
                ..record
            }));
        }
        records.extend(self.warning_records());
        Ok(records)
    }

    fn warning_records(&self) -> Vec<Record> {
        let views = self.plan.source.view_names();
        let data_sha256 = self.plan.source.checksum(&views);
        let record = |warning: &data::Warning| Record {
            grid: self.plan.grid.value.name.clone(),
            cell: format!("data-{}", &data_sha256[..16]),
            data: self.plan.source.asked.clone(),
            stand_in: self.plan.source.stand_in.as_ref().map(|s| s.name.clone()),
            views: format!("all={}", views.join(",")),
            m: views.len() as u64,
            task: Some("data".into()),
            task_version: Some(1),
            space: Some("input".into()),
            source: warning.view.clone().or_else(|| warning.labelling.clone()),
            target: Some(warning.split.name().into()),
            metric: Some(warning.kind.name().into()),
            value: Some(warning.count as f64),
            unit: Some("count".into()),
            n: Some(warning.total as u64),
            data_sha256: data_sha256.clone(),
            ..Record::default()
        };
        self.plan.source.warnings().iter().map(record).collect()
    }
}

/// A grid whose cells have run.
struct Finished {
    store: Store,
    records: Vec<Record>,
    title: String,
    /// What every title ends with.
    mark: String,
    notes: Vec<String>,
    overview: Table,
    /// Methods against each other by each measure of the primary metric, with the stems of their files.
    comparisons: Vec<(String, Table)>,
    tally: Tally,
}

impl Finished {
    /// Records, tables and figures.
    fn write(&self, paper: Option<&Paper>) -> Result<Vec<PathBuf>> {
        let summary = Summary::new(&self.records);
        let mut files = self.store.write_records(&self.records)?.to_vec();
        let tables = self.store.root().join("tables");
        files.extend(self.overview.write(&tables.join("summary"))?);
        for (stem, table) in tables::details(&self.title, &summary, &self.notes) {
            files.extend(table.write(&tables.join(stem))?);
        }
        for (stem, table) in &self.comparisons {
            files.extend(table.write(&tables.join(stem))?);
        }
        files.extend(draw::figures(&self.title, &summary, &self.notes, paper, &self.store)?);
        Ok(files)
    }

    fn ending(&self) -> Ending {
        if self.tally.failed > 0 { Ending::Failures } else { Ending::Complete }
    }
}

fn dry_run(cells: &[&Cell], folder: &Path) -> String {
    let done = |cell: &Cell| folder.join("cells").join(format!("{}.parquet", cell.id)).exists();
    let lines: Vec<String> = cells
        .iter()
        .map(|cell| format!("{}  {:<8} {}", cell.id, if done(cell) { "done" } else { "to do" }, cell.label()))
        .collect();
    let to_do = cells.iter().filter(|cell| !done(cell)).count();
    format!("{}\n{} cells, {to_do} to do; results go to {}", lines.join("\n"), cells.len(), folder.display())
}
