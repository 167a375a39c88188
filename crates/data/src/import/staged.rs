//! A manifest and its items before they are known to be sound: nothing that is there is touched until then.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use crate::{
    DataError, Manifest, Warning,
    entry::ManifestEntry,
    load::load,
    manifest::tidy,
    whole::{Part, unwritable},
    write,
};

/// The items' file under another name, removed unless it gets its own.
pub(super) struct Staged(PathBuf);

impl Staged {
    pub(super) fn beside(items: &Path) -> Self {
        let name = items.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self(items.with_file_name(format!(".{}.{name}", std::process::id())))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Loads what the manifest says as a run would, the items from where they are now, and if that is sound puts items and
    /// manifest in their places, the latter last. `named` is what the manifest calls the items, `items` where they belong,
    /// if there are any. Returns what is odd about the data.
    pub(super) fn publish(
        self,
        file: &Path,
        entry: &ManifestEntry,
        named: &Path,
        items: Option<&Path>,
    ) -> Result<Vec<Warning>, DataError> {
        let text = write::yaml_text(file, entry)?;
        let mut manifest = Manifest::parse(file, &text).map_err(|e| e.without(file))?;
        let named = tidy(&file.parent().unwrap_or(Path::new("")).join(named));
        for part in manifest.sources_mut().flat_map(|source| source.parts.values_mut()) {
            if part.file == named {
                part.file.clone_from(&self.0);
            }
        }
        // The manifest is not there yet, so no message may send anyone to a line of it.
        let warnings = load(&manifest).map_err(|e| e.without(file))?.warnings;
        let mut part = Part::create(file)?;
        part.write_all(text.as_bytes()).map_err(|reason| unwritable(file, reason))?;
        if let Some(items) = items {
            fs::rename(&self.0, items).map_err(|reason| unwritable(items, reason))?;
        }
        part.finish()?;
        Ok(warnings)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What was put in its place is no longer here.
        let _ = fs::remove_file(&self.0);
    }
}
