//! Labels of a split, checked for every task that uses them.

use align::{Labels, Split};

use crate::TaskError;

/// The labelling with this name, or the first one without a name, with one value per row of the split.
pub(crate) fn labels<'a>(task: &'static str, name: Option<&str>, split: &'a Split) -> Result<&'a Labels, TaskError> {
    let labels = match (split.labels(name), name) {
        (Some(labels), _) => labels,
        (None, Some(name)) if !split.labels.is_empty() => {
            let known: Vec<String> = split.labels.iter().map(|l| format!("`{}`", l.name)).collect();
            return Err(TaskError::UnknownLabels { task, name: name.to_string(), known: known.join(", ") });
        }
        (None, _) => return Err(TaskError::NoLabels { task }),
    };
    let (got, want) = (labels.values.len(), split.views.rows());
    if got != want {
        return Err(TaskError::LabelLength { name: labels.name.clone(), got, want });
    }
    Ok(labels)
}
