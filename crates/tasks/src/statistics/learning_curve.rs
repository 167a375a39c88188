//! Learning curves: a score over the number of training rows. [`rows_for_share`] interpolates the number of rows that a
//! share of the full score needs; [`gain`] extrapolates the score by a power law.

use align::rng::{Purpose, stream};
use rand_distr::{Distribution, StandardNormal};
use thiserror::Error;

use crate::statistics::resamples::{Interval, quantile};

/// The draw of scores around the measured ones, one substream per repetition.
const REDRAWN_SCORES: Purpose = Purpose::new(61);

/// Fewest and most points of a power law. It holds for large numbers of rows, so the points with the most rows are used.
const FEWEST: usize = 4;
const MOST: usize = 5;
/// Range of the exponent. Below it the curve is not distinguishable from a logarithm, above it from a constant.
const LEAST_EXPONENT: f64 = 0.05;
const MOST_EXPONENT: f64 = 3.0;
/// An exponent within this factor of an end of its range is at this end.
const AT_END: f64 = 1.02;
/// Steps of the search for the exponent: on an equally spaced grid of logarithms, then by golden sections.
const SEARCH: (usize, usize) = (24, 30);
/// Repetitions behind an interval.
const REPETITIONS: usize = 1_000;
/// The 99% quantiles of chi-square with one and two degrees of freedom, the residual ones of four and five points.
const CHI_SQUARE: [f64; 2] = [6.635, 9.210];
/// Largest root mean square residual of points without errors, as a share of their range.
const RESIDUAL: f64 = 0.1;
/// Standard errors in half a 95% interval.
pub const HALF_INTERVAL: f64 = 1.959_964;

/// A score at a number of training rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Number of training rows.
    pub rows: usize,
    /// The score.
    pub score: f64,
    /// Standard error of the score, if it is known.
    pub error: Option<f64>,
}

/// Reason why a share of the full score has no number of rows.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum NoShare {
    /// Fewer than two sizes.
    #[error("it needs at least 2 sizes, found {0}")]
    FewSizes(usize),
    /// The full score has no share.
    #[error("a share of the full score needs a full score above 0, found {0:.3}")]
    NotPositive(f64),
    /// The smallest size has the share.
    #[error("the smallest size ({0} rows) already has it")]
    FromTheStart(usize),
    /// The curve crosses the share more than once.
    #[error("the score is not monotone: {above} rows have it, {below} rows do not")]
    NotMonotone {
        /// A size that has the share.
        above: usize,
        /// A larger size that does not.
        below: usize,
    },
}

/// Number of training rows with `share` of the full score, which is the score of the most rows. Between two measured sizes
/// the score is interpolated linearly in the logarithm of the rows.
///
/// # Errors
/// The reason why there is no such number: the smallest size has this score already, the curve crosses it more than once,
/// fewer than two sizes, a full score that is not above 0.
pub fn rows_for_share(points: &[CurvePoint], share: f64) -> Result<f64, NoShare> {
    let points = sorted(points);
    let [first, .., last] = points.as_slice() else { return Err(NoShare::FewSizes(points.len())) };
    let wanted = share * last.score;
    if wanted <= 0.0 {
        return Err(NoShare::NotPositive(last.score));
    }
    let Some(below) = points.iter().rposition(|point| point.score < wanted) else {
        return Err(NoShare::FromTheStart(first.rows));
    };
    if let Some(above) = points[..below].iter().find(|point| point.score >= wanted) {
        return Err(NoShare::NotMonotone { above: above.rows, below: points[below].rows });
    }
    // The last point has the full score, so a point with the share follows.
    let (low, high) = (points[below], points[(below + 1).min(points.len() - 1)]);
    let part = (wanted - low.score) / (high.score - low.score);
    let [from, to] = [low, high].map(|point| (point.rows as f64).ln());
    Ok((from + part * (to - from)).exp())
}

/// The power law `a − b·n^(−c)` of a score over n training rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// The limit a for many rows.
    pub limit: f64,
    /// The factor b of the distance from the limit.
    pub factor: f64,
    /// The exponent c.
    pub exponent: f64,
}

impl PowerLaw {
    /// The score at a number of rows.
    pub fn at(&self, rows: f64) -> f64 {
        self.limit - self.factor * rows.powf(-self.exponent)
    }
}

/// Extrapolation of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// Change of the score, with a 95% interval.
    pub gain: Interval,
    /// The law behind it.
    pub law: PowerLaw,
    /// Number of points that the law was fitted to.
    pub points: usize,
}

/// Direction and end of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// Whether a higher score is better.
    pub higher: bool,
    /// The best possible score; infinite if there is none.
    pub best: f64,
}

/// Reason why a learning curve is not extrapolated.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum NotSupported {
    /// Too few sizes.
    #[error("it needs at least {FEWEST} sizes, found {found}")]
    FewPoints {
        /// Number of sizes.
        found: usize,
    },
    /// More rows gave a worse score.
    #[error("the score is not monotone: it is worse at {to} rows than at {from}")]
    NotMonotone {
        /// The smaller size.
        from: usize,
        /// The larger size.
        to: usize,
    },
    /// The score does not change.
    #[error("the score does not change by more than its error from {from} to {to} rows")]
    NoChange {
        /// The smallest size used.
        from: usize,
        /// The largest size.
        to: usize,
    },
    /// The exponent is at the lower end of its range.
    #[error("the score does not level off: a power law would need an exponent below {LEAST_EXPONENT}")]
    NoLimit,
    /// The exponent is at the upper end of its range.
    #[error("the score levels off at once: a power law would need an exponent above {MOST_EXPONENT}")]
    AtLimit,
    /// The points are far from the law.
    #[error("no power law fits the last {0} sizes")]
    Residual(usize),
}

/// Change of the score if the number of training rows is multiplied by `times`, by the power law `a − b·n^(−c)` through
/// the last four or five points. The exponent is found by a search, a and b by least squares, weighted by the errors if
/// all points have them. The interval comes from 1,000 fits to scores that are redrawn around the measured ones: with
/// their standard errors or, if it is larger, with the residual standard deviation. The errors are taken as independent.
/// The changed score does not pass the best possible one.
///
/// # Errors
/// The reason why the points do not support an extrapolation: too few of them, a score that becomes worse with more rows
/// by more than its error, no change, an exponent at an end of its range, a large residual.
pub fn gain(points: &[CurvePoint], times: f64, goal: Goal, seed: u64) -> Result<Gain, NotSupported> {
    let all = sorted(points);
    if all.len() < FEWEST {
        return Err(NotSupported::FewPoints { found: all.len() });
    }
    let sign = if goal.higher { 1.0 } else { -1.0 };
    let curve = Curve::new(&all[all.len().saturating_sub(MOST)..], sign);
    curve.check_rise()?;
    let fit = curve.fit(&curve.scores);
    let freedom = curve.rows.len() - 3;
    if fit.law.exponent <= LEAST_EXPONENT * AT_END {
        return Err(NotSupported::NoLimit);
    }
    if fit.law.exponent >= MOST_EXPONENT / AT_END {
        return Err(NotSupported::AtLimit);
    }
    let squares: Vec<f64> = curve.residuals(&fit.law).map(|r| r * r).collect();
    let large = match &curve.errors {
        Some(errors) => squares.iter().zip(errors).map(|(r, e)| r / (e * e)).sum::<f64>() > CHI_SQUARE[freedom - 1],
        None => (squares.iter().sum::<f64>() / squares.len() as f64).sqrt() > RESIDUAL * curve.range(),
    };
    if large {
        return Err(NotSupported::Residual(curve.rows.len()));
    }
    let last = all[all.len() - 1];
    let room = sign * (goal.best - last.score);
    let change = |law: &PowerLaw| {
        let rows = last.rows as f64;
        (law.at(times * rows) - law.at(rows)).min(room.max(0.0))
    };
    let residual = (squares.iter().sum::<f64>() / freedom as f64).sqrt();
    let spread = |i: usize| curve.errors.as_ref().map_or(residual, |errors| errors[i].max(residual));
    let redrawn = |repetition: usize| {
        let mut rng = stream(seed, REDRAWN_SCORES, None);
        rng.set_stream(repetition as u64);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let scores: Vec<f64> = (0..curve.rows.len()).map(|i| curve.scores[i] + spread(i) * normal()).collect();
        change(&curve.fit(&scores).law)
    };
    let mut changes: Vec<f64> = (0..REPETITIONS).map(redrawn).collect();
    changes.sort_by(f64::total_cmp);
    let estimate = change(&fit.law);
    let [low, high] = [quantile(&changes, 0.025).min(estimate), quantile(&changes, 0.975).max(estimate)];
    let [low, high] = if goal.higher { [low, high] } else { [-high, -low] };
    let law = PowerLaw { limit: sign * fit.law.limit, factor: sign * fit.law.factor, ..fit.law };
    Ok(Gain { gain: Interval { estimate: sign * estimate, low, high }, law, points: curve.rows.len() })
}

fn sorted(points: &[CurvePoint]) -> Vec<CurvePoint> {
    let mut points: Vec<CurvePoint> =
        points.iter().copied().filter(|point| point.score.is_finite() && point.rows > 0).collect();
    points.sort_by_key(|point| point.rows);
    points.dedup_by_key(|point| point.rows);
    points
}

/// Points of a power law, with scores of which higher ones are better.
struct Curve {
    rows: Vec<f64>,
    scores: Vec<f64>,
    /// Standard errors, if all points have one above 0.
    errors: Option<Vec<f64>>,
}

#[derive(Clone, Copy)]
struct Fitted {
    law: PowerLaw,
    /// Weighted sum of squared residuals.
    squares: f64,
}

impl Curve {
    fn new(points: &[CurvePoint], sign: f64) -> Self {
        let known = |point: &CurvePoint| point.error.filter(|error| error.is_finite() && *error > 0.0);
        Self {
            rows: points.iter().map(|point| point.rows as f64).collect(),
            scores: points.iter().map(|point| sign * point.score).collect(),
            errors: points.iter().map(known).collect(),
        }
    }

    /// Difference of two scores that is within their errors.
    fn within(&self, a: usize, b: usize) -> f64 {
        self.errors.as_ref().map_or(0.0, |errors| HALF_INTERVAL * errors[a].hypot(errors[b]))
    }

    fn range(&self) -> f64 {
        let [low, high] = [f64::min, f64::max].map(|end| self.scores.iter().copied().fold(self.scores[0], end));
        high - low
    }

    fn check_rise(&self) -> Result<(), NotSupported> {
        let rows = |i: usize| self.rows[i] as usize;
        for i in 1..self.rows.len() {
            if self.scores[i] < self.scores[i - 1] - self.within(i, i - 1) {
                return Err(NotSupported::NotMonotone { from: rows(i - 1), to: rows(i) });
            }
        }
        let last = self.rows.len() - 1;
        if self.scores[last] - self.scores[0] <= self.within(0, last) {
            return Err(NotSupported::NoChange { from: rows(0), to: rows(last) });
        }
        Ok(())
    }

    fn residuals<'a>(&'a self, law: &'a PowerLaw) -> impl Iterator<Item = f64> + 'a {
        self.rows.iter().zip(&self.scores).map(|(rows, score)| score - law.at(*rows))
    }

    /// Least squares over all exponents of the range.
    fn fit(&self, scores: &[f64]) -> Fitted {
        let (first, last) = (LEAST_EXPONENT.ln(), MOST_EXPONENT.ln());
        let step = (last - first) / SEARCH.0 as f64;
        let at = |log: f64| self.fit_at(scores, log.exp());
        let better = |a: Fitted, b: Fitted| if b.squares < a.squares { b } else { a };
        let coarse = (1..=SEARCH.0).map(|i| at(first + step * i as f64)).fold(at(first), better);
        let centre = coarse.law.exponent.ln();
        let (mut low, mut high) = ((centre - step).max(first), (centre + step).min(last));
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        let inside = |low: f64, high: f64| (high - golden * (high - low), low + golden * (high - low));
        let (mut left, mut right) = inside(low, high);
        let (mut below, mut above) = (at(left), at(right));
        for _ in 0..SEARCH.1 {
            if below.squares <= above.squares {
                high = right;
                (right, above) = (left, below);
                left = inside(low, high).0;
                below = at(left);
            } else {
                low = left;
                (left, below) = (right, above);
                right = inside(low, high).1;
                above = at(right);
            }
        }
        better(below, above)
    }

    /// Weighted least squares of the limit and the factor at one exponent.
    fn fit_at(&self, scores: &[f64], exponent: f64) -> Fitted {
        // In units of the most rows, so that no power overflows or vanishes.
        let unit = self.rows[self.rows.len() - 1];
        let mut powers = [0.0; MOST];
        self.rows.iter().zip(&mut powers).for_each(|(rows, power)| *power = (rows / unit).powf(-exponent));
        let weight = |i: usize| self.errors.as_ref().map_or(1.0, |errors| errors[i].powi(-2));
        let sum = |of: &dyn Fn(usize) -> f64| (0..scores.len()).map(|i| weight(i) * of(i)).sum::<f64>();
        let total = sum(&|_| 1.0);
        let (mean, centre) = (sum(&|i| scores[i]) / total, sum(&|i| powers[i]) / total);
        let products = sum(&|i| (scores[i] - mean) * (powers[i] - centre));
        let slope = products / sum(&|i| (powers[i] - centre).powi(2));
        let limit = mean - slope * centre;
        let squares = sum(&|i| (scores[i] - limit - slope * powers[i]).powi(2));
        Fitted { law: PowerLaw { limit, factor: -slope * unit.powf(exponent), exponent }, squares }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: Goal = Goal { higher: true, best: 1.0 };

    fn points(scores: &[(usize, f64)], error: Option<f64>) -> Vec<CurvePoint> {
        scores.iter().map(|&(rows, score)| CurvePoint { rows, score, error }).collect()
    }

    #[test]
    fn rows_are_interpolated_in_their_logarithm() {
        let curve = points(&[(10, 0.1), (100, 0.5), (1000, 1.0)], None);
        let rows = rows_for_share(&curve, 0.75).expect("between 100 and 1000");
        assert!((rows - 316.227_766).abs() < 1e-3, "{rows}");
        // In any order of the points.
        let turned: Vec<CurvePoint> = curve.iter().rev().copied().collect();
        assert_eq!(rows_for_share(&turned, 0.75), Ok(rows));
        // A dip below the share is none of the crossing's business.
        let dip = points(&[(10, 0.3), (30, 0.1), (100, 0.5), (1000, 1.0)], None);
        assert_eq!(rows_for_share(&dip, 0.75), Ok(rows));
    }

    #[test]
    fn a_share_without_a_number_of_rows_has_a_reason() {
        let of =
            |scores: &[(usize, f64)]| rows_for_share(&points(scores, None), 0.9).expect_err("undefined").to_string();
        assert_eq!(of(&[(10, 0.5)]), "it needs at least 2 sizes, found 1");
        assert_eq!(of(&[(10, 0.95), (100, 1.0)]), "the smallest size (10 rows) already has it");
        assert_eq!(
            of(&[(10, 0.2), (30, 0.95), (100, 0.5), (300, 1.0)]),
            "the score is not monotone: 30 rows have it, 100 rows do not"
        );
        assert_eq!(of(&[(10, -0.2), (30, -0.1)]), "a share of the full score needs a full score above 0, found -0.100");
    }

    #[test]
    fn a_planted_power_law_is_found() {
        let law = PowerLaw { limit: 0.9, factor: 2.0, exponent: 0.5 };
        let planted: Vec<(usize, f64)> = [30, 100, 300, 1000, 3000].map(|rows| (rows, law.at(rows as f64))).to_vec();
        let want = law.at(6000.0) - law.at(3000.0);
        for error in [None, Some(0.001)] {
            let found = gain(&points(&planted, error), 2.0, SHARE, 0).expect("a power law");
            assert!((found.law.exponent - 0.5).abs() < 1e-5 && (found.law.limit - 0.9).abs() < 1e-6, "{found:?}");
            assert!((found.gain.estimate - want).abs() < 1e-7 && found.points == 5, "{found:?}");
            assert!(found.gain.low <= want && want <= found.gain.high, "{found:?}");
            assert_eq!(found.gain.high - found.gain.low > 1e-4, error.is_some(), "{found:?}");
        }
        // Lower is better: an error that falls.
        let falling: Vec<(usize, f64)> = planted.iter().map(|&(rows, score)| (rows, 1.0 - score)).collect();
        let found = gain(&points(&falling, None), 2.0, Goal { higher: false, best: 0.0 }, 0).expect("a power law");
        assert!((found.gain.estimate + want).abs() < 1e-7 && found.gain.low <= found.gain.high, "{found:?}");
        assert!((found.law.at(300.0) - falling[2].1).abs() < 1e-7, "{found:?}");
    }

    #[test]
    fn a_gain_does_not_pass_the_best_score() {
        let law = PowerLaw { limit: 1.2, factor: 2.0, exponent: 0.3 };
        let planted: Vec<(usize, f64)> = [300, 1000, 3000, 8000].map(|rows| (rows, law.at(rows as f64))).to_vec();
        let goal = Goal { best: law.at(8000.0) + 0.01, ..SHARE };
        let found = gain(&points(&planted, Some(0.002)), 2.0, goal, 0).expect("a power law");
        assert!((found.gain.estimate - 0.01).abs() < 1e-9 && found.gain.high <= 0.01 + 1e-9, "{found:?}");
    }

    #[test]
    fn points_that_do_not_support_it_say_why() {
        let of = |scores: &[(usize, f64)], error| {
            gain(&points(scores, error), 2.0, SHARE, 0).expect_err("not supported").to_string()
        };
        assert_eq!(of(&[(10, 0.1), (30, 0.2), (100, 0.3)], None), "it needs at least 4 sizes, found 3");
        let fallen = [(10, 0.1), (30, 0.5), (100, 0.3), (300, 0.6)];
        assert_eq!(of(&fallen, Some(0.01)), "the score is not monotone: it is worse at 100 rows than at 30");
        let level = [(10, 0.501), (30, 0.5), (100, 0.502), (300, 0.503)];
        assert_eq!(of(&level, Some(0.01)), "the score does not change by more than its error from 10 to 300 rows");
        let growing = [(10, 0.1), (30, 0.11), (100, 0.2), (300, 0.6)];
        assert_eq!(of(&growing, None), "the score does not level off: a power law would need an exponent below 0.05");
        let step = [(10, 0.1), (30, 0.6), (100, 0.6), (300, 0.6)];
        assert_eq!(of(&step, None), "the score levels off at once: a power law would need an exponent above 3");
        let bent = [(10, 0.1), (30, 0.5), (100, 0.52), (300, 0.7), (1000, 0.705)];
        assert_eq!(of(&bent, Some(0.005)), "no power law fits the last 5 sizes");
    }

    /// Over redrawn tables the interval of the gain holds the true gain about as often as it says.
    #[test]
    fn intervals_hold_the_true_gain() {
        let law = PowerLaw { limit: 0.8, factor: 1.5, exponent: 0.4 };
        let sizes = [100, 300, 1000, 3000, 10_000];
        let want = law.at(20_000.0) - law.at(10_000.0);
        let (mut held, mut found) = (0, 0);
        for table in 0..200 {
            let mut rng = stream(table, Purpose::SYNTHETIC, None);
            let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
            let measured = sizes.map(|rows| (rows, law.at(rows as f64) + 0.005 * normal()));
            let Ok(gain) = gain(&points(&measured, Some(0.005)), 2.0, SHARE, table) else { continue };
            found += 1;
            held += usize::from(gain.gain.low <= want && want <= gain.gain.high);
        }
        assert!(found > 150 && held * 100 >= found * 90, "{held} of {found}");
    }
}
