//! Translated rows of a calibrated fit have the location and scale of the target's own, whatever the method.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use align::calibration::Spread;
use align::linalg::{Threads, product};
use align::methods::add_view::{AddViewParams, Base};
use align::methods::cca::CcaParams;
use align::methods::decoder::Decoder;
use align::methods::gcca::{GccaParams, Whiten};
use align::methods::gcpa::{GcpaParams, ReleasedTraining, Training};
use align::methods::gpa::GpaParams;
use align::methods::pairwise::PairwiseParams;
use align::methods::relative::RelativeParams;
use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::prep::{ConstantColumns, ZScore};
use align::synthetic::Synthetic;
use align::{AddForm, Dataset, Fit, FitWarning, Fitted, LinearStep, Matrix, Method, Rescale, Views};

const NAMES: [&str; 3] = ["v0", "v1", "v2"];

fn synthetic() -> Dataset {
    Synthetic { widths: vec![16, 16, 12], fit_rows: 300, test_rows: 60, ..Default::default() }.generate(3).unwrap()
}

fn gcpa(rescale: Rescale) -> GcpaParams {
    let training = Training::Released(ReleasedTraining { epochs: 1, steps_per_epoch: 30, ..Default::default() });
    GcpaParams { training, rescale, ..Default::default() }
}

fn whitened(decoder: Decoder) -> Method {
    Method::from(GccaParams { whiten: Whiten::InverseSingular, rank: Some(8), decoder, ..Default::default() })
}

/// Every method that translates, and every option that changes how.
fn methods() -> Vec<Method> {
    let mut methods: Vec<Method> = Method::all();
    methods.retain(|method| !["na", "gcpa", "relative"].contains(&method.name()));
    methods.push(Method::from(RelativeParams { anchors: Some(20), ..Default::default() }));
    methods.push(Method::from(PairwiseParams { scale: true, ..PairwiseParams::default() }));
    methods.extend([Decoder::Transpose, Decoder::PseudoInverse, Decoder::LeastSquares].map(whitened));
    for rescale in [Rescale::None, Rescale::All, Rescale::Universe] {
        methods.push(Method::from(gcpa(rescale)));
        for form in [AddForm::Scaled, AddForm::Orthogonal] {
            methods.push(Method::from(AddViewParams { base: Base::Gcpa(gcpa(rescale)), form }));
        }
    }
    methods
}

fn fit(method: &Method, train: &Views) -> Fit {
    method.fit(train, 7).unwrap_or_else(|e| panic!("{method:?}: {e}"))
}

/// The rows of all other views translated to this one, one below the other.
fn arrived(fitted: &Fitted, rows: &Views, target: &str) -> Matrix {
    let moved = rows.iter().filter(|s| s.name() != target).map(|s| fitted.translate(s.name(), target, s.values()));
    let moved: Vec<Matrix> = moved.collect::<Result<_, _>>().unwrap();
    let (rows, cols) = (moved.iter().map(Matrix::rows).sum(), moved[0].cols());
    Matrix::new(rows, cols, moved.into_iter().flat_map(Matrix::into_vec).collect()).unwrap()
}

fn spread(fitted: &Fitted, rows: &Views, target: &str) -> f64 {
    let mut spread = Spread::beside(fitted.prep(target).unwrap());
    spread.add(&arrived(fitted, rows, target)).unwrap();
    spread.value().unwrap()
}

#[test]
fn every_method_gets_the_targets_location_and_scale_and_keeps_its_universe() {
    let data = synthetic();
    let train = &data.train.views;
    for method in methods() {
        let bare = fit(&method, train);
        let calibrated = bare.clone().calibrated(train).unwrap();
        assert_eq!(bare.report, calibrated.report, "{method:?}");
        for target in NAMES {
            // A form of its own is not calibrated; the network was trained on the target's rows as they are.
            if matches!(bare.fitted, Fitted::Own(_)) {
                continue;
            }
            // 1 for columns that are standardised.
            let mut wanted = Spread::beside(bare.fitted.prep(target).unwrap());
            wanted.add(train.get(target).unwrap()).unwrap();
            let share = spread(&calibrated.fitted, train, target) / wanted.value().unwrap();
            // Sample and population deviations differ by 0.0017.
            assert!((share - 1.0).abs() < 2e-3, "{method:?} to {target}: {share}");
            let own = ZScore::fit(train.get(target).unwrap(), ConstantColumns::Clamp);
            let moved = ZScore::fit(&arrived(&calibrated.fitted, train, target), ConstantColumns::Clamp);
            for j in 0..own.width() {
                let gap = (moved.mean()[j] - own.mean()[j]).abs() / own.std()[j];
                assert!(gap < 1e-4, "{method:?} to {target}, column {j}: {gap} standard deviations");
            }
        }
        if bare.fitted.universe().is_some() {
            for name in NAMES {
                let x = data.test.views.get(name).unwrap();
                assert_eq!(bare.fitted.project(name, x).unwrap(), calibrated.fitted.project(name, x).unwrap());
            }
        }
        // Once is enough.
        let twice = calibrated.clone().calibrated(train).unwrap();
        assert_eq!(twice.fitted.parts().unwrap(), calibrated.fitted.parts().unwrap(), "{method:?}");
    }
}

#[test]
fn directions_stay_as_the_method_has_them() {
    let data = synthetic();
    let train = &data.train.views;
    for method in methods() {
        let bare = fit(&method, train);
        let fitted = bare.fitted.calibrated(train).unwrap();
        let (a, b) = (data.test.views.at(0).select_rows(&[0, 1]), NAMES[1]);
        let difference = |fitted: &Fitted| {
            let moved = fitted.translate("v0", b, &a).unwrap();
            let raw: Vec<f64> = moved.row(0).iter().zip(moved.row(1)).map(|(x, y)| f64::from(x - y)).collect();
            let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
            raw.into_iter().map(|x| x / length).collect::<Vec<f64>>()
        };
        let cosine: f64 = difference(&bare.fitted).iter().zip(difference(&fitted)).map(|(x, y)| x * y).sum();
        // Whitened vectors come back so short that `f32` has few digits of them beside the mean.
        assert!(cosine > 0.999, "{method:?}: {cosine}");
    }
}

#[test]
fn the_map_between_two_views_is_the_translations() {
    let data = synthetic();
    let train = &data.train.views;
    for method in
        [whitened(Decoder::Transpose), Method::from(GpaParams::default()), Method::from(PairwiseParams::default())]
    {
        let fitted = fit(&method, train).fitted.calibrated(train).unwrap();
        let LinearStep::Map(map) = fitted.linear_step("v0", "v2").unwrap() else { panic!("{method:?} is linear") };
        let standardised = |name: &str, x: &Matrix| fitted.prep(name).unwrap().apply(x).unwrap();
        let x = data.test.views.at(0);
        let z = standardised("v0", x).map(|&x| f64::from(x));
        let linear = product(z.view(), map.view(), Threads::One);
        let moved = standardised("v2", &fitted.translate("v0", "v2", x).unwrap());
        for i in 1..x.rows() {
            for j in 0..moved.cols() {
                let (got, want) = (moved.at(i, j) - moved.at(0, j), linear.at(i, j) - linear.at(0, j));
                assert!((f64::from(got) - want).abs() < 1e-4, "{method:?} {i} {j}: {got} {want}");
            }
        }
    }
}

#[test]
fn a_view_and_itself_are_not_calibrated_between_pairs_and_orthogonal_maps_stay_inverses() {
    let data = synthetic();
    let (train, x) = (&data.train.views, data.test.views.at(0));
    let gap = |a: &Matrix| a.as_slice().iter().zip(x.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let pairs = fit(&Method::from(PairwiseParams::default()), train).fitted.calibrated(train).unwrap();
    assert!(gap(&pairs.translate("v0", "v0", x).unwrap()) < 1e-5);
    let equal = train.select(&["v0", "v1"]).unwrap();
    let gpa = fit(&Method::from(GpaParams::default()), &equal).fitted.calibrated(&equal).unwrap();
    assert!(gap(&gpa.translate("v0", "v0", x).unwrap()) < 1e-3, "of orthogonal maps the gain is 1");
}

#[test]
fn sums_over_rows_tell_the_same_and_say_where_they_do_not() {
    let data = synthetic();
    let train = &data.train.views;
    let sums = SufficientStatistics::of(train, Incomplete::MeanOfPresent, Precision::Double);
    for method in
        [whitened(Decoder::Transpose), Method::from(GpaParams::default()), Method::from(PairwiseParams::default())]
    {
        let of_statistics = method.fit_statistics(&sums, 7).unwrap().calibrated_by_statistics(&sums).unwrap();
        for target in NAMES {
            let spread = spread(&of_statistics.fitted, train, target);
            assert!((spread - 1.0).abs() < 1e-3, "{method:?} to {target}: {spread}");
        }
    }
    let missing: Vec<bool> = (0..train.rows()).map(|row| row % 7 == 0).collect();
    let some = train.with_missing(1, &missing).unwrap();
    let sums = SufficientStatistics::of(&some, Incomplete::MeanOfPresent, Precision::Double);
    let fit =
        Method::from(GpaParams::default()).fit_statistics(&sums, 7).unwrap().calibrated_by_statistics(&sums).unwrap();
    assert!(fit.report.warnings.contains(&FitWarning::IncompleteSums));
    // The rows themselves tell.
    let fit = Method::from(GpaParams::default()).fit(&some, 7).unwrap().calibrated(&some).unwrap();
    assert!(!fit.report.warnings.contains(&FitWarning::IncompleteSums));
    assert!((spread(&fit.fitted, train, "v0") - 1.0).abs() < 0.05);
}

#[test]
fn a_view_that_joins_a_calibrated_universe_is_calibrated_and_the_others_stay() {
    let data = synthetic();
    let train = &data.train.views;
    let base = train.select(&["v0", "v1"]).unwrap();
    for method in [Method::from(gcpa(Rescale::None)), whitened(Decoder::Transpose)] {
        let fitted = fit(&method, &base).fitted;
        for form in [AddForm::Scaled, AddForm::Orthogonal] {
            let join = |fitted: &Fitted| {
                let universe = fitted.universe().unwrap();
                Fitted::Universe(universe.add(&base, "v2", train.get("v2").unwrap(), form).unwrap())
            };
            let calibrated = fitted.calibrated(&base).unwrap();
            let (bare, joined) = (join(&fitted), join(&calibrated));
            assert!(bare.universe().unwrap().views().iter().all(|view| !view.is_calibrated()));
            let spread = spread(&joined, train, "v2");
            assert!((spread - 1.0).abs() < 1e-3, "{method:?} {form:?}: {spread}");
            let (before, after) = (calibrated.parts().unwrap().arrays, joined.parts().unwrap().arrays);
            assert!(before.iter().all(|(name, array)| after.get(name) == Some(array)), "{form:?}");
        }
    }
}

#[test]
fn rows_that_shrink_on_the_way_are_warned_of() {
    let data = synthetic();
    let train = &data.train.views;
    let shrunk = fit(&whitened(Decoder::Transpose), train).with_spread_checked(train).unwrap();
    assert_eq!(shrunk.report.warnings.len(), 3, "{:?}", shrunk.report.warnings);
    for (warning, name) in shrunk.report.warnings.iter().zip(NAMES) {
        let FitWarning::TranslatedSpread { view, spread: told } = warning else { panic!("{warning}") };
        let seen = spread(&shrunk.fitted, train, name);
        assert!(view == name && (told / seen - 1.0).abs() < 1e-2, "{view}: {told}, seen {seen}");
    }
    for fine in [
        shrunk.clone().calibrated(train).unwrap().with_spread_checked(train).unwrap(),
        fit(&Method::from(CcaParams::default()), train).with_spread_checked(train).unwrap(),
    ] {
        let fresh = fine.report.warnings.len() - shrunk.report.warnings.len().min(fine.report.warnings.len());
        assert_eq!(fresh, 0, "{:?}", fine.report.warnings);
    }
    // In a universe wider than all views together each view has a corner of its own, which the others never reach.
    let wide = Method::from(RelativeParams { anchors: Some(256), ..Default::default() });
    for fit in [fit(&wide, train).calibrated(train).unwrap(), fit(&wide, train).with_spread_checked(train).unwrap()] {
        let nothing = |name: &str| FitWarning::NothingTranslated { view: name.into() };
        assert_eq!(fit.report.warnings, NAMES.map(nothing));
        assert!(fit.fitted.universe().unwrap().views().iter().all(|view| !view.is_calibrated()));
    }
    let mut none = Spread::beside(shrunk.fitted.prep("v0").unwrap());
    none.add(&train.at(0).select_rows(&[4])).unwrap();
    assert_eq!((none.value(), none.warning("v0")), (None, None), "one row has no spread");
}
