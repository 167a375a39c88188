//! Learning curves of a grid with several numbers of training rows: a table for the question "how many pairs?", and a
//! sentence.

use tasks::learning_curve::{CurvePoint, Gain, Goal, HALF_INTERVAL, NoShare, NotSupported, gain, rows_for_share};
use tasks::{Better, Metric};

use crate::tables::comparison::ends;
use crate::tables::intervals::Standings;
use crate::tables::summary::{Group, Measure, Summary};
use crate::tables::table::Table;
use crate::tables::{MISSING, Names, over};
use grid::FitRows;

/// The share of the full score.
const SHARE: f64 = 0.9;
/// The factor of the extrapolation.
const TIMES: f64 = 2.0;
/// Seed of its interval.
const SEED: u64 = 0;

/// What the table says about its columns.
const NOTE: &str = "Scores are those of the overview, which has their intervals. \"90% needs\": number of training rows with 90% of the \
     score of the most rows, interpolated linearly in the logarithm of the rows. \"Twice the rows\": change of the score if the most rows \
     are doubled, by a power law a − b·n^(−c) through the last four or five sizes, with its 95% interval. It is an extrapolation: \
     it holds if the further rows are like the present ones.";

/// The scores of one setting by one measure over the numbers of training rows.
pub struct LearningCurve<'s> {
    /// The setting at its largest number of training rows.
    group: &'s Group,
    measure: &'s Measure,
    /// The scores at the numbers of training rows of the grid.
    scores: Vec<Option<f64>>,
    points: Vec<CurvePoint>,
    share: Result<f64, NoShare>,
    gain: Result<Gain, NotSupported>,
}

/// The curves of a grid, by measure; none if the grid has one number of training rows.
pub fn of<'s>(summary: &'s Summary<'_>, standings: &Standings) -> Vec<LearningCurve<'s>> {
    let sizes = summary.sizes();
    if sizes.len() < 2 {
        return Vec::new();
    }
    let mut lines: Vec<&Group> = Vec::new();
    for group in &summary.groups {
        match lines.iter_mut().find(|line| same_line(line, group)) {
            Some(line) if line.condition.fit_rows < group.condition.fit_rows => *line = group,
            Some(_) => {}
            None => lines.push(group),
        }
    }
    let shown = |measure: &&Measure| !measure.metric.is_auxiliary() && measure.metric.better() != Better::Neither;
    let curve = |(measure, line)| curve(summary, standings, &sizes, measure, line);
    let all =
        summary.measures().iter().filter(shown).flat_map(|measure| lines.iter().map(move |line| (measure, *line)));
    all.filter_map(curve).collect()
}

fn same_line(a: &Group, b: &Group) -> bool {
    (&a.view_set, &a.condition.noise, &a.method) == (&b.view_set, &b.condition.noise, &b.method)
}

/// `None` if the setting has no score.
fn curve<'s>(
    summary: &'s Summary<'_>,
    standings: &Standings,
    sizes: &[FitRows],
    measure: &'s Measure,
    line: &'s Group,
) -> Option<LearningCurve<'s>> {
    let (mut scores, mut points) = (Vec::new(), Vec::new());
    for &size in sizes {
        let here = |group: &&Group| same_line(group, line) && group.condition.fit_rows == size;
        let group = summary.groups.iter().find(here);
        let entry = group.and_then(|group| standings.entry(summary, group, measure));
        scores.push(entry.map(|entry| entry.stat.mean));
        let (Some(entry), Some(rows)) = (entry, summary.rows_of(&line.view_set, size)) else { continue };
        // If no resample differs, as for a score of 1, the interval alone has a width.
        let width = entry.interval.as_ref().ok().map(|interval| interval.high - interval.low);
        let error = entry.error.or(width.map(|width| width / (2.0 * HALF_INTERVAL)));
        points.push(CurvePoint { rows, score: entry.stat.mean, error });
    }
    let higher = measure.metric.higher_is_better();
    let (least, most) = measure.metric.range();
    let goal = Goal { higher, best: if higher { most } else { least } };
    let (share, gain) = (rows_for_share(&points, SHARE), gain(&points, TIMES, goal, SEED));
    scores.iter().any(Option::is_some).then_some(LearningCurve { group: line, measure, scores, points, share, gain })
}

impl LearningCurve<'_> {
    /// The number of rows with the share of the full score, or a reason why there is none.
    fn needed(&self) -> Result<String, String> {
        if !self.measure.metric.higher_is_better() {
            return Err("a share of the full score is defined for scores of which higher ones are better".into());
        }
        self.share.as_ref().map(|rows| format!("about {}", rounded(*rows))).map_err(NoShare::to_string)
    }

    /// The gain from twice the rows, or a reason why it is not supported.
    fn extrapolated(&self) -> Result<String, String> {
        let text = |gain: &Gain| format!("{:+.3} {}", gain.gain.estimate, ends(&gain.gain, 3, true));
        self.gain.as_ref().map(text).map_err(NotSupported::to_string)
    }
}

/// A number of rows with two significant digits: an interpolation has no more.
fn rounded(rows: f64) -> String {
    let unit = 10f64.powf((rows.max(1.0).log10().floor() - 1.0).max(0.0));
    format!("{:.0}", (rows / unit).round() * unit)
}

/// The table: a line for each setting and measure, a column for each number of training rows.
pub fn table(title: &str, summary: &Summary<'_>, curves: &[LearningCurve<'_>], notes: &[String]) -> Option<Table> {
    curves.first()?;
    let names = Names::of_all_sizes(summary);
    let mut headers = names.headers();
    headers.push("measure".into());
    let count = headers.len();
    headers.extend(summary.sizes().iter().map(|size| header(summary, *size)));
    headers.extend(["90% needs", "twice the rows"].map(String::from));
    let mut table = Table {
        title: over(&format!("{title}: how many pairs"), summary),
        names: count,
        notes: std::iter::once(NOTE.to_string()).chain(notes.iter().cloned()).collect(),
        ..Table::default()
    };
    for curve in curves {
        let (line, mut row) = (table.rows.len(), names.cells(curve.group));
        row.push(summary.title(curve.measure));
        row.extend(curve.scores.iter().map(|score| score.map_or(MISSING.into(), |score| format!("{score:.3}"))));
        for (told, none) in [(curve.needed(), "No number"), (curve.extrapolated(), "Not supported")] {
            if let Err(why) = &told {
                table.remark((line, row.len()), &format!("{none}: {why}."));
            }
            row.push(told.unwrap_or_else(|_| MISSING.into()));
        }
        table.rows.push(row);
    }
    table.headers = headers;
    Some(table)
}

/// The heading of a number of training rows: `300`, `all (4000)`.
fn header(summary: &Summary<'_>, size: FitRows) -> String {
    let mut all: Vec<Option<usize>> = summary.view_sets().iter().map(|set| summary.rows_of(set, size)).collect();
    all.dedup();
    match (size, all.as_slice()) {
        (FitRows::All, [Some(rows)]) => format!("all ({rows})"),
        _ => size.to_string(),
    }
}

/// A sentence about the best setting by the first measure, or by the first one of the metric `primary`, on the largest
/// subset of views.
pub fn sentence(summary: &Summary<'_>, curves: &[LearningCurve<'_>], primary: Option<Metric>) -> Option<String> {
    let main = summary.main_condition()?;
    let size = |curve: &&LearningCurve<'_>| summary.views(&curve.group.view_set).len();
    let here = || curves.iter().filter(|curve| curve.group.condition == *main && !curve.points.is_empty());
    let measure = here().find(|curve| Some(curve.measure.metric) == primary).or(here().next())?.measure;
    let of_measure = || here().filter(|curve| curve.measure == measure);
    let largest = of_measure().map(|curve| size(&curve)).max()?;
    let sign = if measure.metric.higher_is_better() { 1.0 } else { -1.0 };
    let full = |curve: &&LearningCurve<'_>| sign * curve.points.last().map_or(f64::NAN, |point| point.score);
    let best = of_measure().filter(|curve| size(curve) == largest).max_by(|a, b| full(a).total_cmp(&full(b)))?;
    let (name, rows) = (summary.title(measure), best.points.last()?.rows);
    let needs = match best.needed() {
        Ok(needed) => {
            format!("90% of the {name} of {} at {rows} training rows needs {needed} rows", best.group.label())
        }
        Err(why) => {
            format!("{name} of {} at {rows} training rows: no number of rows for 90% of it ({why})", best.group.label())
        }
    };
    Some(match best.extrapolated() {
        Ok(gain) => format!("{needs}; twice the rows would give about {gain}."),
        Err(why) => format!("{needs}; an extrapolation to twice the rows is not supported ({why})."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_rows_have_two_digits() {
        assert_eq!([7.4, 31.6, 316.2, 2_949.0].map(rounded), ["7", "32", "320", "2900"]);
    }
}
