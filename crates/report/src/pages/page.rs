//! What stands on the page, section by section: the values of its template.

use anyhow::{Result, anyhow};
use serde::Serialize;

use super::about::About;
use super::contents::{Held, Report};
use super::data::Data;
use super::intervals::{self, Entry, Standing};
use super::problems::{Problems, command};
use super::template;
use crate::claims::{Outcome, Verdict};
use crate::draw::Named;
use crate::tables::MISSING;
use crate::tables::comparison::{Comparison, ends as bracket, p_value};
use crate::tables::summary::{Group, Summary};
use crate::tables::table::Table;
use grid::keys::Subset;
use store::record::Record;

/// Bytes of figures on a page; what comes after is in the folder `figures` alone.
const MOST_FIGURES: usize = 2_500_000;
/// Figures that are unfolded.
const OPEN_FIGURES: usize = 8;

/// A table of the page.
#[derive(Debug, Default, Serialize)]
pub struct Sheet {
    /// Its anchor.
    pub id: String,
    /// What it shows.
    pub caption: String,
    /// Headers.
    pub headers: Vec<String>,
    /// How many columns from the left are names.
    pub names: usize,
    /// Lines, as long as the headers.
    pub rows: Vec<Vec<Entered>>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One entry of a table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Entered {
    /// The figure or name.
    pub text: String,
    /// Beside it, in small: its interval.
    pub small: String,
    /// `best`, `level`, or nothing.
    pub mark: &'static str,
    /// An interval as parts of a hundred: low end, figure, high end.
    pub bar: Option<[f64; 3]>,
    /// Set as code.
    pub code: bool,
}

impl Entered {
    /// Text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Code alone.
    fn code(text: impl Into<String>) -> Self {
        Self { code: true, ..Self::text(text) }
    }
}

impl Sheet {
    /// A table as it is.
    pub fn plain(id: &str, table: &Table) -> Self {
        let row = |row: &Vec<String>| row.iter().map(Entered::text).collect();
        Self {
            id: id.into(),
            caption: table.title.clone(),
            headers: table.headers.clone(),
            names: table.names,
            rows: table.rows.iter().map(row).collect(),
            notes: table.notes.clone(),
        }
    }
}

#[derive(Serialize)]
struct Judged {
    id: String,
    text: String,
    paper: String,
    outcome: Outcome,
    words: &'static str,
    why: String,
    value: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    title: String,
    svg: String,
    /// Whether its colours have to stay what they are.
    shades: bool,
    open: bool,
}

#[derive(Serialize)]
struct Page {
    title: String,
    notes: Vec<String>,
    problems: Problems,
    verdicts: Vec<Judged>,
    /// The paper's table, and whether its figures agree with ours.
    paper: Vec<Sheet>,
    comparisons: Vec<Sheet>,
    overview: Sheet,
    figures: Vec<Shown>,
    left_out: Vec<String>,
    has_pictures: bool,
    has_scatter: bool,
    facts: Facts,
    cells: Sheet,
}

/// The text of `report.html`.
///
/// # Errors
/// Stored scores and pictures that cannot be read.
pub fn html(report: &Report<'_>, named: &[Named]) -> Result<String> {
    let Report { store, records, about, samples, .. } = report;
    let (summary, entries) = (samples.summary(), intervals::entries(samples)?);
    let name = store.root().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let data = Data::of(&name, records, summary, &entries, store)?;
    let (figures, left_out) = shown(named)?;
    let page = Page {
        title: about
            .paper
            .as_ref()
            .map_or_else(|| about.title.clone(), |paper| format!("{}{}", paper.title, about.mark)),
        notes: about.notes.clone(),
        problems: Problems::of(records, about),
        verdicts: report.verdicts().iter().map(judged).collect(),
        paper: report.held.as_ref().map(paper_sheets).unwrap_or_default(),
        comparisons: report
            .comparisons
            .iter()
            .map(|one| comparison(one, several_noises(&report.comparisons)))
            .collect(),
        overview: overview(report, summary, &entries),
        figures,
        left_out,
        has_pictures: data.has_pictures(),
        has_scatter: data.has_scatter(),
        facts: facts(records, about),
        cells: cells(report, summary),
    };
    template::render("report.html", &page, &data)
}

fn judged(verdict: &Verdict) -> Judged {
    Judged {
        id: verdict.claim.id.clone(),
        text: verdict.claim.text.clone(),
        paper: verdict.claim.published.clone().unwrap_or_else(|| "an ordering".into()),
        outcome: verdict.outcome,
        words: verdict.outcome.words(),
        why: verdict.why.clone(),
        value: verdict.value.clone(),
    }
}

/// What is held against a paper; verdicts have a section of their own.
fn paper_sheets(held: &Held) -> Vec<Sheet> {
    let mut table = Sheet::plain("paper-table", &held.table);
    table.notes.truncate(table.notes.len() - held.verdicts.len());
    let agreement = held.agreement.as_ref().map(|table| Sheet::plain("agreement", table));
    std::iter::once(table).chain(agreement).collect()
}

fn shown(named: &[Named]) -> Result<(Vec<Shown>, Vec<String>)> {
    let (mut shown, mut left_out, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (figure, stem) in named {
        let scene = figure.draw().scene();
        let svg = figures::document(&scene).map_err(|reason| anyhow!("figure {stem}: {reason}"))?;
        if bytes + svg.len() > MOST_FIGURES {
            left_out.push(stem.clone());
            continue;
        }
        bytes += svg.len();
        let (shades, open) = (figure.draw().shades_are_values(), shown.len() < OPEN_FIGURES);
        shown.push(Shown { id: stem.clone(), title: scene.title, svg, shades, open });
    }
    Ok((shown, left_out))
}

/// Where a value lies between two ends, in parts of a hundred.
fn part(value: f64, (low, high): (f64, f64)) -> f64 {
    let part = if high > low { 100.0 * (value - low) / (high - low) } else { 50.0 };
    (part * 10.0).round() / 10.0
}

/// Ends of all intervals, so that their bars share a scale.
fn ends(intervals: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let wider = |(low, high): (f64, f64), (a, b): (f64, f64)| (low.min(a), high.max(b));
    intervals.fold((f64::INFINITY, f64::NEG_INFINITY), wider)
}

/// `***` below 0.001, `**` below 0.01, `*` below 0.05.
pub fn stars(p: f64) -> &'static str {
    match p {
        p if p < 0.001 => "***",
        p if p < 0.01 => "**",
        p if p < intervals::LEVEL => "*",
        _ => "",
    }
}

/// Whether the noise tells tables apart.
fn several_noises(comparisons: &[Comparison]) -> bool {
    comparisons.iter().any(|comparison| comparison.noise != comparisons[0].noise)
}

/// A comparison with bars for its intervals and marks for its tests.
fn comparison(comparison: &Comparison, several_noises: bool) -> Sheet {
    let table = comparison.table("", &[]);
    let scale = ends(comparison.lines.iter().map(|line| (line.figure.interval.low, line.figure.interval.high)));
    let several = comparison.lines.iter().any(|line| line.view_set != comparison.lines[0].view_set);
    let row = |(line, row): (&crate::tables::comparison::Line, &Vec<String>)| {
        let mut cells: Vec<Entered> = row.iter().map(Entered::text).collect();
        let interval = &line.figure.interval;
        cells[2] = Entered {
            small: bracket(interval, 3, false),
            mark: match line.adjusted {
                None => "best",
                Some(p) if p >= intervals::LEVEL => "level",
                Some(_) => "",
            },
            ..Entered::text(format!("{:.3}", interval.estimate))
        };
        if let Some(p) = line.adjusted {
            cells[5] = Entered { small: stars(p).into(), ..Entered::text(p_value(p)) };
        }
        let bar = [interval.low, interval.estimate, interval.high].map(|value| part(value, scale));
        cells.insert(3, Entered { bar: Some(bar), ..Entered::text(format!("{:.3}", interval.estimate)) });
        cells.drain(..usize::from(!several));
        cells
    };
    let mut headers = table.headers.clone();
    headers.insert(3, "interval".into());
    headers.drain(..usize::from(!several));
    let mut notes = table.notes;
    notes.insert(
        0,
        "★ the best; ≈ not told from it; * p < 0.05, ** p < 0.01, *** p < 0.001 adjusted over all pairs of methods."
            .into(),
    );
    // The measure says its task and options where two would share a name; what was done to the training rows is said here.
    let caption = match (comparison.clean(), several_noises) {
        (true, true) => format!("Methods compared by {}, no noise", comparison.name),
        (true, false) => format!("Methods compared by {}", comparison.name),
        (false, _) => format!("Methods compared by {}, noise {}", comparison.name, comparison.noise),
    };
    Sheet {
        id: comparison.stem(),
        caption,
        headers,
        names: if several { 2 } else { 1 },
        rows: comparison.lines.iter().zip(&table.rows).map(row).collect(),
        notes,
    }
}

/// The overview with intervals in place of spreads, where there are some.
fn overview(report: &Report<'_>, summary: &Summary<'_>, entries: &[Vec<Option<Entry>>]) -> Sheet {
    let mut sheet = Sheet::plain("overview-table", &report.overview);
    sheet.caption = "All methods, all measures".into();
    for (row, entries) in sheet.rows.iter_mut().zip(entries) {
        for (cell, entry) in row.iter_mut().skip(sheet.names).zip(entries) {
            let Some(entry) = entry else { continue };
            let small = match &entry.interval {
                Some(i) => bracket(i, 3, false),
                None => format!("± {:.3}", entry.stat.std),
            };
            let mark = match entry.standing {
                Some(Standing::Best) => "best",
                Some(Standing::Level) => "level",
                Some(Standing::Behind) | None => "",
            };
            *cell = Entered { small, mark, ..Entered::text(format!("{:.3}", entry.stat.mean)) };
        }
    }
    debug_assert_eq!(summary.groups.len(), sheet.rows.len());
    sheet.notes.retain(|note| !report.about.notes.contains(note));
    sheet.notes.insert(
        0,
        "In brackets: 95% intervals over held-out items and seeds, for these training rows. ★ the best of its subset of views and \
         noise; ≈ not told from the best by a paired test (p ≥ 0.05, adjusted over all pairs of methods)."
            .into(),
    );
    sheet
}

fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for value in values.filter(|value| !value.is_empty()) {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

/// The first and the last of some times; one, where they are the same.
fn between<'a>(times: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    // Times of one form and zone sort as texts.
    let (first, last) = (times.clone().min(), times.max());
    let both = first.into_iter().chain(last.filter(|last| Some(*last) != first));
    let both: Vec<&str> = both.collect();
    if both.is_empty() { Vec::new() } else { vec![both.join(" to ")] }
}

/// Names with what there is to say of each.
pub type Facts = Vec<(String, Vec<String>)>;

/// What all cells share, or each of the values they have.
pub fn facts(records: &[Record], about: &About) -> Facts {
    let fitted = || records.iter().filter(|record| record.method.is_some());
    let task = |r: &Record| Some(format!("{} {}", r.task.as_ref()?, r.task_version?));
    let method = |r: &Record| Some(format!("{} {}", r.method.as_ref()?, r.method_version?));
    let data = |r: &Record| match &r.stand_in {
        Some(stand_in) => format!("{} (stand-in: {stand_in})", r.data),
        None => r.data.clone(),
    };
    let count = |of: Vec<String>| vec![of.len().to_string()];
    let all = [
        ("made by", if about.runner.is_empty() { Vec::new() } else { vec![format!("runner {}", about.runner)] }),
        ("command", if about.command.is_empty() { Vec::new() } else { vec![about.command.clone()] }),
        ("code revision", distinct(fitted().filter_map(|r| r.git.clone()))),
        ("its lock file, sha256", distinct(fitted().filter_map(|r| r.lock_sha256.clone()))),
        ("revision of the grid's folder", distinct(fitted().filter_map(|r| r.grid_git.clone()))),
        ("methods, with their versions", distinct(fitted().filter_map(method))),
        ("data", distinct(records.iter().map(data))),
        ("views", distinct(fitted().map(|r| views(&r.views)))),
        ("data sha256", distinct(fitted().map(|r| format!("{} ({})", r.data_sha256, r.view_set())))),
        ("pairing", distinct(fitted().filter_map(|r| r.pairing.clone()))),
        ("widths", distinct(fitted().filter_map(|r| r.widths.clone()))),
        ("seeds of fits", distinct(fitted().filter_map(|r| r.seed).map(|seed| seed.to_string()))),
        ("tasks, with their versions", distinct(fitted().filter_map(task))),
        ("machine", distinct(fitted().map(|r| format!("{}, {}, {} threads", r.host, r.cpu, r.threads)))),
        ("finished", between(records.iter().filter_map(|r| r.finished_at.as_deref()))),
        ("cells", count(distinct(fitted().map(|r| r.cell.clone())))),
        ("records", vec![records.len().to_string()]),
    ];
    all.into_iter().filter(|(_, values)| !values.is_empty()).map(|(name, values)| (name.into(), values)).collect()
}

fn views(subset: &Subset) -> String {
    if subset.views.is_empty() { subset.name.clone() } else { format!("{}: {}", subset.name, subset.views.join(", ")) }
}

/// One line per cell: where its numbers come from and how they are made again.
fn cells(report: &Report<'_>, summary: &Summary<'_>) -> Sheet {
    let mut seen: Vec<&str> = Vec::new();
    let mut rows = Vec::new();
    for group in &summary.groups {
        for record in summary.of(group).filter(|record| record.method.is_some()) {
            if !seen.contains(&record.cell.as_str()) {
                seen.push(&record.cell);
                rows.push(cell(record, group, report));
            }
        }
    }
    let headers = [
        "cell",
        "method",
        "views",
        "noise",
        "seed",
        "fit s",
        "CPU s",
        "memory, MB",
        "stop",
        "code",
        "data",
        "machine",
        "threads",
        "command",
    ];
    Sheet {
        id: "cells".into(),
        caption: "Cells".into(),
        headers: headers.map(String::from).to_vec(),
        names: 4,
        rows,
        notes: vec![
            "A command runs every cell with these settings that is not done; with --force also those that are. \
             `runner show --cell ID` prints a cell in full."
                .into(),
        ],
    }
}

fn cell(record: &Record, group: &Group, report: &Report<'_>) -> Vec<Entered> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| MISSING.into());
    let number = |value: Option<f64>| value.map_or_else(|| MISSING.into(), |v| format!("{v:.2}"));
    vec![
        Entered::code(&record.cell),
        Entered::text(group.label()),
        Entered::text(&group.view_set),
        Entered::text(group.noise.to_string()),
        Entered::text(record.seed.map(|seed| seed.to_string()).unwrap_or_default()),
        Entered::text(number(record.fit_seconds)),
        Entered::text(number(record.fit_cpu_seconds)),
        Entered::text(record.peak_rss_mb.map_or_else(|| MISSING.into(), |v| format!("{v:.0}"))),
        Entered::text(text(&record.stop)),
        Entered::code(text(&record.git)),
        Entered::code(record.data_sha256.chars().take(12).collect::<String>()),
        Entered::text(format!("{}, {}", record.host, record.cpu)),
        Entered::text(record.threads.to_string()),
        Entered::code(command(record, &report.about)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_follow_p() {
        assert_eq!([0.0004, 0.004, 0.04, 0.05, 1.0].map(stars), ["***", "**", "*", "", ""]);
    }

    #[test]
    fn bars_share_their_scale() {
        let scale = ends([(0.2, 0.4), (0.3, 0.6)].into_iter());
        assert_eq!([0.2, 0.4, 0.6].map(|v| part(v, scale)), [0.0, 50.0, 100.0]);
        assert_eq!(part(1.0, (1.0, 1.0)), 50.0);
    }
}
