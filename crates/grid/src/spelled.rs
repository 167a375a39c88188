//! Short forms in a grid file: bare names, and sweeps in place of lists of items.

use std::path::Path;

use data::yaml::{self, Located};
use data::{DataError, nearest};
use select::SelectParams;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Alias of a method in its entry: `gcca: {as: tuned, rank: 128}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Index of the method in the list with expanded sweeps.
    pub at: usize,
    /// Key path in the file.
    pub key: String,
    /// The alias.
    pub name: String,
}

/// Reads a file with methods, tasks or noises, after `change`, and expands bare names and sweeps. Also returns the
/// aliases of its methods.
///
/// # Errors
/// The errors of [`yaml::read_with`]; a sweep over no value, or over a parameter that has a value beside it; an alias
/// that is not a text, or that belongs to several values of a sweep.
pub fn read_spelled<T: DeserializeOwned>(
    path: &Path,
    change: impl FnOnce(&mut Value),
) -> Result<(Located<T>, Vec<Alias>), DataError> {
    select::register();
    let (mut fault, mut aliases) = (None, Vec::new());
    let read = yaml::read_with(path, |value| {
        change(value);
        fault = normalise(value, &mut aliases);
    });
    match (read, fault) {
        (Ok(read), None) => Ok((read, aliases)),
        (Ok(read), Some((key, found))) => Err(Located::error(&read, &key, found)),
        (Err(error), _) => Err(error),
    }
}

/// Expands bare names to the form of the types: `gpa` to `{gpa: {}}`, `data: toy` to `{manifest: toy}`. Removes
/// aliases. Returns the place of the first sweep without items, or of the first alias of no method or several methods,
/// with the reason.
fn normalise(value: &mut Value, aliases: &mut Vec<Alias>) -> Option<(String, String)> {
    let mut fault = None;
    let selection = match common_selection(value) {
        Ok(selection) => selection,
        Err(problem) => {
            fault = Some(("selection".into(), problem));
            None
        }
    };
    let mut selects = false;
    for key in ["methods", "tasks", "noise"] {
        if let Some(Value::Array(items)) = value.get_mut(key) {
            let mut expanded = Vec::with_capacity(items.len());
            for (i, mut item) in items.drain(..).enumerate() {
                if let Some(map) = item.as_object_mut().filter(|map| key == "methods" && map.len() > 1)
                    && map.shift_remove("as").is_some()
                {
                    let problem =
                        "an alias stands among the parameters, as in `gcca: {as: tuned, rank: 128}`; move it there";
                    fault.get_or_insert((format!("{key}[{i}].as"), problem.into()));
                }
                bare_name(&mut item);
                let alias = if key == "methods" { take_alias(&mut item) } else { None };
                let count = expanded.len();
                let items = swept(item).and_then(|mut items| {
                    if key == "methods" {
                        for item in &mut items {
                            selects |= selecting(item, selection.as_ref())?;
                        }
                    }
                    Ok(items)
                });
                match items {
                    Ok(items) => expanded.extend(items),
                    Err((place, problem)) => {
                        fault.get_or_insert((format!("{key}[{i}].{place}"), problem));
                    }
                }
                let Some((place, alias)) = alias else { continue };
                let place = format!("{key}[{i}].{place}");
                match (alias, expanded.len() - count) {
                    (Value::String(name), 0 | 1) => aliases.push(Alias { at: count, key: place, name }),
                    (Value::String(name), several) => {
                        let problem = format!(
                            "`{name}` names one setting, and the sweep stands for {several}; remove `as`, or write the \
                             settings as entries of their own"
                        );
                        fault.get_or_insert((place, problem));
                    }
                    (other, _) => {
                        let problem = format!(
                            "{other} is no text; give an alias such as `as: tuned`, in quotes if it is a number"
                        );
                        fault.get_or_insert((place, problem));
                    }
                }
            }
            *items = expanded;
        }
    }
    if selection.is_some() && !selects {
        let problem = "no method selects its parameters; write `select` among the parameters of a method, as in `gcca: \
                       {select: {rank: [64, 128]}}`, or remove `selection`";
        fault.get_or_insert(("selection".into(), problem.into()));
    }
    match value.get_mut("data") {
        Some(data @ Value::String(_)) => *data = json!({ "manifest": data.take() }),
        Some(Value::Object(data)) => {
            if let Some(recipe) = data.remove("planted") {
                data.insert("synthetic".into(), recipe);
                let renamed = "`planted` is called `synthetic` since 0.2; replace the name";
                fault.get_or_insert(("data.planted".into(), renamed.into()));
            }
        }
        _ => {}
    }
    if let Some(pairing) = value.get_mut("pairing") {
        match pairing {
            Value::String(name) if name == "by_class" => *pairing = json!({ "by_class": {} }),
            pairing => bare_null(pairing),
        }
    }
    fault
}

/// The settings of all methods that select their parameters.
///
/// # Errors
/// A key that is no such setting, or a value that it cannot have.
fn common_selection(value: &Value) -> Result<Option<Map<String, Value>>, String> {
    /// The settings that a method and its candidates do not decide.
    const OWN: [&str; 3] = ["method", "with", "over"];
    let Some(selection) = value.get("selection").cloned() else { return Ok(None) };
    let Value::Object(settings) = selection else {
        return Err(format!("{selection} is no mapping; write `selection: {{folds: 5, by: rank1}}`"));
    };
    if let Some(own) = OWN.into_iter().find(|key| settings.contains_key(*key)) {
        return Err(format!(
            "`{own}` belongs to one method; write it there, as in `gcca: {{select: {{rank: [64, 128]}}}}`"
        ));
    }
    serde_json::from_value::<SelectParams>(Value::Object(settings.clone())).map_err(|error| error.to_string())?;
    Ok(Some(settings))
}

/// Rewrites `gcca: {select: {rank: [64, 128]}, ridge: 0.1}` to the method `select`, with the settings of the grid. Returns
/// whether the item selects.
///
/// # Errors
/// The place in the item, and the fault of a `select` that is no mapping.
fn selecting(item: &mut Value, selection: Option<&Map<String, Value>>) -> Result<bool, (String, String)> {
    let Some(map) = item.as_object_mut().filter(|map| map.len() == 1) else { return Ok(false) };
    let Some((name, params)) = map.iter_mut().next() else { return Ok(false) };
    let Some(params) = params.as_object_mut() else { return Ok(false) };
    if name == select::NAME {
        selection.into_iter().flatten().for_each(|(key, value)| {
            params.entry(key.clone()).or_insert_with(|| value.clone());
        });
        return Ok(true);
    }
    let Some(over) = params.shift_remove("select") else { return Ok(false) };
    let over = match over {
        Value::String(suggested) if suggested == "suggested" => json!({}),
        over @ Value::Object(_) if over != json!({}) => over,
        odd => {
            let meant = odd.as_str().and_then(|name| nearest(name, ["suggested"]));
            let hint = meant.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            let problem = format!(
                "{odd} is no choice{hint}; give the values to try, as in `select: {{rank: [64, 128]}}`, or `select: suggested` for \
                 those that the method suggests"
            );
            return Err((format!("{name}.select"), problem));
        }
    };
    let mut settings = selection.cloned().unwrap_or_default();
    settings.extend([
        ("method".to_string(), Value::from(name.as_str())),
        ("with".to_string(), Value::Object(std::mem::take(params))),
        ("over".to_string(), over),
    ]);
    *item = json!({ select::NAME: settings });
    Ok(true)
}

/// Removes `as` from `gcca: {as: tuned, rank: 128}`; returns its place in the item and its value.
fn take_alias(item: &mut Value) -> Option<(String, Value)> {
    let map = item.as_object_mut().filter(|map| map.len() == 1)?;
    let (name, params) = map.iter_mut().next()?;
    let alias = params.as_object_mut()?.shift_remove("as")?;
    Some((format!("{name}.as"), alias))
}

/// `gpa` as `{gpa: {}}`.
pub fn bare_name(item: &mut Value) {
    match item {
        Value::String(name) => *item = json!({ name.clone(): {} }),
        item => bare_null(item),
    }
}

/// Expands `gcpa: {hidden: 1, sweep: {loss.tau: [0, 0.1], loss.lambda: [0, 1]}}` to one item per combination; the first
/// parameter varies slowest. A nested parameter is named by its path.
///
/// # Errors
/// The place in the item and the fault of a sweep without a value, or with a parameter that has a value beside it.
fn swept(item: Value) -> Result<Vec<Value>, (String, String)> {
    let Value::Object(map) = &item else { return Ok(vec![item]) };
    let Some((name, params)) = map.iter().next().filter(|_| map.len() == 1) else { return Ok(vec![item]) };
    let Some(Value::Object(axes)) = params.get("sweep") else { return Ok(vec![item]) };
    let nothing = "a sweep over no value makes no cell; give at least one value, or remove it";
    if axes.is_empty() {
        return Err((format!("{name}.sweep"), nothing.into()));
    }
    let mut rest = params.clone();
    if let Value::Object(rest) = &mut rest {
        rest.remove("sweep");
    }
    let mut combinations = vec![rest];
    for (path, values) in axes {
        let fault = |problem: String| (format!("{name}.sweep.{path}"), problem);
        let values = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
        if values.is_empty() {
            return Err(fault(nothing.into()));
        }
        let with = |params: &Value, value: &Value| {
            let mut params = params.clone();
            select::place(&mut params, path, value)?;
            Ok(params)
        };
        let all = combinations.iter().flat_map(|params| values.iter().map(move |value| with(params, value)));
        combinations = all.collect::<Result<_, String>>().map_err(fault)?;
    }
    Ok(combinations.into_iter().map(|params| json!({ name.clone(): params })).collect())
}

/// Expands `gpa:` without a value.
fn bare_null(item: &mut Value) {
    if let Value::Object(map) = item {
        map.values_mut().filter(|v| v.is_null()).for_each(|v| *v = json!({}));
    }
}

#[cfg(test)]
mod tests {
    use align::Method;
    use tasks::Task;

    use super::*;

    #[test]
    fn a_sweep_is_every_combination() {
        let item = json!({"gcpa": {"hidden": 2, "sweep": {"loss.tau": [0.0, 0.1], "loss.lambda": [1, 2]}}});
        let expanded = swept(item).expect("values");
        assert_eq!(expanded.len(), 4);
        assert_eq!(expanded[1], json!({"gcpa": {"hidden": 2, "loss": {"tau": 0.0, "lambda": 2}}}));
        assert_eq!(swept(json!({"gpa": {}})), Ok(vec![json!({"gpa": {}})]));
        let one = |params: Value| Ok(vec![json!({ "gcpa": params })]);
        let item = json!({"gcpa": {"training": "fast", "sweep": {"training.fast.epochs": 3}}});
        assert_eq!(swept(item), one(json!({"training": {"fast": {"epochs": 3}}})));
        let item = json!({"gcpa": {"loss": {"tau": 0.1}, "sweep": {"loss.lambda": [1]}}});
        assert_eq!(swept(item), one(json!({"loss": {"tau": 0.1, "lambda": 1}})));
    }

    #[test]
    fn an_alias_is_taken_out_of_its_entry() {
        let mut aliases = Vec::new();
        let mut file = json!({"methods": [
            {"gcca": {"sweep": {"rank": [1, 2]}}}, {"gcca": {"as": "tuned", "rank": 3}}, {"gpa": {"as": "plain"}},
        ]});
        assert_eq!(normalise(&mut file, &mut aliases), None);
        let methods = json!([{"gcca": {"rank": 1}}, {"gcca": {"rank": 2}}, {"gcca": {"rank": 3}}, {"gpa": {}}]);
        assert_eq!(file["methods"], methods);
        let alias = |at, key: &str, name: &str| Alias { at, key: key.into(), name: name.into() };
        assert_eq!(aliases, [alias(2, "methods[1].gcca.as", "tuned"), alias(3, "methods[2].gpa.as", "plain")]);
        for (entry, problem) in [
            (
                json!({"gcca": {"as": "tuned", "sweep": {"rank": [1, 2]}}}),
                "`tuned` names one setting, and the sweep stands for 2",
            ),
            (json!({"gcca": {"as": 7}}), "7 is no text; give an alias such as `as: tuned`"),
        ] {
            let fault = normalise(&mut json!({ "methods": [entry] }), &mut Vec::new());
            let (place, found) = fault.expect("refused");
            assert!(place == "methods[0].gcca.as" && found.starts_with(problem), "{place}: {found}");
        }
    }

    #[test]
    fn what_is_swept_is_not_given_beside_the_sweep() {
        for (params, place, problem) in [
            (json!({"hidden": 2, "sweep": {"hidden": [1]}}), "hidden", "the parameter is 2 beside the values to try"),
            (json!({"loss": {"tau": 0}, "sweep": {"loss.tau": [1]}}), "loss.tau", "the parameter is 0 beside"),
            (json!({"base": "gcca", "sweep": {"base.gpa.tol": [1]}}), "base.gpa.tol", "\"gcca\" is given where"),
            (json!({"sweep": {"loss.tau": []}}), "loss.tau", "a sweep over no value makes no cell"),
        ] {
            let (at, found) = swept(json!({ "gcpa": params })).expect_err(place);
            assert!(at == format!("gcpa.sweep.{place}") && found.starts_with(problem), "{at}: {found}");
        }
    }

    #[test]
    fn a_selection_is_one_setting_with_the_settings_of_the_grid() {
        let mut file = json!({
            "selection": {"folds": 3, "rule": "one_standard_error"},
            "methods": ["gpa", {"gcca": {"as": "tuned", "select": {"rank": [2, 4]}, "ridge": 0.1}}, {"cca": {"select": "suggested"}}],
        });
        let mut aliases = Vec::new();
        assert_eq!(normalise(&mut file, &mut aliases), None);
        let common = |method: &str, with: Value, over: Value| json!({"select": {"folds": 3, "rule": "one_standard_error", "method": method, "with": with, "over": over}});
        let methods = [
            json!({"gpa": {}}),
            common("gcca", json!({"ridge": 0.1}), json!({"rank": [2, 4]})),
            common("cca", json!({}), json!({})),
        ];
        assert_eq!(file["methods"].as_array().map(Vec::as_slice), Some(&methods[..]));
        assert_eq!(aliases, [Alias { at: 1, key: "methods[1].gcca.as".into(), name: "tuned".into() }]);
        select::register();
        let method: Method = serde_json::from_value(methods[1].clone()).expect("a method");
        assert_eq!((method.title(), method.validate().is_ok()), ("Selected GCCA", true));
        for (file, place, problem) in [
            (json!({"selection": {}, "methods": ["gpa"]}), "selection", "no method selects its parameters"),
            (json!({"selection": {"fold": 3}, "methods": []}), "selection", "unknown field `fold`"),
            (json!({"selection": {"over": {}}, "methods": []}), "selection", "`over` belongs to one method"),
            (json!({"selection": 5, "methods": []}), "selection", "5 is no mapping"),
            (json!({"methods": [{"gcca": {"select": {}}}]}), "methods[0].gcca.select", "{} is no choice"),
            (json!({"methods": [{"gcca": {"select": "all"}}]}), "methods[0].gcca.select", "\"all\" is no choice"),
        ] {
            let (at, found) = normalise(&mut file.clone(), &mut Vec::new()).expect("refused");
            assert!(at == place && found.starts_with(problem), "{at}: {found}");
        }
    }

    /// The error about a key of an item, with the form of today that it names, which can be read.
    fn form_of_today<T: DeserializeOwned>(name: &str, key: &str) -> String {
        let read = |params: &str| yaml::parse::<T>("grid.yaml".as_ref(), &format!("{name}: {{{params}}}\n"), bare_name);
        let error = read(&format!("{key}: 1")).err().map(|e| e.to_string()).unwrap_or_default();
        let column = name.len() + 4;
        let start = format!("grid.yaml:1:{column}: {name}.{key}: `{key}` is written `");
        let form = error.strip_prefix(&start).and_then(|rest| rest.strip_suffix("` since 0.2"));
        let form = form.unwrap_or_else(|| panic!("{name} {key}: {error}"));
        assert!(read(form).is_ok(), "{name}: {form}");
        form.to_string()
    }

    #[test]
    fn every_key_of_an_earlier_version_is_an_error_with_its_form_of_today() {
        let methods: [(&str, &[&str]); 4] = [
            ("na", &["constant_columns"]),
            ("gpa", &["gauge"]),
            ("consensus_ridge", &["scaffold", "solver"]),
            (
                "gcpa",
                &[
                    "scaffold",
                    "solver",
                    "max_iter",
                    "tol",
                    "gauge",
                    "tau",
                    "lambda",
                    "profile",
                    "epochs",
                    "steps_per_epoch",
                    "batch",
                    "lr",
                    "weight_decay",
                    "validation_fraction",
                    "validation",
                    "validation_batches",
                ],
            ),
        ];
        for (name, keys) in methods {
            for key in keys {
                let form = form_of_today::<Method>(name, key);
                assert!(name != "gcpa" || *key != "tau" || form == "loss: {tau: 0.05}");
            }
        }
        let tasks: [(&str, &[&str]); 4] = [
            ("retrieval", &["k", "beta"]),
            ("hubness", &["beta"]),
            ("probing", &["l2", "epochs", "lr", "patience", "seeds"]),
            ("stitching", &["l2", "epochs", "lr", "patience", "seeds"]),
        ];
        for (name, keys) in tasks {
            for key in keys {
                form_of_today::<Task>(name, key);
            }
        }
    }
}
