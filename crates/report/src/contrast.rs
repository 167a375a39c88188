//! The paired difference of two settings by one metric, on any part of a grid.

use anyhow::{Result, bail};
use files::Fault;
use tasks::{Contrast, Metric};

use crate::samples::{Sample, Samples};
use crate::tables::comparison::draw;
use crate::tables::summary::{Group, Measure, Summary};
use grid::Condition;

/// Two settings by one measure on one subset of views under one condition.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Name of the measure in tables.
    pub measure: String,
    /// The metric.
    pub metric: Metric,
    /// The subset of views.
    pub view_set: String,
    /// Noise and number of the training rows.
    pub condition: Condition,
    /// Names of both settings in tables.
    pub names: [String; 2],
    /// Their values.
    pub values: [f64; 2],
    /// The first value minus the second, paired over items and seeds; or the reason why there is none.
    pub difference: Result<Contrast, String>,
    /// Number of held-out items.
    pub items: usize,
    /// Numbers of seeds of the fits.
    pub seeds: [usize; 2],
}

/// The differences of two settings on every subset of views and under every condition that has both. `a` and `b` are aliases,
/// labels in tables, or names of methods.
///
/// The interval and p of a difference are those of the comparison of all methods
/// ([`compare`](crate::tables::comparison::compare)): the same resamples are drawn. They are not adjusted for the number of
/// pairs that could be compared.
///
/// # Errors
/// A name that no setting has; one setting twice; a metric that the grid does not measure; stored scores that cannot be read.
pub fn differences(samples: &Samples<'_>, a: &str, b: &str, metric: Metric) -> Result<Vec<Difference>> {
    let summary = samples.summary();
    let measures: Vec<&Measure> = summary.measures_of(metric).collect();
    if measures.is_empty() {
        let mut known: Vec<&str> = summary.measures().iter().map(|measure| measure.metric.name()).collect();
        known.dedup();
        bail!(Fault::usage(format!(
            "no task here measures `{}`; these results have {}",
            metric.name(),
            known.join(", ")
        )));
    }
    for name in [a, b] {
        if Summary::find(&summary.groups, name).is_none() {
            bail!(Fault::usage(format!("no setting `{name}`; these results have {}", settings(summary))));
        }
    }
    let mut found = Vec::new();
    for view_set in summary.view_sets() {
        for condition in summary.conditions() {
            let here = || summary.groups.iter().filter(|g| g.view_set == view_set && g.condition == *condition);
            let (Some(first), Some(second)) = (Summary::find(here(), a), Summary::find(here(), b)) else { continue };
            if first == second {
                bail!(Fault::usage(format!("`{a}` and `{b}` are one setting, {}; name two", first.label())));
            }
            for measure in &measures {
                found.push(of_groups(samples, [first, second], measure)?);
            }
        }
    }
    Ok(found)
}

fn settings(summary: &Summary<'_>) -> String {
    let mut labels: Vec<String> = summary.groups.iter().map(Group::label).collect();
    let mut seen = std::collections::HashSet::new();
    labels.retain(|label| seen.insert(label.clone()));
    labels.join(", ")
}

fn of_groups(samples: &Samples<'_>, groups: [&Group; 2], measure: &Measure) -> Result<Difference> {
    let summary = samples.summary();
    let [first, second] = groups;
    let value = |group: &Group| summary.stat(group, measure).map_or(f64::NAN, |stat| stat.mean);
    let mut found = Difference {
        measure: summary.title(measure),
        metric: measure.metric,
        view_set: first.view_set.clone(),
        condition: first.condition.clone(),
        names: [first.label(), second.label()],
        values: [value(first), value(second)],
        difference: Err(String::new()),
        items: 0,
        seeds: [0, 0],
    };
    let (one, other) = match (sample(samples, first, measure)?, sample(samples, second, measure)?) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(why), _) | (_, Err(why)) => return Ok(Difference { difference: Err(why), ..found }),
    };
    found.items = one.items;
    found.seeds = [one.seeds(), other.seeds()];
    found.difference = if !one.is_paired_with(&other) {
        Err("their values are of different items, views or pairs".into())
    } else if one.units() < 2 {
        Err("there are fewer than two items, or groups of items".into())
    } else {
        draw(&[&one, &other])?.difference(0, 1).ok_or_else(|| "the difference is undefined: no item counts".into())
    };
    Ok(found)
}

fn sample(samples: &Samples<'_>, group: &Group, measure: &Measure) -> Result<Result<Sample, String>> {
    let summary = samples.summary();
    // The records of a failed cell are stored, its scores are not.
    if summary.of(group).any(|record| record.metric.is_none()) {
        return Ok(Err(format!("a cell of {} failed", group.label())));
    }
    if let Some(without) = summary.left_out(group, measure) {
        return Ok(Err(format!("{} of {}: {without}", summary.title(measure), group.label())));
    }
    samples.sample_of(group, measure)
}
