//! Folders of `jobs.json`: the work that `runner texts` wrote, with embeddings by encoders.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::import::{Described, Files, Member, NamedMember, Splitting};
use crate::{
    DataError, SplitName,
    pieces::map,
    read,
    texts::{
        TextProblem,
        jobs::{self, View},
        problem,
    },
};

/// A folder of embedded texts as a request to import.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// Name of the data set.
    pub name: String,
    /// Files of each split.
    pub splitting: Splitting,
    /// Title, licence, source and encoders.
    pub described: Described,
    /// Views that were left out.
    pub without: Vec<String>,
    /// Whether a view has only some of the items, so that the import must allow missing ones.
    pub incomplete: bool,
}

/// The views of a folder that have embeddings, with labels, groups and ids. A view without embeddings is an error, or,
/// with `skip_missing`, left out and named in the title. Embeddings that were not made by a run of `embed` are used,
/// and described as of unknown making.
///
/// # Errors
/// No `jobs.json`; a view without embeddings; embeddings that cannot be read.
pub fn embedded(folder: &Path, skip_missing: bool) -> Result<Embedded, DataError> {
    let jobs = jobs::read(folder)?;
    let mut views: Vec<&View> = Vec::new();
    let mut without = Vec::new();
    let mut encoders = BTreeMap::new();
    for view in &jobs.views {
        let file = folder.join(&view.out);
        if !file.exists() {
            if !skip_missing {
                return Err(not_embedded(folder, view));
            }
            without.push(view.name.clone());
            continue;
        }
        let metadata = read::safetensors_metadata(&file, map::open(&file)?.bytes())?;
        let encoder = match metadata.get(MADE_BY) {
            Some(runs) => view.encoding() + &devices(runs),
            None => format!("unknown: supplied as {}, in place of {}", view.out, view.encoder),
        };
        encoders.insert(view.name.clone(), encoder);
        views.push(view);
    }
    let named = |name: &str, file: &str, tensor: &str| NamedMember {
        name: name.to_owned(),
        member: Member { file: folder.join(file), tensor: Some(tensor.to_owned()) },
    };
    let incomplete = views.iter().any(|view| !view.ids.is_empty());
    let files = |split: SplitName, items: &str| Files {
        views: views.iter().map(|view| named(&view.name, &view.out, split.name())).collect(),
        labels: jobs.labels.iter().map(|name| named(name, items, name)).collect(),
        groups: jobs.groups.iter().map(|name| named(name, items, name)).collect(),
        ids: match incomplete {
            // Rows are joined by ids: every list has its own.
            true => {
                let lists = jobs.labels.iter().chain(&jobs.groups).map(|name| named(name, items, jobs::ID));
                let of_view = |view: &&View| {
                    let table = view.ids.get(&split).map_or(items, String::as_str);
                    named(&view.name, table, jobs::ID)
                };
                views.iter().map(of_view).chain(lists).collect()
            }
            false => vec![NamedMember { name: String::new(), member: named(jobs::ID, items, jobs::ID).member }],
        },
    };
    let splits = jobs.splits.iter().map(|(&split, of_split)| (split, files(split, &of_split.items))).collect();
    let left_out = if without.is_empty() { String::new() } else { format!(", without {}", without.join(", ")) };
    let described = Described {
        title: Some(format!("{}{left_out}", jobs.title)),
        licence: Some(jobs.licence),
        source: Some(jobs.source),
        encoders,
    };
    Ok(Embedded { name: jobs.name, splitting: Splitting::Given(splits), described, without, incomplete })
}

/// Key of a result's metadata that describes the runs that made its tensors.
const MADE_BY: &str = "embed";

/// The devices that runs computed on, for a manifest. A run without a device computed on the CPU, which is not mentioned.
fn devices(runs: &str) -> String {
    let runs: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(runs).unwrap_or_default();
    let devices: BTreeSet<&str> = runs.values().filter_map(|run| run.get("device")).map(String::as_str).collect();
    match devices.is_empty() {
        true => String::new(),
        false => format!(", on {}", devices.into_iter().collect::<Vec<_>>().join(" and ")),
    }
}

fn not_embedded(folder: &Path, view: &View) -> DataError {
    let texts: Vec<&str> = view.inputs.values().map(String::as_str).collect();
    let not_embedded =
        TextProblem::NotEmbedded { view: view.name.clone(), file: view.out.clone(), texts: texts.join(" and ") };
    problem(&folder.join(jobs::FILE), "", not_embedded)
}
