//! Labels and groups of a split, checked for every task that uses them.

use align::{Labels, Split};
use serde::{Deserialize, Serialize};

use crate::scores::score::group_series;
use crate::{Scores, TaskError, TaskInput};

/// Which of the data's labellings or groupings a task takes. In a grid file `positives: groups`, or
/// `positives: {groups: {name: picture}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NamedList {
    /// Its name; the data's first without one.
    pub name: Option<String>,
}

/// The labelling with this name, or the first one without a name, with one value per row of the split.
pub(crate) fn labels<'a>(task: &'static str, name: Option<&str>, split: &'a Split) -> Result<&'a Labels, TaskError> {
    let labels = match (split.labels(name), name) {
        (Some(labels), _) => labels,
        (None, Some(name)) if !split.labels.is_empty() => {
            return Err(TaskError::UnknownLabels { task, name: name.to_string(), known: names(&split.labels) });
        }
        (None, _) => return Err(TaskError::NoLabels { task }),
    };
    one_each(labels, split)
}

/// The grouping with this name, or the first where no name is given; as long as the split.
pub(crate) fn groups<'a>(task: &'static str, name: Option<&str>, split: &'a Split) -> Result<&'a Labels, TaskError> {
    let groups = split.groups.iter().find(|groups| name.is_none_or(|name| groups.name == name));
    match (groups, name) {
        (Some(groups), _) => one_each(groups, split),
        (None, Some(name)) if !split.groups.is_empty() => {
            Err(TaskError::UnknownGroups { task, name: name.to_string(), known: names(&split.groups) })
        }
        (None, _) => Err(TaskError::NoGroups { task }),
    }
}

/// Keeps the groups of the items beside the scores of a task that compares with them, unless they are the data's first
/// grouping, which is kept for all tasks: resamples draw whole groups.
pub(crate) fn keep_groups(groups: &Labels, input: &TaskInput<'_>, out: &mut Scores) {
    if input.test.groups.first().is_some_and(|first| first.name != groups.name) {
        out.series.push(group_series(input.fitted.coordinates()[0], &groups.name, &groups.values));
    }
}

fn names(lists: &[Labels]) -> String {
    lists.iter().map(|list| format!("`{}`", list.name)).collect::<Vec<_>>().join(", ")
}

fn one_each<'a>(list: &'a Labels, split: &Split) -> Result<&'a Labels, TaskError> {
    let (got, want) = (list.values.len(), split.views.rows());
    if got != want {
        return Err(TaskError::LabelLength { name: list.name.clone(), got, want });
    }
    Ok(list)
}
