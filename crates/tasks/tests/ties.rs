//! Items that are copies of few others: what is tied counts alike, and the order of the rows does not show.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::methods::na::Scale;
use align::prep::cosine_rows;
use align::rng::{Purpose, permutation, stream};
use align::{Dataset, Matrix, Split, Views};
use common::{na, score};
use rand::RngExt;
use tasks::{HubnessParams, Metric, Quantity, Scores, SimilarityMeasure, SimilarityParams, SimilarityStatistic, Task};

/// Permuted rows, as the noise `permute` draws them.
const PERMUTATION: Purpose = Purpose::new(9);

fn data(views: [Matrix; 2]) -> Dataset {
    let views = Views::new(["a", "b"].into_iter().map(String::from).zip(views)).expect("matched views");
    let split = Split { views, labels: Vec::new(), groups: Vec::new(), ids: None };
    Dataset::new(split.clone(), split)
}

/// n rows, each one of `distinct`.
fn copies(n: usize, distinct: usize, width: usize, seed: u64) -> Matrix {
    let mut rng = stream(seed, Purpose::SYNTHETIC, None);
    let rows = Matrix::from_fn(distinct, width, |_, _| rng.random::<f32>() - 0.5);
    rows.select_rows(&(0..n).map(|_| rng.random_range(0..distinct)).collect::<Vec<_>>())
}

fn panel(views: [Matrix; 2], seed: u64) -> Scores {
    let params = SimilarityParams { permutations: 39, seed, ..SimilarityParams::default() };
    score(&na(Scale::Raw), &Task::from(params), &data(views))
}

fn value(scores: &Scores, metric: Metric) -> f64 {
    let of_pair = |s: &&tasks::Score| s.metric == metric && s.source.as_deref() == Some("a");
    scores.scores.iter().find(of_pair).and_then(|s| s.value).expect("a figure")
}

/// Views that share nothing, five distinct rows each: p is as likely in one fifth as in another, by every measure.
#[test]
fn p_is_uniform_under_ties() {
    let tables = 200;
    let mut fifths = [[0usize; 5]; 5];
    for table in 0..tables {
        let scores = panel([copies(50, 5, 8, 2 * table), copies(50, 5, 6, 2 * table + 1)], table);
        for (i, measure) in SimilarityMeasure::ALL.into_iter().enumerate() {
            let p = value(&scores, Metric::Similarity(measure, SimilarityStatistic::P));
            fifths[i][((p * 40.0).round() as usize - 1) / 8] += 1;
        }
    }
    println!("{fifths:?}");
    for (measure, fifths) in SimilarityMeasure::ALL.into_iter().zip(fifths) {
        // Forty are expected in each, with a standard deviation of 5.7.
        assert!(fifths.iter().all(|n| (20..=60).contains(n)), "{measure:?}: {fifths:?}");
    }
}

#[test]
fn the_order_of_items_does_not_show_in_neighbours() {
    let (a, b) = (copies(60, 7, 8, 1), copies(60, 7, 6, 2));
    let order = permutation(60, &mut stream(3, PERMUTATION, None));
    let moved = || [a.select_rows(&order), b.select_rows(&order)];
    let metric = Metric::Similarity(SimilarityMeasure::MutualKnn, SimilarityStatistic::Raw);
    let [one, other] = [panel([a.clone(), b.clone()], 0), panel(moved(), 0)].map(|scores| value(&scores, metric));
    assert!((one - other).abs() < 1e-12, "{one} and {other}");
    // Two halves of equal rows: of the 14 others of its half an item has ten neighbours by chance, so a view shares less
    // than all with itself.
    let same = Matrix::from_fn(30, 4, |i, j| if i < 15 { 1.0 + j as f32 } else { 4.0 - 3.0 * j as f32 });
    let shared = value(&panel([same.clone(), same], 0), metric);
    assert!((shared - 10.0 / 14.0).abs() < 1e-6, "{shared}");
}

fn hubness(views: [Matrix; 2], k: usize) -> Scores {
    score(&na(Scale::Raw), &Task::from(HubnessParams { k, ..HubnessParams::default() }), &data(views))
}

#[test]
fn anti_hubs_are_those_of_ties_broken_at_random() {
    let (n, k) = (60, 5);
    let (queries, gallery) = (copies(n, 9, 6, 4), copies(n, 12, 6, 5));
    let scores = hubness([queries.clone(), gallery.clone()], k);
    let (a, b) = (cosine_rows(&queries), cosine_rows(&gallery));
    let cosine = |i: usize, j: usize| a.row(i).iter().zip(b.row(j)).map(|(x, y)| x * y).sum::<f32>();
    let mut rng = stream(6, Purpose::SYNTHETIC, None);
    let draws = 2000;
    let (mut share, mut counts) = (0.0, vec![0.0f64; n]);
    for _ in 0..draws {
        let mut near = vec![0u32; n];
        for i in 0..n {
            // Copies have equal cosines but for rounding; a draw decides among them.
            let mut candidates: Vec<(i64, u64, usize)> =
                (0..n).map(|j| ((-1e5 * cosine(i, j)).round() as i64, rng.random::<u64>(), j)).collect();
            candidates.sort_unstable();
            candidates[..k].iter().for_each(|&(_, _, j)| near[j] += 1);
        }
        share += near.iter().filter(|&&count| count == 0).count() as f64 / (n * draws) as f64;
        counts.iter_mut().zip(near).for_each(|(sum, count)| *sum += f64::from(count) / draws as f64);
    }
    let got = value(&scores, Metric::AntiHubs);
    assert!(share > 0.02 && (got - share).abs() < 2e-3, "{got}, at random {share}");
    let series = |quantity| &scores.series.iter().find(|s| s.quantity == quantity).expect("kept").values;
    for (got, want) in series(Quantity::Occurrences).iter().zip(&counts) {
        assert!((f64::from(*got) - want).abs() < 0.3, "{got}, at random {want}");
    }
    assert!((series(Quantity::Occurrences).iter().sum::<f32>() - (n * k) as f32).abs() < 1e-3);
    // The order of the candidates does not show.
    let order = permutation(n, &mut stream(7, PERMUTATION, None));
    let moved = hubness([queries.select_rows(&order), gallery.select_rows(&order)], k);
    assert!((value(&moved, Metric::AntiHubs) - got).abs() < 1e-6);
    assert!((value(&moved, Metric::HubSkewness) - value(&scores, Metric::HubSkewness)).abs() < 1e-4);
}
