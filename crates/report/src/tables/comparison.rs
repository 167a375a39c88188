//! Comparison of methods by one metric: intervals, places, differences and their tests.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use tasks::multiple::{Pair, benjamini_hochberg, step_down};
use tasks::statistics::resample_means;
use tasks::{Contrast, Interval, Metric, Resamples};

use crate::samples::{Place, Sample, Samples, resampled};
use crate::tables::MISSING;
use crate::tables::summary::{Group, Measure, Summary};
use crate::tables::table::{Part, Table};
use grid::keys::MethodKey;
use grid::{Condition, Primary};

/// Number of resamples for an interval: for means over items, and for metrics that must be computed again for each
/// resample.
const RESAMPLES: usize = 10_000;
const FEW_RESAMPLES: usize = 1_000;
/// Seed of the resamples. A fixed seed makes tables reproducible.
const SEED: u64 = 0;
/// With fewer groups than this number a table says that its intervals are rough.
const FEW_GROUPS: usize = 20;

/// Level of the marks, after adjustment over all pairs of methods that are compared.
pub const LEVEL: f64 = 0.05;

/// Metrics to compare if the grid names none: the first that the grid measures.
const DEFAULTS: [Metric; 5] = [Metric::Rank1, Metric::Map, Metric::Ari, Metric::Accuracy, Metric::GammaMean];

/// One line: a method on a subset of views.
#[derive(Clone, Debug)]
pub struct Line {
    /// The subset of views.
    pub view_set: String,
    /// The name of the method in tables.
    pub method: String,
    /// The setting with all parameters.
    pub setting: MethodKey,
    /// The value, as a contrast with zero.
    pub figure: Contrast,
    /// The first and the last likely place among the methods of the subset.
    pub places: (usize, usize),
    /// Difference to the best method, positive if the best is better; `None` for the best method itself.
    pub behind: Option<Contrast>,
    /// p of `behind`, adjusted for all pairs of methods of the table.
    pub adjusted: Option<f64>,
    /// q of `behind`, adjusted for all comparisons of the report; see [`adjust_over`].
    pub q: Option<f64>,
    /// Mean wall and CPU seconds of a fit.
    pub cost: [Option<f64>; 2],
    /// Number of held-out items.
    pub items: usize,
    /// Number of seeds of fits.
    pub seeds: usize,
}

impl Line {
    /// The places as tables show them: one number, or the first and the last.
    pub fn place(&self) -> String {
        match self.places {
            (a, b) if a == b => a.to_string(),
            (a, b) => format!("{a}-{b}"),
        }
    }
}

/// The comparison of a grid's methods by one measure of its primary metric, under one condition.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The name of the measure in tables: the metric, and the settings of its task if the grid has the metric twice.
    pub name: String,
    /// Noise and number of the training rows.
    pub condition: Condition,
    /// The metric.
    pub metric: Metric,
    /// The lines, the best first within each subset of views.
    pub lines: Vec<Line>,
    /// The result of the comparison that the grid names under `primary`, as a sentence.
    pub primary: Option<String>,
    /// Values that the means leave out, and methods that have no line because of that.
    pub left_out: Vec<String>,
    /// Limits of the intervals (groups, few groups, two seeds) and methods without a value.
    pub notes: Vec<String>,
    /// p of the differences between two methods of which neither is the best. They count among the tests, too.
    pub others: Vec<f64>,
}

/// Adds q of Benjamini and Hochberg over the differences between all pairs of methods in all comparisons together. The
/// expected share of chance findings among the differences with q below a level is at most that level. All pairs count,
/// because the same data decide which method is the best.
pub fn adjust_over<'a>(comparisons: impl IntoIterator<Item = &'a mut Comparison>) {
    let mut comparisons: Vec<&mut Comparison> = comparisons.into_iter().collect();
    let others: Vec<f64> = comparisons.iter().flat_map(|comparison| comparison.others.iter().copied()).collect();
    let lines = comparisons.iter_mut().flat_map(|comparison| &mut comparison.lines);
    let mut tested: Vec<(&mut Line, f64)> = lines
        .filter_map(|line| {
            let p = line.behind?.p;
            Some((line, p))
        })
        .collect();
    let p: Vec<f64> = tested.iter().map(|(_, p)| *p).chain(others).collect();
    for ((line, _), q) in tested.iter_mut().zip(benjamini_hochberg(&p)) {
        line.q = Some(q);
    }
}

/// Compares all methods under every condition by every measure of the grid's primary metric. If the grid names no
/// primary metric, the first of Rank-1, mAP, ARI, accuracy and Γ that it measures takes its place. With fewer than two
/// methods there is no comparison.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn compare(stored: &Samples<'_>, primary: Option<&Primary>) -> Result<Vec<Comparison>> {
    let summary = stored.summary();
    let measured = |metric: &Metric| summary.measures_of(*metric).next().is_some();
    let wanted = primary.map(|primary| primary.metric);
    let Some(metric) = wanted.or_else(|| DEFAULTS.into_iter().find(|metric| measured(metric))) else {
        return Ok(Vec::new());
    };
    let conditions = summary.conditions();
    let each =
        conditions.iter().flat_map(|condition| summary.measures_of(metric).map(move |measure| (measure, *condition)));
    let compared: Result<Vec<Option<Comparison>>> =
        each.map(|(measure, condition)| by_measure(stored, measure, condition, primary)).collect();
    let mut compared: Vec<Comparison> = compared?.into_iter().flatten().collect();
    adjust_over(&mut compared);
    Ok(compared)
}

fn by_measure(
    stored: &Samples<'_>,
    measure: &Measure,
    condition: &Condition,
    primary: Option<&Primary>,
) -> Result<Option<Comparison>> {
    let summary = stored.summary();
    let metric = measure.metric;
    let name = summary.title(measure);
    let sign = if metric.higher_is_better() { 1.0 } else { -1.0 };
    let mut tables: Vec<(Resamples, Vec<(usize, Line)>)> = Vec::new();
    let (mut sentences, mut notes, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    for view_set in summary.view_sets() {
        let groups = summary.groups.iter().filter(|g| g.view_set == view_set && g.condition == *condition);
        let mut found: Vec<(&Group, Sample)> = Vec::new();
        for group in groups {
            // The records of a failed cell are stored, its scores are not.
            if summary.of(group).any(|record| record.metric.is_none()) {
                continue;
            }
            if let Ok(sample) = stored.sample_of(group, measure)? {
                found.push((group, sample));
            }
        }
        // Means over different items or different pairs are not values of the same quantity.
        let whole = found.iter().map(|(_, sample)| sample).max_by_key(|s| (s.items, s.places().len()));
        let paired: Vec<bool> = found.iter().map(|(_, s)| whole.is_some_and(|whole| s.is_paired_with(whole))).collect();
        let mut named: Vec<(String, &Group, Sample)> = Vec::new();
        let mut costs = Vec::new();
        for ((group, sample), paired) in found.into_iter().zip(paired) {
            let without = summary.left_out(group, measure);
            let label = group.label();
            match (&without, paired) {
                (Some(without), true) => left_out.push(format!("{name} of {label} on `{view_set}`: {without}.")),
                (Some(without), false) => left_out.push(format!(
                    "{name} of {label} on `{view_set}` has no line: {without}, where other methods have them."
                )),
                (None, true) => {}
                (None, false) => left_out.push(format!(
                    "{name} of {label} on `{view_set}` has no line: it is of other items or pairs than the others."
                )),
            }
            if paired {
                costs.push([summary.cost(group, |r| r.fit_seconds), summary.cost(group, |r| r.fit_cpu_seconds)]);
                named.push((label, group, sample));
            }
        }
        let units = named.first().map_or(0, |(_, _, sample)| sample.units());
        if named.len() < 2 || units < 2 {
            continue;
        }
        let samples: Vec<&Sample> = named.iter().map(|(_, _, sample)| sample).collect();
        let drawn = draw(&samples)?;
        let places = drawn.places(&(0..named.len()).collect::<Vec<usize>>(), metric.higher_is_better());
        let estimate = |i: usize| sign * drawn.estimates()[i];
        let finite = (0..named.len()).filter(|&i| estimate(i).is_finite());
        let Some(best) = finite.reduce(|best, i| if estimate(i) > estimate(best) { i } else { best }) else { continue };
        let line = |i: usize| -> Option<Line> {
            let behind = if sign > 0.0 { drawn.difference(best, i) } else { drawn.difference(i, best) };
            Some(Line {
                view_set: view_set.to_string(),
                method: named[i].0.clone(),
                setting: named[i].1.method.clone(),
                figure: drawn.figure(i)?,
                places: places[i]?,
                behind: if i == best { None } else { Some(behind?) },
                adjusted: None,
                q: None,
                cost: costs[i],
                items: named[i].2.items,
                seeds: named[i].2.seeds(),
            })
        };
        let mut of_set: Vec<(usize, Line)> = Vec::new();
        for (i, (label, ..)) in named.iter().enumerate() {
            match line(i) {
                Some(line) => of_set.push((i, line)),
                None => note(format!("{name} of {label} on `{view_set}` is undefined: it has no line.")),
            }
        }
        if of_set.len() < 2 {
            continue;
        }
        limits(samples[0], units, samples.iter().any(|sample| sample.seeds() == 2)).into_iter().for_each(&mut note);
        of_set.sort_by(|(_, a), (_, b)| {
            (sign * b.figure.interval.estimate).total_cmp(&(sign * a.figure.interval.estimate))
        });
        if let Some(primary) = primary {
            let place = |name: &String| {
                let found = Summary::find(named.iter().map(|(_, group, _)| *group), name)?;
                named.iter().position(|(_, group, _)| *group == found)
            };
            if let [a, b] = primary.compare.as_slice() {
                let contrast = place(a).zip(place(b)).and_then(|(i, j)| Some((i, j, drawn.difference(i, j)?)));
                sentences.push(match contrast {
                    Some((i, j, contrast)) => {
                        format!("{view_set}: {}", primary_sentence(&name, &named[i].0, &named[j].0, &contrast))
                    }
                    None => format!("{view_set}: not made, because `{a}` or `{b}` has no line."),
                });
            }
        }
        tables.push((drawn, of_set));
    }
    if tables.is_empty() {
        return Ok(None);
    }
    let (lines, others) = adjusted(tables);
    let primary =
        (!sentences.is_empty()).then(|| format!("The comparison that the grid was made for. {}", sentences.join(" ")));
    Ok(Some(Comparison { name, condition: condition.clone(), metric, lines, primary, left_out, notes, others }))
}

/// The lines of all subsets of views, with p adjusted over all pairs of methods, and p of the pairs without the best
/// method.
fn adjusted(tables: Vec<(Resamples, Vec<(usize, Line)>)>) -> (Vec<Line>, Vec<f64>) {
    let drawn: Vec<&Resamples> = tables.iter().map(|(drawn, _)| drawn).collect();
    let key = |pair: &Pair| (pair.table, pair.first, pair.second);
    let mut pairs: HashMap<(usize, usize, usize), Pair> =
        step_down(&drawn).into_iter().map(|pair| (key(&pair), pair)).collect();
    let mut lines = Vec::new();
    for (table, (_, of_set)) in tables.into_iter().enumerate() {
        let best = of_set.iter().find(|(_, line)| line.behind.is_none()).map(|(i, _)| *i);
        for (i, mut line) in of_set {
            if let Some(best) = best.filter(|&best| best != i) {
                line.adjusted = pairs.remove(&(table, best.min(i), best.max(i))).map(|pair| pair.adjusted);
            }
            lines.push(line);
        }
    }
    let mut others: Vec<Pair> = pairs.into_values().collect();
    others.sort_by_key(key);
    (lines, others.into_iter().map(|pair| pair.p).collect())
}

/// Notes on the limits of the intervals of a table.
fn limits(sample: &Sample, units: usize, two_seeds: bool) -> Vec<String> {
    let mut limits = Vec::new();
    if let Some(groups) = &sample.groups {
        limits.push(format!("Items of one `{}` are drawn together.", groups.name));
        if units < FEW_GROUPS {
            limits.push(format!(
                "There are {units} groups of `{}`, fewer than {FEW_GROUPS}: intervals are widened by Student's t with {} \
                 degrees of freedom, and rough.",
                groups.name,
                units - 1
            ));
        }
    }
    if two_seeds {
        limits.push(
            "Of two seeds one difference is known, and an interval reaches 12.7 standard errors of their mean: where the \
             seeds differ, take three or more."
                .into(),
        );
    }
    limits
}

/// Draws the same resamples for all methods.
///
/// # Errors
/// Samples of other items; fewer than two items or groups.
pub(crate) fn draw(samples: &[&Sample]) -> Result<Resamples> {
    by_items(samples, |_| true, [RESAMPLES, FEW_RESAMPLES], SEED)
}

/// The mean of each sample over the places that `which` accepts, under the same resamples: the first number of
/// resamples for means over items, the second for metrics that must be computed again for each resample.
///
/// # Errors
/// As [`draw`].
pub(crate) fn by_items(
    samples: &[&Sample],
    which: impl Fn(&Place) -> bool + Sync,
    [many, few]: [usize; 2],
    seed: u64,
) -> Result<Resamples> {
    let per_item: Option<Vec<Vec<Vec<f64>>>> = samples.iter().map(|sample| sample.per_item(&which)).collect();
    Ok(match (per_item, samples) {
        (Some(values), [first, ..]) => resample_means(&values, first.drawn().clusters, first.scale(), many, seed)?,
        _ => resampled(samples, few, seed, |evaluated, omitted| {
            evaluated.iter().map(|sample| sample.mean(omitted, &which)).collect()
        })?,
    })
}

fn primary_sentence(name: &str, a: &str, b: &str, contrast: &Contrast) -> String {
    let i = &contrast.interval;
    format!(
        "{name} of {a} minus {b} {:+.4} {}, p {}; a difference of {:.4} would be found in four of five repetitions.",
        i.estimate,
        ends(i, 4, true),
        p_value(contrast.p),
        contrast.detectable
    )
}

/// p as tables show it. With R resamples no p is below 1/(R + 1); such a p is shown as a bound.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        p if p < 0.0001 => "< 0.0001".into(),
        p if p < 0.001 => "< 0.001".into(),
        _ => format!("{p:.3}"),
    }
}

/// The ends of an interval, such as `[0.981, 0.992]`. If all resamples agree, the ends are unknown.
pub(crate) fn ends(i: &Interval, digits: usize, signed: bool) -> String {
    match (i.low == i.high, signed) {
        (true, _) => format!("[{MISSING}]"),
        (false, true) => format!("[{:+.digits$}, {:+.digits$}]", i.low, i.high),
        (false, false) => format!("[{:.digits$}, {:.digits$}]", i.low, i.high),
    }
}

impl Comparison {
    /// Whether these are all training rows, without noise.
    pub fn clean(&self) -> bool {
        self.condition.is_clean()
    }

    /// The measure, and the noise and number of training rows if they are not none and all.
    pub fn title(&self) -> String {
        if self.clean() { self.name.clone() } else { format!("{}, {}", self.name, self.condition) }
    }

    /// Stem of the names of its files.
    pub fn stem(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        let name: String = self.title().chars().map(plain).collect();
        let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
        format!("comparison_{}", words.join("_"))
    }

    /// The comparison as a table. The second part of the table holds the numbers of items and seeds, the tests and the
    /// cost.
    pub fn table(&self, title: &str, notes: &[String]) -> Table {
        let row = |line: &Line| {
            let i = &line.figure.interval;
            let (behind, p, q, detectable) = match (&line.behind, line.adjusted, line.q) {
                (Some(contrast), Some(p), Some(q)) => {
                    let i = &contrast.interval;
                    let behind = format!("{:.3} {}", i.estimate, ends(i, 3, false));
                    (behind, p_value(p), p_value(q), format!("{:.4}", contrast.detectable))
                }
                _ => ("best".to_string(), String::new(), String::new(), String::new()),
            };
            let seconds = |s: Option<f64>| s.map_or_else(|| MISSING.to_string(), |s| format!("{s:.2}"));
            vec![
                line.view_set.clone(),
                line.method.clone(),
                format!("{:.3} {}", i.estimate, ends(i, 3, false)),
                line.place(),
                behind,
                p,
                q,
                detectable,
                line.items.to_string(),
                line.seeds.to_string(),
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
            "p (max-t)",
            "q (BH)",
            "detectable",
            "items",
            "seeds",
            "fit s",
            "fit CPU s",
        ];
        let mut all = vec![
            "Intervals are 95% intervals over held-out items and, where a method has several, over seeds, for these training \
             rows: other training rows are not covered (over redrawn ones an interval of a difference would cover about 90%). \
             Differences are paired. ≈: a test does not tell the method from the best (p ≥ 0.05). p is two-sided, adjusted over all \
             pairs of methods of the table (step-down maximum t), because the best is known from the same data; q is \
             Benjamini-Hochberg-adjusted over all pairs of the grid; a place is where a method stands in 95% of the resamples; detectable \
             is the difference that a test at 5% finds in four of five repetitions."
                .to_string(),
        ];
        all.extend(self.left_out.iter().chain(&self.notes).cloned());
        all.extend(self.primary.clone());
        all.extend(notes.iter().cloned());
        let mut table = Table {
            title: format!("{title}: methods compared by {}", self.title()),
            headers: headers.into_iter().map(str::to_string).collect(),
            names: 2,
            rows: self.lines.iter().map(row).collect(),
            notes: all,
            metrics: BTreeMap::from([(VALUE, self.metric)]),
            parts: vec![Part { title: "Behind the tests, and cost".into(), from: 6 }],
            ..Table::default()
        };
        for (i, line) in self.lines.iter().enumerate() {
            match line.adjusted {
                None => table.best.insert((i, VALUE)),
                Some(p) if p >= LEVEL => table.level.insert((i, VALUE)),
                Some(_) => false,
            };
        }
        table
    }
}

/// The column that holds the value.
const VALUE: usize = 2;
