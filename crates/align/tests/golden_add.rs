//! A view added to a universe, and PCA matching, against the authors' outputs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::corrector::Corrector;
use align::fitted::Step;
use align::linalg::{Threads, product};
use align::{AddForm, Dataset, Matrix, Rescale, Split, Universe, Views};
use common::{Golden, json, max_abs, weights};

const CLOSE: f32 = 5e-5;

/// The authors' base universe of a case, its training rows, and the new view.
fn base(file: &Golden, case: &str, method: &str) -> (Universe, Views, String, Matrix) {
    let figures = json(&format!("case_{case}_add.json"));
    let train = Golden::read(&format!("case_{case}_inputs.safetensors")).views("train");
    let names: Vec<&str> = figures["base_views"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
    let base_train = train.select(&names).unwrap();
    let maps = base_train.iter().map(|s| {
        let padded = file.matrix(&format!("{method}.base_R.{}", s.name()));
        Matrix::from_fn(s.values().cols(), padded.cols(), |i, j| padded.at(i, j))
    });
    let mut universe = Universe::from_maps(&base_train, maps.collect()).unwrap();
    if method == "GCPA" {
        let corrector = Corrector::from_weights(&weights(file, "GCPA.base_corrector")).unwrap();
        universe = universe.with_corrector(corrector, Rescale::None).unwrap();
    }
    let name = figures["new_view"].as_str().unwrap().to_string();
    let new = train.get(&name).unwrap().clone();
    (universe, base_train, name, new)
}

#[test]
fn a_view_added_to_the_authors_universe() {
    for case in ["A", "B"] {
        let file = Golden::read(&format!("case_{case}_add.safetensors"));
        for method in ["GPA", "GCPA"] {
            let (universe, base_train, name, new) = base(&file, case, method);
            let want = |key: &str| file.matrix(&format!("{method}.{key}"));

            let mut mean = Matrix::<f32>::zeros(new.rows(), universe.width());
            for space in base_train.iter() {
                let u = universe.project(space.name(), space.values()).unwrap();
                mean.as_mut_slice().iter_mut().zip(u.as_slice()).for_each(|(m, x)| *m += x / base_train.len() as f32);
            }
            let gap = max_abs(&mean, &want("universe_mean_train"));
            assert!(gap < CLOSE, "{case} {method} mean: {gap:e}");

            let added = universe.add(&base_train, &name, &new, AddForm::Scaled).unwrap();
            let view = added.views().last().unwrap();
            let Some(Step::UnStandardise(post)) = view.way_in().last() else {
                panic!("{case} {method}: a view added with scaling")
            };
            for (got, key) in [(post.mean(), "y_shift"), (post.std(), "y_scale")] {
                let want = file.vector(&format!("{method}.{key}"));
                let gap = got.iter().zip(&want).map(|(g, &w)| (g - f64::from(w)).abs()).fold(0.0, f64::max);
                assert!(gap < f64::from(CLOSE), "{case} {method} {key}: {gap:e}");
            }
            // Theirs is padded to a square; only the rows of real columns are ever used.
            let padded = want("add_matrix");
            let used = Matrix::from_fn(new.cols(), padded.cols(), |i, j| padded.at(i, j));
            let gap = max_abs(view.map().unwrap(), &used);
            assert!(gap < CLOSE, "{case} {method} map: {gap:e}");
            // Their map is an SVD in f32: with it the rest of the path is theirs to rounding; with ours, its own
            // distance of up to CLOSE per entry counts once per column of the new view.
            let rows = want("new_train_universe");
            let with_theirs =
                post.invert(&product(view.prep().apply(&new).unwrap().view(), used.view(), Threads::One)).unwrap();
            let gap = max_abs(&with_theirs, &rows);
            assert!(gap < 2e-6, "{case} {method} new rows by the authors' map: {gap:e}");
            let gap = max_abs(&added.project(&name, &new).unwrap(), &rows);
            assert!(gap < 1e-4, "{case} {method} new rows: {gap:e}");
        }
    }
}

#[test]
fn pca_matching() {
    let inputs = Golden::read("case_B_inputs.safetensors");
    let expected = Golden::read("micro.safetensors");
    let split = |part: &str| Split { views: inputs.views(part), labels: Vec::new(), groups: Vec::new(), ids: None };
    let data = Dataset { validation: Some(split("val")), ..Dataset::new(split("train"), split("test")) };
    let matched = data.pca_matched().unwrap();
    for split in [&matched.train, matched.validation.as_ref().unwrap(), &matched.test] {
        assert_eq!(split.views.widths(), [24; 5]);
    }
    for space in matched.test.views.iter() {
        let want = expected.matrix(&format!("pca24.test.{}", space.name()));
        let got = space.values();
        for j in 0..24 {
            let gap =
                |sign: f32| (0..got.rows()).map(|i| (got.at(i, j) - sign * want.at(i, j)).abs()).fold(0.0, f32::max);
            let gap = gap(1.0).min(gap(-1.0));
            assert!(gap < 1e-4, "{} column {j}: {gap:e}", space.name());
        }
    }
    assert!(matched.test.views.get("v1").unwrap() == data.test.views.get("v1").unwrap(), "the narrowest is kept");
}
