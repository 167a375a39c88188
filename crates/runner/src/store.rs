//! The output folder of a grid: what is kept, and how.
//!
//! ```text
//! <out>/<grid>/cells/<id>.parquet          a finished cell's records
//! <out>/<grid>/cells/<id>.scores.parquet   its per-item scores
//! <out>/<grid>/cells/<id>.failed.parquet   a failed cell's record; the next run tries again
//! <out>/<grid>/records.{parquet,csv}       all cells of the plan, in its order
//! <out>/<grid>/tables/*.{md,csv,tex}       <out>/<grid>/figures/*.{svg,png}
//! ```
//!
//! A file is written under a name of its own in its folder, synced, and renamed: it is there whole or
//! not at all. A cell's scores are renamed before its records, so a cell with records is complete.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use align::SpaceKind;
use anyhow::{Context, Result, anyhow};
use polars::prelude::{
    Column, CsvWriter, DataFrame, DataType, NamedFrom as _, ParquetReader, ParquetWriter, SerReader, SerWriter, Series,
};
use tasks::Quantity;

use crate::record::{self, Record};

/// The output folder of one grid.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// The per-item scores of one task, as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSeries {
    /// Task name.
    pub task: String,
    /// Its parameters, JSON with sorted keys.
    pub task_params: String,
    /// The series.
    pub series: tasks::Series,
}

impl Store {
    /// Creates the folders and checks that they can be written, before anything is computed.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn open(out: &Path, grid: &str) -> Result<Self> {
        let root = out.join(grid);
        let remedy = || format!("cannot write to {}; choose another folder with --out", root.display());
        for folder in ["cells", "tables", "figures"] {
            fs::create_dir_all(root.join(folder)).with_context(remedy)?;
        }
        tempfile::Builder::new().prefix(".probe").tempfile_in(root.join("cells")).with_context(remedy)?;
        Ok(Self { root })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn cell(&self, id: &str, kind: &str) -> PathBuf {
        self.root.join("cells").join(format!("{id}{kind}.parquet"))
    }

    /// Whether a cell is finished.
    pub fn has(&self, id: &str) -> bool {
        self.cell(id, "").exists()
    }

    /// Drops what is kept of a cell.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn forget(&self, id: &str) -> Result<()> {
        // Records first: without them the cell counts as not done.
        for kind in ["", ".failed", ".scores"] {
            remove(&self.cell(id, kind))?;
        }
        Ok(())
    }

    /// Keeps a finished cell.
    ///
    /// # Errors
    /// The disk is full, or the folder cannot be written any more.
    pub fn keep(&self, id: &str, records: &[Record], series: &[StoredSeries]) -> Result<()> {
        write_parquet(&self.cell(id, ".scores"), series_frame(series)?)?;
        write_parquet(&self.cell(id, ""), record::to_frame(records)?)?;
        remove(&self.cell(id, ".failed"))
    }

    /// Keeps what is known of a cell that failed.
    ///
    /// # Errors
    /// As [`Store::keep`].
    pub fn keep_failed(&self, id: &str, records: &[Record]) -> Result<()> {
        write_parquet(&self.cell(id, ".failed"), record::to_frame(records)?)
    }

    /// A cell's records, finished or failed; none for a cell that has not run.
    ///
    /// # Errors
    /// A file that is not what this version writes.
    pub fn records(&self, id: &str) -> Result<Vec<Record>> {
        for kind in ["", ".failed"] {
            let path = self.cell(id, kind);
            if path.exists() {
                let frame = read_parquet(&path)?;
                return record::from_frame(&frame).with_context(|| unreadable(&path));
            }
        }
        Ok(Vec::new())
    }

    /// A cell's per-item scores.
    ///
    /// # Errors
    /// The cell is not finished, or the file is not what this version writes.
    pub fn series(&self, id: &str) -> Result<Vec<StoredSeries>> {
        let path = self.cell(id, ".scores");
        read_series(&read_parquet(&path)?).with_context(|| unreadable(&path))
    }

    /// Writes `records.parquet` and `records.csv`.
    ///
    /// # Errors
    /// The disk is full, or the folder cannot be written any more.
    pub fn write_records(&self, records: &[Record]) -> Result<[PathBuf; 2]> {
        let mut frame = record::to_frame(records)?;
        let paths = [self.root.join("records.parquet"), self.root.join("records.csv")];
        write_parquet(&paths[0], frame.clone())?;
        write_file(&paths[1], |file| Ok(CsvWriter::new(file).finish(&mut frame)?))?;
        Ok(paths)
    }
}

/// Removes a file that may not be there.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn unreadable(path: &Path) -> String {
    format!("{} cannot be read; delete it and run the grid again: its cell is computed anew", path.display())
}

/// Writes a whole file or nothing: under another name in the same folder, synced, renamed.
///
/// # Errors
/// The folder cannot be written, or the disk is full.
pub fn write_file(path: &Path, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = (|| {
        let mut file = tempfile::Builder::new().prefix(".partial").tempfile_in(folder)?;
        fill(file.as_file_mut())?;
        file.as_file_mut().flush()?;
        file.as_file().sync_all()?;
        set_readable(file.as_file())?;
        file.persist(path)?;
        Ok(())
    })();
    written.map_err(|e: anyhow::Error| anyhow!("cannot write {}: {e:#}; what is finished is kept", path.display()))
}

/// Temporary files are private to their owner; results are as readable as the umask would have them.
#[cfg(unix)]
fn set_readable(file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.set_permissions(fs::Permissions::from_mode(0o644))?)
}

#[cfg(not(unix))]
fn set_readable(_: &File) -> Result<()> {
    Ok(())
}

fn write_parquet(path: &Path, mut frame: DataFrame) -> Result<()> {
    write_file(path, |file| {
        ParquetWriter::new(file).finish(&mut frame)?;
        Ok(())
    })
}

fn read_parquet(path: &Path) -> Result<DataFrame> {
    let file = File::open(path).with_context(|| unreadable(path))?;
    ParquetReader::new(file).finish().with_context(|| unreadable(path))
}

/// One row per series; the values are a list.
fn series_frame(stored: &[StoredSeries]) -> Result<DataFrame> {
    let text = |name: &str, get: &dyn Fn(&StoredSeries) -> Option<String>| {
        Column::new(name.into(), stored.iter().map(get).collect::<Vec<_>>())
    };
    let values: Vec<Series> = stored.iter().map(|s| Series::new("".into(), &s.series.values)).collect();
    let draws: Vec<Option<u64>> = stored.iter().map(|s| s.series.draw).collect();
    Ok(DataFrame::new(
        stored.len(),
        vec![
            text("task", &|s| Some(s.task.clone())),
            text("task_params", &|s| Some(s.task_params.clone())),
            text("space", &|s| Some(s.series.space.name().into())),
            text("source", &|s| s.series.source.clone()),
            text("target", &|s| s.series.target.clone()),
            text("quantity", &|s| Some(s.series.quantity.name().into())),
            Column::new("draw".into(), draws),
            if values.is_empty() {
                Column::new_empty("values".into(), &DataType::List(Box::new(DataType::Float32)))
            } else {
                Column::new("values".into(), values)
            },
        ],
    )?)
}

fn read_series(frame: &DataFrame) -> Result<Vec<StoredSeries>> {
    let text = |name: &str, row: usize| -> Result<Option<String>> {
        Ok(frame.column(name)?.str()?.get(row).map(str::to_string))
    };
    let values = frame.column("values")?.list()?;
    (0..frame.height())
        .map(|row| {
            let space = text("space", row)?.as_deref().and_then(SpaceKind::from_name).context("column `space`")?;
            let quantity =
                text("quantity", row)?.as_deref().and_then(Quantity::from_name).context("column `quantity`")?;
            let list = values.get_as_series(row).context("column `values`")?;
            Ok(StoredSeries {
                task: text("task", row)?.context("column `task`")?,
                task_params: text("task_params", row)?.context("column `task_params`")?,
                series: tasks::Series {
                    space,
                    source: text("source", row)?,
                    target: text("target", row)?,
                    quantity,
                    draw: frame.column("draw")?.u64()?.get(row),
                    values: list.f32()?.iter().map(|v| v.unwrap_or(f32::NAN)).collect(),
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredSeries {
        let series = tasks::Series {
            space: SpaceKind::Universe,
            source: Some("en".into()),
            target: None,
            quantity: Quantity::Cluster,
            draw: Some(3),
            values: vec![0.0, 2.0, 1.0],
        };
        StoredSeries { task: "clustering".into(), task_params: "{}".into(), series }
    }

    #[test]
    fn a_cell_survives_its_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "g").expect("writable");
        let record = Record { grid: "g".into(), cell: "c".into(), value: Some(0.5), ..Record::default() };
        assert!(!store.has("c") && store.records("c").expect("none").is_empty());
        store.keep_failed("c", std::slice::from_ref(&record)).expect("writable");
        assert!(!store.has("c"), "a failed cell is not finished");
        assert_eq!(store.records("c").expect("one"), std::slice::from_ref(&record));
        store.keep("c", std::slice::from_ref(&record), &[stored()]).expect("writable");
        assert!(store.has("c") && !store.cell("c", ".failed").exists());
        assert_eq!(store.series("c").expect("one"), [stored()]);
        store.keep("e", &[record], &[]).expect("writable");
        assert_eq!(store.series("e").expect("none"), []);
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
    }
}
