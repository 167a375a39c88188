//! What holds for any data, any split of the rows and any mask: random cases, shrunk where they fail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use align::methods::gpa::{GpaParams, Solver};
use align::moments::{Incomplete, Moments, Precision, SufficientStatistics};
use align::prep::{ConstantColumns, Standardisation};
use align::rng::{Purpose, permutation, stream};
use align::synthetic::Synthetic;
use align::{Matrix, Method, Views};
use proptest::prelude::*;

/// Permuted rows, as the noise `permute` draws them.
const PERMUTATION: Purpose = Purpose::new(9);

const POPULATION: Standardisation = Standardisation::Population(ConstantColumns::Clamp);

fn views(widths: Vec<usize>, rows: usize, seed: u64) -> Views {
    Synthetic { widths, fit_rows: rows, test_rows: 1, ..Synthetic::default() }.generate(seed).unwrap().train.views
}

/// Rows that some views miss: every item stays with at least two views, so that any mask can be fitted.
fn masked(views: &Views, holes: &[(usize, usize)]) -> Views {
    let mut missing = vec![vec![false; views.rows()]; views.len()];
    for &(view, row) in holes {
        let (view, row) = (view % views.len(), row % views.rows());
        let left = missing.iter().filter(|of_view| !of_view[row]).count();
        missing[view][row] = missing[view][row] || left > 2;
    }
    let one = |views: Views, (view, missing): (usize, &Vec<bool>)| match missing.contains(&true) {
        true => views.with_missing(view, missing).unwrap(),
        false => views,
    };
    missing.iter().enumerate().fold(views.clone(), one)
}

fn gram_gap(one: &Moments, other: &Moments) -> f64 {
    let (a, b) = (one.gram(), other.gram());
    let entries = (0..a.rows()).flat_map(|i| (0..a.cols()).map(move |j| (i, j)));
    entries.map(|at| (a[at] - b[at]).abs()).fold(0.0, f64::max) / one.rows(0, 0) as f64
}

fn largest(one: &Matrix, other: &Matrix) -> f32 {
    let pairs = one.as_slice().iter().zip(other.as_slice());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Methods whose translations do not depend on where they start.
fn methods() -> Vec<Method> {
    let gpa = GpaParams { solver: Solver::Accelerated, tol: 1e-13, ..GpaParams::default() };
    let mut methods: Vec<Method> =
        ["pairwise", "gcca", "cca", "pivot"].iter().map(|name| Method::from_name(name).unwrap()).collect();
    methods.push(Method::from(gpa));
    methods
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_of_any_pieces_in_any_order_are_the_sums_of_all_rows(
        seed in 0u64..1000,
        cuts in prop::collection::vec(1usize..120, 1..5),
        holes in prop::collection::vec((0usize..3, 0usize..120), 0..60),
        weigh in prop::bool::ANY,
    ) {
        let views = masked(&views(vec![5, 4, 6], 120, seed), &holes);
        let weights = if weigh { Incomplete::MeanOfPresent } else { Incomplete::PairwiseComplete };
        let mut cuts = cuts;
        cuts.extend([0, 120]);
        cuts.sort_unstable();
        cuts.dedup();
        let piece = |from: usize, to: usize| views.select_rows(&(from..to).collect::<Vec<_>>());
        let mut sums = SufficientStatistics::of(&piece(cuts[cuts.len() - 2], 120), weights, Precision::Double);
        for pair in cuts[..cuts.len() - 1].windows(2) {
            sums.merge(&SufficientStatistics::of(&piece(pair[0], pair[1]), weights, Precision::Double)).unwrap();
        }
        let want = Moments::of(&SufficientStatistics::of(&views, weights, Precision::Double), POPULATION).unwrap();
        prop_assert!(gram_gap(&Moments::of(&sums, POPULATION).unwrap(), &want) < 1e-11);
        // A piece taken out again leaves what was there without it.
        let without = SufficientStatistics::of(&piece(0, cuts[cuts.len() - 2].max(2)), weights, Precision::Double);
        let mut back = without.clone();
        let more = SufficientStatistics::of(&piece(cuts[cuts.len() - 2].max(2), 120), weights, Precision::Double);
        back.merge(&more).unwrap();
        back.subtract(&more).unwrap();
        if let (Ok(one), Ok(other)) = (Moments::of(&back, POPULATION), Moments::of(&without, POPULATION)) {
            prop_assert!(gram_gap(&one, &other) < 1e-8);
        }
    }

    #[test]
    fn the_order_of_the_training_rows_does_not_matter(seed in 0u64..1000) {
        let views = views(vec![6, 6, 6], 80, seed);
        let order = permutation(80, &mut stream(seed, PERMUTATION, None));
        let shuffled = views.select_rows(&order);
        for method in methods() {
            let (one, other) = (method.fit(&views, 0).unwrap(), method.fit(&shuffled, 0).unwrap());
            let moved = |fit: &align::Fit| fit.fitted.translate("v0", "v2", views.at(0)).unwrap();
            let gap = largest(&moved(&one), &moved(&other));
            prop_assert!(gap < 1e-3, "{}: {gap:e}", method.name());
        }
    }

    #[test]
    fn orthogonal_universes_lead_back_to_where_a_row_came_from(seed in 0u64..1000) {
        let views = views(vec![7, 7, 7], 60, seed);
        for name in ["gpa", "pivot"] {
            let fit = Method::from_name(name).unwrap().fit(&views, seed).unwrap();
            let universe = fit.fitted.universe().unwrap();
            for space in views.iter() {
                let there = universe.project(space.name(), space.values()).unwrap();
                let back = universe.inverse(space.name(), &there).unwrap();
                let gap = largest(&back, space.values());
                prop_assert!(gap < 1e-3, "{name}: {gap:e}");
            }
        }
    }
}
