//! Axes with ticks at round numbers, and the text of numbers.

use super::font;
use super::style::Face;

/// Whether a value can be drawn; anything else counts as absent. The bound keeps differences of two
/// values finite.
pub fn drawable(value: f64) -> bool {
    value.is_finite() && value.abs() < 1e300
}

/// Spacing of values along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spacing {
    /// By difference.
    #[default]
    Linear,
    /// By ratio; only values above zero have a place.
    Logarithmic,
}

/// An axis whose ends are ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Positions of the ticks.
    pub ticks: Vec<f64>,
    step: f64,
    spacing: Spacing,
}

impl Axis {
    /// The axis for `low..=high` with ticks at powers of ten, or at 1, 2 and 5 times these if there are few.
    pub fn logarithmic(low: f64, high: f64) -> Self {
        let (low, high) = (low.max(1e-12), high.max(1e-12));
        let ticks_at = |marks: &[f64]| {
            let all = (-13..=13).flat_map(|power| marks.iter().map(move |mark| mark * 10f64.powi(power)));
            let all: Vec<f64> = all.collect();
            let first = all.iter().rposition(|&tick| tick <= low * (1.0 + 1e-9)).unwrap_or(0);
            let last = all.iter().position(|&tick| tick >= high * (1.0 - 1e-9)).unwrap_or(all.len() - 1);
            all[first..=last.max(first + 1)].to_vec()
        };
        let fine = ticks_at(&[1.0, 2.0, 5.0]);
        let ticks = if fine.len() <= 7 { fine } else { ticks_at(&[1.0]) };
        let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
        Self { low, high, ticks, step: low, spacing: Spacing::Logarithmic }
    }

    /// The axis for `low..=high` with about five steps of 1, 2 or 5 times a power of ten, which leaves little of its
    /// length unused.
    pub fn holding(low: f64, high: f64) -> Self {
        let unit = 10f64.powf((high - low).log10().floor());
        let span = high - low;
        let price = |axis: &Self| {
            let unused = 1.0 - span / (axis.high - axis.low);
            unused + 0.03 * (axis.ticks.len() as f64 - 6.0).abs()
        };
        [0.1, 0.2, 0.5, 1.0, 2.0]
            .into_iter()
            .filter_map(|factor| Self::with_step(low, high, factor * unit))
            .filter(|axis| axis.ticks.len() <= 9)
            .min_by(|a, b| price(a).total_cmp(&price(b)))
            .unwrap_or_else(|| {
                // An axis without extent, or with one that is lost in the rounding of its ends, includes zero, or one
                // unit.
                let (from, to) = (low.min(0.0), high.max(0.0));
                let wider = (from, to) != (low, high) && to - from > 1e-300;
                if wider { Self::holding(from, to) } else { Self::holding(0.0, 1.0) }
            })
    }

    fn with_step(low: f64, high: f64, step: f64) -> Option<Self> {
        // Slightly inwards, so that 0.6000000000000001 and the -0.00000006 of a rounded zero do not need another step.
        let (first, last) = ((low / step + 1e-4).floor(), (high / step - 1e-4).ceil());
        let known = step.is_normal() && first.abs().max(last.abs()) < 1e9 && last > first;
        let count = known.then_some((last - first).min(50.0) as usize)?;
        let ticks = (0..=count).map(|i| (first + i as f64) * step).collect();
        Some(Self { low: first * step, high: last * step, ticks, step, spacing: Spacing::Linear })
    }

    /// Position of `value` between the ends: 0 at the lower, 1 at the upper.
    pub fn part(&self, value: f64) -> f64 {
        let part = match self.spacing {
            Spacing::Linear => (value - self.low) / (self.high - self.low),
            Spacing::Logarithmic => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
        };
        part.clamp(0.0, 1.0)
    }

    /// Text of the ticks, all with the same number of decimals; on a logarithmic axis each as short as possible.
    pub fn labels(&self) -> Vec<String> {
        if self.spacing == Spacing::Logarithmic {
            return self.ticks.iter().map(|&tick| short(tick)).collect();
        }
        let largest = self.low.abs().max(self.high.abs());
        if largest >= 1e6 || self.step < 1e-4 {
            return self.ticks.iter().map(|&tick| scientific(tick)).collect();
        }
        let decimals = (-(self.step * 1.0001).log10().floor()).clamp(0.0, 6.0) as usize;
        self.ticks.iter().map(|&tick| fixed(tick, decimals)).collect()
    }
}

/// Selection of labels along an axis so that no two touch: of evenly spaced ones every second, third, ..., if possible
/// with the last; of others the first, the last, and as many between them as fit. A label is given by its start and its
/// end, in order.
pub fn thinned(spans: &[(f64, f64)], gap: f64) -> Vec<bool> {
    let touch = |a: usize, b: usize| spans[b].0 < spans[a].1 + gap;
    let count = spans.len();
    let mut shown = vec![true; count];
    if count < 2 || (1..count).all(|i| !touch(i - 1, i)) {
        return shown;
    }
    let last = count - 1;
    let step = |i: usize| spans[i].0 + spans[i].1 - spans[i - 1].0 - spans[i - 1].1;
    if (2..count).all(|i| (step(i) - step(1)).abs() < 0.01 * step(1).abs()) {
        let apart = |k: usize| (0..count).step_by(k).zip((k..count).step_by(k)).all(|(a, b)| !touch(a, b));
        let least = (2..count).find(|&k| apart(k)).unwrap_or(count);
        let whole = (least..=least + 1).find(|k| last.is_multiple_of(*k) && apart(*k));
        let k = whole.unwrap_or(least);
        shown.iter_mut().enumerate().for_each(|(i, shown)| *shown = i.is_multiple_of(k));
        return shown;
    }
    let mut before = 0;
    for (i, shown) in shown.iter_mut().enumerate().take(last).skip(1) {
        *shown = !touch(before, i) && !touch(i, last);
        if *shown {
            before = i;
        }
    }
    shown[last] = !touch(before, last);
    shown
}

/// Spans of labels that are centred on their places, for [`thinned`].
pub fn centred(places: impl IntoIterator<Item = f64>, widths: impl IntoIterator<Item = f64>) -> Vec<(f64, f64)> {
    places.into_iter().zip(widths).map(|(at, width)| (at - width / 2.0, at + width / 2.0)).collect()
}

/// A number with this many decimals, a true minus sign and no negative zero.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let negative = value < 0.0 && text.bytes().any(|b| matches!(b, b'1'..=b'9'));
    if negative { format!("−{text}") } else { text }
}

/// A number with five significant digits, for texts that are read and not drawn.
pub fn precise(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e7).contains(&magnitude) {
        return format!("{value:.4e}");
    }
    let before = if magnitude < 1.0 { 0 } else { magnitude.log10().floor() as usize + 1 };
    let leading = if magnitude < 0.1 && magnitude > 0.0 { (-magnitude.log10()).floor() as usize } else { 0 };
    format!("{value:.*}", (5_usize.saturating_sub(before) + leading).min(8))
}

/// A round number without needless digits.
fn short(value: f64) -> String {
    if !(1e-4..1e6).contains(&value) {
        return scientific(value);
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn scientific(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { format!("{value:.1e}").replace('-', "−") }
}

/// Text form of the values of a figure: all with the same number of decimals.
#[derive(Clone, Copy, Debug)]
pub struct Writing {
    /// Size of the digits.
    pub face: Face,
    /// `None` for powers of ten.
    decimals: Option<usize>,
    /// Whether the zero before the point is omitted: `.58`.
    bare: bool,
}

impl Writing {
    /// The first form, from full numbers at the first of `sizes` to bare ones at the last, in which all `values` fit in
    /// `room`; `None` if none does.
    pub fn fitting(values: &[f64], full: &[f64], bare: &[f64], room: f64) -> Option<Self> {
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let decimals = match largest {
            v if v >= 99_999.5 || (v > 0.0 && v < 0.000_95) => None,
            v if v >= 99.95 => Some(0),
            v if v >= 9.995 => Some(1),
            v if v >= 0.095 || v == 0.0 => Some(2),
            v if v >= 0.009_5 => Some(3),
            _ => Some(4),
        };
        let full = full.iter().map(|&size| Self { face: Face::regular(size), decimals, bare: false });
        let bare = bare.iter().map(|&size| Self { face: Face::regular(size), decimals, bare: true });
        full.chain(bare).find(|way| way.widest(values) <= room)
    }

    /// Text of a value.
    pub fn write(&self, value: f64) -> String {
        let Some(decimals) = self.decimals else { return scientific(value) };
        let full = fixed(value, decimals);
        match full.as_str() {
            _ if !self.bare => full,
            // As wide as its bare neighbours.
            "1.00" => "1.0".to_owned(),
            "−1.00" => "−1.0".to_owned(),
            _ => match full.strip_prefix("−0.") {
                Some(rest) => format!("−.{rest}"),
                None => full.strip_prefix("0.").map_or_else(|| full.clone(), |rest| format!(".{rest}")),
            },
        }
    }

    /// Width of the widest value.
    pub fn widest(&self, values: &[f64]) -> f64 {
        values.iter().map(|&value| font::width(&self.write(value), self.face)).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers_near_the_data() {
        let axis = Axis::holding(0.0, 0.75);
        assert_eq!((axis.low, axis.high), (0.0, 0.8));
        assert_eq!(axis.labels(), ["0.0", "0.2", "0.4", "0.6", "0.8"]);
        let slightly_negative = Axis::holding(-0.04, 1.05);
        assert_eq!((slightly_negative.low, slightly_negative.ticks.len()), (-0.2, 8));
        assert_eq!(slightly_negative.labels().first().map(String::as_str), Some("−0.2"));
        assert_eq!(Axis::holding(0.0, 4000.0).labels().last().map(String::as_str), Some("4000"));
    }

    #[test]
    fn logarithmic_axes_have_ticks_at_powers() {
        let axis = Axis::logarithmic(0.03, 45.0);
        assert_eq!(axis.labels(), ["0.01", "0.1", "1", "10", "100"]);
        assert!((axis.part(1.0) - 0.5).abs() < 1e-12 && axis.part(0.0) == 0.0);
        assert_eq!(Axis::logarithmic(3.0, 10.0).labels(), ["2", "5", "10"]);
        assert!(Axis::logarithmic(0.0, 0.0).part(0.0).is_finite());
    }

    #[test]
    fn a_tick_is_not_passed_by_rounding() {
        assert!(Axis::holding(0.0, 0.1 + 0.2 + 0.3).high < 0.61);
        let from_zero = Axis::holding(-6e-8, 0.066);
        assert!(from_zero.low == 0.0 && from_zero.ticks.len() > 3, "{from_zero:?}");
    }

    #[test]
    fn any_pair_of_values_has_an_axis() {
        for (low, high) in [
            (0.0, 0.0),
            (5.0, 5.0),
            (-3.0, -3.0),
            (0.0, 1e-320),
            (0.0, 1e-308),
            (-9e299, 9e299),
            (1e15, 1e15 + 0.5),
            (0.0, 1e-9),
            (0.999_999, 1.0),
        ] {
            let axis = Axis::holding(low, high);
            assert!(axis.high > axis.low && (2..=9).contains(&axis.ticks.len()), "{low} {high}: {axis:?}");
            let exact: Vec<f64> = axis.labels().iter().map(|l| l.replace('−', "-").parse().unwrap()).collect();
            let rounded = axis.ticks.iter().zip(&exact).all(|(tick, label)| (tick - label).abs() <= 0.06 * tick.abs());
            assert!(rounded, "{:?} are labelled {:?}", axis.ticks, axis.labels());
            let hair = 1e-3 * (axis.ticks[1] - axis.ticks[0]);
            assert!(axis.low <= low + hair && high <= axis.high + hair, "{low} {high}: {axis:?}");
            assert_eq!(axis.labels().len(), axis.ticks.len());
            assert!(axis.part(low).is_finite());
        }
    }

    fn written(values: &[f64], bare: bool) -> Vec<String> {
        let sizes: (&[f64], &[f64]) = if bare { (&[], &[10.0]) } else { (&[10.0], &[]) };
        let way = Writing::fitting(values, sizes.0, sizes.1, f64::INFINITY).unwrap();
        values.iter().map(|&value| way.write(value)).collect()
    }

    #[test]
    fn numbers_are_short_and_alike() {
        assert_eq!(written(&[0.637, -0.0, -0.001, -0.5, 1.0], false), ["0.64", "0.00", "0.00", "−0.50", "1.00"]);
        assert_eq!(written(&[0.637, -0.5, 1.0], true), [".64", "−.50", "1.0"]);
        assert_eq!(written(&[4.694, 17.2], false), ["4.7", "17.2"]);
        assert_eq!(written(&[4000.2, 3.0], false), ["4000", "3"]);
        assert_eq!(written(&[0.012, 0.03], false), ["0.012", "0.030"]);
        assert_eq!(written(&[1.5e7, 0.0], false), ["1.5e7", "0"]);
        assert_eq!(written(&[2e-5], false), ["2.0e−5"]);
    }

    #[test]
    fn labels_are_thinned_by_their_widths() {
        let places = |count: usize, step: f64| (0..count).map(move |i| step * i as f64);
        let shown = |count: usize, step: f64| -> Vec<usize> {
            let thin = thinned(&centred(places(count, step), vec![20.0; count]), 4.0);
            thin.iter().enumerate().filter(|(_, shown)| **shown).map(|(i, _)| i).collect()
        };
        assert_eq!(shown(5, 30.0), [0, 1, 2, 3, 4]);
        assert_eq!((shown(5, 15.0), shown(7, 9.0)), (vec![0, 2, 4], vec![0, 3, 6]));
        assert_eq!((shown(6, 15.0), shown(2, 1.0), shown(0, 1.0)), (vec![0, 2, 4], vec![0], vec![]));
        assert_eq!(shown(10, 15.0), [0, 3, 6, 9], "with the last, where that leaves out few more");
        let uneven = thinned(&centred([0.0, 10.0, 20.0, 40.0, 100.0], vec![18.0; 5]), 2.0);
        assert_eq!(uneven, [true, false, true, true, true]);
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        assert!(Writing::fitting(&[0.5], &[10.0], &[9.0], 3.0).is_none());
        assert!(Writing::fitting(&[], &[10.0], &[], 3.0).is_some());
    }
}
