//! Functions of many numbers, written so that the compiler computes several of them in one instruction: without branches
//! and without calls. Each is compiled for several instruction sets and chosen at run time. Multiplications and additions
//! are never fused by hand, so every instruction set gives the same bits.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LOG2_E};

use multiversion::multiversion;

/// 1.5·2²³: adding it rounds a small number to an integer, which is then in the low bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; the product of the first with a small integer is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// `e^x` by the series of the fraction, to about two units in the last place; 0 below -87, infinite above 88.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let shifted = x * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let fraction = p * (r * r) + r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    let low = if x < -87.0 { 0.0 } else { fraction * power };
    if x > 88.0 { f32::INFINITY } else { low }
}

/// The error function as `x P(x²) / Q(x²)` on [-4, 4]; beyond, it is ±1 in `f32`. The coefficients are a least-squares fit
/// of the quotient, reweighted until the relative error is even: 2.5e-8, and 3e-7 with the rounding of `f32`.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let x = if x < -4.0 { -4.0 } else { x };
    let x = if x > 4.0 { 4.0 } else { x };
    let s = x * x;
    let p = 1.986_795_5e-6;
    let p = p * s + 2.845_654_4e-4;
    let p = p * s + 3.883_301_7e-3;
    let p = p * s + 5.310_161e-2;
    let p = p * s + 0.193_544_02;
    let p = p * s + FRAC_2_SQRT_PI;
    let q = 3.742_029e-5;
    let q = q * s + 1.185_562e-3;
    let q = q * s + 1.520_716_4e-2;
    let q = q * s + 0.115_349_57;
    let q = q * s + 0.504_856_47;
    let q = q * s + 1.0;
    if s >= 16.0 { x * 0.25 } else { x * p / q }
}

/// `x Φ(x)`, `Φ` by the error function.
#[multiversion(targets = "simd")]
pub(crate) fn gelu(values: &mut [f32]) {
    for x in values {
        *x = 0.5 * *x * (1.0 + erf(*x * FRAC_1_SQRT_2));
    }
}

/// `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`: `(1 + tanh y) / 2` is the sigmoid of `2 y`.
#[multiversion(targets = "simd")]
pub(crate) fn gelu_tanh(values: &mut [f32]) {
    const ROOT: f32 = 0.797_884_6; // √(2/π)
    for x in values {
        let y = ROOT * (*x + 0.044715 * *x * *x * *x);
        *x /= 1.0 + exp(-2.0 * y);
    }
}

/// `x σ(factor · x)`.
#[multiversion(targets = "simd")]
pub(crate) fn sigmoid_times(values: &mut [f32], factor: f32) {
    for x in values {
        *x /= 1.0 + exp(-factor * *x);
    }
}

/// Numbers that are processed side by side.
const LANES: usize = 16;

/// The softmax of a row, in place: exponentials of the distances from the largest value, divided by their sum.
#[multiversion(targets = "simd")]
pub(super) fn softmax(row: &mut [f32]) {
    let mut largest = [f32::NEG_INFINITY; LANES];
    let mut chunks = row.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (m, x) in largest.iter_mut().zip(chunk) {
            *m = if *x > *m { *x } else { *m };
        }
    }
    let largest = largest.iter().chain(chunks.remainder()).fold(f32::NEG_INFINITY, |m, x| if *x > m { *x } else { m });
    let mut sums = [0.0f32; LANES];
    let mut chunks = row.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *x = exp(*x - largest);
            *sum += *x;
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for x in chunks.into_remainder() {
        *x = exp(*x - largest);
        sum += *x;
    }
    let factor = sum.recip();
    for x in row {
        *x *= factor;
    }
}

/// Norm of a row `(x - mean) / √(var + ε) ∘ w + b`, with sums in `f64`; without `centred`, the mean is 0.
#[multiversion(targets = "simd")]
pub(crate) fn norm(row: &[f32], [weight, bias]: [&[f32]; 2], centred: bool, epsilon: f64, out: &mut [f32]) {
    let count = row.len() as f64;
    let mean = if centred { sum(row, |x| x) / count } else { 0.0 };
    let variance = sum(row, |x| (x - mean) * (x - mean)) / count;
    let factor = (variance + epsilon).sqrt().recip();
    for ((out, x), (w, b)) in out.iter_mut().zip(row).zip(weight.iter().zip(bias)) {
        *out = ((f64::from(*x) - mean) * factor) as f32 * w + b;
    }
}

#[inline(always)]
fn sum(row: &[f32], term: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0f64; LANES];
    let mut chunks = row.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += term(f64::from(*x));
        }
    }
    chunks.remainder().iter().fold(sums.iter().sum(), |sum, x| sum + term(f64::from(*x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_near_their_values() {
        let all = || (-400_000..=400_000).map(|i| i as f32 / 4000.0);
        let (mut exps, mut erfs) = (0.0f64, 0.0f64);
        for x in all() {
            let (exact, found) = (f64::from(x).exp(), f64::from(exp(x)));
            match x {
                x if x < -87.0 => assert_eq!(found, 0.0),
                x if x > 88.0 => assert_eq!(found, f64::INFINITY),
                _ => exps = exps.max((found - exact).abs() / exact),
            }
            erfs = erfs.max((libm::erf(f64::from(x)) - f64::from(erf(x))).abs());
        }
        println!("exp {exps:e}, erf {erfs:e}");
        assert!(exps < 3e-7 && erfs < 3.5e-7, "exp {exps:e}, erf {erfs:e}");
        assert!(exp(f32::NAN).is_nan() && erf(f32::NAN).is_nan());
        assert_eq!((exp(0.0), erf(0.0), erf(9.0), erf(-9.0)), (1.0, 0.0, 1.0, -1.0));
    }

    #[test]
    fn a_softmax_of_any_length() {
        for length in [1, 2, 15, 16, 17, 197] {
            let values: Vec<f32> = (0..length).map(|i| ((i * 7919) % 2003) as f32 / 100.0 - 10.0).collect();
            let mut found = values.clone();
            softmax(&mut found);
            let largest = f64::from(values.iter().copied().fold(f32::MIN, f32::max));
            let exact: Vec<f64> = values.iter().map(|x| (f64::from(*x) - largest).exp()).collect();
            let sum: f64 = exact.iter().sum();
            for (found, exact) in found.iter().zip(&exact) {
                assert!((f64::from(*found) - exact / sum).abs() <= 1e-6, "{length}");
            }
        }
        let mut hidden = [1.0, f32::MIN, 1.0, f32::MIN];
        softmax(&mut hidden);
        assert_eq!(hidden, [0.5, 0.0, 0.5, 0.0], "hidden positions have no weight at all");
        let mut broken = [1.0, f32::NAN, 2.0];
        softmax(&mut broken);
        assert!(broken.iter().all(|x| x.is_nan()));
    }
}
