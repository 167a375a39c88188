//! The difference of two methods for each pair of views (or each view), with its interval and with p adjusted over the
//! pairs by Holm's method.

use std::collections::BTreeMap;

use anyhow::Result;
use tasks::multiple::holm;
use tasks::statistics::resample_means;
use tasks::{Contrast, Metric, Resamples};

use crate::samples::{Place, Sample, Samples, resampled};
use crate::tables::comparison::{Comparison, LEVEL, ends, p_value};
use crate::tables::pair_ends;
use crate::tables::summary::{Group, Measure, Summary};
use crate::tables::table::Table;
use grid::{Condition, Primary};

/// Number of resamples for means over items: a minimum, a number for each pair, so that Holm's p can fall to 0.01, and
/// a maximum.
const LEAST: usize = 1_000;
const BY_PAIR: usize = 100;
const MOST: usize = 10_000;
/// Number of resamples for metrics that must be computed again for each.
const FEW: usize = 1_000;
/// Seed of the resamples.
const SEED: u64 = 0;

/// The comparison of two methods by one measure, for each pair of views.
#[derive(Clone, Debug)]
pub struct PairDifferences {
    /// The name of the measure in tables.
    pub name: String,
    /// The metric.
    pub metric: Metric,
    /// Noise and number of the training rows.
    pub condition: Condition,
    /// The two methods: differences are the first minus the second.
    pub methods: [String; 2],
    /// Pairs by subset of views, in the order of the views.
    pub lines: Vec<PairLine>,
    /// Stem of the names of its files.
    pub stem: String,
}

/// One pair of views, or one view.
#[derive(Clone, Debug)]
pub struct PairLine {
    /// The subset of views.
    pub view_set: String,
    /// The view, and the target view of a pair.
    pub place: Place,
    /// The values of the two methods.
    pub values: [f64; 2],
    /// The value of the first method minus that of the second.
    pub difference: Contrast,
    /// p of the difference, adjusted over the pairs of the subset.
    pub adjusted: f64,
}

/// For every comparison on all training rows without noise (or under the main condition, if the grid has no such
/// cells): the two methods that the grid names, or else the best and the second-best method of the largest subset of
/// views. Measures with a single pair are left out.
///
/// # Errors
/// Stored scores that cannot be read.
pub fn of(
    samples: &Samples<'_>,
    comparisons: &[Comparison],
    primary: Option<&Primary>,
) -> Result<Vec<PairDifferences>> {
    let main = samples.summary().main_condition();
    let first = comparisons.iter().find(|c| Some(&c.condition) == main).or(comparisons.first()).map(|c| &c.condition);
    let here = comparisons.iter().filter(|comparison| Some(&comparison.condition) == first);
    let found: Result<Vec<Option<PairDifferences>>> = here.map(|one| by_measure(samples, one, primary)).collect();
    Ok(found?.into_iter().flatten().collect())
}

fn by_measure(
    samples: &Samples<'_>,
    comparison: &Comparison,
    primary: Option<&Primary>,
) -> Result<Option<PairDifferences>> {
    let summary = samples.summary();
    let Some(measure) = summary.measures().iter().find(|m| summary.title(m) == comparison.name) else {
        return Ok(None);
    };
    let Some(methods) = chosen(summary, comparison, primary) else { return Ok(None) };
    let mut lines = Vec::new();
    for view_set in summary.view_sets() {
        let group = |method: &String| {
            summary
                .groups
                .iter()
                .find(|g| g.view_set == view_set && g.condition == comparison.condition && g.label() == *method)
        };
        let [Some(first), Some(second)] = [group(&methods[0]), group(&methods[1])] else { continue };
        lines.extend(of_set(samples, [first, second], measure)?);
    }
    let stem = comparison.stem().replacen("comparison_", "pairs_", 1);
    let (name, condition) = (comparison.name.clone(), comparison.condition.clone());
    let found = PairDifferences { name, metric: comparison.metric, condition, methods, lines, stem };
    Ok((!found.lines.is_empty()).then_some(found))
}

/// The labels of the two methods.
fn chosen(summary: &Summary<'_>, comparison: &Comparison, primary: Option<&Primary>) -> Option<[String; 2]> {
    if let Some([a, b]) = primary.map(|primary| primary.compare.as_slice()) {
        let label = |name: &String| {
            let lines = || comparison.lines.iter().map(|line| &line.method);
            let named = summary.groups.iter().find(|group| group.method.name == *name).map(Group::label);
            lines().find(|label| *label == name).cloned().or_else(|| named.filter(|named| lines().any(|l| l == named)))
        };
        return Some([label(a)?, label(b)?]);
    }
    let size = |view_set: &str| summary.views(view_set).len();
    let largest = comparison.lines.iter().rev().max_by_key(|line| size(&line.view_set)).map(|line| &line.view_set)?;
    let mut lines = comparison.lines.iter().filter(|line| line.view_set == *largest);
    Some([lines.next()?.method.clone(), lines.next()?.method.clone()])
}

fn of_set(samples: &Samples<'_>, groups: [&Group; 2], measure: &Measure) -> Result<Vec<PairLine>> {
    let summary = samples.summary();
    if groups.iter().any(|group| summary.of(group).any(|record| record.metric.is_none())) {
        return Ok(Vec::new());
    }
    let [first, second] = groups.map(|group| samples.sample_of(group, measure));
    let (Ok(first), Ok(second)) = (first?, second?) else { return Ok(Vec::new()) };
    if !first.is_paired_with(&second) || first.units() < 2 {
        return Ok(Vec::new());
    }
    let views = summary.views(&groups[0].view_set);
    let position = |name: &str| views.iter().position(|view| *view == name);
    let mut places: Vec<Place> = first.places().into_iter().cloned().collect();
    places.sort_by_key(|(source, target)| (position(source), target.as_deref().and_then(position)));
    if places.len() < 2 {
        return Ok(Vec::new());
    }
    let drawn = draw([&first, &second], &places)?;
    let line = |(i, place): (usize, &Place)| {
        let [a, b] = [2 * i, 2 * i + 1];
        let difference = drawn.difference(a, b)?;
        let values = [a, b].map(|figure| drawn.estimates()[figure]);
        let view_set = groups[0].view_set.clone();
        Some(PairLine { view_set, place: place.clone(), values, difference, adjusted: f64::NAN })
    };
    let mut lines: Vec<PairLine> = places.iter().enumerate().filter_map(line).collect();
    let p: Vec<f64> = lines.iter().map(|line| line.difference.p).collect();
    lines.iter_mut().zip(holm(&p)).for_each(|(line, adjusted)| line.adjusted = adjusted);
    Ok(lines)
}

/// The samples of both methods for each pair, under the same resamples.
fn draw(samples: [&Sample; 2], places: &[Place]) -> Result<Resamples> {
    let of_place = |place: &Place| samples.map(|sample| sample.per_item(|other| other == place));
    let by_item: Option<Vec<Vec<Vec<f64>>>> = places.iter().flat_map(of_place).collect();
    let Some(values) = by_item else {
        return resampled(&samples, FEW, SEED, |evaluated, omitted| {
            let by_place: Vec<BTreeMap<&Place, f64>> = evaluated.iter().map(|one| one.by_place(omitted)).collect();
            let at = |place: &Place| -> Vec<f64> {
                by_place.iter().map(|values| values.get(place).copied().unwrap_or(f64::NAN)).collect()
            };
            places.iter().flat_map(at).collect()
        });
    };
    let many = (BY_PAIR * places.len()).clamp(LEAST, MOST);
    Ok(resample_means(&values, samples[0].drawn().clusters, samples[0].scale(), many, SEED)?)
}

impl PairDifferences {
    /// Number of pairs whose difference is significant.
    pub fn told(&self) -> usize {
        self.lines.iter().filter(|line| line.adjusted < LEVEL).count()
    }

    /// The title without the title of the grid.
    pub fn caption(&self) -> String {
        let over = if self.of_pairs() { "pair of views" } else { "view" };
        let under = self.condition.suffix();
        format!("{} by {over}: {} minus {}{under}", self.name, self.methods[0], self.methods[1])
    }

    /// Whether lines are pairs of views, not single views.
    pub fn of_pairs(&self) -> bool {
        self.lines.iter().any(|line| line.place.1.is_some())
    }

    /// The subsets of views, in the order of the lines.
    pub fn view_sets(&self) -> Vec<&str> {
        let mut sets: Vec<&str> = self.lines.iter().map(|line| line.view_set.as_str()).collect();
        sets.dedup();
        sets
    }

    /// The differences as a table.
    pub fn table(&self, title: &str, notes: &[String]) -> Table {
        let (several, pairs) = (self.view_sets().len() > 1, self.of_pairs());
        let (source, target) = match pair_ends(self.metric) {
            _ if !pairs => ("view", ""),
            ("view", "view") => ("view", "other view"),
            ends => ends,
        };
        let kept = |shown: bool, text: &str| shown.then(|| text.to_string());
        let row = |line: &PairLine| {
            let i = &line.difference.interval;
            let (view, other) = &line.place;
            let names =
                [kept(several, &line.view_set), kept(true, view), kept(pairs, other.as_deref().unwrap_or_default())];
            let [a, b] = line.values.map(|value| format!("{value:.3}"));
            let difference = format!("{:+.3} {}", i.estimate, ends(i, 3, true));
            let entries = [a, b, difference, p_value(line.difference.p), p_value(line.adjusted)];
            names.into_iter().flatten().chain(entries).collect()
        };
        let names: Vec<String> =
            [kept(several, "views"), kept(true, source), kept(pairs, target)].into_iter().flatten().collect();
        let count = names.len();
        let [a, b] = &self.methods;
        let headers = names.into_iter().chain([a.clone(), b.clone()]);
        let how = format!(
            "Difference: {a} minus {b}, paired, with its 95% interval over held-out items (and seeds, where there are several); {} is \
             better. p is two-sided; p (Holm) is adjusted over the lines of a subset of views. {} of {} differences are told from zero \
             (p (Holm) < 0.05).",
            if self.metric.higher_is_better() { "above zero the first" } else { "below zero the first" },
            self.told(),
            self.lines.len()
        );
        Table {
            title: format!("{title}: {}", self.caption()),
            headers: headers.chain(["difference", "p", "p (Holm)"].map(String::from)).collect(),
            names: count,
            rows: self.lines.iter().map(row).collect(),
            notes: std::iter::once(how).chain(notes.iter().cloned()).collect(),
            ..Table::default()
        }
    }
}
