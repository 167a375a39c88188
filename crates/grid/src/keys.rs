//! Keys of cells, records, lines and columns: subsets of views, and methods and tasks with their parameters. Keys are
//! values. They are written as text for display and in files, and text is only read from files.

use std::convert::Infallible;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use align::Method;
use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tasks::Task;

/// A named subset of views.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subset {
    /// Its name.
    pub name: String,
    /// Views of the subset in order; empty if records have a name only.
    pub views: Vec<String>,
}

/// The form in records: `m3=en,fr,de`.
impl fmt::Display for Subset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.views.is_empty() { Ok(()) } else { write!(f, "={}", self.views.join(",")) }
    }
}

impl FromStr for Subset {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let (name, views) = text.split_once('=').map_or((text, None), |(name, views)| (name, Some(views)));
        let views = views.map(|views| views.split(',').map(str::to_string).collect()).unwrap_or_default();
        Ok(Self { name: name.to_string(), views })
    }
}

/// Parameters of a method or a task. Two are equal if their texts are equal: JSON with sorted keys.
#[derive(Clone, Debug)]
pub struct Params {
    text: Arc<str>,
    value: Arc<Value>,
}

impl Params {
    /// The parameters of a method or task with this name.
    pub fn of(item: &impl Serialize, name: &str) -> Self {
        Self::from(serde_json::to_value(item).unwrap_or_default()[name].take())
    }

    /// A parameter by its path: `loss.tau`. For a parameter that is a name with settings, the name: `training` is
    /// `fast`, and `training.fast.epochs` is one of its settings.
    pub fn get(&self, path: &str) -> Option<Value> {
        let value = path.split('.').try_fold(&*self.value, |value, key| value.get(key))?;
        Some(chosen(value).map_or_else(|| value.clone(), |(name, _)| name.as_str().into()))
    }

    /// Paths of all parameters; the path of a name comes before those of its settings.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        collect_paths(&self.value, "", &mut paths);
        paths
    }

    /// Whether a parameter differs from that in `other`. If both have different names at a path, the names differ, and
    /// their settings are not compared.
    pub fn differ(&self, other: &Self, path: &str) -> bool {
        let comparable = |params: &Self| path.rsplit_once('.').is_none_or(|(holder, _)| params.get(holder).is_some());
        comparable(self) && comparable(other) && self.get(path) != other.get(path)
    }

    /// Checks that a method or task with this name, one of `known`, can have these parameters; an unknown name is not
    /// checked.
    ///
    /// # Errors
    /// The problem of the parameters, after the name.
    pub fn check<T: DeserializeOwned>(&self, name: &str, known: &[&str]) -> anyhow::Result<()> {
        if !known.contains(&name) {
            return Ok(());
        }
        let read = serde_json::from_value::<T>(json!({ name: &*self.value }));
        read.map(|_| ()).with_context(|| name.to_string())
    }

    /// Whether no parameter differs from that in `defaults`.
    pub fn are(&self, defaults: &Self) -> bool {
        within(&self.value, &defaults.value)
    }
}

impl From<Value> for Params {
    fn from(value: Value) -> Self {
        let text = canonical(&value);
        // The value as it is read back, so that keys have one order and numbers one form.
        let value = serde_json::from_str(&text).unwrap_or(value);
        Self { text: text.into(), value: value.into() }
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::from(json!({}))
    }
}

/// The text in records.
impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Params {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        Ok(Self { value: Arc::new(serde_json::from_str(text)?), text: text.into() })
    }
}

impl PartialEq for Params {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Params {}

impl Hash for Params {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// A method with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MethodKey {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub params: Params,
}

impl MethodKey {
    /// The key of a method.
    pub fn of(method: &Method) -> Self {
        Self { name: method.name().to_string(), params: Params::of(method, method.name()) }
    }

    /// Full label: the title, and the parameters that differ from the defaults.
    pub fn label(&self) -> String {
        self.label_without(&[])
    }

    /// Like [`MethodKey::label`], without these parameters.
    pub fn label_without(&self, names: &[&str]) -> String {
        if Method::from_name(&self.name).is_none() {
            return self.name.clone();
        }
        self.in_full().text(|path| !names.contains(&path))
    }

    /// The title and the parameters that differ from the defaults; for an unknown method, all parameters.
    pub fn in_full(&self) -> InFull {
        let Some(default) = Method::from_name(&self.name) else {
            let words = |path: String| Some((path.clone(), format!("{path} {}", plain(&self.params.get(&path)?))));
            return InFull {
                title: self.name.clone(),
                words: self.params.paths().into_iter().filter_map(words).collect(),
            };
        };
        let read = |params: Value| serde_json::from_value::<Method>(json!({ self.name.clone(): params })).ok();
        let given = read((*self.params.value).clone()).unwrap_or_else(|| default.clone());
        let title = given.title();
        let words = Words {
            read: &|params| read(params).map(|method| Self::of(&method).params),
            // The title names the base: `GCPA-ADD`.
            titled: title != default.title(),
        };
        let words = words.of(&self.params.value, &Self::of(&default).params.value, "");
        InFull { title: title.into(), words }
    }

    /// Whether its parameters are the defaults.
    pub fn is_default(&self) -> bool {
        Method::from_name(&self.name).is_none_or(|default| self.params.are(&Self::of(&default).params))
    }
}

/// A method as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFull {
    /// Its title.
    pub title: String,
    /// The path of each parameter in the text, and its name and value.
    pub words: Vec<(String, String)>,
}

impl InFull {
    /// The title, and in brackets the parameters whose paths `told` selects.
    pub fn text(&self, told: impl Fn(&str) -> bool) -> String {
        let told = self.told(told);
        if told.is_empty() { self.title.clone() } else { format!("{} ({told})", self.title) }
    }

    /// The parameters whose paths `told` selects.
    pub fn told(&self, told: impl Fn(&str) -> bool) -> String {
        let words = self.words.iter().filter(|(path, _)| told(path)).map(|(_, text)| text.as_str());
        words.collect::<Vec<_>>().join(", ")
    }
}

/// The parameters of a task that differ from its defaults, as text.
pub fn task_differing(task: &str, params: &Params) -> String {
    let full = |task: &Task| Params::of(task, task.name());
    let defaults = Task::from_name(task).map(|task| full(&task)).unwrap_or_default();
    let read = |params: Value| serde_json::from_value::<Task>(json!({ task: params })).ok();
    let words = Words { read: &|params| read(params).map(|task| full(&task)), titled: false };
    let told: Vec<String> = words.of(&params.value, &defaults.value, "").into_iter().map(|(_, text)| text).collect();
    told.join(", ")
}

/// Parameters as text.
struct Words<'a> {
    /// Completes parameters with their defaults.
    read: &'a dyn Fn(Value) -> Option<Params>,
    /// Whether a title already names the inner method.
    titled: bool,
}

impl Words<'_> {
    /// The parameters below a path that differ from the defaults, each with its path: `tau 0.05`, `training fast`.
    fn of(&self, given: &Value, defaults: &Value, path: &str) -> Vec<(String, String)> {
        let Some(given) = given.as_object() else { return Vec::new() };
        let mut sorted: Vec<(&String, &Value)> = given.iter().collect();
        sorted.sort_by_key(|(key, _)| *key);
        sorted.into_iter().flat_map(|(key, value)| self.of_one(key, value, defaults.get(key), path)).collect()
    }

    fn of_one(&self, key: &str, value: &Value, default: Option<&Value>, path: &str) -> Vec<(String, String)> {
        if default == Some(value) {
            return Vec::new();
        }
        let at = join(path, key);
        let told = |text: String| std::iter::once((at.clone(), format!("{key} {text}")));
        match (chosen(value), default) {
            (Some((name, settings)), _) => {
                let inside = join(&at, name);
                let same = default.and_then(chosen).filter(|(known, _)| *known == name);
                if let Some((_, defaults)) = same {
                    return self.of(settings, defaults, &inside);
                }
                let Some(defaults) = self.defaults_of(name, &at) else { return told(plain(value)).collect() };
                let in_title = self.titled && path.is_empty() && Method::from_name(name).is_some();
                let name = (!in_title).then(|| told(name.clone())).into_iter().flatten();
                name.chain(self.of(settings, &defaults, &inside)).collect()
            }
            (None, Some(default)) if value.is_object() && default.is_object() => self.of(value, default, &at),
            // The title names the method.
            _ if self.titled
                && path.is_empty()
                && value.as_str().is_some_and(|name| Method::from_name(name).is_some()) =>
            {
                Vec::new()
            }
            _ => told(plain(value)).collect(),
        }
    }

    /// Default settings of a name at a path.
    fn defaults_of(&self, name: &str, path: &str) -> Option<Value> {
        let bare = path.rsplit('.').fold(Value::from(name), |inner, key| json!({ key: inner }));
        let full = (self.read)(bare)?;
        let value = path.split('.').try_fold(&*full.value, |value, key| value.get(key))?;
        chosen(value).map(|(_, settings)| settings.clone())
    }
}

/// Whether all given values equal the defaults, which can have more keys.
fn within(given: &Value, defaults: &Value) -> bool {
    match (given, defaults) {
        (Value::Object(given), Value::Object(defaults)) => {
            given.iter().all(|(key, value)| defaults.get(key).is_some_and(|default| within(value, default)))
        }
        (given, defaults) => given == defaults,
    }
}

/// The path of a key below a path.
fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
}

/// A name with settings: an object with one key whose value is an object.
fn chosen(value: &Value) -> Option<(&String, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    map.iter().next().filter(|(_, settings)| settings.is_object())
}

fn collect_paths(value: &Value, path: &str, to: &mut Vec<String>) {
    let Some(map) = value.as_object() else { return };
    for (key, value) in map {
        let at = join(path, key);
        let chosen = chosen(value);
        if chosen.is_some() || !value.is_object() {
            to.push(at.clone());
        }
        match chosen {
            Some((name, settings)) => collect_paths(settings, &join(&at, name), to),
            None => collect_paths(value, &at, to),
        }
    }
}

/// A value without quotes and braces: `{"tukey": 1.0}` as `tukey 1.0`.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| format!("{key} {}", plain(value))).collect();
            entries.join(" ")
        }
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// JSON with the keys of every object sorted.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries: Vec<String> =
                entries.into_iter().map(|(k, v)| format!("{}:{}", Value::String(k.clone()), canonical(v))).collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(method: &str, params: &str) -> MethodKey {
        MethodKey { name: method.into(), params: params.parse().expect("JSON") }
    }

    #[test]
    fn labels_name_what_differs_from_the_defaults() {
        assert_eq!(key("na", r#"{"scale":{"zscore":{"constant_columns":"clamp"}}}"#).label(), "NA (scale zscore)");
        let gpa = key("gpa", r#"{"constant_columns":"clamp","max_iter":null,"tol":1e-8}"#);
        assert!(gpa.label() == "GPA" && gpa.is_default());
        let robust =
            r#"{"constant_columns":"clamp","robust":{"tukey":1.0},"scale":true,"weights":{"given":{"b":2.0}}}"#;
        assert_eq!(key("gpa", robust).label(), "GPA (robust tukey 1.0, scale true, weights given b 2.0)");
        assert_eq!(key("gpa", robust).label_without(&["scale", "robust"]), "GPA (weights given b 2.0)");
        let read = |text: &str| MethodKey::of(&serde_json::from_str::<Method>(text).expect("a method"));
        assert_eq!(read(r#"{"add_view":{}}"#).label(), "Add view to GPA");
        assert_eq!(
            read(r#"{"add_view":{"base":"gcpa","form":"orthogonal"}}"#).label(),
            "Add view to GCPA (form orthogonal)"
        );
        let base = r#"{"add_view":{"base":{"gcpa":{"training":{"released":{"epochs":2}},"base":"gcca"}}}}"#;
        assert_eq!(read(base).label(), "Add view to GCPA (base gcca, epochs 2)");
        assert!(read(r#"{"add_view":{}}"#).is_default() && !read(r#"{"add_view":{"base":"gcpa"}}"#).is_default());
    }

    #[test]
    fn a_name_with_settings_is_told_by_its_name_and_by_the_settings_that_are_not_its_defaults() {
        let key = |text: &str| MethodKey::of(&serde_json::from_str::<Method>(text).expect("a method"));
        for (params, label) in [
            (r#"{"loss": {"tau": 0.05}}"#, "GCPA (tau 0.05)"),
            (r#"{"loss": {"tau": 0.04, "lambda": 0.5}}"#, "GCPA (lambda 0.5, tau 0.04)"),
            (r#"{"training": "fast"}"#, "GCPA (training fast)"),
            (r#"{"training": {"released": {"epochs": 2}}}"#, "GCPA (epochs 2)"),
            (r#"{"training": {"fast": {"epochs": 2}}, "base": "gcca"}"#, "GCPA (base gcca, training fast, epochs 2)"),
            (r#"{"base": {"gpa": {"solver": "accelerated"}}}"#, "GCPA (solver accelerated)"),
            (r#"{"training": {"released": {"validation": "full"}}}"#, "GCPA (validation full)"),
            (r#"{"training": {"fast": {"validation": "sampled"}}}"#, "GCPA (training fast, validation sampled)"),
            (r#"{"training": {"released": {"validation": {"sampled": {"batches": 7}}}}}"#, "GCPA (batches 7)"),
        ] {
            assert_eq!(key(&format!(r#"{{"gcpa": {params}}}"#)).label(), label);
        }
        let (released, fast) = (key(r#"{"gcpa": {}}"#), key(r#"{"gcpa": {"training": "fast"}}"#));
        assert!(released.params.differ(&fast.params, "training") && !released.params.differ(&fast.params, "loss.tau"));
        assert!(!released.params.differ(&fast.params, "training.released.epochs"));
        assert_eq!(fast.params.get("training"), Some("fast".into()));
        assert_eq!(fast.label_without(&["training"]), "GCPA");
        let task = |task: &str, params: &str| {
            let task = serde_json::from_str::<Task>(&format!(r#"{{"{task}": {params}}}"#)).expect("a task");
            task_differing(task.name(), &Params::of(&task, task.name()))
        };
        assert_eq!(task("retrieval", r#"{"scoring": "csls"}"#), "scoring csls");
        assert_eq!(task("retrieval", r#"{"scoring": {"csls": {"k": 5}}}"#), "scoring csls, k 5");
        let params = r#"{"direction": "standard", "protocol": {"released": {"epochs": 5}}}"#;
        assert_eq!(task("stitching", params), "direction standard, protocol released, epochs 5");
    }

    #[test]
    fn keys_are_read_back_as_they_were_written() {
        for text in ["m3=en,fr,de", "all", "M 3 N 100 d 8"] {
            assert_eq!(text.parse::<Subset>().map(|subset| subset.to_string()), Ok(text.to_string()));
        }
        let subset: Subset = "m3=en,fr".parse().unwrap_or_default();
        assert_eq!((subset.name.as_str(), subset.views.len()), ("m3", 2));
        let params = Params::of(&Method::from_name("gcpa").expect("known"), "gcpa");
        let read: Params = params.to_string().parse().expect("JSON");
        assert!(read == params && params.paths() == read.paths() && read.get("loss.tau") == Some(0.08.into()));
        assert!("{".parse::<Params>().is_err());
    }
}
