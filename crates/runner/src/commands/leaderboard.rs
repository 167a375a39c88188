//! The command `runner leaderboard`: runs the grids of a leaderboard file and compares their methods.

use std::path::Path;

use anyhow::{Context as _, Result};
use files::Fault;

use super::run::{Computed, RunRequest, compute};
use crate::cells::fits::Fits;
use crate::event::{Event, Observer};
use crate::run::line::again;
use crate::run::outcome::Ending;
use grid::Grid;
use grid::plan::PlanRequest;
use report::draw;
use report::pages::outputs::Drawing;
use report::tables::leaderboard::{self, Entry, Leaderboard};
use serde_json::json;
use store::lock::{Lock, Turn};

/// Runs the unfinished cells of the grids of a file, and writes their tables and the tables over all of them.
///
/// # Errors
/// The errors of [`super::run::run`].
pub fn run(path: &Path, request: &RunRequest, observer: &dyn Observer) -> Result<Ending> {
    let board = Leaderboard::read(path)?.value;
    let fits = Fits::within(request.settings.max_memory);
    let (mut ending, mut entries, mut names) = (Ending::Complete, Vec::new(), Vec::new());
    let (mut notes, mut findings): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for planned in plan_requests(&board, path, request.allow_stand_in)? {
        let plan = planned.open()?;
        let outcome = match compute(&plan, request, &fits, observer)? {
            Computed::InPart(Ending::Interrupted) => return Ok(Ending::Interrupted),
            Computed::InPart(stopped) => {
                ending = ending.and(stopped);
                continue;
            }
            Computed::All(outcome) => outcome,
        };
        let turn = Lock::turn(outcome.store.root(), Turn::Outputs)?;
        let command = match &planned.data {
            None => again("run", &planned.grid, false, None, &request.out),
            Some(_) => again("leaderboard", path, false, None, &request.out),
        };
        let drawing = Drawing::new(&plan, (&outcome.store, &outcome.states), &command, None, turn);
        let report = drawing.report()?;
        observer.on_event(&Event::Warnings(&drawing.outputs_of(&report)?.warnings));
        let named = |line: &String| format!("{}: {line}", report.about.title);
        findings.extend(report.findings.first().map(named));
        ending = ending.and(outcome.ending());
        notes.extend(report.about.notes.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
        let left_out = report.comparisons.iter().flat_map(|comparison| &comparison.left_out);
        notes.extend(left_out.map(|note| format!("{}: {note}", report.about.title)));
        let set = planned.data.as_deref().map(short);
        entries.push(Entry {
            grid: planned.grid.display().to_string(),
            set: set.map(str::to_string),
            data: set.unwrap_or_else(|| plan.source.used()).to_string(),
            settings: plan.grid.value.settings(),
            comparisons: report.comparisons,
        });
        names.push(report.about.title);
    }
    if request.dry_run || request.selection.shard.is_some() {
        return Ok(ending);
    }
    // Several grids on the same data are distinguished by their titles.
    let repeated =
        (1..entries.len()).any(|i| entries[..i].iter().any(|earlier: &Entry| earlier.data == entries[i].data));
    if repeated {
        entries.iter_mut().zip(names).for_each(|(entry, name)| entry.data = name);
    }
    board.join(&mut entries);
    let folder = request.out.join(&board.name);
    for part in ["tables", "figures"] {
        std::fs::create_dir_all(folder.join(part))
            .with_context(|| Fault::unwritable(format!("cannot write to {}", folder.display())))?;
    }
    let _turn = Lock::turn(&folder, Turn::Outputs)?;
    let table = leaderboard::table(&board.title, &entries, &notes);
    observer.on_event(&Event::Tables(&table.terminal()));
    let mut files = table.write(&folder.join("tables").join("leaderboard"))?;
    if let Some(means) = leaderboard::means(&board.title, &entries) {
        observer.on_event(&Event::Tables(&means.terminal()));
        files.extend(means.write(&folder.join("tables").join("means"))?);
    }
    if let Some(settings) = leaderboard::settings(&board.title, &entries) {
        files.extend(settings.write(&folder.join("tables").join("settings"))?);
    }
    let differences = leaderboard::adjusted(&board.title, &mut entries, &notes);
    files.extend(differences.write(&folder.join("tables").join("differences"))?);
    let figure = draw::Figure::Forest(leaderboard::figure(&board.title, &entries));
    files.extend(draw::write(&[(figure, "leaderboard".into())], &folder.join("figures"))?);
    observer.on_event(&Event::Written(&files));
    observer.on_event(&Event::Findings(&findings));
    Ok(ending)
}

/// The plans of a leaderboard: one for each grid, or one for each grid and each data set under `data`, in separate
/// folders.
fn plan_requests(board: &Leaderboard, path: &Path, allow_stand_in: bool) -> Result<Vec<PlanRequest>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut requests = Vec::new();
    // The folders of the results, and what writes there.
    let mut folders: Vec<(String, String)> = Vec::new();
    let mut takes = |name: &str, entry: String| match folders.iter().find(|(taken, _)| taken == name) {
        Some((_, other)) => Err(Fault::input(format!(
            "{}: {other} and {entry} both write the results `{name}`, expected one name for each; leave one of them out, or \
             give the grid or the manifest another name",
            path.display()
        ))),
        None => {
            folders.push((name.to_string(), entry));
            Ok(())
        }
    };
    for file in &board.grids {
        let request = PlanRequest::of(&folder.join(file), allow_stand_in);
        let grid = Grid::read(&request.grid)?.value.name;
        if board.data.is_empty() {
            takes(&grid, format!("the grid {}", file.display()))?;
            requests.push(request);
            continue;
        }
        for data in &board.data {
            // The name of a grid names a folder, so other characters are replaced.
            let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' };
            let stem: String = short(data).chars().map(plain).collect();
            let name = format!("{grid}-{stem}");
            takes(&name, format!("the grid {} on {data}", file.display()))?;
            let overrides = json!({ "name": name });
            let is_path = data.contains(['/', '\\']) || data.ends_with(".yaml");
            let data = if is_path { folder.join(data).display().to_string() } else { data.clone() };
            requests.push(PlanRequest { overrides, data: Some(data), ..request.clone() });
        }
    }
    Ok(requests)
}

/// The name of a data set, without the folder and the extension of its manifest.
fn short(data: &str) -> &str {
    let name = data.rsplit(['/', '\\']).next().unwrap_or(data);
    name.strip_suffix(".yaml").unwrap_or(name)
}
