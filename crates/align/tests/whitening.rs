//! Which directions methods that whiten keep: by the rounding of the data, never by the number of rows.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use align::methods::cca::CcaParams;
use align::methods::decoder::Decoder;
use align::methods::gcca::{Coordinates, GccaParams, Whiten};
use align::methods::gpa::GpaParams;
use align::methods::relative::RelativeParams;
use align::methods::srm::SrmParams;
use align::methods::sumcor::SumcorParams;
use align::moments::{Incomplete, Parts, Precision, SufficientStatistics};
use align::rng::{Purpose, stream};
use align::{AlignError, Fit, FitWarning, Matrix, Method, Views};
use rand_distr::{Distribution, StandardNormal};

fn gaussian(rows: usize, cols: usize, seed: u64) -> Matrix<f64> {
    let mut rng = stream(seed, Purpose::SYNTHETIC, None);
    Matrix::from_fn(rows, cols, |_, _| StandardNormal.sample(&mut rng))
}

/// What these rows add up to, `times` over.
fn repeated(train: &Views, times: usize) -> SufficientStatistics {
    let parts = SufficientStatistics::of(train, Incomplete::PairwiseComplete, Precision::Double).parts();
    let scale = |values: &[f64]| values.iter().map(|x| x * times as f64).collect::<Vec<f64>>();
    let matrix = |m: &Matrix<f64>| m.map(|x| x * times as f64);
    SufficientStatistics::from_parts(Parts {
        rows: parts.rows * times,
        shared: parts.shared.iter().map(|n| n * times).collect(),
        first: scale(&parts.first),
        second: scale(&parts.second),
        gram: matrix(&parts.gram),
        along: matrix(&parts.along),
        weight: matrix(&parts.weight),
        ..parts
    })
    .unwrap()
}

fn whitened(rank: Option<usize>) -> GccaParams {
    GccaParams {
        whiten: Whiten::InverseSingular,
        decoder: Decoder::LeastSquares,
        ..GccaParams { rank, ..Default::default() }
    }
}

fn whitening() -> [Method; 3] {
    [Method::from(whitened(None)), Method::from(CcaParams::default()), Method::from(SumcorParams::default())]
}

/// Three views of 16 columns: rotations of 16 shared directions whose spreads fall from 1 to 0.0014, with noise of a
/// thousandth of each.
fn shared_directions(rows: usize) -> Views {
    falling(rows, 0.0014)
}

/// The same with another last spread.
fn falling(rows: usize, last: f64) -> Views {
    let latent = gaussian(rows, 16, 1);
    let spread = |k: usize| last.powf(k as f64 / 15.0);
    let view = |m: u64| {
        let (turn, noise) = (gaussian(16, 16, 10 + m), gaussian(rows, 16, 20 + m));
        let svd = align::linalg::thin_svd(turn.view(), &String::new).unwrap();
        Matrix::from_fn(rows, 16, |i, j| {
            (0..16).map(|k| spread(k) * (latent.at(i, k) + 1e-3 * noise.at(i, k)) * svd.u[(j, k)]).sum::<f64>() as f32
        })
    };
    Views::new((0..3).map(|m| (format!("v{m}"), view(m)))).unwrap()
}

/// Largest difference between the maps of two universes, the second times `factor`, in shares of the largest entry.
fn map_gap(a: &Fit, b: &Fit, factor: f64) -> f64 {
    let views = a.fitted.universe().unwrap().views().iter().zip(b.fitted.universe().unwrap().views());
    let gap = |(a, b): (&align::ViewMap, &align::ViewMap)| {
        let (a, b) = (a.map().unwrap(), b.map().unwrap());
        assert_eq!((a.rows(), a.cols()), (b.rows(), b.cols()));
        let entries = || a.as_slice().iter().zip(b.as_slice()).map(|(&x, &y)| (f64::from(x), f64::from(y)));
        let largest = entries().fold(0.0, |most: f64, (x, _)| most.max(x.abs()));
        entries().fold(0.0, |most: f64, (x, y)| most.max((x - factor * y).abs())) / largest
    };
    views.map(gap).fold(0.0, f64::max)
}

#[test]
fn more_of_the_same_rows_change_neither_rank_nor_maps() {
    let train = shared_directions(300);
    for method in whitening() {
        let fits = [1, 10_000].map(|times| method.fit_statistics(&repeated(&train, times), 0).unwrap());
        let [one, many] = &fits;
        assert_eq!(one.report.kept, [16; 3], "{method:?}");
        assert_eq!(many.report.kept, [16; 3], "{method:?}");
        assert_eq!(one.report.warnings, many.report.warnings, "{method:?}");
        let objectives = fits.iter().map(|fit| fit.report.objective.unwrap()).collect::<Vec<_>>();
        if method.name() == "cca" {
            assert!((objectives[0] - objectives[1]).abs() < 1e-6 * objectives[0], "{objectives:?}");
        }
    }
    // Whitened coordinates are of one length over all rows, so their maps shrink by the root of the rows' number.
    for (coordinates, factor) in
        [(Coordinates::Weights, 100.0), (Coordinates::Carroll, 100.0), (Coordinates::UnitVariance, 1.0)]
    {
        let method = Method::from(GccaParams { coordinates, ..whitened(None) });
        let [one, many] = [1, 10_000].map(|times| method.fit_statistics(&repeated(&train, times), 0).unwrap());
        let gap = map_gap(&one, &many, factor);
        // The least direction has 2e-6 of the variance of the largest: rounding of the sums counts 5e5 times there.
        assert!(gap < 1e-3, "{coordinates:?}: {gap:e}");
    }
}

#[test]
fn a_spread_of_a_ten_thousandth_is_a_direction_on_any_number_of_rows() {
    let train = falling(300, 1e-4);
    for method in whitening() {
        for times in [1, 100_000] {
            let fit = method.fit_statistics(&repeated(&train, times), 0).unwrap();
            assert_eq!((fit.report.kept, fit.report.warnings), (vec![16; 3], vec![]), "{method:?}, {times} times");
        }
    }
}

#[test]
fn directions_of_small_spread_stay_alive_on_many_rows() {
    // Sums of 300,000 rows, as of 1,000 rows 300 times.
    let rows = shared_directions(1000);
    let fit = Method::from(whitened(Some(16))).fit_statistics(&repeated(&rows, 300), 0).unwrap();
    assert_eq!(fit.report.kept, [16; 3]);
    assert_eq!(fit.report.warnings, []);
    // All views agree on all sixteen.
    assert!((fit.report.objective.unwrap()).abs() < 1e-3, "{:?}", fit.report.objective);
    let universe = fit.fitted.universe().unwrap();
    let u = universe.project("v1", rows.get("v1").unwrap()).unwrap();
    let length = |j: usize| (0..u.rows()).map(|i| f64::from(u.at(i, j)).powi(2)).sum::<f64>();
    let lengths: Vec<f64> = (0..16).map(length).collect();
    let (least, most) = lengths.iter().fold((f64::MAX, 0.0f64), |(a, b), &x| (a.min(x), b.max(x)));
    assert!(least > 0.9 * most, "a third of the unit length each: {lengths:?}");
}

/// Two views of six columns with means far from zero, the last a sum of two others, in `f32`.
fn dependent(rows: usize) -> Views {
    let view = |m: u64| {
        let x = gaussian(rows, 5, 30).map(|&x| x).into_vec();
        let noise = gaussian(rows, 5, 31 + m);
        let base = Matrix::from_fn(rows, 5, |i, j| (20.0 + x[i * 5 + j] + 0.3 * noise.at(i, j)) as f32);
        Matrix::from_fn(rows, 6, |i, j| if j < 5 { base.at(i, j) } else { 0.7 * base.at(i, 0) + 0.4 * base.at(i, 3) })
    };
    Views::new((0..2).map(|m| (format!("v{m}"), view(m)))).unwrap()
}

#[test]
fn an_exact_dependence_is_left_out_on_few_and_on_many_rows() {
    for (rows, times) in [(100, 1), (10_000, 1), (10_000, 1000)] {
        let sums = repeated(&dependent(rows), times);
        for method in whitening() {
            let fit = method.fit_statistics(&sums, 0).unwrap();
            assert_eq!(fit.report.kept, [5, 5], "{method:?} on {rows} rows {times} times");
            let below = |m: usize| (format!("v{m}"), 5, 6);
            assert_eq!(fit.report.warnings, [FitWarning::RankBelow { views: vec![below(0), below(1)] }], "{method:?}");
        }
        let fit = Method::from(whitened(Some(5))).fit_statistics(&sums, 0).unwrap();
        assert_eq!((fit.report.kept, fit.report.warnings), (vec![5, 5], vec![]));
    }
    let text = Method::from(whitened(None)).fit(&dependent(100), 0).unwrap().report.warnings[0].to_string();
    assert!(
        text.starts_with("fewer independent directions than asked for: view `v0` 5 of 6, view `v1` 5 of 6;"),
        "{text}"
    );
}

#[test]
fn the_released_form_keeps_what_the_authors_keep() {
    // Rounding is a direction like any other to them.
    let fit = Method::from(GccaParams::default()).fit(&dependent(100), 0).unwrap();
    assert_eq!((fit.report.kept, fit.report.warnings), (vec![6, 6], vec![]));
    for times in [1, 300, 100_000] {
        let fit =
            Method::from(GccaParams::default()).fit_statistics(&repeated(&shared_directions(300), times), 0).unwrap();
        assert_eq!((fit.report.kept, fit.report.warnings), (vec![16; 3], vec![]));
    }
}

#[test]
fn sums_of_single_precision_resolve_less() {
    let rows = falling(3000, 1e-4);
    for (precision, all) in [(Precision::Double, true), (Precision::Single, false)] {
        let sums = SufficientStatistics::of(&rows, Incomplete::PairwiseComplete, precision);
        let fit = Method::from(whitened(None)).fit_statistics(&sums, 0).unwrap();
        assert_eq!(fit.report.kept.iter().all(|&kept| kept == 16), all, "{:?}", fit.report.kept);
        assert_eq!(fit.report.warnings.is_empty(), all);
    }
}

fn unrelated(rows: usize, width: usize) -> Views {
    Views::new((0..3).map(|m| (format!("v{m}"), gaussian(rows, width, 40 + m).map(|&x| x as f32)))).unwrap()
}

#[test]
fn too_few_rows_are_a_warning_with_its_remedy() {
    let train = unrelated(30, 40);
    let few = |fit: &Fit| {
        fit.report.warnings.iter().find(|w| matches!(w, FitWarning::FewRows { .. })).map(ToString::to_string)
    };
    let ridge = 0.1;
    let released = Method::from(GccaParams::default());
    for (method, parameter) in whitening().into_iter().chain([released]).zip(["ridge", "ridge", "shrinkage", "ridge"]) {
        let fit = method.fit(&train, 0).unwrap();
        assert_eq!(fit.report.kept, [29; 3], "centred rows have one direction less: {method:?}");
        let text = few(&fit).unwrap();
        assert!(text.starts_with("30 rows are too few for views "), "{text}");
        assert!(text.contains("29 directions") && text.contains(&format!("set `{parameter}` above 0")), "{text}");
    }
    for method in [
        Method::from(GccaParams { ridge, ..whitened(Some(10)) }),
        Method::from(CcaParams { ridge, rank: Some(10), ..CcaParams::default() }),
        Method::from(SumcorParams { shrinkage: 0.1, ..SumcorParams::default() }),
        Method::from(GpaParams::default()),
    ] {
        assert_eq!(few(&method.fit(&train, 0).unwrap()), None, "{method:?}");
    }
    // More rows than columns of one view, fewer than of two.
    let half = Method::from(CcaParams::default()).fit(&unrelated(60, 40), 0).unwrap();
    assert!(few(&half).unwrap().contains("21 directions"));
    assert_eq!(half.report.kept, [40; 3]);
    assert_eq!(few(&Method::from(CcaParams::default()).fit(&unrelated(90, 40), 0).unwrap()), None);
}

#[test]
fn a_universe_without_width_is_an_error() {
    let constant = Views::new((0..2).map(|m| (format!("v{m}"), Matrix::from_fn(20, 3, |_, j| j as f32)))).unwrap();
    for method in
        [Method::from(GccaParams::default()), Method::from(whitened(None)), Method::from(SumcorParams::default())]
    {
        let error = method.fit(&constant, 0).unwrap_err();
        assert!(matches!(error, AlignError::NoDirection { .. }), "{error}");
    }
    let maps = vec![Matrix::zeros(3, 0), Matrix::zeros(3, 0)];
    assert!(align::Universe::from_maps(&constant, maps).is_err());
}

#[test]
fn more_than_the_data_have_is_refused_and_never_clamped() {
    let train = unrelated(100, 12);
    let rank = Some(13);
    let refused = [
        (Method::from(GccaParams { rank, ..GccaParams::default() }), "gcca: `rank` is 13, and 12 is the most"),
        (Method::from(whitened(rank)), "gcca: `rank` is 13, and 12 is the most"),
        (Method::from(GpaParams { rank, ..Default::default() }), "gpa: `rank` is 13, and 12 is the most"),
        (Method::from(SumcorParams { rank, ..Default::default() }), "sumcor: `rank` is 13, and 12 is the most"),
        (Method::from(CcaParams { rank, ..CcaParams::default() }), "cca: `rank` is 13, and 12 is the most"),
        (
            Method::from(SrmParams { features: rank, ..SrmParams::default() }),
            "srm: `features` is 13, and 12 is the most",
        ),
        (
            Method::from(RelativeParams { anchors: Some(101), ..RelativeParams::default() }),
            "relative: `anchors` is 101, and 100 is the most",
        ),
    ];
    for (method, want) in refused {
        let error = method.fit(&train, 0).unwrap_err().to_string();
        assert!(error.starts_with(want) && error.contains("lower it"), "{error}");
    }
    // Without a number: as much as there is.
    let width = |method: Method| method.fit(&train, 0).unwrap().fitted.universe().unwrap().width();
    assert_eq!(width(Method::from(RelativeParams::default())), 100);
    assert_eq!(width(Method::from(GccaParams::default())), 12);
}
