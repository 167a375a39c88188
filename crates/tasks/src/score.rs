//! What tasks take and what they return.

use align::{Dataset, Fitted, Matrix, SpaceKind, Split};

use crate::TaskError;

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
}

/// A figure of merit. All are fractions between 0 and 1 (the adjusted Rand index can fall below 0).
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
}

impl Metric {
    /// Every metric, in the order of records.
    pub const ALL: [Self; 7] =
        [Self::Ari, Self::Nmi, Self::Rank1, Self::Rank5, Self::Rank10, Self::Rank1Optimistic, Self::Mrr];

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
        }
    }

    /// The metric with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// As written in records.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Ari | Self::Nmi | Self::Rank1 | Self::Rank5 | Self::Rank10 | Self::Rank1Optimistic | Self::Mrr => {
                "fraction"
            }
        }
    }

    /// Whether more is better; what a table prints in bold.
    pub fn higher_is_better(self) -> bool {
        match self {
            Self::Ari | Self::Nmi | Self::Rank1 | Self::Rank5 | Self::Rank10 | Self::Rank1Optimistic | Self::Mrr => {
                true
            }
        }
    }
}

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
}

impl Quantity {
    /// Every quantity, in the order of records.
    pub const ALL: [Self; 4] = [Self::Rank, Self::RankOptimistic, Self::Cluster, Self::Label];

    /// As written in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::RankOptimistic => "rank_optimistic",
            Self::Cluster => "cluster",
            Self::Label => "label",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        for metric in Metric::ALL {
            assert_eq!(Metric::from_name(metric.name()), Some(metric));
            assert_eq!((metric.unit(), metric.higher_is_better()), ("fraction", true));
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
