//! The figures of a grid.

mod coverage;
mod figure;
mod pairs;
pub mod palette;
mod scatter;
mod spec;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use figures::{Bar, BarSeries, Drawn, GroupedBars, Heatmaps, Panel};
use files::Fault;
use rayon::prelude::*;
use tasks::{Metric, SimilarityMeasure, SimilarityStatistic};

pub use self::figure::Figure;
use self::figure::Words;
pub use self::pairs::figures as pairs;
use crate::paper::Paper;
use crate::samples::Samples;
use crate::tables::intervals::Standings;
use crate::tables::summary::{Group, Measure, Summary};
use crate::tables::{pair_ends, stem_of};
use grid::figure_spec::FigureSpec;
use store::slug;

/// A figure with the stem of its files.
pub type Named = (Figure, String);

/// All figures of a grid: the figures that the grid file and its paper file define, then, for every subset of views and
/// noise, an overview, bars by view and heat maps by pair, on the most training rows. With a paper file, the bars show the
/// published values.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn figures(
    title: &str,
    samples: &Samples<'_>,
    standings: &Standings,
    notes: &[String],
    paper: Option<&Paper>,
    asked: &[FigureSpec],
) -> Result<Vec<Named>> {
    let summary = samples.summary();
    let subtitle = notes.first().map(|note| note.replace('`', ""));
    let mut figures: Vec<Named> = Vec::new();
    for spec in asked.iter().chain(paper.into_iter().flat_map(|paper| &paper.figures)) {
        let words = Words { title, subtitle: subtitle.clone() };
        figures.push(spec::figure(spec, &words, samples)?);
    }
    // Along the numbers of training rows there are curves.
    let mut conditions = summary.conditions();
    conditions.retain(|condition| condition.fit_rows == summary.most_rows());
    let several = summary.view_sets().len() * conditions.len() > 1;
    for view_set in summary.view_sets() {
        for &condition in &conditions {
            let groups: Vec<&Group> =
                summary.groups.iter().filter(|g| g.view_set == view_set && g.condition == *condition).collect();
            // A parameter sweep has a figure of its own. Dozens of bars and panels would be illegible.
            if groups.is_empty() || groups.len() > MOST_GROUPS {
                continue;
            }
            let suffix = if several { format!("_{view_set}_{}", slug(&condition.to_string())) } else { String::new() };
            let title = if several { format!("{title}: {view_set}{}", condition.in_full()) } else { title.to_string() };
            let page = Page { title, subtitle: subtitle.clone(), summary, standings, view_set, groups, paper };
            let path = |name: &str| format!("{name}{suffix}");
            figures.push((Figure::Bars(page.overview()), path("summary")));
            for measure in BY_VIEW.into_iter().flat_map(|m| summary.measures_of(m)) {
                let stem = path(&format!("{}_by_view", stem_of(summary, measure)));
                figures.push((Figure::Bars(page.by_view(measure)), stem));
            }
            for measure in BY_PAIR.into_iter().flat_map(|m| summary.measures_of(m)) {
                let stem = path(&format!("{}_by_pair", stem_of(summary, measure)));
                figures.push((Figure::Heatmaps(page.by_pair(measure)), stem));
            }
            for measure in summary.measures_of(Metric::Aurc) {
                let title = format!("{}: risk of mapped queries by coverage", page.title);
                let drawn = coverage::figure(title, page.subtitle.clone(), samples, &page.groups, measure)?;
                let stem = path(&format!("{}_by_coverage", stem_of(summary, measure)));
                figures.extend(drawn.map(|curves| (Figure::Curves(curves), stem)));
            }
        }
    }
    Ok(figures)
}

/// Writes figures into a folder, and into `single/` and `double/` below it for the columns of a page.
///
/// # Errors
/// The folder cannot be written.
pub fn write(figures: &[Named], folder: &Path) -> Result<Vec<PathBuf>> {
    let written = |(figure, stem): &Named| {
        let stem = folder.join(stem);
        let mut files = keep(figures::draw(figure.draw(), &stem)?)?;
        files.extend(keep(figures::draw_columns(figure.draw(), &stem)?)?);
        Ok(files)
    };
    let files: Result<Vec<Vec<PathBuf>>> = figures.par_iter().map(written).collect();
    Ok(files?.concat())
}

/// A figure as an SVG and a PNG document, without files.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn documents(figure: &Figure) -> Result<Vec<Drawn>> {
    Ok(figures::draw(figure.draw(), Path::new("figure"))?)
}

/// Writes the rendered figures and creates the folders that they need. A file is written completely or not at all.
///
/// # Errors
/// A folder that cannot be made, a file that cannot be written.
pub fn keep(drawn: Vec<Drawn>) -> Result<Vec<PathBuf>> {
    let put = |Drawn { path, bytes }: Drawn| {
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))
            .and_then(|()| files::put(&path, &bytes))
            .with_context(|| Fault::unwritable(format!("cannot write {}", path.display())))?;
        Ok(path)
    };
    drawn.into_iter().map(put).collect()
}

/// Metrics that have bars by view.
const BY_VIEW: [Metric; 3] = [Metric::Ari, Metric::Nmi, Metric::DriftMean];
/// Metrics that have a heat map by pair.
const BY_PAIR: [Metric; 8] = [
    Metric::Rank1,
    Metric::Accuracy,
    Metric::Map,
    Metric::Similarity(SimilarityMeasure::Cka, SimilarityStatistic::Calibrated),
    Metric::Similarity(SimilarityMeasure::MutualKnn, SimilarityStatistic::Calibrated),
    Metric::Similarity(SimilarityMeasure::Rsa, SimilarityStatistic::Calibrated),
    Metric::Similarity(SimilarityMeasure::Svcca, SimilarityStatistic::Calibrated),
    Metric::Similarity(SimilarityMeasure::Procrustes, SimilarityStatistic::Calibrated),
];
/// Metrics of the bars in the overview; all lie between 0 and 1.
const OVERVIEW: [Metric; 9] = [
    Metric::Ari,
    Metric::Nmi,
    Metric::Rank1,
    Metric::Accuracy,
    Metric::Cmc1,
    Metric::Map,
    Metric::Gamma90,
    Metric::DeltaPos,
    Metric::DriftMean,
];
/// Largest number of methods that fit on a page of figures.
const MOST_GROUPS: usize = 24;

/// The methods of one subset of views under one condition.
struct Page<'a> {
    title: String,
    subtitle: Option<String>,
    summary: &'a Summary<'a>,
    standings: &'a Standings,
    view_set: &'a str,
    groups: Vec<&'a Group>,
    paper: Option<&'a Paper>,
}

impl Page<'_> {
    /// Means over views with their 95% intervals: one group of bars per metric.
    fn overview(&self) -> GroupedBars {
        let measures: Vec<&Measure> = OVERVIEW.into_iter().flat_map(|m| self.summary.measures_of(m)).collect();
        let bar = |group: &Group, measure: &Measure| {
            let stat = self.summary.stat(group, measure)?;
            let over = (group.view_set.as_str(), self.summary.views(&group.view_set).len());
            let published = self.paper.and_then(|paper| paper.published(&group.method.name, measure.metric, over));
            Some(Bar {
                value: stat.mean,
                spread: self.standings.interval(self.summary, group, measure).map(|i| (i.low, i.high)),
                reference: published.map(|p| p.value),
            })
        };
        self.bars(
            format!("{}: mean over views, with 95% intervals", self.title),
            "score".into(),
            measures.iter().map(|m| self.summary.title(m)).collect(),
            &|group| measures.iter().map(|m| bar(group, m)).collect(),
        )
    }

    /// One group of bars for each view. The spread over seeds of k-means is in the records.
    fn by_view(&self, measure: &Measure) -> GroupedBars {
        let views = self.summary.views(self.view_set);
        let values = |group: &Group| {
            let space = self.summary.headline(group, measure);
            let means = space.map(|s| self.summary.means(group, measure, s)).unwrap_or_default();
            let bar = |i: usize| means.get(&(i, i)).map(|&value| Bar { value, spread: None, reference: None });
            (0..views.len()).map(bar).collect()
        };
        self.bars(
            format!("{}: {} per view", self.title, self.summary.title(measure)),
            self.summary.title(measure),
            views.iter().map(|v| v.to_string()).collect(),
            &values,
        )
    }

    fn bars(
        &self,
        title: String,
        y_label: String,
        groups: Vec<String>,
        values: &dyn Fn(&Group) -> Vec<Option<Bar>>,
    ) -> GroupedBars {
        let series = self.groups.iter().map(|group| BarSeries {
            label: group.label(),
            style: palette::key(group),
            values: values(group),
        });
        GroupedBars {
            title,
            subtitle: self.subtitle.clone(),
            y_label,
            reference_label: "published".into(),
            groups,
            series: series.collect(),
        }
    }

    /// One panel for each method: a row for each query view, a column for each gallery view.
    fn by_pair(&self, measure: &Measure) -> Heatmaps {
        let views: Vec<String> = self.summary.views(self.view_set).iter().map(|v| v.to_string()).collect();
        let panel = |group: &&Group| {
            let space = self.summary.headline(group, measure)?;
            let means = self.summary.means(group, measure, space);
            let row = |i: usize| (0..views.len()).map(|j| means.get(&(i, j)).copied()).collect();
            Some(Panel {
                title: format!("{} ({})", group.label(), space.name()),
                rows: views.clone(),
                columns: views.clone(),
                values: (0..views.len()).map(row).collect(),
            })
        };
        let ends = pair_ends(measure.metric);
        Heatmaps {
            title: format!("{}: {} by pair", self.title, self.summary.title(measure)),
            subtitle: self.subtitle.clone(),
            panels: self.groups.iter().filter_map(panel).collect(),
            row_label: ends.0.into(),
            column_label: ends.1.into(),
            value_label: self.summary.title(measure),
        }
    }
}
