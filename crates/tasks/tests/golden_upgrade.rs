//! The task `upgrade` against trec_eval and NumPy (golden/make_upgrade.py).
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::methods::adapters::low_rank::LowRankAffineParams;
use align::methods::columns::Columns;
use align::methods::pairwise::PairwiseParams;
use align::{Coordinates, Corpus, Dataset, Documents, Fitted, Judgement, Judgements, Matrix, Method, Split, Views};
use common::{Tensors, json};
use tasks::upgrade::{ArcToOld, NeighboursOfPairs, QueryRows, Trial};
use tasks::{Metric, Quantity, Scores, Task, TaskInput, UpgradeParams};

const PAIRS: usize = 120;

fn split(views: Views) -> Split {
    Split::new(views, Vec::new(), Vec::new(), None).unwrap()
}

/// An index of `old` documents in the order of `order`, and queries of all views.
fn data_in(order: &[usize]) -> Dataset {
    let tensors = Tensors::open("upgrade.safetensors");
    let views = |kind: &str| {
        let names = ["new", "old", "twin"];
        Views::new(names.map(|name| (name.to_string(), tensors.matrix(&format!("{kind}.{name}"))))).unwrap()
    };
    let (documents, queries) = (views("documents"), views("queries"));
    let place: Vec<usize> =
        (0..order.len()).map(|document| order.iter().position(|d| *d == document).unwrap()).collect();
    let judged = tensors.integers("judgements");
    let judged = judged.chunks(3).map(|line| Judgement {
        query: line[0] as usize,
        document: place[line[1] as usize],
        relevance: line[2] as i32,
    });
    let judgements = Judgements::new(queries.rows(), documents.rows(), judged).unwrap();
    let train = documents.select_rows(&(0..PAIRS).collect::<Vec<_>>());
    let rest = documents.select_rows(&(PAIRS..documents.rows()).collect::<Vec<_>>());
    let documents = Documents::of(documents.select_rows(order));
    let corpus = Corpus::new(documents, split(queries), judgements).unwrap();
    Dataset { train: split(train), validation: None, test: split(rest), corpus: Some(corpus) }
}

fn data() -> Dataset {
    data_in(&(0..300).collect::<Vec<_>>())
}

fn score(fitted: &Fitted, data: &Dataset) -> Scores {
    let task = Task::from(UpgradeParams { resamples: 200, seed: 1, ..UpgradeParams::default() });
    task.score(&TaskInput::new(fitted, data)).expect("scores")
}

fn series<'a>(scores: &'a Scores, quantity: Quantity, pair: [&str; 2]) -> &'a [f32] {
    let of_pair = |s: &&tasks::Series| s.source.as_deref() == Some(pair[0]) && s.target.as_deref() == Some(pair[1]);
    let found = scores.series.iter().filter(|s| s.quantity == quantity).find(of_pair);
    &found.unwrap_or_else(|| panic!("{quantity} of {pair:?}")).values
}

fn value(scores: &Scores, metric: Metric, pair: [&str; 2]) -> Result<f64, String> {
    let of_pair = |s: &&tasks::Score| s.source.as_deref() == Some(pair[0]) && s.target.as_deref() == Some(pair[1]);
    let score = scores.scores.iter().filter(|s| s.metric == metric).find(of_pair).unwrap();
    score.value.ok_or_else(|| score.reason.clone().unwrap())
}

/// Per-query values as trec_eval computes them, to 1e-6.
fn same(got: &[f32], golden: &serde_json::Value, what: &str) {
    let want = golden.as_array().unwrap();
    assert_eq!(got.len(), want.len());
    for (query, (got, want)) in got.iter().zip(want).enumerate() {
        match want.as_f64() {
            None => assert!(got.is_nan(), "{what}, query {query}: {got}"),
            Some(want) => assert!((f64::from(*got) - want).abs() < 1e-6, "{what}, query {query}: {got}, {want}"),
        }
    }
}

fn fitted(method: impl Into<Method>, data: &Dataset) -> Fitted {
    method.into().fit(data, 0).expect("fits").fitted
}

fn pairwise(columns: Columns) -> Method {
    PairwiseParams { columns, ..PairwiseParams::default() }.into()
}

fn low_rank(rank: Option<usize>, ridge: f64, columns: Columns) -> Method {
    LowRankAffineParams { rank, ridge, columns, ..LowRankAffineParams::default() }.into()
}

#[test]
fn maps_and_judgements_are_those_of_numpy_and_trec_eval() {
    let (data, golden, tensors) = (data(), json("upgrade.json"), Tensors::open("upgrade.safetensors"));
    let queries = data.corpus.as_ref().unwrap().queries.views.get("new").unwrap().clone();
    let methods = [
        ("pairwise_none", pairwise(Columns::None)),
        ("pairwise_centre", pairwise(Columns::Centre)),
        ("low_rank_full", low_rank(None, 0.3, Columns::Centre)),
        ("low_rank_none", low_rank(None, 0.3, Columns::None)),
        ("low_rank_4", low_rank(Some(4), 0.05, Columns::Centre)),
        ("low_rank_unpenalised", low_rank(Some(3), 0.0, Columns::Centre)),
    ];
    for (name, method) in methods {
        let fitted = fitted(method, &data);
        let (got, want) =
            (fitted.translate("new", "old", &queries).unwrap(), tensors.matrix(&format!("mapped.{name}")));
        let furthest = got.as_slice().iter().zip(want.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(furthest < 2e-5, "{name}: {furthest}");
        let scores = score(&fitted, &data);
        for (quantity, key) in
            [(Quantity::Ndcg10, "ndcg10"), (Quantity::Recall10, "recall10"), (Quantity::Mrr10, "mrr10")]
        {
            same(series(&scores, quantity, ["new", "old"]), &golden["graded"][name][key], name);
        }
        let strategies = [
            (Quantity::StayNdcg10, "stay", ["new", "old"]),
            (Quantity::ReembedNdcg10, "reembed", ["new", "old"]),
            (Quantity::NaiveNdcg10, "naive_twin", ["twin", "old"]),
        ];
        for (quantity, key, pair) in strategies {
            same(series(&scores, quantity, pair), &golden["graded"][key]["ndcg10"], key);
        }
        same(series(&scores, Quantity::ReembedMrr10, ["new", "old"]), &golden["graded"]["reembed"]["mrr10"], name);
        // The judge of one query of the strategy "stay" is the same whichever model is new.
        same(series(&scores, Quantity::StayRecall10, ["twin", "old"]), &golden["graded"]["stay"]["recall10"], name);
    }
}

#[test]
fn what_follows_from_the_strategies() {
    let data = data();
    let scores = score(&fitted(low_rank(None, 0.3, Columns::Centre), &data), &data);
    let pair = ["new", "old"];
    let of = |metric| value(&scores, metric, pair).unwrap();
    let mean = |quantity| {
        let counted: Vec<f64> =
            series(&scores, quantity, pair).iter().filter(|v| !v.is_nan()).map(|&v| f64::from(v)).collect();
        counted.iter().sum::<f64>() / counted.len() as f64
    };
    for (metric, quantity) in [(Metric::Ndcg10, Quantity::Ndcg10), (Metric::StayNdcg10, Quantity::StayNdcg10)] {
        assert!((of(metric) - mean(quantity)).abs() < 1e-12);
    }
    let (mapped, stay, reembed) = (of(Metric::Ndcg10), of(Metric::StayNdcg10), of(Metric::ReembedNdcg10));
    assert!((of(Metric::UpgradeGain) - (mapped - stay)).abs() < 1e-6);
    assert!((of(Metric::ReembedShare) - mapped / reembed).abs() < 1e-6);
    assert!(
        of(Metric::ReembedShareLow) <= of(Metric::ReembedShare)
            && of(Metric::ReembedShare) <= of(Metric::ReembedShareHigh)
    );
    match value(&scores, Metric::ShareKept, pair) {
        Ok(kept) => assert!((kept - (mapped - stay) / (reembed - stay)).abs() < 1e-6),
        Err(reason) => assert!(reason.contains("so stay"), "{reason}"),
    }
    // Gains and losses of hits among ten documents balance.
    let hits = |quantity| series(&scores, quantity, pair).iter().filter(|v| **v > 0.0).count() as f64 / 48.0;
    let change = of(Metric::GainedOverStay) - of(Metric::LostToStay);
    assert!((change - (hits(Quantity::Mrr10) - hits(Quantity::StayMrr10))).abs() < 1e-6);
    let change = of(Metric::GainedOverReembed) - of(Metric::LostToReembed);
    assert!((change - (hits(Quantity::Mrr10) - hits(Quantity::ReembedMrr10))).abs() < 1e-6);
    // 12 of 60 queries have no relevant document.
    assert!(scores.scores.iter().filter(|s| s.value.is_some()).all(|s| s.n == 48));
    assert_eq!(scores.notes, ["12 of 60 queries have no relevant document and are left out"]);
    let naive = value(&scores, Metric::NaiveNdcg10, pair).unwrap_err();
    assert_eq!(naive, "widths differ: the new model has 16 columns, the old one 12");
    assert!(value(&scores, Metric::NaiveNdcg10, ["twin", "old"]).is_ok());
    // Old documents in the new space are what queries and documents exchange their roles for.
    assert!(value(&scores, Metric::DocumentsNdcg10, pair).is_ok());
}

#[test]
fn a_universe_is_scored_in_both_spaces_and_no_alignment_in_its_input() {
    let data = data();
    let gcca = score(&fitted("gcca".parse::<Method>().unwrap(), &data), &data);
    for space in [Coordinates::Universe, Coordinates::Translated] {
        let found = gcca.scores.iter().filter(|s| s.space == space && s.metric == Metric::Ndcg10 && s.value.is_some());
        assert_eq!(found.count(), 6, "{space:?}");
    }
    let na = score(&fitted("na".parse::<Method>().unwrap(), &data), &data);
    assert_eq!(value(&na, Metric::Ndcg10, ["twin", "old"]), value(&na, Metric::NaiveNdcg10, ["twin", "old"]));
    assert!(value(&na, Metric::Ndcg10, ["new", "old"]).unwrap_err().starts_with("widths differ"));
    assert!(value(&na, Metric::ShareKept, ["new", "old"]).unwrap_err().starts_with("widths differ"));
}

/// The order of the documents, of the views and the number of threads change nothing.
#[test]
fn the_order_of_documents_and_threads_do_not_matter() {
    let (first, second) = (data(), data_in(&(0..300).map(|i| (i * 7) % 300).collect::<Vec<_>>()));
    let fitted = fitted(pairwise(Columns::Centre), &first);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let three = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let scores = one.install(|| score(&fitted, &first));
    let bits =
        |scores: &Scores| -> Vec<u32> { scores.series.iter().flat_map(|s| &s.values).map(|v| v.to_bits()).collect() };
    assert_eq!(bits(&scores), bits(&three.install(|| score(&fitted, &first))));
    assert_eq!(bits(&scores), bits(&score(&fitted, &second)));
}

#[test]
fn interpolated_queries_are_those_of_numpy() {
    let (data, golden) = (data(), json("upgrade.json"));
    let fitted = fitted(pairwise(Columns::Centre), &data);
    let with = |t| {
        let query = QueryRows::Slerp(ArcToOld { t });
        let task = Task::from(UpgradeParams { query, resamples: 20, seed: 1, ..UpgradeParams::default() });
        task.score(&TaskInput::new(&fitted, &data)).expect("scores")
    };
    let pair = ["new", "old"];
    let of = |t| series(&with(t), Quantity::Ndcg10, pair).to_vec();
    same(&of(Some(0.3)), &golden["graded"]["slerp_0.3"]["ndcg10"], "slerp");
    // The ends of the arc are the mapped query and the old model's own.
    let mapped = score(&fitted, &data);
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&of(Some(0.0))), bits(series(&mapped, Quantity::Ndcg10, pair)));
    assert_eq!(bits(&of(Some(1.0))), bits(series(&mapped, Quantity::StayNdcg10, pair)));
    // The pairs choose for every pair of models.
    let fitted = self::fitted(low_rank(Some(4), 0.3, Columns::Centre), &data);
    let with = |t| {
        let query = QueryRows::Slerp(ArcToOld { t });
        let task = Task::from(UpgradeParams { query, resamples: 20, seed: 1, ..UpgradeParams::default() });
        let scores = task.score(&TaskInput::new(&fitted, &data)).expect("scores");
        bits(series(&scores, Quantity::Ndcg10, ["old", "twin"]))
    };
    let chosen = golden["graded"]["slerp_chosen"].as_f64().unwrap();
    assert!(chosen == 0.5 && with(None) == with(Some(chosen)) && with(None) != with(Some(0.2)), "{chosen}");
    let error = UpgradeParams { query: QueryRows::Slerp(ArcToOld { t: Some(1.5) }), ..UpgradeParams::default() };
    let error = Task::from(error).validate().unwrap_err().to_string();
    assert_eq!(error, "upgrade: `query.slerp.t` is 1.5, expected a number from 0 to 1, or null");
}

/// With `confidence` there are six more metrics and one more value a query; all others are the same bits.
#[test]
fn confidence_adds_the_distance_to_the_pairs_and_the_risk_by_it() {
    let data = data();
    let fitted = fitted(pairwise(Columns::Centre), &data);
    let plain = score(&fitted, &data);
    let task = Task::from(UpgradeParams { confidence: true, resamples: 200, seed: 1, ..UpgradeParams::default() });
    let scores = task.score(&TaskInput::new(&fitted, &data)).expect("scores");
    let new = |metric: Metric| {
        let all = [Metric::PairDistance, Metric::Aurc, Metric::AurcLow, Metric::AurcHigh, Metric::AurcRandom];
        all.contains(&metric) || metric == Metric::AurcOracle
    };
    let (added, kept): (Vec<_>, Vec<_>) = scores.scores.iter().cloned().partition(|score| new(score.metric));
    assert_eq!((added.len(), kept), (6 * 6, plain.scores.clone()));
    let kept = scores.series.iter().filter(|s| s.quantity != Quantity::PairDistance);
    let bits = |s: &tasks::Series| (s.quantity, s.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
    assert!(kept.map(bits).eq(plain.series.iter().map(bits)));
    let pair = ["new", "old"];
    let of = |metric| value(&scores, metric, pair).unwrap();
    let (distances, ndcg) = (series(&scores, Quantity::PairDistance, pair), series(&scores, Quantity::Ndcg10, pair));
    assert!(distances.iter().zip(ndcg).all(|(d, ndcg)| d.is_nan() == ndcg.is_nan() && (d.is_nan() || *d > 0.0)));
    // The area by hand: mean risks of the nearest 1, 2, .. queries.
    let mut counted: Vec<(f32, f64)> =
        distances.iter().zip(ndcg).filter(|(d, _)| !d.is_nan()).map(|(d, x)| (*d, 1.0 - f64::from(*x))).collect();
    counted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let risks: Vec<f64> = counted.iter().map(|(_, risk)| *risk).collect();
    let mean = |upto: usize| risks[..upto].iter().sum::<f64>() / upto as f64;
    let area = (1..=risks.len()).map(mean).sum::<f64>() / risks.len() as f64;
    assert!((of(Metric::Aurc) - area).abs() < 1e-6, "{area}");
    assert!((of(Metric::AurcRandom) - (1.0 - of(Metric::Ndcg10))).abs() < 1e-6);
    assert!(of(Metric::AurcOracle) < of(Metric::Aurc) && of(Metric::AurcLow) < of(Metric::Aurc));
    let none = task.score(&TaskInput::new(&fitted, &Dataset { corpus: None, ..data })).expect("scores");
    assert!(none.scores.iter().any(|s| s.metric == Metric::Aurc && s.value.is_none()));
    // Cells without the option keep their parameters.
    let written = |task: &Task| serde_json::to_string(task).expect("JSON");
    assert_eq!(written(&Task::from(UpgradeParams::default())), r#"{"upgrade":{"resamples":2000,"seed":0}}"#);
    assert!(written(&task).contains(r#""confidence":true"#));
}

/// The values of a pair in two passes are those of the task, and the pairs alone judge a map.
#[test]
fn a_trial_of_several_maps_has_the_values_of_the_task() {
    let data = data();
    let corpus = data.corpus.as_ref().unwrap();
    let (one, two) = (fitted(pairwise(Columns::Centre), &data), fitted("gcca".parse::<Method>().unwrap(), &data));
    assert!(tasks::upgrade::needs_calibration(&two) && !tasks::upgrade::needs_calibration(&one));
    let calibrated = two.calibrated(&data.train.views).unwrap();
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    for pair in [["new", "old"], ["twin", "old"]] {
        let trial = Trial::of(corpus, pair[0], pair[1], &[&one, &calibrated]).unwrap();
        for (at, fit) in [&one, &two].into_iter().enumerate() {
            let scores = score(fit, &data);
            let of = |quantity| {
                let here = |s: &&tasks::Series| {
                    s.quantity == quantity
                        && s.space == Coordinates::Translated
                        && (s.source.as_deref(), s.target.as_deref()) == (Some(pair[0]), Some(pair[1]))
                };
                scores.series.iter().find(here).map(|s| bits(&s.values))
            };
            let ndcg = |judged: &[Option<tasks::upgrade::Judged>]| Some(bits(&Trial::ndcg(judged)));
            assert_eq!(ndcg(&trial.mapped[at]), of(Quantity::Ndcg10));
            assert_eq!(ndcg(&trial.stay), of(Quantity::StayNdcg10));
            assert_eq!(ndcg(&trial.reembed), of(Quantity::ReembedNdcg10));
            assert_eq!(trial.naive.as_deref().and_then(ndcg), of(Quantity::NaiveNdcg10));
        }
    }
    assert!(Trial::of(corpus, "new", "absent", &[]).is_err());
    let neighbours = Task::from(NeighboursOfPairs { new: "new".into(), old: "old".into() });
    let held_out = Dataset { test: data.test.select_rows(&(0..30).collect::<Vec<_>>()), corpus: None, ..data.clone() };
    let scores = neighbours.score(&TaskInput::new(&one, &held_out)).unwrap();
    let overlap = value(&scores, Metric::Overlap10, ["new", "old"]).unwrap();
    assert!(overlap > 0.3 && overlap < 1.0 && scores.series[0].values.len() == 30, "{overlap}");
    let na = neighbours.score(&TaskInput::new(&fitted("na".parse::<Method>().unwrap(), &data), &held_out)).unwrap();
    assert_eq!(na.scores[0].reason.as_deref(), Some("it does not translate rows"));
}

#[test]
fn data_without_queries_and_wrong_parameters_are_named() {
    let data = Dataset { corpus: None, ..data() };
    let scores = score(&fitted(pairwise(Columns::None), &data), &data);
    let reason = "the data have no queries with judgements (`roles` of the manifest)";
    assert!(scores.scores.iter().all(|s| s.value.is_none() && s.reason.as_deref() == Some(reason)));
    let error =
        Task::from(UpgradeParams { resamples: 0, ..UpgradeParams::default() }).validate().unwrap_err().to_string();
    assert_eq!(error, "upgrade: `resamples` is 0, expected 20 to 100000; intervals are usual with 2000");
    let views = Matrix::from_fn(3, 2, |i, j| (i + j) as f32);
    assert!(tasks::Search::new(views, 1).unwrap().add(&Matrix::zeros(2, 3), |_| true).is_err());
}
