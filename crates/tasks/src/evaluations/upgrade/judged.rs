//! Ranked documents of a query against its judgements: nDCG@10, Recall@10, MRR@10.

/// Length of the ranked list that is judged.
pub const DEPTH: usize = 10;

/// The scores of one query. Definitions are those of trec_eval (`ndcg_cut_10`, `recall_10`, and `recip_rank` of ten
/// documents).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Discounted gain of the first ten documents, divided by the largest possible gain. The gain of a document is its
    /// relevance, the discount of rank r is 1 / log₂(1 + r).
    pub ndcg: f64,
    /// Share of the relevant documents that are among the first ten.
    pub recall: f64,
    /// 1 / rank of the first relevant document; 0 if none is among the first ten.
    pub reciprocal: f64,
}

impl Judged {
    /// The scores of a ranked list, the nearest document first; `judged` has documents with their relevance, in any order.
    /// `None` for a query without a relevant document.
    pub fn of(ranked: &[usize], judged: &[(usize, i32)]) -> Option<Self> {
        let mut gains: Vec<f64> = judged.iter().filter(|(_, r)| *r > 0).map(|&(_, r)| f64::from(r)).collect();
        if gains.is_empty() {
            return None;
        }
        gains.sort_unstable_by(|a, b| b.total_cmp(a));
        let discounted = |gains: &mut dyn Iterator<Item = f64>| -> f64 {
            gains.take(DEPTH).enumerate().map(|(at, gain)| gain / ((at + 2) as f64).log2()).sum()
        };
        let relevance = |document: usize| {
            judged.iter().find(|(other, _)| *other == document).map_or(0.0, |&(_, r)| f64::from(r.max(0)))
        };
        let found: Vec<f64> = ranked.iter().take(DEPTH).map(|&document| relevance(document)).collect();
        let first = found.iter().position(|&gain| gain > 0.0);
        Some(Self {
            ndcg: discounted(&mut found.iter().copied()) / discounted(&mut gains.iter().copied()),
            recall: found.iter().filter(|&&gain| gain > 0.0).count() as f64 / gains.len() as f64,
            reciprocal: first.map_or(0.0, |at| 1.0 / (at + 1) as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test claim of SciFact: hits at ranks 1, 3 and 5 of five relevant documents.
    #[test]
    fn a_query_is_judged_as_by_hand() {
        let relevant = [1279, 2071, 2609, 2786, 4620].map(|document| (document, 1));
        let ranked = [2071, 5122, 2786, 1199, 2609, 572, 3763, 1653, 3571, 4859];
        let judged = Judged::of(&ranked, &relevant).expect("relevant documents");
        assert!((judged.ndcg - 0.639945).abs() < 1e-6, "{judged:?}");
        assert_eq!((judged.recall, judged.reciprocal), (0.6, 1.0));
    }

    #[test]
    fn relevance_is_the_gain_and_what_is_not_relevant_counts_nothing() {
        let judged = Judged::of(&[5, 1, 2], &[(1, 3), (2, 1), (5, 0), (9, -1)]).expect("relevant documents");
        let ideal = 3.0 + 1.0 / 3f64.log2();
        assert!((judged.ndcg - (3.0 / 3f64.log2() + 0.5) / ideal).abs() < 1e-15);
        assert_eq!((judged.recall, judged.reciprocal), (1.0, 0.5));
        assert_eq!(Judged::of(&[1], &[(1, 0), (2, -2)]), None);
        let late: Vec<usize> = (0..20).collect();
        let missed = Judged::of(&late, &[(10, 1)]).expect("a relevant document");
        assert_eq!((missed.ndcg, missed.recall, missed.reciprocal), (0.0, 0.0, 0.0));
        let many: Vec<(usize, i32)> = (0..15).map(|document| (document, 1)).collect();
        assert_eq!(Judged::of(&late, &many).expect("relevant").ndcg, 1.0);
    }
}
