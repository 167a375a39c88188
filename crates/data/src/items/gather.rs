//! From the downloaded material to items, with the inputs of every part.

use std::collections::BTreeMap;

use super::{
    archive, folders,
    gathered::{Gathered, Material},
    listed,
    recipe::{Listing, Recipe},
    tables,
};
use crate::{
    DataError, SplitName,
    texts::{TextProblem, problem},
};

/// Lists the items of a recipe and the inputs of the parts. Archives are unpacked and pictures of tables are written to
/// the folder of the work, unless they are there already.
///
/// # Errors
/// A file or field that is missing; a line or name of another form; an input that is not there; another number of items
/// than `rows` says.
pub fn gather(
    recipe: &Recipe,
    parts: &[String],
    material: Material<'_>,
    rows: &BTreeMap<SplitName, usize>,
) -> Result<Gathered, DataError> {
    for name in &recipe.unpack {
        let Some(sum) = material.files.get(name) else { return Err(material.no_file(name)) };
        archive::unpack(&material.folder.join(name), sum, &material.unpacked())?;
    }
    let mut gathered = match &recipe.read {
        Listing::Tables(tables) => tables::gather(recipe, tables, parts, material)?,
        Listing::Lists(lists) => listed::gather(recipe, lists, parts, material)?,
        Listing::Named(named) => folders::gather(recipe, named, parts, material)?,
    };
    if let Some(hold_out) = &recipe.hold_out {
        gathered.hold_out(recipe, hold_out, material.seed.unwrap_or_default());
    }
    for (split, items) in &gathered.splits {
        let (got, want) = (items.ids.len(), rows.get(split).copied());
        if let Some(want) = want.filter(|want| *want != got) {
            let rows = TextProblem::Rows { split: split.name(), got, want, notes: gathered.notes };
            return Err(problem(material.folder, "", rows));
        }
        if got == 0 {
            let none = format!("`{}` has no item; put the material there again, or correct `items`", split.name());
            return Err(problem(material.folder, "", TextProblem::Items { detail: none }));
        }
    }
    Ok(gathered)
}
