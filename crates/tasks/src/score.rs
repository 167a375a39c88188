//! What tasks take and what they return.

use align::prep::{ConstantColumns, ZScore};
use align::{Dataset, Fitted, Matrix, SpaceKind, Split};

use crate::TaskError;
use crate::metrics::dense_codes;
use crate::similarity::{Measure, Reading};

/// A fitted method and the data it is judged with.
#[derive(Clone, Copy, Debug)]
pub struct TaskInput<'a> {
    /// The fitted method.
    pub fitted: &'a Fitted,
    /// The rows it was fitted on: tasks take standardisation statistics from them, and classifiers are
    /// trained on them.
    pub train: &'a Split,
    /// The rows that classifiers are chosen by, where the data have some.
    pub validation: Option<&'a Split>,
    /// The rows it is judged on.
    pub test: &'a Split,
}

impl<'a> TaskInput<'a> {
    /// A fitted method with the data it was fitted on.
    pub fn new(fitted: &'a Fitted, data: &'a Dataset) -> Self {
        Self { fitted, train: &data.train, validation: data.validation.as_ref(), test: &data.test }
    }

    /// Standardisation by the training rows that a view has (ddof 0), constant columns left out.
    ///
    /// # Errors
    /// Unknown view.
    pub(crate) fn standardisation(&self, view: &str) -> Result<ZScore, TaskError> {
        Ok(ZScore::fit(&self.train.spaces.space(view)?.observed(), ConstantColumns::Clamp))
    }
}

/// A figure of merit: fractions between 0 and 1 (the adjusted Rand index and similarities can fall below 0) and what else
/// [`Metric::unit`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Adjusted Rand index between clusters and labels.
    Ari,
    /// Normalised mutual information between clusters and labels, arithmetic mean.
    Nmi,
    /// Share of queries whose true match is ranked first, ties against the query.
    Rank1,
    /// Share of queries whose true match is among the first five, ties against the query.
    Rank5,
    /// Share of queries whose true match is among the first ten, ties against the query.
    Rank10,
    /// As [`Metric::Rank1`] with ties in favour of the query.
    Rank1Optimistic,
    /// Mean reciprocal rank of the true match, ties against the query.
    Mrr,
    /// Mean over items of the length of the mean unit row over views.
    GammaMean,
    /// 0.90 quantile of the same.
    Gamma90,
    /// Mean cosine distance of matched items over pairs of views.
    DeltaPos,
    /// Mean cosine distance of corrected to linear rows.
    DriftMean,
    /// Lower median of the same.
    DriftMedian,
    /// 0.95 quantile of the same.
    DriftP95,
    /// Share of items that a classifier gets right.
    Accuracy,
    /// Share of queries with an item of their class ranked first.
    Cmc1,
    /// Share of queries with an item of their class among the first five.
    Cmc5,
    /// Mean over queries of the average precision.
    Map,
    /// Mean cosine distance of standardised rows to what comes back of them by a cycle of linear maps.
    CycleError,
    /// The same by a cycle of translations through the corrector.
    CycleErrorCorrected,
    /// Skewness over items of the number of queries that have them among their nearest.
    HubSkewness,
    /// Share of items that no query has among its nearest.
    AntiHubs,
    /// How alike two views are by one measure, in one of its readings.
    Similarity(Measure, Reading),
    /// Mean squared distance of matched unit rows of two views.
    Alignment,
    /// Logarithm of the mean Gaussian potential of a view's unit rows: the more evenly they are spread, the lower.
    Uniformity,
    /// Exponential of the entropy of a view's singular values.
    EffectiveRank,
    /// Distance of the means of two views' unit rows.
    ModalityGap,
    /// 1 − debiased CKA of a view afterwards and as it came.
    Distortion,
}

impl Metric {
    /// Every metric, in the order of records.
    pub const ALL: [Self; 46] = [
        Self::Ari,
        Self::Nmi,
        Self::Rank1,
        Self::Rank5,
        Self::Rank10,
        Self::Rank1Optimistic,
        Self::Mrr,
        Self::GammaMean,
        Self::Gamma90,
        Self::DeltaPos,
        Self::DriftMean,
        Self::DriftMedian,
        Self::DriftP95,
        Self::Accuracy,
        Self::Cmc1,
        Self::Cmc5,
        Self::Map,
        Self::CycleError,
        Self::CycleErrorCorrected,
        Self::HubSkewness,
        Self::AntiHubs,
        Self::Similarity(Measure::Cka, Reading::Raw),
        Self::Similarity(Measure::Cka, Reading::Calibrated),
        Self::Similarity(Measure::Cka, Reading::P),
        Self::Similarity(Measure::Cka, Reading::Ceiling),
        Self::Similarity(Measure::MutualKnn, Reading::Raw),
        Self::Similarity(Measure::MutualKnn, Reading::Calibrated),
        Self::Similarity(Measure::MutualKnn, Reading::P),
        Self::Similarity(Measure::MutualKnn, Reading::Ceiling),
        Self::Similarity(Measure::Rsa, Reading::Raw),
        Self::Similarity(Measure::Rsa, Reading::Calibrated),
        Self::Similarity(Measure::Rsa, Reading::P),
        Self::Similarity(Measure::Rsa, Reading::Ceiling),
        Self::Similarity(Measure::Svcca, Reading::Raw),
        Self::Similarity(Measure::Svcca, Reading::Calibrated),
        Self::Similarity(Measure::Svcca, Reading::P),
        Self::Similarity(Measure::Svcca, Reading::Ceiling),
        Self::Similarity(Measure::Procrustes, Reading::Raw),
        Self::Similarity(Measure::Procrustes, Reading::Calibrated),
        Self::Similarity(Measure::Procrustes, Reading::P),
        Self::Similarity(Measure::Procrustes, Reading::Ceiling),
        Self::Alignment,
        Self::Uniformity,
        Self::EffectiveRank,
        Self::ModalityGap,
        Self::Distortion,
    ];

    /// As written in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ari => "ari",
            Self::Nmi => "nmi",
            Self::Rank1 => "rank1",
            Self::Rank5 => "rank5",
            Self::Rank10 => "rank10",
            Self::Rank1Optimistic => "rank1_optimistic",
            Self::Mrr => "mrr",
            Self::GammaMean => "gamma_mean",
            Self::Gamma90 => "gamma90",
            Self::DeltaPos => "delta_pos",
            Self::DriftMean => "drift_mean",
            Self::DriftMedian => "drift_median",
            Self::DriftP95 => "drift_p95",
            Self::Accuracy => "accuracy",
            Self::Cmc1 => "cmc1",
            Self::Cmc5 => "cmc5",
            Self::Map => "map",
            Self::CycleError => "cycle_error",
            Self::CycleErrorCorrected => "cycle_error_corrected",
            Self::HubSkewness => "hub_skewness",
            Self::AntiHubs => "anti_hubs",
            Self::Similarity(measure, reading) => SIMILARITIES[measure as usize][reading as usize],
            Self::Alignment => "alignment",
            Self::Uniformity => "uniformity",
            Self::EffectiveRank => "effective_rank",
            Self::ModalityGap => "modality_gap",
            Self::Distortion => "distortion",
        }
    }

    /// The metric with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// As written in records: a fraction of what could be right, unless it is a distance or a shape.
    pub fn unit(self) -> &'static str {
        match self {
            Self::DeltaPos
            | Self::DriftMean
            | Self::DriftMedian
            | Self::DriftP95
            | Self::CycleError
            | Self::CycleErrorCorrected => "cosine distance",
            Self::HubSkewness => "skewness",
            Self::Similarity(_, Reading::P) => "p",
            Self::Similarity(Measure::Procrustes, Reading::Raw) => "Procrustes distance",
            Self::Alignment => "squared distance",
            Self::Uniformity => "log potential",
            Self::EffectiveRank => "directions",
            Self::ModalityGap => "distance",
            Self::Distortion => "1 - CKA",
            Self::Similarity(..)
            | Self::Ari
            | Self::Nmi
            | Self::Rank1
            | Self::Rank5
            | Self::Rank10
            | Self::Rank1Optimistic
            | Self::Mrr
            | Self::GammaMean
            | Self::Gamma90
            | Self::Accuracy
            | Self::Cmc1
            | Self::Cmc5
            | Self::AntiHubs
            | Self::Map => "fraction",
        }
    }

    /// The per-item series that the figure is computed from; `None` where it is no function of one.
    pub fn series(self) -> Option<Quantity> {
        Some(match self {
            Self::Ari | Self::Nmi => Quantity::Cluster,
            Self::Rank1 | Self::Rank5 | Self::Rank10 | Self::Mrr => Quantity::Rank,
            Self::Rank1Optimistic => Quantity::RankOptimistic,
            Self::GammaMean | Self::Gamma90 => Quantity::Gamma,
            Self::DeltaPos => Quantity::DeltaPos,
            Self::DriftMean | Self::DriftMedian | Self::DriftP95 => Quantity::Drift,
            Self::Accuracy => Quantity::Correct,
            Self::Cmc1 | Self::Cmc5 => Quantity::FirstMatch,
            Self::Map => Quantity::AveragePrecision,
            Self::CycleError => Quantity::CycleError,
            Self::CycleErrorCorrected => Quantity::CycleErrorCorrected,
            Self::HubSkewness => Quantity::Occurrences,
            Self::AntiHubs => Quantity::AntiHub,
            Self::Similarity(Measure::Cka, Reading::Raw) => Quantity::Cka,
            Self::Similarity(Measure::MutualKnn, Reading::Raw) => Quantity::NeighboursShared,
            Self::Alignment => Quantity::SquaredDistance,
            Self::Distortion => Quantity::Distortion,
            Self::Similarity(..) | Self::Uniformity | Self::EffectiveRank | Self::ModalityGap => return None,
        })
    }

    /// Whether a figure of two views is the same in either order: only one of the two is in the records.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Self::Similarity(..) | Self::Alignment | Self::ModalityGap)
    }

    /// Whether it says something about another metric, rather than something of its own.
    pub fn is_side_note(self) -> bool {
        matches!(self, Self::Similarity(_, reading) if reading != Reading::Raw)
    }

    /// Whether more is better; what a table prints in bold.
    pub fn higher_is_better(self) -> bool {
        self.unit() == "fraction" && self != Self::AntiHubs
    }
}

/// Names by measure and reading.
const SIMILARITIES: [[&str; 4]; 5] = [
    ["cka", "cka_calibrated", "cka_p", "cka_ceiling"],
    ["mutual_knn", "mutual_knn_calibrated", "mutual_knn_p", "mutual_knn_ceiling"],
    ["rsa", "rsa_calibrated", "rsa_p", "rsa_ceiling"],
    ["svcca", "svcca_calibrated", "svcca_p", "svcca_ceiling"],
    ["procrustes", "procrustes_calibrated", "procrustes_p", "procrustes_ceiling"],
];

/// One figure: a metric of a view (`source` alone), of an ordered pair (`source`, `target`) or of all
/// views together (neither).
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The coordinates in which it was measured.
    pub space: SpaceKind,
    /// The view, or the source of the pair.
    pub source: Option<String>,
    /// The target of the pair.
    pub target: Option<String>,
    /// What was measured.
    pub metric: Metric,
    /// The figure; `None` where it does not apply, never zero in its place.
    pub value: Option<f64>,
    /// Held-out items behind it.
    pub n: usize,
    /// Why there is no value.
    pub reason: Option<String>,
}

/// What a per-item series holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quantity {
    /// Rank of the true match, from 1, ties against the query.
    Rank,
    /// Rank of the true match, from 1, ties in favour of the query.
    RankOptimistic,
    /// The item's cluster, from 0.
    Cluster,
    /// The item's label as a dense code from 0, in ascending order of the label values.
    Label,
    /// The group of the item as a dense code from 0, in ascending order of the groups' values.
    Group,
    /// Length of the mean unit row over views.
    Gamma,
    /// Mean cosine distance over pairs of views.
    DeltaPos,
    /// Cosine distance of the corrected to the linear row.
    Drift,
    /// 1 where the classifier is right, else 0.
    Correct,
    /// Rank of the first item of the query's class, from 1; NaN where the gallery has none.
    FirstMatch,
    /// Average precision; NaN where the gallery has no item of the query's class.
    AveragePrecision,
    /// Cosine distance after a cycle of linear maps.
    CycleError,
    /// Cosine distance after a cycle of translations through the corrector.
    CycleErrorCorrected,
    /// How many queries have the item among their nearest; the mean over all ways to break ties.
    Occurrences,
    /// The chance that no query has the item among its nearest, were ties broken at random; 0 or 1 without ties.
    AntiHub,
    /// What the item adds to the debiased CKA of two views, to first order; the mean is the CKA.
    Cka,
    /// Share of the item's nearest that two views agree on.
    NeighboursShared,
    /// Squared distance of the item's unit rows in two views.
    SquaredDistance,
    /// What the item adds to the distortion of a view, to first order; the mean is the distortion.
    Distortion,
}

impl Quantity {
    /// Every quantity, in the order of records.
    pub const ALL: [Self; 19] = [
        Self::Rank,
        Self::RankOptimistic,
        Self::Cluster,
        Self::Label,
        Self::Group,
        Self::Gamma,
        Self::DeltaPos,
        Self::Drift,
        Self::Correct,
        Self::FirstMatch,
        Self::AveragePrecision,
        Self::CycleError,
        Self::CycleErrorCorrected,
        Self::Occurrences,
        Self::AntiHub,
        Self::Cka,
        Self::NeighboursShared,
        Self::SquaredDistance,
        Self::Distortion,
    ];

    /// As written in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::RankOptimistic => "rank_optimistic",
            Self::Cluster => "cluster",
            Self::Label => "label",
            Self::Group => "group",
            Self::Gamma => "gamma",
            Self::DeltaPos => "delta_pos",
            Self::Drift => "drift",
            Self::Correct => "correct",
            Self::FirstMatch => "first_match",
            Self::AveragePrecision => "average_precision",
            Self::CycleError => "cycle_error",
            Self::CycleErrorCorrected => "cycle_error_corrected",
            Self::Occurrences => "occurrences",
            Self::AntiHub => "anti_hub",
            Self::Cka => "cka",
            Self::NeighboursShared => "neighbours_shared",
            Self::SquaredDistance => "squared_distance",
            Self::Distortion => "distortion",
        }
    }

    /// The quantity with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.name() == name)
    }
}

/// One value per held-out item, in the order of the split's rows.
///
/// Ranks, clusters and label codes are whole numbers, exact in `f32` up to 2²⁴ = 16.8 million items.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The coordinates in which it was measured.
    pub space: SpaceKind,
    /// The view, or the source of the pair.
    pub source: Option<String>,
    /// The target of the pair.
    pub target: Option<String>,
    /// What the values are.
    pub quantity: Quantity,
    /// The k-means seed of a cluster series.
    pub draw: Option<u64>,
    /// One value per item.
    pub values: Vec<f32>,
}

/// What a task returns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// The figures.
    pub scores: Vec<Score>,
    /// The per-item values that they are computed from.
    pub series: Vec<Series>,
}

/// The groups of items as a series, the grouping's name as its source.
pub fn group_series(space: SpaceKind, name: &str, groups: &[i64]) -> Series {
    let values = dense_codes(groups).0.into_iter().map(|code| code as f32).collect();
    Series { space, source: Some(name.to_string()), target: None, quantity: Quantity::Group, draw: None, values }
}

/// Stops at the first value that is not finite: a NaN compares false with everything, so it would be
/// ranked first rather than last.
pub(crate) fn check_finite(space: SpaceKind, view: &dyn Fn() -> String, x: &Matrix) -> Result<(), TaskError> {
    match x.as_slice().iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(TaskError::NotFinite {
            space: space.name(),
            view: view(),
            row: at / x.cols(),
            col: at % x.cols(),
            value: x.as_slice()[at],
        }),
    }
}

/// Stops at the first value that is no finite number or so large that a sum of products of two rows may not be one: what
/// public functions ask of the matrices that a caller brings.
pub(crate) fn check_numbers(op: &'static str, name: &'static str, x: &Matrix) -> Result<(), TaskError> {
    // Four products for a squared distance, and one more factor of two for the difference of two similarities.
    let most = (f32::MAX / (8.0 * x.cols().max(1) as f32)).sqrt();
    match x.as_slice().iter().position(|v| !v.is_finite() || v.abs() > most) {
        None => Ok(()),
        Some(at) => {
            let (row, col, value) = (at / x.cols(), at % x.cols(), x.as_slice()[at]);
            Err(TaskError::NoNumber { op, name, row, col, value })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        for metric in Metric::ALL {
            assert_eq!(Metric::from_name(metric.name()), Some(metric));
            assert!(metric.unit() == "fraction" || !metric.higher_is_better());
        }
        for quantity in Quantity::ALL {
            assert_eq!(Quantity::from_name(quantity.name()), Some(quantity));
        }
        assert_eq!(Metric::from_name("Rank1"), None);
    }

    #[test]
    fn the_first_value_that_is_not_finite_is_named() {
        let mut x = Matrix::zeros(3, 2);
        assert!(check_finite(SpaceKind::Universe, &|| "en".into(), &x).is_ok());
        x.row_mut(1)[1] = f32::NAN;
        let error = check_finite(SpaceKind::Universe, &|| "en".into(), &x).unwrap_err().to_string();
        assert!(error.starts_with("universe coordinates of view `en` hold NaN at row 1, column 1"), "{error}");
    }
}
