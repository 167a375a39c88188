//! Checks of the names in figures: methods and parameters of the grid, views of its data.

use align::Method;
use data::DataError;
use data::yaml::Located;
use serde_json::{Value, json};

use super::{Along, CurvesSpec, FigureSpec, ScatterSpec, SweepSpec, odd_name};
use crate::keys::Params;

/// Refuses figures whose names cannot be file names, and methods and parameters that the grid does not have.
///
/// # Errors
/// The first such name, with its place in the file and the most similar name in the grid.
pub fn figures<T>(file: &Located<T>, figures: &[FigureSpec], methods: &[Method]) -> Result<(), DataError> {
    if let Some((key, found)) = odd_name(figures) {
        return Err(file.error(&key, found));
    }
    let all: Vec<&Method> = methods.iter().collect();
    for (i, figure) in figures.iter().enumerate() {
        let key = |part: &str| format!("figures[{i}].{}.{part}", figure.kind());
        match figure {
            FigureSpec::Curves(CurvesSpec { along: Some(Along::Parameter(name)), .. }) => {
                parameter(file, &key("along.parameter"), name, &all)?;
            }
            FigureSpec::Scatter(ScatterSpec { join: Some(name), .. }) => parameter(file, &key("join"), name, &all)?,
            FigureSpec::Sweep(SweepSpec { method, rows, columns, .. }) => {
                let of: Vec<&Method> = methods.iter().filter(|known| known.name() == method).collect();
                if of.is_empty() {
                    return Err(unknown_method(file, &key("method"), method, methods.iter().map(Method::name)));
                }
                parameter(file, &key("rows"), rows, &of)?;
                parameter(file, &key("columns"), columns, &of)?;
            }
            FigureSpec::Curves(_) | FigureSpec::Scatter(_) | FigureSpec::Costs(_) => {}
        }
    }
    Ok(())
}

/// The error for a method that is not among `known`: its current name if it was renamed, else the most similar name.
pub fn unknown_method<T>(
    file: &Located<T>,
    key: &str,
    method: &str,
    known: impl IntoIterator<Item = impl Into<String>>,
) -> DataError {
    match Method::renamed(method) {
        Some(renamed) => file.problem(key, renamed.into()),
        None => file.unknown(key, "method", method, known),
    }
}

/// Refuses pairs in figures with a view that is not among `views`.
///
/// # Errors
/// The first such view, with its place in the file and the most similar view.
pub fn figure_pairs<T>(file: &Located<T>, figures: &[FigureSpec], views: &[String]) -> Result<(), DataError> {
    for (i, figure) in figures.iter().enumerate() {
        if let FigureSpec::Curves(curves) = figure {
            pairs(file, &format!("figures[{i}].{}.pairs", figure.kind()), &curves.pairs, views)?;
        }
    }
    Ok(())
}

/// Refuses pairs with a view that is not among `views`; `key` is the place of their list.
///
/// # Errors
/// The errors of [`figure_pairs`].
pub fn pairs<T>(file: &Located<T>, key: &str, pairs: &[[String; 2]], views: &[String]) -> Result<(), DataError> {
    for (i, pair) in pairs.iter().enumerate() {
        if let Some(end) = (0..2).find(|&end| !views.contains(&pair[end])) {
            return Err(file.unknown(&format!("{key}[{i}][{end}]"), "view", &pair[end], views));
        }
    }
    Ok(())
}

/// Refuses a parameter that none of the methods has; a parameter is named by its path, such as `loss.tau`.
fn parameter<T>(file: &Located<T>, key: &str, path: &str, methods: &[&Method]) -> Result<(), DataError> {
    let (parents, last) = path.rsplit_once('.').map_or((None, path), |(parents, last)| (Some(parents), last));
    let mut known: Vec<String> = Vec::new();
    for method in methods {
        let given = Params::of(*method, method.name());
        let Some(read) = read_by(method, parents) else { return Ok(()) };
        if given.get(path).is_some() || read.iter().any(|parameter| parameter == last) {
            return Ok(());
        }
        known.extend(given.paths());
        known.extend(read.into_iter().map(|name| parents.map_or(name.clone(), |parents| format!("{parents}.{name}"))));
    }
    known.sort();
    known.dedup();
    if let Some(whole) = known.iter().find(|known| known.rsplit_once('.').is_some_and(|(_, name)| name == path)) {
        return Err(file.error(key, format!("no method has a parameter `{path}` at the top; its path is `{whole}`")));
    }
    Err(file.unknown(key, "parameter", path, known))
}

/// Parameters that a method's type reads below `parents`; `None` for a type that takes any. Entries may omit defaults,
/// so the type itself is asked, by a name that no parameter has.
fn read_by(method: &Method, parents: Option<&str>) -> Option<Vec<String>> {
    let nested = |inner, parent: &str| json!({ parent: inner });
    let probe = parents.iter().flat_map(|parents| parents.rsplit('.')).fold(json!({ "": Value::Null }), nested);
    let error = serde_json::from_value::<Method>(json!({ method.name(): probe })).err()?.to_string();
    let Some(rest) = error.strip_prefix("unknown field ``") else { return Some(Vec::new()) };
    Some(rest.split('`').skip(1).step_by(2).map(str::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_asked_for_the_parameters_that_it_reads() {
        let read =
            |method: &str, parents| read_by(&Method::from_name(method).expect("known"), parents).expect("not any");
        let gpa = read("gpa", None);
        assert!(gpa.iter().any(|name| name == "tol") && gpa.iter().any(|name| name == "robust"), "{gpa:?}");
        assert_eq!(read("gcpa", Some("loss")), ["tau", "lambda"]);
        assert!(read("gcpa", Some("training.released")).iter().any(|name| name == "epochs"));
        assert!(read("gcpa", Some("lots")).iter().all(|name| name != "tau"));
    }
}
