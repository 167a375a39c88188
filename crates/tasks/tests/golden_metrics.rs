//! Metrics against the reference's figures.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::methods::na::Scale;
use align::{Dataset, Matrix, Split, Views};
use common::{Tensors, expected, na, score};
use tasks::metrics::{cosine_distances, hits_at, lower_median, mean, mean_reciprocal_rank, quantile};
use tasks::ranks::ranks_of_similarities;
use tasks::{ConsistencyParams, ContingencyTable, Task, reid};

#[test]
fn hits_and_reciprocal_ranks_of_given_similarities() {
    let (rows, columns) =
        ranks_of_similarities(&Tensors::open("micro.safetensors").matrix("metric.sim")).expect("square");
    let expected = &expected()["micro"]["hits_mrr"];
    for (ranks, direction) in [(rows, "forward"), (columns, "reverse")] {
        assert_eq!(ranks.pessimistic, ranks.optimistic, "no ties in this fixture");
        let ranks: Vec<f32> = ranks.pessimistic.iter().map(|&rank| rank as f32).collect();
        for (got, metric) in [
            (hits_at(&ranks, 1), "r1"),
            (hits_at(&ranks, 5), "r5"),
            (hits_at(&ranks, 10), "r10"),
            (mean_reciprocal_rank(&ranks), "mrr"),
        ] {
            let want = expected[direction][metric].as_f64().expect("a figure");
            assert!((got - want).abs() < 1e-7, "{direction} {metric}: {got}, reference {want}");
        }
    }
}

#[test]
fn agreement_of_partitions() {
    let tensors = Tensors::open("micro.safetensors");
    let partitions: Vec<Vec<i64>> = (0..8).map(|i| tensors.integers(&format!("labels.{i}"))).collect();
    let expected = expected();
    let cases = expected["micro"]["ari_nmi"].as_array().expect("a list");
    assert_eq!(cases.len(), 36);
    for case in cases {
        let index = |key: &str| case[key].as_u64().expect("an index") as usize;
        let want = |key: &str| case[key].as_f64().expect("a figure");
        let got =
            ContingencyTable::new(&partitions[index("a")], &partitions[index("b")]).expect("equal lengths").agreement();
        assert!((got.ari - want("ari")).abs() < 1e-14, "{case}: {got:?}");
        assert!((got.nmi - want("nmi")).abs() < 1e-13, "{case}: {got:?}");
    }
}

#[test]
fn re_identification_of_given_similarities() {
    let (tensors, expected) = (Tensors::open("micro.safetensors"), expected());
    let expected = &expected["micro"]["reid"];
    let similarities = tensors.matrix("reid.sim");
    let gallery = Matrix::from_fn(similarities.cols(), similarities.cols(), |i, j| f32::from(u8::from(i == j)));
    let classes = |name: &str| tensors.integers(name);
    let found = reid::find(&similarities, &gallery, &classes("reid.query_pid"), &classes("reid.gallery_pid"), false)
        .expect("they fit");
    let kept = |values: &[f32]| values.iter().copied().filter(|x| !x.is_nan()).collect::<Vec<f32>>();
    let (precision, first) = (kept(&found.average_precision), kept(&found.first_match));
    assert_eq!(Some((similarities.rows() - first.len()) as u64), expected["queries_without_match"].as_u64());
    for (k, want) in expected["cmc_rank1_to_10"].as_array().expect("a list").iter().enumerate() {
        let got = hits_at(&first, k as u32 + 1);
        assert!((got - want.as_f64().expect("a figure")).abs() < 1e-7, "CMC {}: {got}, reference {want}", k + 1);
    }
    let (got, want) = (mean(&precision), expected["mAP"].as_f64().expect("a figure"));
    assert!((got - want).abs() < 1e-6, "mAP {got}, reference {want}");
}

#[test]
fn agreement_and_drift_of_given_views() {
    let tensors = Tensors::open("micro.safetensors");
    let expected = expected();
    let micro = &expected["micro"];
    let want = |figure: &serde_json::Value| figure.as_f64().expect("a figure");
    let views = ["v0", "v1", "v2"].map(|view| tensors.matrix(&format!("triplet.{view}")));

    let distances = cosine_distances(&views[0], &views[1]);
    let figures = [mean(&distances), lower_median(&distances), quantile(&distances, 0.95)];
    for (got, key) in figures.into_iter().zip(["mean", "median", "p95"]) {
        let want = want(&micro["drift_stats"][key]);
        assert!((got - want).abs() < 1e-5, "drift {key}: {got}, reference {want}");
    }

    let named = views.into_iter().enumerate().map(|(v, x)| (format!("v{v}"), x));
    let views = Views::new(named).expect("valid views");
    let split = Split { views, labels: vec![], groups: vec![], ids: None };
    let data = Dataset::new(split.clone(), split);
    let scores = score(&na(Scale::Raw), &Task::from(ConsistencyParams::default()), &data).scores;
    let triplet = &micro["triplet"];
    for (name, want_at) in [
        ("gamma_mean", &triplet["agreement"]["gamma_univ_mean"]),
        ("gamma90", &triplet["agreement"]["gamma10_univ"]),
        ("delta_pos", &triplet["pos"]["delta_pos_univ"]),
    ] {
        let got = scores.iter().find(|s| s.metric.name() == name).and_then(|s| s.value).expect("a figure");
        assert!((got - want(want_at)).abs() < 1e-5, "{name}: {got}, reference {want_at}");
    }
}
