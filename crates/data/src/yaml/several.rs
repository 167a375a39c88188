//! All that serde refuses in a value, not only the first of it.
//!
//! A part that is refused is taken out of the value, and the rest is read again. What is then missing only because it was
//! taken out is not reported.

use std::collections::{HashMap, HashSet};

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::index::{Index, join};
use super::{YamlProblem, message};

/// Errors that are reported of one file.
const MOST: usize = 20;

/// A step from a node to one of its parts.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Item(usize),
}

/// What was taken out of a value so far, by the path of the node that had it, as the file has it.
#[derive(Default)]
struct Taken {
    /// Mappings that lack a key.
    mappings: HashSet<String>,
    /// Items that lists lack, in order.
    items: HashMap<String, Vec<usize>>,
}

/// The value, or the paths that are refused, each with its problem, in the order in which they are read. `index` knows the paths that
/// the file has.
pub(super) fn read<T: DeserializeOwned>(mut value: Value, index: &Index) -> Result<T, Vec<(String, YamlProblem)>> {
    let mut problems: Vec<(String, YamlProblem)> = Vec::new();
    let mut taken = Taken::default();
    loop {
        let error = match serde_path_to_error::deserialize(value.clone()) {
            Ok(read) if problems.is_empty() => return Ok(read),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let mut steps = steps(error.path());
        let problem = message::understand(&error.into_inner().to_string());
        let name = match &problem {
            YamlProblem::Unknown { name, .. } | YamlProblem::Renamed { old: name, .. } => Some(name.clone()),
            _ => None,
        };
        // An unknown name is refused at its parent, and is itself a key where it has parameters.
        let mut path = taken.path(&steps);
        let parent = path.clone();
        let node = follow(&value, &steps);
        if let Some(name) =
            name.filter(|name| node.and_then(Value::as_object).is_some_and(|map| map.contains_key(name)))
        {
            // A bare name that was written out is no key of the file.
            path = Some(join(&path, &name)).filter(|key| index.at(key).is_some()).unwrap_or(path);
            steps.push(Step::Key(name));
        }
        let cascade = matches!(problem, YamlProblem::MissingKey { .. }) && taken.mappings.contains(&parent);
        if !cascade && !problems.iter().any(|(other, _)| *other == path) {
            problems.push((path, problem));
        }
        if problems.len() >= MOST || !take_out(&mut value, steps, &mut taken) {
            return Err(problems);
        }
    }
}

fn steps(path: &serde_path_to_error::Path) -> Vec<Step> {
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(Step::Item(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { variant } => Some(Step::Key(variant.clone())),
        Segment::Unknown => None,
    };
    path.iter().filter_map(step).collect()
}

fn part<'a>(node: &'a Value, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Key(key) => node.get(key),
        Step::Item(item) => node.get(item),
    }
}

fn follow<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps.iter().try_fold(value, part)
}

/// Takes out the node at the end of the path, and the mappings around it that are empty then. False where nothing is left to
/// take out.
fn take_out(value: &mut Value, mut steps: Vec<Step>, taken: &mut Taken) -> bool {
    // As far as the value goes: a bare name has no parts.
    let reached = (0..=steps.len()).rev().find(|&n| follow(value, &steps[..n]).is_some()).unwrap_or(0);
    steps.truncate(reached);
    while let Some(step) = steps.pop() {
        let path = taken.path(&steps);
        let parent = steps.iter().try_fold(&mut *value, |node, step| match step {
            Step::Key(key) => node.get_mut(key),
            Step::Item(item) => node.get_mut(item),
        });
        let Some(parent) = parent else { return false };
        match (&step, parent) {
            (Step::Key(key), Value::Object(map)) => {
                map.shift_remove(key);
                let empty = map.is_empty();
                taken.mappings.insert(path);
                if empty && steps.is_empty() {
                    return false;
                }
                if empty {
                    continue;
                }
            }
            (Step::Item(item), Value::Array(items)) if *item < items.len() => {
                let original = taken.original(&path, *item);
                items.remove(*item);
                let gone = taken.items.entry(path).or_default();
                gone.push(original);
                gone.sort_unstable();
            }
            _ => return false,
        }
        return true;
    }
    false
}

impl Taken {
    /// The place of a list's item in the file.
    fn original(&self, list: &str, item: usize) -> usize {
        let gone = self.items.get(list).map(Vec::as_slice).unwrap_or_default();
        gone.iter().fold(item, |place, &gone| if gone <= place { place + 1 } else { place })
    }

    /// `methods[2].gcpa.tau`, as the file has it.
    fn path(&self, steps: &[Step]) -> String {
        steps.iter().fold(String::new(), |path, step| match step {
            Step::Key(key) => join(&path, key),
            Step::Item(item) => format!("{path}[{}]", self.original(&path, *item)),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read alone")]
    struct File {
        name: String,
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read alone")]
    struct Item {
        size: usize,
        #[serde(default)]
        kind: Kind,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        #[default]
        Plain,
        Round,
    }

    fn problems(value: Value) -> Vec<String> {
        let told = |(path, problem): (String, YamlProblem)| format!("{path}: {problem}");
        read::<File>(value, &Index::default()).expect_err("refused").into_iter().map(told).collect()
    }

    #[test]
    fn all_that_is_refused_is_reported_at_its_place_in_the_file() {
        let found = problems(json!({
            "name": 1,
            "items": [{"size": "big"}, {"size": 1}, {"sise": 2}, {"size": 3, "kind": "sqare"}, {"kind": "round"}],
        }));
        let places: Vec<&str> = found.iter().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(places, ["name", "items[0].size", "items[2].sise", "items[3].kind", "items[4]"], "{found:#?}");
        assert!(found[4].ends_with("key `size` is missing"), "{}", found[4]);
    }

    #[test]
    fn what_is_missing_because_it_was_taken_out_is_no_second_error() {
        assert_eq!(problems(json!({"nam": "a", "items": []})).len(), 1);
        assert_eq!(problems(json!({"name": "a", "items": [{"size": -1}]})).len(), 1);
        assert!(read::<File>(json!({"name": "a", "items": [{"size": 1}]}), &Index::default()).is_ok());
    }

    #[test]
    fn a_file_full_of_errors_is_not_reported_whole() {
        let items: Vec<Value> = (0..50).map(|_| json!({"size": "x"})).collect();
        assert_eq!(problems(json!({"name": "a", "items": items})).len(), MOST);
    }
}
