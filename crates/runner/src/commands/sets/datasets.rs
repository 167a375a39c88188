//! The commands `runner import`, `check` and `export`: a user's data before a grid reads them.

use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{Cell, CellAlignment, Table};
use data::import::Import;
use data::{Checked, ExportFormat, Found, Manifest, SplitName, Warning};
use files::Fault;

use grid::source::{manifests_dir, unmatched};

/// Writes the manifest of a user's files, or one manifest for each of several folds, and returns the notes and
/// warnings.
///
/// # Errors
/// The errors of an import and of a load. Earlier files then stay as they are.
pub fn import(request: &Import, folds: Option<usize>) -> Result<String> {
    let all = match folds {
        None => vec![data::import::import(request)?],
        Some(folds) => data::import::import_folds(request, folds)?,
    };
    let mut lines: Vec<String> = all.iter().map(ToString::to_string).collect();
    // All folds have the same texts and leave out the same rows.
    let Some(imported) = all.first() else { return Ok(String::new()) };
    for (name, texts) in imported.texts.iter().chain(&imported.group_texts) {
        let shown: Vec<&str> = texts.iter().take(5).map(String::as_str).collect();
        let more = if texts.len() > shown.len() { ", .." } else { "" };
        lines.push(format!(
            "`{name}`: {} texts, numbered in alphabetical order: {}{more}",
            texts.len(),
            shown.join(", ")
        ));
    }
    let strata = all.iter().filter_map(|imported| imported.strata.as_ref());
    lines.extend(strata.max_by(|a, b| a.apart().total_cmp(&b.apart())).map(ToString::to_string));
    lines.extend(imported.left_out.iter().map(|rows| format!("warning: {rows}")));
    for of_fold in &all {
        let fold = if all.len() > 1 { format!("{}: ", of_fold.manifest.display()) } else { String::new() };
        let (notes, odd): (Vec<Warning>, Vec<Warning>) =
            of_fold.warnings.iter().cloned().partition(|warning| warning.kind.is_note());
        lines.extend(data::summarise(&notes).into_iter().map(|line| format!("note: {fold}{line}")));
        lines.extend(data::summarise(&odd).into_iter().map(|line| format!("warning: {fold}{line}")));
    }
    let manifest = imported.manifest.display().to_string();
    let check = files::shell::command(["runner", "check", &manifest]);
    lines.push(format!("next: {check}; or name it in a grid: data: {manifest}"));
    if all.len() > 1 {
        let manifests: Vec<String> = all.iter().map(|fold| fold.manifest.display().to_string()).collect();
        lines.push(format!(
            "next: `runner leaderboard FILE` runs a grid on every fold and writes the means over the folds, if FILE has data: [{}]",
            manifests.join(", ")
        ));
    }
    Ok(lines.join("\n"))
}

/// The manifest with this name in the catalogue, or at this path.
///
/// # Errors
/// It is not there, or broken.
pub fn find(name_or_path: &str) -> Result<Manifest> {
    let here = Path::new("");
    match data::find(name_or_path, here, &manifests_dir(Path::new(".")))? {
        Found::Manifest(manifest) => Ok(*manifest),
        Found::Absent(absent) => Err(Fault::missing(absent.problem().to_string()).into()),
    }
}

/// The result of a check.
#[derive(Debug)]
pub struct Looked {
    /// Its manifest.
    pub manifest: Manifest,
    /// The statistics of the data, and the warnings.
    pub checked: Checked,
    /// Pairs of views whose rows do not correspond, one line each.
    pub unmatched: Vec<(SplitName, String)>,
}

/// Checks a data set before anything is fitted.
///
/// # Errors
/// All that a load refuses.
pub fn check(name_or_path: &str) -> Result<Looked> {
    let manifest = find(name_or_path)?;
    let loaded = data::load(&manifest)?;
    let checked = data::check(&loaded)?;
    let unmatched = unmatched(&loaded.dataset).into_iter().map(|(split, pair)| (split, pair.to_string())).collect();
    Ok(Looked { manifest, checked, unmatched })
}

/// The result of a check as text.
pub fn page(looked: &Looked) -> String {
    let Looked { manifest, checked, unmatched } = looked;
    let mut text =
        format!("{}: {}\nlicence {}; {}\n\n", manifest.name, manifest.title, manifest.licence, manifest.source);
    text.push_str(&views(checked).to_string());
    if !checked.classes.is_empty() {
        text.push_str("\n\n");
        text.push_str(&classes(checked).to_string());
    }
    text.push_str("\n\n");
    if checked.sampled {
        text.push_str("Rows were compared at even distances, 20,000 of each split.\n");
    }
    if unmatched.is_empty() {
        text.push_str("Rows of all views correspond.\n");
    }
    if checked.warnings.iter().all(|warning| warning.kind.is_note()) && unmatched.is_empty() {
        text.push_str("Nothing odd.");
        text.push_str(if checked.warnings.is_empty() { "" } else { "\n" });
    }
    let order = "; check that row i is the same item in both files";
    let orders = unmatched.iter().map(|(split, pair)| format!("warning: {}: {pair}{order}", split.name()));
    let word = |warning: &Warning| if warning.kind.is_note() { "note" } else { "warning" };
    let lines: Vec<String> =
        checked.warnings.iter().map(|warning| format!("{}: {warning}", word(warning))).chain(orders).collect();
    text.push_str(&lines.join("\n"));
    text
}

fn table(head: &[&str], left: usize) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN).set_header(head.to_vec());
    table.column_iter_mut().skip(left).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn views(checked: &Checked) -> Table {
    let incomplete = checked.views.iter().any(|view| view.missing > 0);
    let missing = incomplete.then_some("missing");
    let head: Vec<&str> = ["split", "view", "rows"]
        .into_iter()
        .chain(missing)
        .chain(["columns", "effective rank", "norm: smallest", "median", "largest"])
        .collect();
    let mut table = table(&head, 2);
    for view in &checked.views {
        let norms = view.norms.map(|norm| format!("{norm:.3}"));
        let share = 100.0 * view.missing as f64 / (view.rows + view.missing).max(1) as f64;
        let missing = incomplete.then(|| format!("{} ({share:.1}%)", view.missing));
        let cells = [view.split.name().to_owned(), view.view.clone(), view.rows.to_string()]
            .into_iter()
            .chain(missing)
            .chain([view.columns.to_string(), format!("{:.1}", view.effective_rank)])
            .chain(norms);
        table.add_row(cells.map(Cell::new));
    }
    table
}

fn classes(checked: &Checked) -> Table {
    let mut table = table(&["split", "labels or groups", "classes", "smallest", "median", "largest"], 2);
    for class in &checked.classes {
        let sizes = class.sizes.map(|size| size.to_string());
        let cells = [class.split.name().to_owned(), class.name.clone(), class.classes.to_string()];
        table.add_row(cells.into_iter().chain(sizes).map(Cell::new));
    }
    table
}

/// Writes the views of a data set in another format, with a manifest.
///
/// # Errors
/// All that a load refuses; a folder that cannot be written; without `overwrite`, a file that exists.
pub fn export(name_or_path: &str, folder: &Path, format: ExportFormat, overwrite: bool) -> Result<String> {
    let manifest = find(name_or_path)?;
    let written = data::export(&manifest, folder, format, overwrite)
        .with_context(|| format!("cannot export `{}` to {}", manifest.name, folder.display()))?;
    Ok(format!("written: {}", written.display()))
}
