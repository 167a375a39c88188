//! Allowed dependencies between crates, and on large libraries.

use serde_json::Value;

/// Crates of the workspace, each with its allowed dependencies. The package of the crate `x` is `polyalign-x`; `xtask`,
/// which is not published, has no prefix.
const ARROWS: &[(&str, &[&str])] = &[
    ("files", &[]),
    ("align", &[]),
    ("tasks", &["align"]),
    ("select", &["align", "tasks"]),
    ("data", &["align", "files"]),
    ("fetch", &["data", "files"]),
    ("figures", &[]),
    ("say", &[]),
    ("grid", &["align", "tasks", "select", "data", "fetch", "files"]),
    ("store", &["align", "tasks", "data", "grid", "files"]),
    ("report", &["align", "tasks", "data", "grid", "store", "figures", "files"]),
    ("runner", &["align", "tasks", "select", "data", "fetch", "grid", "store", "report", "figures", "files", "say"]),
    ("embed", &["align", "data", "files", "say"]),
    ("python", &["align", "tasks", "select", "data", "grid", "store", "report", "runner", "files"]),
    ("xtask", &["files", "say"]),
];

/// Prefix of the names of the workspace's packages.
const PREFIX: &str = "polyalign-";

/// Libraries and the crates that may depend on them.
const HOMES: &[(&str, &[&str])] = &[
    ("sha1", &["files"]),
    ("sha2", &["files"]),
    ("shlex", &["files"]),
    ("hostname", &["files"]),
    ("memmap2", &["files"]),
    ("tempfile", &["files"]),
    ("faer", &["align"]),
    ("polars-core", &["data", "store", "report"]),
    ("polars-io", &["data", "store", "report"]),
    ("plotters", &["figures"]),
    ("ttf-parser", &["figures"]),
    ("linfa-clustering", &["tasks"]),
    ("serde_yaml", &["data"]),
    ("indicatif", &["runner", "embed"]),
    ("ureq", &["fetch"]),
    ("candle-core", &["embed"]),
    ("candle-nn", &["embed"]),
    ("tokenizers", &["embed"]),
    ("pyo3", &["python"]),
    ("numpy", &["python"]),
];

/// Forbidden dependencies, and crates that are not in the list.
pub fn check(packages: &[Value]) -> Vec<String> {
    packages.iter().flat_map(of_package).collect()
}

fn of_package(package: &Value) -> Vec<String> {
    let package_name = package["name"].as_str().unwrap_or_default();
    let name = crate_name(package_name);
    if name != "xtask" && name == package_name {
        return vec![format!(
            "package `{name}`: its name must begin with `{PREFIX}`, because short names are taken on registries"
        )];
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name) else {
        return vec![format!("crate `{name}` has no arrows in xtask/src/tidy/arrows.rs; say what it may depend on")];
    };
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    // Test helpers may come from any crate.
    let linked = dependencies.iter().filter(|d| d["kind"].as_str() != Some("dev"));
    let mut problems = Vec::new();
    for dependency in linked.filter_map(|d| d["name"].as_str()).map(crate_name) {
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

/// The short name of a package of the workspace; another package's name is its own.
pub fn crate_name(package: &str) -> &str {
    package.strip_prefix(PREFIX).unwrap_or(package)
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
        assert!(of_package(&package("polyalign-tasks", &[("polyalign-align", None), ("serde", None)])).is_empty());
        assert_eq!(
            of_package(&package("polyalign-align", &[("polyalign-tasks", None)])),
            ["crate `align` depends on `tasks`; it may depend on no other crate"]
        );
        assert!(
            of_package(&package("polyalign-align", &[("polyalign-tasks", Some("dev"))])).is_empty(),
            "tests may look around"
        );
        assert_eq!(
            of_package(&package("polyalign-tasks", &[("polars-core", None)])),
            ["crate `tasks` depends on `polars-core`, whose home is `data`, `store`, `report`"]
        );
        assert!(of_package(&package("polyalign-new", &[]))[0].starts_with("crate `new` has no arrows"));
        assert!(of_package(&package("xtask", &[("polyalign-say", None)])).is_empty());
        assert!(
            of_package(&package("tasks", &[]))[0].starts_with("package `tasks`: its name must begin with `polyalign-`")
        );
    }
}
