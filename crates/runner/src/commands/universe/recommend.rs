//! `runner recommend`: the method that suits a data set, chosen by cross-validation on its training rows, and its fit.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use align::{FitInput, Split};
use anyhow::Result;
use comfy_table::{CellAlignment, Table};
use data::universe::Saved;
use data::{Manifest, load_training};
use select::{MethodScore, Planned, PlannedMethod, RecommendOptions, RecommendProgress, Recommendation};
use tasks::correspondence;

use super::fit::{fit_input, told};
use super::origin::Data;
use super::place::{check_extension, check_place};
use crate::commands::sets::datasets;
use crate::event::{Event, Observer};

/// Request of a recommendation.
#[derive(Clone, Debug)]
pub struct RecommendRequest {
    /// The data set: a name in `data-manifests/`, or the path of a manifest.
    pub manifest: String,
    /// Its views, in order; all of them if none is named.
    pub views: Vec<String>,
    /// Settings of the choice.
    pub options: RecommendOptions,
    /// The file of the fitted method.
    pub out: PathBuf,
    /// Overwrite it if it exists.
    pub overwrite: bool,
}

/// A recommendation and the training rows behind it.
#[derive(Debug)]
pub struct Recommended {
    /// The data set.
    pub manifest: Manifest,
    /// Its views.
    pub views: Vec<String>,
    /// The scores and the choice.
    pub recommendation: Recommendation,
    /// Warnings about the training rows.
    pub warnings: Vec<String>,
    training: Split,
    checksum: String,
}

/// The fitted method, in its file.
#[derive(Debug)]
pub struct Written {
    /// The fit, its end and its warnings, as `runner fit` prints them.
    pub told: String,
    /// Wall seconds of the fit.
    pub seconds: f64,
}

/// Compares methods on the training rows of a data set. The other rows are not read.
///
/// # Errors
/// A file to write that exists or is no `.safetensors`; all that a load refuses; the errors of [`select::recommend`].
pub fn recommend(request: &RecommendRequest, observer: &dyn Observer) -> Result<Recommended> {
    check_extension(&request.out)?;
    check_place(&request.out, request.overwrite)?;
    let manifest = datasets::find(&request.manifest)?;
    let loaded = load_training(&manifest)?;
    let views: Vec<String> = match request.views.is_empty() {
        true => loaded.view_names().map(str::to_owned).collect(),
        false => request.views.clone(),
    };
    let training = loaded.select(&views)?;
    let odd = correspondence(&training.views).into_iter().filter(|pair| !pair.holds());
    let warnings: Vec<String> =
        odd.map(|pair| format!("train: {pair}; check that row i is the same item in both files")).collect();
    observer.on_event(&Event::Warnings(&warnings));
    let (data, metric, unread) = (manifest.name.as_str(), request.options.by.name(), "the test rows are not");
    let told = Told { observer, data, views: views.len(), metric, unread };
    let recommendation = select::recommend(&training, &request.options, &told);
    observer.on_event(&Event::MethodsEnded);
    let (recommendation, checksum) = (recommendation?, loaded.checksum(&views));
    Ok(Recommended { manifest, views, recommendation, warnings, training, checksum })
}

/// Progress of a recommendation as events.
pub(super) struct Told<'a> {
    pub(super) observer: &'a dyn Observer,
    pub(super) data: &'a str,
    pub(super) views: usize,
    pub(super) metric: &'a str,
    /// The rows that the choice does not read, in words.
    pub(super) unread: &'a str,
}

impl RecommendProgress for Told<'_> {
    fn begin(&self, planned: &Planned) {
        let Self { data, views, unread, .. } = *self;
        self.observer.on_event(&Event::MethodsBegin { data, views, unread, planned });
    }

    fn method_ended(&self, planned: &PlannedMethod, score: Option<f64>, seconds: f64) {
        self.observer.on_event(&Event::MethodEnded { planned, metric: self.metric, score, seconds });
    }

    fn curve_begin(&self, fits: usize) {
        self.observer.on_event(&Event::CurveBegin { fits });
    }
}

impl Recommended {
    /// Fits the recommended method on all training rows, calibrated, and writes the file.
    ///
    /// # Errors
    /// The errors of the fit; a fit that has no form in a file; a file that cannot be written.
    pub fn fit(&self, out: &Path, seed: u64) -> Result<Written> {
        let Self { training, .. } = self;
        let data = Data { name: &self.manifest.name, sha256: &self.checksum, rows: training.views.rows() };
        let input = FitInput::new(&training.views).with_labels(&training.labels)?.with_groups(&training.groups)?;
        let method = &self.recommendation.chosen().candidate.method;
        let (saved, seconds): (Saved, f64) = fit_input(method, input, seed, true, &data)?;
        saved.write(out)?;
        Ok(Written { told: told(&saved, out, seconds), seconds })
    }
}

/// The recommendation as text.
pub fn page(recommended: &Recommended) -> String {
    let found = &recommended.recommendation;
    let (task, metric) = (&found.criterion.task, found.criterion.metric);
    let groups = found.groups.map(|groups| format!(" in {groups} groups, which stay together")).unwrap_or_default();
    let mut text = format!(
        "Scores are means of {metric} of {task} over {} folds of the {} training rows{groups}.\n\
         The test rows were not read.\n\n",
        found.folds, found.items
    );
    let mut table = Table::new();
    let head = ["", "method", metric.name(), "95% interval", "best in", "s", "parameters"];
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN).set_header(head);
    for column in [2, 4, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for (at, method) in found.methods.iter().enumerate() {
        let mark = match (at == found.recommended, method.as_good) {
            (true, _) => "*",
            (false, true) => "=",
            _ => "",
        };
        let interval = method.spread.interval.map(|(it, _)| format!("[{:.3}, {:.3}]", it.low, it.high));
        let share = method.spread.share.map(|share| format!("{:.0}%", 100.0 * share));
        table.add_row([
            mark.to_string(),
            method.candidate.method.name().to_string(),
            format!("{:.3}", method.mean),
            interval.unwrap_or_default(),
            share.unwrap_or_default(),
            format!("{:.1}", method.seconds),
            method.parameters_text(),
        ]);
    }
    let _ = write!(text, "{table}\n\n");
    let margin = found.best().standard_error;
    let _ = writeln!(text, "* recommended; = at most one standard error ({margin:.4}) from the best");
    text += &counts(found);
    for it in &found.not_tried {
        let _ = writeln!(text, "without a score: {}: {}", it.method, it.reason);
    }
    let _ = write!(
        text,
        "\nRecommended: {} ({})\n{}",
        found.chosen().candidate.method.name(),
        found.chosen().parameters_text(),
        reason(recommended)
    );
    let _ = write!(text, "\n\n{}", curve(found));
    text
}

/// How many candidates the methods had.
fn counts(found: &Recommendation) -> String {
    let most = found.methods.iter().map(|method| method.candidates).max().unwrap_or(0);
    let fewer: Vec<String> = found
        .methods
        .iter()
        .filter(|method| method.candidates < most)
        .map(|method| format!("{} {}", method.candidate.method.name(), method.candidates))
        .collect();
    let fewer = if fewer.is_empty() { String::new() } else { format!("; fewer: {}", fewer.join(", ")) };
    format!("candidates per method: {most}{fewer}\n")
}

/// The reason of the recommendation, in sentences.
pub fn reason(recommended: &Recommended) -> String {
    let found = &recommended.recommendation;
    let (best, chosen) = (found.best(), found.chosen());
    let name = |method: &MethodScore| method.candidate.method.name();
    let margin = best.standard_error;
    let near: Vec<&MethodScore> = found.methods.iter().filter(|method| method.as_good).collect();
    let mut text = match near.len() {
        1 => format!("It has the best score; no other method is within one standard error ({margin:.4}) of it."),
        count => {
            let equal = near.iter().filter(|method| method.cost == chosen.cost).count();
            let why = match equal {
                1 => "the cheapest by the forecast work of a fit",
                _ => {
                    "one of the cheapest by the forecast work of a fit, and of these the one with the fewest parameters"
                }
            };
            format!(
                "{count} methods are within one standard error ({margin:.4}) of the best score ({}, {:.3}); it is {why}.",
                name(best),
                best.mean
            )
        }
    };
    if name(chosen) == "na" {
        text += " This is the baseline that fits nothing, so no method helps here; `runner check` tells whether row i is \
                 the same item in every view.";
    }
    text
}

/// The learning curve, and what twice the pairs would give.
fn curve(found: &Recommendation) -> String {
    let curve = &found.curve;
    let sizes: Vec<String> = curve
        .sizes
        .iter()
        .map(|size| {
            let score = size.score.map_or_else(|| "none".to_string(), |score| format!("{score:.3}"));
            format!("{score} on {}", size.rows)
        })
        .collect();
    let metric = found.criterion.metric;
    let (from, to) = curve.range();
    let gain = match &curve.gain {
        Ok(gain) => {
            let it = gain.gain;
            format!(
                "Twice the pairs ({to} in place of {from} rows of a fit) would give about {:+.3} [{:+.3}, {:+.3}].",
                it.estimate, it.low, it.high
            )
        }
        Err(reason) => format!("The gain from twice the pairs is not known: {reason}."),
    };
    format!("Its {metric} by rows of a fit: {}\n{gain}", sizes.join(", "))
}
