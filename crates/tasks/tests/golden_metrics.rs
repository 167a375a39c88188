//! Metrics against the reference's figures.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use common::{Tensors, expected};
use tasks::CrossTable;
use tasks::metrics::{hits_at, mean_reciprocal_rank};
use tasks::ranks::ranks_of_similarities;

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
        let got = CrossTable::new(&partitions[index("a")], &partitions[index("b")]).expect("equal lengths").agreement();
        assert!((got.ari - want("ari")).abs() < 1e-14, "{case}: {got:?}");
        assert!((got.nmi - want("nmi")).abs() < 1e-13, "{case}: {got:?}");
    }
}
