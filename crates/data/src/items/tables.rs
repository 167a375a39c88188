//! Items that are the rows of tables, such as pictures with labels on the hub.

use std::{collections::BTreeMap, fs, path::Path};

use files::jobs::Kind;

use super::{
    gathered::{Entries, Gathered, Items, Material, slug},
    recipe::{Field, Recipe},
};
use crate::{
    DataError, SplitName, read,
    texts::{TextProblem, problem},
};

/// First bytes of a picture, and the extension of its file.
const PICTURES: [(&[u8], &str); 2] = [(b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg")];

/// Reads labels and texts, and writes the pictures as files.
pub(super) fn gather(
    recipe: &Recipe,
    tables: &BTreeMap<SplitName, String>,
    parts: &[String],
    material: Material<'_>,
) -> Result<Gathered, DataError> {
    let mut gathered = Gathered::default();
    for (&split, name) in tables {
        let path = material.file(name)?;
        let bytes = read::bytes(&path)?;
        let fields: Vec<&str> = recipe.lists().map(|(_, field)| field.name.as_str()).collect();
        let columns = match fields.as_slice() {
            [] => Vec::new(),
            fields => read::text_columns(&path, &bytes, fields)?,
        };
        let label = |(column, (_, field)): (Vec<String>, (&String, &Field))| {
            column.iter().map(|value| field.label(value)).collect()
        };
        let lists = columns.into_iter().zip(recipe.lists()).map(label).collect();
        let mut count = None;
        for part in parts {
            let Some(content) = recipe.parts.get(part) else { continue };
            let column = content.column.as_deref().unwrap_or_default();
            let inputs: Vec<String> = match content.kind {
                Kind::Pictures => {
                    let pictures = read::files_in_column(&path, &bytes, column)?;
                    let of_row = |(row, picture): (usize, Vec<u8>)| {
                        let extension = PICTURES.iter().find(|(start, _)| picture.starts_with(start));
                        let Some((_, extension)) = extension else {
                            let detail = format!(
                                "row {row} of `{column}` is neither a PNG nor a JPEG picture; fetch the table again"
                            );
                            return Err(problem(&path, "", TextProblem::Items { detail }));
                        };
                        let name = format!("{}/{}/{row:06}.{extension}", slug(part), split.name());
                        keep(&material.out.join(&name), &picture)?;
                        Ok(name)
                    };
                    pictures.into_iter().enumerate().map(of_row).collect::<Result<_, _>>()?
                }
                _ => {
                    let texts = read::text_columns(&path, &bytes, &[column])?.concat();
                    if let Some(row) = texts.iter().position(|text| text.trim().is_empty()) {
                        let detail = format!("row {row} of `{column}` is blank, expected a text; correct the table");
                        return Err(problem(&path, "", TextProblem::Items { detail }));
                    }
                    texts
                }
            };
            count = Some(inputs.len());
            let items = (0..inputs.len()).collect();
            let entry = gathered.parts.entry(part.clone()).or_insert((content.kind, BTreeMap::new()));
            entry.1.insert(split, Entries { inputs, items });
        }
        let ids = (0..count.unwrap_or_default()).map(|row| format!("{}-{row:06}", split.name())).collect();
        gathered.splits.insert(split, Items { ids, lists });
    }
    Ok(gathered)
}

/// Writes a file, unless it is there with this content. It is not forced to disk: the next run compares it again.
fn keep(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let unwritable = |reason| DataError::unwritable(path, reason);
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(unwritable)?;
    fs::write(path, bytes).map_err(unwritable)
}
