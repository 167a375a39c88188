//! Items that are the lines of lists, such as pictures with captions and recordings.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

use super::{
    gathered::{Entries, Gathered, Items, Material},
    pattern::Pattern,
    recipe::{Content, ID, Recipe},
};
use crate::{
    DataError, SplitName,
    texts::{TextProblem, problem},
};

/// The field of a line that is a text.
const TEXT: &str = "text";

/// Reads the lists, and finds the inputs of every part. Items without an input in one of the parts are left out.
pub(super) fn gather(
    recipe: &Recipe,
    lists: &BTreeMap<SplitName, String>,
    parts: &[String],
    material: Material<'_>,
) -> Result<Gathered, DataError> {
    let mut gathered = Gathered::default();
    let contents: Vec<(&String, &Content)> = parts.iter().filter_map(|part| recipe.parts.get_key_value(part)).collect();
    let lines: Vec<Option<Inputs>> =
        contents.iter().map(|(_, content)| inputs(content, material)).collect::<Result<_, _>>()?;
    for (&split, list) in lists {
        let path = material.file(list)?;
        let mut seen = HashSet::new();
        let mut items = Items::default();
        let mut entries = vec![Entries::default(); contents.len()];
        let mut lacking: Vec<Vec<String>> = vec![Vec::new(); contents.len()];
        for (number, id) in text(&path)?.lines().map(str::trim).enumerate().filter(|(_, id)| !id.is_empty()) {
            if !seen.insert(id.to_owned()) {
                let detail =
                    format!("line {} has `{id}` again; an item is listed once, so remove the line", number + 1);
                return Err(problem(&path, "", TextProblem::Items { detail }));
            }
            let of_item: Vec<Vec<String>> = contents
                .iter()
                .zip(&lines)
                .map(|((_, content), lines)| match lines {
                    Some(lines) => Ok(lines.get(id).cloned().unwrap_or_default()),
                    None => own_file(content, id, material),
                })
                .collect::<Result<_, DataError>>()?;
            let without: Vec<usize> = (0..contents.len()).filter(|&part| of_item[part].is_empty()).collect();
            without.iter().for_each(|&part| lacking[part].push(id.to_owned()));
            if !without.is_empty() {
                continue;
            }
            let item = items.ids.len();
            items.ids.push(id.to_owned());
            for (entries, inputs) in entries.iter_mut().zip(of_item) {
                inputs.into_iter().for_each(|input| entries.push(input, item));
            }
        }
        for ((part, _), lacking) in contents.iter().zip(&lacking) {
            if let Some(first) = lacking.first() {
                let count = lacking.len();
                let note = format!(
                    "{}: {count} items have no {part}, the first is `{first}`; they are left out",
                    split.name()
                );
                gathered.notes.push(note);
            }
        }
        items.lists = recipe.lists().map(|(_, field)| items.ids.iter().map(|id| field.label(id)).collect()).collect();
        for ((part, content), entries) in contents.iter().zip(entries) {
            let entry = gathered.parts.entry((*part).clone()).or_insert((content.kind, BTreeMap::new()));
            entry.1.insert(split, entries);
        }
        gathered.splits.insert(split, items);
    }
    Ok(gathered)
}

/// Inputs of each item.
type Inputs = HashMap<String, Vec<String>>;

/// The inputs that the lines of a file give; `None` for a part without lines.
fn inputs(content: &Content, material: Material<'_>) -> Result<Option<Inputs>, DataError> {
    let (Some(lines), Some(form)) = (&content.lines, &content.form) else { return Ok(None) };
    let path = material.file(lines)?;
    let mut inputs = Inputs::new();
    for (number, line) in text(&path)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = || {
            let (got, form) = (line.to_owned(), form.text().to_owned());
            problem(&path, &format!("line {}", number + 1), TextProblem::Form { got, form })
        };
        let mut fields = form.read(line).ok_or_else(wrong)?;
        let id = fields.get(ID).cloned().ok_or_else(wrong)?;
        let input = match &content.files {
            Some(files) => file(files, &fields, material)?,
            None => fields.remove(TEXT).filter(|text| !text.trim().is_empty()).ok_or_else(wrong)?,
        };
        inputs.entry(id).or_default().push(input);
    }
    Ok(Some(inputs))
}

/// The one file of an item.
fn own_file(content: &Content, id: &str, material: Material<'_>) -> Result<Vec<String>, DataError> {
    let Some(files) = &content.files else { return Ok(Vec::new()) };
    let fields = BTreeMap::from([(ID.to_owned(), id.to_owned())]);
    Ok(vec![file(files, &fields, material)?])
}

/// The file of an input, which must be there.
fn file(files: &Pattern, fields: &BTreeMap<String, String>, material: Material<'_>) -> Result<String, DataError> {
    let name = files.fill(fields).unwrap_or_default();
    let plain = Path::new(&name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if !plain {
        let detail = format!("found the file `{name}`, expected a path that stays in the folder; correct the list");
        return Err(problem(material.folder, "", TextProblem::Items { detail }));
    }
    Ok(material.file(&name)?.display().to_string())
}

/// The text of a file.
fn text(path: &Path) -> Result<String, DataError> {
    let bytes = crate::read::bytes(path)?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|error| {
        problem(
            path,
            "",
            TextProblem::Items { detail: format!("found bytes that are not UTF-8 ({error}); convert the file") },
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
