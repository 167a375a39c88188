//! Which crate may depend on which, and on which heavy library.

use serde_json::Value;

/// What each crate of the workspace may name among the others.
const ARROWS: &[(&str, &[&str])] = &[
    ("files", &[]),
    ("align", &[]),
    ("tasks", &["align"]),
    ("data", &["align", "files"]),
    ("fetch", &["data", "files", "say"]),
    ("figures", &[]),
    ("say", &[]),
    ("grid", &["align", "tasks", "data", "fetch", "files"]),
    ("store", &["align", "tasks", "data", "grid", "files"]),
    ("report", &["align", "tasks", "data", "grid", "store", "figures", "files"]),
    ("runner", &["align", "tasks", "data", "fetch", "grid", "store", "report", "figures", "files", "say"]),
    ("embed", &["data", "files", "say"]),
    ("xtask", &["files", "say"]),
];

/// Libraries with one home: a crate that is not listed may not depend on them.
const HOMES: &[(&str, &[&str])] = &[
    ("sha2", &["files"]),
    ("shlex", &["files"]),
    ("hostname", &["files"]),
    ("memmap2", &["files"]),
    ("tempfile", &["files"]),
    ("faer", &["align"]),
    ("polars", &["data", "store", "report", "runner"]),
    ("plotters", &["figures"]),
    ("ttf-parser", &["figures"]),
    ("linfa-clustering", &["tasks"]),
    ("serde_yaml", &["data"]),
    ("ureq", &["fetch"]),
    ("candle-core", &["embed"]),
    ("candle-nn", &["embed"]),
    ("tokenizers", &["embed"]),
];

/// Dependencies that break the arrows, crates that have none written down.
pub fn check(packages: &[Value]) -> Vec<String> {
    packages.iter().flat_map(of_package).collect()
}

fn of_package(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name) else {
        return vec![format!("crate `{name}` has no arrows in xtask/src/tidy/arrows.rs; say what it may depend on")];
    };
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    // Test helpers may come from anywhere.
    let linked = dependencies.iter().filter(|d| d["kind"].as_str() != Some("dev"));
    let mut problems = Vec::new();
    for dependency in linked.filter_map(|d| d["name"].as_str()) {
        if ARROWS.iter().any(|(other, _)| *other == dependency) && !allowed.contains(&dependency) {
            problems.push(format!("crate `{name}` depends on `{dependency}`; it may depend on {}", names(allowed)));
        }
        if let Some((_, homes)) = HOMES.iter().find(|(library, _)| *library == dependency)
            && !homes.contains(&name)
        {
            problems.push(format!("crate `{name}` depends on `{dependency}`, whose home is {}", names(homes)));
        }
    }
    problems
}

fn names(list: &[&str]) -> String {
    if list.is_empty() {
        return "no other crate".into();
    }
    list.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<Value> = dependencies.iter().map(|(n, kind)| json!({"name": n, "kind": kind})).collect();
        json!({"name": name, "dependencies": dependencies})
    }

    #[test]
    fn arrows_point_one_way() {
        assert!(of_package(&package("tasks", &[("align", None), ("serde", None)])).is_empty());
        assert_eq!(
            of_package(&package("align", &[("tasks", None)])),
            ["crate `align` depends on `tasks`; it may depend on no other crate"]
        );
        assert!(of_package(&package("align", &[("tasks", Some("dev"))])).is_empty(), "tests may look around");
        assert_eq!(
            of_package(&package("tasks", &[("polars", None)])),
            ["crate `tasks` depends on `polars`, whose home is `data`, `store`, `report`, `runner`"]
        );
        assert!(of_package(&package("new", &[]))[0].starts_with("crate `new` has no arrows"));
    }
}
