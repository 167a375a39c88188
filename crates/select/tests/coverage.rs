//! Planted tables of per-item hits: what a choice among candidates does to the score of the chosen one. The candidates'
//! true scores are known, so the coverage of intervals and the optimism of a choice can be counted.
#![allow(clippy::expect_used, reason = "a simulation that cannot be made should stop")]

use align::parallel::prelude::*;
use align::rng::{Purpose, Stream, stream};
use rand_distr::{Distribution, StandardNormal};
use select::{Criterion, Folds, Rule, Scored, choose, share};
use tasks::statistics::resample_means;
use tasks::{Metric, RetrievalParams, Scale, Task};

const CANDIDATES: usize = 24;
const TRAIN: usize = 150;
const TEST: usize = 200;
const TABLES: u64 = 2000;
/// Resamples of an interval.
const RESAMPLES: usize = 300;
/// Deviation of a candidate's own part of an item's score; that of the item itself, which all candidates share, is 1.
/// Hits of two candidates on the same item have a correlation near 0.4.
const OWN: f64 = 0.8;
/// Quantiles of the normal distribution at 0.7, 0.8 and 0.95, the shares of hits.
const SHARE_70: f64 = 0.524_400_5;
const SHARE_80: f64 = 0.841_621_2;
const SHARE_95: f64 = 1.644_853_6;

fn normal(rng: &mut Stream) -> f64 {
    StandardNormal.sample(rng)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// For each candidate its hits on items of random difficulty. A candidate of level z has Φ(z) as its true share of hits.
fn hits(items: usize, levels: &[f64], rng: &mut Stream) -> Vec<Vec<f64>> {
    let difficulty: Vec<f64> = (0..items).map(|_| normal(rng)).collect();
    let spread = (1.0 + OWN * OWN).sqrt();
    let hit = |level: f64, item: f64, rng: &mut Stream| f64::from(u8::from(item + OWN * normal(rng) < level * spread));
    levels.iter().map(|&level| difficulty.iter().map(|&item| hit(level, item, rng)).collect()).collect()
}

fn by_rank1() -> Criterion {
    Criterion { task: Task::from(RetrievalParams::default()), metric: Metric::Rank1 }
}

/// Candidates scored on the five folds of their training items.
fn scored(train: &[Vec<f64>], folds: &Folds) -> Vec<Scored> {
    train.iter().map(|values| Scored::of_items(values, folds).expect("one value for each item")).collect()
}

fn five_folds(seed: u64) -> Folds {
    Folds::draw(TRAIN, None, None, 5, seed).expect("enough items")
}

/// A chosen candidate's test score minus its true score, and whether the 95% interval has the true score.
#[derive(Clone, Copy)]
struct Outcome {
    optimism: f64,
    covered: bool,
}

/// The mean optimism over tables, and the share of the intervals that have the true score.
fn summary(outcomes: &[Outcome]) -> (f64, f64) {
    let optimism: Vec<f64> = outcomes.iter().map(|outcome| outcome.optimism).collect();
    let covered: Vec<f64> = outcomes.iter().map(|outcome| f64::from(u8::from(outcome.covered))).collect();
    (mean(&optimism), mean(&covered))
}

/// The interval that a report has for a candidate with these hits on the test items.
fn on_test(values: &[f64], truth: f64, seed: u64) -> Outcome {
    let drawn = resample_means(&[vec![values.to_vec()]], None, Scale::Share, RESAMPLES, seed).expect("enough items");
    let interval = drawn.interval(0).expect("defined");
    let covered = interval.low <= truth && truth <= interval.high;
    Outcome { optimism: interval.estimate - truth, covered }
}

#[test]
fn a_choice_on_training_items_leaves_the_interval_its_coverage_and_one_on_test_items_does_not() {
    let table = |table: u64| {
        let rng = &mut stream(table, Purpose::SYNTHETIC, None);
        let levels = [SHARE_70; CANDIDATES];
        let (train, test) = (hits(TRAIN, &levels, rng), hits(TEST, &levels, rng));
        let mut candidates = scored(&train, &five_folds(table));
        candidates.iter_mut().zip([5.0, 3.0, 4.0].into_iter().cycle()).for_each(|(it, size)| it.parameters = size);
        let choice = |rule| choose(&by_rank1(), rule, &candidates).expect("scores");
        let (best, smallest) = (choice(Rule::Best), choice(Rule::OneStandardError));
        let on_folds = candidates[best].mean().expect("scores") - 0.7;
        let means: Vec<f64> = test.iter().map(|values| mean(values)).collect();
        let on_test_items = (0..CANDIDATES).max_by(|&a, &b| means[a].total_cmp(&means[b])).expect("candidates");
        ([best, smallest, 0, on_test_items].map(|chosen| on_test(&test[chosen], 0.7, table)), on_folds)
    };
    let tables: Vec<([Outcome; 4], f64)> = (0..TABLES).into_par_iter().map(table).collect();
    let of = |which: usize| summary(&tables.iter().map(|(outcomes, _)| outcomes[which]).collect::<Vec<Outcome>>());
    let without_choice = of(2).1;
    for (which, chosen) in [(0, Rule::Best.name()), (1, Rule::OneStandardError.name()), (2, "no choice")] {
        let (optimism, coverage) = of(which);
        println!("{chosen}, on training items: coverage {coverage:.4}, optimism {optimism:+.4}");
        assert!((0.93..=0.97).contains(&coverage), "{chosen}: coverage {coverage}");
        // The standard error of the difference is 0.005.
        assert!(
            (coverage - without_choice).abs() < 0.02,
            "{chosen}: coverage {coverage}, {without_choice} without a choice"
        );
        // The standard error of one test score is 0.032, that of the mean over all tables is 0.0007.
        assert!(optimism.abs() < 0.003, "{chosen}: optimism {optimism}");
    }
    let (optimism, coverage) = of(3);
    println!("best on test items: coverage {coverage:.3}, optimism {optimism:+.4}");
    assert!(coverage < 0.85, "a choice on the test set should spoil the interval, coverage {coverage}");
    assert!(optimism > 0.03, "a choice on the test set should be optimistic, {optimism}");
    let on_folds = mean(&tables.iter().map(|(_, optimism)| *optimism).collect::<Vec<f64>>());
    println!("cross-validated score of the chosen one: optimism {on_folds:+.4}");
    assert!(on_folds > 0.03, "the score that made the choice should be optimistic, {on_folds}");
}

/// How often the best candidate is chosen, the mean share over tables, and how often each candidate is chosen.
fn with_a_lead(level: f64, tables: u64) -> (f64, f64, Vec<f64>) {
    let best = 7;
    let mut levels = [SHARE_70; CANDIDATES];
    levels[best] = level;
    let table = |table: u64| {
        let train = hits(TRAIN, &levels, &mut stream(table, Purpose::SYNTHETIC, Some(2)));
        let folds = five_folds(table);
        let candidates = scored(&train, &folds);
        let chosen = choose(&by_rank1(), Rule::Best, &candidates).expect("scores");
        let share = share(&by_rank1(), Rule::Best, &candidates, &folds, None, table).expect("enough items");
        (chosen, share.expect("a mean over items"))
    };
    let tables: Vec<(usize, f64)> = (0..tables).into_par_iter().map(table).collect();
    let count = |candidate: usize| tables.iter().filter(|(chosen, _)| *chosen == candidate).count();
    let often: Vec<f64> = (0..CANDIDATES).map(|candidate| count(candidate) as f64 / tables.len() as f64).collect();
    (often[best], mean(&tables.iter().map(|(_, share)| *share).collect::<Vec<f64>>()), often)
}

/// A share is the stability of a choice on these data, and no probability that the chosen candidate is the best: with 24
/// equal candidates the chosen one, which is ahead on these items, keeps its place in a third of the resamples. It grows with
/// the lead of the best candidate, to one.
#[test]
fn the_truly_best_is_chosen_most_often_and_the_share_grows_with_its_lead() {
    let leads = [SHARE_70, SHARE_80, SHARE_95].map(|level| with_a_lead(level, 60));
    let [(_, equal, often), (near, between, of_near), (far, one, _)] = leads;
    println!("share {equal:.3} of equals, {between:.3} with a lead, {one:.3} far ahead; chosen {near:.3}, {far:.3}");
    println!("equals: {often:?}");
    // Sixty tables of 24 equal candidates: each is chosen two or three times.
    assert!(often.iter().all(|&often| often < 0.2), "equal candidates are chosen about equally often: {often:?}");
    assert!(of_near.iter().enumerate().all(|(other, &often)| other == 7 || often < near), "{of_near:?}");
    assert!(far > 0.95, "{far}");
    assert!(equal < 0.5 && between > equal + 0.1 && one > between && one > 0.95, "{equal} {between} {one}");
}

#[test]
fn scores_from_items_are_means_by_fold_and_need_one_value_for_each_item() {
    let folds = Folds::given(vec![0, 1, 0, 1]).expect("folds");
    let scored = Scored::of_items(&[1.0, 0.0, 0.5, 0.0], &folds).expect("one value for each item");
    assert_eq!((scored.folds(), scored.mean()), (vec![Some(0.75), Some(0.0)], Some(0.375)));
    assert_eq!(scored.per_item(&folds), Some(vec![1.0, 0.0, 0.5, 0.0]));
    let error = Scored::of_items(&[1.0], &folds).expect_err("too few").to_string();
    assert_eq!(error, "found 1 values, expected 4, one for each training item");
}
