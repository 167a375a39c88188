//! A model's folder in the layout of the hub.

pub(crate) mod config;
mod pickled;
pub(crate) mod weights;

use std::{
    fs,
    path::{Path, PathBuf},
};

use files::{
    checksum,
    hub::{self, HubCache},
};

use crate::{EmbedError, folder::config::Config, input};

const CONFIG: &str = "config.json";
/// File of the weights, if they are in one file.
pub(crate) const WHOLE: &str = "model.safetensors";
/// Index of the weights, if they are in several files: the file of each tensor.
pub(crate) const INDEX: &str = "model.safetensors.index.json";
/// File of the weights in older repositories.
pub(crate) const PICKLED: &str = "pytorch_model.bin";

/// Checks that the folder exists and is a folder.
pub(crate) fn check(folder: &Path) -> Result<(), EmbedError> {
    if folder.is_dir() {
        return Ok(());
    }
    Err(EmbedError::Missing {
        folder: folder.to_owned(),
        wanted: "the model's folder".into(),
        advice: format!("expected a folder with `{CONFIG}`, `{WHOLE}` and, for text, `tokenizer.json`"),
    })
}

/// The folder of a model: the folder with this name, else the snapshot of `owner/name` or `owner/name@revision` in the
/// cache of the hub's own programs, whose place is that of [`HubCache::from_env`]. The files of a snapshot that an encoder
/// may read are verified by the names of their blobs.
///
/// # Errors
/// Neither exists; a file of the snapshot is missing or damaged.
pub fn model_folder(name: &Path) -> Result<PathBuf, EmbedError> {
    let (id, revision) = match name.to_str().map(|text| text.split_once('@').ok_or(text)) {
        Some(Ok((id, revision))) => (id, Some(revision)),
        Some(Err(id)) => (id, None),
        None => ("", None),
    };
    // The encoder describes a path that is there, or that cannot be an id, as it describes every folder.
    if name.exists() || !hub::is_repository(id) {
        return Ok(name.to_owned());
    }
    let absent = |reason: String| EmbedError::Missing {
        folder: std::path::absolute(name).unwrap_or_else(|_| name.to_owned()),
        wanted: "the model's folder".into(),
        advice: format!(
            "nor is an encoder of this name in the hub's cache: {reason}; expected a folder with `{CONFIG}` and \
             `{WHOLE}`, or `owner/name@revision` of an encoder that `hf download {id}` has put into the hub's cache (set \
             HF_HUB_CACHE or HF_HOME if it is elsewhere)"
        ),
    };
    let Some(cache) = HubCache::from_env() else {
        return Err(absent("this user has no home folder".into()));
    };
    let snapshot = cache.snapshot(id, revision).map_err(|reason| absent(reason.to_string()))?;
    let files = snapshot.files().map_err(|reason| EmbedError::read(snapshot.folder(), reason))?;
    for file in files.iter().filter(|file| counts(file)) {
        snapshot.check(file).map_err(|damage| EmbedError::Cached { path: damage.path, problem: damage.problem })?;
    }
    Ok(snapshot.folder().to_owned())
}

/// The `config.json` of the folder.
pub(crate) fn config(folder: &Path) -> Result<Config, EmbedError> {
    Config::read(&folder.join(CONFIG))?.ok_or_else(|| EmbedError::Missing {
        folder: folder.to_owned(),
        wanted: format!("`{CONFIG}`"),
        advice: "it says which architecture this is; copy it from where the weights come from".into(),
    })
}

/// Checksum of all files in the folder, and one level below it, that an encoder may read: settings, vocabularies,
/// weights.
///
/// # Errors
/// A file or folder cannot be read.
pub fn fingerprint(folder: &Path) -> Result<String, EmbedError> {
    check(folder)?;
    let mut names = Vec::new();
    list(folder, "", &mut names)?;
    names.sort();
    let mut digest = checksum::Combined::default();
    for name in &names {
        digest.add(name);
        digest.add(&input::sha256_file(&folder.join(name))?);
    }
    Ok(digest.finish())
}

fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), EmbedError> {
    let entries = fs::read_dir(folder).map_err(|error| EmbedError::read(folder, error))?;
    for entry in entries {
        let path = entry.map_err(|error| EmbedError::read(folder, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let shown = format!("{prefix}{name}");
        if path.is_dir() && prefix.is_empty() && !name.starts_with('.') {
            list(&path, &format!("{name}/"), names)?;
        } else if path.is_file() && counts(name) {
            names.push(shown);
        }
    }
    Ok(())
}

fn counts(name: &str) -> bool {
    let settings = [".json", ".txt", ".safetensors"].iter().any(|end| name.ends_with(end));
    settings || [INDEX, PICKLED].contains(&name)
}
