//! Manifests by name: the catalogue, and the meaning of a grid's `data:`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{DataError, FileProblem, Manifest, YamlProblem, manifest::tidy, messages::words::quoted, nearest};

/// Result of a search for a manifest by name or path.
#[derive(Clone, Debug)]
pub enum Found {
    /// A correct manifest. Its files may be missing: see [`Manifest::missing_files`].
    Manifest(Box<Manifest>),
    /// The manifest does not exist.
    Absent(Absent),
}

/// A manifest that does not exist, with suggestions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Absent {
    /// The name or path given.
    pub wanted: String,
    /// The missing file, if a path was given.
    pub path: Option<PathBuf>,
    /// The most similar name in the catalogue.
    pub nearest: Option<String>,
    /// All names in the catalogue.
    pub known: Vec<String>,
    /// The catalogue's folder.
    pub catalogue: PathBuf,
}

impl Absent {
    /// The absence as a problem, if it is an error.
    pub fn problem(&self) -> YamlProblem {
        let names = match self.known.as_slice() {
            [] => format!("{} holds no manifests", self.catalogue.display()),
            known => format!("the names known here are {}", quoted(known)),
        };
        match &self.path {
            Some(path) => {
                let guess =
                    self.nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or(";".to_owned());
                let path = path.display();
                let detail =
                    format!("no such file `{path}`{guess} expected the path of a manifest, or a name ({names})");
                YamlProblem::Invalid { detail }
            }
            None if self.known.is_empty() => {
                let wanted = &self.wanted;
                let detail = format!(
                    "no data set `{wanted}` ({names}); expected the path of a manifest, such as `{wanted}.yaml`"
                );
                YamlProblem::Invalid { detail }
            }
            None => YamlProblem::Unknown {
                kind: "data set",
                name: self.wanted.clone(),
                nearest: self.nearest.clone(),
                known: self.known.clone(),
            },
        }
    }
}

/// The names of the manifests in a folder, sorted. A folder that does not exist has none.
///
/// # Errors
/// The folder exists but cannot be listed.
pub fn catalogue(dir: &Path) -> Result<Vec<String>, DataError> {
    let unreadable = |reason| DataError::file(dir, FileProblem::Unreadable { reason });
    let mut names = Vec::new();
    match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(names),
        Err(e) => return Err(unreadable(e)),
        Ok(entries) => {
            for entry in entries {
                let path = entry.map_err(unreadable)?.path();
                if path.extension().is_some_and(|e| e == "yaml")
                    && let Some(name) = path.file_stem().and_then(|s| s.to_str())
                {
                    names.push(name.to_owned());
                }
            }
        }
    }
    names.sort();
    Ok(names)
}

/// The manifest of a grid's `data:`: a name in the catalogue, or, with a slash or the extension `.yaml` or `.yml`, a
/// path relative to `relative_to`, the grid file's folder.
///
/// # Errors
/// The manifest exists but has errors.
pub fn find(name_or_path: &str, relative_to: &Path, manifests_dir: &Path) -> Result<Found, DataError> {
    let is_path = name_or_path.contains(['/', '\\']) || [".yaml", ".yml"].iter().any(|end| name_or_path.ends_with(end));
    let path = match is_path {
        true => tidy(&relative_to.join(name_or_path)),
        false => manifests_dir.join(format!("{name_or_path}.yaml")),
    };
    if !path.exists() {
        let known = catalogue(manifests_dir)?;
        let stem = Path::new(name_or_path).file_stem().and_then(|s| s.to_str()).unwrap_or(name_or_path);
        let nearest = nearest(stem, known.iter().map(String::as_str)).map(str::to_owned);
        let (wanted, catalogue) = (name_or_path.to_owned(), manifests_dir.to_owned());
        return Ok(Found::Absent(Absent { wanted, path: is_path.then_some(path), nearest, known, catalogue }));
    }
    let manifest = if is_path { Manifest::read(&path)? } else { Manifest::read_named(&path, name_or_path)? };
    Ok(Found::Manifest(Box::new(manifest)))
}
