//! The data of a grid: the requested data set or its stand-in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use align::{Dataset, Labels};
use anyhow::{Context, Result, bail};
use data::yaml::Located;
use data::{Absent, Found, Loaded, Manifest, SplitName, Warning, WarningKind, YamlProblem};
use files::checksum;
use tasks::{Correspondence, correspondence};

use crate::terms::Pairing;
use crate::{DataSpec, Grid, SyntheticSpec};

/// A data set in memory and what is said about it.
pub struct Source {
    /// The set the grid asks for.
    pub asked: String,
    /// The bundled set used in its place.
    pub stand_in: Option<StandIn>,
    /// What the data are, in a few words.
    pub title: String,
    content: Content,
    /// Whether row i is meant to be the same item in every view.
    by_rows: bool,
    /// Pairs of views whose rows do not correspond, once somebody has asked.
    unmatched: OnceLock<Vec<(SplitName, Correspondence)>>,
}

/// Bundled data used in place of a set that is not present.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// The bundled set.
    pub name: String,
    /// How it differs from the set asked for.
    pub summary: String,
}

impl StandIn {
    /// The sentence printed wherever its figures are.
    pub fn notice(&self, asked: &str) -> String {
        format!("Stand-in data: `{}` in place of `{asked}` ({}).", self.name, self.summary)
    }
}

enum Content {
    Files(Box<Loaded>),
    Synthetic { dataset: Box<Dataset>, checksum: String },
}

impl Source {
    /// Finds, reads and checks the data of a grid.
    ///
    /// # Errors
    /// No such data set (with the nearest name) and no stand-in, or a stand-in that is not allowed;
    /// anything wrong with the files.
    pub fn open(grid: &Located<Grid>, allow_stand_in: bool) -> Result<Self> {
        match &grid.value.data {
            DataSpec::Synthetic(spec) => Self::synthetic(spec),
            DataSpec::Manifest(name) => Self::manifest(grid, name, allow_stand_in),
        }
    }

    fn synthetic(spec: &SyntheticSpec) -> Result<Self> {
        let dataset = spec.recipe.generate(spec.seed)?;
        // The checksum is of the recipe, because the recipe, the seed and the version of the generator determine the
        // values.
        let recipe = format!("planted 1 {} {}", spec.seed, serde_json::to_string(&spec.recipe)?);
        Ok(Self {
            asked: "synthetic".into(),
            stand_in: None,
            title: format!("synthetic data, {} views, seed {}", spec.recipe.widths.len(), spec.seed),
            content: Content::Synthetic { dataset: Box::new(dataset), checksum: checksum::sha256(recipe.as_bytes()) },
            by_rows: false,
            unmatched: OnceLock::new(),
        })
    }

    fn manifest(grid: &Located<Grid>, name: &str, allow_stand_in: bool) -> Result<Self> {
        let folder = grid.path().parent().unwrap_or(Path::new("")).to_path_buf();
        let manifests = manifests_dir(&folder);
        let by_rows = grid.value.pairing == Pairing::Rows;
        let absence = match data::find(name, &folder, &manifests)? {
            Found::Manifest(manifest) => {
                let missing = manifest.missing_files();
                match missing.first() {
                    None => return Self::loaded(name, &manifest, None, by_rows),
                    Some(file) => {
                        format!("{} of its files are missing, the first is {}", missing.len(), file.display())
                    }
                }
            }
            Found::Absent(absent) if grid.value.stand_in.is_none() && advice(name, &manifests).is_empty() => {
                return Err(absence_of(grid, "data", &absent));
            }
            Found::Absent(_) => format!("there is no {}", manifests.join(format!("{name}.yaml")).display()),
        };
        let Some(stand_in) = &grid.value.stand_in else {
            let advice = advice(name, &manifests);
            let advice = if advice.is_empty() { "; fetch it, or name a `stand_in`" } else { advice.as_str() };
            let detail = format!("`{name}` is not present: {absence}{advice}");
            bail!(grid.problem("data", YamlProblem::NotPresent { detail }));
        };
        if !allow_stand_in {
            let otherwise = format!("without `--no-stand-in` `{stand_in}` would take its place");
            let detail = format!("`{name}` is not present: {absence}; {otherwise}{}", advice(name, &manifests));
            bail!(grid.problem("data", YamlProblem::NotPresent { detail }));
        }
        match data::find(stand_in, &folder, &manifests)? {
            Found::Manifest(manifest) => {
                let summary = manifest.summary.clone().unwrap_or_else(|| manifest.title.clone());
                Self::loaded(name, &manifest, Some(StandIn { name: stand_in.clone(), summary }), by_rows)
            }
            Found::Absent(absent) => Err(absence_of(grid, "stand_in", &absent)),
        }
    }

    /// Data that a program has in memory, in place of those that a grid names.
    pub fn in_memory(grid: &Grid, title: &str, loaded: Loaded) -> Self {
        let asked = match &grid.data {
            DataSpec::Manifest(name) => name.clone(),
            DataSpec::Synthetic(_) => "synthetic".into(),
        };
        Self::of_loaded(asked, title, loaded, None, grid.pairing == Pairing::Rows)
    }

    fn loaded(asked: &str, manifest: &Manifest, stand_in: Option<StandIn>, by_rows: bool) -> Result<Self> {
        Ok(Self::of_loaded(asked.to_string(), &manifest.title, data::load(manifest)?, stand_in, by_rows))
    }

    fn of_loaded(asked: String, title: &str, loaded: Loaded, stand_in: Option<StandIn>, by_rows: bool) -> Self {
        Self {
            asked,
            stand_in,
            title: title.to_string(),
            content: Content::Files(Box::new(loaded)),
            by_rows,
            unmatched: OnceLock::new(),
        }
    }

    /// All of it.
    pub fn dataset(&self) -> &Dataset {
        match &self.content {
            Content::Files(loaded) => &loaded.dataset,
            Content::Synthetic { dataset, .. } => dataset,
        }
    }

    /// The views' names in order.
    pub fn view_names(&self) -> Vec<String> {
        self.dataset().train.views.names().map(str::to_string).collect()
    }

    /// The named views.
    ///
    /// # Errors
    /// An unknown view, with the nearest name.
    pub fn select(&self, views: &[String]) -> Result<Dataset> {
        match &self.content {
            Content::Files(loaded) => Ok(loaded.select(views)?),
            Content::Synthetic { dataset, .. } => {
                dataset.select(views).with_context(|| "views of synthetic data are named v0, v1, ...".to_string())
            }
        }
    }

    /// Checksum of all that the named views' numbers come from.
    pub fn checksum(&self, views: &[String]) -> String {
        match &self.content {
            Content::Files(loaded) => loaded.checksum(views),
            Content::Synthetic { checksum, .. } => {
                checksum::sha256(format!("{checksum} {}", views.join(" ")).as_bytes())
            }
        }
    }

    /// What is odd about the data.
    pub fn warnings(&self) -> &[Warning] {
        match &self.content {
            Content::Files(loaded) => &loaded.warnings,
            Content::Synthetic { .. } => &[],
        }
    }

    /// Pairs of views whose rows do not correspond, in the training and the test rows of data that come from files: tested
    /// once, in less than a second for ten views. Views that a grid pairs by class are not tested.
    pub fn unmatched(&self) -> &[(SplitName, Correspondence)] {
        self.unmatched.get_or_init(|| if self.by_rows { unmatched(self.dataset()) } else { Vec::new() })
    }

    /// All warnings about the data that records keep: what is odd, and for each view the number of others whose rows do not
    /// correspond to its own.
    pub fn recorded_warnings(&self) -> Vec<Warning> {
        let others = self.dataset().train.views.len() - 1;
        let mut counts: BTreeMap<(SplitName, &str), usize> = BTreeMap::new();
        for (split, pair) in self.unmatched() {
            for view in [&pair.first, &pair.second] {
                *counts.entry((*split, view)).or_default() += 1;
            }
        }
        let warning = |((split, view), count): ((SplitName, &str), usize)| {
            Warning::counted(WarningKind::UnmatchedRows, split, Some(view.to_string()), count, others)
        };
        self.warnings().iter().cloned().chain(counts.into_iter().map(warning)).collect()
    }

    /// The labellings there are, for tasks that name one.
    pub fn labellings(&self) -> Vec<&Labels> {
        self.dataset().test.labels.iter().collect()
    }

    /// The groupings of the test rows, for tasks that name one.
    pub fn groupings(&self) -> Vec<&Labels> {
        self.dataset().test.groups.iter().collect()
    }

    /// Views of which one row stands for several items of test: the view, its rows, and the items.
    pub fn shared_rows(&self) -> Vec<(String, usize, usize)> {
        let shared = |view: &align::views::View| {
            let rows: BTreeSet<usize> = view.source_rows()?.iter().copied().flatten().collect();
            let items = view.observed_rows();
            (rows.len() < items).then(|| (view.name().to_string(), rows.len(), items))
        };
        self.dataset().test.views.iter().filter_map(shared).collect()
    }

    /// What every title of a table or figure ends with where a stand-in was used; else nothing.
    pub fn mark(&self) -> String {
        self.stand_in.as_ref().map(|s| format!(" (stand-in data: {})", s.name)).unwrap_or_default()
    }

    /// The set that was used: the stand-in's name where there is one.
    pub fn used(&self) -> &str {
        self.stand_in.as_ref().map_or(self.asked.as_str(), |s| s.name.as_str())
    }
}

/// Data that a grid names and that are not there.
fn absence_of(grid: &Located<Grid>, key: &str, absent: &Absent) -> anyhow::Error {
    grid.problem(key, YamlProblem::NotPresent { detail: absent.problem().to_string() }).into()
}

/// Pairs of views whose rows do not correspond.
pub fn unmatched(data: &Dataset) -> Vec<(SplitName, Correspondence)> {
    let splits = [(SplitName::Train, &data.train), (SplitName::Test, &data.test)];
    let tested = splits
        .into_iter()
        .flat_map(|(split, rows)| correspondence(&rows.views).into_iter().map(move |pair| (split, pair)));
    tested.filter(|(_, pair)| !pair.holds()).collect()
}

/// How a set that is not there can be had, where a source file says what it is made from; else nothing.
#[cfg(feature = "fetch")]
fn advice(name: &str, manifests: &Path) -> String {
    let word = files::shell::word(name);
    match fetch::Source::find(name, &fetch::sources_dir(manifests)) {
        Ok(source) if source.texts.is_some() || source.items.is_some() => {
            format!("; make it with `cargo xtask embed {word}`")
        }
        Ok(_) => format!("; `runner fetch {word}` downloads what it is made from"),
        Err(_) => String::new(),
    }
}

/// The same in a program that downloads nothing: it does not read source files, it only looks whether there is one.
#[cfg(not(feature = "fetch"))]
fn advice(name: &str, manifests: &Path) -> String {
    match manifests.join("sources").join(format!("{name}.yaml")).is_file() {
        true => format!(
            "; this program downloads nothing: fetch it with the command line, `runner fetch {}`, and run the grid again",
            files::shell::word(name)
        ),
        false => String::new(),
    }
}

/// `data-manifests/` beside or above the grid file.
pub fn manifests_dir(from: &Path) -> PathBuf {
    let from = if from.as_os_str().is_empty() { Path::new(".") } else { from };
    let absolute = std::path::absolute(from).unwrap_or_else(|_| from.to_path_buf());
    let found = absolute.ancestors().map(|folder| folder.join("data-manifests")).find(|dir| dir.is_dir());
    match found {
        // Messages show the path in the form that the user types.
        Some(dir) => {
            match std::env::current_dir().ok().and_then(|cwd| dir.strip_prefix(cwd).ok().map(Path::to_path_buf)) {
                Some(relative) => relative,
                None => dir,
            }
        }
        None => PathBuf::from("data-manifests"),
    }
}
