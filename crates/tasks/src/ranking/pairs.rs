//! Held-out rows of pairs of views in every space that a method offers, for tasks that rank.

use align::prep::cosine_rows;
use align::{Coordinates, Matrix, Projections};

use crate::scores::score::check_finite;
use crate::{TaskError, TaskInput};

/// The projected test rows of every view; each view is projected once.
pub(crate) fn project_all<'a>(input: &TaskInput<'a>) -> Result<Projections<'a>, TaskError> {
    let rows = input.test.views.iter().map(|view| (view.name(), view.values()));
    let projections = input.fitted.projections(rows)?;
    for (view, projected) in input.test.views.iter().zip(projections.shared()) {
        check_finite(input.fitted.coordinates()[0], &|| view.name().to_string(), projected)?;
    }
    Ok(projections)
}

/// Calls `f` with (source, target, queries, gallery) for every ordered pair in the target's coordinates: the
/// source's rows translated, both standardised by the target's training rows (ddof 0) and normalised.
pub(crate) fn each_translated(
    input: &TaskInput<'_>,
    projections: &Projections<'_>,
    f: impl FnMut(usize, usize, &Matrix, &Matrix) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    each_translated_as(input, projections, |z| cosine_rows(&z), f)
}

/// Like [`each_translated`], with another function of the standardised rows in place of the normalisation.
pub(crate) fn each_translated_as(
    input: &TaskInput<'_>,
    projections: &Projections<'_>,
    finish: impl Fn(Matrix) -> Matrix,
    f: impl FnMut(usize, usize, &Matrix, &Matrix) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    each_translated_of(input, projections, |_, z| finish(z), f)
}

/// Like [`each_translated_as`], with a function that depends on the view of the rows.
pub(crate) fn each_translated_of(
    input: &TaskInput<'_>,
    projections: &Projections<'_>,
    finish: impl Fn(usize, Matrix) -> Matrix,
    mut f: impl FnMut(usize, usize, &Matrix, &Matrix) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    for (t, target) in input.test.views.iter().enumerate() {
        let standardise = input.standardisation(target.name())?;
        let gallery = finish(t, standardise.apply(target.values())?);
        for (s, source) in input.test.views.iter().enumerate().filter(|&(s, _)| s != t) {
            let moved = projections.standardised(s, target.name(), &standardise)?;
            let pair = || format!("{}->{}", source.name(), target.name());
            check_finite(Coordinates::Translated, &pair, &moved)?;
            f(s, t, &finish(s, moved), &gallery)?;
        }
    }
    Ok(())
}
