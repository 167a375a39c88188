//! Ticks at round numbers, and how numbers are written.

use super::font;
use super::style::Face;

/// Whether a value can be drawn; anything else counts as absent. The bound keeps differences of two
/// values finite.
pub fn drawable(value: f64) -> bool {
    value.is_finite() && value.abs() < 1e300
}

/// A linear axis whose ends are ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Positions of the ticks.
    pub ticks: Vec<f64>,
    step: f64,
}

impl Axis {
    /// The shortest axis that holds `low..=high` with about `count` steps of 1, 2 or 5 times a power of ten.
    pub fn holding(low: f64, high: f64, count: usize) -> Self {
        let raw = (high - low) / count.max(1) as f64;
        let unit = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * unit).into_iter().find(|step| *step >= raw * 0.999);
        let Some(step) = step.filter(|step| step.is_normal()) else {
            return Self::holding(low.min(0.0), low.min(0.0) + 1.0, count);
        };
        // a hair inwards, so that 0.6000000000000001 does not ask for another step
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let steps = (last - first).clamp(1.0, 50.0) as usize;
        let ticks: Vec<f64> = (0..=steps).map(|i| (first + i as f64) * step).collect();
        Self { low: first * step, high: (first + steps as f64) * step, ticks, step }
    }

    /// Where `value` lies between the ends: 0 at the lower, 1 at the upper.
    pub fn part(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// How the ticks are written, all with the same number of decimals.
    pub fn labels(&self) -> Vec<String> {
        let largest = self.low.abs().max(self.high.abs());
        if largest >= 1e6 || self.step < 1e-4 {
            return self.ticks.iter().map(|&tick| scientific(tick)).collect();
        }
        let decimals = (-(self.step * 1.0001).log10().floor()).clamp(0.0, 6.0) as usize;
        self.ticks.iter().map(|&tick| fixed(tick, decimals)).collect()
    }
}

/// With this many decimals, a true minus sign and no negative zero.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let negative = value < 0.0 && text.bytes().any(|b| matches!(b, b'1'..=b'9'));
    if negative { format!("−{text}") } else { text }
}

fn scientific(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { format!("{value:.1e}").replace('-', "−") }
}

/// A value short enough for a label: two decimals below ten, fewer above, powers of ten beyond.
pub fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 99_999.5 => scientific(value),
        v if v >= 99.95 => fixed(value, 0),
        v if v >= 9.995 => fixed(value, 1),
        v if v > 0.0 && v < 0.001 => scientific(value),
        _ => fixed(value, 2),
    }
}

/// One way to write the values of a figure.
#[derive(Clone, Copy)]
pub struct Writing {
    /// Size of the digits.
    pub face: Face,
    /// The digits.
    pub write: fn(f64) -> String,
}

impl Writing {
    /// In the regular face of this size.
    pub const fn new(size: f64, write: fn(f64) -> String) -> Self {
        Self { face: Face::regular(size), write }
    }

    /// Width of the widest value.
    pub fn widest(&self, values: impl Iterator<Item = f64>) -> f64 {
        values.map(|value| font::width(&(self.write)(value), self.face)).fold(0.0, f64::max)
    }
}

/// Without the zero before the point: `.58`.
pub fn bare(label: &str) -> String {
    match label.strip_prefix("−0.").map(|rest| format!("−.{rest}")) {
        Some(negative) => negative,
        None => label.strip_prefix("0.").map_or_else(|| label.to_owned(), |rest| format!(".{rest}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let axis = Axis::holding(0.0, 0.637, 5);
        assert_eq!((axis.low, axis.high), (0.0, 0.8));
        assert_eq!(axis.labels(), ["0.0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(Axis::holding(-0.13, 0.3, 5).labels().first().map(String::as_str), Some("−0.2"));
        assert_eq!(Axis::holding(0.0, 4000.0, 5).labels().last().map(String::as_str), Some("4000"));
    }

    #[test]
    fn a_tick_is_not_passed_by_rounding() {
        assert_eq!(Axis::holding(0.0, 0.1 + 0.2 + 0.3, 3).high, 0.6000000000000001);
    }

    #[test]
    fn any_pair_of_values_has_an_axis() {
        for (low, high) in
            [(0.0, 0.0), (5.0, 5.0), (-3.0, -3.0), (0.0, 1e-320), (-9e299, 9e299), (1e15, 1e15 + 0.5), (0.0, 1e-9)]
        {
            let axis = Axis::holding(low, high, 5);
            assert!(axis.high > axis.low && axis.ticks.len() >= 2, "{low} {high}: {axis:?}");
            assert_eq!(axis.labels().len(), axis.ticks.len());
            assert!(axis.part(low).is_finite());
        }
    }

    #[test]
    fn numbers_are_short() {
        let written: Vec<String> =
            [0.0, -0.0, -0.001, 0.637, -0.5, 9.996, 57.25, 4000.2, 1.5e7, 2e-5].map(short).to_vec();
        assert_eq!(written, ["0.00", "0.00", "0.00", "0.64", "−0.50", "10.0", "57.2", "4000", "1.5e7", "2.0e−5"]);
        assert_eq!(["0.58", "−0.58", "1.00", "10.0"].map(bare), [".58", "−.58", "1.00", "10.0"]);
    }
}
