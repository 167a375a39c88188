//! Held-out items that some views miss: which items a task is given, and how its values get back to their places.

use align::views::View;
use align::{Coordinates, Split};

use crate::scores::score::{Score, Series};
use crate::{Scores, TaskError, TaskInput};

/// The held-out items that a task is given where some views miss some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ItemScope {
    /// The items that all views have.
    #[default]
    AllViews,
    /// For each pair of views the items that both have: the task is given two views at a time.
    Pairs,
    /// All items. The task takes from each view the rows that the view has ([`View::observed`]), and keeps NaN in a series
    /// for an item that the view misses.
    OwnRows,
}

/// Fewest items of a comparison: one item alone has nothing to be told apart from.
const FEWEST: usize = 2;

/// Scores a task on the held-out items that there are. `ask` is the task itself. Without missing rows it is asked once, about
/// everything. Series have one value for each item of the split: NaN for an item that took no part.
pub(crate) fn score(
    task: &'static str,
    scope: ItemScope,
    input: &TaskInput<'_>,
    ask: impl Fn(&TaskInput<'_>) -> Result<Scores, TaskError>,
) -> Result<Scores, TaskError> {
    let test = &input.test.views;
    // Against documents of its own, one query has many to be told apart from.
    if test.rows() < FEWEST && input.corpus.is_none() {
        return Err(too_few(task, &test.names().collect::<Vec<_>>(), test.rows(), test.rows()));
    }
    if test.iter().all(|view| view.observed_rows() == test.rows()) {
        return ask(input);
    }
    match scope {
        ItemScope::OwnRows => match test.iter().find(|view| view.observed_rows() < FEWEST) {
            None => ask(input),
            Some(view) => Err(too_few(task, &[view.name()], view.observed_rows(), test.rows())),
        },
        ItemScope::Pairs if test.len() > 1 => of_pairs(task, input, ask),
        ItemScope::AllViews | ItemScope::Pairs => of_common_items(task, input, input.test, &ask),
    }
}

fn too_few(task: &'static str, views: &[&str], got: usize, rows: usize) -> TaskError {
    let views: Vec<String> = views.iter().map(|view| format!("`{view}`")).collect();
    TaskError::TooFewItems { task, views: views.join(", "), got, rows, want: FEWEST }
}

/// The task on the items that all views of a split have.
fn of_common_items(
    task: &'static str,
    input: &TaskInput<'_>,
    split: &Split,
    ask: &impl Fn(&TaskInput<'_>) -> Result<Scores, TaskError>,
) -> Result<Scores, TaskError> {
    let views = &split.views;
    let rows: Vec<usize> = (0..views.rows()).filter(|&row| views.views_of(row) == views.len()).collect();
    if rows.len() < FEWEST {
        return Err(too_few(task, &views.names().collect::<Vec<_>>(), rows.len(), views.rows()));
    }
    let mut scores = ask(&TaskInput { test: &split.complete()?, ..*input })?;
    // A task that looks at a sample of the items has fewer values and says itself which groups they belong to.
    for series in scores.series.iter_mut().filter(|series| series.values.len() == rows.len()) {
        series.values = in_places(&series.values, rows.iter().copied(), views.rows());
    }
    scores.rows = scores.rows.map(|sampled| sampled.into_iter().map(|row| rows[row]).collect());
    Ok(scores)
}

/// The task on every pair of views. A pair with too few common items has no value, and the reason.
fn of_pairs(
    task: &'static str,
    input: &TaskInput<'_>,
    ask: impl Fn(&TaskInput<'_>) -> Result<Scores, TaskError>,
) -> Result<Scores, TaskError> {
    let names: Vec<&str> = input.test.views.names().collect();
    let mut all = Scores::default();
    let mut without: Vec<(&str, &str, TaskError)> = Vec::new();
    for (a, first) in names.iter().enumerate() {
        for second in &names[a + 1..] {
            match of_common_items(task, input, &input.test.select(&[*first, *second])?, &ask) {
                Ok(scores) => {
                    all.scores.extend(scores.scores);
                    all.series.extend(scores.series);
                    all.notes.extend(scores.notes);
                }
                Err(reason @ TaskError::TooFewItems { .. }) => without.push((first, second, reason)),
                Err(error) => return Err(error),
            }
        }
    }
    // What is measured of the other pairs is not known of these.
    let mut measured: Vec<(Coordinates, crate::Metric)> = Vec::new();
    for Score { space, metric, .. } in all.scores.iter().filter(|score| score.target.is_some()) {
        if !measured.contains(&(*space, *metric)) {
            measured.push((*space, *metric));
        }
    }
    for (first, second, reason) in without {
        if measured.is_empty() {
            return Err(reason);
        }
        let reason = reason.to_string();
        let reason = reason.strip_prefix(&format!("{task}: ")).unwrap_or(&reason);
        for (source, target) in [(first, second), (second, first)] {
            for &(space, metric) in &measured {
                all.undefined(crate::Place::pair(space, source, target), &[metric], 0, reason);
            }
        }
    }
    let order = input.fitted.coordinates();
    let place = |space: Coordinates, source: &Option<String>, target: &Option<String>| {
        let position = |view: &Option<String>| names.iter().position(|name| Some(*name) == view.as_deref());
        (order.iter().position(|other| *other == space), position(source), position(target))
    };
    all.scores.sort_by_key(|Score { space, source, target, .. }| place(*space, source, target));
    all.series.sort_by_key(|Series { space, source, target, .. }| place(*space, source, target));
    // What every pair says about all views together stands once.
    let of_all = |score: &Score| score.source.is_none() && score.target.is_none();
    all.scores.dedup_by(|b, a| of_all(a) && a == b);
    Ok(all)
}

/// The values of the rows that a view has, in the places of its split's items.
pub(crate) fn of_all_items(view: &View, values: Vec<f32>) -> Vec<f32> {
    let items = view.values().rows();
    if values.len() == items {
        return values;
    }
    in_places(&values, (0..items).filter(|&row| view.has(row)), items)
}

/// Each value in its place among so many items, NaN in the other places.
fn in_places(values: &[f32], places: impl Iterator<Item = usize>, items: usize) -> Vec<f32> {
    let mut all = vec![f32::NAN; items];
    places.zip(values).for_each(|(place, value)| all[place] = *value);
    all
}
