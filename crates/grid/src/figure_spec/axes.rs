//! Default axis of curves: the axis along which the grid varies.

use align::Method;
use data::DataError;
use data::yaml::Located;
use serde_json::Value;

use super::{Along, CurvesSpec, FigureSpec};
use crate::keys::{InFull, MethodKey};

/// The parts of a grid that can vary.
#[derive(Clone, Copy, Debug)]
pub struct Axes<'a> {
    /// Number of its subsets of views.
    pub subsets: usize,
    /// Number of its noises.
    pub noises: usize,
    /// Number of its numbers of training rows.
    pub sizes: usize,
    /// Its methods, sweeps written out.
    pub methods: &'a [Method],
}

/// The figures, with an axis for curves that name none.
///
/// # Errors
/// Several axes along which the grid varies, with the place of the figure in the file.
pub fn named<T>(file: &Located<T>, figures: &[FigureSpec], grid: &Axes<'_>) -> Result<Vec<FigureSpec>, DataError> {
    let named = |(i, figure): (usize, &FigureSpec)| match figure {
        FigureSpec::Curves(spec) if spec.along.is_none() => {
            let varying = varying(grid);
            // A title alone has always been that of the subsets of views, where there are several.
            let titled = spec.x.is_some() && varying.contains(&Along::Views);
            let key = format!("figures[{i}].curves");
            let along = Some(if titled { Along::Views } else { only(file, &key, &varying)? });
            Ok(FigureSpec::Curves(CurvesSpec { along, ..spec.clone() }))
        }
        figure => Ok(figure.clone()),
    };
    figures.iter().enumerate().map(named).collect()
}

fn only<T>(file: &Located<T>, key: &str, varying: &[Along]) -> Result<Along, DataError> {
    let spelled = |along: &Along| match along {
        Along::Views => "`along: views`".to_string(),
        Along::Noise => "`along: noise`".to_string(),
        Along::FitRows => "`along: fit_rows`".to_string(),
        Along::Parameter(name) => format!("`along: {{parameter: {name}}}`"),
    };
    match varying {
        [along] => Ok(along.clone()),
        // One point per method, above its only subset.
        [] => Ok(Along::Views),
        several => {
            let all: Vec<String> = several.iter().map(spelled).collect();
            Err(file.error(key, format!("several axes of this grid vary; name one of them: {}", all.join(", "))))
        }
    }
}

/// Axes along which a grid varies: its subsets of views; the amounts of one noise; its numbers of training
/// rows; a number with at least two values in
/// the settings of a method whose other parameters are equal.
fn varying(grid: &Axes<'_>) -> Vec<Along> {
    let mut axes = Vec::new();
    if grid.subsets > 1 {
        axes.push(Along::Views);
    }
    if grid.noises > 1 {
        axes.push(Along::Noise);
    }
    if grid.sizes > 1 {
        axes.push(Along::FitRows);
    }
    let keys: Vec<(MethodKey, InFull)> =
        grid.methods.iter().map(MethodKey::of).map(|key| (key.clone(), key.in_full())).collect();
    let mut paths: Vec<String> = keys.iter().flat_map(|(key, _)| key.params.paths()).collect();
    paths.sort();
    paths.dedup();
    let number = |key: &MethodKey, path: &str| key.params.get(path).filter(Value::is_number);
    let swept = |path: &String| {
        let without = |full: &InFull| full.text(|known| known != path);
        let alone = |(a, a_full): &(MethodKey, InFull), (b, b_full): &(MethodKey, InFull)| {
            let numbers = number(a, path).zip(number(b, path)).is_some_and(|(a, b)| a != b);
            numbers && a.name == b.name && without(a_full) == without(b_full)
        };
        keys.iter().enumerate().any(|(i, a)| keys[..i].iter().any(|b| alone(a, b)))
    };
    axes.extend(paths.into_iter().filter(swept).map(Along::Parameter));
    axes
}
