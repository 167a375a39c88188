//! K-means: against faiss's figures, the two backends against each other, and what must not matter.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::Matrix;
use align::methods::na::Scale;
use align::prep::cosine_rows;
use align::rng::{Purpose, stream};
use common::{Tensors, case, expected, in_pool, na, score};
use rand::RngExt;
use tasks::kmeans::{Backend, Clustering, Init, KMeans, STARTS};
use tasks::{ClusteringParams, ContingencyTable, Metric, Task};

const PLAIN: KMeans = KMeans { k: 6, restarts: 3, iterations: 20, init: Init::Random, backend: Backend::Lloyd };

fn fit(kmeans: KMeans, x: &Matrix, seed: u64) -> Clustering {
    kmeans.fit(x, &mut stream(seed, STARTS, Some(0))).expect("valid")
}

fn micro(which: &str) -> (Matrix, Vec<i64>) {
    let tensors = Tensors::open("micro.safetensors");
    (tensors.matrix(&format!("kmeans.{which}.x")), tensors.integers("kmeans.y"))
}

/// Unit rows around 40 centres of unequal weight: sentences by intent, in small.
fn clustered() -> Matrix {
    let (n, d, groups) = (1200, 64, 40);
    let mut rng = stream(21, Purpose::SYNTHETIC, None);
    let centres = Matrix::from_fn(groups, d, |_, _| rng.random::<f32>() - 0.5);
    let group: Vec<usize> = (0..n).map(|_| rng.random_range(0..groups).min(rng.random_range(0..groups))).collect();
    cosine_rows(&Matrix::from_fn(n, d, |i, j| centres.at(group[i], j) + rng.random::<f32>() - 0.5))
}

#[test]
fn separated_clusters_are_found_as_faiss_finds_them() {
    let (x, y) = micro("easy");
    let optimum = expected()["micro"]["kmeans_easy"][1]["sse_to_own_cluster_mean"].as_f64().expect("a figure");
    // Four of faiss's five seeds find it. A single random start does in 26% of 400 seeds here (a plain
    // script: 14 of 60), so the best of three should in 60%, k-means++ in nearly all.
    for (init, expected) in [(Init::Random, 45..=75), (Init::KmeansPp, 95..=100)] {
        let mut found = 0;
        for seed in 0..100 {
            let got = fit(KMeans { init, ..PLAIN }, &x, seed);
            assert!(got.inertia > optimum * (1.0 - 1e-5), "nothing is below the optimum: {}", got.inertia);
            if got.inertia < optimum * (1.0 + 1e-5) {
                assert_eq!(ContingencyTable::new(&got.labels, &y).expect("equal lengths").agreement().ari, 1.0);
                found += 1;
            }
        }
        assert!(expected.contains(&found), "{init:?}: {found} of 100");
    }
}

#[test]
fn overlapping_clusters_cost_what_they_cost_faiss() {
    let (x, y) = micro("hard");
    let faiss = expected()["micro"]["kmeans_hard"].clone();
    let mean = |key: &str| {
        let values: Vec<f64> = faiss.as_array().expect("seeds").iter().filter_map(|run| run[key].as_f64()).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let mut ari = 0.0;
    for seed in 0..10 {
        let got = fit(PLAIN, &x, seed);
        let ratio = got.inertia / mean("sse_to_own_cluster_mean");
        assert!((0.99..1.01).contains(&ratio), "seed {seed}: {ratio}");
        ari += ContingencyTable::new(&got.labels, &y).expect("equal lengths").agreement().ari / 10.0;
    }
    assert!((ari - mean("ari")).abs() < 0.05, "{ari}, faiss {}", mean("ari"));
}

#[test]
fn clustering_of_unaligned_views_is_in_faiss_range() {
    let expected = expected();
    for letter in ["a", "b"] {
        let data = case(letter);
        for (scale, name) in [(Scale::Raw, "Baseline"), (Scale::zscore(), "Baseline+ZScore")] {
            let scores = score(&na(scale), &Task::from(ClusteringParams::default()), &data).scores;
            for (metric, key) in [(Metric::Ari, "ari"), (Metric::Nmi, "nmi")] {
                let of: Vec<f64> = scores.iter().filter(|s| s.metric == metric).filter_map(|s| s.value).collect();
                assert_eq!(of.len(), data.test.views.len());
                let got = of.iter().sum::<f64>() / of.len() as f64;
                let want = &expected[format!("case_{letter}")]["clustering_summary"][name][key]["mean"];
                let want = want.as_f64().expect("a figure");
                assert!((got - want).abs() < 0.05, "{letter} {name} {key}: {got}, reference {want}");
            }
        }
    }
}

#[cfg(feature = "linfa")]
#[test]
fn both_backends_agree_from_the_same_starts() {
    for (x, k) in [(clustered(), 40), (micro("easy").0, 6), (micro("hard").0, 6)] {
        for seed in 0..3 {
            let with = |backend| fit(KMeans { k, init: Init::KmeansPp, backend, ..PLAIN }, &x, seed).inertia;
            let (own, linfa) = (with(Backend::Lloyd), with(Backend::Linfa));
            assert!((own / linfa - 1.0).abs() < 0.01, "k = {k}, seed {seed}: {own}, linfa {linfa}");
        }
    }
}

/// One-hot rows: n items of k classes in no order, of equal sizes or drawn.
fn one_hot(k: usize, drawn: bool, seed: u64) -> (Matrix, Vec<i64>) {
    let mut rng = stream(seed, Purpose::SYNTHETIC, None);
    let n = 20 * k;
    let classes: Vec<usize> = (0..n).map(|i| if drawn { rng.random_range(0..k) } else { i % k }).collect();
    (Matrix::from_fn(n, k, |i, j| f32::from(u8::from(classes[i] == j))), classes.iter().map(|&c| c as i64).collect())
}

/// scikit-learn's KMeans has 1, 1, 1 and 0.995 on such rows (means of 20 seeds).
#[test]
fn rows_that_are_copies_of_few_points_are_clustered_by_the_point() {
    for (init, iterations) in [(Init::Random, 20), (Init::KmeansPp, 20)] {
        for k in [2, 5, 10, 20] {
            for drawn in [false, true] {
                let mut mean = 0.0;
                for seed in 0..20 {
                    let (x, classes) = one_hot(k, drawn, seed);
                    // Also turned, so that copies are no longer the same to the bit in every product.
                    let x = if seed % 2 == 0 { x } else { turned(&x, seed) };
                    let got = fit(KMeans { k, init, iterations, ..PLAIN }, &x, seed);
                    mean += ContingencyTable::new(&got.labels, &classes).expect("equal lengths").agreement().ari / 20.0;
                }
                assert!(mean >= 0.99, "{init:?}, k = {k}, sizes drawn: {drawn}: {mean}");
            }
        }
    }
}

/// Rows in other coordinates.
fn turned(x: &Matrix, seed: u64) -> Matrix {
    let mut rng = stream(seed, Purpose::SYNTHETIC, Some(1));
    let d = x.cols();
    let square = Matrix::from_fn(d, d, |_, _| rng.random::<f64>() - 0.5);
    let rotation = align::linalg::polar(square.view(), &String::new).expect("converges").map(|&v| v as f32);
    align::linalg::product(x.view(), rotation.view(), align::linalg::Threads::One)
}

#[test]
fn points_that_are_no_numbers_are_an_error() {
    let mut x = clustered();
    x.row_mut(7)[3] = f32::INFINITY;
    let error = PLAIN.fit(&x, &mut stream(0, STARTS, None)).unwrap_err().to_string();
    assert!(error.starts_with("k-means: the points hold inf at row 7, column 3; expected finite numbers"), "{error}");
    // At this scale all squared distances would be 0, and every point would be of the first cluster.
    let error = PLAIN.fit(&clustered().map(|&x| x * 1e-25), &mut stream(0, STARTS, None)).unwrap_err().to_string();
    assert!(
        error.starts_with("k-means: the largest of the points is ") && error.contains("e-26 in magnitude"),
        "{error}"
    );
    assert!(PLAIN.fit(&Matrix::zeros(9, 2), &mut stream(0, STARTS, None)).is_ok(), "equal points are no fault");
}

#[test]
fn threads_do_not_show() {
    let x = clustered();
    for init in [Init::Random, Init::KmeansPp] {
        let run = || fit(KMeans { k: 40, init, ..PLAIN }, &x, 3);
        let one = in_pool(1, run);
        assert!(one == in_pool(2, run) && one == in_pool(5, run), "{init:?}");
    }
}

#[test]
fn labels_are_the_nearest_centroid_and_inertia_its_distance() {
    let x = clustered();
    let got = fit(KMeans { k: 40, ..PLAIN }, &x, 0);
    let distance = |i: usize, c: usize| -> f64 {
        let squares = x.row(i).iter().zip(got.centroids.row(c)).map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum()
    };
    let mut inertia = 0.0;
    for i in 0..x.rows() {
        let least = (0..40).map(|c| distance(i, c)).fold(f64::INFINITY, f64::min);
        assert!(distance(i, got.labels[i] as usize) <= least + 1e-5, "point {i}");
        inertia += least;
    }
    assert!((got.inertia / inertia - 1.0).abs() < 1e-5, "{} {inertia}", got.inertia);
}

#[test]
fn more_restarts_never_cost_more() {
    let x = micro("hard").0;
    // Restarts are drawn one after the other, so three begin with the one.
    let inertia = |restarts| fit(KMeans { restarts, ..PLAIN }, &x, 4).inertia;
    assert!(inertia(3) <= inertia(1) && inertia(10) <= inertia(3));
}

#[test]
fn impossible_numbers_of_clusters_are_errors() {
    let data = case("a");
    let fit = na(Scale::Raw).fit(&data.train.views, 0).expect("fits");
    let input = tasks::TaskInput::new(&fit.fitted, &data);
    let params = ClusteringParams { k: tasks::ClusterCount::Fixed(201), ..Default::default() };
    let error = Task::from(params).score(&input).unwrap_err().to_string();
    assert_eq!(error, "k-means: k = 201 for 200 points; expected 1 <= k <= 200");
    for restarts in [0, 1001, usize::MAX] {
        let error = KMeans { restarts, ..PLAIN }.check(9).unwrap_err().to_string();
        assert_eq!(error, format!("k-means: `restarts` is {restarts}, expected an integer from 1 to 1000"));
    }
    assert!(KMeans { k: 0, ..PLAIN }.fit(&Matrix::zeros(3, 2), &mut stream(0, STARTS, None)).is_err());
    // As many clusters as points, and a single one, are no error.
    for k in [200, 1] {
        let params = ClusteringParams { k: tasks::ClusterCount::Fixed(k), ..Default::default() };
        assert!(Task::from(params).score(&input).is_ok());
    }
}
