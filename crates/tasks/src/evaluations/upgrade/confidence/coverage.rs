//! Risk against coverage: the mean risk of the queries that a server answers if it answers the most confident ones only.

use crate::TaskError;
use crate::statistics::bootstrap::resample;
use crate::statistics::resamples::{Contrast, Interval};

/// Shares of the queries at which figures show the curve.
pub const COVERAGES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// Queries in the order of their confidence, with their risks.
///
/// # Formula
/// With the queries ordered by falling confidence and their risks $r_1, \dots, r_n$, the risk at coverage $k / n$ is $R_k =
/// \frac1k \sum_{i \le k} r_i$, and
///
/// $$ \mathrm{AURC} = \frac1n \sum_{k=1}^{n} R_k . $$
///
/// Queries of equal confidence stand in random order: $R_k$ is then its mean over all orders. A confidence without
/// information has the AURC of a random order, the mean risk; the smallest possible AURC is that of the order by risk
/// itself (oracle).
///
/// # Source
/// El-Yaniv and Wiener 2010; the area: Geifman, Uziel and El-Yaniv 2019.
#[derive(Clone, Debug)]
pub struct RiskCoverage {
    risks: Vec<f64>,
    /// Queries of equal confidence, the most confident first.
    order: Vec<Vec<usize>>,
    /// Queries of equal risk, the smallest first.
    oracle: Vec<Vec<usize>>,
}

/// Areas under risk-coverage curves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aurc {
    /// Of the order by confidence.
    pub aurc: Interval,
    /// Of a random order: the mean risk.
    pub random: f64,
    /// Of the order by risk itself.
    pub oracle: f64,
    /// Random minus confidence, paired over queries: above 0 the confidence says something.
    pub gain: Contrast,
}

impl RiskCoverage {
    /// Queries with a confidence and a risk each. Queries whose risk is NaN are left out.
    ///
    /// # Errors
    /// [`TaskError::Shape`] for lists of different lengths.
    pub fn new(confidence: &[f64], risks: &[f64]) -> Result<Self, TaskError> {
        if confidence.len() != risks.len() {
            return Err(TaskError::Shape {
                op: "risk and coverage",
                left_name: "confidences",
                left: confidence.len().to_string(),
                right_name: "risks",
                right: risks.len().to_string(),
            });
        }
        let counted: Vec<usize> = (0..risks.len()).filter(|&at| !risks[at].is_nan()).collect();
        let of = |list: &[f64]| -> Vec<f64> { counted.iter().map(|&at| list[at]).collect() };
        let (falling, risks) = (of(confidence).iter().map(|c| -c).collect::<Vec<f64>>(), of(risks));
        Ok(Self { order: ascending(&falling), oracle: ascending(&risks), risks })
    }

    /// Number of queries that are counted.
    pub fn queries(&self) -> usize {
        self.risks.len()
    }

    /// Mean risk of this share of the queries, the most confident ones; at least one query is answered. NaN without a
    /// query.
    pub fn risk_at(&self, coverage: f64) -> f64 {
        at_coverage(&self.order, &self.risks, coverage)
    }

    /// As [`RiskCoverage::risk_at`], with the queries of the smallest risk first.
    pub fn oracle_at(&self, coverage: f64) -> f64 {
        at_coverage(&self.oracle, &self.risks, coverage)
    }

    /// The areas, with 95% intervals over queries; the reason if too few queries are counted.
    ///
    /// # Errors
    /// No resample.
    pub fn aurc(&self, resamples: usize, seed: u64) -> Result<Result<Aurc, String>, TaskError> {
        if self.risks.len() < 2 {
            return Ok(Err(format!(
                "found {} queries with a relevant document, expected at least 2",
                self.risks.len()
            )));
        }
        let drawn = resample(self.risks.len(), resamples, seed, |weights| {
            let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
            let random = self.risks.iter().zip(weights).map(|(r, &weight)| r * f64::from(weight)).sum::<f64>() / total;
            let [aurc, oracle] = [&self.order, &self.oracle].map(|order| area(order, &self.risks, weights));
            vec![aurc, random, oracle, random - aurc]
        })?;
        let (Some(aurc), Some(gain)) = (drawn.interval(0), drawn.figure(3)) else {
            return Ok(Err("the area is undefined".to_string()));
        };
        Ok(Ok(Aurc { aurc, random: drawn.estimates()[1], oracle: drawn.estimates()[2], gain }))
    }
}

/// Indices in ascending order of their values, equal ones together.
fn ascending(values: &[f64]) -> Vec<Vec<usize>> {
    let mut sorted: Vec<usize> = (0..values.len()).collect();
    sorted.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    sorted.chunk_by(|&a, &b| values[a] == values[b]).map(<[usize]>::to_vec).collect()
}

/// Mean risk of the first queries of an order.
fn at_coverage(order: &[Vec<usize>], risks: &[f64], coverage: f64) -> f64 {
    let wanted = (coverage * risks.len() as f64).round().clamp(1.0, risks.len().max(1) as f64) as usize;
    let (mut sum, mut taken) = (0.0, 0);
    for group in order {
        let mean = group.iter().map(|&at| risks[at]).sum::<f64>() / group.len() as f64;
        let count = group.len().min(wanted - taken);
        sum += mean * count as f64;
        taken += count;
    }
    sum / taken as f64
}

/// The area under the curve with query i counted `weights[i]` times.
fn area(order: &[Vec<usize>], risks: &[f64], weights: &[u32]) -> f64 {
    let (mut area, mut sum, mut answered) = (0.0, 0.0, 0u64);
    for group in order {
        let count: u64 = group.iter().map(|&at| u64::from(weights[at])).sum();
        if count == 0 {
            continue;
        }
        let total: f64 = group.iter().map(|&at| risks[at] * f64::from(weights[at])).sum();
        let mean = total / count as f64;
        for more in 1..=count {
            area += (sum + mean * more as f64) / (answered + more) as f64;
        }
        sum += total;
        answered += count;
    }
    area / answered as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(confidence: &[f64], risks: &[f64]) -> Aurc {
        RiskCoverage::new(confidence, risks).expect("lengths").aurc(200, 1).expect("resamples").expect("queries")
    }

    #[test]
    fn areas_are_those_by_hand() {
        let risks = [0.0, 1.0, 0.5, f64::NAN];
        // In the order of confidence: 0.5, 0, 1, with the means 0.5, 0.25, 0.5.
        let found = of(&[0.2, 0.1, 0.9, 5.0], &risks);
        assert!((found.aurc.estimate - 1.25 / 3.0).abs() < 1e-12);
        assert!((found.random - 0.5).abs() < 1e-12);
        // 0, 0.5, 1: means 0, 0.25, 0.5.
        assert!((found.oracle - 0.25).abs() < 1e-12);
        let curve = RiskCoverage::new(&[0.2, 0.1, 0.9, 5.0], &risks).expect("lengths");
        assert_eq!(curve.queries(), 3);
        let at = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0].map(|coverage| curve.risk_at(coverage));
        assert_eq!(at, [0.5, 0.5, 0.25, 0.5]);
        assert_eq!([0.1, 0.7, 1.0].map(|coverage| curve.oracle_at(coverage)), [0.0, 0.25, 0.5]);
    }

    #[test]
    fn a_confidence_without_information_is_a_random_order_and_a_perfect_one_the_oracle() {
        let risks: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 60) / 60.0).collect();
        let same = of(&[1.0; 60], &risks);
        assert!((same.aurc.estimate - same.random).abs() < 1e-12 && same.gain.interval.high.abs() < 1e-9);
        let perfect: Vec<f64> = risks.iter().map(|risk| -risk).collect();
        let perfect = of(&perfect, &risks);
        assert_eq!(perfect.aurc.estimate, perfect.oracle);
        assert!(perfect.gain.interval.low > 0.0 && perfect.aurc.low < perfect.aurc.estimate);
        let wrong = of(&risks, &risks);
        assert!(wrong.aurc.estimate > wrong.random && wrong.gain.interval.high < 0.0);
    }

    #[test]
    fn the_order_of_equal_queries_does_not_matter() {
        let (confidence, risks) = ([1.0, 1.0, 0.0, 0.0, 0.0], [0.9, 0.1, 0.3, 0.6, 0.0]);
        let turned: Vec<usize> = vec![4, 1, 3, 0, 2];
        let pick = |list: &[f64]| -> Vec<f64> { turned.iter().map(|&at| list[at]).collect() };
        let (one, other) = (of(&confidence, &risks), of(&pick(&confidence), &pick(&risks)));
        assert!((one.aurc.estimate - other.aurc.estimate).abs() < 1e-12);
        let one = RiskCoverage::new(&[0.5], &[0.1]).expect("lengths").aurc(10, 0).expect("resamples");
        assert_eq!(one.expect_err("one query"), "found 1 queries with a relevant document, expected at least 2");
        assert!(RiskCoverage::new(&[0.5], &[]).is_err());
    }
}
