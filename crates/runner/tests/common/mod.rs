//! What tests of the binary share.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod skip;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use polars_core::prelude::DataFrame;
use polars_io::prelude::{ParquetReader, SerReader};
use store::record::{COST_COLUMNS, Record, from_frame};
use tempfile::TempDir;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

pub fn runner(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runner")).current_dir(root()).args(args).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All that a run has said.
pub fn text_of(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// A grid file in a folder of its own, and a place for its results.
pub struct Bench {
    pub folder: TempDir,
}

pub const GRID: &str = "\
name: tiny
data:
  synthetic:
    recipe: {widths: [12, 12, 12], fit_rows: 120, test_rows: 40, classes: 4}
methods: [na, gpa, gcca]
tasks: [retrieval, clustering]
";

impl Bench {
    pub fn new(grid: &str) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(bench.grid(), grid).unwrap();
        bench
    }

    pub fn grid(&self) -> PathBuf {
        self.folder.path().join("grid.yaml")
    }

    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    pub fn run(&self, more: &[&str]) -> Output {
        let (grid, out) = (self.grid(), self.out());
        let mut args = vec!["--grid", grid.to_str().unwrap(), "--out", out.to_str().unwrap()];
        args.extend(more);
        runner(&args)
    }

    /// The error of a run that must fail, with this folder's name taken out.
    pub fn error(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert!(matches!(output.status.code(), Some(1 | 3..=5)), "{}", text(&output.stderr));
        let folder = self.folder.path().to_str().unwrap();
        text(&output.stderr).replace(&format!("{folder}/"), "").replace(folder, "").trim_end().to_string()
    }

    pub fn records(&self, name: &str) -> Vec<Record> {
        from_frame(&frame(&self.out().join(name).join("records.parquet"))).unwrap()
    }
}

pub fn frame(path: &Path) -> DataFrame {
    ParquetReader::new(fs::File::open(path).unwrap()).finish().unwrap()
}

/// A CSV file as text, without columns that differ from run to run.
pub fn csv_without(csv: &Path, columns: &[&str]) -> DataFrame {
    use polars_io::prelude::{CsvReadOptions, SerReader as _};
    let frame = CsvReadOptions::default()
        .with_infer_schema_length(Some(0))
        .try_into_reader_with_file_path(Some(csv.to_path_buf()))
        .unwrap()
        .finish()
        .unwrap();
    frame.drop_many(columns.iter().copied())
}

/// A records.csv without what differs from run to run.
pub fn reproducible(csv: &Path) -> DataFrame {
    csv_without(csv, COST_COLUMNS)
}

/// Records and tables are the same but for what they cost.
pub fn same(one: &Path, other: &Path, what: &str) {
    let tables = |out: &Path| {
        let mut tables: Vec<PathBuf> =
            fs::read_dir(out.join("tiny/tables")).unwrap().map(|e| e.unwrap().path()).collect();
        tables.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
        tables.sort();
        tables
    };
    let [records, others] = [one, other].map(|out| reproducible(&out.join("tiny/records.csv")));
    assert!(records.equals_missing(&others), "{what}: records differ");
    let (ours, theirs) = (tables(one), tables(other));
    assert!(ours.len() >= 2 && ours.len() == theirs.len(), "{what}: {} and {} tables", ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(&theirs) {
        assert_eq!(a.file_name(), b.file_name());
        let [a, b] = [a, b].map(|path| csv_without(path, &["fit s", "fit CPU s"]));
        assert!(a.equals_missing(&b), "{what}: {} differs", ours[0].display());
    }
}

/// A number between −0.5 and 0.5 that no number near it tells.
pub fn number(at: usize) -> f64 {
    ((at as f64 * 12.9898).sin() * 43_758.545_3).rem_euclid(1.0) - 0.5
}

/// The lines of a table's CSV file, its header first, split at the commas outside quotes.
pub fn table(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cells = |line: &str| {
        let (mut cells, mut quoted) = (vec![String::new()], false);
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                c => cells.last_mut().unwrap().push(c),
            }
        }
        cells
    };
    text.lines().map(cells).collect()
}
