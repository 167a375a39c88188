//! The command `runner reproduce`: the grids of paper files, our values beside those of the paper, verdicts on the
//! claims.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::run::{Computed, RunRequest, compute, show};
use crate::cells::fits::Fits;
use crate::event::{Event, Observer};
use crate::run::line::again;
use crate::run::outcome::Ending;
use data::Found;
use grid::plan::PlanRequest;
use grid::source::manifests_dir;
use grid::{DataSpec, Grid, lay_changes};
use report::claims::{self, Verdict};
use report::pages::outputs::Drawing;
use report::paper::Paper;
use report::tables::leaderboard::{self, Entry};
use store::lock::{Lock, Turn};

/// The paper files, and the settings.
#[derive(Clone, Debug)]
pub struct ReproduceRequest {
    /// The paper files.
    pub files: Vec<PathBuf>,
    /// Whether to use fewer seeds and points, as the paper file says, in a separate folder.
    pub quick: bool,
    /// A data set in place of the one of the paper file. Then there is no stand-in.
    pub data: Option<String>,
    /// The settings of the runs.
    pub run: RunRequest,
}

/// Runs paper files one after the other. Several files get one page of claims at the end. Fits are shared by content.
///
/// # Errors
/// The errors of [`super::run::run`].
pub fn reproduce(request: &ReproduceRequest, observer: &dyn Observer) -> Result<Ending> {
    let ReproduceRequest { files, run, .. } = request;
    let fits = Fits::within(run.settings.max_memory);
    let (mut ending, mut verdicts, mut notes) = (Ending::Complete, Vec::new(), Vec::new());
    let mut entries = Vec::new();
    for file in files {
        let reproduced = one(file, request, &fits, observer)?;
        ending = ending.and(reproduced.ending);
        if ending == Ending::Interrupted {
            return Ok(ending);
        }
        verdicts.extend(reproduced.verdicts);
        entries.extend(reproduced.entry);
        notes.extend(reproduced.notes.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
    }
    if files.len() > 1 && !run.dry_run && run.selection.shard.is_none() {
        verdicts.sort_by_key(|v| v.claim.id.trim_start_matches('C').parse::<u32>().unwrap_or(u32::MAX));
        let _turn = Lock::turn(&run.out, Turn::Outputs)?;
        let page = claims::page(&verdicts, &notes);
        let mut written = page.write(&run.out.join("claims"))?;
        observer.on_event(&Event::Tables(&(page.terminal() + "\n")));
        let differences = leaderboard::adjusted("Reproduction", &mut entries, &notes);
        written.extend(differences.write(&run.out.join("comparisons"))?);
        observer.on_event(&Event::Written(&written));
    }
    Ok(ending)
}

/// The result of one paper file.
struct Reproduced {
    ending: Ending,
    /// The entry for comparisons; `None` if nothing ran.
    entry: Option<Entry>,
    verdicts: Vec<Verdict>,
    notes: Vec<String>,
}

/// The data set of the grid of a paper file, if it is present and not a stand-in.
fn own_data(file: &Path) -> Result<Option<String>> {
    let paper = Paper::read(file)?.value;
    let path = file.parent().unwrap_or(Path::new("")).join(&paper.grid);
    let DataSpec::Manifest(name) = Grid::read_with(&path, &paper.overrides)?.value.data else { return Ok(None) };
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(match data::find(&name, folder, &manifests_dir(folder)) {
        Ok(Found::Manifest(manifest)) if manifest.missing_files().is_empty() => Some(name),
        // A manifest with errors is reported when the data are opened.
        _ => None,
    })
}

fn one(file: &Path, request: &ReproduceRequest, fits: &Fits, observer: &dyn Observer) -> Result<Reproduced> {
    let ReproduceRequest { quick, data, run, .. } = request;
    let located = match data.clone().map_or_else(|| own_data(file), |data| Ok(Some(data)))? {
        Some(data) => Paper::read_on(file, Some(&data))?,
        None => Paper::read(file)?,
    };
    let paper = &located.value;
    let mut overrides = paper.overrides.clone();
    if *quick {
        lay_changes(&mut overrides, &paper.quick);
    }
    let plan = PlanRequest {
        grid: file.parent().unwrap_or(Path::new("")).join(&paper.grid),
        overrides,
        data: data.clone(),
        quick: *quick,
        allow_stand_in: run.allow_stand_in,
    }
    .open()?;
    // If the grid names no views, they are those of its data. A stand-in can have other names.
    if plan.grid.value.named_views().is_none() && plan.source.stand_in.is_none() {
        Paper::check_pairs(&located, &plan.source.view_names())?;
    }
    let outcome = match compute(&plan, run, fits, observer)? {
        Computed::InPart(ending) => {
            return Ok(Reproduced { ending, entry: None, verdicts: Vec::new(), notes: Vec::new() });
        }
        Computed::All(outcome) => outcome,
    };
    let turn = Lock::turn(outcome.store.root(), Turn::Outputs)?;
    let command = again("reproduce", file, *quick, data.as_deref(), &run.out);
    let drawing = Drawing::new(&plan, (&outcome.store, &outcome.states), &command, Some(located.value), turn);
    let report = drawing.report()?;
    show(&drawing.outputs_of(&report)?, &outcome.store, observer);
    Ok(Reproduced {
        ending: outcome.ending(),
        entry: Some(Entry {
            grid: plan.grid.path().display().to_string(),
            set: None,
            data: report.about.title,
            settings: report.about.settings,
            comparisons: report.comparisons,
        }),
        verdicts: report.held.map(|held| held.verdicts).unwrap_or_default(),
        notes: report.about.notes,
    })
}
