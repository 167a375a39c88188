//! What holds for any clusters, labels, ranks and weights: random cases, shrunk where they fail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use align::Matrix;
use proptest::prelude::*;
use tasks::metrics::{hits_at, quantile, weighted_hits_at, weighted_mean, weighted_quantile};
use tasks::ranks::ranks;
use tasks::{ContingencyTable, ari_nmi_weighted};

/// Each value as often as its weight says.
fn repeated<T: Copy>(values: &[T], weights: &[u32]) -> Vec<T> {
    values.iter().zip(weights).flat_map(|(&value, &times)| std::iter::repeat_n(value, times as usize)).collect()
}

prop_compose! {
    /// Clusters, labels and weights of the same items, some of them counted.
    fn table()(items in 2usize..60)(
        clusters in prop::collection::vec(0u8..6, items),
        labels in prop::collection::vec(0u8..5, items),
        mut weights in prop::collection::vec(0u32..4, items),
    ) -> (Vec<u8>, Vec<u8>, Vec<u32>) {
        weights[0] += 1;
        (clusters, labels, weights)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agreement_is_symmetric_bounded_and_blind_to_names((clusters, labels, _) in table(), shift in 1u8..6) {
        let of = |a: &[u8], b: &[u8]| ContingencyTable::new(a, b).unwrap().agreement();
        let (one, other) = (of(&clusters, &labels), of(&labels, &clusters));
        prop_assert!((one.ari - other.ari).abs() < 1e-12 && (one.nmi - other.nmi).abs() < 1e-12);
        prop_assert!(one.ari <= 1.0 + 1e-12 && (-1e-12..=1.0 + 1e-12).contains(&one.nmi));
        let renamed: Vec<u8> = clusters.iter().map(|c| (c + shift) % 6).collect();
        let renamed = of(&renamed, &labels);
        prop_assert!((one.ari - renamed.ari).abs() < 1e-12 && (one.nmi - renamed.nmi).abs() < 1e-12);
        prop_assert_eq!(of(&clusters, &clusters).ari, 1.0);
    }

    #[test]
    fn a_weight_is_a_number_of_copies((clusters, labels, weights) in table()) {
        let weighted = ari_nmi_weighted(&clusters, &labels, &weights).unwrap();
        let copied = ContingencyTable::new(&repeated(&clusters, &weights), &repeated(&labels, &weights)).unwrap().agreement();
        prop_assert!((weighted.ari - copied.ari).abs() < 1e-9 && (weighted.nmi - copied.nmi).abs() < 1e-9);
        let values: Vec<f32> = clusters.iter().map(|&c| f32::from(c) * 0.7 - 1.0).collect();
        let copies = repeated(&values, &weights);
        let mean = copies.iter().map(|&v| f64::from(v)).sum::<f64>() / copies.len() as f64;
        prop_assert!((weighted_mean(&values, &weights).unwrap() - mean).abs() < 1e-9);
        for q in [0.0, 0.1, 0.5, 0.9, 1.0] {
            prop_assert!((weighted_quantile(&values, q, &weights).unwrap() - quantile(&copies, q)).abs() < 1e-6);
        }
        let ranks: Vec<f32> = clusters.iter().map(|&c| f32::from(c) + 1.0).collect();
        prop_assert_eq!(weighted_hits_at(&ranks, 3, &weights).unwrap(), hits_at(&repeated(&ranks, &weights), 3));
    }

    /// Rows of small whole numbers have many ties: a rank lies between those of ties in favour and against.
    #[test]
    fn ranks_count_the_greater_and_the_tied(rows in prop::collection::vec(prop::collection::vec(-2i8..3, 3), 2..12)) {
        let of = |turn: usize| Matrix::from_fn(rows.len(), 3, |i, j| f32::from(rows[i][(j + turn) % 3]));
        let (a, b) = (of(0), of(1));
        let found = ranks(&a, &b).unwrap();
        for i in 0..rows.len() {
            let cosine = |j: usize| -> f32 { a.row(i).iter().zip(b.row(j)).map(|(x, y)| x * y).sum() };
            let greater = (0..rows.len()).filter(|&j| cosine(j) > cosine(i)).count() as u32;
            let tied = (0..rows.len()).filter(|&j| j != i && cosine(j) == cosine(i)).count() as u32;
            prop_assert_eq!(found.optimistic[i], 1 + greater);
            prop_assert_eq!(found.pessimistic[i], 1 + greater + tied);
        }
    }
}
