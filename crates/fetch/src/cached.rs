//! Encoders in the cache of the hub's own programs: found there, verified and used where they are.

use std::{collections::BTreeSet, fs};

use files::hub::{NotCached, Snapshot};
use serde_json::Value;

use crate::{
    FetchError, Fetched, Options,
    hub::{self, repository::Hub},
    needed,
    record::Record,
    run::Run,
};

/// What the hub's cache has of an encoder.
pub(crate) enum Lookup {
    /// All files that are needed, verified.
    Found(Found),
    /// Nothing, for this reason.
    Absent(String),
    /// A copy that cannot be used, for this reason.
    Unusable(String),
}

/// A verified encoder in the hub's cache.
pub(crate) struct Found {
    pub(crate) snapshot: Snapshot,
    /// The files that are needed, and their records.
    needed: Vec<(String, Record)>,
    /// Whether the hub's own list says which files are needed.
    is_compared: bool,
}

impl Found {
    /// The files by their paths, if the hub has listed them, with the key of the list.
    pub(crate) fn listed<'a>(&self, key: &'a str) -> Option<(&'a str, Vec<String>)> {
        self.is_compared.then(|| (key, self.needed.iter().map(|(path, _)| path.clone()).collect()))
    }

    pub(crate) fn records(&self) -> Vec<(String, Record)> {
        self.needed.clone()
    }

    pub(crate) fn files(self) -> Vec<Fetched> {
        let folder = self.snapshot.folder();
        self.needed.into_iter().map(|(path, record)| Fetched::of(folder.join(path), record, false)).collect()
    }
}

/// Looks for an encoder in the hub's cache and verifies its files. `listed` are the files that it needs, if they are
/// known; otherwise the hub is asked for them, or offline the files that are there decide.
///
/// # Errors
/// The hub's answer is not a list of files of an encoder.
pub(crate) fn find(
    run: &Run<'_>,
    options: &Options,
    hub: &Hub,
    listed: Option<&[String]>,
) -> Result<Lookup, FetchError> {
    let Some(cache) = &options.hub_cache else {
        return Ok(Lookup::Absent("this user has no home folder; set HF_HUB_CACHE".to_owned()));
    };
    let snapshot = match cache.snapshot(&hub.repository, Some(&run.revision(hub))) {
        Ok(snapshot) => snapshot,
        Err(reason @ NotCached::Repository { .. }) => return Ok(Lookup::Absent(reason.to_string())),
        Err(reason) => return Ok(Lookup::Unusable(reason.to_string())),
    };
    let place = snapshot.folder().display();
    let there = match snapshot.files() {
        Ok(there) => there,
        Err(reason) => return Ok(Lookup::Unusable(format!("{place}: cannot be read: {reason}"))),
    };
    let listed = match listed {
        Some(listed) => Some(listed.to_vec()),
        None if options.offline => None,
        None => match needed::listed(run, options, hub, snapshot.commit()) {
            Ok(listed) => Some(listed),
            Err(error) => {
                (options.say)(&format!(
                    "{}: it is not known whether the copy in the hub's cache is complete: {error}",
                    hub.repository
                ));
                None
            }
        },
    };
    let is_compared = listed.is_some();
    let paths = match listed.map_or_else(|| of_folder(&snapshot, &there), Ok) {
        Ok(paths) => paths,
        Err(reason) => return Ok(Lookup::Unusable(format!("{place}: {reason}"))),
    };
    let lacks: Vec<&str> = paths.iter().filter(|path| !there.contains(path)).map(String::as_str).collect();
    if !lacks.is_empty() {
        return Ok(Lookup::Unusable(format!("{place} has no {}", lacks.join(", "))));
    }
    let mut needed = Vec::new();
    for path in paths {
        let checked = match snapshot.check(&path) {
            Ok(checked) => checked,
            Err(damage) => return Ok(Lookup::Unusable(damage.to_string())),
        };
        if let Some(known) = run.records.file(&path).filter(|known| known.sha256 != checked.sha256) {
            let (found, wanted) = (checked.sha256, &known.sha256);
            let reason = format!("{place}/{path}: SHA-256 is {found}, expected {wanted} as fetched.json says");
            return Ok(Lookup::Unusable(reason));
        }
        let url = hub::shown(&options.endpoint.file(hub, snapshot.commit(), &path));
        let revision = Some(snapshot.commit().to_owned());
        needed.push((path, Record { url, revision, sha256: checked.sha256, size: checked.size }));
    }
    Ok(Lookup::Found(Found { snapshot, needed, is_compared }))
}

/// The files that an encoder needs, as far as those of the snapshot tell.
fn of_folder(snapshot: &Snapshot, there: &[String]) -> Result<Vec<String>, String> {
    let mut paths = needed::choose(there).map_err(|reason| reason.replace("the repository", "the snapshot"))?;
    let indices: Vec<String> = paths.iter().filter(|path| path.ends_with(".index.json")).cloned().collect();
    for index in indices {
        let cannot = |reason: String| format!("{index} cannot be read: {reason}");
        let bytes = fs::read(snapshot.folder().join(&index)).map_err(|e| cannot(e.to_string()))?;
        let index: Value = serde_json::from_slice(&bytes).map_err(|e| cannot(e.to_string()))?;
        let parts = index["weight_map"].as_object().into_iter().flat_map(|map| map.values()).filter_map(Value::as_str);
        let parts: BTreeSet<&str> = parts.collect();
        paths.extend(
            parts
                .into_iter()
                .filter(|part| !paths.iter().any(|path| path == part))
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        );
    }
    Ok(paths)
}
