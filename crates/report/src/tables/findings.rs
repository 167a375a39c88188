//! The results of a grid in one sentence for each task: which method leads by the first metric of the task, by how
//! much, and whether the difference is more than chance.

use tasks::{Better, Contrast, Metric};

use crate::tables::comparison::{Comparison, LEVEL, ends, p_value};
use crate::tables::intervals::{Placed, Race, Standings};
use crate::tables::summary::{Measure, Summary};

/// The verb phrase for the leading method of a task, by the name of the task.
const DOES_BEST: [(&str, &str); 10] = [
    ("retrieval", "retrieves best"),
    ("reid", "re-identifies best"),
    ("clustering", "clusters best"),
    ("probing", "lets a classifier go from view to view best"),
    ("stitching", "lets a classifier go across a translation best"),
    ("consistency", "brings the views of an item nearest together"),
    ("drift", "drifts least"),
    ("cycle", "comes back nearest after a cycle through the views"),
    ("hubness", "has the fewest hubs"),
    ("similarity", "makes the views most alike"),
];

/// One sentence for each task, about the largest subset of views on training rows without noise (or with the first
/// noise, if the grid has no clean cells). The numbers of the primary metric are those of its comparison, all others
/// are those of the overview.
pub fn of(summary: &Summary<'_>, standings: &Standings, comparisons: &[Comparison]) -> Vec<String> {
    let sets = summary.view_sets();
    // The first of several subsets that are equally large.
    let largest = sets.iter().rev().max_by_key(|set| summary.views(set).len());
    let (Some(&view_set), Some(condition)) = (largest, summary.main_condition()) else { return Vec::new() };
    let mut context = String::new();
    if sets.len() > 1 {
        context += &format!("On `{view_set}`: ");
    }
    let noise = if condition.noise.is_clean() { String::new() } else { format!(" under noise {}", condition.noise) };
    let rows = condition.fit_rows.count().map(|count| format!(" on {count} training rows")).unwrap_or_default();
    let under = noise + &rows;
    let sentence = |measure: &Measure| {
        let race = standings
            .races
            .iter()
            .find(|r| r.measure == *measure && r.view_set == view_set && r.condition == *condition)?;
        let name = summary.title(measure);
        let compared = comparisons.iter().find(|c| c.name == name && c.condition == *condition);
        let race = compared.map_or_else(|| race.clone(), |comparison| compared_in(race, comparison));
        Some(format!("{context}{}", said(&race, &name, &under)?))
    };
    leading(summary, comparisons.first().map(|comparison| comparison.metric)).into_iter().filter_map(sentence).collect()
}

/// The first measure of every task; the measure of the primary metric, if the task has it.
fn leading<'s>(summary: &'s Summary<'_>, primary: Option<Metric>) -> Vec<&'s Measure> {
    let mut leading: Vec<&Measure> = Vec::new();
    for measure in summary.measures() {
        if measure.metric.is_auxiliary() || measure.metric.better() == Better::Neither {
            continue;
        }
        match leading.iter_mut().find(|first| first.task == measure.task) {
            Some(first) if Some(measure.metric) == primary && first.metric != measure.metric => *first = measure,
            Some(_) => {}
            None => leading.push(measure),
        }
    }
    // The measure of the primary metric comes first.
    leading.sort_by_key(|measure| Some(measure.metric) != primary);
    leading
}

/// The numbers of the comparison, which has more resamples than the overview.
fn compared_in(race: &Race, comparison: &Comparison) -> Race {
    let lines: Vec<_> = comparison.lines.iter().filter(|line| line.view_set == race.view_set).collect();
    if lines.len() != race.placed.len() {
        return race.clone();
    }
    let placed = |line: &&crate::tables::comparison::Line| Placed {
        method: line.method.clone(),
        value: line.figure.interval.estimate,
        interval: Some(line.figure.interval),
        behind: line.behind.zip(line.adjusted),
    };
    Race { placed: lines.iter().map(placed).collect(), ..race.clone() }
}

/// The sentence; `None` if no method has a value.
fn said(race: &Race, name: &str, under: &str) -> Option<String> {
    let first = race.placed.first()?;
    let task = race.measure.task.as_str();
    let does = DOES_BEST.iter().find(|(known, _)| *known == task);
    let does = does.map_or_else(|| format!("is best in {task}"), |(_, does)| (*does).to_string());
    let apart = not_compared(&race.apart);
    let bracket = first.interval.map(|interval| format!(" {}", ends(&interval, 3, false))).unwrap_or_default();
    let Some(second) = race.placed.get(1) else {
        let why = if race.apart.is_empty() { "; there is no other method to compare it with." } else { "." };
        return Some(format!("{} has {name} {:.3}{bracket}{under}{why}{apart}", first.method, first.value));
    };
    let higher = race.measure.metric.higher_is_better();
    let side = if higher { "above" } else { "below" };
    let Some((lead, p)) = second.behind else {
        let by = (first.value - second.value).abs();
        let why = race.untested.as_deref().unwrap_or("the difference is undefined on too many resamples");
        return Some(format!(
            "{} {does}{under}: {name} {:.3}, {by:.3} {side} {}; whether that is more than chance is not known, because {why}.{apart}",
            first.method, first.value, second.method
        ));
    };
    if p < LEVEL {
        return Some(format!(
            "{} {does}{under}: {name} {:.3}, {} {side} {}; p {}.{apart}",
            first.method,
            first.value,
            by(&lead),
            second.method,
            equation(p)
        ));
    }
    let level = race.placed[1..].iter().take_while(|placed| placed.behind.is_some_and(|(_, p)| p >= LEVEL)).count();
    let others = match level - 1 {
        0 => String::new(),
        1 => " and one other".to_string(),
        more => format!(" and {more} others"),
    };
    let clear = race.placed[1..].iter().find_map(|placed| {
        let (contrast, p) = placed.behind.filter(|(_, p)| *p < LEVEL)?;
        Some(format!("; the first clearly behind is {} ({}; p {})", placed.method, by(&contrast), equation(p)))
    });
    let clear = clear.unwrap_or_else(|| "; no method is clearly behind".to_string());
    Some(format!(
        "{} {does} on the mean{under}: {name} {:.3}, level with {} ({} behind; p {}){others}{clear}.{apart}",
        first.method,
        first.value,
        second.method,
        by(&lead),
        equation(p)
    ))
}

/// The methods that are not compared, with the reasons.
fn not_compared(apart: &[(String, String)]) -> String {
    let mut reasons: Vec<&str> = apart.iter().map(|(_, why)| why.as_str()).collect();
    reasons.dedup();
    match apart {
        [] => String::new(),
        [(method, why)] => format!(" {method} is not compared ({why})."),
        several => format!(" {} methods are not compared ({}).", several.len(), reasons.join("; ")),
    }
}

/// A difference with its interval, such as `0.061 [0.053, 0.068]`; with more digits if these digits would be zeros.
fn by(contrast: &Contrast) -> String {
    let i = &contrast.interval;
    if i.low == i.high {
        // If all resamples agree, the ends are unknown.
        return format!("{:.3}", i.estimate);
    }
    let digits = if i.estimate != 0.0 && i.estimate.abs() < 0.0005 { 6 } else { 3 };
    format!("{:.digits$} {}", i.estimate, ends(i, digits, false))
}

/// p in a sentence: `< 0.001`, `= 0.310`.
fn equation(p: f64) -> String {
    match p_value(p) {
        bound if bound.starts_with('<') => bound,
        value => format!("= {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use grid::keys::Params;
    use tasks::Interval;

    fn placed(method: &str, value: f64, behind: Option<(f64, f64)>) -> Placed {
        let interval = |estimate: f64| Interval { estimate, low: estimate - 0.01, high: estimate + 0.01 };
        let contrast =
            |estimate| Contrast { interval: interval(estimate), p: 0.5, standard_error: 0.1, detectable: 0.1 };
        let behind = behind.map(|(by, p)| (contrast(by), p));
        Placed { method: method.into(), value, interval: Some(interval(value)), behind }
    }

    fn race(task: &str, metric: Metric, placed: Vec<Placed>) -> Race {
        Race {
            view_set: "all".into(),
            condition: grid::Condition::default(),
            measure: Measure { metric, task: task.into(), task_params: Params::default() },
            placed,
            apart: Vec::new(),
            untested: None,
        }
    }

    fn told(race: &Race, name: &str) -> String {
        said(race, name, "").expect("a leader")
    }

    #[test]
    fn a_lead_is_told_with_its_interval_and_p() {
        let ahead = vec![placed("GCCA (rank 128)", 0.391, None), placed("PW", 0.33, Some((0.061, 0.0004)))];
        assert_eq!(
            told(&race("retrieval", Metric::Rank1, ahead.clone()), "Rank-1"),
            "GCCA (rank 128) retrieves best: Rank-1 0.391, 0.061 [0.051, 0.071] above PW; p < 0.001."
        );
        let mut lower = race("drift", Metric::DriftMean, ahead);
        lower.apart = vec![("NA".into(), "its cell failed".into())];
        assert_eq!(
            told(&lower, "drift mean"),
            "GCCA (rank 128) drifts least: drift mean 0.391, 0.061 [0.051, 0.071] below PW; p < 0.001. NA is not compared \
             (its cell failed)."
        );
        let own = race("of_mine", Metric::Rank1, vec![placed("A", 0.4, None), placed("B", 0.3, Some((0.1, 0.01)))]);
        assert!(told(&own, "Rank-1").starts_with("A is best in of_mine: "));
    }

    #[test]
    fn equals_are_said_to_be_level() {
        let close = vec![
            placed("A", 0.5, None),
            placed("B", 0.498, Some((0.002, 0.81))),
            placed("C", 0.49, Some((0.01, 0.05))),
            placed("D", 0.3, Some((0.2, 0.012))),
        ];
        assert_eq!(
            told(&race("retrieval", Metric::Rank1, close.clone()), "Rank-1"),
            "A retrieves best on the mean: Rank-1 0.500, level with B (0.002 [-0.008, 0.012] behind; p = 0.810) and one other; the \
             first clearly behind is D (0.200 [0.190, 0.210]; p = 0.012)."
        );
        let all = race("retrieval", Metric::Rank1, close[..2].to_vec());
        assert!(told(&all, "Rank-1").ends_with("p = 0.810); no method is clearly behind."));
    }

    #[test]
    fn what_cannot_be_tested_says_why() {
        let one = race("clustering", Metric::Ari, vec![placed("A", 0.5, None)]);
        assert_eq!(told(&one, "ARI"), "A has ARI 0.500 [0.490, 0.510]; there is no other method to compare it with.");
        let mut means = race("similarity", Metric::ModalityGap, vec![placed("A", 0.1, None), placed("B", 0.4, None)]);
        means.placed.iter_mut().for_each(|placed| placed.interval = None);
        means.untested = Some("it is computed from all items at once".into());
        assert_eq!(
            told(&means, "modality gap"),
            "A makes the views most alike: modality gap 0.100, 0.300 below B; whether that is more than chance is not known, because \
             it is computed from all items at once."
        );
        assert_eq!(said(&race("drift", Metric::DriftMean, Vec::new()), "drift mean", ""), None);
    }
}
