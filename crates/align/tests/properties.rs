//! What holds whatever the data are.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::linalg::{self, Threads, product};
use align::methods::add_view::{AddViewParams, Base};
use align::methods::gcpa::{CorrectorBase, GcpaParams, LossParams, Training};
use align::methods::gpa::GpaParams;
use align::moments::{Incomplete, Moments};
use align::prep::{ConstantColumns, Standardisation, ZScore};
use align::rng::{Purpose, stream};
use align::synthetic::{Synthetic, rotation};
use align::{AlignError, Fitted, Matrix, Method, MomentAligner, Views};
use common::{Golden, mean_rank1};
use rand::RngExt;

fn synthetic(widths: &[usize]) -> align::Dataset {
    Synthetic { widths: widths.to_vec(), fit_rows: 500, test_rows: 120, ..Default::default() }.generate(3).unwrap()
}

/// |x − back|_F / |x|_F around the cycle of all views and home again.
fn cycle_error(fitted: &Fitted, views: &Views) -> f64 {
    let names: Vec<&str> = views.names().collect();
    let start = views.at(0).clone();
    let mut x = start.clone();
    for step in 0..names.len() {
        x = fitted.translate(names[step], names[(step + 1) % names.len()], &x).unwrap();
    }
    let norm = |m: &Matrix| m.as_slice().iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    let mut gap = x;
    gap.as_mut_slice().iter_mut().zip(start.as_slice()).for_each(|(a, b)| *a -= b);
    norm(&gap) / norm(&start)
}

#[test]
fn gpa_cycles_return_to_where_they_started() {
    for widths in [vec![24; 3], vec![32; 5]] {
        let data = synthetic(&widths);
        let fit = Method::from(GpaParams::default()).fit(&data.train.views, 5).unwrap();
        let error = cycle_error(&fit.fitted, &data.test.views);
        assert!(error < 1e-5, "{} views: {error:e}", widths.len());
    }
}

#[test]
fn pairwise_cycles_do_not_return() {
    // The reason for a universe: the maps of pairs do not compose.
    let train = Golden::read("case_A_inputs.safetensors").views("train");
    let fit = Method::from_name("pairwise").unwrap().fit(&train, 0).unwrap();
    assert!(cycle_error(&fit.fitted, &train) > 0.1);
}

#[test]
fn gpa_reaches_the_same_objective_when_a_standardised_view_is_rotated() {
    let train = Golden::read("case_A_inputs.safetensors").views("train");
    let z: Vec<(String, Matrix)> = train
        .iter()
        .map(|s| (s.name().to_string(), ZScore::fit(s.values(), ConstantColumns::Clamp).apply(s.values()).unwrap()))
        .collect();
    let mut turned = z.clone();
    let q = rotation(24, &mut stream(1, Purpose::SYNTHETIC, None)).unwrap();
    turned[1].1 = product(z[1].1.view(), q.view(), Threads::One);
    let best = |views: Vec<(String, Matrix)>| {
        let moments =
            Moments::fit(&Views::new(views).unwrap(), Incomplete::MeanOfPresent, Standardisation::Identity).unwrap();
        let objective = |seed| GpaParams::default().fit_moments(&moments, seed).unwrap().report.objective.unwrap();
        (0..6).map(objective).fold(f64::INFINITY, f64::min)
    };
    let (before, after) = (best(z), best(turned));
    assert!((after / before - 1.0).abs() < 1e-3, "{before} and {after}");
}

fn rank1(method: &Method, train: &Views, test: &Views) -> f64 {
    let fitted = method.fit(train, 1).unwrap().fitted;
    let projected: Vec<Matrix> = test.iter().map(|s| fitted.project(s.name(), s.values()).unwrap()).collect();
    mean_rank1(&projected)
}

#[test]
fn the_order_of_the_views_does_not_matter_to_retrieval() {
    let inputs = Golden::read("case_A_inputs.safetensors");
    let (train, test) = (inputs.views("train"), inputs.views("test"));
    let order = ["v2", "v0", "v1"];
    let (train_turned, test_turned) = (train.select(&order).unwrap(), test.select(&order).unwrap());
    for (name, band) in [("gpa", 0.015), ("gcca", 1e-9), ("gcpa", 0.03)] {
        let method = Method::from_name(name).unwrap();
        let (one, other) = (rank1(&method, &train, &test), rank1(&method, &train_turned, &test_turned));
        assert!((one - other).abs() <= band, "{name}: {one} and {other}");
    }
}

#[test]
fn every_fit_has_the_same_bits_for_every_number_of_threads() {
    let data = synthetic(&[24, 16, 32]);
    for name in Method::names() {
        let short = GcpaParams { training: Training::released(1), ..Default::default() };
        let method: Method = match *name {
            "gcpa" => short.into(),
            "add_view" => {
                let base = Base::Gcpa(GcpaParams { base: CorrectorBase::accelerated(), ..short });
                AddViewParams { base, ..Default::default() }.into()
            }
            name => Method::from_name(name).unwrap(),
        };
        let outputs = |threads: usize| -> Vec<Matrix> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let fitted = method.fit(&data.train.views, 9).unwrap().fitted;
                let views = data.test.views.iter();
                views
                    .map(|s| match fitted.project(s.name(), s.values()) {
                        Ok(projected) => projected,
                        Err(_) => fitted.translate(s.name(), "v0", s.values()).unwrap(),
                    })
                    .collect()
            })
        };
        let one = outputs(1);
        for threads in [2, 3] {
            assert!(one == outputs(threads), "{name} with {threads} threads");
        }
    }
}

#[test]
fn unequal_widths_keep_their_universes() {
    let data = synthetic(&[24, 16, 32]);
    let width = |name: &str| {
        Method::from_name(name).unwrap().fit(&data.train.views, 0).unwrap().fitted.universe().unwrap().width()
    };
    assert_eq!((width("gpa"), width("gcca")), (32, 16), "GPA is as wide as the widest view, GCCA as the narrowest");
}

#[test]
fn rank_deficient_views_are_no_obstacle() {
    let data = synthetic(&[16, 16, 16]);
    let views = data.train.views.iter().map(|s| {
        let mut x = s.values().clone();
        for i in 0..x.rows() {
            let row = x.row_mut(i);
            row[3] = row[2];
            row[5] = 4.0;
        }
        (s.name().to_string(), x)
    });
    let train = Views::new(views).unwrap();
    for name in ["pairwise", "gpa", "gcca"] {
        let fit = Method::from_name(name).unwrap().fit(&train, 0).unwrap();
        let x = fit.fitted.translate("v0", "v1", train.at(0)).unwrap();
        assert!(x.as_slice().iter().all(|v| v.is_finite()), "{name}");
    }
}

/// Products of fewer rows than columns, as Procrustes meets them with few pairs, among them rows of zeros: the engine's SVD
/// can give NaN for such matrices without an error.
#[test]
fn matrices_of_low_rank_have_orthogonal_factors() {
    for (size, rows, seed) in [(150, 90, 1), (200, 130, 2), (260, 260, 3), (300, 140, 4), (384, 250, 5)] {
        let mut rng = stream(seed, Purpose::SYNTHETIC, None);
        let mut normal = |rows: usize, cols: usize| {
            Matrix::from_fn(rows, cols, |_, j| if j < 2 { 0.0 } else { rng.random::<f64>() - 0.5 })
        };
        let (x, y) = (normal(rows, size), normal(rows, size));
        let a = product(x.view().transpose(), y.view(), Threads::One);
        let r = linalg::polar(a.view(), &|| "a product".into()).expect("converges");
        let gram = product(r.view().transpose(), r.view(), Threads::One);
        for i in 0..size {
            for j in 0..size {
                let off = (gram.at(i, j) - f64::from(u8::from(i == j))).abs();
                assert!(off < 1e-9, "{size} x {size} of rank {rows}: {off} at {i}, {j}");
            }
        }
    }
}

#[test]
fn refusals_say_what_was_found_and_wanted() {
    let data = synthetic(&[8, 8]);
    let one = data.train.views.select(&["v1"]).unwrap();
    for (name, title) in [("pairwise", "pairwise"), ("gpa", "gpa"), ("gcca", "gcca"), ("gcpa", "gcpa")] {
        let error = Method::from_name(name).unwrap().fit(&one, 0).unwrap_err().to_string();
        assert_eq!(error, format!("{title}: found 1 view (`v1`), expected at least 2"));
    }
    assert!(Method::from_name("na").unwrap().fit(&one, 0).is_ok());
    let text = |error: AlignError| error.to_string();
    let matrix = |rows, cols| Matrix::<f32>::zeros(rows, cols);
    let views = |views: Vec<(&str, Matrix)>| Views::new(views.into_iter().map(|(n, m)| (n.to_string(), m)));
    assert_eq!(
        text(views(vec![("en", matrix(3, 2)), ("fr", matrix(4, 2))]).unwrap_err()),
        "view `fr` has 4 rows, `en` has 3; row i must be the same item in every view"
    );
    assert_eq!(
        text(views(vec![("en", matrix(3, 2)), ("en", matrix(3, 2))]).unwrap_err()),
        "view `en` is given twice; every view needs its own name"
    );
    let mut nan = matrix(3, 2);
    nan.row_mut(1)[0] = f32::NAN;
    assert_eq!(
        text(views(vec![("en", nan)]).unwrap_err()),
        "view `en` holds NaN at row 1, column 0, expected finite values; drop the item from every view or repair it"
    );
    let fitted = Method::from_name("gpa").unwrap().fit(&data.train.views, 0).unwrap().fitted;
    assert_eq!(text(fitted.project("v7", &matrix(1, 8)).unwrap_err()), "no view `v7`; the views here are `v0`, `v1`");
    assert_eq!(
        text(fitted.project("v0", &matrix(1, 5)).unwrap_err()),
        "project: view `v0` has width 8, the given matrix has 5 columns"
    );
    let gcpa = GcpaParams { loss: LossParams { tau: -1.0, ..Default::default() }, ..Default::default() };
    assert_eq!(text(Method::from(gcpa).validate().unwrap_err()), "gcpa: `tau` is -1, expected a number from 0 to 2");
}
