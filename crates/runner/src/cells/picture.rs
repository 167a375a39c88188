//! Positions of some held-out items before and after alignment: the two leading principal directions of each view, and
//! of all views in the universe.

use align::{Fitted, Matrix, Split, pca_2d};
use anyhow::Result;

use store::picture::{Picture, PicturedView};

/// Largest number of items of a view, and of points of all views together. A picture takes milliseconds and a few
/// kilobytes.
const MOST_ITEMS: usize = 300;
const MOST_POINTS: usize = 600;

/// The picture: items at even distances among those that all views of a split have, at most 300 per view and 600 points
/// in all; `None` for a fit without a universe, and for fewer than three such items. The result is deterministic, as
/// [`pca_2d`] is.
///
/// # Errors
/// The errors of [`pca_2d`].
pub fn picture(fitted: &Fitted, split: &Split) -> Result<Option<Picture>> {
    let Some(universe) = fitted.universe() else { return Ok(None) };
    let views = &split.views;
    let whole: Vec<usize> = (0..views.rows()).filter(|&row| views.views_of(row) == views.len()).collect();
    let rows = whole.len();
    let count = rows.min(MOST_ITEMS).min((MOST_POINTS / views.len().max(1)).max(1));
    if rows < 3 {
        return Ok(None);
    }
    let items: Vec<usize> = (0..count).map(|i| whole[i * rows / count]).collect();
    let mut pooled = Matrix::zeros(count * views.len(), universe.width());
    let mut pictured = Vec::new();
    for (m, view) in views.iter().enumerate() {
        let x = view.values().select_rows(&items);
        let u = universe.project(view.name(), &x)?;
        for i in 0..count {
            pooled.row_mut(m * count + i).copy_from_slice(u.row(i));
        }
        let before = in_scale(&pca_2d(&x)?);
        pictured.push(PicturedView { name: view.name().to_string(), before, after: Vec::new() });
    }
    let after = in_scale(&pca_2d(&pooled)?);
    for (view, points) in pictured.iter_mut().zip(after.chunks(count)) {
        view.after = points.to_vec();
    }
    let labels = split.labels(None);
    Ok(Some(Picture {
        labelling: labels.map(|labels| labels.name.clone()),
        labels: labels.map(|labels| items.iter().map(|&item| labels.values[item]).collect()),
        items: items.into_iter().map(|item| item as u64).collect(),
        views: pictured,
    }))
}

/// Shifts and scales points to mean 0 and root mean square distance 1. If all points are equal, they stay at 0.
fn in_scale(points: &Matrix) -> Vec<[f32; 2]> {
    let square: f64 = points.as_slice().iter().map(|v| f64::from(*v).powi(2)).sum();
    let scale = (square / points.rows().max(1) as f64).sqrt();
    let scale = if scale > 0.0 { scale } else { 1.0 };
    (0..points.rows()).map(|i| [0, 1].map(|k| (f64::from(points.at(i, k)) / scale) as f32)).collect()
}

#[cfg(test)]
mod tests {
    use align::Method;
    use align::synthetic::Synthetic;

    use super::*;

    fn picture(method: Method) -> Option<Picture> {
        let recipe = Synthetic { widths: vec![12, 10, 14], fit_rows: 120, test_rows: 250, ..Synthetic::default() };
        let data = recipe.generate(1).expect("valid");
        let fit = method.fit(&data.train.views, 1).expect("fits");
        super::picture(&fit.fitted, &data.test).expect("drawn")
    }

    #[test]
    fn a_picture_survives_its_file_and_is_the_same_each_time() {
        let drawn = picture(Method::from_name("gpa").expect("known")).expect("GPA has a universe");
        assert_eq!(drawn, picture(Method::from_name("gpa").expect("known")).expect("again"));
        assert_eq!((drawn.views.len(), drawn.items.len(), drawn.items[1]), (3, 200, 1));
        assert!(drawn.items.is_sorted() && *drawn.items.last().expect("items") < 250);
        let frame = drawn.to_frame().expect("equal lengths");
        assert_eq!(Picture::from_frame(&frame).expect("same columns"), drawn);
        let unlabelled = Picture { labels: None, labelling: None, ..drawn };
        let frame = unlabelled.to_frame().expect("equal lengths");
        assert_eq!(Picture::from_frame(&frame).expect("same columns"), unlabelled);
    }

    #[test]
    fn items_meet_in_the_universe_and_not_before() {
        let drawn = picture(Method::from_name("gpa").expect("known")).expect("GPA has a universe");
        let apart = |of: fn(&PicturedView) -> &[[f32; 2]]| -> f32 {
            let (a, b) = (of(&drawn.views[0]), of(&drawn.views[1]));
            a.iter().zip(b).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).sum::<f32>() / a.len() as f32
        };
        assert!(apart(|view| &view.after) < 0.5 * apart(|view| &view.before));
        let square: f32 = drawn.views[0].before.iter().map(|[x, y]| x * x + y * y).sum();
        assert!((square / drawn.items.len() as f32 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn without_a_universe_there_is_no_picture() {
        assert_eq!(picture(Method::from_name("pairwise").expect("known")), None);
    }
}
