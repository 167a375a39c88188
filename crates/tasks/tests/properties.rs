//! What must hold on any data.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::methods::gcca::GccaParams;
use align::methods::gpa::GpaParams;
use align::methods::na::Scale;
use align::methods::pairwise::PairwiseParams;
use align::prep::cosine_rows;
use align::rng::{Purpose, permutation, stream};
use align::{Coordinates, Dataset, Matrix, Method, Views};
use common::{case, in_pool, na, score, synthetic};
use rand::RngExt;
use tasks::ranks::{Ranks, ranks, ranks_both, ranks_of_similarities, ranks_penalised};
use tasks::{
    ClusteringParams, ConsistencyParams, ContingencyTable, Metric, Quantity, RetrievalParams, Score, Scores, Task,
    TaskError, TaskInput,
};

/// Permuted rows, as the noise `permute` draws them.
const PERMUTATION: Purpose = Purpose::new(9);

fn tasks() -> Vec<Task> {
    Task::all()
}

fn methods() -> Vec<Method> {
    vec![
        na(Scale::Raw),
        Method::from(PairwiseParams::default()),
        Method::from(GpaParams::default()),
        Method::from(GccaParams::default()),
    ]
}

/// Ranks by the definition, in `f64`, with this threshold for ties.
fn naive(a: &Matrix, b: &Matrix, tie: f64) -> Ranks {
    let s =
        |i: usize, j: usize| -> f64 { a.row(i).iter().zip(b.row(j)).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum() };
    let mut out = Ranks { pessimistic: vec![], optimistic: vec![] };
    for i in 0..a.rows() {
        let truth = s(i, i);
        let (mut greater, mut ties) = (0, 0);
        for d in (0..b.rows()).filter(|&j| j != i).map(|j| s(i, j) - truth) {
            greater += u32::from(d > tie);
            ties += u32::from(d.abs() <= tie);
        }
        out.pessimistic.push(1 + greater + ties);
        out.optimistic.push(1 + greater);
    }
    out
}

/// Two noisy copies of the same items, some of them planted several times.
fn noisy_pair(n: usize, d: usize, seed: u64) -> (Matrix, Matrix) {
    let mut rng = stream(seed, Purpose::SYNTHETIC, None);
    let item: Vec<usize> =
        (0..n).map(|i| if rng.random_range(0..4) == 0 { rng.random_range(0..n) } else { i }).collect();
    let mut view = || {
        let clean =
            Matrix::from_fn(n, d, |i, j| ((i * 37 + j * 101) as f32 * 0.7312).sin() + rng.random::<f32>() - 0.5);
        cosine_rows(&clean.select_rows(&item))
    };
    (view(), view())
}

#[test]
fn ranks_are_those_of_the_definition() {
    // Below, at and above one tile and two; the fourth leaves a tile of a single row.
    for (n, d, seed) in [(1, 3, 0), (97, 16, 1), (256, 8, 2), (513, 33, 3), (700, 24, 4)] {
        let (a, b) = noisy_pair(n, d, seed);
        let (forward, backward) = ranks_both(&a, &b).expect("same shape");
        assert_eq!(forward, ranks(&a, &b).expect("same shape"), "one direction alone");
        for (got, (a, b)) in [(&forward, (&a, &b)), (&backward, (&b, &a))] {
            // Copies differ by less than 3e-7 in `f32`; what lies that close to the threshold may fall either way.
            let (narrow, wide) = (naive(a, b, 0.7e-6), naive(a, b, 1.3e-6));
            for i in 0..n {
                let pessimistic = narrow.pessimistic[i]..=wide.pessimistic[i];
                let optimistic = wide.optimistic[i]..=narrow.optimistic[i];
                assert!(pessimistic.contains(&got.pessimistic[i]), "n = {n}, query {i}: {pessimistic:?}");
                assert!(optimistic.contains(&got.optimistic[i]), "n = {n}, query {i}: {optimistic:?}");
            }
            let sure = |narrow: &[u32], wide: &[u32]| narrow.iter().zip(wide).filter(|(a, b)| a == b).count();
            assert!(sure(&narrow.pessimistic, &wide.pessimistic) + 3 > n, "the threshold decides almost nothing else");
        }
        let ties = forward.pessimistic.iter().zip(&forward.optimistic).filter(|(p, o)| p > o).count();
        assert!(n < 97 || ties > n / 20, "{ties} queries of {n} have a duplicate that counts against them");
    }
}

#[test]
fn a_collapsed_view_finds_nothing_unless_ties_are_favours() {
    let (a, _) = noisy_pair(300, 8, 5);
    let zeros = Matrix::zeros(300, 8);
    let ranks = ranks(&a, &zeros).expect("same shape");
    assert!(ranks.pessimistic.iter().all(|&rank| rank == 300) && ranks.optimistic.iter().all(|&rank| rank == 1));
}

#[test]
fn shapes_that_differ_are_named() {
    let error = ranks(&Matrix::zeros(3, 2), &Matrix::zeros(3, 4)).unwrap_err().to_string();
    assert_eq!(error, "ranks: queries is 3 x 2, gallery is 3 x 4; they must match");
}

#[test]
fn ranks_of_what_is_no_number_are_an_error() {
    let (a, b) = noisy_pair(30, 4, 6);
    let text = |ranks: Result<(Ranks, Ranks), TaskError>| ranks.err().map(|e| e.to_string()).unwrap_or_default();
    for odd in [f32::NAN, f32::INFINITY, 1e30] {
        let mut queries = a.clone();
        queries.row_mut(11)[2] = odd;
        let error = text(ranks_both(&queries, &b));
        assert!(error.starts_with(&format!("ranks: the queries hold {odd} at row 11, column 2; expected")), "{error}");
        assert!(text(ranks_both(&b, &queries)).starts_with("ranks: the gallery rows hold"));
        assert!(ranks(&queries, &b).is_err() && ranks_penalised(&queries, &b, &[0.0; 30]).is_err());
    }
    let mut penalties = [0.1; 30];
    penalties[4] = f32::NAN;
    let error = ranks_penalised(&a, &b, &penalties).unwrap_err().to_string();
    assert!(error.starts_with("ranks: the penalties hold NaN at row 4"), "{error}");
    let mut square = Matrix::zeros(3, 3);
    square.row_mut(2)[0] = f32::NAN;
    assert!(text(ranks_of_similarities(&square)).starts_with("ranks: the similarities hold NaN at row 2"));
}

#[test]
fn values_that_are_not_finite_are_an_error_not_a_first_rank() {
    let data = synthetic(3, 8, 60, 20);
    let fit = Method::from(GpaParams::default()).fit(&data.train.views, 0).expect("fits");
    let huge = data.test.views.iter().map(|v| (v.name().to_string(), v.values().map(|_| f32::MAX)));
    let mut test = data.test.clone();
    test.views = Views::new(huge).expect("finite");
    // GPA has no corrector: drift does not look at the values. The data have no queries, which upgrade needs.
    for task in tasks().into_iter().filter(|task| !["drift", "upgrade"].contains(&task.name())) {
        let error = task.score(&TaskInput { test: &test, ..TaskInput::new(&fit.fitted, &data) }).unwrap_err();
        assert!(matches!(error, TaskError::NotFinite { .. }), "{error}");
    }
}

#[test]
fn threads_do_not_show() {
    let data = synthetic(3, 16, 300, 600);
    for method in methods() {
        for task in tasks() {
            let run = || score(&method, &task, &data);
            let one = in_pool(1, run);
            assert!(one == in_pool(2, run), "{} {} with 2 threads", method.name(), task.name());
            assert!(one == in_pool(5, run), "{} {} with 5 threads", method.name(), task.name());
        }
    }
}

fn permuted(data: &Dataset, order: &[usize]) -> Dataset {
    Dataset { test: data.test.select_rows(order), ..data.clone() }
}

#[test]
fn the_order_of_items_does_not_matter_to_retrieval() {
    let data = synthetic(3, 16, 300, 600);
    let order = permutation(600, &mut stream(1, PERMUTATION, None));
    let shuffled = permuted(&data, &order);
    let task = Task::from(RetrievalParams::default());
    for method in methods() {
        let (before, after) = (score(&method, &task, &data), score(&method, &task, &shuffled));
        // Products end in other places of other tiles, so their last digits move: at most a query in a
        // hundred has a similarity that close to the threshold for ties.
        for (before, after) in before.series.iter().zip(&after.series) {
            let changed = order.iter().zip(&after.values).filter(|&(&i, &rank)| before.values[i] != rank).count();
            assert!(changed <= 6, "{} {:?}: {changed} of 600", method.name(), before.quantity);
        }
        for (before, after) in before.scores.iter().zip(&after.scores) {
            let difference = before.value.expect("applies") - after.value.expect("applies");
            assert!(difference.abs() < 0.002, "{before:?} {after:?}");
        }
    }
}

fn clustering_series(scores: &Scores) -> impl Iterator<Item = &tasks::Series> {
    scores.series.iter().filter(|s| s.quantity == Quantity::Cluster)
}

#[test]
fn scores_follow_from_the_series_alone() {
    let data = synthetic(3, 16, 300, 200);
    let scores = score(&Method::from(GccaParams::default()), &Task::from(ClusteringParams::default()), &data);
    let labels = scores.series.iter().find(|s| s.quantity == Quantity::Label).expect("labels are kept");
    assert_eq!((labels.source.as_ref(), labels.draw), (None, None));
    for name in data.test.views.names() {
        let of_view = clustering_series(&scores).filter(|s| s.source.as_deref() == Some(name));
        let agreements: Vec<_> = of_view
            .map(|s| ContingencyTable::from_series(&s.values, &labels.values).expect("equal lengths").agreement())
            .collect();
        assert_eq!(agreements.len(), 5, "one series per k-means seed");
        let value = |metric| {
            let of = |s: &&Score| s.source.as_deref() == Some(name) && s.metric == metric;
            scores.scores.iter().find(of).and_then(|s| s.value).expect("applies")
        };
        assert_eq!(value(Metric::Ari), agreements.iter().map(|a| a.ari).sum::<f64>() / 5.0);
        assert_eq!(value(Metric::Nmi), agreements.iter().map(|a| a.nmi).sum::<f64>() / 5.0);
    }
}

/// GPA's maps keep every distance and every method gets the same starts; also for unequal widths, where
/// a narrow view fills only part of the universe. Rounding may carry a point over a border, which Lloyd's
/// steps can amplify, and a split cluster is pushed along coordinates: so almost every view, not every.
#[test]
fn gpa_clusters_as_the_standardised_input_does() {
    let task = Task::from(ClusteringParams::default());
    let (mut figures, mut equal) = (0, 0);
    for data in [synthetic(3, 24, 400, 500), case("a"), case("b")] {
        let gpa = score(&Method::from(GpaParams::default()), &task, &data);
        let input = score(&na(Scale::zscore()), &task, &data);
        assert_eq!(gpa.scores.len(), 2 * data.test.views.len());
        for (gpa, input) in gpa.scores.iter().zip(&input.scores) {
            assert_eq!((&gpa.source, gpa.metric, gpa.n), (&input.source, input.metric, input.n));
            let (got, want) = (gpa.value.expect("applies"), input.value.expect("applies"));
            // Rounding can move a point between two centroids that are equally near.
            assert!((got - want).abs() < 0.005, "{:?} {:?}: {got}, input {want}", gpa.source, gpa.metric);
            figures += 1;
            equal += usize::from((got - want).abs() < 1e-9);
        }
    }
    assert!(equal * 10 >= figures * 9, "{equal} of {figures} figures are equal");
}

#[test]
fn pairwise_maps_have_nothing_to_cluster() {
    let data = synthetic(3, 8, 60, 20);
    let got = score(&Method::from(PairwiseParams::default()), &Task::from(ClusteringParams::default()), &data);
    assert!(got.series.is_empty());
    assert_eq!(got.scores.iter().map(|s| s.metric).collect::<Vec<_>>(), [Metric::Ari, Metric::Nmi]);
    for score in got.scores {
        assert_eq!((score.space, score.value, score.n), (Coordinates::Translated, None, 20));
        assert!(score.reason.is_some_and(|reason| reason.contains("no space")));
    }
}

#[test]
fn both_measures_of_agreement_say_the_same() {
    for m in [2, 3, 5] {
        let got = score(
            &Method::from(GpaParams::default()),
            &Task::from(ConsistencyParams::default()),
            &synthetic(m, 16, 200, 90),
        );
        let of = |q| got.series.iter().find(|s| s.quantity == q).expect("kept");
        for (gamma, delta) in of(Quantity::Gamma).values.iter().zip(&of(Quantity::DeltaPos).values) {
            let want = 1.0 - (m - 1) as f32 / m as f32 * delta;
            assert!((gamma * gamma - want).abs() < 1e-5, "M = {m}: {gamma} {delta}");
        }
    }
}
