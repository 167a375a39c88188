//! What cells, records, lines and columns are told apart by: subsets of views, and methods and tasks with their parameters.
//! They are values; text is made of them for display and for files, and read back from files alone.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use align::Method;
use serde::Serialize;
use serde_json::{Value, json};
use tasks::Task;

/// A named subset of views.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subset {
    /// Its name.
    pub name: String,
    /// Its views in order; none where records have a name alone.
    pub views: Vec<String>,
}

/// `m3=en,fr,de`, as records have it.
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

/// The parameters of a method or a task. Two are the same where their texts are: JSON with sorted keys.
#[derive(Clone, Debug)]
pub struct Params {
    text: Arc<str>,
    value: Arc<Value>,
}

impl Params {
    /// What stands behind the name of a method or a task.
    pub fn of(item: &impl Serialize, name: &str) -> Self {
        Self::from(serde_json::to_value(item).unwrap_or_default()[name].take())
    }

    /// One parameter.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.value.get(name)
    }

    /// The names of the parameters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.value.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str))
    }

    /// Whether no parameter differs from that of the same name in `defaults`.
    pub fn are(&self, defaults: &Self) -> bool {
        let differs = |(name, value): (&String, &Value)| defaults.get(name) != Some(value);
        !self.value.as_object().is_some_and(|map| map.iter().any(differs))
    }

    /// Those that are not as in `defaults`, without the ones named in `without`, in words.
    pub fn differing(&self, defaults: &Self, without: &[&str]) -> String {
        words(&self.value, &defaults.value, without).join(", ")
    }
}

impl From<Value> for Params {
    fn from(value: Value) -> Self {
        let text = canonical(&value);
        // As it is read back, so that keys stand in one order and numbers have one form.
        let value = serde_json::from_str(&text).unwrap_or(value);
        Self { text: text.into(), value: value.into() }
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::from(json!({}))
    }
}

/// The text as records have it.
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
    /// Of a method.
    pub fn of(method: &Method) -> Self {
        Self { name: method.name().to_string(), params: Params::of(method, method.name()) }
    }

    /// As named in tables: its title, and the parameters that differ from the defaults.
    pub fn label(&self) -> String {
        self.label_without(&[])
    }

    /// As [`MethodKey::label`], without these parameters.
    pub fn label_without(&self, names: &[&str]) -> String {
        let Some(default) = Method::from_name(&self.name) else { return self.name.clone() };
        let differing = self.params.differing(&Self::of(&default).params, names);
        let given = serde_json::from_value::<Method>(json!({ self.name.clone(): &*self.params.value }));
        let title = given.as_ref().unwrap_or(&default).title();
        if differing.is_empty() { title.into() } else { format!("{title} ({differing})") }
    }

    /// Whether its parameters are the defaults.
    pub fn is_default(&self) -> bool {
        Method::from_name(&self.name).is_none_or(|default| self.params.are(&Self::of(&default).params))
    }
}

/// The parameters of a task that are not its defaults, in words.
pub fn task_differing(task: &str, params: &Params) -> String {
    let defaults = Task::from_name(task).map(|task| Params::of(&task, task.name())).unwrap_or_default();
    params.differing(&defaults, &[])
}

fn words(given: &Value, defaults: &Value, without: &[&str]) -> Vec<String> {
    let Some(given) = given.as_object() else { return Vec::new() };
    let mut sorted: BTreeMap<&String, &Value> = given.iter().collect();
    sorted.retain(|key, value| !without.contains(&key.as_str()) && defaults.get(key.as_str()) != Some(value));
    let word = |(key, value): (&String, &Value)| match inner_method(value) {
        // A method inside a method: its title stands for its name.
        Some((default, inner)) => words(inner, &MethodKey::of(&default).params.value, &[]),
        None => vec![format!("{key} {}", plain(value))],
    };
    sorted.into_iter().flat_map(word).collect()
}

/// A value without quotes and braces: `{"tukey": 1.0}` as `tukey 1.0`.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| format!("{key} {}", plain(value))).collect();
            entries.join(" ")
        }
        other => other.to_string(),
    }
}

/// `{gcpa: {...}}` as the method with its defaults and the parameters given.
fn inner_method(value: &Value) -> Option<(Method, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (name, inner) = map.iter().next()?;
    Some((Method::from_name(name)?, inner))
}

/// JSON with the keys of every object sorted, whatever order the library keeps.
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
        assert_eq!(key("na", r#"{"constant_columns":"clamp","scale":"zscore"}"#).label(), "NA (scale zscore)");
        let gpa = key("gpa", r#"{"constant_columns":"clamp","max_iter":null,"tol":1e-8}"#);
        assert!(gpa.label() == "GPA" && gpa.is_default());
        let robust =
            r#"{"constant_columns":"clamp","robust":{"tukey":1.0},"scale":true,"weights":{"given":{"b":2.0}}}"#;
        assert_eq!(key("gpa", robust).label(), "GPA (robust tukey 1.0, scale true, weights given b 2.0)");
        assert_eq!(key("gpa", robust).label_without(&["scale", "robust"]), "GPA (weights given b 2.0)");
        let extend = |text: &str| MethodKey::of(&serde_json::from_str::<Method>(text).expect("a method"));
        assert_eq!(extend(r#"{"extend":{}}"#).label(), "GPA-ADD");
        assert_eq!(extend(r#"{"extend":{"base":"gcpa","form":"orthogonal"}}"#).label(), "GCPA-ADD (form orthogonal)");
        assert_eq!(extend(r#"{"extend":{"base":{"gcpa":{"epochs":2}}}}"#).label(), "GCPA-ADD (epochs 2)");
        assert!(extend(r#"{"extend":{}}"#).is_default() && !extend(r#"{"extend":{"base":"gcpa"}}"#).is_default());
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
        assert!(read == params && params.names().eq(read.names()) && read.get("tau") == params.get("tau"));
        assert!("{".parse::<Params>().is_err());
    }
}
