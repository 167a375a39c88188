//! Selection with real fits on planted views, whose best rank is neither the smallest nor the largest.
#![allow(clippy::expect_used, reason = "a simulation that cannot be made should stop")]

use align::parallel::prelude::*;
use align::rng::{Purpose, Stream, stream};
use align::{Dataset, Matrix, Method, Split, Views};
use rand_distr::{Distribution, StandardNormal};
use select::{Candidate, SelectParams};
use serde_json::{Map, Value};
use tasks::{Metric, RetrievalParams, Task, TaskInput};

const SETS: u64 = 40;
const RANKS: [u64; 6] = [1, 3, 4, 5, 6, 12];
const TRAIN: usize = 60;
const TEST: usize = 120;
/// The test score of the selected method, and those of the candidates.
type Set = (f64, Vec<f64>);
/// Number of directions that all views share.
const SHARED: usize = 5;

fn gaussian(rows: usize, cols: usize, rng: &mut Stream) -> Matrix {
    Matrix::from_fn(rows, cols, |_, _| StandardNormal.sample(rng))
}

/// Three views of a shared latent, each in random coordinates and with noise in every column.
fn planted(seed: u64) -> Dataset {
    let rng = &mut stream(seed, Purpose::SYNTHETIC, Some(3));
    let latent = gaussian(TRAIN + TEST, SHARED, rng);
    let view = |width: usize, rng: &mut Stream| {
        let (mixing, noise) = (gaussian(SHARED, width, rng), gaussian(TRAIN + TEST, width, rng));
        let signal = |i: usize, j: usize| (0..SHARED).map(|k| latent.at(i, k) * mixing.at(k, j)).sum::<f32>();
        Matrix::from_fn(TRAIN + TEST, width, |i, j| signal(i, j) + 0.9 * noise.at(i, j))
    };
    let views: Vec<Matrix> = [16, 18, 20].into_iter().map(|width| view(width, rng)).collect();
    let split = |rows: Vec<usize>| {
        let named =
            ["a", "b", "c"].into_iter().zip(&views).map(|(name, view)| (name.to_string(), view.select_rows(&rows)));
        Split::new(Views::new(named).expect("views"), Vec::new(), Vec::new(), None).expect("one each")
    };
    let (train, test) = (split((0..TRAIN).collect()), split((TRAIN..TRAIN + TEST).collect()));
    Dataset::new(train, test)
}

/// Mean Rank-1 over ordered pairs of the test views.
fn test_score(method: &Method, data: &Dataset) -> f64 {
    let fit = method.fit(data, 42).expect("a fit");
    let scores = Task::from(RetrievalParams::default()).score(&TaskInput::new(&fit.fitted, data)).expect("scores");
    let space = fit.fitted.coordinates()[0];
    let mine = scores.scores.iter().filter(|score| score.metric == Metric::Rank1 && score.space == space);
    let values: Vec<f64> = mine.filter_map(|score| score.value).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn the_selected_rank_is_close_to_the_best_one_on_test_items() {
    let with: Map<String, Value> = [("whiten".to_string(), "inverse_singular".into())].into_iter().collect();
    let over = [("rank".to_string(), RANKS.to_vec().into())].into();
    let selected = Method::from(SelectParams { with: with.clone(), over, ..SelectParams::default() });
    let candidates: Vec<Method> = (RANKS.into_iter())
        .map(|rank| Candidate::new("gcca", &with, vec![("rank".to_string(), rank.into())]).expect("valid").method)
        .collect();
    let of_set = |seed: u64| {
        let data = planted(seed);
        let scores: Vec<f64> = candidates.iter().map(|candidate| test_score(candidate, &data)).collect();
        (test_score(&selected, &data), scores)
    };
    let sets: Vec<Set> = (0..SETS).into_par_iter().map(of_set).collect();
    let mean = |of: &dyn Fn(&Set) -> f64| sets.iter().map(of).sum::<f64>() / SETS as f64;
    let best = |scores: &[f64]| scores.iter().copied().fold(f64::MIN, f64::max);
    let worst = |scores: &[f64]| scores.iter().copied().fold(f64::MAX, f64::min);
    let by_rank: Vec<f64> = (0..RANKS.len()).map(|at| mean(&|(_, scores)| scores[at])).collect();
    let (of_selected, of_worst) = (mean(&|(selected, _)| *selected), mean(&|(_, scores)| worst(scores)));
    let regret = mean(&|(selected, scores)| best(scores) - selected);
    println!("ranks {RANKS:?}: {by_rank:.3?}; selected {of_selected:.3}, worst {of_worst:.3}, regret {regret:.4}");
    assert!(sets.iter().all(|(selected, scores)| *selected >= worst(scores)), "{sets:?}");
    let top = best(&by_rank);
    assert!(by_rank[0] < top - 0.05 && by_rank[RANKS.len() - 1] < top - 0.05, "the best rank lies inside: {by_rank:?}");
    assert!(of_selected > top - 0.02, "{of_selected}, the best rank for all sets {top}");
    assert!(of_selected > of_worst + 0.1, "{of_selected}, the worst candidate {of_worst}");
    assert!(regret < 0.03, "{regret}");
}
