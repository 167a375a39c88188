//! What per-item series hold.

macro_rules! quantities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a per-item series holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Quantity {
            $($(#[$doc])* $variant,)*
        }

        align::names! { Quantity, "quantity" { $($variant = $name),* } }
    };
}

quantities! {
    /// Rank of the true match or of the first right answer, from 1, ties against the query; NaN where the gallery has none.
    Rank = "rank",
    /// The same with ties in favour of the query.
    RankOptimistic = "rank_optimistic",
    /// The item's cluster, from 0.
    Cluster = "cluster",
    /// The item's label as a dense code from 0, in ascending order of the label values.
    Label = "label",
    /// The group of the item as a dense code from 0, in ascending order of the groups' values.
    Group = "group",
    /// Length of the mean unit row over views.
    Gamma = "gamma",
    /// Mean cosine distance over pairs of views.
    DeltaPos = "delta_pos",
    /// Cosine distance of the corrected to the linear row.
    Drift = "drift",
    /// 1 where the classifier is right, else 0.
    Correct = "correct",
    /// Rank of the first item of the query's class, from 1; NaN where the gallery has none.
    FirstMatch = "first_match",
    /// Average precision; NaN where the gallery has no item of the query's class.
    AveragePrecision = "average_precision",
    /// Cosine distance after a cycle of linear maps.
    CycleError = "cycle_error",
    /// Cosine distance after a cycle of translations through the corrector.
    CycleErrorCorrected = "cycle_error_corrected",
    /// How many queries have the item among their nearest; the mean over all ways to break ties.
    Occurrences = "occurrences",
    /// The chance that no query has the item among its nearest, were ties broken at random; 0 or 1 without ties.
    AntiHub = "anti_hub",
    /// What the item adds to the debiased CKA of two views, to first order; the mean is the CKA.
    Cka = "cka",
    /// Share of the item's nearest that two views agree on.
    NeighboursShared = "neighbours_shared",
    /// Squared distance of the item's unit rows in two views.
    SquaredDistance = "squared_distance",
    /// What the item adds to the distortion of a view, to first order; the mean is the distortion.
    Distortion = "distortion",
    /// Discounted gain of the right answers among the first ten, over the largest possible; NaN where the gallery has none.
    Ndcg10 = "ndcg10",
    /// Contribution of a training item to the score of a candidate on the fold that holds the item out; the draw is the
    /// candidate.
    Selection = "selection",
    /// Share of the relevant documents that are among the first ten of a query; NaN without a relevant document.
    Recall10 = "recall10",
    /// 1 / rank of the first relevant document of a query, 0 if it is not among the first ten; NaN without a relevant document.
    Mrr10 = "mrr10",
    /// nDCG@10 of queries and documents of the old model; NaN without a relevant document.
    StayNdcg10 = "stay_ndcg10",
    /// Recall@10 of queries and documents of the old model; NaN without a relevant document.
    StayRecall10 = "stay_recall10",
    /// MRR@10 of queries and documents of the old model; NaN without a relevant document.
    StayMrr10 = "stay_mrr10",
    /// nDCG@10 of queries and documents of the new model; NaN without a relevant document.
    ReembedNdcg10 = "reembed_ndcg10",
    /// Recall@10 of queries and documents of the new model; NaN without a relevant document.
    ReembedRecall10 = "reembed_recall10",
    /// MRR@10 of queries and documents of the new model; NaN without a relevant document.
    ReembedMrr10 = "reembed_mrr10",
    /// nDCG@10 of queries of the new model on documents of the old one, unmapped; NaN without a relevant document.
    NaiveNdcg10 = "naive_ndcg10",
    /// Recall@10 of queries of the new model on documents of the old one, unmapped; NaN without a relevant document.
    NaiveRecall10 = "naive_recall10",
    /// MRR@10 of queries of the new model on documents of the old one, unmapped; NaN without a relevant document.
    NaiveMrr10 = "naive_mrr10",
    /// nDCG@10 of queries of the new model on documents of the old one, translated to the new one; NaN without a relevant document.
    DocumentsNdcg10 = "documents_ndcg10",
    /// Recall@10 of queries of the new model on documents of the old one, translated to the new one; NaN without a relevant document.
    DocumentsRecall10 = "documents_recall10",
    /// MRR@10 of queries of the new model on documents of the old one, translated to the new one; NaN without a relevant document.
    DocumentsMrr10 = "documents_mrr10",
    /// Share of the first ten documents that mapped and re-embedded queries have in common; NaN without a relevant document.
    Overlap10 = "overlap10",
    /// nDCG@10 of the mapped query minus that of the old model; NaN without a relevant document.
    UpgradeGain = "upgrade_gain",
    /// 1 for a query that finds a relevant document among ten when mapped, and not with the old model, otherwise 0; NaN without a relevant document.
    GainedOverStay = "gained_over_stay",
    /// 1 for a query that finds a relevant document among ten with the old model, and not when mapped, otherwise 0; NaN without a relevant document.
    LostToStay = "lost_to_stay",
    /// 1 for a query that finds a relevant document among ten when mapped, and not with the new model, otherwise 0; NaN without a relevant document.
    GainedOverReembed = "gained_over_reembed",
    /// 1 for a query that finds a relevant document among ten with the new model, and not when mapped, otherwise 0; NaN without a relevant document.
    LostToReembed = "lost_to_reembed",
    /// nDCG@10 of queries that are translated step by step through a chain of models; NaN without a relevant document.
    ChainNdcg10 = "chain_ndcg10",
    /// Recall@10 of queries that are translated step by step through a chain of models; NaN without a relevant document.
    ChainRecall10 = "chain_recall10",
    /// MRR@10 of queries that are translated step by step through a chain of models; NaN without a relevant document.
    ChainMrr10 = "chain_mrr10",
    /// nDCG@10 of the query translated step by step minus that of the query translated in one step; NaN without a relevant document.
    ChainGain = "chain_gain",
    /// Cosine distance of a query and what comes back of it after a translation to the old model and back; NaN without a relevant document.
    DirectCycleError = "direct_cycle_error",
    /// The same, step by step through a chain of models there and back; NaN without a relevant document.
    ChainCycleError = "chain_cycle_error",
    /// Distance of the query to the pairs, 1 in the root mean square over the pairs.
    PairDistance = "pair_distance",
}
