//! A model's folder in the layout of the hub.

pub(crate) mod config;
mod pickled;
pub(crate) mod weights;

use std::{fs, path::Path};

use files::checksum;

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
