//! The values of the template of the page, section by section.

use anyhow::{Result, anyhow};
use serde::Serialize;
use tasks::Metric;

use super::about::About;
use super::contents::{Held, Report};
use super::data::Data;
use super::problems::{Problems, command};
use super::sheet::{Entered, Heading, Picture, Sheet};
use super::template;
use crate::claims::{Outcome, Verdict};
use crate::draw::Named;
use crate::selection;
use crate::tables::MISSING;
use crate::tables::comparison::{Comparison, LEVEL, Line, p_value};
use crate::tables::pairs::PairDifferences;
use crate::tables::summary::{Group, Summary};
use crate::tables::table::Table;
use grid::keys::Subset;
use store::record::Record;

/// Largest number of bytes of figures on a page. Further figures are only in the folder `figures`.
const MOST_FIGURES: usize = 2_200_000;
/// Number of parts of the overview that are open.
const OPEN_PARTS: usize = 3;
/// Number of figures that are open.
const OPEN_FIGURES: usize = 8;

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

/// A metric with its definition.
#[derive(Serialize)]
struct Defined {
    name: &'static str,
    title: &'static str,
    definition: &'static str,
    direction: &'static str,
    range: String,
}

impl From<Metric> for Defined {
    fn from(metric: Metric) -> Self {
        Self {
            name: metric.name(),
            title: metric.title(),
            definition: metric.definition(),
            direction: metric.better().in_words(),
            range: metric.range_in_words(),
        }
    }
}

#[derive(Serialize)]
struct Page {
    title: String,
    notes: Vec<String>,
    /// The findings, one sentence for each task.
    findings: Vec<String>,
    problems: Problems,
    verdicts: Vec<Judged>,
    /// The table of the paper, and whether its values agree with ours.
    paper: Vec<Sheet>,
    comparisons: Vec<Sheet>,
    overview: Vec<Sheet>,
    /// Differences by pair of views.
    pairs: Vec<Sheet>,
    /// The definitions of the metrics of the grid.
    metrics: Vec<Defined>,
    /// Scores over the numbers of training rows.
    learning: Option<Sheet>,
    /// The choices of parameters, and the scores of their candidates, folded.
    selection: Vec<Sheet>,
    /// The parameters of settings whose names do not show all parameters.
    settings: Option<Sheet>,
    figures: Vec<Picture>,
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
pub fn html(report: &Report<'_>, pairs: &[PairDifferences], named: &[Named]) -> Result<String> {
    let Report { store, records, about, samples, .. } = report;
    let (summary, entries) = (samples.summary(), &report.standings.entries);
    let name = store.root().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let data = Data::of(&name, records, summary, entries, store)?;
    let (figures, left_out) = shown(named)?;
    let page = Page {
        title: about
            .paper
            .as_ref()
            .map_or_else(|| about.title.clone(), |paper| format!("{}{}", paper.title, about.mark)),
        notes: about.notes.clone(),
        findings: report.findings.clone(),
        problems: Problems::of(records, about),
        verdicts: report.verdicts().iter().map(judged).collect(),
        paper: report.held.as_ref().map(paper_sheets).unwrap_or_default(),
        comparisons: report.comparisons.iter().flat_map(|one| comparison(one, varying(&report.comparisons))).collect(),
        overview: overview(report),
        pairs: pairs.iter().map(pair_sheet).collect(),
        metrics: metrics(summary),
        selection: report.selection.iter().map(|(stem, table)| selection_sheet(stem, table, about)).collect(),
        learning: report.learning.as_ref().map(|table| {
            let mut sheet = Sheet { caption: "How many pairs".into(), ..Sheet::plain("how-many-pairs", table) };
            sheet.notes.retain(|note| !about.notes.contains(note));
            sheet
        }),
        settings: report.settings.as_ref().map(|table| Sheet {
            caption: "Settings: the names in tables and figures".into(),
            ..Sheet::plain("settings", table)
        }),
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

/// The comparison with a paper, without the verdicts, which have their own section.
fn paper_sheets(held: &Held) -> Vec<Sheet> {
    let mut table = Sheet::plain("paper-table", &held.table);
    table.notes.truncate(table.notes.len() - held.verdicts.len());
    let agreement = held.agreement.as_ref().map(|table| Sheet::plain("agreement", table));
    std::iter::once(table).chain(agreement).collect()
}

fn shown(named: &[Named]) -> Result<(Vec<Picture>, Vec<String>)> {
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
        shown.push(Picture { id: stem.clone(), title: scene.title, svg, shades, open });
    }
    Ok((shown, left_out))
}

/// The position of a value between two ends, in percent.
fn part(value: f64, (low, high): (f64, f64)) -> f64 {
    let part = if high > low { 100.0 * (value - low) / (high - low) } else { 50.0 };
    (part * 10.0).round() / 10.0
}

/// The ends of all intervals together, so that all bars have the same scale.
fn ends(intervals: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let wider = |(low, high): (f64, f64), (a, b): (f64, f64)| (low.min(a), high.max(b));
    intervals.fold((f64::INFINITY, f64::NEG_INFINITY), wider)
}

/// Stars of a p value: `***` below 0.001, `**` below 0.01, `*` below 0.05.
pub fn stars(p: f64) -> &'static str {
    match p {
        p if p < 0.001 => "***",
        p if p < 0.01 => "**",
        p if p < LEVEL => "*",
        _ => "",
    }
}

/// Whether noise, and whether the number of training rows, tells tables apart.
fn varying(comparisons: &[Comparison]) -> [bool; 2] {
    let conditions = || comparisons.iter().map(|comparison| (&comparison.condition, &comparisons[0].condition));
    [conditions().any(|(a, b)| a.noise != b.noise), conditions().any(|(a, b)| a.fit_rows != b.fit_rows)]
}

/// A comparison with bars for its intervals and marks for its tests. The details of the tests are folded.
fn comparison(comparison: &Comparison, [noises, sizes]: [bool; 2]) -> Vec<Sheet> {
    // The measure names its task and options if two measures share a name. The title adds noise and training rows.
    let mut caption = format!("Methods compared by {}{}", comparison.name, comparison.condition.suffix());
    if sizes && comparison.condition.fit_rows.count().is_none() {
        caption += ", all training rows";
    }
    if noises && comparison.condition.noise.is_clean() {
        caption += ", no noise";
    }
    let mut sheets = Sheet::parts(&comparison.stem(), &caption, &comparison.table("", &[]), 1);
    if let Some(first) = sheets.first_mut() {
        let scale = ends(comparison.lines.iter().map(|line| (line.figure.interval.low, line.figure.interval.high)));
        first.headers.insert(3, "interval".into());
        for (row, line) in first.rows.iter_mut().zip(&comparison.lines) {
            with_tests(row, line, scale);
        }
        let marks = "★ the best; ≈ not told from it; * p < 0.05, ** p < 0.01, *** p < 0.001 adjusted over all pairs of methods.";
        first.notes.insert(0, marks.into());
    }
    if comparison.lines.iter().all(|line| line.view_set == comparison.lines[0].view_set) {
        for sheet in &mut sheets {
            sheet.headers.remove(0);
            sheet.rows.iter_mut().for_each(|row| drop(row.remove(0)));
            sheet.names -= 1;
        }
    }
    sheets
}

/// A line of a comparison with stars for its p and a bar for its interval.
fn with_tests(row: &mut Vec<Entered>, line: &Line, scale: (f64, f64)) {
    let interval = &line.figure.interval;
    if let Some(p) = line.adjusted {
        row[5] = Entered { small: stars(p).into(), ..Entered::text(p_value(p)) };
    }
    let bar = [interval.low, interval.estimate, interval.high].map(|value| part(value, scale));
    row.insert(3, Entered { bar: Some(bar), ..Entered::text(format!("{:.3}", interval.estimate)) });
}

/// Differences by pair of views, with stars for their p.
fn pair_sheet(of: &PairDifferences) -> Sheet {
    let mut sheet = Sheet { caption: of.caption(), folded: true, ..Sheet::plain(&of.stem, &of.table("", &[])) };
    for (row, line) in sheet.rows.iter_mut().zip(&of.lines) {
        if let Some(last) = row.last_mut() {
            last.small = stars(line.adjusted).into();
        }
    }
    sheet
}

/// The choices of parameters, or the scores of their candidates, which are folded because there are many.
fn selection_sheet(stem: &str, table: &Table, about: &About) -> Sheet {
    let (caption, folded) = match stem {
        selection::SELECTED => ("Selected parameters", false),
        _ => ("Scores of all candidates by fold", true),
    };
    let mut sheet = Sheet { caption: caption.into(), folded, ..Sheet::plain(stem, table) };
    sheet.notes.retain(|note| !about.notes.contains(note));
    sheet
}

/// The overview, a table for each task.
fn overview(report: &Report<'_>) -> Vec<Sheet> {
    let mut sheets = Sheet::parts("overview", "All methods", &report.overview, OPEN_PARTS);
    if let Some(first) = sheets.first_mut() {
        first.notes.retain(|note| !report.about.notes.contains(note));
    }
    sheets
}

/// The definitions of the metrics that stand in the report, in the order of all metrics.
fn metrics(summary: &Summary<'_>) -> Vec<Defined> {
    let here = |metric: &Metric| summary.measures().iter().any(|measure| measure.metric == *metric);
    Metric::ALL.into_iter().filter(here).map(Defined::from).collect()
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

/// The first and the last of several times; one time if they are equal.
fn between<'a>(times: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    // Times of one form and zone can be sorted as texts.
    let (first, last) = (times.clone().min(), times.max());
    let both = first.into_iter().chain(last.filter(|last| Some(*last) != first));
    let both: Vec<&str> = both.collect();
    if both.is_empty() { Vec::new() } else { vec![both.join(" to ")] }
}

/// Pairs of a name and its value.
pub type Facts = Vec<(String, Vec<String>)>;

/// The value that all cells share, or the list of the values.
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

/// One line for each cell: the origin of its numbers, and the command that computes it again.
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
        headers: headers.map(Heading::from).to_vec(),
        names: 4,
        rows,
        notes: vec![
            "A command runs every cell with these settings that is not done; with --recompute also those that are. \
             `runner show --cell ID` prints a cell in full."
                .into(),
        ],
        ..Sheet::default()
    }
}

fn cell(record: &Record, group: &Group, report: &Report<'_>) -> Vec<Entered> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| MISSING.into());
    let number = |value: Option<f64>| value.map_or_else(|| MISSING.into(), |v| format!("{v:.2}"));
    vec![
        Entered::code(&record.cell),
        Entered::text(group.label()),
        Entered::text(&group.view_set),
        Entered::text(group.condition.to_string()),
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
