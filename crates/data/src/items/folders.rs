//! Items that follow from the names of pictures, such as persons that several cameras see.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use files::jobs::Kind;

use super::{
    gathered::{Entries, Gathered, Items, Material},
    recipe::{FOLDER, Field, Named, Recipe, last},
};
use crate::{
    DataError, SplitName,
    texts::{TextProblem, problem},
};

/// Extensions of pictures.
const PICTURES: [&str; 3] = ["jpg", "jpeg", "png"];

/// A picture of a split.
struct Picture {
    /// Path of the file.
    path: String,
    /// Name without its extension.
    stem: String,
    fields: BTreeMap<String, String>,
}

/// Lists the pictures of all folders, ranks the views by their pictures in train, and matches the k-th pictures of what is
/// seen across views.
pub(super) fn gather(
    recipe: &Recipe,
    named: &Named,
    parts: &[String],
    material: Material<'_>,
) -> Result<Gathered, DataError> {
    let mut gathered = Gathered::default();
    let mut pictures: BTreeMap<SplitName, Vec<Vec<Picture>>> = BTreeMap::new();
    for (&split, folders) in &named.folders {
        for folder in folders {
            let path = material.file(folder)?;
            let (found, left_out) = list(named, folder, &path)?;
            for picture in &found {
                let picture = Path::new(&picture.path);
                let name = picture.file_name().unwrap_or_default().to_string_lossy();
                material.check(&format!("{folder}/{name}"), picture)?;
            }
            if left_out > 0 {
                let all = found.len() + left_out;
                gathered.notes.push(format!("{}: {left_out} of {all} pictures of {folder} are left out", split.name()));
            }
            pictures.entry(split).or_default().push(found);
        }
    }
    let values = ranked(named, pictures.get(&SplitName::Train).into_iter().flatten().flatten());
    let views: Vec<&(String, usize)> = parts
        .iter()
        .map(|part| {
            let value = part.parse::<usize>().ok().and_then(|rank| values.get(rank.checked_sub(1)?));
            value.ok_or_else(|| {
                let (view, count) = (&named.view, values.len());
                let detail = format!(
                    "view `of: {part}`: found {count} values of `{view}` in train, expected a number from 1 to {count}"
                );
                problem(material.folder, "", TextProblem::Items { detail })
            })
        })
        .collect::<Result<_, _>>()?;
    let words: Vec<String> =
        parts.iter().zip(&views).map(|(part, (value, count))| format!("{part} is {value} ({count})")).collect();
    gathered.notes.push(format!("{} by pictures in train: {}", named.view, words.join(", ")));
    for (split, folders) in pictures {
        let mut items = Items { ids: Vec::new(), lists: vec![Vec::new(); recipe.lists().count()] };
        let mut entries = vec![Entries::default(); parts.len()];
        for pictures in &folders {
            matched(recipe, named, split, pictures, &views, &mut items, &mut entries)?;
        }
        for (part, entries) in parts.iter().zip(entries) {
            gathered.parts.entry(part.clone()).or_insert((Kind::Pictures, BTreeMap::new())).1.insert(split, entries);
        }
        let mut seen = BTreeSet::new();
        if let Some(id) = items.ids.iter().find(|id| !seen.insert(*id)) {
            let folders = named.folders[&split].join(", ");
            let detail = format!("{}: two pictures are called `{id}` in {folders}; rename one", split.name());
            return Err(problem(material.folder, "", TextProblem::Items { detail }));
        }
        gathered.splits.insert(split, items);
    }
    Ok(gathered)
}

/// The pictures of a folder in the order of their names, and the number of those that are left out.
fn list(named: &Named, folder: &str, path: &Path) -> Result<(Vec<Picture>, usize), DataError> {
    let unreadable = |reason: std::io::Error| {
        problem(path, "", TextProblem::Items { detail: format!("cannot be listed: {reason}") })
    };
    let form = named.name.text();
    let extension = |name: &str| Path::new(name).extension().map(std::ffi::OsStr::to_os_string);
    // Pictures of another extension are named rather than passed over.
    let is_picture = |name: &str| {
        extension(name).is_some_and(|found| PICTURES.iter().any(|known| found.eq_ignore_ascii_case(known)))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if extension(&name) == extension(form) || is_picture(&name) {
            names.push(name);
        }
    }
    names.sort();
    let (mut pictures, mut left_out) = (Vec::new(), 0);
    for name in names {
        let Some(mut fields) = named.name.read(&name) else {
            return Err(problem(path, "", TextProblem::Form { got: name, form: form.to_owned() }));
        };
        if named.leave_out.iter().any(|(field, values)| fields.get(field).is_some_and(|value| values.contains(value))) {
            left_out += 1;
            continue;
        }
        fields.insert(FOLDER.to_owned(), last(folder).to_owned());
        let stem = Path::new(&name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if fields.get(&named.item).is_some_and(|item| named.alone.contains(item)) {
            fields.insert(named.item.clone(), stem.clone());
        }
        pictures.push(Picture { path: path.join(&name).display().to_string(), stem, fields });
    }
    Ok((pictures, left_out))
}

/// Values of the field of views with their numbers of pictures, most pictures first; of two with the same number, the
/// smaller text.
fn ranked<'p>(named: &Named, pictures: impl Iterator<Item = &'p Picture>) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for picture in pictures {
        let value = picture.fields.get(&named.view).cloned().unwrap_or_default();
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// Adds the items of a folder: what is seen in order, and of each as many items as the view with fewest pictures
/// (complete splits) or most pictures has.
fn matched(
    recipe: &Recipe,
    named: &Named,
    split: SplitName,
    pictures: &[Picture],
    views: &[&(String, usize)],
    items: &mut Items,
    entries: &mut [Entries],
) -> Result<(), DataError> {
    let value = |picture: &Picture, field: &str| picture.fields.get(field).cloned().unwrap_or_default();
    let mut seen: BTreeMap<String, Vec<Vec<&Picture>>> = BTreeMap::new();
    for picture in pictures {
        let of = value(picture, &named.view);
        let Some(view) = views.iter().position(|(value, _)| *value == of) else { continue };
        seen.entry(value(picture, &named.item)).or_insert_with(|| vec![Vec::new(); views.len()])[view].push(picture);
    }
    for by_view in seen.values() {
        let counts = by_view.iter().map(Vec::len);
        let count = if named.complete.contains(&split) { counts.min() } else { counts.max() };
        for k in 0..count.unwrap_or_default() {
            let of_views: Vec<Option<&&Picture>> = by_view.iter().map(|pictures| pictures.get(k)).collect();
            let Some(first) = of_views.iter().flatten().next() else { continue };
            let item = items.ids.len();
            items.ids.push(first.stem.clone());
            for (list, (_, Field { name, .. })) in items.lists.iter().zip(recipe.lists()) {
                // Fields that differ between views belong to pictures and not to items.
                let values: BTreeSet<String> = of_views.iter().flatten().map(|picture| value(picture, name)).collect();
                if values.len() != 1 || values.contains("") {
                    let detail = format!(
                        "`{name}` of {} differs between views or is no field; expected one value for an item (item {} of {})",
                        first.stem,
                        list.len() + 1,
                        split.name()
                    );
                    return Err(problem(Path::new(&first.path), "", TextProblem::Items { detail }));
                }
            }
            for (list, (_, field)) in items.lists.iter_mut().zip(recipe.lists()) {
                list.push(field.label(&value(first, &field.name)));
            }
            for (entries, picture) in entries.iter_mut().zip(&of_views) {
                picture.iter().for_each(|picture| entries.push(picture.path.clone(), item));
            }
        }
    }
    Ok(())
}
