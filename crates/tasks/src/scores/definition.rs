//! What every metric means, in one line: shown in reports, and the table of `docs/concepts.md`.

use crate::scores::metric::{Better, Metric, SimilarityMeasure, SimilarityStatistic};

impl Better {
    /// `higher is better`, `lower is better`, or that there is no better.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Higher => "higher is better",
            Self::Lower => "lower is better",
            Self::Neither => "describes, neither is better",
        }
    }
}

impl Metric {
    /// Its definition, one sentence.
    pub fn definition(self) -> &'static str {
        match self {
            Self::Ari => "Adjusted Rand index between the clusters of k-means and the labels; 0 is what chance gives.",
            Self::Nmi => {
                "Mutual information of clusters and labels, divided by the arithmetic mean of their two entropies."
            }
            Self::Rank1 => {
                "Share of queries whose match (or a right answer, if there are several) is their nearest in the other view; ties count against the query."
            }
            Self::Rank5 => {
                "Share of queries whose match (or a right answer) is among their five nearest in the other view; ties as in Rank-1."
            }
            Self::Rank10 => {
                "Share of queries whose match (or a right answer) is among their ten nearest in the other view; ties as in Rank-1."
            }
            Self::Rank1Optimistic => "Rank-1 with ties counted in favour of the query.",
            Self::Mrr => {
                "Mean over queries of 1 / rank of their match (or first right answer) in the other view; ties as in Rank-1."
            }
            Self::GammaMean => {
                "Γ of an item is the length of the mean of its unit vectors over views: 1 where all views put it in one \
                 direction; this is the mean over items."
            }
            Self::Gamma90 => {
                "The 0.90 quantile over items of Γ, the length of the mean of an item's unit vectors over views."
            }
            Self::DeltaPos => {
                "Δ⁺: cosine distance of an item's vectors in two views, mean over pairs of views, then over items."
            }
            Self::DriftMean => "Cosine distance between a vector before and after the corrector, mean over items.",
            Self::DriftMedian => {
                "Cosine distance between a vector before and after the corrector, lower median over items."
            }
            Self::DriftP95 => {
                "Cosine distance between a vector before and after the corrector, 0.95 quantile over items."
            }
            Self::Accuracy => {
                "Share of held-out items whose class is predicted right by a classifier trained on one view and tested on \
                 another."
            }
            Self::Cmc1 => "Share of queries whose nearest gallery item is of their class.",
            Self::Cmc5 => "Share of queries that have an item of their class among the five nearest of the gallery.",
            Self::Map => "Average precision of a query's ranked gallery, mean over queries.",
            Self::CycleError => {
                "Cosine distance between a standardised vector and what comes back of it after a cycle through all views by \
                 linear maps, mean over items."
            }
            Self::CycleErrorCorrected => {
                "Cosine distance between a standardised vector and what comes back of it after a cycle of translations through the \
                 corrector, mean over items."
            }
            Self::HubSkewness => {
                "Skewness over gallery items of the number of queries that have them among their k nearest; large where a \
                 few items are near to everything."
            }
            Self::AntiHubs => "Share of gallery items that no query has among its k nearest.",
            Self::Similarity(measure, SimilarityStatistic::Raw) => match measure {
                SimilarityMeasure::Cka => {
                    "Debiased linear centred kernel alignment of two views: 1 for views equal up to a rotation and a scale."
                }
                SimilarityMeasure::MutualKnn => {
                    "Share of an item's k nearest by cosine that two views have in common, mean over items."
                }
                SimilarityMeasure::Rsa => "Spearman correlation of two views' cosines over all pairs of items.",
                SimilarityMeasure::Svcca => {
                    "Mean canonical correlation of two views' leading principal axes (those that hold a given share of the variance)."
                }
                SimilarityMeasure::Procrustes => {
                    "1 − s, s the nuclear norm of XᵀY of two views centred and scaled to norm 1: 0 for views equal up to a rotation \
                     and a scale."
                }
            },
            Self::Similarity(_, SimilarityStatistic::Calibrated) => {
                "(s − μ₀) / (1 − μ₀) for the similarity s, μ₀ its mean over permutations of one view's items: 0 is chance, 1 the \
                 most."
            }
            Self::Similarity(_, SimilarityStatistic::P) => {
                "Share of permutations of one view's items that are as similar as the views themselves, these counted as one."
            }
            Self::Similarity(_, SimilarityStatistic::Ceiling) => {
                "The similarity of two random halves of a view's own coordinates, geometric mean of both views: what two views can \
                 be expected to reach."
            }
            Self::Alignment => "Squared distance of an item's unit vectors in two views, mean over items.",
            Self::Uniformity => {
                "Logarithm of the mean of exp(−2 · squared distance) over pairs of a view's unit vectors: lower where they spread \
                 more evenly."
            }
            Self::EffectiveRank => {
                "Exponential of the entropy of a view's normalised singular values: how many directions it uses."
            }
            Self::ModalityGap => "Distance between the means of two views' unit vectors.",
            Self::Ndcg10 => {
                "Discounted gain of a query's right answers among its ten nearest, divided by the largest possible gain, mean over \
                 queries."
            }
            Self::Distortion => "1 − debiased CKA between a view after the alignment and the view as it came.",
            Self::Recall10 => {
                "Share of the relevant documents that are among the first ten of a query, mean over queries."
            }
            Self::Mrr10 => {
                "1 / rank of the first relevant document of a query, 0 if it is not among the first ten, mean over queries."
            }
            Self::StayNdcg10 => "nDCG@10 of queries and documents of the old model.",
            Self::StayRecall10 => "Recall@10 of queries and documents of the old model.",
            Self::StayMrr10 => "MRR@10 of queries and documents of the old model.",
            Self::ReembedNdcg10 => "nDCG@10 of queries and documents of the new model.",
            Self::ReembedRecall10 => "Recall@10 of queries and documents of the new model.",
            Self::ReembedMrr10 => "MRR@10 of queries and documents of the new model.",
            Self::NaiveNdcg10 => "nDCG@10 of queries of the new model on documents of the old one, unmapped.",
            Self::NaiveRecall10 => "Recall@10 of queries of the new model on documents of the old one, unmapped.",
            Self::NaiveMrr10 => "MRR@10 of queries of the new model on documents of the old one, unmapped.",
            Self::DocumentsNdcg10 => {
                "nDCG@10 of queries of the new model on documents of the old one, translated to the new one."
            }
            Self::DocumentsRecall10 => {
                "Recall@10 of queries of the new model on documents of the old one, translated to the new one."
            }
            Self::DocumentsMrr10 => {
                "MRR@10 of queries of the new model on documents of the old one, translated to the new one."
            }
            Self::Overlap10 => {
                "Share of the first ten documents that mapped and re-embedded queries have in common, mean over queries."
            }
            Self::UpgradeGain => {
                "nDCG@10 of mapped queries minus nDCG@10 of the old model, mean over queries; above 0 the map is backward compatible."
            }
            Self::GainedOverStay => {
                "Share of queries that find a relevant document among ten when mapped, and not with the old model."
            }
            Self::LostToStay => {
                "Share of queries that find a relevant document among ten with the old model, and not when mapped."
            }
            Self::GainedOverReembed => {
                "Share of queries that find a relevant document among ten when mapped, and not with the new model."
            }
            Self::LostToReembed => {
                "Share of queries that find a relevant document among ten with the new model, and not when mapped."
            }
            Self::ShareKept => {
                "(mapped − stay) / (re-embed − stay) of nDCG@10; undefined if re-embedding does not beat the old model beyond its 95% interval."
            }
            Self::ShareKeptLow => "Lower end of the 95% interval of the share kept, paired over queries.",
            Self::ShareKeptHigh => "Upper end of the 95% interval of the share kept, paired over queries.",
            Self::ReembedShare => "NDCG@10 of mapped queries, divided by that of re-embedding.",
            Self::ReembedShareLow => "Lower end of the 95% interval of the share of re-embedding, paired over queries.",
            Self::ReembedShareHigh => {
                "Upper end of the 95% interval of the share of re-embedding, paired over queries."
            }
            Self::ChainSteps => "Number of maps that a query goes through, from model to model of a chain.",
            Self::ChainNdcg10 => {
                "nDCG@10 of queries that are translated step by step through a chain of models, on documents of the old one."
            }
            Self::ChainRecall10 => {
                "Recall@10 of queries that are translated step by step through a chain of models, on documents of the old one."
            }
            Self::ChainMrr10 => {
                "MRR@10 of queries that are translated step by step through a chain of models, on documents of the old one."
            }
            Self::ChainGain => {
                "nDCG@10 of queries that are translated step by step through a chain minus that of queries that are translated in one step."
            }
            Self::DirectCycleError => {
                "Cosine distance between a standardised query and what comes back of it after a translation to the old model and back, mean over queries."
            }
            Self::ChainCycleError => {
                "Cosine distance between a standardised query and what comes back of it after a chain of models there and back, mean over queries."
            }
            Self::PairDistance => {
                "Distance of a query to the pairs of the fit in the new model's coordinates, mean over queries; 1 is the root mean \
                 square over the pairs themselves."
            }
            Self::Aurc => {
                "Area under the curve of risk (1 − nDCG@10 of mapped queries) against coverage, the queries nearest to the pairs \
                 first."
            }
            Self::AurcLow => "Lower end of the 95% interval of the AURC over queries.",
            Self::AurcHigh => "Upper end of the 95% interval of the AURC over queries.",
            Self::AurcRandom => "AURC of queries in random order: their mean risk.",
            Self::AurcOracle => "AURC of queries in the order of their risk: the smallest possible.",
        }
    }

    /// The values that it can have, in words.
    pub fn range_in_words(self) -> String {
        match self.range() {
            (least, most) if least.is_finite() && most.is_finite() => format!("{least} to {most}"),
            (least, _) if least.is_finite() => format!("{least} or more"),
            (_, most) if most.is_finite() => format!("{most} or less"),
            _ => "any number".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_metric_has_its_line_in_the_concepts() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/concepts.md");
        let text = std::fs::read_to_string(path).expect("the document");
        for metric in Metric::ALL {
            let (title, better) = (metric.title(), metric.better().in_words());
            let line =
                format!("| {title} | `{metric}` | {} | {better} | {} |", metric.definition(), metric.range_in_words());
            assert!(text.lines().any(|found| found == line), "docs/concepts.md lacks the line\n{line}");
        }
        let lines = text.lines().filter(|line| line.ends_with(" |") && line.contains(" better | ")).count();
        assert_eq!(lines, Metric::ALL.len(), "a line of docs/concepts.md is of no metric");
    }

    #[test]
    fn a_definition_is_one_sentence() {
        for metric in Metric::ALL {
            let text = metric.definition();
            assert!(text.ends_with('.') && !text.contains('|') && text.len() < 200, "{metric}: {text}");
        }
        assert_eq!(Metric::Ari.range_in_words(), "-1 to 1");
        assert_eq!(Metric::EffectiveRank.range_in_words(), "0 or more");
    }
}
