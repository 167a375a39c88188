//! Maps that leave their fit: the same rows as those of the fit, whatever the method.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use align::fitted::{AffineMap, MapStep};
use align::linalg::MatrixView;
use align::synthetic::Synthetic;
use align::{AddForm, AlignError, Coordinates, Fitted, FittedMaps, Matrix, Method, RowMap};

fn data() -> align::Dataset {
    Synthetic { widths: vec![24, 16, 20], fit_rows: 300, test_rows: 60, ..Synthetic::default() }.generate(5).unwrap()
}

/// The largest difference of two matrices, in units of the root mean square of the first.
fn difference(a: &Matrix, b: &Matrix) -> f64 {
    assert_eq!((a.rows(), a.cols()), (b.rows(), b.cols()));
    let square = a.as_slice().iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / a.as_slice().len() as f64;
    let largest = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| f64::from(a - b).abs()).fold(0.0, f64::max);
    largest / square.sqrt()
}

/// Every map of the fit, compared on held-out rows; returns the names of the steps of the first one and of the one into
/// the universe.
fn compared(fitted: &Fitted, data: &align::Dataset, shown: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let names: Vec<String> = data.test.views.names().map(str::to_string).collect();
    let steps = |map: &RowMap| map.steps().iter().map(MapStep::name).collect::<Vec<_>>();
    let (mut first, mut shared) = (Vec::new(), Vec::new());
    for source in &names {
        let x = data.test.views.get(source).unwrap();
        let targets = names.iter().map(|name| Some(name.as_str())).chain([None]);
        for target in targets {
            let offered = if target.is_some() { fitted.translates() } else { fitted.projects() };
            let map = fitted.row_map(source, target);
            let own = match target {
                Some(target) => fitted.translate(source, target, x),
                None => fitted.project(source, x),
            };
            let (map, own) = match (map, own) {
                (Ok(map), Ok(own)) => (map, own),
                (Err(map), Err(own)) => {
                    assert!(matches!(map, AlignError::NoSuchSpace { .. }), "{shown}: {map}");
                    assert!(!offered, "{shown}: {own}");
                    continue;
                }
                (map, own) => panic!("{shown} {source} {target:?}: {:?}, {:?}", map.err(), own.err()),
            };
            assert_eq!(map.widths(), (x.cols(), own.cols()));
            let got = difference(&own, &map.apply(x).unwrap());
            assert!(got < 1e-5, "{shown}: {source} to {target:?} differs by {got:e}");
            let probed = map.deviation(fitted, source, target).unwrap();
            assert!(probed < 1e-5, "{shown}: {source} to {target:?} deviates by {probed:e}");
            match target {
                Some(target) if (source.as_str(), target) == ("v0", "v1") => first = steps(&map),
                None if source == "v0" => shared = steps(&map),
                _ => {}
            }
        }
    }
    (first, shared)
}

#[test]
fn every_method_has_maps_that_equal_its_fit() {
    let data = data();
    let affine = || vec!["affine"];
    let nothing: fn() -> Vec<&'static str> = Vec::new;
    let cases: Vec<(&str, Vec<&str>, Vec<&str>)> = vec![
        (r#""na""#, nothing(), affine()),
        (r#""pairwise""#, affine(), nothing()),
        (r#""cca""#, affine(), nothing()),
        (r#""low_rank_affine""#, affine(), nothing()),
        (r#""gpa""#, affine(), affine()),
        (r#"{"gcca": {"whiten": "inverse_singular", "rank": 12, "decoder": "least_squares"}}"#, affine(), affine()),
        (r#""sumcor""#, affine(), affine()),
        (r#""srm""#, affine(), affine()),
        (r#""pivot""#, affine(), affine()),
        (r#""consensus_ridge""#, affine(), affine()),
        (
            r#"{"relative": {"anchors": 32}}"#,
            vec!["affine", "unit_rows", "affine"],
            vec!["affine", "unit_rows", "affine"],
        ),
        (
            r#"{"kernel_gcca": {"landmarks": 40}}"#,
            vec!["affine", "kernel_features", "affine"],
            vec!["affine", "kernel_features", "affine"],
        ),
        (
            r#"{"gcpa": {"training": {"released": {"epochs": 1, "steps_per_epoch": 5}}}}"#,
            vec!["affine", "corrector", "affine"],
            vec!["affine", "corrector"],
        ),
        (
            r#"{"gcpa": {"training": {"released": {"epochs": 1, "steps_per_epoch": 5}}, "rescale": "all"}}"#,
            vec!["affine", "corrector", "affine"],
            vec!["affine", "corrector"],
        ),
        (
            r#"{"gcpa": {"training": {"released": {"epochs": 1, "steps_per_epoch": 5}}, "rescale": "universe"}}"#,
            vec!["affine", "corrector", "affine"],
            vec!["affine", "corrector"],
        ),
        (r#"{"residual_mlp": {"training": {"steps": 20}}}"#, vec!["affine", "residual_mlp"], nothing()),
        (r#"{"residual_mlp": {"training": {"steps": 20}, "scale": true}}"#, vec!["affine", "residual_mlp"], nothing()),
    ];
    for (text, translated, projected) in cases {
        let method: Method = serde_json::from_str(text).unwrap();
        let bare = method.fit(&data.train.views, 42).unwrap();
        assert_eq!(compared(&bare.fitted, &data, text), (translated.clone(), projected.clone()), "{text}");
        let calibrated = bare.calibrated(&data.train.views).unwrap();
        assert_eq!(compared(&calibrated.fitted, &data, text), (translated, projected), "{text}, calibrated");
    }
}

#[test]
fn a_view_that_was_added_has_maps_too() {
    let data = data();
    let fit = "gpa".parse::<Method>().unwrap().fit(&data.train.views.select(&["v0", "v1"]).unwrap(), 42).unwrap();
    let universe = fit.fitted.universe().unwrap();
    for form in [AddForm::Scaled, AddForm::Orthogonal] {
        let anchors = data.train.views.select(&["v0", "v1"]).unwrap();
        let wider = universe.add(&anchors, "v2", data.train.views.get("v2").unwrap(), form).unwrap();
        let (first, _) = compared(&Fitted::Universe(wider), &data, "added");
        assert_eq!(first, ["affine"]);
    }
}

#[test]
fn means_far_from_zero_show_in_the_deviation() {
    let mut data = data();
    for (m, shift) in [0.0, 1e5, 0.0].into_iter().enumerate() {
        let moved = data.train.views.nth(m).values().map(|x| x + shift);
        data.train.views = data.train.views.with_values(m, moved).unwrap();
    }
    let fitted = "gpa".parse::<Method>().unwrap().fit(&data.train.views, 42).unwrap().fitted;
    let deviation =
        |source| fitted.row_map(source, Some("v2")).unwrap().deviation(&fitted, source, Some("v2")).unwrap();
    let (near, far) = (deviation("v0"), deviation("v1"));
    assert!(near < 1e-5 && far > 1e-3, "{near:e} {far:e}");
}

#[test]
fn unknown_views_and_unfit_steps_are_refused() {
    let data = data();
    let fitted = "gpa".parse::<Method>().unwrap().fit(&data.train.views, 42).unwrap().fitted;
    for (source, target) in [("v9", Some("v0")), ("v0", Some("v9")), ("v9", None)] {
        let error = fitted.row_map(source, target).unwrap_err();
        assert!(matches!(error, AlignError::UnknownView { .. }), "{error}");
    }
    let affine = |rows, cols, shift| {
        MapStep::Affine(AffineMap {
            matrix: Matrix::from_fn(rows, cols, |i, j| (i + 2 * j) as f32),
            shift: vec![1.0; shift],
        })
    };
    assert_eq!(RowMap::new(3, vec![affine(3, 2, 2), MapStep::UnitRows, affine(2, 5, 5)]).unwrap().widths(), (3, 5));
    for steps in [vec![], vec![affine(4, 2, 2)], vec![affine(3, 2, 3)], vec![affine(3, 2, 2), affine(3, 2, 2)]] {
        assert!(matches!(RowMap::new(3, steps), Err(AlignError::Width { .. })));
    }
    let map = fitted.row_map("v0", Some("v1")).unwrap();
    assert!(matches!(map.apply(&Matrix::zeros(1, 7)), Err(AlignError::Width { .. })));
}

/// Two views of width 3 that are doubled, or a fit that does not say what it does.
#[derive(Debug)]
struct Doubled {
    says: bool,
}

impl FittedMaps for Doubled {
    fn views(&self) -> Vec<(&str, usize)> {
        vec![("a", 3), ("b", 3)]
    }

    fn coordinates(&self) -> &'static [Coordinates] {
        &[Coordinates::Translated]
    }

    fn translate(&self, _: &str, _: &str, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        Ok(x.to_matrix().map(|x| 2.0 * x))
    }

    fn row_map(&self, _: &str, _: Option<&str>) -> Result<Option<RowMap>, AlignError> {
        let matrix = Matrix::from_fn(3, 3, |i, j| if i == j { 2.0 } else { 0.0 });
        let step = MapStep::Affine(AffineMap { matrix, shift: vec![0.0; 3] });
        self.says.then(|| RowMap::new(3, vec![step])).transpose()
    }

    fn bytes(&self) -> usize {
        0
    }
}

#[test]
fn a_form_of_its_own_gives_its_map_or_an_error() {
    let fit = |says| Fitted::Own(Arc::new(Doubled { says }));
    let map = fit(true).row_map("a", Some("b")).unwrap();
    assert!(map.affine().is_some() && map.deviation(&fit(true), "a", Some("b")).unwrap() == 0.0);
    let error = fit(false).row_map("a", Some("b")).unwrap_err();
    assert!(error.to_string().contains("has a form of its own, from which no map can be exported"), "{error}");
}
