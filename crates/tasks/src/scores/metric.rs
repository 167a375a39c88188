//! The table of metrics: name, title, unit, direction and computation of each.
//!
//! This file imports only the quantities.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

pub use crate::scores::quantity::Quantity;

/// Direction of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Better {
    /// Higher values are better.
    Higher,
    /// Lower values are better.
    Lower,
    /// Neither: the metric describes.
    Neither,
}

/// Computation of a metric from the values of its items.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Statistic {
    /// Share of the items whose value, a rank, is at most this number.
    HitsAt(u32),
    /// Mean of 1 / value; the values are ranks.
    Reciprocal,
    /// Mean of values that always lie between 0 and 1.
    Share,
    /// Mean of any values.
    Mean,
    /// Quantile, interpolated linearly between order statistics.
    Quantile(f64),
    /// Median, the lower one of two middle values.
    LowerMedian,
    /// Population skewness.
    Skewness,
    /// Agreement of two partitions of the items; the values of one are clusters. See
    /// [`ContingencyTable`](crate::ContingencyTable).
    Agreement,
    /// Not computed from values of items.
    None,
}

impl Statistic {
    /// Whether the metric is a mean over items of values that always lie between 0 and 1, so that its intervals are
    /// those of shares.
    pub fn is_share(self) -> bool {
        matches!(self, Self::HitsAt(_) | Self::Reciprocal | Self::Share)
    }
}

/// A metric's line of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    better: Better,
    quantity: Option<Quantity>,
    statistic: Statistic,
    symmetric: bool,
    auxiliary: bool,
}

const fn row(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    better: Better,
    quantity: Option<Quantity>,
    statistic: Statistic,
) -> Row {
    Row { name, title, unit, better, quantity, statistic, symmetric: false, auxiliary: false }
}

/// A metric of two views, the same in either order.
const fn pair(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    better: Better,
    quantity: Option<Quantity>,
    statistic: Statistic,
) -> Row {
    Row { symmetric: true, ..row(name, title, unit, better, quantity, statistic) }
}

/// A raw measure of similarity.
const fn raw(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    better: Better,
    quantity: Option<Quantity>,
) -> Row {
    pair(name, title, unit, better, quantity, if quantity.is_some() { Statistic::Mean } else { Statistic::None })
}

/// A value beside a measure of similarity.
const fn beside(name: &'static str, title: &'static str, unit: &'static str, better: Better) -> Row {
    Row { auxiliary: true, ..pair(name, title, unit, better, None, Statistic::None) }
}

macro_rules! metrics {
    (
        first: { $($(#[$doc:meta])* $variant:ident = $row:expr,)* }
        similarities: { $($similarity:expr,)* }
        last: { $($(#[$later_doc:meta])* $later:ident = $later_row:expr,)* }
    ) => {
        /// A figure of merit: fractions between 0 and 1 (the adjusted Rand index and similarities can fall below 0) and what else
        /// [`Metric::unit`] says. In files it is its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Metric {
            $($(#[$doc])* $variant,)*
            /// How alike two views are by one measure, in one of its readings.
            Similarity(SimilarityMeasure, SimilarityStatistic),
            $($(#[$later_doc])* $later,)*
        }

        impl Metric {
            /// Every metric, in the order of records.
            pub const ALL: [Self; FIRST.len() + SIMILARITIES.len() + LAST.len()] = {
                let mut all = [Self::Ari; FIRST.len() + SIMILARITIES.len() + LAST.len()];
                let mut at = 0;
                while at < all.len() {
                    all[at] = if at < FIRST.len() {
                        FIRST[at]
                    } else if at < FIRST.len() + SIMILARITIES.len() {
                        let at = at - FIRST.len();
                        let readings = SimilarityStatistic::ALL.len();
                        Self::Similarity(SimilarityMeasure::ALL[at / readings], SimilarityStatistic::ALL[at % readings])
                    } else {
                        LAST[at - FIRST.len() - SIMILARITIES.len()]
                    };
                    at += 1;
                }
                all
            };

            fn row(self) -> &'static Row {
                match self {
                    $(Self::$variant => const { &$row },)*
                    Self::Similarity(measure, reading) => {
                        &SIMILARITIES[measure as usize * SimilarityStatistic::ALL.len() + reading as usize]
                    }
                    $(Self::$later => const { &$later_row },)*
                }
            }
        }

        const FIRST: &[Metric] = &[$(Metric::$variant),*];
        const LAST: &[Metric] = &[$(Metric::$later),*];
        /// By measure, then by reading.
        static SIMILARITIES: [Row; SimilarityMeasure::ALL.len() * SimilarityStatistic::ALL.len()] = [$($similarity),*];
    };
}

metrics! {
    first: {
        /// Adjusted Rand index between clusters and labels.
        Ari = row("ari", "ARI", "fraction", Better::Higher, Some(Quantity::Cluster), Statistic::Agreement),
        /// Normalised mutual information between clusters and labels, arithmetic mean.
        Nmi = row("nmi", "NMI", "fraction", Better::Higher, Some(Quantity::Cluster), Statistic::Agreement),
        /// Share of queries whose true match, or a right answer where there are several, is ranked first, ties against the
        /// query.
        Rank1 = row("rank1", "Rank-1", "fraction", Better::Higher, Some(Quantity::Rank), Statistic::HitsAt(1)),
        /// As [`Metric::Rank1`], among the first five.
        Rank5 = row("rank5", "Rank-5", "fraction", Better::Higher, Some(Quantity::Rank), Statistic::HitsAt(5)),
        /// As [`Metric::Rank1`], among the first ten.
        Rank10 = row("rank10", "Rank-10", "fraction", Better::Higher, Some(Quantity::Rank), Statistic::HitsAt(10)),
        /// As [`Metric::Rank1`] with ties in favour of the query.
        Rank1Optimistic = row("rank1_optimistic", "Rank-1 (optimistic)", "fraction", Better::Higher, Some(Quantity::RankOptimistic), Statistic::HitsAt(1)),
        /// Mean reciprocal rank of the true match, or of the first right answer, ties against the query.
        Mrr = row("mrr", "MRR", "fraction", Better::Higher, Some(Quantity::Rank), Statistic::Reciprocal),
        /// Mean over items of the length of the mean unit row over views.
        GammaMean = row("gamma_mean", "Γ mean", "fraction", Better::Higher, Some(Quantity::Gamma), Statistic::Mean),
        /// 0.90 quantile of the same.
        Gamma90 = row("gamma90", "Γ₉₀", "fraction", Better::Higher, Some(Quantity::Gamma), Statistic::Quantile(0.9)),
        /// Mean cosine distance of matched items over pairs of views.
        DeltaPos = row("delta_pos", "Δ⁺", "cosine distance", Better::Lower, Some(Quantity::DeltaPos), Statistic::Mean),
        /// Mean cosine distance of corrected to linear rows.
        DriftMean = row("drift_mean", "drift mean", "cosine distance", Better::Lower, Some(Quantity::Drift), Statistic::Mean),
        /// Lower median of the same.
        DriftMedian = row("drift_median", "drift median", "cosine distance", Better::Lower, Some(Quantity::Drift), Statistic::LowerMedian),
        /// 0.95 quantile of the same.
        DriftP95 = row("drift_p95", "drift p95", "cosine distance", Better::Lower, Some(Quantity::Drift), Statistic::Quantile(0.95)),
        /// Share of items that a classifier gets right.
        Accuracy = row("accuracy", "accuracy", "fraction", Better::Higher, Some(Quantity::Correct), Statistic::Share),
        /// Share of queries with an item of their class ranked first.
        Cmc1 = row("cmc1", "CMC-1", "fraction", Better::Higher, Some(Quantity::FirstMatch), Statistic::HitsAt(1)),
        /// Share of queries with an item of their class among the first five.
        Cmc5 = row("cmc5", "CMC-5", "fraction", Better::Higher, Some(Quantity::FirstMatch), Statistic::HitsAt(5)),
        /// Mean over queries of the average precision.
        Map = row("map", "mAP", "fraction", Better::Higher, Some(Quantity::AveragePrecision), Statistic::Share),
        /// Mean cosine distance of standardised rows to what comes back of them by a cycle of linear maps.
        CycleError = row("cycle_error", "cycle error", "cosine distance", Better::Lower, Some(Quantity::CycleError), Statistic::Mean),
        /// The same by a cycle of translations through the corrector.
        CycleErrorCorrected = row("cycle_error_corrected", "cycle error, corrected", "cosine distance", Better::Lower, Some(Quantity::CycleErrorCorrected), Statistic::Mean),
        /// Skewness over items of the number of queries that have them among their nearest.
        HubSkewness = row("hub_skewness", "hub skewness", "skewness", Better::Lower, Some(Quantity::Occurrences), Statistic::Skewness),
        /// Share of items that no query has among its nearest.
        AntiHubs = row("anti_hubs", "anti-hubs", "fraction", Better::Lower, Some(Quantity::AntiHub), Statistic::Share),
    }
    similarities: {
        raw("cka", "CKA", "fraction", Better::Higher, Some(Quantity::Cka)),
        beside("cka_calibrated", "CKA, calibrated", "fraction", Better::Higher),
        beside("cka_p", "CKA, p", "p", Better::Lower),
        beside("cka_ceiling", "CKA, ceiling", "fraction", Better::Higher),
        raw("mutual_knn", "mutual kNN", "fraction", Better::Higher, Some(Quantity::NeighboursShared)),
        beside("mutual_knn_calibrated", "mutual kNN, calibrated", "fraction", Better::Higher),
        beside("mutual_knn_p", "mutual kNN, p", "p", Better::Lower),
        beside("mutual_knn_ceiling", "mutual kNN, ceiling", "fraction", Better::Higher),
        raw("rsa", "RSA", "fraction", Better::Higher, None),
        beside("rsa_calibrated", "RSA, calibrated", "fraction", Better::Higher),
        beside("rsa_p", "RSA, p", "p", Better::Lower),
        beside("rsa_ceiling", "RSA, ceiling", "fraction", Better::Higher),
        raw("svcca", "SVCCA", "fraction", Better::Higher, None),
        beside("svcca_calibrated", "SVCCA, calibrated", "fraction", Better::Higher),
        beside("svcca_p", "SVCCA, p", "p", Better::Lower),
        beside("svcca_ceiling", "SVCCA, ceiling", "fraction", Better::Higher),
        raw("procrustes", "Procrustes", "Procrustes distance", Better::Lower, None),
        beside("procrustes_calibrated", "Procrustes, calibrated", "fraction", Better::Higher),
        beside("procrustes_p", "Procrustes, p", "p", Better::Lower),
        beside("procrustes_ceiling", "Procrustes, ceiling", "fraction", Better::Higher),
    }
    last: {
        /// Mean squared distance of matched unit rows of two views.
        Alignment = pair("alignment", "alignment", "squared distance", Better::Lower, Some(Quantity::SquaredDistance), Statistic::Mean),
        /// Logarithm of the mean Gaussian potential of a view's unit rows: the more evenly they are spread, the lower.
        Uniformity = row("uniformity", "uniformity", "log potential", Better::Lower, None, Statistic::None),
        /// Exponential of the entropy of a view's singular values.
        EffectiveRank = row("effective_rank", "effective rank", "directions", Better::Neither, None, Statistic::None),
        /// Distance of the means of two views' unit rows.
        ModalityGap = pair("modality_gap", "modality gap", "distance", Better::Lower, None, Statistic::None),
        /// 1 − debiased CKA of a view afterwards and as it came.
        Distortion = row("distortion", "distortion", "1 - CKA", Better::Lower, Some(Quantity::Distortion), Statistic::Mean),
        /// Mean over queries of the discounted gain of the right answers among the first ten, over the largest possible.
        Ndcg10 = row("ndcg10", "nDCG@10", "fraction", Better::Higher, Some(Quantity::Ndcg10), Statistic::Share),
        /// Mean over queries: share of the relevant documents that are among the first ten of a query.
        Recall10 = row("recall10", "Recall@10", "fraction", Better::Higher, Some(Quantity::Recall10), Statistic::Share),
        /// Mean over queries: 1 / rank of the first relevant document of a query, 0 if it is not among the first ten.
        Mrr10 = row("mrr10", "MRR@10", "fraction", Better::Higher, Some(Quantity::Mrr10), Statistic::Share),
        /// nDCG@10 of queries and documents of the old model.
        StayNdcg10 = row("stay_ndcg10", "nDCG@10, stay", "fraction", Better::Higher, Some(Quantity::StayNdcg10), Statistic::Share),
        /// Recall@10 of queries and documents of the old model.
        StayRecall10 = row("stay_recall10", "Recall@10, stay", "fraction", Better::Higher, Some(Quantity::StayRecall10), Statistic::Share),
        /// MRR@10 of queries and documents of the old model.
        StayMrr10 = row("stay_mrr10", "MRR@10, stay", "fraction", Better::Higher, Some(Quantity::StayMrr10), Statistic::Share),
        /// nDCG@10 of queries and documents of the new model.
        ReembedNdcg10 = row("reembed_ndcg10", "nDCG@10, re-embed", "fraction", Better::Higher, Some(Quantity::ReembedNdcg10), Statistic::Share),
        /// Recall@10 of queries and documents of the new model.
        ReembedRecall10 = row("reembed_recall10", "Recall@10, re-embed", "fraction", Better::Higher, Some(Quantity::ReembedRecall10), Statistic::Share),
        /// MRR@10 of queries and documents of the new model.
        ReembedMrr10 = row("reembed_mrr10", "MRR@10, re-embed", "fraction", Better::Higher, Some(Quantity::ReembedMrr10), Statistic::Share),
        /// nDCG@10 of queries of the new model on documents of the old one, unmapped.
        NaiveNdcg10 = row("naive_ndcg10", "nDCG@10, naive", "fraction", Better::Higher, Some(Quantity::NaiveNdcg10), Statistic::Share),
        /// Recall@10 of queries of the new model on documents of the old one, unmapped.
        NaiveRecall10 = row("naive_recall10", "Recall@10, naive", "fraction", Better::Higher, Some(Quantity::NaiveRecall10), Statistic::Share),
        /// MRR@10 of queries of the new model on documents of the old one, unmapped.
        NaiveMrr10 = row("naive_mrr10", "MRR@10, naive", "fraction", Better::Higher, Some(Quantity::NaiveMrr10), Statistic::Share),
        /// nDCG@10 of queries of the new model on documents of the old one, translated to the new one.
        DocumentsNdcg10 = row("documents_ndcg10", "nDCG@10, documents mapped", "fraction", Better::Higher, Some(Quantity::DocumentsNdcg10), Statistic::Share),
        /// Recall@10 of queries of the new model on documents of the old one, translated to the new one.
        DocumentsRecall10 = row("documents_recall10", "Recall@10, documents mapped", "fraction", Better::Higher, Some(Quantity::DocumentsRecall10), Statistic::Share),
        /// MRR@10 of queries of the new model on documents of the old one, translated to the new one.
        DocumentsMrr10 = row("documents_mrr10", "MRR@10, documents mapped", "fraction", Better::Higher, Some(Quantity::DocumentsMrr10), Statistic::Share),
        /// Share of the first ten documents that mapped and re-embedded queries have in common.
        Overlap10 = row("overlap10", "overlap@10", "fraction", Better::Higher, Some(Quantity::Overlap10), Statistic::Share),
        /// nDCG@10 of mapped queries minus that of the old model; above 0 the map is compatible.
        UpgradeGain = row("upgrade_gain", "gain over stay", "fraction", Better::Higher, Some(Quantity::UpgradeGain), Statistic::Mean),
        /// Share of queries that find a relevant document among ten when mapped, and not with the old model.
        GainedOverStay = row("gained_over_stay", "gained over stay", "fraction", Better::Higher, Some(Quantity::GainedOverStay), Statistic::Share),
        /// Share of queries that find a relevant document among ten with the old model, and not when mapped.
        LostToStay = row("lost_to_stay", "lost to stay", "fraction", Better::Lower, Some(Quantity::LostToStay), Statistic::Share),
        /// Share of queries that find a relevant document among ten when mapped, and not with the new model.
        GainedOverReembed = row("gained_over_reembed", "gained over re-embed", "fraction", Better::Higher, Some(Quantity::GainedOverReembed), Statistic::Share),
        /// Share of queries that find a relevant document among ten with the new model, and not when mapped.
        LostToReembed = row("lost_to_reembed", "lost to re-embed", "fraction", Better::Lower, Some(Quantity::LostToReembed), Statistic::Share),
        /// (mapped − stay) / (re-embed − stay) of nDCG@10; undefined if re-embedding does not beat the old model beyond its 95% interval.
        ShareKept = row("share_kept", "share kept", "fraction", Better::Higher, None, Statistic::None),
        /// Lower end of the 95% interval of the share kept over queries.
        ShareKeptLow = Row { auxiliary: true, ..row("share_kept_low", "share kept, low", "fraction", Better::Higher, None, Statistic::None) },
        /// Upper end of the 95% interval of the share kept over queries.
        ShareKeptHigh = Row { auxiliary: true, ..row("share_kept_high", "share kept, high", "fraction", Better::Higher, None, Statistic::None) },
        /// NDCG@10 of mapped queries, divided by that of re-embedding.
        ReembedShare = row("reembed_share", "share of re-embedding", "fraction", Better::Higher, None, Statistic::None),
        /// Lower end of the 95% interval of the share of re-embedding over queries.
        ReembedShareLow = Row { auxiliary: true, ..row("reembed_share_low", "share of re-embedding, low", "fraction", Better::Higher, None, Statistic::None) },
        /// Upper end of the 95% interval of the share of re-embedding over queries.
        ReembedShareHigh = Row { auxiliary: true, ..row("reembed_share_high", "share of re-embedding, high", "fraction", Better::Higher, None, Statistic::None) },
        /// Number of maps between the models of a chain.
        ChainSteps = row("chain_steps", "chain, maps", "maps", Better::Neither, None, Statistic::None),
        /// nDCG@10 of queries that are translated step by step through a chain of models.
        ChainNdcg10 = row("chain_ndcg10", "nDCG@10, chain", "fraction", Better::Higher, Some(Quantity::ChainNdcg10), Statistic::Share),
        /// Recall@10 of the same queries.
        ChainRecall10 = row("chain_recall10", "Recall@10, chain", "fraction", Better::Higher, Some(Quantity::ChainRecall10), Statistic::Share),
        /// MRR@10 of the same queries.
        ChainMrr10 = row("chain_mrr10", "MRR@10, chain", "fraction", Better::Higher, Some(Quantity::ChainMrr10), Statistic::Share),
        /// nDCG@10 of queries that are translated step by step minus that of queries that are translated in one step.
        ChainGain = row("chain_gain", "gain of the chain", "fraction", Better::Higher, Some(Quantity::ChainGain), Statistic::Mean),
        /// Mean cosine distance of standardised queries to what comes back of them from the old model.
        DirectCycleError = row("direct_cycle_error", "cycle error, direct", "cosine distance", Better::Lower, Some(Quantity::DirectCycleError), Statistic::Mean),
        /// The same by a chain of models, there and back.
        ChainCycleError = row("chain_cycle_error", "cycle error, chain", "cosine distance", Better::Lower, Some(Quantity::ChainCycleError), Statistic::Mean),
        /// Mean over queries of the distance of a query to the pairs; 1 is the root mean square over the pairs themselves.
        PairDistance = row("pair_distance", "distance to the pairs", "ratio", Better::Neither, Some(Quantity::PairDistance), Statistic::Mean),
        /// Area under the curve of risk (1 − nDCG@10 of mapped queries) against coverage, the queries nearest to the pairs first.
        Aurc = row("aurc", "AURC", "fraction", Better::Lower, None, Statistic::None),
        /// Lower end of the 95% interval of the AURC over queries.
        AurcLow = Row { auxiliary: true, ..row("aurc_low", "AURC, low", "fraction", Better::Lower, None, Statistic::None) },
        /// Upper end of the 95% interval of the AURC over queries.
        AurcHigh = Row { auxiliary: true, ..row("aurc_high", "AURC, high", "fraction", Better::Lower, None, Statistic::None) },
        /// AURC of queries in random order, the mean risk.
        AurcRandom = Row { auxiliary: true, ..row("aurc_random", "AURC, random order", "fraction", Better::Lower, None, Statistic::None) },
        /// AURC of queries in the order of their risk, the smallest possible.
        AurcOracle = Row { auxiliary: true, ..row("aurc_oracle", "AURC, oracle", "fraction", Better::Lower, None, Statistic::None) },
    }
}

impl Metric {
    /// As written in records and files.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// As written in tables and figures.
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// The metric with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// As written in records: a fraction of what could be right, unless it is a distance or a shape.
    pub fn unit(self) -> &'static str {
        self.row().unit
    }

    /// Which values are the better ones.
    pub fn better(self) -> Better {
        self.row().better
    }

    /// Whether more is better; what a table prints in bold.
    pub fn higher_is_better(self) -> bool {
        self.better() == Better::Higher
    }

    /// The least and the largest value that the metric can have; infinite where it has no bound.
    pub fn range(self) -> (f64, f64) {
        const NONE: f64 = f64::INFINITY;
        match self {
            Self::Ari | Self::Similarity(_, SimilarityStatistic::Raw) => (-1.0, 1.0),
            Self::Similarity(_, SimilarityStatistic::Calibrated | SimilarityStatistic::Ceiling) => (-NONE, 1.0),
            Self::Uniformity => (-8.0, 0.0),
            Self::UpgradeGain | Self::ChainGain => (-1.0, 1.0),
            Self::ShareKept | Self::ShareKeptLow | Self::ShareKeptHigh => (-NONE, NONE),
            // The share is of two numbers that are not negative; an end of its interval can be.
            Self::ReembedShare => (0.0, NONE),
            Self::ReembedShareLow | Self::ReembedShareHigh => (-NONE, NONE),
            // The ends of a percentile interval can lie outside the range of the value.
            Self::AurcLow | Self::AurcHigh => (-NONE, NONE),
            Self::PairDistance => (0.0, NONE),
            _ => match self.unit() {
                "fraction" | "p" => (0.0, 1.0),
                "cosine distance" | "distance" | "1 - CKA" => (0.0, 2.0),
                "squared distance" => (0.0, 4.0),
                "directions" | "maps" => (0.0, NONE),
                _ => (-NONE, NONE),
            },
        }
    }

    /// What the series hold that the figure is computed from; `None` where it is no function of one.
    pub fn quantity(self) -> Option<Quantity> {
        self.row().quantity
    }

    /// How the figure is computed from its series.
    pub fn statistic(self) -> Statistic {
        self.row().statistic
    }

    /// Whether a figure of two views is the same in either order: only one of the two is in the records.
    pub fn is_symmetric(self) -> bool {
        self.row().symmetric
    }

    /// Whether it says something about another metric, rather than something of its own.
    pub fn is_auxiliary(self) -> bool {
        self.row().auxiliary
    }
}

/// No metric has this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown metric `{name}`, expected one of {}", known())]
pub struct UnknownMetric {
    /// The name.
    pub name: String,
}

fn known() -> String {
    Metric::ALL.map(|metric| format!("`{metric}`")).join(", ")
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        Self::from_name(name).ok_or_else(|| UnknownMetric { name: name.to_string() })
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Metric;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a metric")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Metric, E> {
                name.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Name)
    }
}

/// A measure of how alike two views are; 1 is the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SimilarityMeasure {
    /// Linear centred kernel alignment, debiased.
    Cka,
    /// Share of an item's k nearest that both views agree on.
    MutualKnn,
    /// Spearman correlation of the two views' cosines between items.
    Rsa,
    /// Mean canonical correlation of the directions that hold most of the variance.
    Svcca,
    /// Orthogonal Procrustes; as it is a distance, 1 − s.
    Procrustes,
}

impl SimilarityMeasure {
    /// Every measure, in the order of records.
    pub const ALL: [Self; 5] = [Self::Cka, Self::MutualKnn, Self::Rsa, Self::Svcca, Self::Procrustes];
}

/// What is told of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SimilarityStatistic {
    /// Its value.
    Raw,
    /// `(s − mean of the null) / (1 − mean of the null)`: 0 is chance, 1 the most.
    Calibrated,
    /// Share of permutations as similar as the views, these themselves counted as one.
    P,
    /// What the halves of the two views' own coordinates reach.
    Ceiling,
}

impl SimilarityStatistic {
    /// Every reading, in the order of records.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Calibrated, Self::P, Self::Ceiling];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(metric));
            let text = serde_json::to_string(&metric).expect("serialises");
            assert_eq!(text, format!("\"{metric}\""));
            assert_eq!(serde_json::from_str::<Metric>(&text).expect("reads"), metric);
        }
        for quantity in Quantity::ALL {
            assert_eq!(quantity.to_string().parse(), Ok(quantity));
        }
        let error = "Rank1".parse::<Metric>().expect_err("a name is lower case").to_string();
        assert!(error.starts_with("unknown metric `Rank1`, expected one of `ari`, `nmi`, `rank1`"), "{error}");
        assert!(serde_json::from_str::<Metric>("1").unwrap_err().to_string().contains("the name of a metric"));
    }

    #[test]
    fn a_range_holds_what_a_metric_can_be() {
        assert_eq!((Metric::Accuracy.range(), Metric::Ari.range()), ((0.0, 1.0), (-1.0, 1.0)));
        assert_eq!((Metric::DriftMean.range(), Metric::Alignment.range()), ((0.0, 2.0), (0.0, 4.0)));
        let calibrated = Metric::Similarity(SimilarityMeasure::Cka, SimilarityStatistic::Calibrated);
        assert_eq!((calibrated.range(), Metric::HubSkewness.range().1), ((f64::NEG_INFINITY, 1.0), f64::INFINITY));
        assert!(Metric::ALL.iter().all(|metric| metric.range().0 < metric.range().1));
    }

    #[test]
    fn lines_of_the_table_do_not_contradict_themselves() {
        for (at, metric) in Metric::ALL.into_iter().enumerate() {
            assert!(Metric::ALL[..at].iter().all(|m| m.name() != metric.name() && m.title() != metric.title()));
            assert_eq!(metric.quantity().is_none(), metric.statistic() == Statistic::None, "{metric}");
            assert!(metric.unit() == "fraction" || !metric.higher_is_better(), "{metric}");
            assert!(!metric.is_auxiliary() || metric.quantity().is_none(), "{metric}");
        }
        assert!(Metric::ALL.is_sorted());
        let cka = Metric::Similarity(SimilarityMeasure::Cka, SimilarityStatistic::Raw);
        assert_eq!((cka.name(), cka.statistic(), cka.is_symmetric()), ("cka", Statistic::Mean, true));
        let p = Metric::Similarity(SimilarityMeasure::Procrustes, SimilarityStatistic::P);
        assert_eq!((p.name(), p.unit(), p.is_auxiliary()), ("procrustes_p", "p", true));
    }
}
