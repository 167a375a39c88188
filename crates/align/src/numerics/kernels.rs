//! Elementwise kernels of the corrector, written so that the compiler vectorises them.
//!
//! Each is compiled for several instruction sets and chosen at run time. Multiplications and additions
//! are never fused by hand, so every instruction set gives the same bits.

use multiversion::multiversion;

/// 1.5·2²³: adding it rounds a small float to an integer in the low bits.
const ROUND: f32 = 12_582_912.0;

/// `e^x` to about one unit in the last place, for x in [−87, 88]; outside it is clamped.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts, the first exact in few bits.
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    // Minimax coefficients of Cephes' expf.
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let mantissa = p * (r * r) + r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    mantissa * power
}

/// `Φ(x)` and `e^(−x²/2)`, the normal distribution function and its unscaled density. Φ by a rational
/// minimax approximation of erf on [−4, 4] (|error| below 2e-7), beyond which `f32` erf is ±1.
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let z = (x * std::f32::consts::FRAC_1_SQRT_2).clamp(-4.0, 4.0);
    let q = z * z;
    let p = -2.726_142_3e-10;
    let p = p * q + 2.770_681_4e-8;
    let p = p * q + -2.101_024e-6;
    let p = p * q + -5.692_506_4e-5;
    let p = p * q + -7.349_906_3e-4;
    let p = p * q + -2.954_6e-3;
    let p = (p * q + -1.609_603_3e-2) * z;
    let r = -1.456_607_2e-5;
    let r = r * q + -2.133_740_6e-4;
    let r = r * q + -1.682_827e-3;
    let r = r * q + -7.373_329e-3;
    let r = r * q + -1.426_473_9e-2;
    (0.5 + 0.5 * (p / r), exp(-0.5 * x * x))
}

/// `1/√(2π)`.
const DENSITY: f32 = 0.398_942_3;

/// Adds the bias to each row of pre-activations and activates it in place: the first `hidden` columns
/// become the derivative of the exact (erf) GELU, whose value goes to `activated`; the rest, the gate's,
/// become their sigmoid.
#[multiversion(targets = "simd")]
pub(crate) fn activate(pre: &mut [f32], bias: &[f32], activated: &mut [f32], hidden: usize) {
    for (row, out) in pre.chunks_exact_mut(bias.len()).zip(activated.chunks_exact_mut(hidden)) {
        let (h, gate) = row.split_at_mut(hidden);
        for ((h, a), b) in h.iter_mut().zip(out).zip(&bias[..hidden]) {
            let x = *h + b;
            let (phi, e) = normal(x);
            *a = x * phi;
            *h = phi + x * e * DENSITY;
        }
        for (g, b) in gate.iter_mut().zip(&bias[hidden..]) {
            *g = 1.0 / (1.0 + exp(-(*g + b)));
        }
    }
}

/// Rows shifted and scaled: `out = (v − mean)·rstd`, the normalised part of a layer normalisation.
#[multiversion(targets = "simd")]
pub(crate) fn centre(v: &[f32], mean: f32, rstd: f32, out: &mut [f32]) {
    for (n, v) in out.iter_mut().zip(v) {
        *n = (v - mean) * rstd;
    }
}

/// Sixteen running sums: enough for the widest vectors, and a fixed order of summation.
const LANES: usize = 16;

#[inline(always)]
fn reduce(sums: [f32; LANES]) -> f32 {
    let mut total = 0.0;
    for s in sums {
        total += s;
    }
    total
}

/// Products of one row of the output layer: the length of `o = v + g∘δ` and its products with the targets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowProducts {
    /// `o·o`.
    pub(crate) square: f32,
    /// `o·t`.
    pub(crate) target: f32,
    /// `o·v`.
    pub(crate) input: f32,
}

/// Adds the output bias to δ in place and returns `o·o`, `o·t` and `o·v` for `o = v + g∘δ`.
#[multiversion(targets = "simd")]
pub(crate) fn output_products(delta: &mut [f32], bias: &[f32], gate: &[f32], v: &[f32], t: &[f32]) -> RowProducts {
    let n = delta.len();
    let (bias, gate, v, t) = (&bias[..n], &gate[..n], &v[..n], &t[..n]);
    let mut sums = [[0.0f32; LANES]; 3];
    let mut add = |lane: usize, j: usize| {
        let d = delta[j] + bias[j];
        delta[j] = d;
        let o = v[j] + gate[j] * d;
        sums[0][lane] += o * o;
        sums[1][lane] += o * t[j];
        sums[2][lane] += o * v[j];
    };
    let whole = n - n % LANES;
    for start in (0..whole).step_by(LANES) {
        for lane in 0..LANES {
            add(lane, start + lane);
        }
    }
    for j in whole..n {
        add(j - whole, j);
    }
    RowProducts { square: reduce(sums[0]), target: reduce(sums[1]), input: reduce(sums[2]) }
}

/// Gradient through `o = v + g∘δ`: with `do = at·t + av·v + ao·o`, writes `do∘g` over δ and
/// `do∘δ∘g(1 − g)`, the gradient before the sigmoid, over the gate.
#[multiversion(targets = "simd")]
pub(crate) fn output_gradient(delta: &mut [f32], gate: &mut [f32], v: &[f32], t: &[f32], at: f32, av: f32, ao: f32) {
    for ((d, g), (v, t)) in delta.iter_mut().zip(gate).zip(v.iter().zip(t)) {
        let o = v + *g * *d;
        let slope = at * t + av * v + ao * o;
        let before_sigmoid = slope * *d * *g * (1.0 - *g);
        *d = slope * *g;
        *g = before_sigmoid;
    }
}

/// `out = (v + g∘δ)·scale`.
#[multiversion(targets = "simd")]
pub(crate) fn output(delta: &[f32], gate: &[f32], v: &[f32], scale: f32, out: &mut [f32]) {
    for ((o, d), (g, v)) in out.iter_mut().zip(delta).zip(gate.iter().zip(v)) {
        *o = (v + g * d) * scale;
    }
}

/// `row = e^(row − shift)`; returns the sum.
#[multiversion(targets = "simd")]
pub fn exp_shifted(row: &mut [f32], shift: f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (chunks, rest) = row.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *x = exp(*x - shift);
            *sum += *x;
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *x = exp(*x - shift);
        *sum += *x;
    }
    reduce(sums)
}

/// `a *= b`.
#[multiversion(targets = "simd")]
pub(crate) fn scale_by(a: &mut [f32], b: &[f32]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a *= b;
    }
}

/// `sums += rows of a`, one row after the other.
#[multiversion(targets = "simd")]
pub(crate) fn add_rows(a: &[f32], sums: &mut [f32]) {
    for row in a.chunks_exact(sums.len()) {
        for (s, x) in sums.iter_mut().zip(row) {
            *s += x;
        }
    }
}

/// `out = a·scale`.
#[multiversion(targets = "simd")]
pub(crate) fn scaled(a: &[f32], scale: f32, out: &mut [f32]) {
    for (out, a) in out.iter_mut().zip(a) {
        *out = a * scale;
    }
}

/// `sums += a·scale`.
#[multiversion(targets = "simd")]
pub(crate) fn add_scaled(a: &[f32], scale: f32, sums: &mut [f32]) {
    for (sum, a) in sums.iter_mut().zip(a) {
        *sum += scale * a;
    }
}

/// A row of the gradient with respect to a layer behind a scale and a shift, from the gradient `a` with respect to the
/// layer that holds both: `a = scale·a + shift·s`. Returns `a·w` and `s·w` of before, the gradients of scale and shift.
#[multiversion(targets = "simd")]
pub(crate) fn unfold(a: &mut [f32], w: &[f32], s: &[f32], scale: f32, shift: f32) -> (f32, f32) {
    let (mut of_scale, mut of_shift) = ([0.0f64; LANES], [0.0f64; LANES]);
    let mut step = |lane: usize, a: &mut f32, w: f32, s: f32| {
        of_scale[lane] += f64::from(*a) * f64::from(w);
        of_shift[lane] += f64::from(s) * f64::from(w);
        *a = scale * *a + shift * s;
    };
    let (chunks, rest) = a.as_chunks_mut::<LANES>();
    let (w_chunks, w_rest) = w.as_chunks::<LANES>();
    let (s_chunks, s_rest) = s.as_chunks::<LANES>();
    for ((a, w), s) in chunks.iter_mut().zip(w_chunks).zip(s_chunks) {
        for lane in 0..LANES {
            step(lane, &mut a[lane], w[lane], s[lane]);
        }
    }
    for (lane, ((a, &w), &s)) in rest.iter_mut().zip(w_rest).zip(s_rest).enumerate() {
        step(lane, a, w, s);
    }
    (of_scale.iter().sum::<f64>() as f32, of_shift.iter().sum::<f64>() as f32)
}

/// Sum of squares.
#[multiversion(targets = "simd")]
pub(crate) fn squares(a: &[f32]) -> f64 {
    let mut sums = [0.0f64; LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    for (sum, &x) in sums.iter_mut().zip(rest) {
        *sum += f64::from(x) * f64::from(x);
    }
    sums.iter().sum()
}

/// The constants of one AdamW step.
#[derive(Clone, Copy, Debug)]
pub struct AdamwStep {
    /// Factor of the gradient (clipping).
    clip: f32,
    /// `1 − lr·weight_decay`.
    decay: f32,
    /// `lr / (1 − β₁ᵗ)`.
    rate: f32,
    /// `1 / √(1 − β₂ᵗ)`.
    second_correction: f32,
}

/// Decay of the first moment.
const BETA1: f32 = 0.9;
/// Decay of the second moment.
const BETA2: f32 = 0.999;

impl AdamwStep {
    /// Step t, from 1, with its bias corrections.
    pub fn at(t: i32, lr: f64, weight_decay: f64, clip: f64) -> Self {
        let (beta1, beta2) = (f64::from(BETA1), f64::from(BETA2));
        Self {
            clip: clip as f32,
            decay: (1.0 - lr * weight_decay) as f32,
            rate: (lr / (1.0 - beta1.powi(t))) as f32,
            second_correction: (1.0 / (1.0 - beta2.powi(t)).sqrt()) as f32,
        }
    }
}

/// One AdamW step on a stretch of weights, decoupled weight decay first, ε = 1e-8.
#[multiversion(targets = "simd")]
pub fn adamw(weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], step: AdamwStep) {
    for ((w, g), (m, v)) in weights.iter_mut().zip(gradient).zip(first.iter_mut().zip(second)) {
        let g = g * step.clip;
        *m = *m * BETA1 + g * (1.0 - BETA1);
        *v = *v * BETA2 + g * g * (1.0 - BETA2);
        *w = *w * step.decay - step.rate * *m / (v.sqrt() * step.second_correction + 1e-8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_agrees_with_the_standard_library() {
        for i in -8600..8700 {
            let x = i as f32 * 0.01;
            let want = f64::from(x).exp();
            assert!((f64::from(exp(x)) / want - 1.0).abs() < 2e-7, "exp({x})");
        }
    }

    #[test]
    fn normal_distribution_is_symmetric_and_exact_where_known() {
        assert!((normal(0.0).0 - 0.5).abs() < 2e-7);
        assert!((normal(1.959_964).0 - 0.975).abs() < 2e-7);
        assert!((normal(-1.959_964).0 - 0.025).abs() < 2e-7);
        assert!(normal(-30.0).0 >= 0.0 && normal(30.0).0 <= 1.0);
    }
}
