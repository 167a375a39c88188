//! Statistics against SciPy and statsmodels, and against a known truth.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use align::rng::{Purpose, Stream, stream};
use rand::RngExt;
use tasks::statistics::{benjamini_hochberg, holm, resample_means, sign_flip};

fn close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() < tolerance, "{got:?} for {want:?}");
    }
}

#[test]
fn adjustments_are_those_of_statsmodels() {
    // statsmodels 0.15.0, multipletests.
    let p = [0.001, 0.04, 0.03, 0.005, 0.8, 0.02];
    close(&holm(&p), &[0.006, 0.09, 0.09, 0.025, 0.8, 0.08], 1e-12);
    close(&benjamini_hochberg(&p), &[0.006, 0.048, 0.045, 0.015, 0.8, 0.04], 1e-12);
    assert!(holm(&[]).is_empty());
}

#[test]
fn sign_flips_are_those_of_scipy() {
    // scipy 1.17.1, permutation_test(permutation_type="samples"), all 1,024 flips: 0.0234375.
    let differences = [0.3, -0.1, 0.5, 0.2, 0.4, -0.2, 0.6, 0.1, 0.25, 0.35];
    let p = sign_flip(&differences, 100_000, 1).unwrap();
    assert!((p - 0.0234375).abs() < 0.002, "{p}");
    assert_eq!(p, sign_flip(&differences, 100_000, 1).unwrap());
    assert!(sign_flip(&[], 10, 1).is_err());
}

#[test]
fn the_interval_of_a_mean_is_that_of_scipy() {
    // scipy 1.17.1, bootstrap(method="basic", n_resamples=20000): 0.45777 to 0.53760, standard error 0.020266.
    let values: Vec<f64> = (0..200).map(|i| f64::from(i * 7919 % 200) / 200.0).collect();
    let drawn = resample_means(&[vec![values]], None, 20_000, 1).unwrap();
    let contrast = drawn.contrast(|v| v[0]);
    close(&[contrast.interval.low, contrast.interval.high], &[0.45777, 0.53760], 0.002);
    assert!((contrast.standard_error - 0.020266).abs() < 0.0004, "{}", contrast.standard_error);
    assert!((contrast.detectable() / contrast.standard_error - 2.8016).abs() < 1e-3);
}

fn normal(rng: &mut Stream) -> f64 {
    // Twelve uniform numbers: near enough to normal for what is tested, and needs nothing else.
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

/// Two methods on 150 items: items differ in difficulty, methods by `effect`, and every figure has its own noise.
fn table(rng: &mut Stream, effect: f64) -> [Vec<Vec<f64>>; 2] {
    let difficulty: Vec<f64> = (0..150).map(|_| normal(rng)).collect();
    let method = |shift: f64, rng: &mut Stream| {
        difficulty.iter().map(|d| f64::from(u8::from(d + shift + 0.7 * normal(rng) > 0.0))).collect::<Vec<f64>>()
    };
    let first = method(effect, rng);
    let second = method(0.0, rng);
    [vec![first], vec![second]]
}

/// Among 1,000 simulated tables 95% intervals cover the truth in 93 to 97% and a test at 5% finds what is not there in
/// 3.2 to 6.8%.
#[test]
fn intervals_cover_the_truth_and_tests_keep_their_level() {
    let mut rng = stream(11, Purpose::Planted, None);
    let (effect, tables) = (0.4, 1000);
    // The truth, from a table of a million items.
    let share = |shift: f64, rng: &mut Stream| {
        (0..1_000_000).filter(|_| normal(rng) + shift + 0.7 * normal(rng) > 0.0).count() as f64 / 1e6
    };
    let truth = share(effect, &mut rng) - share(0.0, &mut rng);
    let (mut covered, mut found) = (0, 0);
    for i in 0..tables {
        let contrast = |effect: f64, rng: &mut Stream| {
            let drawn = resample_means(&table(rng, effect), None, 1000, i).unwrap();
            drawn.contrast(|v| v[0] - v[1])
        };
        let interval = contrast(effect, &mut rng).interval;
        covered += usize::from(interval.low <= truth && truth <= interval.high);
        found += usize::from(contrast(0.0, &mut rng).p < 0.05);
    }
    let (covered, found) = (covered as f64 / tables as f64, found as f64 / tables as f64);
    println!("covered {covered}, found {found}");
    assert!((0.93..=0.97).contains(&covered), "covered {covered}");
    assert!((0.032..=0.068).contains(&found), "found {found}");
}

#[test]
fn clusters_and_seeds_widen_what_they_should() {
    let mut rng = stream(5, Purpose::Planted, None);
    // Forty clusters of ten items that share a value: as good as forty items.
    let of_clusters: Vec<f64> = (0..40).map(|_| normal(&mut rng)).collect();
    let values: Vec<f64> = (0..400).map(|i| of_clusters[i / 10]).collect();
    let clusters: Vec<i64> = (0..400).map(|i| i / 10).collect();
    let error = |clusters: Option<&[i64]>| {
        resample_means(&[vec![values.clone()]], clusters, 4000, 1).unwrap().contrast(|v| v[0]).standard_error
    };
    let ratio = error(Some(&clusters)) / error(None);
    assert!((ratio - 10f64.sqrt()).abs() < 0.25, "{ratio}");

    // Five seeds that differ by far more than items do.
    let seeds: Vec<Vec<f64>> = (0..5).map(|seed| values.iter().map(|v| 0.01 * v + f64::from(seed)).collect()).collect();
    let drawn = resample_means(&[seeds, vec![values.clone()]], None, 4000, 1).unwrap();
    let error = drawn.contrast(|v| v[0]).standard_error;
    assert!((error - (2.0f64 / 5.0).sqrt()).abs() < 0.05, "{error}");
    assert!(resample_means(&[vec![values.clone()], vec![vec![1.0]]], None, 10, 1).is_err());
    assert!(resample_means(&[vec![values]], Some(&[1, 2]), 10, 1).is_err());
}

#[test]
fn places_say_what_cannot_be_told_apart() {
    let figure = |shift: f64| vec![(0..300).map(|i| shift + f64::from(i * 37 % 100) / 100.0).collect::<Vec<f64>>()];
    let mut rng = stream(2, Purpose::Planted, None);
    let noisy = vec![(0..300).map(|i| f64::from(i * 37 % 100) / 100.0 + 2.0 * normal(&mut rng)).collect::<Vec<f64>>()];
    let drawn = resample_means(&[figure(0.0), figure(0.5), noisy], None, 2000, 1).unwrap();
    let places = drawn.places(&[0, 1], true);
    assert_eq!(places, [(2, 2), (1, 1)], "paired on the same items, half a unit is certain");
    let places = drawn.places(&[0, 2], true);
    assert_eq!(places, [(1, 2), (1, 2)]);
    assert_eq!(drawn.places(&[0, 1], false), [(1, 1), (2, 2)]);
}

#[test]
fn threads_do_not_show() {
    let values = vec![vec![(0..97).map(|i| f64::from(i * 31 % 97)).collect::<Vec<f64>>()]];
    let in_pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| resample_means(&values, None, 500, 9).unwrap())
    };
    assert_eq!(in_pool(1), in_pool(5));
}
