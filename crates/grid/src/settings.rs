//! Names of a grid's settings, which are its methods with their parameters: an alias from the grid file, or the
//! shortest text that distinguishes a setting from the others.
//!
//! A name is only a label: it is not part of a cell's id, and records have the full parameters.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use align::Method;
use data::DataError;
use data::yaml::Located;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::figure_spec::{STEM, is_stem};
use crate::keys::{InFull, MethodKey, Params};
use crate::spelled::Alias;

/// A method with its parameters, and its alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The method's name.
    pub method: String,
    /// Its parameters.
    pub params: Value,
    /// Alias in the grid file.
    #[serde(default)]
    pub alias: Option<String>,
}

impl Setting {
    /// A setting without an alias.
    pub fn of(key: &MethodKey) -> Self {
        let params = key.params.to_string().parse().unwrap_or_default();
        Self { method: key.name.clone(), params, alias: None }
    }

    /// The method with its parameters.
    pub fn key(&self) -> MethodKey {
        MethodKey { name: self.method.clone(), params: Params::from(self.params.clone()) }
    }
}

/// Name of a setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingName {
    /// Name in tables and figures: the alias, or the method's title with the parameters that distinguish the setting.
    pub label: String,
    /// Name in progress lines: the alias, or the method's name with these parameters.
    pub short: String,
    /// Whether the name is an alias.
    pub is_alias: bool,
    /// Index of the setting among all, from 0.
    pub place: usize,
    /// Whether the setting is the first of its method.
    pub leads: bool,
}

/// Names of several settings; all are different.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: HashMap<MethodKey, Arc<SettingName>>,
}

impl Names {
    /// Names of these settings. A repeated setting has the name of its first occurrence.
    pub fn of(settings: &[Setting]) -> Self {
        let mut known: Vec<(MethodKey, SettingName, Option<InFull>)> = Vec::new();
        let mut seen = HashSet::new();
        for setting in settings {
            let key = setting.key();
            if !seen.insert(key.clone()) {
                continue;
            }
            let alias = setting.alias.clone();
            let name = SettingName {
                label: alias.clone().unwrap_or_default(),
                short: alias.clone().unwrap_or_default(),
                is_alias: alias.is_some(),
                place: known.len(),
                leads: !known.iter().any(|(other, ..)| other.name == key.name),
            };
            let full = alias.is_none().then(|| key.in_full());
            known.push((key, name, full));
        }
        let full: Vec<&InFull> = known.iter().filter_map(|(_, _, full)| full.as_ref()).collect();
        let mut told =
            shortest(&full).into_iter().map(|paths| paths.into_iter().map(str::to_string).collect::<Vec<_>>());
        let told: Vec<Vec<String>> =
            known.iter().map(|(_, _, full)| full.as_ref().and_then(|_| told.next()).unwrap_or_default()).collect();
        let named = |((key, name, full), paths): ((MethodKey, SettingName, Option<InFull>), Vec<String>)| {
            let Some(full) = full else { return (key, Arc::new(name)) };
            let among = |path: &str| paths.iter().any(|known| known == path);
            let told = full.told(among);
            let short = if told.is_empty() { key.name.clone() } else { format!("{} ({told})", key.name) };
            (key, Arc::new(SettingName { label: full.text(among), short, ..name }))
        };
        Self { names: known.into_iter().zip(told).map(named).collect() }
    }

    /// Name of a setting; the full label of an unknown one.
    pub fn get(&self, key: &MethodKey) -> Arc<SettingName> {
        self.names.get(key).cloned().unwrap_or_else(|| {
            let label = key.label();
            Arc::new(SettingName { short: label.clone(), label, is_alias: false, place: 0, leads: true })
        })
    }
}

/// Largest number of parameters for which all combinations are tried.
const MOST_TRIED: usize = 3;

/// For each of several methods, the paths of the parameters that distinguish it from others with the same title: as few
/// as possible, and of equally few those with the shortest texts. All methods with one title get the same paths, so a
/// parameter that is not named has its default, or the same value in all of them.
pub fn shortest<'a>(methods: &[&'a InFull]) -> Vec<Vec<&'a str>> {
    let mut titles: Vec<&str> = Vec::new();
    methods.iter().for_each(|method| {
        if !titles.contains(&method.title.as_str()) {
            titles.push(&method.title);
        }
    });
    let of_title: HashMap<&str, Vec<&str>> = titles
        .into_iter()
        .map(|title| {
            let of_title: Vec<&InFull> = methods.iter().copied().filter(|method| method.title == title).collect();
            (title, telling(&of_title))
        })
        .collect();
    methods.iter().map(|method| of_title[method.title.as_str()].clone()).collect()
}

/// The parameters that distinguish methods with one title.
fn telling<'a>(methods: &[&'a InFull]) -> Vec<&'a str> {
    fn text<'a>(method: &'a InFull, path: &str) -> Option<&'a str> {
        method.words.iter().find(|(known, _)| known == path).map(|(_, text)| text.as_str())
    }
    let mut paths: Vec<&str> = methods.iter().flat_map(|m| m.words.iter().map(|(path, _)| path.as_str())).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.retain(|path| methods.iter().any(|method| text(method, path) != text(methods[0], path)));
    let kinds = |chosen: &[&str]| {
        let texts = |method: &&'a InFull| chosen.iter().map(|path| text(method, path)).collect::<Vec<_>>();
        methods.iter().map(texts).collect::<HashSet<_>>().len()
    };
    let length = |chosen: &[&str]| -> usize {
        methods.iter().flat_map(|method| chosen.iter().filter_map(|path| text(method, path))).map(str::len).sum()
    };
    let all = kinds(&paths);
    if all <= 1 {
        return Vec::new();
    }
    let mut chosen: Vec<Vec<&str>> = vec![Vec::new()];
    for _ in 0..MOST_TRIED.min(paths.len()) {
        let longer = |chosen: &Vec<&'a str>| {
            let from =
                chosen.last().map_or(0, |last| paths.iter().position(|path| path == last).map_or(0, |at| at + 1));
            let with = |path: &&'a str| chosen.iter().copied().chain(std::iter::once(*path)).collect::<Vec<_>>();
            paths[from..].iter().map(with).collect::<Vec<_>>()
        };
        chosen = chosen.iter().flat_map(longer).collect();
        let best = chosen.iter().filter(|chosen| kinds(chosen) == all).min_by_key(|chosen| length(chosen));
        if let Some(best) = best {
            return best.clone();
        }
    }
    // Parameters are added one by one; each time the one that distinguishes most.
    let mut chosen: Vec<&str> = Vec::new();
    while kinds(&chosen) < all {
        let with = |path: &&str| kinds(&[&chosen[..], &[*path]].concat());
        let rest = paths.iter().filter(|path| !chosen.contains(path));
        // The first of equals: `max_by_key` alone would take the last.
        let Some(next) = rest.rev().copied().max_by_key(with) else { break };
        chosen.push(next);
    }
    chosen
}

/// The settings of methods, with their aliases.
pub fn of_methods(methods: &[Method], aliases: &[Alias]) -> Vec<Setting> {
    let alias = |at: usize| aliases.iter().find(|alias| alias.at == at).map(|alias| alias.name.clone());
    let setting = |(at, method): (usize, &Method)| Setting { alias: alias(at), ..Setting::of(&MethodKey::of(method)) };
    methods.iter().enumerate().map(setting).collect()
}

/// All texts by which a file may name one of these settings: aliases, labels in tables, full labels.
pub fn texts(settings: &[Setting]) -> Vec<String> {
    let names = Names::of(settings);
    let of = |setting: &Setting| {
        let key = setting.key();
        [names.get(&key).label.clone(), key.label()]
    };
    let mut all: Vec<String> = Vec::new();
    for name in settings.iter().flat_map(of) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Refuses aliases that could be mistaken for a method, another alias, or a part of a condition.
pub(crate) fn check<T>(grid: &Located<T>, aliases: &[Alias]) -> Result<(), DataError> {
    for (i, Alias { key, name, .. }) in aliases.iter().enumerate() {
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        if !is_stem(name) {
            return Err(grid.error(key, format!("`{name}` is no alias; {STEM}")));
        }
        let method = Method::names()
            .iter()
            .find(|known| same(known) || Method::from_name(known).is_some_and(|method| same(method.title())));
        if let Some(method) = method {
            return Err(grid.error(key, format!("`{name}` is the name of the method `{method}`; take another alias")));
        }
        if let Some(renamed) = Method::renamed(name) {
            return Err(
                grid.error(key, format!("`{name}` is the former name of `{}`; take another alias", renamed.name))
            );
        }
        if let Some(first) = aliases[..i].iter().find(|other| same(&other.name)) {
            return Err(grid.error(key, format!("`{}` has the same alias; give each setting its own", first.key)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(entries: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
        let setting = |(text, alias): &(&str, Option<&str>)| {
            let method: Method = serde_json::from_str(text).expect("a method");
            Setting { alias: alias.map(str::to_string), ..Setting::of(&MethodKey::of(&method)) }
        };
        let settings: Vec<Setting> = entries.iter().map(setting).collect();
        let names = Names::of(&settings);
        settings.iter().map(|s| names.get(&s.key())).map(|name| (name.label.clone(), name.short.clone())).collect()
    }

    fn labels(entries: &[&str]) -> Vec<String> {
        let entries: Vec<_> = entries.iter().map(|entry| (*entry, None)).collect();
        named(&entries).into_iter().map(|(label, _)| label).collect()
    }

    #[test]
    fn a_setting_is_told_by_as_little_as_tells_it_apart() {
        let gcca =
            r#"{"gcca": {"whiten": "inverse_singular", "rank": 128, "ridge": 0.01, "decoder": "least_squares"}}"#;
        assert_eq!(
            labels(&[r#"{"gcca": {}}"#, gcca, r#"{"srm": {"features": 128}}"#]),
            ["GCCA", "GCCA (rank 128)", "SRM"]
        );
        let rank = |rank: usize| format!(r#"{{"gcca": {{"rank": {rank}, "ridge": 0.1}}}}"#);
        assert_eq!(labels(&[&rank(8), &rank(16)]), ["GCCA (rank 8)", "GCCA (rank 16)"]);
        let both = [r#"{"gcca": {}}"#, r#"{"gcca": {"rank": 8}}"#, r#"{"gcca": {"rank": 8, "ridge": 0.1}}"#];
        assert_eq!(labels(&both), ["GCCA", "GCCA (rank 8)", "GCCA (rank 8, ridge 0.1)"]);
        // The same, whatever the order.
        let reversed: Vec<&str> = both.iter().rev().copied().collect();
        assert_eq!(labels(&reversed), ["GCCA (rank 8, ridge 0.1)", "GCCA (rank 8)", "GCCA"]);
        let sweep: Vec<String> = (0..4)
            .flat_map(|t| (0..5).map(move |l| (t, l)))
            .map(|(t, l)| format!(r#"{{"gcpa": {{"training": "fast", "loss": {{"tau": 0.0{t}, "lambda": 0.{l}}}}}}}"#))
            .collect();
        let names = labels(&sweep.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 20, "{names:?}");
        assert!(names.iter().all(|name| !name.contains("training")), "{names:?}");
    }

    #[test]
    fn an_alias_takes_the_place_of_the_text_and_others_need_not_be_told_from_it() {
        let found =
            named(&[(r#"{"gcca": {}}"#, None), (r#"{"gcca": {"rank": 8}}"#, Some("tuned")), (r#"{"gpa": {}}"#, None)]);
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(found, [pair("GCCA", "gcca"), pair("tuned", "tuned"), pair("GPA", "gpa")]);
        let found = named(&[(r#"{"gcca": {}}"#, None), (r#"{"gcca": {"rank": 8}}"#, None)]);
        assert_eq!(found[1], pair("GCCA (rank 8)", "gcca (rank 8)"));
    }

    #[test]
    fn a_setting_survives_its_file() {
        let method: Method = serde_json::from_str(r#"{"gcca": {"rank": 8}}"#).expect("a method");
        let setting = Setting { alias: Some("tuned".into()), ..Setting::of(&MethodKey::of(&method)) };
        let text = serde_json::to_string(&setting).expect("JSON");
        let read: Setting = serde_json::from_str(&text).expect("its own");
        assert!(read == setting && read.key() == MethodKey::of(&method));
    }
}
