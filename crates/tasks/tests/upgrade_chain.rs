//! Chains of models in the task `upgrade`: step by step beside one step.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use align::methods::adapters::low_rank::LowRankAffineParams;
use align::methods::columns::Columns;
use align::methods::pairwise::PairwiseParams;
use align::synthetic::Synthetic;
use align::{Coordinates, Corpus, Dataset, Documents, Fitted, Judgement, Judgements, Matrix, Method, Split, Views};
use tasks::upgrade::{ArcToOld, Judged, QueryRows};
use tasks::{Metric, Quantity, Scores, Search, Task, TaskInput, UpgradeParams};

const ORDER: [&str; 3] = ["v2", "v0", "v1"];

fn data() -> Dataset {
    let recipe =
        Synthetic { widths: vec![16, 12, 16], fit_rows: 200, test_rows: 90, noise: 1.5, ..Synthetic::default() };
    Synthetic { queries: 40, ..recipe }.generate(3).unwrap()
}

fn task(chain: &[&str]) -> UpgradeParams {
    let chain = chain.iter().map(|name| name.to_string()).collect();
    UpgradeParams { chain, resamples: 20, ..UpgradeParams::default() }
}

fn score(chain: &[&str], fitted: &Fitted, data: &Dataset) -> Scores {
    Task::from(task(chain)).score(&TaskInput::new(fitted, data)).unwrap()
}

fn fitted(method: impl Into<Method>, data: &Dataset) -> Fitted {
    method.into().fit(data, 0).unwrap().fitted
}

fn pairwise(columns: Columns) -> Method {
    PairwiseParams { columns, ..PairwiseParams::default() }.into()
}

/// The values of the queries in the space `translated`.
fn series<'a>(scores: &'a Scores, quantity: Quantity, pair: [&str; 2]) -> &'a [f32] {
    let here = |s: &&tasks::Series| {
        s.space == Coordinates::Translated
            && s.quantity == quantity
            && [s.source.as_deref(), s.target.as_deref()] == pair.map(Some)
    };
    &scores.series.iter().find(here).unwrap().values
}

fn value(scores: &Scores, metric: Metric, pair: [&str; 2]) -> Option<f64> {
    let here = |s: &&tasks::Score| {
        s.space == Coordinates::Translated
            && s.metric == metric
            && [s.source.as_deref(), s.target.as_deref()] == pair.map(Some)
    };
    scores.scores.iter().find(here)?.value
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Three models whose rows are those of one model with its columns in another order and with other signs.
fn rotated() -> Dataset {
    let turned = |x: &Matrix, by: usize| {
        let sign = |j: usize| if (j + by).is_multiple_of(3) { -1.0 } else { 1.0 };
        Matrix::from_fn(x.rows(), x.cols(), |i, j| sign(j) * x.at(i, (j * 5 + by) % x.cols()))
    };
    let views = |rows: usize, start: usize| {
        let base = Matrix::from_fn(rows, 12, |i, j| (((i + start) * 37 + j * 101) as f32 * 0.7).sin());
        Views::new((0..3).map(|m| (format!("v{m}"), turned(&base, m)))).unwrap()
    };
    let split = |views| Split::new(views, Vec::new(), Vec::new(), None).unwrap();
    let judged = (0..30).map(|query| Judgement { query, document: query * 2, relevance: 1 });
    let judgements = Judgements::new(30, 80, judged).unwrap();
    let corpus = Corpus::new(Documents::of(views(80, 0)), split(views(30, 40)), judgements).unwrap();
    Dataset { train: split(views(60, 500)), validation: None, test: split(views(80, 0)), corpus: Some(corpus) }
}

#[test]
fn exact_rotations_compose_to_the_direct_one() {
    let data = rotated();
    for method in [pairwise(Columns::None), pairwise(Columns::ZScore), "gpa".parse().unwrap()] {
        let scores = score(&ORDER, &fitted(method, &data), &data);
        let ends = ["v1", "v2"];
        assert_eq!(value(&scores, Metric::ChainSteps, ends), Some(2.0));
        assert_eq!(
            bits(series(&scores, Quantity::ChainNdcg10, ends)),
            bits(series(&scores, Quantity::Ndcg10, ends)),
            "the same documents"
        );
        assert_eq!(value(&scores, Metric::ChainGain, ends), Some(0.0));
        for metric in [Metric::DirectCycleError, Metric::ChainCycleError] {
            assert!(value(&scores, metric, ends).unwrap() < 1e-5, "{metric}");
        }
    }
}

#[test]
fn a_chain_of_two_is_the_direct_translation_and_a_chain_changes_nothing_else() {
    let data = data();
    let methods = [pairwise(Columns::Centre), LowRankAffineParams::default().into(), "gcca".parse().unwrap()];
    for method in methods {
        let fitted = fitted(method, &data);
        let (none, two, three) =
            (score(&[], &fitted, &data), score(&ORDER[..2], &fitted, &data), score(&ORDER, &fitted, &data));
        let neighbours = ["v0", "v2"];
        for (chained, direct) in [
            (Quantity::ChainNdcg10, Quantity::Ndcg10),
            (Quantity::ChainRecall10, Quantity::Recall10),
            (Quantity::ChainMrr10, Quantity::Mrr10),
            (Quantity::ChainCycleError, Quantity::DirectCycleError),
        ] {
            for scores in [&two, &three] {
                assert_eq!(
                    bits(series(scores, chained, neighbours)),
                    bits(series(scores, direct, neighbours)),
                    "{chained}"
                );
            }
        }
        assert_eq!(value(&three, Metric::ChainSteps, neighbours), Some(1.0));
        // Only from newer to older models, and only in translations.
        let of_chain = |scores: &Scores| scores.scores.iter().filter(|s| s.metric == Metric::ChainNdcg10).count();
        assert_eq!([of_chain(&none), of_chain(&two), of_chain(&three)], [0, 1, 3]);
        let others = |scores: &Scores| -> Vec<String> {
            let own = |metric: Metric| metric.name().starts_with("chain") || metric == Metric::DirectCycleError;
            scores.scores.iter().filter(|s| !own(s.metric)).map(|s| format!("{s:?}")).collect()
        };
        assert_eq!(others(&none), others(&three));
    }
}

#[test]
fn queries_go_through_the_models_between() {
    let data = data();
    let fitted = fitted(LowRankAffineParams::default(), &data);
    let scores = score(&ORDER, &fitted, &data);
    let corpus = data.corpus.as_ref().unwrap();
    let queries = corpus.queries.views.get("v1").unwrap();
    let between = fitted.translate("v1", "v0", queries).unwrap();
    let mut search = Search::new(fitted.translate("v0", "v2", &between).unwrap(), 10).unwrap();
    let documents = corpus.documents.batch(corpus.queries.views.position("v2").unwrap(), 0..corpus.documents.count());
    search.add(&documents, |_| true).unwrap();
    let judged = search.finish().into_iter().enumerate().map(|(query, hits)| {
        let ranked: Vec<usize> = hits.iter().map(|hit| hit.document).collect();
        Judged::of(&ranked, corpus.judgements.of(query)).map_or(f32::NAN, |judged| judged.ndcg as f32)
    });
    let (composed, direct) = (judged.collect::<Vec<_>>(), series(&scores, Quantity::Ndcg10, ["v1", "v2"]));
    assert_eq!(bits(series(&scores, Quantity::ChainNdcg10, ["v1", "v2"])), bits(&composed));
    assert_ne!(bits(direct), bits(&composed), "maps of noisy pairs do not compose");
    let gain = value(&scores, Metric::ChainGain, ["v1", "v2"]).unwrap();
    let difference = value(&scores, Metric::ChainNdcg10, ["v1", "v2"]).unwrap()
        - value(&scores, Metric::Ndcg10, ["v1", "v2"]).unwrap();
    assert!((gain - difference).abs() < 1e-6);
    let error = |metric| value(&scores, metric, ["v1", "v2"]).unwrap();
    assert!(error(Metric::ChainCycleError) > error(Metric::DirectCycleError), "more maps lose more");
}

#[test]
fn no_translation_no_chain_and_wrong_chains_are_named() {
    let data = data();
    let na = score(&ORDER, &fitted("na".parse::<Method>().unwrap(), &data), &data);
    assert!(na.scores.iter().all(|s| s.metric != Metric::ChainNdcg10));
    let fit = fitted(pairwise(Columns::Centre), &data);
    let error = |task: UpgradeParams| Task::from(task).score(&TaskInput::new(&fit, &data)).unwrap_err().to_string();
    assert_eq!(
        error(task(&["v0", "v7"])),
        "upgrade: `chain` names view `v7`, expected views of the data: `v0`, `v1`, `v2`"
    );
    assert_eq!(
        error(task(&["v0", "v1", "v0"])),
        "upgrade: `chain` names view `v0` twice, expected every view once; remove one of them"
    );
    assert_eq!(
        error(task(&["v0"])),
        "upgrade: `chain` names only view `v0`, expected at least two, the oldest first; add newer ones or remove `chain`"
    );
    let query = QueryRows::Slerp(ArcToOld { t: Some(0.5) });
    assert_eq!(
        error(UpgradeParams { query, ..task(&ORDER) }),
        "upgrade: `chain` is given with `query: slerp`, expected `query: mapped`; write an entry of the task for each of them"
    );
}
