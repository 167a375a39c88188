//! The command `runner show CELL`: the origin of a number.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use files::Fault;

use grid::FitRows;
use report::tables::table::Table;
use store::cells::Store;
use store::record::Record;

/// The cell that was found.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The grid that has the cell.
    pub grid: String,
    /// Its id.
    pub id: String,
    /// The folder of the grid's results.
    pub folder: PathBuf,
    /// The first record. All records of the cell share its columns on data, method and fit.
    pub first: Record,
    /// Its records.
    pub records: Vec<Record>,
}

/// The cell with this id in any folder below `out`. The beginning of the id is enough.
///
/// # Errors
/// No such cell, several cells with this beginning, a file that cannot be read.
pub fn cell(out: &Path, id: &str) -> Result<Shown> {
    let (grid, id) = find(out, id)?;
    let folder = out.join(&grid);
    let records = Store::at(&folder).records(&id)?;
    let found = || Fault::input(format!("cell {id} of `{grid}` holds no record"));
    let first = records.first().with_context(found)?.clone();
    Ok(Shown { grid, id, folder, first, records })
}

/// The settings, data, cost and scores of a cell as text.
pub fn page(cell: &Shown) -> String {
    let Shown { grid, id, folder, first, records } = cell;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
    let seconds = |value: Option<f64>| value.map_or("-".into(), |v| format!("{v:.3} s"));
    let number = |value: Option<u64>| value.map_or("-".into(), |v| v.to_string());
    let data = match &first.stand_in {
        Some(stand_in) => format!("{} (stand-in: {stand_in})", first.data),
        None => first.data.clone(),
    };
    let lines = [
        ("cell", id.clone()),
        ("files", format!("{}.*", folder.join("cells").join(id).display())),
        ("grid", grid.clone()),
        ("data", data),
        ("data sha256", first.data_sha256.clone()),
        ("views", first.views.to_string()),
        (
            "method",
            format!("{} (version {}) {}", text(&first.method), number(first.method_version), shown(&first.params, "-")),
        ),
        ("noise", shown(&first.noise, "-")),
        ("training rows", FitRows::from_count(first.fit_rows).to_string()),
        ("pairing", text(&first.pairing)),
        ("widths", text(&first.widths)),
        ("seed", number(first.seed)),
        ("fit", format!("{}, CPU {}", seconds(first.fit_seconds), seconds(first.fit_cpu_seconds))),
        ("stop", format!("{} after {} iterations", text(&first.stop), number(first.iterations))),
        ("objective", first.objective.map_or("-".into(), |v| format!("{v:.9e}"))),
        ("above lowest", first.optimality_gap.map_or("-".into(), |v| format!("at most {v:.2e}"))),
        ("warnings", first.warnings.as_ref().map_or("none".into(), |lines| lines.replace('\n', "; "))),
        ("maps", format!("{} with {} parameters", number(first.maps), number(first.parameters))),
        ("peak memory", first.peak_rss_mb.map_or("-".into(), |v| format!("{v:.0} MB"))),
        ("code", format!("{}, lock file {}", text(&first.git), text(&first.lock_sha256))),
        ("grid's code", text(&first.grid_git)),
        ("finished", text(&first.finished_at)),
        ("machine", format!("{}, {}, {} threads", first.host, first.cpu, first.threads)),
        ("node", format!("{}, restarts {}", text(&first.node), number(first.restarts))),
    ];
    let settings: String = lines.iter().map(|(name, value)| format!("{name:<12} {value}\n")).collect();
    format!("{settings}\n{}", scores(records).terminal())
}

fn scores(records: &[Record]) -> Table {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let row = |record: &Record| {
        let value = record.value.map_or_else(|| format!("none: {}", text(&record.error)), |v| format!("{v:.6}"));
        let n = record.n.map_or(String::new(), |n| n.to_string());
        vec![
            text(&record.task),
            shown(&record.metric, ""),
            record.space.map_or_else(String::new, |space| space.name().into()),
            text(&record.source),
            text(&record.target),
            value,
            n,
        ]
    };
    Table {
        title: "Scores".into(),
        headers: ["task", "metric", "space", "source", "target", "value", "n"].map(String::from).to_vec(),
        names: 5,
        rows: records.iter().map(row).collect(),
        notes: Vec::new(),
        ..Table::default()
    }
}

/// A value as text.
fn shown<T: ToString>(value: &Option<T>, none: &str) -> String {
    value.as_ref().map_or_else(|| none.to_string(), T::to_string)
}

/// The grid and the full id of the only cell whose id begins with `id`.
///
/// # Errors
/// No such cell, several cells with this beginning.
pub fn find(out: &Path, id: &str) -> Result<(String, String)> {
    let folders =
        fs::read_dir(out).with_context(|| format!("no results in {}; name their folder with --out", out.display()))?;
    let mut found: Vec<(String, String)> = Vec::new();
    for folder in folders.flatten().map(|entry| entry.path()) {
        let grid = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for cell in cells(&folder.join("cells")) {
            if cell.starts_with(id) && !found.iter().any(|(g, c)| *g == grid && *c == cell) {
                found.push((grid.clone(), cell));
            }
        }
    }
    found.sort();
    match found.as_slice() {
        [] => {
            let found = format!("no cell `{id}` below {}", out.display());
            bail!(Fault::missing(format!("{found}; the column `cell` of records.csv has the ids of cells")))
        }
        [(_, first), rest @ ..] if rest.iter().any(|(_, other)| other != first) => {
            let ids: Vec<&str> = found.iter().map(|(_, cell)| cell.as_str()).collect();
            let found = format!("`{id}` begins {} cells: {}; give more of the id", ids.len(), ids.join(", "));
            bail!(Fault::usage(found))
        }
        // If several grids have the cell, its numbers are the same in all of them.
        [first, ..] => Ok(first.clone()),
    }
}

fn cells(folder: &Path) -> Vec<String> {
    let paths: Vec<PathBuf> = fs::read_dir(folder).map(|d| d.flatten().map(|e| e.path()).collect()).unwrap_or_default();
    let names =
        paths.iter().filter_map(|path| path.file_name()?.to_str()?.strip_suffix(".parquet").map(str::to_string));
    let kept = names.filter(|name| !name.ends_with(".scores") && !name.ends_with(".picture"));
    kept.map(|name| name.trim_end_matches(".failed").to_string()).collect()
}
