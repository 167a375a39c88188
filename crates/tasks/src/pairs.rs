//! The held-out rows of two views side by side, in every space that a method offers: what tasks on pairs
//! rank.

use align::prep::cosine_rows;
use align::{Fitted, Matrix, SpaceKind};

use crate::score::check_finite;
use crate::{TaskError, TaskInput};

/// Every view's test rows in the space that all views share, each once; nothing for pairwise maps.
pub(crate) fn project_all(input: &TaskInput<'_>) -> Result<Vec<Matrix>, TaskError> {
    if let Fitted::Pairwise(_) = input.fitted {
        return Ok(Vec::new());
    }
    let space = input.fitted.offers()[0];
    let project = |view: &align::spaces::Space| {
        let projected = input.fitted.project(view.name(), view.values())?;
        check_finite(space, &|| view.name().to_string(), &projected)?;
        Ok(projected)
    };
    input.test.spaces.iter().map(project).collect()
}

/// Calls `f` with (source, target, queries, gallery) for every ordered pair in the target's coordinates: the
/// source's rows translated, both standardised by the target's training rows (ddof 0) and normalised.
pub(crate) fn each_translated(
    input: &TaskInput<'_>,
    shared: &[Matrix],
    f: impl FnMut(usize, usize, &Matrix, &Matrix) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    each_translated_as(input, shared, |z| cosine_rows(&z), f)
}

/// As [`each_translated`], with what is done to standardised rows in place of the normalisation.
pub(crate) fn each_translated_as(
    input: &TaskInput<'_>,
    shared: &[Matrix],
    finish: impl Fn(Matrix) -> Matrix,
    mut f: impl FnMut(usize, usize, &Matrix, &Matrix) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    for (t, target) in input.test.spaces.iter().enumerate() {
        let standardise = input.standardisation(target.name())?;
        let comparable = |x: &Matrix| Ok::<_, TaskError>(finish(standardise.apply(x)?));
        let gallery = comparable(target.values())?;
        for (s, source) in input.test.spaces.iter().enumerate().filter(|&(s, _)| s != t) {
            let moved = match input.fitted.universe() {
                // The projection is already there; `translate` would repeat it for every target.
                Some(universe) => universe.inverse(target.name(), &shared[s])?,
                None => input.fitted.translate(source.name(), target.name(), source.values())?,
            };
            let pair = || format!("{}->{}", source.name(), target.name());
            check_finite(SpaceKind::Translated, &pair, &moved)?;
            f(s, t, &comparable(&moved)?, &gallery)?;
        }
    }
    Ok(())
}
