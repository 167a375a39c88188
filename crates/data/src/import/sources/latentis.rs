//! The folder tree of latentis and of the authors' scripts:
//! `<data set>/encodings/<encoder with / as ->/<split>/vectors/data.h5`, `mapping.tsv` beside it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::import::{Files, ImportProblem, Member, NamedMember, Splitting};
use crate::{DataError, FileProblem, Place, SplitName, read};

/// The encoders of a data set's folder as views, its splits as splits.
///
/// # Errors
/// A folder without encodings; an encoder that lacks a split; encoders whose items are not in one order.
pub fn latentis(dir: &Path) -> Result<Splitting, DataError> {
    let root = if dir.join("encodings").is_dir() { dir.join("encodings") } else { dir.to_owned() };
    let mut splits: BTreeMap<SplitName, Files> = BTreeMap::new();
    let mut keys: BTreeMap<SplitName, (PathBuf, Vec<String>)> = BTreeMap::new();
    let encoders = folders(&root)?;
    for encoder in &encoders {
        for folder in folders(encoder)? {
            let Some(split) = split_of(&folder) else { continue };
            let vectors = folder.join("vectors");
            let (data, mapping) = (vectors.join("data.h5"), vectors.join("mapping.tsv"));
            if !data.exists() {
                return Err(DataError::file(data, FileProblem::NotFound));
            }
            if mapping.exists() {
                let found = order(&mapping)?;
                match keys.get(&split) {
                    None => drop(keys.insert(split, (mapping, found))),
                    Some((first, want)) => same_order(first, want, &mapping, &found)?,
                }
            }
            let member = Member { file: data, tensor: None };
            let name = encoder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            splits.entry(split).or_default().views.push(NamedMember { name, member });
        }
    }
    if splits.is_empty() {
        return Err(DataError::file(root, FileProblem::NoEncodings));
    }
    Ok(Splitting::Given(splits))
}

fn split_of(folder: &Path) -> Option<SplitName> {
    match folder.file_name()?.to_str()? {
        "train" => Some(SplitName::Train),
        "validation" | "val" | "dev" => Some(SplitName::Validation),
        "test" => Some(SplitName::Test),
        _ => None,
    }
}

/// The folders in a folder, sorted.
fn folders(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let unreadable = |reason| DataError::file(dir, read::why_unreadable(reason));
    let mut folders = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// Keys of the items by row, from lines of a key and its row below a header line.
fn order(mapping: &Path) -> Result<Vec<String>, DataError> {
    let invalid = |detail: String| DataError::file(mapping, FileProblem::Header { format: "mapping", detail });
    let bytes = read::bytes(mapping)?;
    let text = str::from_utf8(read::without_mark(&bytes)).map_err(|e| invalid(e.to_string()))?;
    let mut keys: BTreeMap<usize, String> = BTreeMap::new();
    for (number, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty()) {
        let parsed = line.rsplit_once('\t').and_then(|(key, row)| Some((key, row.trim().parse::<usize>().ok()?)));
        let Some((key, row)) = parsed else {
            return Err(invalid(format!(
                "line {}: found `{line}`, expected a key, a tab and a row number",
                number + 1
            )));
        };
        keys.insert(row, key.to_owned());
    }
    Ok(keys.into_values().collect())
}

fn same_order(first: &Path, want: &[String], mapping: &Path, found: &[String]) -> Result<(), DataError> {
    let place = Place { file: mapping.to_owned(), line_col: None, key: String::new() };
    let differ = want.iter().zip(found).position(|(a, b)| a != b);
    let row = match differ {
        Some(row) => row,
        None if want.len() == found.len() => return Ok(()),
        None => want.len().min(found.len()),
    };
    let at = |keys: &[String]| keys.get(row).map_or_else(|| "nothing".to_owned(), |key| format!("`{key}`"));
    let problem = ImportProblem::Order { row, got: at(found), want: at(want), first: first.to_owned() };
    Err(DataError::import(&place, problem))
}
