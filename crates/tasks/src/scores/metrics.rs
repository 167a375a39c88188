//! Computation of metrics: agreement of two partitions, summaries of ranks.

use align::Matrix;
use align::prep::cosine_rows;

use crate::scores::metric::{Metric, Statistic};
use crate::{TaskError, statistics::resamples};

/// Cell number of an item that is not counted.
const NO_CELL: u32 = u32::MAX;

/// Largest whole number whose `x ln x` is in the table.
const TABLE: usize = 4096;

/// Contingency table of two partitions of the same n items, built once and counted with any weights of the items.
///
/// Only cells with items are stored (at most n), so many small classes need no k × k memory. A weighted count costs
/// O(n) additions and one pass over these cells.
#[derive(Clone, Debug)]
pub struct ContingencyTable {
    /// Cell of each item.
    cell_of_item: Vec<u32>,
    /// Cluster and class of each cell.
    cells: Vec<(u32, u32)>,
    clusters: usize,
    classes: usize,
    /// `x ln x` for small whole x.
    x_ln_x: Vec<f64>,
}

/// Agreement of clusters with labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Adjusted Rand index.
    pub ari: f64,
    /// Normalised mutual information.
    pub nmi: f64,
}

impl Agreement {
    /// The value of a metric; `None` if the metric is not an agreement.
    pub fn figure(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Ari => Some(self.ari),
            Metric::Nmi => Some(self.nmi),
            _ => None,
        }
    }
}

impl ContingencyTable {
    /// From the cluster and the label of every item. O(n log n).
    ///
    /// # Errors
    /// [`TaskError::Shape`] if the lengths differ.
    pub fn new<A: Ord + Copy, B: Ord + Copy>(clusters: &[A], labels: &[B]) -> Result<Self, TaskError> {
        check_lengths("cross table", "clusters", clusters.len(), "labels", labels.len())?;
        let (clusters, cluster_count) = dense_codes(clusters);
        let (labels, class_count) = dense_codes(labels);
        let joint: Vec<(u32, u32)> = clusters.into_iter().zip(labels).collect();
        let (cell_of_item, _) = dense_codes(&joint);
        let mut cells = joint;
        cells.sort_unstable();
        cells.dedup();
        let size = TABLE.min(cell_of_item.len() + 1);
        let x_ln_x = (0..size).map(|x| direct_x_ln_x(x as u64)).collect();
        Ok(Self { cell_of_item, cells, clusters: cluster_count, classes: class_count, x_ln_x })
    }

    /// A table of two series of whole numbers per item, as records store them. Items whose cluster is NaN are not counted.
    ///
    /// # Errors
    /// The errors of [`ContingencyTable::new`].
    pub fn from_series(clusters: &[f32], labels: &[f32]) -> Result<Self, TaskError> {
        check_lengths("cross table", "clusters", clusters.len(), "labels", labels.len())?;
        let counted: Vec<usize> = (0..clusters.len()).filter(|&item| !clusters[item].is_nan()).collect();
        let bits = |values: &[f32]| counted.iter().map(|&item| values[item].to_bits()).collect::<Vec<_>>();
        let mut table = Self::new(&bits(clusters), &bits(labels))?;
        if counted.len() < clusters.len() {
            let mut cells = vec![NO_CELL; clusters.len()];
            counted.iter().zip(&table.cell_of_item).for_each(|(&item, &cell)| cells[item] = cell);
            table.cell_of_item = cells;
        }
        Ok(table)
    }

    /// Number of items n.
    pub fn items(&self) -> usize {
        self.cell_of_item.len()
    }

    /// ARI and NMI with every item counted once.
    pub fn agreement(&self) -> Agreement {
        let mut counts = vec![0u32; self.cells.len()];
        for &cell in &self.cell_of_item {
            if let Some(count) = counts.get_mut(cell as usize) {
                *count += 1;
            }
        }
        self.agreement_of(&counts)
    }

    /// ARI and NMI with item i counted `weights[i]` times, for the bootstrap. The sum of the weights must stay below
    /// 2³².
    ///
    /// # Errors
    /// [`TaskError::Shape`] if there is not one weight per item.
    pub fn weighted_agreement(&self, weights: &[u32]) -> Result<Agreement, TaskError> {
        check_lengths("weighted agreement", "weights", weights.len(), "items", self.items())?;
        let mut counts = vec![0u32; self.cells.len()];
        for (&cell, &weight) in self.cell_of_item.iter().zip(weights) {
            if let Some(count) = counts.get_mut(cell as usize) {
                *count += weight;
            }
        }
        Ok(self.agreement_of(&counts))
    }

    fn agreement_of(&self, counts: &[u32]) -> Agreement {
        let mut rows = vec![0u64; self.clusters];
        let mut columns = vec![0u64; self.classes];
        let mut joint = Marginal::default();
        for (&(row, column), &count) in self.cells.iter().zip(counts) {
            let count = u64::from(count);
            rows[row as usize] += count;
            columns[column as usize] += count;
            joint.add(count, self);
        }
        let (mut a, mut b) = (Marginal::default(), Marginal::default());
        rows.iter().for_each(|&count| a.add(count, self));
        columns.iter().for_each(|&count| b.add(count, self));
        Agreement { ari: adjusted_rand(&joint, &a, &b), nmi: normalised_information(&joint, &a, &b) }
    }

    fn x_ln_x(&self, x: u64) -> f64 {
        self.x_ln_x.get(x as usize).copied().unwrap_or_else(|| direct_x_ln_x(x))
    }
}

fn direct_x_ln_x(x: u64) -> f64 {
    if x == 0 { 0.0 } else { x as f64 * (x as f64).ln() }
}

/// Sums over the counts of one side of the table.
#[derive(Default)]
struct Marginal {
    total: u64,
    occupied: usize,
    squares: u64,
    x_ln_x: f64,
}

impl Marginal {
    fn add(&mut self, count: u64, table: &ContingencyTable) {
        self.total += count;
        self.occupied += usize::from(count > 0);
        self.squares += count * count;
        self.x_ln_x += table.x_ln_x(count);
    }
}

/// Adjusted Rand index from ordered pairs of items: with `tp` together in both partitions, `fp` and `fn`
/// in one, `tn` in neither, `2 (tp·tn − fn·fp) / ((tp+fn)(fn+tn) + (tp+fp)(fp+tn))`; 1 where no pair is
/// treated differently, as scikit-learn has it. Source: Hubert and Arabie 1985.
fn adjusted_rand(joint: &Marginal, a: &Marginal, b: &Marginal) -> f64 {
    let n = joint.total as f64;
    // Whole numbers below 2^53 for n below 9e7, so these differences are exact.
    let tp = joint.squares as f64 - n;
    let fp = b.squares as f64 - joint.squares as f64;
    let fne = a.squares as f64 - joint.squares as f64;
    let tn = n * n - fp - fne - joint.squares as f64;
    if fp == 0.0 && fne == 0.0 {
        return 1.0;
    }
    2.0 * (tp * tn - fne * fp) / ((tp + fne) * (fne + tn) + (tp + fp) * (fp + tn))
}

/// Mutual information divided by the arithmetic mean of the two entropies, clipped at 0. As in scikit-learn, it is 1 if
/// both partitions have a single class (or there is no item), and 0 if only one has.
fn normalised_information(joint: &Marginal, a: &Marginal, b: &Marginal) -> f64 {
    if a.occupied <= 1 && b.occupied <= 1 {
        return 1.0;
    }
    if a.occupied <= 1 || b.occupied <= 1 {
        return 0.0;
    }
    let n = joint.total as f64;
    let entropy = |side: &Marginal| n.ln() - side.x_ln_x / n;
    let (of_a, of_b) = (entropy(a), entropy(b));
    let information = of_a + of_b - entropy(joint);
    if information <= f64::EPSILON { 0.0 } else { information / (0.5 * (of_a + of_b)) }
}

/// ARI and NMI of clusters and labels with item i counted `weights[i]` times. For many weights of the same items, build
/// one [`ContingencyTable`].
///
/// # Errors
/// [`TaskError::Shape`] if the lengths differ.
pub fn ari_nmi_weighted<A: Ord + Copy, B: Ord + Copy>(
    clusters: &[A],
    labels: &[B],
    weights: &[u32],
) -> Result<Agreement, TaskError> {
    ContingencyTable::new(clusters, labels)?.weighted_agreement(weights)
}

/// Position of every value among the distinct values in ascending order, and the number of distinct values.
pub fn dense_codes<T: Ord + Copy>(values: &[T]) -> (Vec<u32>, usize) {
    let mut distinct = values.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let code = |value: &T| distinct.binary_search(value).unwrap_or_default() as u32;
    (values.iter().map(code).collect(), distinct.len())
}

/// Share of ranks that are at most k. For n < k it is 1.
pub fn hits_at(ranks: &[f32], k: u32) -> f64 {
    let hits = ranks.iter().filter(|&&rank| rank <= k as f32).count();
    hits as f64 / ranks.len() as f64
}

/// Mean of 1 / rank.
pub fn mean_reciprocal_rank(ranks: &[f32]) -> f64 {
    ranks.iter().map(|&rank| 1.0 / f64::from(rank)).sum::<f64>() / ranks.len() as f64
}

/// [`hits_at`] with query i counted `weights[i]` times.
///
/// # Errors
/// [`TaskError::Shape`] if there is not one weight per rank.
pub fn weighted_hits_at(ranks: &[f32], k: u32, weights: &[u32]) -> Result<f64, TaskError> {
    check_lengths("weighted hits", "ranks", ranks.len(), "weights", weights.len())?;
    let (mut hits, mut total) = (0u64, 0u64);
    for (&rank, &weight) in ranks.iter().zip(weights) {
        hits += u64::from(weight) * u64::from(rank <= k as f32);
        total += u64::from(weight);
    }
    Ok(hits as f64 / total as f64)
}

/// [`mean_reciprocal_rank`] with query i counted `weights[i]` times.
///
/// # Errors
/// [`TaskError::Shape`] if there is not one weight per rank.
pub fn weighted_mean_reciprocal_rank(ranks: &[f32], weights: &[u32]) -> Result<f64, TaskError> {
    check_lengths("weighted mean reciprocal rank", "ranks", ranks.len(), "weights", weights.len())?;
    let (mut sum, mut total) = (0.0, 0u64);
    for (&rank, &weight) in ranks.iter().zip(weights) {
        sum += f64::from(weight) / f64::from(rank);
        total += u64::from(weight);
    }
    Ok(sum / total as f64)
}

/// A metric computed from its series ([`Metric::quantity`]) with item i counted `weights[i]` times, for resamples.
/// `None` if it is undefined: no item counts, or the metric is not a function of such a series (agreement of clusters
/// needs [`ContingencyTable`]; uniformity, effective rank and modality gap need the vectors).
///
/// # Errors
/// [`TaskError::Shape`] if there is not one weight per value.
pub fn weighted_figure(metric: Metric, values: &[f32], weights: &[u32]) -> Result<Option<f64>, TaskError> {
    let statistic = metric.statistic();
    let value = match statistic {
        Statistic::Quantile(q) => weighted_quantile(values, q, weights)?,
        Statistic::LowerMedian => weighted_lower_median(values, weights)?,
        Statistic::Skewness => weighted_skewness(values, weights)?,
        Statistic::HitsAt(_) | Statistic::Reciprocal | Statistic::Share | Statistic::Mean => {
            check_lengths("weighted figure", "values", values.len(), "weights", weights.len())?;
            let (mut sum, mut total) = (0.0, 0u64);
            for (&value, &weight) in values.iter().zip(weights) {
                let Some(value) = part(statistic, value) else { continue };
                sum += f64::from(weight) * value;
                total += u64::from(weight);
            }
            sum / total as f64
        }
        Statistic::Agreement | Statistic::None => return Ok(None),
    };
    Ok(value.is_finite().then_some(value))
}

/// Contribution of one item to a metric that is a mean over items; `None` for other metrics, and for an item that does
/// not count.
pub fn item_value(metric: Metric, value: f32) -> Option<f64> {
    part(metric.statistic(), value)
}

fn part(statistic: Statistic, value: f32) -> Option<f64> {
    if value.is_nan() {
        return None;
    }
    match statistic {
        Statistic::HitsAt(k) => Some(f64::from(u8::from(value <= k as f32))),
        Statistic::Reciprocal => Some(1.0 / f64::from(value)),
        Statistic::Share | Statistic::Mean => Some(f64::from(value)),
        Statistic::Quantile(_)
        | Statistic::LowerMedian
        | Statistic::Skewness
        | Statistic::Agreement
        | Statistic::None => None,
    }
}

/// Population skewness `m₃ / m₂^(3/2)`; zero if all values are equal.
pub fn skewness(values: &[f32]) -> f64 {
    // One weight for each value, so the lengths fit.
    weighted_skewness(values, &vec![1; values.len()]).unwrap_or(f64::NAN)
}

/// [`skewness`] with item i counted `weights[i]` times; NaN marks an item that is not counted at all.
///
/// # Errors
/// [`TaskError::Shape`] if there is not one weight per value.
pub fn weighted_skewness(values: &[f32], weights: &[u32]) -> Result<f64, TaskError> {
    let mean = weighted_mean(values, weights)?;
    let counted = || values.iter().zip(weights).filter(|(value, _)| !value.is_nan());
    let total: f64 = counted().map(|(_, &w)| f64::from(w)).sum();
    let moment = |power: i32| {
        let terms = counted();
        terms.map(|(&value, &w)| f64::from(w) * (f64::from(value) - mean).powi(power)).sum::<f64>() / total
    };
    let variance = moment(2);
    Ok(if variance == 0.0 { 0.0 } else { moment(3) / variance.powf(1.5) })
}

/// [`mean`] with item i counted `weights[i]` times. NaN marks an item that does not count.
///
/// # Errors
/// [`TaskError::Shape`] if there is not one weight per value.
pub fn weighted_mean(values: &[f32], weights: &[u32]) -> Result<f64, TaskError> {
    check_lengths("weighted mean", "values", values.len(), "weights", weights.len())?;
    let (mut sum, mut total) = (0.0, 0u64);
    for (&value, &weight) in values.iter().zip(weights).filter(|(value, _)| !value.is_nan()) {
        sum += f64::from(weight) * f64::from(value);
        total += u64::from(weight);
    }
    Ok(sum / total as f64)
}

/// [`quantile`] with item i counted `weights[i]` times. O(n log n). NaN marks an item that does not count; the result
/// is NaN if no item counts.
///
/// # Errors
/// [`TaskError::Shape`] if there is not one weight per value.
pub fn weighted_quantile(values: &[f32], q: f64, weights: &[u32]) -> Result<f64, TaskError> {
    let repeated = repeat("weighted quantile", values, weights)?;
    Ok(if repeated.is_empty() { f64::NAN } else { quantile(&repeated, q) })
}

/// [`lower_median`] with item i counted `weights[i]` times. NaN marks an item that does not count; the result is NaN if
/// no item counts.
///
/// # Errors
/// [`TaskError::Shape`] if there is not one weight per value.
pub fn weighted_lower_median(values: &[f32], weights: &[u32]) -> Result<f64, TaskError> {
    let repeated = repeat("weighted median", values, weights)?;
    Ok(if repeated.is_empty() { f64::NAN } else { lower_median(&repeated) })
}

fn repeat(op: &'static str, values: &[f32], weights: &[u32]) -> Result<Vec<f32>, TaskError> {
    check_lengths(op, "values", values.len(), "weights", weights.len())?;
    let counted = values.iter().zip(weights).filter(|(value, _)| !value.is_nan());
    Ok(counted.flat_map(|(&v, &w)| std::iter::repeat_n(v, w as usize)).collect())
}

/// Arithmetic mean.
pub fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64
}

/// Quantile, interpolated linearly between order statistics (type 7); NaN without a value.
pub fn quantile(values: &[f32], q: f64) -> f64 {
    let mut ascending: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
    ascending.sort_unstable_by(f64::total_cmp);
    resamples::quantile(&ascending, q)
}

/// The middle value, the lower one of two; NaN without a value.
pub fn lower_median(values: &[f32]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let mut ascending = values.to_vec();
    ascending.sort_unstable_by(f32::total_cmp);
    f64::from(ascending[(ascending.len() - 1) / 2])
}

/// `1 − cos` of the rows with the same index, in `f64`; 1 if a row has no direction.
pub fn cosine_distances(a: &Matrix, b: &Matrix) -> Vec<f32> {
    let (a, b) = (cosine_rows(a), cosine_rows(b));
    let dot = |i: usize| a.row(i).iter().zip(b.row(i)).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
    (0..a.rows().min(b.rows())).map(|i| (1.0 - dot(i)) as f32).collect()
}

fn check_lengths(
    op: &'static str,
    left_name: &'static str,
    left: usize,
    right_name: &'static str,
    right: usize,
) -> Result<(), TaskError> {
    if left == right {
        return Ok(());
    }
    let text = |n: usize| format!("{n} long");
    Err(TaskError::Shape { op, left_name, left: text(left), right_name, right: text(right) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement(clusters: &[i64], labels: &[i64]) -> Agreement {
        ContingencyTable::new(clusters, labels).expect("equal lengths").agreement()
    }

    #[test]
    fn agreement_follows_the_conventions_of_scikit_learn_at_the_edges() {
        let both = |a: &[i64], b: &[i64]| {
            let Agreement { ari, nmi } = agreement(a, b);
            (ari, nmi)
        };
        assert_eq!(both(&[], &[]), (1.0, 1.0), "nothing to disagree on");
        assert_eq!(both(&[4], &[-7]), (1.0, 1.0));
        assert_eq!(both(&[0, 0, 0], &[5, 5, 5]), (1.0, 1.0), "one class each");
        assert_eq!(both(&[0, 0, 0], &[1, 2, 3]), (0.0, 0.0), "one class against singletons");
        assert_eq!(both(&[0, 0, 1, 1], &[1, 1, 0, 0]), (1.0, 1.0), "names do not matter");
        // sklearn 1.x: adjusted_rand_score and normalized_mutual_info_score of the documentation's example.
        let Agreement { ari, nmi } = agreement(&[0, 0, 1, 2], &[0, 0, 1, 1]);
        assert!((ari - 0.571_428_571_428_571_4).abs() < 1e-15, "{ari}");
        assert!((nmi - 0.8).abs() < 1e-15, "{nmi}");
    }

    #[test]
    fn independent_partitions_share_no_information() {
        let (a, b): (Vec<i64>, Vec<i64>) = (0..600).map(|i| (i % 5, i % 12)).unzip();
        let Agreement { ari, nmi } = agreement(&a, &b);
        assert!(nmi.abs() < 1e-14 && ari < 0.0, "{ari} {nmi}");
    }

    #[test]
    fn weights_are_repeated_items() {
        let clusters: Vec<u32> = (0..40).map(|i| (i * 7 + i / 3) % 5).collect();
        let labels: Vec<i64> = (0..40).map(|i| (i * 5 + i / 7) % 4 - 1).collect();
        let weights: Vec<u32> = (0..40).map(|i| (i * i) % 4).collect();
        let repeat = |i: usize| std::iter::repeat_n(i, weights[i] as usize);
        let items: Vec<usize> = (0..40).flat_map(repeat).collect();
        let a: Vec<u32> = items.iter().map(|&i| clusters[i]).collect();
        let b: Vec<i64> = items.iter().map(|&i| labels[i]).collect();
        let repeated = ContingencyTable::new(&a, &b).expect("equal lengths").agreement();
        let weighted = ari_nmi_weighted(&clusters, &labels, &weights).expect("equal lengths");
        assert_eq!(weighted.ari, repeated.ari);
        assert!((weighted.nmi - repeated.nmi).abs() < 1e-14);

        let ranks: Vec<f32> = (0..40).map(|i| (i % 9 + 1) as f32).collect();
        let drawn: Vec<f32> = items.iter().map(|&i| ranks[i]).collect();
        assert_eq!(weighted_hits_at(&ranks, 5, &weights).expect("equal lengths"), hits_at(&drawn, 5));
        let mrr = weighted_mean_reciprocal_rank(&ranks, &weights).expect("equal lengths");
        assert!((mrr - mean_reciprocal_rank(&drawn)).abs() < 1e-15);
    }

    #[test]
    fn lengths_that_differ_are_named() {
        let error = ari_nmi_weighted(&[1, 2], &[1, 2], &[1]).unwrap_err().to_string();
        assert_eq!(error, "weighted agreement: weights is 1 long, items is 2 long; they must match");
        assert!(weighted_hits_at(&[1.0], 1, &[]).is_err());
    }

    #[test]
    fn an_undefined_figure_is_none() {
        let of = |metric, values: &[f32], weights: &[u32]| {
            weighted_figure(metric, values, weights).expect("one weight per value")
        };
        let of_values = |metric: &Metric| !matches!(metric.statistic(), Statistic::Agreement | Statistic::None);
        for metric in Metric::ALL {
            assert_eq!(of(metric, &[1.0, 2.0], &[1, 1]).is_some(), of_values(&metric), "{metric}");
            assert!(of_values(&metric) || item_value(metric, 1.0).is_none(), "{metric}");
        }
        for metric in [Metric::Rank1, Metric::Map, Metric::Gamma90, Metric::DriftMedian, Metric::HubSkewness] {
            assert_eq!(of(metric, &[f32::NAN, 1.0], &[2, 0]), None, "{metric:?} of no item");
            assert!(weighted_figure(metric, &[1.0], &[]).is_err());
        }
        // An item without a figure is not counted, not a miss and not the largest.
        assert_eq!(of(Metric::Rank1, &[f32::NAN, 1.0], &[1, 1]), Some(1.0));
        assert_eq!(of(Metric::Gamma90, &[f32::NAN, 1.0], &[5, 1]), Some(1.0));
        assert_eq!(of(Metric::Cmc5, &[f32::NAN, 5.0, 6.0], &[1, 1, 3]), Some(0.25));
    }

    #[test]
    fn ranks_are_summarised_over_all_queries() {
        let ranks = [1.0, 2.0, 4.0, 10.0];
        assert_eq!((hits_at(&ranks, 1), hits_at(&ranks, 5), hits_at(&ranks, 10)), (0.25, 0.75, 1.0));
        assert_eq!(mean_reciprocal_rank(&ranks), (1.0 + 0.5 + 0.25 + 0.1) / 4.0);
    }
}
