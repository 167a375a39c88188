//! Checks of recipes for texts: their views and files must be those of the source file.

use std::path::PathBuf;

use data::{
    texts::{OF, Recipe},
    yaml::Located,
};

use crate::{
    FetchError, Options, cache,
    hub::repository::is_plain,
    source::{Modality, Origin, Source, View},
};

/// Checks that the recipe is consistent, that its tables are among the downloaded files, and that the parts of the
/// views can be names of files.
pub(crate) fn check(file: &Located<()>, recipe: &Recipe, views: &[View], origins: &[Origin]) -> Result<(), FetchError> {
    let wrong = |key: &str, message: String| {
        let key = if key.is_empty() { "texts".to_owned() } else { format!("texts.{key}") };
        Err(FetchError::from(file.error(&key, message)))
    };
    if let Some((key, message)) = recipe.problem() {
        return wrong(&key, message);
    }
    let fetched = paths(origins);
    for (i, view) in views.iter().enumerate() {
        let key = format!("views[{i}]");
        if view.modality != Modality::Text {
            let message = "found another modality than `text`; expected `text`, because this source has `texts`";
            return Err(file.error(&format!("{key}.modality"), message).into());
        }
        for (part, name) in [("name", &view.name), ("of", &view.of)] {
            if !is_plain(name) {
                let message = format!("`{name}` names a file; expected letters, digits, `.`, `_` and `-`");
                return Err(file.error(&format!("{key}.{part}"), message).into());
            }
        }
        for (key, table) in recipe.tables() {
            let name = table.replace(OF, &view.of);
            if !fetched.contains(&name.as_str()) {
                return wrong(
                    &key,
                    format!("`{name}` is not among the files that are fetched; list it under `sources`"),
                );
            }
        }
    }
    Ok(())
}

/// Checks that the dictionaries of the views are among the downloaded files.
pub(crate) fn check_dictionaries(file: &Located<()>, views: &[View], origins: &[Origin]) -> Result<(), FetchError> {
    let fetched = paths(origins);
    for (i, view) in views.iter().enumerate() {
        let Some(name) = &view.dictionary else { continue };
        if !fetched.contains(&name.as_str()) {
            let message = format!("`{name}` is not among the files that are fetched; list it under `sources`");
            return Err(file.error(&format!("views[{i}].dictionary"), message).into());
        }
    }
    Ok(())
}

/// Paths of the downloaded files, some with a `*`.
fn paths(origins: &[Origin]) -> Vec<&str> {
    let of = origins.iter().flat_map(|origin| match origin {
        Origin::Hub { files, .. } => files.iter().map(|file| file.path.as_str()).collect(),
        Origin::Web { file, .. } => vec![file.as_str()],
    });
    of.collect()
}

impl Source {
    /// Parts of the material that the views see, each once, in the order of the views.
    pub fn parts(&self) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for view in &self.views {
            if !parts.contains(&view.of) {
                parts.push(view.of.clone());
            }
        }
        parts
    }

    /// Folder of the source's texts and embeddings in the cache.
    pub fn embedded_in(&self, options: &Options) -> PathBuf {
        options.cache.join(cache::EMBEDDED).join(&self.name)
    }
}
