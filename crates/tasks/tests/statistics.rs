//! Statistics against SciPy and statsmodels, and against a known truth.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use align::rng::{Purpose, Stream, stream};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use tasks::multiple::{benjamini_hochberg, holm, step_down};
use tasks::statistics::{resample_means, sign_flip};
use tasks::{Contrast, Items, Omitted, Resamples, Scale, paired_bootstrap, resample_with_seeds};

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
    // An undefined p is no finding, and no test that others have to be adjusted for.
    for adjust in [holm, benjamini_hochberg] {
        let adjusted = adjust(&[0.04, f64::NAN, 0.01]);
        assert!(adjusted[1].is_nan());
        assert_eq!([adjusted[0], adjusted[2]], adjust(&[0.04, 0.01])[..]);
    }
}

#[test]
fn sign_flips_are_those_of_scipy() {
    // scipy 1.17.1, permutation_test(permutation_type="samples"), all 1,024 flips: 0.0234375.
    let differences = [0.3, -0.1, 0.5, 0.2, 0.4, -0.2, 0.6, 0.1, 0.25, 0.35];
    let p = sign_flip(&differences, None, 100_000, 1).unwrap();
    assert!((p - 0.0234375).abs() < 0.002, "{p}");
    assert_eq!(p, sign_flip(&differences, None, 100_000, 1).unwrap());
    // Pairs of neighbours as groups: all 32 flips of five sums, 0.2, 0.7, 0.2, 0.7, 0.6, have two as large.
    let p = sign_flip(&differences, Some(&[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]), 100_000, 1).unwrap();
    assert!((p - 2.0 / 32.0).abs() < 0.003, "{p}");
    assert!(sign_flip(&[], None, 10, 1).is_err());
    assert!(sign_flip(&differences, Some(&[1]), 10, 1).is_err());
    for odd in [f64::NAN, f64::INFINITY] {
        let error = sign_flip(&[0.1, odd], None, 10, 1).unwrap_err().to_string();
        assert!(error.contains("`differences` is") && error.contains("finite"), "{error}");
    }
}

/// Mean and interval of one figure.
fn figure(values: &[f64], clusters: Option<&[i64]>, scale: Scale, resamples: usize, seed: u64) -> Contrast {
    resample_means(&[vec![values.to_vec()]], clusters, scale, resamples, seed).unwrap().figure(0).unwrap()
}

#[test]
fn the_interval_of_a_mean_is_the_percentile_one_of_scipy() {
    // Skewed to the right, so that the percentile interval is not the basic one, which is its mirror image.
    // scipy 1.17.1, bootstrap(n_resamples=200000): percentile 0.10878 to 0.17376, basic 0.10697 to 0.17196, standard
    // error 0.016550. Ours are wider by √(200/199) and by Student's t with 199 degrees of freedom over the normal: 0.9%.
    let values: Vec<f64> = (0..200).map(|i| (f64::from(i * 7919 % 200) / 200.0).powi(6)).collect();
    let contrast = figure(&values, None, Scale::Number, 40_000, 1);
    let (estimate, wider) = (contrast.interval.estimate, 1.0086);
    let want = [0.108_779, 0.173_765].map(|end| estimate + wider * (end - estimate));
    close(&[contrast.interval.low, contrast.interval.high], &want, 0.0005);
    assert!((contrast.standard_error - 0.016_550).abs() < 0.0002, "{}", contrast.standard_error);
    assert!((contrast.detectable / contrast.standard_error - 2.8016).abs() < 0.05, "{contrast:?}");
    // The same by the general way.
    let mean = |w: &[u32]| vec![values.iter().zip(w).map(|(v, &w)| v * f64::from(w)).sum::<f64>() / 200.0];
    let general = paired_bootstrap(200, 40_000, 1, mean).unwrap()[0].unwrap();
    close(&[general.low, general.high], &[contrast.interval.low, contrast.interval.high], 1e-9);
}

#[test]
fn intervals_of_shares_are_wilsons_and_do_not_collapse() {
    // scipy 1.17.1, binomtest(k, 60).proportion_ci(method="wilson"), with the normal's quantile where ours is Student's with
    // 59 degrees of freedom.
    for (hits, low, high) in [(60, 0.93983, 1.0), (59, 0.91145, 0.99705), (54, 0.79851, 0.95337), (0, 0.0, 0.06017)] {
        let values: Vec<f64> = (0..60).map(|i| f64::from(u8::from(i < hits))).collect();
        let contrast = figure(&values, None, Scale::Share, 20_000, 1);
        close(&[contrast.interval.low, contrast.interval.high], &[low, high], 0.008);
    }
    // Nothing differs between two methods that find all of 60 items: their difference may still be a few hundredths, and a
    // smaller one than 7.85/60 would not be found.
    let all = || vec![vec![1.0; 60]];
    let same = resample_means(&[all(), all()], None, Scale::Share, 4000, 1).unwrap().difference(0, 1).unwrap();
    close(&[same.interval.low, same.interval.high], &[-0.0627, 0.0627], 0.003);
    assert!((same.detectable - 8.07 / 60.0).abs() < 0.01 && same.p == 1.0, "{same:?}");
    // Items in six groups are six witnesses.
    let groups: Vec<i64> = (0..60).map(|i| i / 10).collect();
    let grouped = figure(&[1.0; 60], Some(&groups), Scale::Share, 4000, 1).interval;
    assert!(grouped.low < 0.55 && grouped.high == 1.0, "{grouped:?}");
    // A difference that all of few items share is not certain: with two of them each sign is as likely.
    let apart = resample_means(&[vec![vec![1.0; 2]], vec![vec![0.0; 2]]], None, Scale::Share, 4000, 1).unwrap();
    let p = apart.difference(0, 1).unwrap().p;
    assert!((p - 0.392).abs() < 0.03, "P(|t1| >= √2) = 0.392, got {p}");
}

/// NaN is not the smallest p, not the first place, and no figure that others are compared with.
#[test]
fn an_undefined_figure_has_no_p_no_place_and_no_pair() {
    let good = |shift: f64| vec![(0..80).map(|i| shift + f64::from(i * 37 % 80) / 80.0).collect::<Vec<f64>>()];
    let mut odd = good(0.0);
    odd[0][5] = f64::NAN;
    let drawn = resample_means(&[good(0.0), odd, good(0.5)], None, Scale::Number, 500, 1).unwrap();
    assert!(drawn.figure(1).is_none() && drawn.difference(1, 0).is_none() && drawn.interval(1).is_none());
    assert_eq!(drawn.places(&[0, 1, 2], true), [Some((2, 2)), None, Some((1, 1))]);
    let pairs = step_down(&[&drawn]);
    assert_eq!(pairs.iter().map(|pair| (pair.first, pair.second)).collect::<Vec<_>>(), [(0, 2)]);
    assert!(drawn.difference(2, 0).unwrap().p < 0.01);
}

#[test]
fn a_p_at_the_floor_is_that_of_the_resamples() {
    let values = |shift: f64| vec![(0..80).map(|i| shift * f64::from(1 + i % 2)).collect::<Vec<f64>>()];
    let drawn = resample_means(&[values(1.0), values(0.0)], None, Scale::Number, 499, 1).unwrap();
    assert_eq!(drawn.difference(0, 1).unwrap().p, 1.0 / 500.0);
    assert_eq!(step_down(&[&drawn])[0].adjusted, 1.0 / 500.0);
}

fn normal(rng: &mut Stream) -> f64 {
    StandardNormal.sample(rng)
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
    let mut rng = stream(11, Purpose::SYNTHETIC, None);
    let (effect, tables) = (0.4, 1000);
    // The truth, from a table of a million items.
    let share = |shift: f64, rng: &mut Stream| {
        (0..1_000_000).filter(|_| normal(rng) + shift + 0.7 * normal(rng) > 0.0).count() as f64 / 1e6
    };
    let truth = share(effect, &mut rng) - share(0.0, &mut rng);
    let (mut covered, mut found) = (0, 0);
    for i in 0..tables {
        let contrast = |effect: f64, rng: &mut Stream| {
            let drawn = resample_means(&table(rng, effect), None, Scale::Share, 1000, i).unwrap();
            drawn.difference(0, 1).unwrap()
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

/// How many of so many simulations have the truth in their interval, and a p below 0.05, as shares.
fn simulated(simulations: u64, truth: f64, one: impl Fn(&mut Stream, u64) -> Contrast + Sync) -> (f64, f64) {
    let simulate = |i: u64| {
        let Contrast { interval, p, .. } = one(&mut stream(1000 + i, Purpose::SYNTHETIC, None), i);
        (usize::from(interval.low <= truth && truth <= interval.high), usize::from(p < 0.05))
    };
    let (covered, found) =
        (0..simulations).into_par_iter().map(simulate).reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    (covered as f64 / simulations as f64, found as f64 / simulations as f64)
}

/// Rank-1 of 0.99 on 60 items: most tables have no miss at all. Wilson's interval covers between 93 and 98%, as
/// shares go in steps.
#[test]
fn shares_near_one_are_covered() {
    let share = |truth: f64, rng: &mut Stream| f64::from(u8::from(rng.random::<f64>() < truth));
    let (covered, _) = simulated(2000, 0.99, |rng, i| {
        let values: Vec<f64> = (0..60).map(|_| share(0.99, rng)).collect();
        figure(&values, None, Scale::Share, 500, i)
    });
    assert!((0.925..=0.985).contains(&covered), "hits: {covered}");
    // Means over six pairs of views, misses by the item and by the pair.
    let (covered, _) = simulated(2000, 0.995 * 0.995, |rng, i| {
        let pairs = |rng: &mut Stream| (0..6).map(|_| share(0.995, rng)).sum::<f64>() / 6.0;
        let values: Vec<f64> = (0..60).map(|_| share(0.995, rng) * pairs(rng)).collect();
        figure(&values, None, Scale::Share, 500, i)
    });
    assert!((0.93..=0.985).contains(&covered), "means over pairs: {covered}");
    // A difference between two such is covered at least as often, and found less often than allowed.
    let (covered, found) = simulated(1000, 0.0, |rng, i| {
        let values = |rng: &mut Stream| vec![(0..60).map(|_| share(0.99, rng)).collect::<Vec<f64>>()];
        let figures = [values(rng), values(rng)];
        resample_means(&figures, None, Scale::Share, 500, i).unwrap().difference(0, 1).unwrap()
    });
    assert!(covered >= 0.95 && found <= 0.05, "differences: {covered}, {found}");
}

/// Three seeds that carry 0 to 95% of the variance: 93 to 97.5% of intervals cover; with two at least 93%, on the safe side.
#[test]
fn seeds_are_covered() {
    for (seeds, most) in [(3, 0.98), (2, 0.995)] {
        for part in [0.0, 0.5, 0.75, 0.95] {
            let spread = (part / (1.0 - part) * seeds as f64 / 60.0f64).sqrt();
            let (covered, _) = simulated(1500, 0.0, |rng, i| {
                let items: Vec<f64> = (0..60).map(|_| normal(rng)).collect();
                let one = |rng: &mut Stream| {
                    let of_seed = spread * normal(rng);
                    items.iter().map(|item| item + of_seed).collect()
                };
                let values: Vec<Vec<f64>> = (0..seeds).map(|_| one(rng)).collect();
                resample_means(&[values], None, Scale::Number, 500, i).unwrap().figure(0).unwrap()
            });
            assert!((0.93..=most).contains(&covered), "{seeds} seeds, {part} of the variance: {covered}");
        }
    }
}

/// Ten groups of ten and five of twenty, half of the variance between groups: 93 to 97% cover, and sign flips of
/// whole groups find what is not there in 5%, where flips of items would in a third of the cases.
#[test]
fn few_groups_are_covered() {
    for (groups, size) in [(10, 10), (5, 20)] {
        let clusters: Vec<i64> = (0..100).map(|i| i / size).collect();
        let values = |rng: &mut Stream| -> Vec<f64> {
            let of_groups: Vec<f64> = (0..groups).map(|_| normal(rng)).collect();
            clusters.iter().map(|&group| of_groups[group as usize] + normal(rng)).collect()
        };
        let (covered, found) =
            simulated(2000, 0.0, |rng, i| figure(&values(rng), Some(&clusters), Scale::Number, 500, i));
        assert!((0.93..=0.97).contains(&covered), "{groups} groups: {covered}");
        assert!((0.03..=0.07).contains(&found), "{groups} groups: {found}");
        let flips = |groups: Option<&[i64]>| {
            let found = (0..1000u64).into_par_iter().filter(|&i| {
                let differences = values(&mut stream(1000 + i, Purpose::SYNTHETIC, None));
                sign_flip(&differences, groups, 500, i).unwrap() <= 0.05
            });
            found.count() as f64 / 1000.0
        };
        // Of five groups there are 32 flips, of which the data and their mirror image are two: no p is below 1/16.
        let level = if groups == 5 { 0.0..=0.03 } else { 0.03..=0.07 };
        let found = flips(Some(&clusters));
        assert!(level.contains(&found), "{groups} groups flipped: {found}");
        assert!(flips(None) > 0.15, "items are no independent witnesses");
    }
}

/// Between K equal methods a table has a false difference in 5% of cases, however many there are and although the best is
/// taken from the same data: Holm's adjustment of the differences to it would have 11 to 18% for ten and fifteen.
#[test]
fn tables_of_equal_methods_keep_their_level() {
    for methods in [2, 5, 15] {
        let tables = 800u64;
        let false_ones = (0..tables).into_par_iter().filter(|&i| {
            let rng = &mut stream(5000 + i, Purpose::SYNTHETIC, None);
            let difficulty: Vec<f64> = (0..100).map(|_| normal(rng)).collect();
            let hit = |d: &f64, rng: &mut Stream| f64::from(u8::from(d + 0.7 * normal(rng) > 0.0));
            let values: Vec<Vec<Vec<f64>>> =
                (0..methods).map(|_| vec![difficulty.iter().map(|d| hit(d, rng)).collect()]).collect();
            let drawn = resample_means(&values, None, Scale::Share, 400, i).unwrap();
            step_down(&[&drawn]).iter().any(|pair| pair.adjusted < 0.05)
        });
        let rate = false_ones.count() as f64 / tables as f64;
        // Two standard errors of 800 tables above the 5.5% that larger simulations stay below.
        assert!((0.015..=0.071).contains(&rate), "{methods} methods: {rate}");
    }
}

#[test]
fn step_down_finds_the_pairs_that_differ() {
    let mut rng = stream(3, Purpose::SYNTHETIC, None);
    let mut method = |shift: f64| vec![(0..200).map(|_| shift + normal(&mut rng)).collect::<Vec<f64>>()];
    let drawn = resample_means(&[method(0.0), method(0.0), method(1.0)], None, Scale::Number, 4000, 1).unwrap();
    let pairs = step_down(&[&drawn]);
    assert_eq!(pairs.len(), 3);
    for pair in &pairs {
        assert!(pair.adjusted >= pair.p, "{pair:?}");
        assert_eq!(pair.adjusted < 0.001, pair.second == 2, "{pair:?}");
        assert_eq!(pair.p, drawn.difference(pair.first, pair.second).unwrap().p, "the p of the difference itself");
    }
    // The last pair of a step-down stands alone.
    assert_eq!(pairs[2].adjusted, pairs[2].p);
    // Two tables are adjusted together.
    let both = step_down(&[&drawn, &drawn]);
    assert_eq!(both.len(), 6);
    assert!(both.iter().all(|pair| pair.table < 2 && pair.adjusted >= pair.p));
}

#[test]
fn clusters_and_seeds_widen_what_they_should() {
    let mut rng = stream(5, Purpose::SYNTHETIC, None);
    // Forty clusters of ten items that share a value: as good as forty items.
    let of_clusters: Vec<f64> = (0..40).map(|_| normal(&mut rng)).collect();
    let values: Vec<f64> = (0..400).map(|i| of_clusters[i / 10]).collect();
    let clusters: Vec<i64> = (0..400).map(|i| i / 10).collect();
    let error = |clusters: Option<&[i64]>| figure(&values, clusters, Scale::Number, 4000, 1).standard_error;
    let ratio = error(Some(&clusters)) / error(None);
    assert!((ratio - (10.0f64 * (40.0 / 39.0) / (400.0 / 399.0)).sqrt()).abs() < 0.15, "{ratio}");

    // Five seeds that differ by far more than items do: the standard error is that of a mean of five.
    let seeds: Vec<Vec<f64>> = (0..5).map(|seed| values.iter().map(|v| 0.01 * v + f64::from(seed)).collect()).collect();
    let means =
        |values: &[Vec<Vec<f64>>], clusters: Option<&[i64]>| resample_means(values, clusters, Scale::Number, 4000, 1);
    let drawn = means(&[seeds.clone(), vec![values.clone()], seeds.clone()], None).unwrap();
    let error = drawn.figure(0).unwrap().standard_error;
    assert!((error - (2.5f64 / 5.0).sqrt()).abs() < 0.03, "{error}");
    let same = drawn.difference(0, 2).unwrap();
    assert_eq!((same.p, same.standard_error), (1.0, 0.0), "seeds are shared: what they do to both cancels");
    assert!(means(&[vec![values.clone()], vec![vec![1.0]]], None).is_err());
    assert!(means(&[vec![values.clone()], vec![]], None).is_err());
    assert!(means(&[vec![values.clone()]], Some(&[1, 2])).is_err());

    // The same for a figure that is computed anew for each resample.
    let evaluate = |w: &[u32]| -> Vec<f64> {
        let mean = |seed: &Vec<f64>| seed.iter().zip(w).map(|(v, &w)| v * f64::from(w)).sum::<f64>() / 400.0;
        seeds.iter().map(mean).collect()
    };
    let statistic = |means: &Vec<f64>, omitted: Option<Omitted>| {
        let kept = || means.iter().enumerate().filter(|(seed, _)| omitted.is_none_or(|omitted| omitted.seed != *seed));
        vec![kept().map(|(_, mean)| mean).sum::<f64>() / kept().count() as f64]
    };
    let items = Items { count: 400, clusters: None };
    let general: Resamples = resample_with_seeds(items, &[5], 4000, 1, evaluate, statistic).unwrap();
    let (a, b) = (general.interval(0).unwrap(), drawn.interval(0).unwrap());
    close(&[a.low, a.high], &[b.low, b.high], 1e-6);
}

#[test]
fn places_say_what_cannot_be_told_apart() {
    let shifted = |shift: f64| vec![(0..300).map(|i| shift + f64::from(i * 37 % 100) / 100.0).collect::<Vec<f64>>()];
    let mut rng = stream(2, Purpose::SYNTHETIC, None);
    let noisy = vec![(0..300).map(|i| f64::from(i * 37 % 100) / 100.0 + 2.0 * normal(&mut rng)).collect::<Vec<f64>>()];
    let drawn = resample_means(&[shifted(0.0), shifted(0.5), noisy], None, Scale::Number, 2000, 1).unwrap();
    let places = drawn.places(&[0, 1], true);
    assert_eq!(places, [Some((2, 2)), Some((1, 1))], "paired on the same items, half a unit is certain");
    let places = drawn.places(&[0, 2], true);
    assert_eq!(places, [Some((1, 2)), Some((1, 2))]);
    assert_eq!(drawn.places(&[0, 1], false), [Some((1, 1)), Some((2, 2))]);
}

#[test]
fn threads_do_not_show() {
    let values = vec![vec![(0..97).map(|i| f64::from(i * 31 % 97)).collect::<Vec<f64>>(); 3], vec![vec![1.0; 97]; 2]];
    let in_pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let drawn = resample_means(&values, None, Scale::Number, 500, 9).unwrap();
            let pairs = step_down(&[&drawn]);
            (drawn, pairs)
        })
    };
    assert_eq!(in_pool(1), in_pool(5));
}

#[test]
fn equal_means_over_other_numbers_of_fits_are_a_tie() {
    // One fit, and three fits of the same values: their means differ by rounding.
    let values: Vec<f64> = (0..40).map(|i| f64::from(u8::from(i % 3 == 0)) / 7.0 + 0.1).collect();
    let thrice = vec![values.clone(), values.clone(), values.iter().map(|v| v * (1.0 + 2e-16)).collect()];
    let drawn = resample_means(&[vec![values], thrice], None, Scale::Number, 500, 0).unwrap();
    let contrast = drawn.difference(1, 0).unwrap();
    assert_eq!((contrast.interval.estimate, contrast.p), (0.0, 1.0), "{contrast:?}");
    assert!(contrast.interval.high.abs() < 1e-12 && contrast.interval.low.abs() < 1e-12, "{contrast:?}");
}
