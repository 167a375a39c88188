//! The plan file: `runner plan` writes it, and `run-cell`, `merge` and the jobs of a scheduler read it.
//!
//! `results/<grid>/plan.json` holds the paths of the grid file, its data and the results, their checksums, and the
//! cells in order. A reader expands the grid again and compares: if the cells differ from those of the plan, it refuses
//! the file. So an index always means the same cell.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use files::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cells::forecast::{Basis, Forecast};
use crate::run::line::on_file;
use grid::plan::{Cell, Plan, PlanRequest};
use store::cells::{State, Store};
use store::durable::write_file;

const FORMAT: &str = "runner plan 1";

/// The contents of a plan file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanFile {
    /// The format, `runner plan 1`.
    pub format: String,
    /// The name of the grid, which is also the name of its folder.
    pub name: String,
    /// The grid file.
    pub grid: PathBuf,
    /// The checksum of the grid file.
    pub grid_sha256: String,
    /// The values that override those of the grid file.
    pub overrides: Value,
    /// Whether it is a quick run of a paper file.
    pub quick: bool,
    /// Whether a stand-in may take the place of data that are not present.
    pub allow_stand_in: bool,
    /// Folder of the results of all grids.
    pub out: PathBuf,
    /// The data set that the grid names.
    pub data: String,
    /// The bundled data set that replaces it, if there is a stand-in.
    pub stand_in: Option<String>,
    /// The checksum of all views.
    pub data_sha256: String,
    /// The version of the program that wrote the plan.
    pub runner: String,
    /// The cells in the grid's order.
    pub cells: Vec<Planned>,
}

/// A cell of a plan file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Its index, from 0.
    pub index: usize,
    /// Its id.
    pub id: String,
    /// The label of the cell in progress lines.
    pub label: String,
    /// The state of the cell when the plan was written: `done`, `failed`, `missing` or `damaged`.
    pub state: String,
    /// The forecast of its wall seconds.
    pub seconds: Option<f64>,
    /// The basis of this forecast.
    pub basis: Basis,
    /// The forecast of its work, in arbitrary units.
    pub work: f64,
    /// The forecast of the memory of a process that runs only this cell, in megabytes.
    pub memory_mb: f64,
}

impl PlanFile {
    /// The plan file of a plan, with the states of its cells in the store.
    ///
    /// # Errors
    /// A path that cannot be resolved, a grid file that is gone.
    pub fn new(plan: &Plan, states: &[State], forecast: &Forecast<'_>, out: &Path) -> Result<Self> {
        let absolute = |path: &Path| {
            std::path::absolute(path).with_context(|| format!("cannot resolve the path {}", path.display()))
        };
        let grid = absolute(plan.grid.path())?;
        let planned = |(cell, state): (&Cell, &State)| {
            let (seconds, basis) = forecast.seconds(cell);
            Planned {
                index: cell.index,
                id: cell.id.clone(),
                label: cell.label(),
                state: state.name().into(),
                seconds,
                basis,
                work: cell.weight(),
                memory_mb: forecast.process_mb(cell),
            }
        };
        Ok(Self {
            format: FORMAT.into(),
            name: plan.name().into(),
            grid_sha256: data::sha256_file(&grid)?,
            grid,
            overrides: plan.overrides.clone(),
            quick: plan.quick,
            allow_stand_in: plan.allow_stand_in,
            out: absolute(out)?,
            data: plan.source.asked.clone(),
            stand_in: plan.source.stand_in.as_ref().map(|stand_in| stand_in.name.clone()),
            data_sha256: plan.source.checksum(&plan.source.view_names()),
            runner: env!("CARGO_PKG_VERSION").into(),
            cells: plan.cells.iter().zip(states).map(planned).collect(),
        })
    }

    /// The path of the plan file in a folder of results.
    pub fn place(root: &Path) -> PathBuf {
        root.join("plan.json")
    }

    /// Reads a plan file.
    ///
    /// # Errors
    /// No such file, or none of this program's.
    pub fn read(path: &Path) -> Result<Self> {
        let remedy = || format!("cannot read the plan {}; make one with `runner plan GRID`", path.display());
        let bytes = std::fs::read(path).with_context(remedy)?;
        let plan: Self = serde_json::from_slice(&bytes).with_context(remedy)?;
        if plan.format != FORMAT {
            let found = format!("{} has the format `{}`, expected `{FORMAT}`", path.display(), plan.format);
            bail!(Fault::input(format!("{found}; make it anew with `{}`", plan.remake())));
        }
        Ok(plan)
    }

    /// Writes the file, one cell per line.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let head = serde_json::to_string_pretty(&Self { cells: Vec::new(), ..self.clone() })?;
        let cells: Result<Vec<String>, _> = self.cells.iter().map(serde_json::to_string).collect();
        let head = head.trim_end_matches("[]\n}");
        let text = format!("{head}[\n    {}\n  ]\n}}\n", cells?.join(",\n    "));
        write_file(path, |file| Ok(std::io::Write::write_all(file, text.as_bytes())?))
    }

    /// Opens the grid and its data again. The cells must be those of the plan.
    ///
    /// # Errors
    /// Anything wrong with grid or data; cells that are not those of the plan, and what has changed.
    pub fn open(&self) -> Result<Plan> {
        let plan = PlanRequest {
            grid: self.grid.clone(),
            overrides: self.overrides.clone(),
            data: None,
            quick: self.quick,
            allow_stand_in: self.allow_stand_in,
        }
        .open()?;
        let same = plan.cells.len() == self.cells.len()
            && plan.cells.iter().zip(&self.cells).all(|(now, then)| now.id == then.id);
        if same {
            return Ok(plan);
        }
        let remake = self.remake();
        let used = plan.source.stand_in.as_ref().map(|stand_in| stand_in.name.clone());
        if used != self.stand_in || plan.source.checksum(&plan.source.view_names()) != self.data_sha256 {
            let found = format!("the data `{}` have changed since the plan was made", plan.source.used());
            bail!(Fault::input(format!("{found}; make it anew with `{remake}`")));
        }
        if data::sha256_file(&self.grid)? != self.grid_sha256 {
            let found = format!("{} has changed since the plan was made", self.grid.display());
            bail!(Fault::input(format!("{found}; make it anew with `{remake}`")));
        }
        let (now, then) = (env!("CARGO_PKG_VERSION"), &self.runner);
        let found = format!("version {now} makes other cells of this grid than version {then}, which planned it");
        bail!(Fault::input(format!("{found}; make the plan anew with `{remake}`")))
    }

    /// The folder of the results.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn store(&self) -> Result<Store> {
        Store::open(&self.out, &self.name)
    }

    /// Whether another plan file has the same cells and the same folder.
    pub fn same_work(&self, other: &Self) -> bool {
        let of = |plan: &Self| {
            let Self { name, grid, grid_sha256, overrides, quick, allow_stand_in, out, data_sha256, .. } = plan.clone();
            (name, grid, grid_sha256, overrides, quick, allow_stand_in, out, data_sha256)
        };
        of(self) == of(other) && self.cells.iter().map(|cell| &cell.id).eq(other.cells.iter().map(|cell| &cell.id))
    }

    fn remake(&self) -> String {
        on_file(&["plan"], &self.grid, &["--out", &self.out.display().to_string()])
    }
}
