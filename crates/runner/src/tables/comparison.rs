//! Methods held against each other on one metric: intervals, places, differences and how sure they are.

use anyhow::Result;
use tasks::statistics::{Contrast, Resamples, benjamini_hochberg, holm, resample_means};
use tasks::{Metric, resample};

use crate::claims::evidence::{Evidence, Sample};
use crate::grid::Primary;
use crate::tables::summary::{Measure, Summary, metric_title};
use crate::tables::table::Table;

/// Resamples behind an interval: of means over items, and of figures that have to be computed anew for each.
const RESAMPLES: usize = 10_000;
const FEW_RESAMPLES: usize = 1_000;
/// Seed of the resamples: tables are reproducible.
const SEED: u64 = 0;
/// The noise of clean cells.
const CLEAN: &str = "none";

/// What is compared where a grid does not say: the first of these that it measures.
const DEFAULTS: [Metric; 5] = [Metric::Rank1, Metric::Map, Metric::Ari, Metric::Accuracy, Metric::GammaMean];

/// One line: a method on a subset of views.
#[derive(Clone, Debug)]
pub struct Line {
    /// The subset of views.
    pub view_set: String,
    /// The method as named in tables.
    pub method: String,
    /// The figure, as a contrast with zero.
    pub figure: Contrast,
    /// Its first and last likely place among the subset's methods.
    pub places: (usize, usize),
    /// The best method's figure minus this one's (in the direction that counts), `None` for the best itself.
    pub behind: Option<Contrast>,
    /// p of `behind`, adjusted for all of the table.
    pub adjusted: Option<f64>,
    /// q of `behind`: adjusted for all comparisons of the report, see [`adjust_over`].
    pub q: Option<f64>,
    /// Mean wall and CPU seconds of a fit.
    pub cost: [Option<f64>; 2],
}

impl Line {
    /// Its places as tables have them: one, or the first and the last.
    pub fn place(&self) -> String {
        match self.places {
            (a, b) if a == b => a.to_string(),
            (a, b) => format!("{a}-{b}"),
        }
    }
}

/// The comparison of a grid's methods by one measure of its primary metric, under one noise.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The measure as named in tables: the metric, and what sets its task apart where a grid has it twice.
    pub name: String,
    /// What was done to the training rows.
    pub noise: String,
    /// The metric alone as named in tables.
    pub metric: &'static str,
    /// Best first within a subset of views.
    pub lines: Vec<Line>,
    /// The pre-registered comparison, as a sentence.
    pub primary: Option<String>,
    /// The grouping whose groups are drawn whole, where the data have one.
    pub grouping: Option<String>,
}

/// Benjamini and Hochberg's q of every difference in the comparisons, all together: the expected share of chance findings
/// among all differences with q below a level is at most that level.
pub fn adjust_over<'a>(comparisons: impl IntoIterator<Item = &'a mut Comparison>) {
    let lines = comparisons.into_iter().flat_map(|comparison| &mut comparison.lines);
    let mut tested: Vec<(&mut Line, f64)> = lines
        .filter_map(|line| {
            let p = line.behind?.p;
            Some((line, p))
        })
        .collect();
    let p: Vec<f64> = tested.iter().map(|(_, p)| *p).collect();
    for ((line, _), q) in tested.iter_mut().zip(benjamini_hochberg(&p)) {
        line.q = Some(q);
    }
}

/// Compares all methods under every noise by every measure of the grid's primary metric, or, where a grid names none, of the first of
/// Rank-1, mAP, ARI, accuracy and Γ that it has. Without at least two methods there is nothing to compare.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn compare(summary: &Summary<'_>, evidence: &Evidence<'_>, primary: Option<&Primary>) -> Result<Vec<Comparison>> {
    let measured = |metric: &Metric| summary.measures_of(*metric).next().is_some();
    let wanted = primary.and_then(|primary| Metric::from_name(&primary.metric));
    let Some(metric) = wanted.or_else(|| DEFAULTS.into_iter().find(|metric| measured(metric))) else {
        return Ok(Vec::new());
    };
    let noises = evidence.noises();
    let each = noises.iter().flat_map(|noise| summary.measures_of(metric).map(move |measure| (measure, *noise)));
    let compared: Result<Vec<Option<Comparison>>> =
        each.map(|(measure, noise)| by_measure(summary, evidence, measure, noise, primary)).collect();
    let mut compared: Vec<Comparison> = compared?.into_iter().flatten().collect();
    adjust_over(&mut compared);
    Ok(compared)
}

fn by_measure(
    summary: &Summary<'_>,
    evidence: &Evidence<'_>,
    measure: &Measure,
    noise: &str,
    primary: Option<&Primary>,
) -> Result<Option<Comparison>> {
    let metric = measure.metric;
    let name = summary.title(measure);
    let sign = if metric.higher_is_better() { 1.0 } else { -1.0 };
    let mut lines = Vec::new();
    let (mut sentences, mut grouping) = (Vec::new(), None);
    for view_set in evidence.view_sets() {
        let groups = summary.groups.iter().filter(|g| g.view_set == view_set && g.noise == noise);
        let mut named: Vec<(String, String, Sample)> = Vec::new();
        let mut costs = Vec::new();
        for group in groups {
            // A failed cell keeps its records, not its scores.
            if summary.of(group).any(|record| record.metric.is_none()) {
                continue;
            }
            if let Ok(sample) = evidence.sample_of(group, measure)? {
                if named.first().is_some_and(|(_, _, first)| first.drawn() != sample.drawn()) {
                    continue;
                }
                costs.push([summary.cost(group, |r| r.fit_seconds), summary.cost(group, |r| r.fit_cpu_seconds)]);
                named.push((group.label(), group.method.clone(), sample));
            }
        }
        if named.len() < 2 {
            continue;
        }
        let samples: Vec<&Sample> = named.iter().map(|(_, _, sample)| sample).collect();
        let drawn = draw(&samples)?;
        grouping = grouping.or_else(|| samples[0].groups.as_ref().map(|groups| groups.name.clone()));
        let figures: Vec<usize> = (0..named.len()).collect();
        let places = drawn.places(&figures, metric.higher_is_better());
        let best = figures
            .iter()
            .copied()
            .fold(0, |best, i| if sign * drawn.estimates()[i] > sign * drawn.estimates()[best] { i } else { best });
        let mut of_set: Vec<Line> = figures
            .iter()
            .map(|&i| Line {
                view_set: view_set.to_string(),
                method: named[i].0.clone(),
                figure: drawn.contrast(|values| values[i]),
                places: places[i],
                behind: (i != best).then(|| drawn.contrast(|values| sign * (values[best] - values[i]))),
                adjusted: None,
                q: None,
                cost: costs[i],
            })
            .collect();
        of_set.sort_by(|a, b| (sign * b.figure.interval.estimate).total_cmp(&(sign * a.figure.interval.estimate)));
        lines.extend(of_set);
        if let Some(primary) = primary {
            let place = |name: &String| named.iter().position(|(label, method, _)| label == name || method == name);
            if let [a, b] = primary.compare.as_slice()
                && let (Some(i), Some(j)) = (place(a), place(b))
            {
                let contrast = drawn.contrast(|values| values[i] - values[j]);
                sentences.push(format!("{view_set}: {}", primary_sentence(&name, &named[i].0, &named[j].0, &contrast)));
            }
        }
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let tested: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].behind.is_some()).collect();
    let p: Vec<f64> = tested.iter().filter_map(|&i| lines[i].behind.map(|c| c.p)).collect();
    for (&i, adjusted) in tested.iter().zip(holm(&p)) {
        lines[i].adjusted = Some(adjusted);
    }
    let primary =
        (!sentences.is_empty()).then(|| format!("The comparison that the grid was made for. {}", sentences.join(" ")));
    let metric = metric_title(metric);
    Ok(Some(Comparison { name, noise: noise.to_string(), metric, lines, primary, grouping }))
}

/// The same resamples for all methods.
///
/// # Errors
/// Samples of other items.
pub(crate) fn draw(samples: &[&Sample]) -> Result<Resamples> {
    let per_item: Option<Vec<Vec<Vec<f64>>>> = samples.iter().map(|sample| sample.per_item()).collect();
    let items = samples.first().map_or(0.into(), |sample| sample.drawn());
    Ok(match per_item {
        Some(values) => resample_means(&values, items.clusters, RESAMPLES, SEED)?,
        None => resample(items, FEW_RESAMPLES, SEED, |weights| {
            samples.iter().map(|sample| sample.mean(weights, |_| true)).collect()
        })?,
    })
}

fn primary_sentence(name: &str, a: &str, b: &str, contrast: &Contrast) -> String {
    let i = &contrast.interval;
    format!(
        "{name} of {a} minus {b} {:+.4} [{:+.4}, {:+.4}], p {}; a difference of {:.4} would be found in four of five \
         repetitions.",
        i.estimate,
        i.low,
        i.high,
        p_value(contrast.p),
        contrast.detectable()
    )
}

/// As tables have it.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".into() } else { format!("{p:.3}") }
}

impl Comparison {
    /// Whether nothing was done to the training rows.
    pub fn clean(&self) -> bool {
        self.noise == CLEAN
    }

    /// The measure, and the noise where there is one.
    pub fn title(&self) -> String {
        if self.clean() { self.name.clone() } else { format!("{}, {}", self.name, self.noise) }
    }

    /// Stem of its files.
    pub fn stem(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        let name: String = self.title().chars().map(plain).collect();
        let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
        format!("comparison_{}", words.join("_"))
    }

    /// As a table.
    pub fn table(&self, title: &str, notes: &[String]) -> Table {
        let row = |line: &Line| {
            let i = &line.figure.interval;
            let (behind, p, q, detectable) = match (&line.behind, line.adjusted, line.q) {
                (Some(contrast), Some(p), Some(q)) => {
                    let i = &contrast.interval;
                    let behind = format!("{:.3} [{:.3}, {:.3}]", i.estimate, i.low, i.high);
                    (behind, p_value(p), p_value(q), format!("{:.4}", contrast.detectable()))
                }
                _ => ("best".to_string(), String::new(), String::new(), String::new()),
            };
            let seconds = |s: Option<f64>| s.map_or_else(|| "n/a".to_string(), |s| format!("{s:.2}"));
            vec![
                line.view_set.clone(),
                line.method.clone(),
                format!("{:.3} [{:.3}, {:.3}]", i.estimate, i.low, i.high),
                line.place(),
                behind,
                p,
                q,
                detectable,
                seconds(line.cost[0]),
                seconds(line.cost[1]),
            ]
        };
        let headers = [
            "views",
            "method",
            &self.name,
            "place",
            "behind the best",
            "p (Holm)",
            "q (BH)",
            "detectable",
            "fit s",
            "fit CPU s",
        ];
        let mut all = vec![
            "Intervals are 95% bootstrap intervals over held-out items and, where a method has several, over seeds; \
             differences are paired. p is two-sided, Holm-adjusted over the table, q Benjamini-Hochberg-adjusted over all \
             comparisons of the grid; a place is where a method stands in \
             95% of the resamples; detectable is the difference that a test at 5% finds in four of five repetitions."
                .to_string(),
        ];
        all.extend(self.grouping.as_ref().map(|name| format!("Items of one `{name}` are drawn together.")));
        all.extend(self.primary.clone());
        all.extend(notes.iter().cloned());
        Table {
            title: format!("{title}: methods compared by {}", self.title()),
            headers: headers.into_iter().map(str::to_string).collect(),
            names: 2,
            rows: self.lines.iter().map(row).collect(),
            notes: all,
        }
    }
}
