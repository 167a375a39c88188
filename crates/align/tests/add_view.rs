//! What holds when a view is added to a fitted universe.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::fitted::Fit;
use align::linalg::{Threads, product};
use align::methods::add_view::{AddViewParams, Base};
use align::methods::gcpa::{GcpaParams, LossParams, Training};
use align::methods::gpa::GpaParams;
use align::prep::{ConstantColumns, ZScore, cosine_rows};
use align::rng::{Purpose, stream};
use align::synthetic::{Synthetic, rotation};
use align::{AddForm, AlignError, BaseFit, BaseViews, Matrix, Method, Pca, Universe, Views};
use common::max_abs;

const FORMS: [AddForm; 2] = [AddForm::Scaled, AddForm::Orthogonal];

fn synthetic(widths: &[usize]) -> align::Dataset {
    Synthetic { widths: widths.to_vec(), fit_rows: 400, test_rows: 90, ..Default::default() }.generate(5).unwrap()
}

fn gcpa() -> GcpaParams {
    GcpaParams { training: Training::released(1), ..Default::default() }
}

/// A universe of all views but the last.
fn fitted(base: &Method, train: &Views) -> (Views, Universe) {
    let base_train = BaseViews::AllButLast.of(train).unwrap();
    let fit = base.fit(&base_train, 3).unwrap();
    (base_train, fit.fitted.universe().unwrap().clone())
}

fn bases() -> [Method; 2] {
    [Method::from(GpaParams::default()), Method::from(gcpa())]
}

#[test]
fn a_rotation_of_a_base_view_finds_that_views_place() {
    let data = synthetic(&[16, 16, 16]);
    let q = rotation(16, &mut stream(2, Purpose::SYNTHETIC, None)).unwrap();
    // Whitened rows have unit variance in every basis, so that standardising and rotating commute.
    let white = |view: usize| {
        let pca = Pca::fit(data.train.views.at(view), 16).unwrap();
        let z = ZScore::fit(&pca.apply(data.train.views.at(view)).unwrap(), ConstantColumns::Clamp);
        move |x: &Matrix| z.apply(&pca.apply(x).unwrap()).unwrap()
    };
    let view = |v: usize| (format!("v{v}"), white(v)(data.train.views.at(v)));
    let base_train = Views::new([view(0), view(1)]).unwrap();
    let gpa = Method::from(GpaParams { max_iter: Some(5000), ..Default::default() });
    let fit = gpa.fit(&base_train, 0).unwrap();
    let turn = |x: &Matrix| product(x.view(), q.view(), Threads::One);
    let universe = fit.fitted.universe().unwrap();
    let added = universe.add(&base_train, "turned", &turn(base_train.at(0)), AddForm::Orthogonal).unwrap();
    let test = white(0)(data.test.views.at(0));
    let got = cosine_rows(&added.project("turned", &turn(&test)).unwrap());
    let want = cosine_rows(&added.project("v0", &test).unwrap());
    for i in 0..got.rows() {
        let cosine: f32 = got.row(i).iter().zip(want.row(i)).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.9999, "row {i}: {cosine}");
    }
}

#[test]
fn in_and_back_is_the_identity_at_equal_widths() {
    let data = synthetic(&[20, 20, 20]);
    let (base_train, universe) = fitted(&bases()[0], &data.train.views);
    let new = data.test.views.at(2);
    for form in FORMS {
        let added = universe.add(&base_train, "v2", data.train.views.at(2), form).unwrap();
        let back = added.inverse("v2", &added.project("v2", new).unwrap()).unwrap();
        assert!(max_abs(&back, new) < 1e-4, "{form:?}: {:e}", max_abs(&back, new));
        let map = added.map_between("v2", "v2").unwrap().unwrap();
        let gap = |i: usize, j: usize| (map.at(i, j) - f64::from(u8::from(i == j))).abs();
        assert!((0..20).all(|i| (0..20).all(|j| gap(i, j) < 1e-5)), "{form:?}");
    }
    // The linear parts are what translation does to differences of rows.
    let added = universe.add(&base_train, "v2", data.train.views.at(2), AddForm::Scaled).unwrap();
    let map = added.map_between("v2", "v0").unwrap().unwrap().map(|&x| x as f32);
    let (of_new, of_v0) = (added.views()[2].prep(), added.views()[0].prep());
    let z = of_new.apply(new).unwrap();
    let moved = of_v0.apply(&added.translate("v2", "v0", new).unwrap()).unwrap();
    let mapped = product(z.view(), map.view(), Threads::One);
    for i in 1..z.rows() {
        for j in 0..20 {
            let (want, got) = (moved.at(i, j) - moved.at(0, j), mapped.at(i, j) - mapped.at(0, j));
            assert!((want - got).abs() < 1e-3, "row {i}, column {j}: {got} and {want}");
        }
    }
}

#[test]
fn the_base_views_stay_as_they_are() {
    for widths in [[24, 16, 20], [16, 16, 24]] {
        let data = synthetic(&widths);
        for base in bases() {
            let (base_train, universe) = fitted(&base, &data.train.views);
            for form in FORMS {
                let added = universe.add(&base_train, "v2", data.train.views.at(2), form).unwrap();
                assert_eq!((added.views().len(), added.width()), (3, universe.width()));
                for view in ["v0", "v1"] {
                    let x = data.test.views.get(view).unwrap();
                    assert!(added.project(view, x).unwrap() == universe.project(view, x).unwrap(), "{form:?} {view}");
                }
                let back = added.translate("v0", "v2", data.test.views.at(0)).unwrap();
                assert_eq!(back.cols(), widths[2]);
            }
        }
    }
}

#[test]
fn the_corrector_applies_to_a_view_added_orthogonally_alone() {
    let data = synthetic(&[16, 16, 16]);
    let (base_train, universe) = fitted(&bases()[1], &data.train.views);
    for (form, corrected) in [(AddForm::Scaled, false), (AddForm::Orthogonal, true)] {
        let added = universe.add(&base_train, "v2", data.train.views.at(2), form).unwrap();
        let x = data.test.views.at(2);
        let linear = added.project_linear("v2", x).unwrap();
        assert_eq!(added.project("v2", x).unwrap() != linear, corrected, "{form:?}");
    }
}

#[test]
fn the_method_is_its_base_and_the_step_on_it() {
    let data = synthetic(&[16, 16, 12]);
    let train = &data.train.views;
    for base in [Base::Gpa(Default::default()), Base::Gcpa(gcpa())] {
        for form in FORMS {
            let method = Method::from(AddViewParams { base: base.clone(), form });
            let whole = method.fit(train, 8).unwrap();
            let BaseFit { method: base, views } = method.base().unwrap();
            let start: Fit = base.fit(&views.of(train).unwrap(), 8).unwrap();
            let step = method.fit_on(&start, train, 8).unwrap();
            assert_eq!(whole.report, step.report);
            assert_eq!(whole.report.maps, 3);
            let columns = if form == AddForm::Scaled { 16 } else { 12 };
            assert_eq!(whole.report.parameters, start.report.parameters + 12 * columns);
            for space in data.test.views.iter() {
                let of = |fit: &Fit| fit.fitted.project(space.name(), space.values()).unwrap();
                assert!(of(&whole) == of(&step));
            }
        }
    }
    assert!(Method::from_name("gpa").unwrap().base().is_none());
}

#[test]
fn every_number_of_threads_gives_the_same_bits() {
    let data = synthetic(&[24, 16, 32]);
    for form in FORMS {
        let outputs = |threads: usize| -> Vec<Matrix> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let params = AddViewParams { form, ..Default::default() };
                let fitted = Method::from(params).fit(&data.train.views, 9).unwrap().fitted;
                data.test.views.iter().map(|s| fitted.project(s.name(), s.values()).unwrap()).collect()
            })
        };
        let one = outputs(1);
        assert!(one == outputs(2) && one == outputs(3), "{form:?}");
    }
}

#[test]
fn a_base_is_a_name_or_a_method_with_parameters() {
    let read = |text: &str| serde_json::from_str::<AddViewParams>(text);
    assert_eq!(read("{}").unwrap(), AddViewParams::default());
    assert_eq!(read(r#"{"base": "gcpa"}"#).unwrap().base, Base::Gcpa(Default::default()));
    assert_eq!(
        read(r#"{"base": {"gcpa": {"training": {"released": {"epochs": 1}}}}}"#).unwrap().base,
        Base::Gcpa(gcpa())
    );
    assert_eq!(read(r#"{"base": {"gpa": null}}"#).unwrap(), AddViewParams::default());
    let params = AddViewParams { base: Base::Gcpa(gcpa()), form: AddForm::Orthogonal };
    assert_eq!(read(&serde_json::to_string(&params).unwrap()).unwrap(), params);
    let error = |text: &str| read(text).unwrap_err().to_string();
    assert!(error(r#"{"base": "gcca"}"#).starts_with("unknown variant `gcca`, expected `gpa` or `gcpa`"));
    assert!(error(r#"{"base": {"gcca": {}}}"#).starts_with("unknown variant `gcca`, expected `gpa` or `gcpa`"));
    assert!(error(r#"{"base": {"gpa": {"tua": 1}}}"#).starts_with("unknown field `tua`"));
    assert!(
        error(r#"{"base": {"gpa": {}, "gcpa": {}}}"#)
            .starts_with("`gcpa` is a second name, and only one can be chosen")
    );
    let negative = Base::Gcpa(GcpaParams { loss: LossParams { tau: -1.0, ..Default::default() }, ..gcpa() });
    let method = Method::from(AddViewParams { base: negative, ..Default::default() });
    assert_eq!(method.validate().unwrap_err().to_string(), "gcpa: `tau` is -1, expected a number from 0 to 2");
    assert_eq!((method.title(), method.name()), ("Add view to GCPA", "add_view"));
}

#[test]
fn refusals_say_what_was_found_and_wanted() {
    let data = synthetic(&[8, 8, 8]);
    let (base_train, universe) = fitted(&bases()[0], &data.train.views);
    let text = |result: Result<Universe, AlignError>| result.unwrap_err().to_string();
    for form in FORMS {
        let add = |name: &str, x: &Matrix| text(universe.add(&base_train, name, x, form));
        assert_eq!(add("v1", data.train.views.at(2)), "view `v1` is given twice; every view needs its own name");
        assert_eq!(
            add("v2", data.test.views.at(2)),
            "view `v2` has 90 rows, `v0` has 400; row i must be the same item in every view"
        );
        assert_eq!(
            add("v2", &Matrix::zeros(400, 0)),
            "view `v2` is 400 x 0; a view needs at least one row and one column"
        );
        let mut nan = data.train.views.at(2).clone();
        nan.row_mut(7)[3] = f32::NAN;
        assert!(add("v2", &nan).starts_with("view `v2` holds NaN at row 7, column 3, expected finite values"));
    }
    let unknown = universe.add(&data.train.views, "v9", data.train.views.at(2), AddForm::Scaled);
    assert_eq!(text(unknown), "no view `v2`; the views here are `v0`, `v1`");
    let method = Method::from_name("add_view").unwrap();
    let error = |views: &[&str]| {
        let train = data.train.views.select(views).unwrap();
        method.fit(&train, 0).unwrap_err().to_string()
    };
    assert_eq!(error(&["v0", "v1"]), "add_view: found 2 views, expected at least 3");
    assert_eq!(error(&["v0"]), "add_view: found 1 view (`v0`), expected at least 3");
    assert_eq!(
        Pca::fit(data.train.views.at(0), 9).unwrap_err().to_string(),
        "pca: `components` is 9 for a 400 x 8 matrix, expected at least 1, at most the smaller of rows and columns"
    );
}
