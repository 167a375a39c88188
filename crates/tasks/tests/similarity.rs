//! The similarity panel against SciPy and scikit-learn (golden/make_similarity.py), and what must hold on any data.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::linalg::{Threads, polar, product};
use align::methods::gpa::GpaParams;
use align::methods::na::Scale;
use align::methods::pairwise::PairwiseParams;
use align::rng::{Purpose, stream};
use align::{Coordinates, Dataset, Matrix, Method, Split, Views};
use common::{Tensors, json, na, score, synthetic};
use rand::RngExt;
use tasks::{Metric, Quantity, Scores, SimilarityMeasure, SimilarityParams, SimilarityStatistic, Task};

fn data(views: Vec<(&str, Matrix)>) -> Dataset {
    let views = Views::new(views.into_iter().map(|(name, x)| (name.to_string(), x))).unwrap();
    let split = Split { views, labels: Vec::new(), groups: Vec::new(), ids: None };
    Dataset::new(split.clone(), split)
}

fn panel(data: &Dataset, params: SimilarityParams) -> Scores {
    score(&na(Scale::Raw), &Task::from(params), data)
}

fn few() -> SimilarityParams {
    SimilarityParams { permutations: 19, ..SimilarityParams::default() }
}

fn value(scores: &Scores, metric: Metric, source: &str, target: Option<&str>) -> Option<f64> {
    let wanted =
        |s: &&tasks::Score| s.metric == metric && s.source.as_deref() == Some(source) && s.target.as_deref() == target;
    scores.scores.iter().find(wanted).unwrap_or_else(|| panic!("no {metric:?} of {source} {target:?}")).value
}

fn of_pair(scores: &Scores, measure: SimilarityMeasure, reading: SimilarityStatistic) -> f64 {
    value(scores, Metric::Similarity(measure, reading), "a", Some("b")).unwrap()
}

fn uniform(rows: usize, columns: usize, seed: u64) -> Matrix {
    let mut rng = stream(seed, Purpose::SYNTHETIC, None);
    Matrix::from_fn(rows, columns, |_, _| rng.random::<f32>() - 0.5)
}

#[test]
fn measures_are_those_of_scipy_and_scikit_learn() {
    let (tensors, figures) = (Tensors::open("similarity.safetensors"), json("similarity.json"));
    let data = data(["a", "b", "c"].map(|name| (name, tensors.matrix(name))).into());
    let scores = panel(&data, few());
    let close = |got: f64, key: &str| {
        let want = figures[key].as_f64().unwrap_or_else(|| panic!("{key}"));
        assert!((got - want).abs() < 2e-5, "{key}: {got} for {want}");
    };
    for (s, t) in [("a", "b"), ("a", "c"), ("b", "c")] {
        for measure in SimilarityMeasure::ALL {
            let metric = Metric::Similarity(measure, SimilarityStatistic::Raw);
            close(value(&scores, metric, s, Some(t)).unwrap(), &format!("{}.{s}.{t}", metric.name()));
        }
    }
    close(value(&scores, Metric::Alignment, "a", Some("c")).unwrap(), "alignment.a.c");
    close(value(&scores, Metric::ModalityGap, "a", Some("c")).unwrap(), "modality_gap.a.c");
    for name in ["a", "b", "c"] {
        close(value(&scores, Metric::Uniformity, name, None).unwrap(), &format!("uniformity.{name}"));
        close(value(&scores, Metric::EffectiveRank, name, None).unwrap(), &format!("effective_rank.{name}"));
        assert!(value(&scores, Metric::Distortion, name, None).unwrap().abs() < 1e-6, "nothing was done to it");
    }
    // Views of 9 and 6 columns: measures yes, distances of rows no.
    let uneven = scores.scores.iter().find(|s| s.metric == Metric::Alignment && s.target.as_deref() == Some("b"));
    assert_eq!(uneven.unwrap().reason.as_deref(), Some("widths differ: a 9, b 6"));
}

#[test]
fn what_items_add_has_the_mean_and_the_standard_error_of_the_measure() {
    let (tensors, figures) = (Tensors::open("similarity.safetensors"), json("similarity.json"));
    let data = data(["a", "b"].map(|name| (name, tensors.matrix(name))).into());
    let scores = panel(&data, few());
    let series = |quantity| &scores.series.iter().find(|s| s.quantity == quantity).unwrap().values;
    let mean = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
    let cka = series(Quantity::Cka);
    assert!((mean(cka) - of_pair(&scores, SimilarityMeasure::Cka, SimilarityStatistic::Raw)).abs() < 1e-6);
    let shared = mean(series(Quantity::NeighboursShared));
    assert!((shared - of_pair(&scores, SimilarityMeasure::MutualKnn, SimilarityStatistic::Raw)).abs() < 1e-6);
    let variance = cka.iter().map(|&v| (f64::from(v) - mean(cka)).powi(2)).sum::<f64>() / (cka.len() - 1) as f64;
    let error = (variance / cka.len() as f64).sqrt();
    let jackknife = figures["cka_standard_error.a.b"].as_f64().unwrap();
    assert!((error / jackknife - 1.0).abs() < 0.1, "{error} for {jackknife}");
}

#[test]
fn a_turned_shifted_and_scaled_copy_is_the_same() {
    let x = Matrix::from_fn(90, 12, |i, j| uniform(90, 12, 1).at(i, j) * (1.0 + j as f32));
    let rotation = polar(uniform(12, 12, 2).map(|&v| f64::from(v)).view(), &String::new).unwrap().map(|&v| v as f32);
    let turned = product(x.view(), rotation.view(), Threads::One).map(|&v| 3.0 * v);
    let scores = panel(&data(vec![("a", x.clone()), ("b", turned.clone())]), few());
    for measure in SimilarityMeasure::ALL {
        let raw = of_pair(&scores, measure, SimilarityStatistic::Raw);
        let most = if measure == SimilarityMeasure::Procrustes { 0.0 } else { 1.0 };
        assert!((raw - most).abs() < 2e-5, "{measure:?}: {raw}");
        assert!((of_pair(&scores, measure, SimilarityStatistic::Calibrated) - 1.0).abs() < 1e-4, "{measure:?}");
        assert_eq!(of_pair(&scores, measure, SimilarityStatistic::P), 0.05, "{measure:?}");
    }
    // Those that centre do not see a shift.
    let shifted = turned.map(|&v| v + 5.0);
    let scores = panel(&data(vec![("a", x), ("b", shifted)]), few());
    for measure in [SimilarityMeasure::Cka, SimilarityMeasure::Svcca] {
        assert!((of_pair(&scores, measure, SimilarityStatistic::Raw) - 1.0).abs() < 2e-5, "{measure:?}");
    }
    assert!(of_pair(&scores, SimilarityMeasure::Procrustes, SimilarityStatistic::Raw).abs() < 2e-5);
    assert!(of_pair(&scores, SimilarityMeasure::Rsa, SimilarityStatistic::Raw) < 0.99);
}

/// Views that share nothing, 300 times over: calibrated scores lie around 0 and p is as likely in one tenth as in another.
#[test]
fn chance_is_zero_and_p_is_uniform() {
    let tables = 300;
    let mut sums = [0.0; 5];
    let mut tenths = [[0usize; 10]; 5];
    for table in 0..tables {
        let views = data(vec![("a", uniform(40, 8, 2 * table)), ("b", uniform(40, 6, 2 * table + 1))]);
        let scores = panel(&views, SimilarityParams { permutations: 39, k: 5, seed: table, ..few() });
        for (i, measure) in SimilarityMeasure::ALL.into_iter().enumerate() {
            sums[i] += of_pair(&scores, measure, SimilarityStatistic::Calibrated) / tables as f64;
            let p = of_pair(&scores, measure, SimilarityStatistic::P);
            tenths[i][((p * 40.0).round() as usize - 1) / 4] += 1;
        }
    }
    println!("{sums:?} {tenths:?}");
    for (i, measure) in SimilarityMeasure::ALL.into_iter().enumerate() {
        assert!(sums[i].abs() < 0.01, "{measure:?}: {}", sums[i]);
        // Thirty are expected in each; mutual kNN has ties, which count against it.
        let (least, most) = (12, 50);
        let first = tenths[i][0];
        assert!((least..=most).contains(&first), "{measure:?}: {first} of {tables} below 0.1");
        if measure != SimilarityMeasure::MutualKnn {
            assert!(tenths[i].iter().all(|n| (least..=most).contains(n)), "{measure:?}: {:?}", tenths[i]);
        }
    }
}

#[test]
fn what_is_shared_lies_between_chance_and_the_most_and_noise_lowers_the_ceiling() {
    let latent = uniform(300, 4, 5);
    let mixing = uniform(4, 32, 6);
    let clean = product(latent.view(), mixing.view(), Threads::One);
    let scores_at = |level: f32| {
        let noisy = |seed: u64| {
            let noise = uniform(300, 32, seed);
            Matrix::from_fn(300, 32, |i, j| clean.at(i, j) + level * noise.at(i, j))
        };
        panel(&data(vec![("a", noisy(7)), ("b", noisy(8))]), few())
    };
    let (little, much) = (scores_at(0.15), scores_at(0.8));
    for measure in SimilarityMeasure::ALL {
        let calibrated = of_pair(&little, measure, SimilarityStatistic::Calibrated);
        assert!(calibrated > 0.05 && calibrated < 1.0, "{measure:?}: {calibrated}");
        assert_eq!(of_pair(&little, measure, SimilarityStatistic::P), 0.05, "{measure:?}");
        let [high, low] = [&little, &much].map(|scores| of_pair(scores, measure, SimilarityStatistic::Ceiling));
        assert!(low < high && (0.2..=1.0).contains(&high), "{measure:?}: {low} with more noise than {high}");
    }
}

#[test]
fn every_method_is_judged_in_its_first_space() {
    let data = synthetic(3, 16, 200, 80);
    for (method, space) in [
        (na(Scale::zscore()), Coordinates::Input),
        (Method::from(GpaParams::default()), Coordinates::Universe),
        (Method::from(PairwiseParams::default()), Coordinates::Translated),
    ] {
        let scores = score(&method, &Task::from(few()), &data);
        assert!(scores.scores.iter().all(|s| s.space == space && s.n == 80));
        let pairs = scores
            .scores
            .iter()
            .filter(|s| s.metric == Metric::Similarity(SimilarityMeasure::Cka, SimilarityStatistic::Raw));
        assert_eq!(pairs.count(), 3, "every unordered pair once");
        let distortions: Vec<f64> =
            scores.scores.iter().filter(|s| s.metric == Metric::Distortion).map(|s| s.value.unwrap()).collect();
        assert_eq!(distortions.len(), 3);
        assert!(distortions.iter().all(|d| (0.0..0.5).contains(d)), "{distortions:?}");
    }
    // A rotation of standardised views is as alike as they are, and nearer.
    let of = |method: &Method| score(method, &Task::from(few()), &data);
    let (input, gpa) = (of(&na(Scale::zscore())), of(&Method::from(GpaParams::default())));
    let figure = |scores: &Scores, metric| value(scores, metric, "v0", Some("v1")).unwrap();
    for measure in SimilarityMeasure::ALL {
        let metric = Metric::Similarity(measure, SimilarityStatistic::Raw);
        // One neighbour more or less is 0.00125.
        assert!((figure(&input, metric) - figure(&gpa, metric)).abs() < 4e-3, "{measure:?}");
    }
    assert!(figure(&gpa, Metric::Alignment) < 0.5 * figure(&input, Metric::Alignment));
}

#[test]
fn a_view_that_does_not_vary_has_no_figure_but_a_reason() {
    let constant = Matrix::from_fn(30, 4, |_, j| 1.0 + j as f32);
    let scores = panel(&data(vec![("a", constant), ("b", uniform(30, 4, 3))]), few());
    for measure in
        [SimilarityMeasure::Cka, SimilarityMeasure::Rsa, SimilarityMeasure::Svcca, SimilarityMeasure::Procrustes]
    {
        let metric = Metric::Similarity(measure, SimilarityStatistic::Raw);
        let score = scores.scores.iter().find(|s| s.metric == metric).unwrap();
        assert_eq!((score.value, score.reason.as_deref()), (None, Some("all rows of `a` are the same")), "{measure:?}");
    }
}
