//! `cargo bench -- --quick` passes its options to every target that it may bench. Only criterion's targets understand them.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

/// Crates with a library or binary whose test harness `cargo bench` would run.
pub fn check(packages: &[Value]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for package in packages {
        let path = package["manifest_path"].as_str().context("cargo metadata named no manifest")?;
        let manifest = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        problems.extend(of_package(package, &manifest));
    }
    Ok(problems)
}

fn of_package(package: &Value, manifest: &str) -> Option<String> {
    let targets = package["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_harness = |target: &&Value| target["kind"][0] == "lib" || target["kind"][0] == "bin";
    let harnesses = targets.iter().filter(of_harness).count();
    let sections = manifest.split("\n[").map(|section| section.trim_start_matches('['));
    let own = sections.filter(|section| section.starts_with("lib]") || section.starts_with("bin]]"));
    let silenced = own.filter(|section| section.lines().any(|line| line.trim() == "bench = false")).count();
    let name = package["name"].as_str().unwrap_or_default();
    (silenced < harnesses).then(|| {
        format!("crate `{name}`: its test harness does not know the options of criterion; say `bench = false` under [lib] and [[bin]]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn harnesses_that_cargo_bench_would_run_are_found() {
        let package = json!({"name": "new", "targets": [{"kind": ["lib"]}, {"kind": ["bin"]}, {"kind": ["bench"]}]});
        assert_eq!(of_package(&package, "[lib]\nbench = false\n[[bin]]\nbench = false\n"), None);
        assert!(of_package(&package, "[lib]\nbench = false\n").is_some_and(|text| text.starts_with("crate `new`")));
        let other = "[lib]\nbench = false\n[[bin]]\nname = \"new\"\n[[bench]]\nname = \"long\"\nbench = false\n";
        assert!(of_package(&package, other).is_some(), "a bench is no harness");
    }
}
