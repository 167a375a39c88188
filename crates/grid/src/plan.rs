//! The plan of a grid: its cells with their ids. All cells are checked before the first one is computed.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use align::{FitSize, Method};
use anyhow::Result;
use data::yaml::Located;
use data::{DataError, Loaded};
use files::checksum;
use serde::Serialize;
use serde_json::{Value, json};
use tasks::noise::Noise;
use tasks::{Positives, RetrievalParams};

use crate::figure_spec::check;
use crate::keys::{MethodKey, Subset, canonical};
use crate::settings::{Names, SettingName};
use crate::source::Source;
use crate::terms::{FitRows, Pairing, Widths};
use crate::{Grid, lay_over};

/// Raised whenever a cell's files change their form; part of the cell id, so that cells of the old form are computed
/// anew.
pub const RECORDS_VERSION: u32 = 4;

/// One unit of work: a fit and all tasks on it.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its place in the plan, from 0.
    pub index: usize,
    /// First 16 hex digits of a SHA-256 over everything that can change its numbers.
    pub id: String,
    /// Name of the subset of views.
    pub view_set: String,
    /// The views in order.
    pub views: Vec<String>,
    /// The method with its parameters.
    pub method: Method,
    /// The name of this setting in progress lines, tables and filters: a label, no part of the id.
    pub setting: Arc<SettingName>,
    /// Number of the training rows.
    pub fit_rows: FitRows,
    /// What is done to the training rows.
    pub noise: Noise,
    /// Seed of the fit and of the draw of training rows.
    pub seed: u64,
    /// Checksum of the views' data.
    pub data_sha256: String,
    /// Size of its fit: the widths and rows of the training data.
    pub size: FitSize,
}

/// All cells of a grid, in the order of its file.
pub struct Plan {
    /// The grid.
    pub grid: Located<Grid>,
    /// What was laid over its file.
    pub overrides: Value,
    /// Whether it is a quick run: fewer seeds and points than the full one.
    pub quick: bool,
    /// Whether a stand-in may take the place of data that are not present.
    pub allow_stand_in: bool,
    /// Its data.
    pub source: Source,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Number of all training rows by subset of views; empty if every cell has all of them.
    pub training_rows: BTreeMap<String, usize>,
}

/// What a plan is made from.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The grid file.
    pub grid: PathBuf,
    /// What is laid over the file.
    pub overrides: Value,
    /// Data in place of the grid's, a name or a manifest's path; then no stand-in is taken.
    pub data: Option<String>,
    /// Fewer seeds and points: the grid's name, and so its folder, ends with `-quick`.
    pub quick: bool,
    /// Take the grid's stand-in where its data are not present.
    pub allow_stand_in: bool,
}

impl PlanRequest {
    /// The grid as its file says.
    pub fn of(grid: &Path, allow_stand_in: bool) -> Self {
        Self { grid: grid.to_path_buf(), overrides: Value::Null, data: None, quick: false, allow_stand_in }
    }

    /// The plan.
    ///
    /// # Errors
    /// Anything wrong with the grid file or its data.
    pub fn open(&self) -> Result<Plan> {
        self.plan(|grid| Source::open(grid, self.allow_stand_in))
    }

    /// The plan on data in memory, in place of those that the file names.
    ///
    /// # Errors
    /// Anything wrong with the grid file, or with its views, labels and groups on these data.
    pub fn open_on(&self, title: &str, loaded: Loaded) -> Result<Plan> {
        self.plan(|grid| Ok(Source::in_memory(&grid.value, title, loaded)))
    }

    fn plan(&self, source: impl FnOnce(&Located<Grid>) -> Result<Source>) -> Result<Plan> {
        let mut overrides = self.overrides.clone();
        if let Some(data) = &self.data {
            lay_over(&mut overrides, &json!({ "data": data_path(data)? }));
            // `lay_over` would remove the key. The `null` must stay: it removes the stand-in of the grid file.
            overrides["stand_in"] = Value::Null;
        }
        let mut grid = Grid::read_with(&self.grid, &overrides)?;
        if self.quick {
            grid.value.name += "-quick";
        }
        let source = source(&grid)?;
        let plan = Plan::new(grid, source)?;
        Ok(Plan { overrides, quick: self.quick, allow_stand_in: self.allow_stand_in, ..plan })
    }
}

/// The data that the user names on the command line. A relative path starts at the working directory, not at the
/// grid's folder.
fn data_path(data: &str) -> Result<String> {
    match data.contains(['/', '\\']) || data.ends_with(".yaml") {
        true => Ok(std::path::absolute(data)?.display().to_string()),
        false => Ok(data.to_string()),
    }
}

impl Plan {
    /// The name of the grid, and of its folder in the folder of all results.
    pub fn name(&self) -> &str {
        &self.grid.value.name
    }

    /// Expands views × training rows × noise × methods × seeds and checks every cell.
    ///
    /// # Errors
    /// View names that the data do not have, a noise on a view that is not in the subset, a task on labels
    /// that are not there, more training rows than there are: each with its place in the grid file.
    pub fn new(grid: Located<Grid>, source: Source) -> Result<Self> {
        check_labels(&grid, &source)?;
        check_groups(&grid, &source)?;
        let known = source.view_names();
        // Figures name the views of the requested data. The views of a stand-in may have other names.
        if grid.value.named_views().is_none() && source.stand_in.is_none() {
            check::figure_pairs(&grid, &grid.value.figures, &known)?;
        }
        let mut cells: Vec<Cell> = Vec::new();
        let mut ids = HashSet::new();
        let names = Names::of(&grid.value.settings());
        let settings: Vec<Arc<SettingName>> =
            grid.value.methods.iter().map(|method| names.get(&MethodKey::of(method))).collect();
        for set in grid.value.view_sets() {
            let views = set.views.clone().unwrap_or_else(|| known.clone());
            check_views(&grid, &set.name, &views, &known)?;
            check_names(&grid, &views)?;
            let data_sha256 = source.checksum(&views);
            let size = fit_size(&grid.value, &source, &views);
            for (i, noise) in grid.value.noise.iter().enumerate() {
                noise.validate(&views).map_err(|e| grid.error(&format!("noise[{i}]"), e.to_string()))?;
            }
            for (rows, noise) in
                grid.value.fit_rows.iter().flat_map(|rows| grid.value.noise.iter().map(move |n| (*rows, n)))
            {
                for (j, method) in grid.value.methods.iter().enumerate() {
                    for (k, &seed) in grid.value.seeds.iter().enumerate() {
                        if k > 0 && !draws(method, rows) {
                            continue;
                        }
                        let id = cell_id(&data_sha256, &views, method, (rows, noise), seed, &grid.value)?;
                        if !ids.insert(id.clone()) {
                            let key = format!("methods[{j}]");
                            let found = format!("gives a cell twice (views `{}`); remove one of the two", set.name);
                            return Err(grid.error(&key, found).into());
                        }
                        cells.push(Cell {
                            index: cells.len(),
                            id,
                            view_set: set.name.clone(),
                            views: views.clone(),
                            method: method.clone(),
                            setting: Arc::clone(&settings[j]),
                            fit_rows: rows,
                            noise: noise.clone(),
                            seed,
                            data_sha256: data_sha256.clone(),
                            size: rows.count().map_or(size, |count| size.with_rows(count)),
                        });
                    }
                }
            }
        }
        let mut plan = Self {
            grid,
            overrides: Value::Null,
            quick: false,
            allow_stand_in: false,
            source,
            cells,
            training_rows: BTreeMap::new(),
        };
        plan.training_rows = plan.count_training_rows()?;
        Ok(plan)
    }

    /// Whether a retrieval takes the query's own item alone as right.
    pub fn retrieves_by_item(&self) -> bool {
        let by_item = |task: &tasks::Task| {
            task.parameters::<RetrievalParams>().is_some_and(|retrieval| retrieval.positives == Positives::Item)
        };
        self.grid.value.pairing == Pairing::Rows && self.grid.value.tasks.iter().any(by_item)
    }

    /// Views of which one row stands for several items although a retrieval takes the query's own item alone as right: a
    /// sentence for each, with the setting that helps.
    pub fn tied_copies(&self) -> Vec<String> {
        if !self.retrieves_by_item() {
            return Vec::new();
        }
        let instead = if self.source.groupings().is_empty() { "labels" } else { "groups" };
        let told = |(view, rows, items): (String, usize, usize)| {
            format!(
                "test: {items} items of view `{view}` are {rows} rows of its file; retrieval by item counts the copies of a \
                 row as ties against the query: take `retrieval: {{positives: {instead}}}`"
            )
        };
        self.source.shared_rows().into_iter().map(told).collect()
    }
}

impl Cell {
    /// As it is named in progress lines.
    pub fn label(&self) -> String {
        let mut label = format!("{} on {} ({} views)", self.setting.short, self.view_set, self.views.len());
        if !self.noise.is_clean() {
            label += &format!(", {}", self.noise);
        }
        if let FitRows::Count(rows) = self.fit_rows {
            label += &format!(", {rows} training rows");
        }
        if draws(&self.method, self.fit_rows) {
            label += &format!(", seed {}", self.seed);
        }
        label
    }

    /// A rough forecast of its work, in arbitrary units: what the longest-first order and the time left
    /// are computed from.
    pub fn weight(&self) -> f64 {
        self.method.cost(&self.size)
    }

    /// Its subset of views.
    pub fn subset(&self) -> Subset {
        Subset { name: self.view_set.clone(), views: self.views.clone() }
    }
}

/// Size of the fits of these views. The views are known.
fn fit_size(grid: &Grid, source: &Source, views: &[String]) -> FitSize {
    let train = &source.dataset().train.views;
    let widths: Vec<usize> =
        views.iter().filter_map(|view| Some(train.at(train.position(view).ok()?).cols())).collect();
    let size = FitSize::of_widths(&widths).with_rows(train.rows());
    match grid.widths {
        Widths::AsTheyAre => size,
        Widths::Pca => size.with_matched_widths(),
    }
}

/// Whether a cell depends on its seed: the method draws, or the training rows are drawn.
fn draws(method: &Method, rows: FitRows) -> bool {
    method.uses_seed() || rows != FitRows::All
}

/// Hash of the data, views, pairing, widths, method, number of training rows, noise, seed and tasks, versions included; of
/// names of grids, folders and subsets nothing.
fn cell_id(
    data_sha256: &str,
    views: &[String],
    method: &Method,
    (rows, noise): (FitRows, &Noise),
    seed: u64,
    grid: &Grid,
) -> Result<String> {
    let tasks: Result<Vec<Value>> = grid
        .tasks
        .iter()
        .map(|task| Ok(json!({"task": serde_json::to_value(task)?, "version": task.version()})))
        .collect();
    let mut identity = json!({
        "data": data_sha256,
        "views": views,
        "method": serde_json::to_value(method)?,
        "method_version": method.version(),
        "pairing": serde_json::to_value(&grid.pairing)?,
        "widths": serde_json::to_value(grid.widths)?,
        "noise": serde_json::to_value(noise)?,
        "seed": seed,
        "tasks": tasks?,
        "records": RECORDS_VERSION,
    });
    // Cells on all rows keep the ids that they had before the number of rows was a part of a cell.
    if let FitRows::Count(rows) = rows {
        identity["fit_rows"] = rows.into();
    }
    Ok(checksum::sha256(canonical(&identity).as_bytes())[..16].to_string())
}

/// A choice as records have it: its name, or JSON with sorted keys where it has parameters.
pub fn choice(item: &impl Serialize) -> String {
    let value = serde_json::to_value(item).unwrap_or_default();
    value.as_str().map_or_else(|| canonical(&value), str::to_string)
}

/// Records and noises write views one after the other, and `all` for all of them.
fn check_names(grid: &Located<Grid>, views: &[String]) -> Result<()> {
    match views.iter().find(|view| view.contains(',') || *view == "all") {
        None => Ok(()),
        Some(view) => {
            let found = format!(
                "the view `{view}` cannot be told from others in records, where `,` separates views and `all` is all of them; rename it in the manifest"
            );
            Err(grid.error("data", found).into())
        }
    }
}

fn check_views(grid: &Located<Grid>, set: &str, views: &[String], known: &[String]) -> Result<()> {
    let unknown = views.iter().enumerate().filter(|(_, name)| !known.contains(name));
    let errors = unknown.map(|(i, name)| grid.unknown(&format!("views.{set}[{i}]"), "view", name, known));
    Ok(DataError::none_of(errors.collect())?)
}

fn check_labels(grid: &Located<Grid>, source: &Source) -> Result<()> {
    let known: Vec<String> = source.labellings().iter().map(|l| l.name.clone()).collect();
    let mut errors = Vec::new();
    for (i, task) in grid.value.tasks.iter().enumerate() {
        let key = format!("tasks[{i}].{}", task.name());
        if task.needs_labels() && known.is_empty() {
            let found = format!("needs labels, and `{}` has none; drop the task or add a labelling", source.used());
            errors.push(grid.error(&key, found));
        } else if let Some(name) = task.label().filter(|name| !known.iter().any(|k| k == name)) {
            let at = if task.parameters::<RetrievalParams>().is_some() { "positives.labels.name" } else { "label" };
            errors.push(grid.unknown(&format!("{key}.{at}"), "labelling", name, &known));
        }
    }
    Ok(DataError::none_of(errors)?)
}

fn check_groups(grid: &Located<Grid>, source: &Source) -> Result<()> {
    let known: Vec<String> = source.groupings().iter().map(|groups| groups.name.clone()).collect();
    let mut errors = Vec::new();
    for (i, task) in grid.value.tasks.iter().enumerate().filter(|(_, task)| task.needs_groups()) {
        let key = format!("tasks[{i}].{}", task.name());
        if known.is_empty() {
            let found = format!(
                "needs groups, and `{}` has none; give them to `runner import` as `--groups NAME=FILE#PART` (files joined by \
                 ids that repeat have the grouping `id`), or under `groups` in the manifest; or take items or labels",
                source.used()
            );
            errors.push(grid.error(&key, found));
        } else if grid.value.pairing != Pairing::Rows {
            let found = "needs groups, and with `pairing: by_class` row i is another item in every view, so there are none; take `pairing: rows`, or labels";
            errors.push(grid.error(&key, found));
        } else if let Some(name) = task.grouping().filter(|name| !known.iter().any(|k| k == name)) {
            let at = if task.parameters::<RetrievalParams>().is_some() { "positives" } else { "by" };
            errors.push(grid.unknown(&format!("{key}.{at}.groups.name"), "grouping", name, &known));
        }
    }
    Ok(DataError::none_of(errors)?)
}
