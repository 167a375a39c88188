//! Checks of the names in claims and published values: methods, subsets and views of the paper's grid.

use align::Method;
use data::DataError;
use data::yaml::Located;
use grid::Grid;
use grid::figure_spec::check;

use crate::claims::{Claim, test::Named};
use crate::published::Published;

/// Refuses unknown methods, and subsets of views that the grid does not have.
///
/// # Errors
/// The first such name, with its place in the file and the most similar name.
pub fn published<T>(file: &Located<T>, published: &[Published], grid: &Grid) -> Result<(), DataError> {
    for (i, value) in published.iter().enumerate() {
        method(file, &format!("published[{i}].method"), &value.method, &[])?;
        if let Some(set) = &value.view_set {
            subset(file, &format!("published[{i}].view_set"), set, grid)?;
        }
    }
    Ok(())
}

/// Refuses names that are neither a method's name nor the alias or a label of one of the grid's settings, subsets of
/// views that the grid does not have, and comparisons without a method.
///
/// # Errors
/// The errors of [`published`].
pub fn claims<T>(file: &Located<T>, claims: &[Claim], grid: &Grid) -> Result<(), DataError> {
    let labels = grid.setting_names();
    for (i, claim) in claims.iter().enumerate() {
        if let Some(name) = claim.value.as_ref().and_then(|value| value.method.as_ref()) {
            method(file, &format!("claims[{i}].value.method"), name, &[])?;
        }
        for (part, named) in claim.test.names() {
            let key = format!("claims[{i}].test.{}.{part}", claim.test.kind());
            match named {
                Named::Method(name) => method(file, &key, name, &labels)?,
                Named::Rivals([]) => {
                    return Err(file.error(&key, "the list is empty; it needs at least one method"));
                }
                Named::Rivals(names) => {
                    for (j, name) in names.iter().enumerate() {
                        method(file, &format!("{key}[{j}]"), name, &labels)?;
                    }
                }
                Named::Subsets(names) => {
                    for (j, name) in names.iter().enumerate() {
                        subset(file, &format!("{key}[{j}]"), name, grid)?;
                    }
                }
                Named::Pairs(_) => {}
            }
        }
    }
    Ok(())
}

/// Refuses pairs of claims with a view that is not among `views`.
///
/// # Errors
/// The errors of [`published`].
pub fn claim_pairs<T>(file: &Located<T>, claims: &[Claim], views: &[String]) -> Result<(), DataError> {
    for (i, claim) in claims.iter().enumerate() {
        for (part, named) in claim.test.names() {
            if let Named::Pairs(pairs) = named {
                check::pairs(file, &format!("claims[{i}].test.{}.{part}", claim.test.kind()), pairs, views)?;
            }
        }
    }
    Ok(())
}

fn method<T>(file: &Located<T>, key: &str, name: &str, labels: &[String]) -> Result<(), DataError> {
    if Method::from_name(name).is_some() || labels.iter().any(|label| label == name) {
        return Ok(());
    }
    let known = Method::names().iter().map(|name| name.to_string()).chain(labels.iter().cloned());
    Err(check::unknown_method(file, key, name, known))
}

fn subset<T>(file: &Located<T>, key: &str, name: &str, grid: &Grid) -> Result<(), DataError> {
    let known: Vec<String> = grid.view_sets().into_iter().map(|set| set.name).collect();
    if known.iter().any(|set| set == name) { Ok(()) } else { Err(file.unknown(key, "subset", name, known)) }
}
