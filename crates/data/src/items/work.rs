//! The work of encoders on items: lists of inputs, tables of items, and `jobs.json`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use align::rng::{Purpose, permutation, stream};
use files::jobs::{EdgeMaps, Kind};

use super::gathered::{Entries, Gathered, slug};
use crate::{
    DataError, SplitName,
    texts::{
        TextProblem,
        jobs::{self, ID, Jobs, Split},
        problem,
    },
    write,
};

/// Draws the pictures that are seen as edge maps.
const EDGE_MAPS: Purpose = Purpose::new(54);

/// Pictures that a view sees as edge maps.
#[derive(Clone, Debug, PartialEq)]
pub struct Edges {
    /// The filter: `canny`, `scharr` or `dog`.
    pub filter: String,
    /// Share of the pictures.
    pub fraction: f64,
    /// Splits with such pictures.
    pub splits: Vec<SplitName>,
    /// Seed of the draw. Views with one seed and share see the same pictures as edge maps.
    pub seed: u64,
}

impl Edges {
    /// The rows of so many pictures that are edge maps, ascending: a share, rounded to the nearest number.
    fn draw(&self, pictures: usize) -> Vec<usize> {
        let count = (self.fraction * pictures as f64).round() as usize;
        let mut rows = permutation(pictures, &mut stream(self.seed, EDGE_MAPS, None));
        rows.truncate(count);
        rows.sort_unstable();
        rows
    }
}

/// Writes the inputs of every part, the tables of items and finally `jobs.json` into a folder; the same material gives
/// the same bytes. The views of `jobs` have neither kind nor inputs yet; they follow from the parts. `edges` are the
/// edge maps of views by their names. Returns the path of `jobs.json`.
///
/// # Errors
/// A view of no part; parts, or views with edge maps, whose names differ only in signs that file names lack; edge maps of texts or sounds; a folder that cannot be written.
pub fn write(
    folder: &Path,
    gathered: &Gathered,
    mut jobs: Jobs,
    edges: &BTreeMap<String, Edges>,
) -> Result<PathBuf, DataError> {
    let wrong = |detail: String| problem(folder, "", TextProblem::Items { detail });
    let with_edges = jobs.views.iter().map(|view| &view.name).filter(|name| edges.contains_key(*name));
    for names in [gathered.parts.keys().collect::<Vec<_>>(), with_edges.collect()] {
        if let Some((one, other)) = same_files(&names) {
            let detail = format!("`{one}` and `{other}` would have files of the same names; rename one");
            return Err(wrong(detail));
        }
    }
    let mut written: BTreeMap<&str, Files> = BTreeMap::new();
    for (part, (kind, splits)) in &gathered.parts {
        written.insert(part, files(folder, gathered, part, *kind, splits)?);
    }
    for view in &mut jobs.views {
        let Some(((kind, splits), files)) = gathered.parts.get(&view.of).zip(written.get(view.of.as_str())) else {
            let known: Vec<String> = gathered.parts.keys().map(|part| format!("`{part}`")).collect();
            return Err(wrong(format!(
                "view `{}` sees `{}`, which is no part of the items; expected one of {}",
                view.name,
                view.of,
                known.join(", ")
            )));
        };
        view.kind = *kind;
        view.inputs = files.inputs.clone();
        view.average = files.average.clone();
        view.ids = files.ids.clone();
        let Some(edges) = edges.get(&view.name) else { continue };
        if *kind != Kind::Pictures {
            return Err(wrong(format!("view `{}` has edge maps and sees no pictures; remove `corrupt`", view.name)));
        }
        let mut lists = BTreeMap::new();
        for split in &edges.splits {
            let Some(entries) = splits.get(split) else { continue };
            let name = format!("{}.{}.edges.txt", slug(&view.name), split.name());
            let rows = edges.draw(entries.inputs.len());
            lines(&folder.join(&name), rows.iter().map(|&row| entries.inputs[row].as_str()))?;
            if !rows.is_empty() {
                lists.insert(*split, name);
            }
        }
        view.edges = Some(EdgeMaps { filter: edges.filter.clone(), lists });
    }
    for (&split, items) in &gathered.splits {
        let names = jobs.labels.iter().chain(&jobs.groups).map(String::as_str);
        let columns: Vec<(&str, &[String])> = std::iter::once((ID, items.ids.as_slice()))
            .chain(names.zip(items.lists.iter().map(Vec::as_slice)))
            .collect();
        let table = jobs::items(split);
        write::texts(&folder.join(&table), &columns)?;
        jobs.splits.insert(split, Split { rows: items.ids.len(), items: table });
    }
    let path = folder.join(jobs::FILE);
    write::json(&path, &jobs)?;
    Ok(path)
}

/// Two names whose files would have the same names.
fn same_files<'n>(names: &[&'n String]) -> Option<(&'n str, &'n str)> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    names.iter().find_map(|name| seen.insert(slug(name), name).map(|other| (other, name.as_str())))
}

/// Files of a part by split.
struct Files {
    inputs: BTreeMap<SplitName, String>,
    average: BTreeMap<SplitName, String>,
    ids: BTreeMap<SplitName, String>,
}

fn files(
    folder: &Path,
    gathered: &Gathered,
    part: &str,
    kind: Kind,
    splits: &BTreeMap<SplitName, Entries>,
) -> Result<Files, DataError> {
    let mut files = Files { inputs: BTreeMap::new(), average: BTreeMap::new(), ids: BTreeMap::new() };
    // A view has ids in all splits or in none, so that its rows are joined to items in one way.
    let present: BTreeMap<SplitName, Vec<usize>> =
        splits.iter().map(|(&split, entries)| (split, entries.present())).collect();
    let all = |split: &SplitName| gathered.splits.get(split).map_or(0, |items| items.ids.len());
    let missing = present.iter().any(|(split, present)| present.len() < all(split));
    for (&split, entries) in splits {
        let present = &present[&split];
        let name = format!("{}.{}", slug(part), split.name());
        let name_of_inputs = match kind {
            Kind::Texts => jobs::input(&slug(part), split),
            _ => format!("{name}.txt"),
        };
        match kind {
            Kind::Texts => {
                jobs::write_texts(folder, &name_of_inputs, &ids_of(gathered, split, &entries.items), &entries.inputs)?
            }
            _ => lines(&folder.join(&name_of_inputs), entries.inputs.iter().map(String::as_str))?,
        }
        files.inputs.insert(split, name_of_inputs);
        if present.len() < entries.items.len() {
            let file = format!("{name}.average.txt");
            let row = |item: &usize| present.partition_point(|other| other < item).to_string();
            let rows: Vec<String> = entries.items.iter().map(row).collect();
            lines(&folder.join(&file), rows.iter().map(String::as_str))?;
            files.average.insert(split, file);
        }
        if missing {
            let file = format!("{name}.ids.parquet");
            write::texts(&folder.join(&file), &[(ID, &ids_of(gathered, split, present))])?;
            files.ids.insert(split, file);
        }
    }
    Ok(files)
}

fn ids_of(gathered: &Gathered, split: SplitName, items: &[usize]) -> Vec<String> {
    let ids = gathered.splits.get(&split).map_or(&[][..], |items| &items.ids);
    items.iter().map(|&item| ids[item].clone()).collect()
}

/// Writes one line for each text.
fn lines<'t>(path: &Path, texts: impl Iterator<Item = &'t str>) -> Result<(), DataError> {
    let text: String = texts.flat_map(|text| [text, "\n"]).collect();
    write::whole(path, text.as_bytes()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_other_signs_have_the_same_files() {
        let names = ["left camera", "right camera", "left-camera"].map(str::to_owned);
        assert_eq!(same_files(&names.each_ref()), Some(("left camera", "left-camera")));
        assert_eq!(same_files(&[&names[0], &names[1]]), None);
    }

    #[test]
    fn a_share_of_the_pictures_is_drawn_by_the_seed() {
        let edges = |seed| Edges { filter: "canny".into(), fraction: 0.85, splits: vec![SplitName::Train], seed };
        let rows = edges(42).draw(45_000);
        assert_eq!(rows.len(), 38_250);
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "ascending, none twice");
        assert_eq!(rows, edges(42).draw(45_000));
        assert_ne!(rows, edges(43).draw(45_000));
        assert!(edges(42).draw(0).is_empty());
    }
}
