//! The output folder of a grid and its files.
//!
//! ```text
//! <out>/<grid>/cells/<id>.parquet          records of a finished cell
//! <out>/<grid>/cells/<id>.scores.parquet   its per-item scores
//! <out>/<grid>/cells/<id>.picture.parquet  two-dimensional positions of some of its items before and after alignment
//! <out>/<grid>/cells/<id>.failed.parquet   record of a failed cell; the next run tries again
//! <out>/<grid>/records.{parquet,csv}       records of all cells of the plan, in its order
//! <out>/<grid>/about.json                  title, notes, the paper's claims, the command
//! <out>/<grid>/tables/*.{md,csv,tex}       <out>/<grid>/figures/{,single/,double/}*.{svg,png}
//! <out>/<grid>/report.html                 everything on one page; report.md is a short form
//! ```
//!
//! Every file is atomic (`durable`), and the parquet files contain their own checksum (`checksum`). A cell's scores are
//! renamed before its records, so a cell with records is complete.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use files::{Fault, Staged};
use polars_core::prelude::DataFrame;
use polars_io::prelude::{CsvWriter, SerWriter};
use rayon::prelude::*;

use crate::checksum::{self, EmbeddedChecksum, Facts};
use crate::durable;
use crate::picture::Picture;
use crate::record::{self, Record};
use crate::scores::{read_ids, read_series, series_frame};

/// The output folder of one grid.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

pub use crate::record::DATA;
pub use crate::scores::{ItemIds, StoredSeries};

/// State of a cell in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The cell is finished; with the checksum of its records.
    Done(EmbeddedChecksum),
    /// The cell failed; with the checksum of its record.
    Failed(EmbeddedChecksum),
    /// The store has no files of the cell.
    Missing,
    /// The files of the cell are damaged; with the reason.
    Damaged(String),
}

impl State {
    /// Whether the cell is finished.
    pub fn done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// The state in one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
            Self::Missing => "missing",
            Self::Damaged(_) => "damaged",
        }
    }
}

/// Files of a cell that are written but not yet in their places.
#[derive(Debug)]
pub struct StagedCell {
    /// The files in the order of their renaming.
    files: Vec<Staged>,
    /// The file that they replace.
    replaced: Option<PathBuf>,
}

impl StagedCell {
    /// The staged files.
    pub fn files(&self) -> &[Staged] {
        &self.files
    }

    /// Moves the files to their places; the caller has synced them.
    ///
    /// # Errors
    /// The folder can no longer be written.
    pub fn publish(self) -> Result<()> {
        self.files.into_iter().try_for_each(durable::publish)?;
        self.replaced.as_deref().map_or(Ok(()), remove)
    }
}

impl Store {
    /// Creates the folders and checks before any computation that they can be written.
    ///
    /// # Errors
    /// The folder cannot be created or written.
    pub fn open(out: &Path, grid: &str) -> Result<Self> {
        let root = out.join(grid);
        let remedy =
            || Fault::unwritable(format!("cannot write to {}; choose another folder with --out", root.display()));
        for folder in FOLDERS {
            fs::create_dir_all(root.join(folder)).with_context(remedy)?;
        }
        durable::stage(&root.join("cells").join("probe"), b"probe").with_context(remedy)?;
        Ok(Self { root })
    }

    /// An existing folder, for reading.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Removes the incomplete files of killed attempts and returns their number.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn sweep(&self) -> Result<usize> {
        let folders = FOLDERS.iter().map(|folder| self.root.join(folder)).chain([self.root.clone()]);
        Ok(files::sweep(&self.root, &folders.collect::<Vec<_>>())?)
    }

    /// Path of a file of a cell: `kind` is empty for its records, else `.scores`, `.picture` or `.failed`.
    pub fn cell(&self, id: &str, kind: &str) -> PathBuf {
        self.root.join("cells").join(format!("{id}{kind}.parquet"))
    }

    /// State of a cell. Its records are read and their checksum is verified; for its scores only the existence is
    /// checked.
    pub fn state(&self, id: &str) -> State {
        let records = self.cell(id, "");
        match fs::read(&records) {
            Ok(bytes) => match own(&bytes, id, "records") {
                Ok(seal) if seal.facts.series > 0 && !self.cell(id, ".scores").exists() => {
                    State::Damaged(format!("{} is not there", self.cell(id, ".scores").display()))
                }
                Ok(seal) => State::Done(seal),
                Err(e) => State::Damaged(format!("{}: {e:#}", records.display())),
            },
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => State::Damaged(format!("{}: {e}", records.display())),
            Err(_) => match fs::read(self.cell(id, ".failed")).ok().and_then(|b| own(&b, id, "failure").ok()) {
                Some(seal) => State::Failed(seal),
                None => State::Missing,
            },
        }
    }

    /// Problem with the `scores` or the `picture` of a finished cell, if there is one.
    fn check_beside(&self, id: &str, kind: &str) -> Option<String> {
        let path = self.cell(id, &format!(".{kind}"));
        let checked = match fs::read(&path) {
            // The records tell whether scores must exist; a picture is optional.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
            bytes => bytes.map_err(anyhow::Error::from).and_then(|bytes| own(&bytes, id, kind)),
        };
        checked.err().map(|e| format!("{}: {e:#}", path.display()))
    }

    /// [`Store::state`] of many cells, read in parallel.
    pub fn states(&self, ids: &[&str]) -> Vec<State> {
        ids.par_iter().map(|id| self.state(id)).collect()
    }

    /// [`Store::states`], where a finished cell with damaged scores or a damaged picture counts as damaged. It reads these
    /// files, too.
    pub fn verified_states(&self, ids: &[&str]) -> Vec<State> {
        let beside = |id: &str| BESIDE.iter().find_map(|kind| self.check_beside(id, kind));
        let verified = |id: &&str| match self.state(id) {
            State::Done(seal) => beside(id).map_or(State::Done(seal), State::Damaged),
            other => other,
        };
        ids.par_iter().map(verified).collect()
    }

    /// Whether a file of records exists; it is not read.
    pub fn has(&self, id: &str) -> bool {
        self.cell(id, "").exists()
    }

    /// Removes the files of a cell.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn forget(&self, id: &str) -> Result<()> {
        // Records come first: without them the cell counts as not finished.
        for kind in ["", ".failed", ".scores", ".picture"] {
            remove(&self.cell(id, kind))?;
        }
        Ok(())
    }

    /// Writes the files of a finished cell beside their places.
    ///
    /// # Errors
    /// The disk is full, or the folder can no longer be written.
    pub fn stage(
        &self,
        id: &str,
        records: &[Record],
        series: &[StoredSeries],
        items: &[ItemIds],
        picture: Option<&Picture>,
    ) -> Result<StagedCell> {
        let facts = |kind: &str, series| Facts { of: id.into(), kind: kind.into(), series, inputs: None };
        let mut files = Vec::with_capacity(3);
        if let Some(picture) = picture {
            let bytes = checksum::write(&mut picture.to_frame()?, &facts("picture", 0))?;
            files.push(durable::stage(&self.cell(id, ".picture"), &bytes)?);
        }
        if !series.is_empty() {
            let scores = checksum::write(&mut series_frame(series, items)?, &facts("scores", 0))?;
            files.push(durable::stage(&self.cell(id, ".scores"), &scores)?);
        }
        let records = checksum::write(&mut record::to_frame(records)?, &facts("records", series.len()))?;
        files.push(durable::stage(&self.cell(id, ""), &records)?);
        Ok(StagedCell { files, replaced: Some(self.cell(id, ".failed")) })
    }

    /// Writes the record of a failed cell beside its place.
    ///
    /// # Errors
    /// The errors of [`Store::stage`].
    pub fn stage_failed(&self, id: &str, records: &[Record]) -> Result<StagedCell> {
        let facts = Facts { of: id.into(), kind: "failure".into(), ..Facts::default() };
        let bytes = checksum::write(&mut record::to_frame(records)?, &facts)?;
        Ok(StagedCell { files: vec![durable::stage(&self.cell(id, ".failed"), &bytes)?], replaced: None })
    }

    /// Stores a finished cell at once.
    ///
    /// # Errors
    /// The disk is full, or the folder can no longer be written.
    pub fn keep(&self, id: &str, records: &[Record], series: &[StoredSeries]) -> Result<()> {
        let staged = self.stage(id, records, series, &[], None)?;
        durable::sync_all(&staged.files.iter().collect::<Vec<_>>()).into_iter().collect::<Result<()>>()?;
        staged.publish()
    }

    /// The picture of a cell; `None` for a cell without one, for example of a method without a universe.
    ///
    /// # Errors
    /// A file in a format that this version does not write.
    pub fn picture(&self, id: &str) -> Result<Option<Picture>> {
        let path = self.cell(id, ".picture");
        if !path.exists() {
            return Ok(None);
        }
        let remedy = || format!("{} cannot be read; delete it to do without", path.display());
        Picture::from_frame(&sealed(&path, id, "picture").with_context(remedy)?).map(Some).with_context(remedy)
    }

    /// The records that the last run or merge wrote.
    ///
    /// # Errors
    /// There are none, or their format is not the one that this version writes.
    pub fn all_records(&self) -> Result<Vec<Record>> {
        let path = self.root.join(RECORDS);
        let again = || Fault::input(format!("{} cannot be read; run its grid again", path.display()));
        let bytes = fs::read(&path).with_context(again)?;
        record::from_frame(&checksum::read(&bytes).with_context(again)?.0).with_context(again)
    }

    /// Writes `records.csv` alone, from the records of [`Store::all_records`].
    ///
    /// # Errors
    /// The disk is full, or the folder cannot be written any more.
    pub fn write_csv(&self, records: &[Record]) -> Result<PathBuf> {
        let path = self.root.join(RECORDS_AS_TEXT);
        let bytes = csv(&mut record::to_frame(records)?)?;
        durable::write_file(&path, |file| Ok(std::io::Write::write_all(file, &bytes)?))?;
        Ok(path)
    }

    /// Records of a cell, finished or failed; none for a cell that has not run.
    ///
    /// # Errors
    /// A damaged file.
    pub fn records(&self, id: &str) -> Result<Vec<Record>> {
        for (suffix, kind) in [("", "records"), (".failed", "failure")] {
            let path = self.cell(id, suffix);
            if path.exists() {
                let frame = read(&path, id, kind)?;
                return record::from_frame(&frame).with_context(|| unreadable(&path));
            }
        }
        Ok(Vec::new())
    }

    /// Reasons of the failure of a cell, from its records.
    ///
    /// # Errors
    /// The errors of [`Store::records`].
    pub fn failures(&self, id: &str) -> Result<Vec<String>> {
        let records = self.records(id)?.into_iter();
        Ok(records.filter(|record| record.metric.is_none()).filter_map(|record| record.error).collect())
    }

    /// The first reason of the failure of a cell, as text.
    pub fn failure(&self, id: &str) -> String {
        let reason = self.failures(id).unwrap_or_default().into_iter().next();
        reason.unwrap_or_else(|| "no reason was kept".into())
    }

    /// Per-item scores of a cell.
    ///
    /// # Errors
    /// The cell is not finished, or a file is damaged.
    pub fn series(&self, id: &str) -> Result<Vec<StoredSeries>> {
        let path = self.cell(id, ".scores");
        if !path.exists() && matches!(self.state(id), State::Done(_)) {
            // A finished cell without a file of scores has no scores.
            return Ok(Vec::new());
        }
        read_series(&read(&path, id, "scores")?).with_context(|| unreadable(&path))
    }

    /// The ids of the items that a cell's scores are of; none where the data have none.
    ///
    /// # Errors
    /// A file that is not what was written.
    pub fn item_ids(&self, id: &str) -> Result<Vec<ItemIds>> {
        let path = self.cell(id, ".scores");
        if !path.exists() {
            return Ok(Vec::new());
        }
        read_ids(&read(&path, id, "scores")?).with_context(|| unreadable(&path))
    }

    /// Writes `records.parquet` and `records.csv`; `inputs` is the checksum of the files from which they were gathered.
    ///
    /// # Errors
    /// The disk is full, or the folder can no longer be written.
    pub fn write_records(&self, records: &[Record], inputs: Option<&str>) -> Result<[PathBuf; 2]> {
        let mut frame = record::to_frame(records)?;
        let paths = [self.root.join(RECORDS), self.root.join(RECORDS_AS_TEXT)];
        let facts = Facts { kind: "grid".into(), inputs: inputs.map(str::to_string), ..Facts::default() };
        let csv = durable::stage(&paths[1], &csv(&mut frame)?)?;
        let parquet = durable::stage(&paths[0], &checksum::write(&mut frame, &facts)?)?;
        durable::sync_all(&[&csv, &parquet]).into_iter().collect::<Result<()>>()?;
        csv.publish()?;
        parquet.publish()?;
        Ok(paths)
    }

    /// The records of `records.parquet` if they were gathered from `inputs`, the file is intact, and `records.csv` says the
    /// same.
    pub fn gathered(&self, inputs: &str) -> Option<Vec<Record>> {
        let (mut frame, seal) = checksum::read(&fs::read(self.root.join(RECORDS)).ok()?).ok()?;
        let current = seal.facts.inputs.as_deref() == Some(inputs) && self.is_said_by_csv(&mut frame);
        current.then(|| record::from_frame(&frame).ok()).flatten()
    }

    fn is_said_by_csv(&self, frame: &mut DataFrame) -> bool {
        fs::read(self.root.join(RECORDS_AS_TEXT)).is_ok_and(|text| csv(frame).is_ok_and(|want| want == text))
    }

    /// Problems with `records.parquet` and `records.csv`, compared with the cells and with each other.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn check_records(&self) -> Result<Vec<String>> {
        let path = self.root.join(RECORDS);
        let bytes = match fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            bytes => bytes.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let mut frame = match checksum::read(&bytes) {
            Ok((frame, _)) => frame,
            Err(e) => return Ok(vec![format!("{}: {e:#}", path.display())]),
        };
        let path = self.root.join(RECORDS_AS_TEXT);
        let problem = || format!("{} does not say what {RECORDS} says", path.display());
        Ok(if self.is_said_by_csv(&mut frame) { Vec::new() } else { vec![problem()] })
    }
}

/// Files beside the records of a cell.
const BESIDE: [&str; 2] = ["scores", "picture"];

/// File with the records of all cells.
const RECORDS: &str = "records.parquet";
/// The same for programs that do not read parquet.
const RECORDS_AS_TEXT: &str = "records.csv";
const FOLDERS: [&str; 5] = ["cells", "tables", "figures", "figures/single", "figures/double"];

fn csv(frame: &mut DataFrame) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    CsvWriter::new(&mut bytes).finish(frame)?;
    Ok(bytes)
}

/// Removes a file if it exists.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn unreadable(path: &Path) -> Fault {
    let remedy = "cannot be read; delete it and run the grid again: its cell is computed anew";
    Fault::input(format!("{} {remedy}", path.display()))
}

/// Checksum and facts of a file that must belong to this cell.
fn own(bytes: &[u8], id: &str, kind: &str) -> Result<EmbeddedChecksum> {
    let seal = checksum::check(bytes)?;
    let facts = &seal.facts;
    let found = format!("holds the {} of {}, expected the {kind} of {id}", facts.kind, facts.of);
    anyhow::ensure!(facts.of == id && facts.kind == kind, found);
    Ok(seal)
}

fn read(path: &Path, id: &str, kind: &str) -> Result<DataFrame> {
    sealed(path, id, kind).with_context(|| unreadable(path))
}

fn sealed(path: &Path, id: &str, kind: &str) -> Result<DataFrame> {
    let bytes = fs::read(path)?;
    own(&bytes, id, kind)?;
    Ok(checksum::read(&bytes)?.0)
}

#[cfg(test)]
mod tests {
    use grid::keys::Params;

    use super::*;
    use crate::scores::tests::stored;

    #[test]
    fn a_cell_survives_its_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "g").expect("writable");
        let record = Record { grid: "g".into(), cell: "c".into(), value: Some(0.5), ..Record::default() };
        assert!(!store.has("c") && store.records("c").expect("none").is_empty());
        let failed = store.stage_failed("c", std::slice::from_ref(&record)).expect("writable");
        assert!(store.records("c").expect("none").is_empty(), "what is not in its place is not there");
        failed.publish().expect("writable");
        assert!(matches!(store.state("c"), State::Failed(_)), "a failed cell is not finished");
        assert_eq!(store.records("c").expect("one"), std::slice::from_ref(&record));
        store.keep("c", std::slice::from_ref(&record), &[stored()]).expect("writable");
        assert!(store.state("c").done() && !store.cell("c", ".failed").exists());
        assert_eq!(store.series("c").expect("one"), [stored()]);
        store.keep("e", &[record], &[]).expect("writable");
        assert_eq!(store.series("e").expect("none"), []);
    }

    #[test]
    fn scores_name_their_items_where_the_data_have_ids() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "g").expect("writable");
        let items = [ItemIds { task: DATA.into(), task_params: Params::default(), ids: vec![7, -3, 1 << 40] }];
        let staged = store.stage("c", &[Record::default()], &[stored()], &items, None).expect("writable");
        durable::sync_all(&staged.files.iter().collect::<Vec<_>>())
            .into_iter()
            .collect::<Result<()>>()
            .expect("synced");
        staged.publish().expect("writable");
        assert_eq!(store.item_ids("c").expect("one"), items);
        assert_eq!(store.series("c").expect("one"), [stored()], "ids are no series");
        store.keep("d", &[Record::default()], &[stored()]).expect("writable");
        assert_eq!(store.item_ids("d").expect("none"), []);
    }

    #[test]
    fn half_a_file_is_never_taken_for_a_cell() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "g").expect("writable");
        store.keep("c", &[Record::default()], &[stored()]).expect("writable");
        let path = store.cell("c", ".scores");
        let bytes = fs::read(&path).expect("there");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("writable");
        let error = format!("{:#}", store.series("c").unwrap_err());
        assert!(error.contains("cannot be read; delete it and run the grid again"), "{error}");
        fs::remove_file(&path).expect("there");
        assert!(matches!(store.state("c"), State::Damaged(_)), "its records say that there are scores");
        fs::rename(store.cell("c", ""), store.cell("d", "")).expect("there");
        let State::Damaged(why) = store.state("d") else { panic!("another cell's records") };
        assert!(why.ends_with("holds the records of c, expected the records of d"), "{why}");
    }

    #[test]
    fn gathered_records_are_those_of_the_same_inputs() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "g").expect("writable");
        let records = [Record { value: Some(0.25), ..Record::default() }];
        store.write_records(&records, Some("inputs")).expect("writable");
        assert_eq!(store.gathered("inputs"), Some(records.to_vec()));
        assert_eq!(store.gathered("others"), None);
        assert!(store.check_records().expect("readable").is_empty());
        let csv = store.root().join("records.csv");
        let text = fs::read_to_string(&csv).expect("there");
        fs::write(&csv, text.replace("0.25", "0.35")).expect("writable");
        assert_eq!(store.check_records().expect("readable").len(), 1);
    }
}
