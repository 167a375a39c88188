//! A grid file: its keys, as they are written.

use std::path::Path;

use align::Method;
use align::synthetic::Synthetic;
use data::DataError;
use data::yaml::Located;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tasks::noise::Noise;
use tasks::{Metric, Task};

use super::figure_spec::axes::Axes;
use super::figure_spec::{FigureSpec, LONGEST, STEM, axes, check, is_stem};
use super::settings::{self, Setting};
use super::spelled::{Alias, read_spelled};
use super::terms::{FitRows, Pairing, Widths};

/// A grid file such as `experiments/X.yaml`: data, views, methods, tasks, numbers of training rows, noises and seeds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// The name of the output folder.
    pub name: String,
    /// The data.
    pub data: DataSpec,
    /// The bundled data set to use, with a warning, if `data` is not present.
    pub stand_in: Option<String>,
    /// Named subsets of the views; empty means one subset `all`.
    #[serde(default, deserialize_with = "named_subsets")]
    views: Map<String, Value>,
    /// The methods and their parameters.
    pub methods: Vec<Method>,
    /// The aliases of the methods. They are labels and change no cell.
    #[serde(skip)]
    pub aliases: Vec<Alias>,
    /// The tasks and their parameters. All tasks of a cell judge the same fit.
    pub tasks: Vec<Task>,
    /// Which rows of different views belong together.
    #[serde(default)]
    pub pairing: Pairing,
    /// The change of the views' widths before a fit.
    #[serde(default)]
    pub widths: Widths,
    /// The noises on the training rows.
    #[serde(default = "no_noise")]
    pub noise: Vec<Noise>,
    /// Numbers of training rows.
    #[serde(default = "all_rows")]
    pub fit_rows: Vec<FitRows>,
    /// Seeds of the fit and of the draw of training rows. Methods that draw nothing run on all training rows with the
    /// first one only.
    #[serde(default = "default_seeds")]
    pub seeds: Vec<u64>,
    /// Settings of the choice of parameters; reading the file puts them into every method that selects its own.
    pub selection: Option<Map<String, Value>>,
    /// The comparison that was chosen before the grid ran.
    pub primary: Option<Primary>,
    /// Figures in addition to those that every grid has.
    #[serde(default)]
    pub figures: Vec<FigureSpec>,
}

fn all_rows() -> Vec<FitRows> {
    vec![FitRows::All]
}

fn no_noise() -> Vec<Noise> {
    vec![Noise::default()]
}

/// # Errors
/// A list of views, which has no name that records and tables could use.
fn named_subsets<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Object(subsets) => Ok(subsets),
        _ => Err(serde::de::Error::custom(
            "found no names of subsets; give every subset of views a name, such as `views: {m3: [en, fr, ja]}`",
        )),
    }
}

fn default_seeds() -> Vec<u64> {
    vec![42]
}

/// The `data:` of a grid.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DataSpec {
    /// A manifest's name in `data-manifests/`, or a path relative to the grid file.
    Manifest(String),
    /// Generated data, for smoke tests and benches.
    Synthetic(SyntheticSpec),
}

/// A recipe and its seed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyntheticSpec {
    /// Seed of the data.
    #[serde(default)]
    pub seed: u64,
    /// Sizes and noise.
    #[serde(default)]
    pub recipe: Synthetic,
}

/// The pre-registered comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Primary {
    /// The metric.
    pub metric: Metric,
    /// The two settings: methods, aliases, or names in tables.
    pub compare: Vec<String>,
}

/// A named subset of the views.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewSet {
    /// Its name, such as `m3`.
    pub name: String,
    /// Its views in order; `None` means all.
    pub views: Option<Vec<String>>,
}

impl Grid {
    /// Reads a grid file.
    ///
    /// # Errors
    /// All that a YAML file can have wrong, with line and column: syntax, duplicate and unknown keys,
    /// unknown methods and tasks with the nearest valid name, parameters outside their domain, keys of earlier versions with
    /// their form of today, sweeps over no value or over a parameter that is given beside the sweep.
    pub fn read(path: &Path) -> Result<Located<Self>, DataError> {
        Self::read_with(path, &Value::Null)
    }

    /// Like [`Grid::read`], with `overrides` laid over the file key by key.
    ///
    /// # Errors
    /// The errors of [`Grid::read`]; what the overrides get wrong is reported at the grid's own key.
    pub fn read_with(path: &Path, overrides: &Value) -> Result<Located<Self>, DataError> {
        let (mut grid, aliases): (Located<Self>, _) = read_spelled(path, |value| lay_over(value, overrides))?;
        grid.value.aliases = aliases;
        check(&grid)?;
        grid.value.figures = axes::named(&grid, &grid.value.figures, &grid.value.axes())?;
        Ok(grid)
    }

    /// The settings of its methods, in the order of the file.
    pub fn settings(&self) -> Vec<Setting> {
        settings::of_methods(&self.methods, &self.aliases)
    }

    /// All texts by which a file may name a setting of this grid: aliases, labels in tables, full labels.
    pub fn setting_names(&self) -> Vec<String> {
        settings::texts(&self.settings())
    }

    /// The parts of the grid that can vary.
    pub fn axes(&self) -> Axes<'_> {
        Axes {
            subsets: self.view_sets().len(),
            noises: self.noise.len(),
            sizes: self.fit_rows.len(),
            methods: &self.methods,
        }
    }

    /// The subsets of views in the file's order.
    pub fn view_sets(&self) -> Vec<ViewSet> {
        if self.views.is_empty() {
            return vec![ViewSet { name: "all".into(), views: None }];
        }
        let names = |value: &Value| {
            value.as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_string).collect())
        };
        self.views.iter().map(|(name, value)| ViewSet { name: name.clone(), views: names(value) }).collect()
    }

    /// The views that the subsets name; `None` where a subset is all views of the data.
    pub fn named_views(&self) -> Option<Vec<String>> {
        let sets: Option<Vec<Vec<String>>> = self.view_sets().into_iter().map(|set| set.views).collect();
        let mut views = sets?.concat();
        views.sort();
        views.dedup();
        Some(views)
    }
}

/// Merges `overrides` into `value`: mappings are merged key by key, `null` removes a key, any other value replaces the
/// old one.
pub fn lay_over(value: &mut Value, overrides: &Value) {
    match (value, overrides) {
        (_, Value::Null) => {}
        (Value::Object(map), Value::Object(over)) => {
            for (key, over) in over {
                if over.is_null() {
                    // `remove` would change the order of the remaining keys.
                    map.shift_remove(key);
                } else {
                    lay_over(map.entry(key.clone()).or_insert(Value::Null), over);
                }
            }
        }
        (value, over) => *value = over.clone(),
    }
}

/// Merges `more` changes into `changes` of a file: like [`lay_over`], but a `null` stays, because the key is still to be
/// removed from the file.
pub fn lay_changes(changes: &mut Value, more: &Value) {
    match (changes, more) {
        (Value::Object(map), Value::Object(more)) => {
            for (key, more) in more {
                match more {
                    Value::Null => drop(map.insert(key.clone(), Value::Null)),
                    more => lay_changes(map.entry(key.clone()).or_insert(Value::Null), more),
                }
            }
        }
        (_, Value::Null) => {}
        (changes, more) => *changes = more.clone(),
    }
}

/// The checks that the types cannot make.
fn check(grid: &Located<Grid>) -> Result<(), DataError> {
    let value = &grid.value;
    let mut errors: Vec<DataError> = Vec::new();
    let name_ok = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if value.name.is_empty() || value.name.len() > LONGEST || !value.name.chars().all(name_ok) {
        let found = format!("`{}` names a folder; use letters, digits, `-` and `_`, at most {LONGEST}", value.name);
        errors.push(grid.error("name", found));
    }
    let empty = [
        ("methods", value.methods.is_empty()),
        ("tasks", value.tasks.is_empty()),
        ("noise", value.noise.is_empty()),
        ("fit_rows", value.fit_rows.is_empty()),
        ("seeds", value.seeds.is_empty()),
    ];
    for (key, _) in empty.into_iter().filter(|(_, empty)| *empty) {
        errors.push(grid.error(key, "the list is empty; it needs at least one entry"));
    }
    for (name, set) in &value.views {
        errors.extend(check_view_set(grid, name, set).err());
    }
    for (i, method) in value.methods.iter().enumerate() {
        let refused = method.validate().err();
        errors.extend(refused.map(|e| grid.error(&format!("methods[{i}].{}", method.name()), e.to_string())));
        errors.extend(repeated(grid, "methods", i, &value.methods).err());
    }
    for (i, task) in value.tasks.iter().enumerate() {
        let refused = task.validate().err();
        errors.extend(refused.map(|e| grid.error(&format!("tasks[{i}].{}", task.name()), e.to_string())));
        errors.extend(repeated(grid, "tasks", i, &value.tasks).err());
    }
    errors.extend(settings::check(grid, &value.aliases).err());
    errors.extend((0..value.noise.len()).filter_map(|i| repeated(grid, "noise", i, &value.noise).err()));
    errors.extend((0..value.fit_rows.len()).filter_map(|i| repeated(grid, "fit_rows", i, &value.fit_rows).err()));
    errors.extend((0..value.seeds.len()).filter_map(|i| repeated(grid, "seeds", i, &value.seeds).err()));
    errors.extend(check_primary(grid).err());
    DataError::none_of(errors)?;
    check::figures(grid, &value.figures, &value.methods)?;
    if let Some(views) = value.named_views() {
        check::figure_pairs(grid, &value.figures, &views)?;
    }
    Ok(())
}

fn repeated<T: PartialEq>(grid: &Located<Grid>, key: &str, i: usize, items: &[T]) -> Result<(), DataError> {
    match items[..i].iter().position(|item| *item == items[i]) {
        None => Ok(()),
        Some(first) => {
            Err(grid.error(&format!("{key}[{i}]"), format!("the same as `{key}[{first}]`; remove one of the two")))
        }
    }
}

fn check_view_set(grid: &Located<Grid>, name: &str, set: &Value) -> Result<(), DataError> {
    let key = format!("views.{name}");
    if !is_stem(name) {
        return Err(grid.error(&key, format!("`{name}` names files; {STEM}")));
    }
    let names = match set {
        Value::String(all) if all == "all" => return Ok(()),
        Value::Array(names) => names,
        other => return Err(grid.error(&key, format!("{other} is neither `all` nor a list of views"))),
    };
    if let Some(odd) = names.iter().find(|n| !n.is_string()) {
        return Err(grid.error(&key, format!("{odd} is not a view's name; put quotes around it if it is one")));
    }
    (0..names.len()).try_for_each(|i| repeated(grid, &key, i, names))?;
    if names.len() < 2 {
        let found =
            format!("{} view{}; aligning needs at least 2", names.len(), if names.len() == 1 { "" } else { "s" });
        return Err(grid.error(&key, found));
    }
    Ok(())
}

fn check_primary(grid: &Located<Grid>) -> Result<(), DataError> {
    let Some(primary) = &grid.value.primary else { return Ok(()) };
    let aliases = grid.value.aliases.iter().map(|alias| alias.name.clone());
    let methods: Vec<String> =
        grid.value.methods.iter().map(|method| method.name().to_string()).chain(aliases).collect();
    let labels = grid.value.setting_names();
    for (i, name) in primary.compare.iter().enumerate() {
        if !methods.contains(name) && !labels.contains(name) {
            return Err(check::unknown_method(grid, &format!("primary.compare[{i}]"), name, methods));
        }
    }
    if let [a, b] = primary.compare.as_slice()
        && a == b
    {
        return Err(grid.error("primary.compare[1]", format!("`{a}` twice; name two settings")));
    }
    if primary.compare.len() != 2 {
        return Err(grid.error(
            "primary.compare",
            format!("found {} methods, expected 2; name the two settings to compare", primary.compare.len()),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_of_changes_still_remove_keys() {
        let mut changes = json!({"views": {"m2": ["a"], "m3": ["b"]}, "seeds": [1]});
        lay_changes(&mut changes, &json!({"views": {"m3": null, "m4": null}, "tasks": ["x"]}));
        assert_eq!(changes, json!({"views": {"m2": ["a"], "m3": null, "m4": null}, "seeds": [1], "tasks": ["x"]}));
        lay_changes(&mut changes, &Value::Null);
        let mut file = json!({"views": {"m3": ["c"], "m4": ["d"], "m5": ["e"]}});
        lay_over(&mut file, &changes);
        assert_eq!(file, json!({"views": {"m2": ["a"], "m5": ["e"]}, "seeds": [1], "tasks": ["x"]}));
    }

    #[test]
    fn overrides_merge_replace_and_remove() {
        let mut value = json!({"views": {"a": [1], "b": [2]}, "seeds": [1, 2]});
        lay_over(&mut value, &json!({"views": {"a": null, "d": [4], "c": [3]}, "seeds": [7]}));
        assert_eq!(value.to_string(), r#"{"views":{"b":[2],"d":[4],"c":[3]},"seeds":[7]}"#, "in the file's order");
    }
}
