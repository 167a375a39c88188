//! Requirements of a registry on published packages; a package must not need files outside its folder.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::paths::{files, shown};

/// Required keys in the manifest of a package.
const FIELDS: [&str; 5] = ["description", "license", "readme", "keywords", "categories"];
/// Required files of a package.
const FILES: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
/// Forms in which code includes a file at compile time.
const INCLUDES: [&str; 4] = ["include_str!(\"", "include_bytes!(\"", "include!(\"", "#[path = \""];

/// Packages that a registry would refuse, or that do not compile outside this folder.
pub fn check(root: &Path, packages: &[Value]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for package in packages.iter().filter(|package| package["publish"].is_null()) {
        problems.extend(of_manifest(package));
        let manifest = Path::new(package["manifest_path"].as_str().context("cargo metadata named no manifest")?);
        let folder = manifest.parent().unwrap_or(root);
        let missing = FILES.iter().filter(|file| !folder.join(file).exists());
        problems.extend(missing.map(|file| format!("{}: has no {file}", shown(root, folder))));
        for path in files(folder, "rs") {
            let place = path.strip_prefix(folder).unwrap_or(&path);
            if place.starts_with("tests") {
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let outside = includes(&text).into_iter().filter(|file| !is_packaged(place, file));
            problems.extend(
                outside.map(|file| {
                    format!("{}: takes in `{file}`, which is not a part of its package", shown(root, &path))
                }),
            );
        }
    }
    for path in files(root, "md") {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        problems.extend(asked_for(&text, packages).into_iter().map(|what| format!("{}: {what}", shown(root, &path))));
    }
    Ok(problems)
}

/// Dependencies that a document recommends, with a version or a name that does not exist.
fn asked_for(text: &str, packages: &[Value]) -> Vec<String> {
    let quoted =
        |line: &str, key: &str| Some(line.split_once(&format!("{key} = \""))?.1.split('"').next()?.to_string());
    let mut problems = Vec::new();
    for line in text.lines() {
        let Some(name) = quoted(line, "package").filter(|name| name.starts_with("polyalign-")) else { continue };
        let Some(package) = packages.iter().find(|package| package["name"] == name.as_str()) else {
            problems.push(format!("there is no package `{name}`"));
            continue;
        };
        if let Some(version) = quoted(line, "version").filter(|version| package["version"] != version.as_str()) {
            problems.push(format!("it names version {version} of `{name}`, which is {}", package["version"]));
        }
    }
    problems
}

fn of_manifest(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let is_empty = |field: &str| match &package[field] {
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => true,
    };
    let missing = FIELDS.iter().filter(|field| is_empty(field));
    let mut problems: Vec<String> =
        missing.map(|field| format!("package `{name}`: its Cargo.toml has no `{field}`")).collect();
    let wanted = format!("^{}", package["version"].as_str().unwrap_or_default());
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    // Cargo removes a test helper without a version from the package.
    let linked = dependencies.iter().filter(|d| d["path"].is_string() && d["kind"].as_str() != Some("dev"));
    for dependency in linked.filter(|d| d["req"].as_str() != Some(&wanted)) {
        let (on, req) =
            (dependency["name"].as_str().unwrap_or_default(), dependency["req"].as_str().unwrap_or_default());
        problems.push(format!(
            "package `{name}`: it asks for version `{req}` of `{on}`; both have the version of the workspace, `{wanted}`"
        ));
    }
    problems
}

/// Files that code includes at compile time, as written.
fn includes(code: &str) -> Vec<&str> {
    let named = |start: &&'static str| {
        code.match_indices(*start)
            .filter_map(|(at, start)| code[at + start.len()..].split('"').next())
            .collect::<Vec<_>>()
    };
    INCLUDES.iter().flat_map(named).collect()
}

/// Whether a file that the code at `place` names is in a folder that is packaged.
fn is_packaged(place: &Path, named: &str) -> bool {
    let mut path = PathBuf::new();
    for part in place.parent().unwrap_or(place).join(named).components() {
        match part {
            Component::ParentDir if !path.pop() => return false,
            Component::Normal(name) => path.push(name),
            Component::ParentDir | Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    let folders = ["src", "build", "examples", "benches", "README.md"];
    folders.iter().any(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_registry_asks_for_is_there() {
        let mut package = json!({
            "name": "polyalign-new", "version": "0.1.0", "description": "d", "license": "MIT", "readme": "README.md",
            "keywords": ["k"], "categories": ["science"],
            "dependencies": [
                {"name": "polyalign-align", "req": "^0.1.0", "path": "x", "kind": null},
                {"name": "polyalign-files", "req": "*", "path": "x", "kind": "dev"},
                {"name": "serde", "req": "^1", "kind": null},
            ],
        });
        assert_eq!(of_manifest(&package), [] as [&str; 0]);
        package["readme"] = Value::Null;
        package["dependencies"][0]["req"] = json!("*");
        let wanted = [
            "package `polyalign-new`: its Cargo.toml has no `readme`",
            "package `polyalign-new`: it asks for version `*` of `polyalign-align`; both have the version of the workspace, `^0.1.0`",
        ];
        assert_eq!(of_manifest(&package), wanted);
    }

    #[test]
    fn documents_name_the_version_that_there_is() {
        let packages = [json!({"name": "polyalign-align", "version": "0.2.0"})];
        let of = |line: &str| asked_for(line, &packages);
        assert!(of("align = { package = \"polyalign-align\", version = \"0.2.0\" }").is_empty());
        assert!(of("align = { package = \"polyalign-align\", path = \"x\" }").is_empty());
        let wanted = ["it names version 0.1.0 of `polyalign-align`, which is \"0.2.0\""];
        assert_eq!(of("align = { package = \"polyalign-align\", version = \"0.1.0\" }"), wanted);
        assert_eq!(of("x = { package = \"polyalign-x\" }"), ["there is no package `polyalign-x`"]);
    }

    #[test]
    fn a_package_takes_in_no_file_from_outside() {
        let quote = "\"";
        let code = format!("const A: &str = include_str!({quote}a.txt{quote}); #[path = {quote}../b.rs{quote}]");
        assert_eq!(includes(&code), ["a.txt", "../b.rs"]);
        let place = Path::new("src/pages/template.rs");
        assert!(is_packaged(place, "assets/layout.html") && is_packaged(place, "../../README.md"));
        assert!(is_packaged(Path::new("build.rs"), "build/revision.rs"));
        assert!(!is_packaged(place, "../../../../Cargo.lock") && !is_packaged(place, "../../tests/golden.txt"));
    }
}
