//! A manifest and its items before they are checked: existing files are not touched until then.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use crate::{
    DataError, Manifest, Warning,
    load::load,
    manifest::{entry::ManifestEntry, tidy},
    write,
};

/// The file of items under a temporary name; it is removed unless it gets its own name.
pub(super) struct Staged(files::Staged);

impl Staged {
    pub(super) fn beside(items: &Path) -> Self {
        let name = items.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let part = items.with_file_name(format!(".{}.{name}", std::process::id()));
        Self(files::Staged::named(items, part))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.part()
    }

    /// Loads the manifest's content like a run. `moved` are files by their names in the manifest, each with its current
    /// path. Returns the manifest's text and the warnings about the data.
    pub(super) fn sound(
        &self,
        file: &Path,
        entry: &ManifestEntry,
        moved: &[(PathBuf, PathBuf)],
    ) -> Result<(String, Vec<Warning>), DataError> {
        let text = write::yaml_text(file, entry)?;
        let mut manifest = Manifest::parse(file, &text).map_err(|e| e.without(file))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for (named, now) in moved {
            let named = tidy(&folder.join(named));
            for part in manifest.sources_mut().flat_map(|source| source.parts.values_mut()) {
                if part.file == named {
                    part.file.clone_from(now);
                }
            }
        }
        if let Some(queries) = &mut manifest.roles.queries {
            let of = &mut queries.judgements.file;
            if let Some((_, now)) = moved.iter().find(|(named, _)| tidy(&folder.join(named)) == *of) {
                of.clone_from(now);
            }
        }
        // The manifest does not exist yet, so no message may refer to one of its lines.
        let warnings = load(&manifest).map_err(|e| e.without(file))?.warnings;
        Ok((text, warnings))
    }

    /// Moves the file to its place.
    pub(super) fn put(self, file: &Path) -> Result<(), DataError> {
        self.0.publish().map_err(|reason| DataError::unwritable(file, reason))?;
        Ok(())
    }

    /// Moves items, if there are any, and manifest to their places; the manifest is last.
    pub(super) fn publish(self, file: &Path, text: &str, items: Option<&Path>) -> Result<(), DataError> {
        let unwritable = |reason| DataError::unwritable(file, reason);
        let mut part = files::Part::create(file).map_err(unwritable)?;
        part.write_all(text.as_bytes()).map_err(unwritable)?;
        if let Some(items) = items {
            self.0.publish().map_err(|reason| DataError::unwritable(items, reason))?;
        }
        part.finish().map_err(unwritable)?;
        Ok(())
    }
}
