//! Corrections for hubs with a bank, weighted similarity and interpolated queries: against NumPy, SciPy and POT
//! (golden/make_banks.py), and what must hold on any data.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::linalg::{Threads, polar, product};
use align::methods::gcca::{GccaParams, Whiten};
use align::methods::na::Scale;
use align::rng::{Purpose, stream};
use align::{Coordinates, Dataset, Fitted, Labels, Matrix, Method, Universe, Views};
use common::{Tensors, case, in_pool, json, na, score, synthetic};
use rand::RngExt;
use tasks::{
    Bank, Csls, HubnessParams, InvertedSoftmax, Metric, NamedList, Positives, Quantity, Query, RetrievalParams, Scores,
    Scoring, Sinkhorn, Slerp, Task, TaskInput, Weight,
};

/// Every correction for hubs, by its name in the golden file.
fn corrections() -> Vec<(&'static str, Scoring)> {
    let softmax = |bank| InvertedSoftmax { bank, ..InvertedSoftmax::default() };
    let mut all = Vec::new();
    for (bank, names) in [
        (Bank::Test, ["csls.test", "inverted_softmax.test", "sinkhorn.test"]),
        (Bank::Train, ["csls.train", "inverted_softmax.train", "sinkhorn.train"]),
    ] {
        all.push((names[0], Scoring::Csls(Csls { bank, ..Csls::default() })));
        all.push((names[1], Scoring::InvertedSoftmax(softmax(bank))));
        all.push((names[2], Scoring::Sinkhorn(Sinkhorn { bank, ..Sinkhorn::default() })));
    }
    let dynamic = InvertedSoftmax { dynamic: true, ..softmax(Bank::Train) };
    all.push(("dynamic.train", Scoring::InvertedSoftmax(dynamic)));
    all
}

fn train_corrections() -> Vec<Scoring> {
    corrections().into_iter().filter(|(name, _)| name.ends_with("train")).map(|(_, scoring)| scoring).collect()
}

fn scored_by(scoring: Scoring) -> RetrievalParams {
    RetrievalParams { scoring, ..RetrievalParams::default() }
}

fn slerp(t: f64) -> RetrievalParams {
    RetrievalParams { query: Query::Slerp(Slerp { t }), ..RetrievalParams::default() }
}

fn weighted() -> RetrievalParams {
    RetrievalParams { weight: Weight::Correlations, ..RetrievalParams::default() }
}

/// All settings together: interpolated queries, weighted similarity, CSLS on training rows.
fn all_settings() -> RetrievalParams {
    let scoring = Scoring::Csls(Csls { bank: Bank::Train, ..Csls::default() });
    RetrievalParams { scoring, weight: Weight::Correlations, ..slerp(0.3) }
}

/// Case A in the universe of the authors' GPA, whose coordinates are turned by `turn`.
fn universe(data: &Dataset, turn: Option<&Matrix>) -> Fitted {
    let tensors = Tensors::open("case_A_expected.safetensors");
    let maps = (0..3).map(|view| {
        let map = tensors.matrix(&format!("gpa.R.v{view}"));
        turn.map_or_else(|| map.clone(), |turn| product(map.view(), turn.view(), Threads::One))
    });
    Fitted::Universe(Universe::from_maps(&data.train.views, maps.collect()).expect("maps that fit"))
}

fn judged(params: &RetrievalParams, fitted: &Fitted, data: &Dataset) -> Scores {
    Task::from(params.clone()).score(&TaskInput::new(fitted, data)).expect("scores")
}

fn ranks<'s>(scores: &'s Scores, space: Coordinates, source: &str, target: &str) -> &'s [f32] {
    let series = scores.series.iter().find(|series| {
        (series.space, series.quantity) == (space, Quantity::Rank)
            && (series.source.as_deref(), series.target.as_deref()) == (Some(source), Some(target))
    });
    &series.expect("ranks of the pair").values
}

fn check(scores: &Scores, space: Coordinates, name: &str) {
    let figures = json("banks.json");
    for (source, target) in [("v0", "v1"), ("v0", "v2"), ("v1", "v0"), ("v1", "v2"), ("v2", "v0"), ("v2", "v1")] {
        let key = format!("universe.{source}->{target}.{name}");
        let want: Vec<f32> = serde_json::from_value(figures[&key].clone()).expect("ranks");
        assert_eq!(ranks(scores, space, source, target), want, "{key}");
    }
}

#[test]
fn every_correction_agrees_with_an_independent_implementation() {
    let data = case("a");
    let fitted = universe(&data, None);
    for (name, scoring) in corrections() {
        let scores = judged(&scored_by(scoring), &fitted, &data);
        check(&scores, Coordinates::Universe, name);
        // The maps are rotations between standardised views, so cosines in both spaces are equal.
        check(&scores, Coordinates::Translated, name);
    }
}

#[test]
fn hubs_after_a_correction_by_training_rows_agree() {
    let (data, figures) = (case("a"), json("banks.json"));
    let scoring = Scoring::Csls(Csls { bank: Bank::Train, ..Csls::default() });
    let task = Task::from(HubnessParams { scoring, ..HubnessParams::default() });
    let scores = task.score(&TaskInput::new(&universe(&data, None), &data)).expect("scores");
    for (metric, key) in [(Metric::HubSkewness, "skewness"), (Metric::AntiHubs, "anti_hubs")] {
        for space in [Coordinates::Universe, Coordinates::Translated] {
            let score = scores.scores.iter().find(|score| {
                (score.metric, score.space) == (metric, space)
                    && (score.source.as_deref(), score.target.as_deref()) == (Some("v2"), Some("v0"))
            });
            let got = score.and_then(|score| score.value).expect("a value");
            let want = figures[format!("universe.v2->v0.{key}")].as_f64().expect("a value");
            assert!((got - want).abs() < 1e-6, "{key}: {got}, independently {want}");
        }
    }
}

#[test]
fn interpolated_queries_and_weighted_similarity_agree_with_an_independent_implementation() {
    let data = case("a");
    let fitted = universe(&data, None);
    for (params, name) in
        [(slerp(0.3), "slerp"), (slerp(1.0), "consensus"), (weighted(), "weighted"), (all_settings(), "all")]
    {
        check(&judged(&params, &fitted, &data), Coordinates::Universe, name);
    }
}

/// CSA: two views, whose canonical variates are the coordinates of whitened GCCA.
#[test]
fn canonical_correlations_weight_the_variates_of_two_views() {
    let (data, figures) = (case("a").select(&["v0", "v1"]).expect("two views"), json("banks.json"));
    for rank in [8, 24] {
        let gcca = GccaParams { rank: Some(rank), whiten: Whiten::InverseSingular, ..GccaParams::default() };
        let scores = score(&Method::from(gcca), &Task::from(weighted()), &data);
        for (source, target) in [("v0", "v1"), ("v1", "v0")] {
            let want = figures[format!("csa.{rank}.{source}->{target}")].clone();
            let want: Vec<f32> = serde_json::from_value(want).expect("ranks");
            assert_eq!(ranks(&scores, Coordinates::Universe, source, target), want, "{source} to {target}");
        }
    }
}

/// A test split in which every query of the first view but one is another.
fn other_queries(data: &Dataset, kept: usize) -> Dataset {
    let own = data.test.views.at(0);
    let mut rng = stream(5, Purpose::SYNTHETIC, None);
    let mut values = Matrix::from_fn(own.rows(), own.cols(), |_, _| rng.random::<f32>() - 0.5);
    values.row_mut(kept).copy_from_slice(own.row(kept));
    let views = data.test.views.with_values(0, values).expect("of the same shape");
    Dataset { test: align::Split { views, ..data.test.clone() }, ..data.clone() }
}

#[test]
fn with_training_rows_as_bank_no_query_depends_on_the_others() {
    let data = case("a");
    let fitted = universe(&data, None);
    let settings =
        |scoring| [scored_by(scoring), RetrievalParams { weight: Weight::Correlations, ..scored_by(scoring) }];
    let mut moved = 0;
    for kept in [3, 77, 140] {
        let other = other_queries(&data, kept);
        for params in train_corrections().into_iter().flat_map(settings) {
            let (one, two) = (judged(&params, &fitted, &data), judged(&params, &fitted, &other));
            for &space in if params.weight == Weight::None { fitted.coordinates() } else { &[Coordinates::Universe] } {
                for target in ["v1", "v2"] {
                    let [one, two] = [&one, &two].map(|scores| ranks(scores, space, "v0", target)[kept]);
                    assert_eq!(one, two, "{params:?} in {space}");
                }
            }
        }
        for (_, scoring) in corrections().into_iter().take(3) {
            let rank =
                |data| ranks(&judged(&scored_by(scoring), &fitted, data), Coordinates::Universe, "v0", "v1")[kept];
            moved += usize::from(rank(&data) != rank(&other));
        }
    }
    assert!(moved > 0, "with the test queries as bank some ranks depend on other queries");
}

#[test]
fn a_rotation_of_the_universe_has_no_influence() {
    let data = case("a");
    let mut rng = stream(9, Purpose::SYNTHETIC, None);
    let turn = Matrix::from_fn(24, 24, |_, _| rng.random::<f64>() - 0.5);
    let turn = polar(turn.view(), &|| "a rotation".into()).expect("finite").map(|&x| x as f32);
    let (fitted, turned) = (universe(&data, None), universe(&data, Some(&turn)));
    let all = corrections().into_iter().map(|(_, scoring)| scored_by(scoring));
    for params in all.chain([weighted(), slerp(0.3), all_settings()]) {
        let (one, two) = (judged(&params, &fitted, &data), judged(&params, &turned, &data));
        let differ = one.scores.iter().zip(&two.scores).filter(|(a, b)| a.value != b.value).count();
        assert_eq!(differ, 0, "{params:?}");
    }
}

#[test]
fn the_unit_of_a_view_has_no_influence() {
    let data = case("a");
    let in_units = |split: &align::Split| {
        let views = split.views.iter().zip([1.0f32, 1e-3, 4096.0]);
        let views = views.map(|(view, unit)| (view.name().to_string(), view.values().map(|x| x * unit)));
        align::Split { views: Views::new(views).expect("finite"), ..split.clone() }
    };
    let other = Dataset { train: in_units(&data.train), test: in_units(&data.test), ..data.clone() };
    let gcca = GccaParams { rank: Some(12), whiten: Whiten::InverseSingular, ..GccaParams::default() };
    let method = Method::from(gcca);
    let all = corrections().into_iter().map(|(_, scoring)| scored_by(scoring));
    for params in all.chain([weighted(), slerp(0.3), all_settings()]) {
        let [one, two] = [&data, &other].map(|data| score(&method, &Task::from(params.clone()), data));
        let differ = one.scores.iter().zip(&two.scores).filter(|(a, b)| a.value != b.value).count();
        assert_eq!(differ, 0, "{params:?}");
    }
}

#[test]
fn the_query_of_the_view_is_one_end_of_the_arc() {
    let data = case("a");
    let fitted = universe(&data, None);
    let (own, none) = (judged(&RetrievalParams::default(), &fitted, &data), judged(&slerp(0.0), &fitted, &data));
    let half = judged(&slerp(0.5), &fitted, &data);
    let universe = |scores: &Scores| -> Vec<Option<f64>> {
        scores.scores.iter().filter(|score| score.space == Coordinates::Universe).map(|score| score.value).collect()
    };
    assert_eq!(universe(&own), universe(&none));
    assert_ne!(universe(&own), universe(&half));
    let translated = |score: &&tasks::Score| score.space == Coordinates::Translated;
    for score in none.scores.iter().filter(translated) {
        assert_eq!(score.reason.as_deref(), Some("`query: slerp` is defined in the universe alone"));
    }
}

/// Sums have one order, for any number of threads.
#[test]
fn the_number_of_threads_has_no_influence() {
    let data = synthetic(3, 16, 700, 530);
    let method = Method::from_name("gcca").expect("known");
    let all = corrections().into_iter().map(|(_, scoring)| scored_by(scoring));
    for params in all.chain([weighted(), all_settings()]) {
        let task = Task::from(params);
        let [one, four] = [1, 4].map(|threads| in_pool(threads, || score(&method, &task, &data)));
        assert_eq!(one.series, four.series, "{task:?}");
    }
}

/// Rows that a view misses are neither in its bank nor in its correlations.
#[test]
fn missing_training_rows_are_left_out() {
    let data = synthetic(3, 12, 160, 60);
    let fit = Method::from_name("gcca").expect("known").fit(&data.train.views, 0).expect("fits");
    let missing: Vec<bool> = (0..160).map(|row| row % 5 == 1).collect();
    let there: Vec<usize> = (0..160).filter(|row| row % 5 != 1).collect();
    let mut masked = data.clone();
    for view in 0..3 {
        masked.train.views = masked.train.views.with_missing(view, &missing).expect("one per row");
    }
    let fewer = Dataset { train: data.train.select_rows(&there), ..data.clone() };
    let all = train_corrections().into_iter().map(scored_by);
    for params in all.chain([weighted(), all_settings()]) {
        let [one, two] = [&masked, &fewer].map(|data| judged(&params, &fit.fitted, data));
        assert_eq!(one, two, "{params:?}");
    }
}

/// A query that some views miss has no consensus; the other settings need the two views of a pair alone.
#[test]
fn interpolated_queries_are_of_items_that_all_views_have() {
    let data = synthetic(3, 12, 160, 60);
    let fit = Method::from_name("gcca").expect("known").fit(&data.train.views, 0).expect("fits");
    let mut masked = data.clone();
    let missing: Vec<bool> = (0..60).map(|row| row < 7).collect();
    masked.test.views = masked.test.views.with_missing(2, &missing).expect("one per row");
    let n = |params: &RetrievalParams| {
        let scores = judged(params, &fit.fitted, &masked).scores;
        let of_pair = |score: &&tasks::Score| score.source.as_deref() == Some("v0") && score.value.is_some();
        let target = |score: &&tasks::Score| score.target.as_deref() == Some("v1");
        scores.iter().filter(of_pair).find(target).expect("a value").n
    };
    assert_eq!((n(&slerp(0.5)), n(&weighted()), n(&RetrievalParams::default())), (53, 60, 60));
}

#[test]
fn settings_without_a_value_say_why() {
    let data = synthetic(3, 12, 80, 40);
    let reasons = |method: &Method, params: RetrievalParams, data: &Dataset| -> Vec<String> {
        let scores = score(method, &Task::from(params), data).scores;
        let mut reasons: Vec<String> = scores.into_iter().filter_map(|score| score.reason).collect();
        reasons.dedup();
        reasons
    };
    let pairwise = Method::from_name("pairwise").expect("known");
    for method in [&pairwise, &na(Scale::Raw)] {
        let found = reasons(method, weighted(), &data);
        assert_eq!(found, ["`weight: correlations` is defined in the universe alone"]);
    }
    let two = data.select(&["v0", "v1"]).expect("two views");
    let gcca = Method::from_name("gcca").expect("known");
    let found = reasons(&gcca, slerp(0.5), &two);
    assert_eq!(found[0], "with two views the query is the only view that is not the target");
    // A view that has nothing to do with the others.
    let mut unlike = two.clone();
    let constant = Matrix::from_fn(80, 12, |_, j| j as f32);
    unlike.train.views = unlike.train.views.with_values(1, constant).expect("of the same shape");
    let fit = gcca.fit(&two.train.views, 0).expect("fits");
    let scores = judged(&weighted(), &fit.fitted, &unlike).scores;
    let reason = "no universe coordinate of `v0` and `v1` is correlated on the training rows";
    assert_eq!(scores[0].reason.as_deref(), Some(reason));
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let error = |text: &str| {
        let task: Task = serde_json::from_str(text).expect("reads");
        task.validate().expect_err(text).to_string()
    };
    for (text, want) in [
        (
            r#"{"retrieval": {"scoring": {"inverted_softmax": {"dynamic": true}}}}"#,
            "retrieval: `dynamic` is true with `bank: test`, expected `bank: train`, or false",
        ),
        (
            r#"{"hubness": {"scoring": {"sinkhorn": {"beta": 200}}}}"#,
            "hubness: `beta` is 200, expected a number above 0, at most 100",
        ),
        (
            r#"{"retrieval": {"scoring": {"sinkhorn": {"iterations": 0}}}}"#,
            "retrieval: `iterations` is 0, expected an integer from 1 to 1000",
        ),
        (
            r#"{"retrieval": {"query": {"slerp": {"t": 1.5}}}}"#,
            "retrieval: `query.slerp.t` is 1.5, expected a number from 0 to 1",
        ),
        (
            r#"{"retrieval": {"query": "slerp", "positives": "groups"}}"#,
            "retrieval: `query` is slerp, which needs one item for each query, expected own, or `positives: item`",
        ),
    ] {
        assert_eq!(error(text), want);
    }
}

/// Settings at their defaults are not written, so the ids of earlier cells stay valid.
#[test]
fn defaults_are_not_written() {
    let text = |params: RetrievalParams| serde_json::to_string(&Task::from(params)).expect("writes");
    assert_eq!(text(RetrievalParams::default()), r#"{"retrieval":{"scoring":"cosine"}}"#);
    let csls = scored_by(Scoring::Csls(Csls::default()));
    assert_eq!(text(csls), r#"{"retrieval":{"scoring":{"csls":{"k":10}}}}"#);
    let softmax = scored_by(Scoring::InvertedSoftmax(InvertedSoftmax::default()));
    assert_eq!(text(softmax), r#"{"retrieval":{"scoring":{"inverted_softmax":{"beta":30.0}}}}"#);
    for params in [all_settings(), scored_by(Scoring::Sinkhorn(Sinkhorn { bank: Bank::Train, ..Sinkhorn::default() }))]
    {
        let written = text(params.clone());
        assert_eq!(serde_json::from_str::<Task>(&written).expect("reads"), Task::from(params), "{written}");
    }
}

/// With labels that are all distinct, every correction and weight has the ranks of retrieval by item.
#[test]
fn one_right_answer_is_the_item_itself() {
    let mut data = synthetic(3, 12, 200, 530);
    data.test.labels = vec![Labels { name: "own".into(), values: (0..530).collect() }];
    let method = Method::from_name("gcca").expect("known");
    let all = train_corrections().into_iter().map(scored_by);
    for params in all.chain([weighted()]) {
        let labels = RetrievalParams { positives: Positives::Labels(NamedList::default()), ..params.clone() };
        let [item, labels] = [params, labels].map(|params| score(&method, &Task::from(params), &data));
        for one in &item.scores {
            let twin = labels.scores.iter().find(|s| {
                (s.space, &s.source, &s.target, s.metric) == (one.space, &one.source, &one.target, one.metric)
            });
            assert_eq!(twin, Some(one));
        }
    }
}
