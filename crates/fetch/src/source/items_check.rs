//! Checks of recipes for items: their views must be those of the source file.

use data::{items::Recipe, yaml::Located};
use files::jobs::Kind;

use crate::{
    FetchError, cache,
    hub::repository::is_plain,
    source::{Modality, View},
};

/// Checks that the recipe is consistent, that no path leaves the source's folder, that every view sees a part of its own
/// modality, that the names of views can be names of files, and that there is a seed if something is drawn.
pub(crate) fn check(file: &Located<()>, recipe: &Recipe, views: &[View], seed: Option<u64>) -> Result<(), FetchError> {
    let wrong = |key: &str, message: String| Err(FetchError::from(file.error(key, message)));
    if let Some((key, message)) = recipe.problem() {
        return wrong(&format!("items.{key}"), message);
    }
    for (key, path) in recipe.paths() {
        if let Some(reason) = cache::refused(path) {
            return wrong(
                &format!("items.{key}"),
                format!("`{path}` {reason}; expected a path below the source's folder"),
            );
        }
    }
    let drawn = recipe.hold_out.is_some() || views.iter().any(|view| view.corrupt.is_some());
    if drawn && seed.is_none() {
        return wrong("splits", "`seed` is missing; validation items and edge maps are drawn by it".to_owned());
    }
    for (i, view) in views.iter().enumerate() {
        let key = format!("views[{i}]");
        if !is_plain(&view.name) {
            let message = format!("`{}` names a file; expected letters, digits, `.`, `_` and `-`", view.name);
            return wrong(&format!("{key}.name"), message);
        }
        let kind = match (recipe.parts.get(&view.of), recipe.parts.is_empty()) {
            (Some(content), _) => content.kind,
            (None, true) if view.of.parse::<usize>().is_ok_and(|rank| rank > 0) => Kind::Pictures,
            (None, true) => {
                let message = format!("found `{}`, expected the rank of the view by its pictures: 1, 2, ...", view.of);
                return wrong(&format!("{key}.of"), message);
            }
            (None, false) => {
                let known: Vec<String> = recipe.parts.keys().map(|part| format!("`{part}`")).collect();
                let message = format!("found `{}`, expected a part of `items`: {}", view.of, known.join(", "));
                return wrong(&format!("{key}.of"), message);
            }
        };
        let modality = match kind {
            Kind::Pictures => Modality::Image,
            Kind::Sounds => Modality::Audio,
            _ => Modality::Text,
        };
        if view.modality != modality {
            let message = format!("found another modality than that of the part `{}` in `items`", view.of);
            return wrong(&format!("{key}.modality"), message);
        }
    }
    Ok(())
}
