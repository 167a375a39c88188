//! Resamples, and intervals of figures, differences and ranks that follow from them. A figure is a value computed from
//! items.

/// A figure with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The value on the original items.
    pub estimate: f64,
    /// Lower end: 2.5% of the resamples deviate further down.
    pub low: f64,
    /// Upper end: 2.5% of the resamples deviate further up.
    pub high: f64,
}

/// z₀.₈: a difference exceeds the limit of its test by this many standard errors in four of five repetitions.
const POWER: f64 = 0.841_621_234;
/// Share of undefined resamples above which a figure has no interval.
const UNDEFINED: f64 = 0.05;

/// Figures of the original items and of every resample.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Resamples {
    pub(crate) estimates: Vec<f64>,
    pub(crate) draws: Vec<Draw>,
    /// Number of items, or of clusters of items, from which resamples draw; at least two.
    pub(crate) units: usize,
    /// For figures that are means of shares: the mean share of every unit, by figure.
    pub(crate) shares: Option<Vec<Vec<f64>>>,
}

/// Deviations of every figure in one resample.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draw {
    /// Deviations whose standard deviation over resamples is the standard error.
    pub plain: Vec<f64>,
    /// Deviations with Student's t for few units and few seeds.
    pub wide: Vec<f64>,
    /// A deviate of Student's t with one degree of freedom fewer than units.
    pub unseen: f64,
}

/// A difference, or another quantity that is tested against zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// The estimate with its 95% interval.
    pub interval: Interval,
    /// Two-sided p: the share of resamples whose deviation is at least as large as the estimate; the estimate counts as
    /// one of them. It is never below 1/(resamples + 1); that value means "at most this".
    pub p: f64,
    /// Standard deviation over resamples.
    pub standard_error: f64,
    /// The difference that a test at 5% would find in four of five repetitions: the limit of the test plus z₀.₈
    /// standard errors; 2.80 standard errors with many items and one seed. For shares at least 7.85/G with G items or
    /// clusters, because a difference of that size can remain unseen.
    pub detectable: f64,
}

/// Deviations of one linear combination of figures over resamples.
pub(crate) struct Spread {
    pub estimate: f64,
    pub standard_error: f64,
    /// One value per resample, undefined ones included.
    pub deviations: Vec<f64>,
    /// Whether any resample differs from the estimate.
    pub varies: bool,
    /// Ratio of the standard error under the null to that of the estimate.
    pub under_null: f64,
}

impl Spread {
    /// Defined deviations in ascending order; `None` if too many are undefined.
    fn sorted(&self) -> Option<Vec<f64>> {
        let mut sorted: Vec<f64> = self.deviations.iter().copied().filter(|d| d.is_finite()).collect();
        let undefined = self.deviations.len() - sorted.len();
        if sorted.is_empty() || undefined as f64 > UNDEFINED * self.deviations.len() as f64 {
            return None;
        }
        sorted.sort_unstable_by(f64::total_cmp);
        Some(sorted)
    }

    pub fn p(&self) -> f64 {
        if self.estimate == 0.0 {
            return 1.0;
        }
        // An undefined resample counts against the finding.
        let smaller = self.deviations.iter().filter(|d| self.under_null * d.abs() < self.estimate.abs()).count();
        (1 + self.deviations.len() - smaller) as f64 / (self.deviations.len() + 1) as f64
    }
}

impl Resamples {
    /// The figures on the original items; NaN if one is undefined.
    pub fn estimates(&self) -> &[f64] {
        &self.estimates
    }

    /// Number of items, or of clusters of items, from which resamples draw.
    pub fn units(&self) -> usize {
        self.units
    }

    /// A figure with its interval, see [`Resamples::figure`].
    pub fn interval(&self, figure: usize) -> Option<Interval> {
        self.figure(figure).map(|contrast| contrast.interval)
    }

    /// A figure tested against zero; `None` if it is undefined on the items, or on more than one resample in twenty.
    ///
    /// A mean of shares gets Wilson's score interval at the effective number of items n = p(1 − p)/SE², with the
    /// resamples' own 97.5% quantile in place of the normal's: it lies within 0 and 1 and does not collapse. If all
    /// units have the same share, for example 0 or 1, SE carries no information and n is the number of units. Sources:
    /// Wilson 1927; effective number of items: Korn and Graubard 1998. Other figures get the percentile interval of
    /// [`crate::paired_bootstrap`].
    pub fn figure(&self, figure: usize) -> Option<Contrast> {
        let spread = self.spread(|values| values[figure])?;
        let mut contrast = self.contrast(&spread)?;
        if self.shares.is_some() {
            contrast.interval = self.wilson(&spread, contrast.interval.estimate)?;
        }
        Some(contrast)
    }

    /// The first figure minus the second, paired; `None` if it is undefined on the items, or on more than one resample
    /// in twenty.
    ///
    /// The ends of a difference of shares reach at least as far as a score interval. Its variance is the one that a
    /// difference of this size must have if items differ as observed, with one unseen item that differs completely. If
    /// none of G items differs, the interval is ±c²/(G + c²) with the quantile c of Student's t, which is Tango's
    /// interval (Tango, Statistics in Medicine 17, 1998).
    pub fn difference(&self, first: usize, second: usize) -> Option<Contrast> {
        let spread = self.spread(|values| beyond_rounding(values[first], values[second]))?;
        let mut contrast = self.contrast(&spread)?;
        if let Some(shares) = &self.shares {
            let differences = || shares[first].iter().zip(&shares[second]).map(|(a, b)| a - b);
            let squares: f64 = differences().map(|d| d * d).sum();
            // The mean effect of the items that differ, with one unseen item among them.
            let effect = (1.0 + squares) / (1.0 + differences().map(f64::abs).sum::<f64>());
            let units = self.units as f64;
            let critical = self.critical(&spread)?;
            let variance = if spread.varies { spread.standard_error.powi(2) * units } else { 0.0 };
            let least = |at: f64| variance.max(effect * (at.abs() - at * at));
            let reach = |sign: f64, end: f64| {
                let beyond = |at: f64| (at - spread.estimate).powi(2) > critical * critical * least(at) / units;
                if beyond(end) { end } else { bisect(end, sign, beyond) }
            };
            let interval = &mut contrast.interval;
            (interval.low, interval.high) = (reach(-1.0, interval.low), reach(1.0, interval.high));
            contrast.detectable = contrast.detectable.max((critical + POWER).powi(2) * effect / units).min(1.0);
        }
        Some(contrast)
    }

    /// Ranks that some figures take among each other, 1 the best: 2.5% and 97.5% quantiles over resamples, widened to
    /// whole ranks. An undefined figure has no rank and does not change the ranks of the others.
    pub fn places(&self, figures: &[usize], higher_is_better: bool) -> Vec<Option<(usize, usize)>> {
        let defined: Vec<usize> =
            figures.iter().copied().filter(|&figure| self.estimates[figure].is_finite()).collect();
        let better = |a: f64, b: f64| if higher_is_better { a > b } else { a < b };
        let of = |figure: usize| {
            let taken = self.draws.iter().filter_map(|draw| {
                let value = |figure: usize| self.estimates[figure] + draw.wide[figure];
                let mine = value(figure);
                let ahead = defined.iter().filter(|&&other| better(value(other), mine)).count();
                mine.is_finite().then_some(1.0 + ahead as f64)
            });
            let mut places: Vec<f64> = taken.collect();
            places.sort_unstable_by(f64::total_cmp);
            let enough = places.len() as f64 >= (1.0 - UNDEFINED) * self.draws.len() as f64;
            enough.then(|| (quantile(&places, 0.025).floor() as usize, quantile(&places, 0.975).ceil() as usize))
        };
        figures.iter().map(|figure| defined.contains(figure).then(|| of(*figure)).flatten()).collect()
    }

    /// The deviations of a combination; `None` if the estimate is undefined.
    pub(crate) fn spread(&self, of: impl Fn(&[f64]) -> f64) -> Option<Spread> {
        let estimate = of(&self.estimates);
        if !estimate.is_finite() {
            return None;
        }
        let squares: Vec<f64> =
            self.draws.iter().map(|draw| of(&draw.plain).powi(2)).filter(|square| square.is_finite()).collect();
        let standard_error = (squares.iter().sum::<f64>() / squares.len().saturating_sub(1).max(1) as f64).sqrt();
        let largest = self.estimates.iter().filter(|e| e.is_finite()).fold(0.0f64, |most, e| most.max(e.abs()));
        // A smaller spread is rounding.
        let varies = standard_error > 1e-12 * largest;
        if varies {
            let deviations = self.draws.iter().map(|draw| of(&draw.wide)).collect();
            // For a difference of shares, the squares are the observed variance, and under the null all of it. This is
            // a score test like McNemar's; with the estimate's own variance there would be too many findings among many
            // pairs.
            let squares = estimate * estimate / (self.units as f64 * standard_error * standard_error);
            let under_null = if self.shares.is_some() { (1.0 + squares).sqrt() } else { 1.0 };
            return Some(Spread { estimate, standard_error, deviations, varies, under_null });
        }
        // All units agree: if their true mean were zero, up to signs, it would deviate like Student's t.
        let standard_error = estimate.abs() / (self.units as f64).sqrt();
        let deviation = |draw: &Draw| if of(&draw.plain).is_finite() { standard_error * draw.unseen } else { f64::NAN };
        let deviations = self.draws.iter().map(deviation).collect();
        Some(Spread { estimate, standard_error, deviations, varies, under_null: 1.0 })
    }

    fn contrast(&self, spread: &Spread) -> Option<Contrast> {
        let &Spread { estimate, varies, .. } = spread;
        let sorted = spread.sorted()?;
        let standard_error = if varies { spread.standard_error } else { 0.0 };
        let end = |q: f64| if varies { estimate + quantile(&sorted, q) } else { estimate };
        Some(Contrast {
            interval: Interval { estimate, low: end(0.025), high: end(0.975) },
            p: spread.p(),
            standard_error,
            detectable: (self.critical(spread)? + POWER) * standard_error,
        })
    }

    /// Number of standard errors that 5% of the deviations exceed, on either side.
    fn critical(&self, spread: &Spread) -> Option<f64> {
        let (values, scale): (Vec<f64>, f64) = match spread.varies {
            true => (spread.sorted()?, spread.standard_error),
            false => (self.draws.iter().map(|draw| draw.unseen).collect(), 1.0),
        };
        let mut sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        Some(quantile(&sizes, 0.95) / scale)
    }

    fn wilson(&self, spread: &Spread, estimate: f64) -> Option<Interval> {
        let share = estimate.clamp(0.0, 1.0);
        let critical = self.critical(spread)?;
        let items = match share * (1.0 - share) / spread.standard_error.powi(2) {
            effective if spread.varies && effective > 0.0 => effective,
            _ => self.units as f64,
        };
        let pull = critical * critical / items;
        let centre = (share + pull / 2.0) / (1.0 + pull);
        let half = (pull * share * (1.0 - share) + pull * pull / 4.0).sqrt() / (1.0 + pull);
        Some(Interval { estimate, low: (centre - half).max(0.0).min(share), high: (centre + half).min(1.0).max(share) })
    }
}

/// `a − b`; exactly zero if both are equal up to the rounding of means over different numbers of fits.
pub fn beyond_rounding(a: f64, b: f64) -> f64 {
    if (a - b).abs() <= 1e-12 * a.abs().max(b.abs()) { 0.0 } else { a - b }
}

/// The first point from `from` on in the direction `sign` for which `beyond` holds, at most ±1.
fn bisect(from: f64, sign: f64, beyond: impl Fn(f64) -> bool) -> f64 {
    let (mut within, mut out) = (from, sign);
    for _ in 0..50 {
        let middle = (within + out) / 2.0;
        if beyond(middle) { out = middle } else { within = middle }
    }
    out
}

/// Quantile of ascending values, linear between order statistics (type 7); NaN without a value.
pub fn quantile(ascending: &[f64], q: f64) -> f64 {
    if ascending.is_empty() {
        return f64::NAN;
    }
    let position = q.clamp(0.0, 1.0) * (ascending.len() - 1) as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    ascending[below] + (position - position.floor()) * (ascending[above] - ascending[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[7.0], 0.975), 7.0);
    }
}
