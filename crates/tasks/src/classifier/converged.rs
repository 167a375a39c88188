//! The converged protocol: L2-regularised logistic regression to the optimum, and a bound on the distance from it.

use align::Matrix;
use align::linalg::{Accum, MatrixView, MatrixViewMut, Threads, gemm};

use super::lbfgs::{dot, minimise};
use super::{BLOCK, Classifier, Labelled};
use crate::TaskError;

/// The converged protocol: L2-regularised logistic regression, solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Converged {
    /// Strength λ of the penalty.
    pub l2: f64,
}

/// A classifier with a bound on the distance from the optimum.
#[derive(Clone, Debug, PartialEq)]
pub struct Solved {
    /// The classifier.
    pub classifier: Classifier,
    /// Upper bound on the distance of its objective from the minimum.
    pub gap: f64,
    /// Steps taken.
    pub steps: usize,
}

impl Solved {
    /// Whether the optimum was reached: a gap of at most 1e-5.
    pub fn converged(&self) -> bool {
        self.gap <= GAP
    }
}

/// Largest gap, in nats, that counts as reached.
const GAP: f64 = 1e-5;
/// Gap at which double precision takes over from single precision. Gradients in single precision are exact enough down
/// to it and cost a tenth.
const HAND_OVER: f64 = 4e-6;
/// Maximal number of steps.
const STEPS: usize = 3000;
/// Maximal number of steps of the biases alone, and the gradient norm at which they stop.
const BIAS: (usize, f64) = (200, 1e-10);

impl Classifier {
    /// The minimiser of mean cross-entropy + `λ/2·r²·|W|²` with the root mean square r of the features; the bias is
    /// free. This equals features divided by r, so unit rows and standardised rows get the same penalty.
    ///
    /// The objective is convex and the start is zero, so there is one solution and no draw. L-BFGS runs on centred
    /// features (the free bias compensates the shift), first in `f32`, then in `f64`, until the objective is within
    /// 1e-5 of the minimum or for 3000 steps; [`Solved`] tells which. The bound: with the best bias, the objective is a
    /// λ-strongly convex function of the weights and lies above its minimum by at most `|gradient|²/(2λ)`. The ratio of
    /// the gradient to that at the start gives no such bound: if views have a lower rank than columns, the objective
    /// still falls long after the gradient has become short.
    ///
    /// # Errors
    /// [`TaskError::Shape`] for codes that are not one per row, or a class that is not below `classes`;
    /// [`TaskError::NoNumber`]; [`TaskError::Parameter`] for no rows, no classes, or a penalty that is not above 0.
    pub fn train_converged(rows: Labelled<'_>, classes: usize, how: Converged) -> Result<Solved, TaskError> {
        if !(how.l2 > 0.0 && how.l2.is_finite()) {
            let (got, want) = (how.l2.to_string(), "a finite number above 0");
            return Err(TaskError::Parameter { task: "classifier", parameter: "l2", got, want });
        }
        let mut model = Self { weights: vec![0.0; (rows.x.cols() + 1) * classes], classes };
        model.check(rows, true)?;
        let problem = Problem::new(rows, classes, how.l2);
        let weights = problem.width() * classes;
        let within = |gradient: &[f64]| dot(gradient, gradient) / (2.0 * how.l2);
        let mut at = vec![0.0; model.weights.len()];
        let mut gradient = at.clone();
        let fast = |at: &[f64], gradient: &mut [f64]| problem.in_single(&mut model, at, gradient);
        let mut steps = minimise(&mut at, STEPS, fast, |g| within(g) <= HAND_OVER);
        let mut gap = f64::INFINITY;
        while gap > GAP && steps < STEPS {
            let taken = minimise(&mut at, STEPS - steps, |at, g| problem.objective(at, g), |g| within(g) <= GAP / 4.0);
            steps += taken.max(1);
            problem.best_bias(&mut at);
            problem.objective(&at, &mut gradient);
            let (of_weights, of_bias) = gradient.split_at(weights);
            // The remaining gradient of the bias, times the distance that the bias may have to move.
            let bias = &at[weights..];
            let before = gap;
            gap = within(of_weights) + dot(of_bias, of_bias).sqrt() * (1.0 + dot(bias, bias).sqrt());
            // Rounding decides the end: better biases can leave more work for the weights, so a round without a step is
            // not the end.
            if gap >= before && taken == 0 {
                break;
            }
        }
        problem.undo(&at, &mut model.weights);
        Ok(Solved { classifier: model, gap, steps })
    }
}

/// Rows and the penalty; features are centred and divided by their root mean square when they are read.
struct Problem<'a> {
    rows: Labelled<'a>,
    classes: usize,
    l2: f64,
    means: Vec<f64>,
    rms: f64,
    /// The centred and divided features in single precision.
    single: Matrix,
}

impl<'a> Problem<'a> {
    fn new(rows: Labelled<'a>, classes: usize, l2: f64) -> Self {
        let (n, d) = (rows.x.rows(), rows.x.cols());
        let mut means = vec![0.0; d];
        let mut square = 0.0;
        for i in 0..n {
            for (mean, &x) in means.iter_mut().zip(rows.x.row(i)) {
                *mean += f64::from(x);
                square += f64::from(x) * f64::from(x);
            }
        }
        means.iter_mut().for_each(|mean| *mean /= n as f64);
        let rms = if square > 0.0 { (square / (n * d) as f64).sqrt() } else { 1.0 };
        let single = Matrix::from_fn(n, d, |i, j| ((f64::from(rows.x.at(i, j)) - means[j]) / rms) as f32);
        Self { rows, classes, l2, means, rms, single }
    }

    /// [`Problem::objective`] by products in single precision; `model` holds the rounded weights.
    fn in_single(&self, model: &mut Classifier, at: &[f64], gradient: &mut [f64]) -> f64 {
        model.weights.iter_mut().zip(at).for_each(|(w, &a)| *w = a as f32);
        let mut buffer = vec![0.0f32; at.len()];
        let loss = model.loss_gradient(Labelled { x: &self.single, codes: self.rows.codes }, &mut buffer);
        gradient.iter_mut().zip(&buffer).for_each(|(g, &b)| *g = f64::from(b));
        let w = &at[..self.width() * self.classes];
        gradient.iter_mut().zip(w).for_each(|(g, w)| *g += self.l2 * w);
        loss + 0.5 * self.l2 * dot(w, w)
    }

    fn width(&self) -> usize {
        self.means.len()
    }

    /// The objective at W (d × k) and b, and its gradient.
    fn objective(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let (n, d, k) = (self.rows.x.rows(), self.width(), self.classes);
        let (w, b) = at.split_at(d * k);
        gradient.fill(0.0);
        let (dw, db) = gradient.split_at_mut(d * k);
        let mut p = vec![0.0; BLOCK.min(n) * k];
        let mut loss = 0.0;
        for start in (0..n).step_by(BLOCK) {
            let count = BLOCK.min(n - start);
            let (x, p) = (self.block(start, count), &mut p[..count * k]);
            p.chunks_exact_mut(k).for_each(|row| row.copy_from_slice(b));
            let x = MatrixView::from_slice(count, d, &x);
            gemm(
                MatrixViewMut::from_slice(count, k, &mut *p),
                Accum::Add,
                x,
                MatrixView::from_slice(d, k, w),
                Threads::One,
            );
            for (row, &code) in p.chunks_exact_mut(k).zip(&self.rows.codes[start..]) {
                loss += probabilities(row, code, n);
                db.iter_mut().zip(&*row).for_each(|(b, v)| *b += v);
            }
            let p = MatrixView::from_slice(count, k, &*p);
            gemm(MatrixViewMut::from_slice(d, k, &mut *dw), Accum::Add, x.transpose(), p, Threads::One);
        }
        dw.iter_mut().zip(w).for_each(|(g, w)| *g += self.l2 * w);
        loss / n as f64 + 0.5 * self.l2 * dot(w, w)
    }

    /// Features of some rows, centred and divided.
    fn block(&self, start: usize, count: usize) -> Vec<f64> {
        let of_row = |i: usize| self.rows.x.row(i).iter().zip(&self.means);
        let rows = (start..start + count).flat_map(of_row);
        rows.map(|(&x, mean)| (f64::from(x) - mean) / self.rms).collect()
    }

    /// The best biases for these weights; their scores are computed once.
    fn best_bias(&self, at: &mut [f64]) {
        let (n, k) = (self.rows.x.rows(), self.classes);
        let weights = self.width() * k;
        let mut scores = vec![0.0; n * k];
        for start in (0..n).step_by(BLOCK) {
            let count = BLOCK.min(n - start);
            let x = self.block(start, count);
            gemm(
                MatrixViewMut::from_slice(count, k, &mut scores[start * k..(start + count) * k]),
                Accum::Replace,
                MatrixView::from_slice(count, self.width(), &x),
                MatrixView::from_slice(self.width(), k, &at[..weights]),
                Threads::One,
            );
        }
        let mut bias = at[weights..].to_vec();
        let mut row = vec![0.0; k];
        let of_bias = |b: &[f64], gradient: &mut [f64]| {
            gradient.fill(0.0);
            let mut loss = 0.0;
            for (scores, &code) in scores.chunks_exact(k).zip(self.rows.codes) {
                row.iter_mut().zip(scores.iter().zip(b)).for_each(|(v, (score, b))| *v = score + b);
                loss += probabilities(&mut row, code, n);
                gradient.iter_mut().zip(&row).for_each(|(g, v)| *g += v);
            }
            loss / n as f64
        };
        minimise(&mut bias, BIAS.0, of_bias, |gradient| dot(gradient, gradient).sqrt() <= BIAS.1);
        at[weights..].copy_from_slice(&bias);
    }

    /// Weights and biases for the original features.
    fn undo(&self, at: &[f64], out: &mut [f32]) {
        let k = self.classes;
        let (w, b) = at.split_at(self.width() * k);
        let (out_w, out_b) = out.split_at_mut(w.len());
        out_w.iter_mut().zip(w).for_each(|(out, w)| *out = (w / self.rms) as f32);
        for (class, (out, b)) in out_b.iter_mut().zip(b).enumerate() {
            let shift: f64 = self.means.iter().zip(w.chunks_exact(k)).map(|(mean, w)| mean * w[class] / self.rms).sum();
            *out = (b - shift) as f32;
        }
    }
}

/// Replaces a row's scores by its contribution to the gradient of the biases, and returns its cross-entropy.
fn probabilities(row: &mut [f64], code: u32, rows: usize) -> f64 {
    let truth = row[code as usize];
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for v in &mut *row {
        *v = (*v - most).exp();
        sum += *v;
    }
    let scale = 1.0 / (sum * rows as f64);
    row.iter_mut().for_each(|v| *v *= scale);
    row[code as usize] -= 1.0 / rows as f64;
    most + sum.ln() - truth
}

#[cfg(test)]
mod tests {
    use super::*;
    use align::Matrix;

    fn solve(x: &Matrix, codes: &[u32], classes: usize, l2: f64) -> Result<Solved, TaskError> {
        Classifier::train_converged(Labelled { x, codes }, classes, Converged { l2 })
    }

    /// Three groups on a circle, far apart.
    fn groups() -> (Matrix, Vec<u32>) {
        let x = Matrix::from_fn(90, 2, |i, j| {
            let angle = (i % 3) as f32 * 2.1 + (i as f32 * 0.7).sin() * 0.3;
            if j == 0 { angle.cos() } else { angle.sin() }
        });
        (x, (0..90).map(|i| i % 3).collect())
    }

    #[test]
    fn the_converged_solution_has_no_gradient_and_parts_what_can_be_parted() {
        let (x, codes) = groups();
        let rows = Labelled { x: &x, codes: &codes };
        let solved = solve(&x, &codes, 3, 1e-2).expect("sound rows");
        assert!(solved.converged());
        let classifier = solved.classifier;
        assert_eq!(classifier.accuracy(rows).expect("rows that fit"), 1.0);
        let mut gradient = vec![0.0; classifier.weights.len()];
        classifier.loss_gradient(rows, &mut gradient);
        // Unit rows of width 2 have a mean square of 1/2.
        let penalty = |i: usize| if i < 6 { 1e-2 * 0.5 * f64::from(classifier.weights[i]) } else { 0.0 };
        let left = gradient.iter().enumerate().map(|(i, &g)| (f64::from(g) + penalty(i)).powi(2)).sum::<f64>().sqrt();
        assert!(left < 1e-4, "{left}");
        // Scaling the features changes nothing, however small they become; shifting them moves the bias alone, but for r.
        for scale in [50.0, 1e-12] {
            let again = solve(&x.map(|v| v * scale), &codes, 3, 1e-2).expect("sound rows").classifier;
            let pairs = classifier.weights[..6].iter().zip(&again.weights);
            let gap = pairs.map(|(a, b)| (a - b * scale).abs()).fold(0.0, f32::max);
            assert!(gap < 1e-3, "{scale}: {gap}");
        }
    }

    #[test]
    fn a_penalty_that_is_too_small_for_the_steps_says_so() {
        // Rows that a plane parts, and nearly no penalty: the weights would have to grow for ever.
        let x = Matrix::from_fn(40, 30, |i, j| ((i * 7 + j * 13) as f32 * 0.37).sin() / (1 + j * j * j) as f32);
        let codes: Vec<u32> = (0..40).map(|i| u32::from(i % 5 == 0)).collect();
        let solved = solve(&x, &codes, 2, 1e-13).expect("sound rows");
        assert!(!solved.converged() && solved.gap.is_finite(), "{} after {}", solved.gap, solved.steps);
    }

    #[test]
    fn what_no_classifier_can_be_trained_on_is_named() {
        let (mut x, codes) = groups();
        let text = |solved: Result<Solved, TaskError>| solved.err().map(|e| e.to_string()).unwrap_or_default();
        assert_eq!(text(solve(&x, &codes, 3, 0.0)), "classifier: `l2` is 0, expected a finite number above 0");
        assert!(text(solve(&Matrix::zeros(0, 2), &[], 3, 1.0)).starts_with("classifier: `rows` is 0"));
        assert!(text(solve(&x, &codes, 0, 1.0)).starts_with("classifier: `classes` is 0"));
        x.row_mut(4)[1] = f32::NAN;
        assert!(text(solve(&x, &codes, 3, 1.0)).starts_with("classifier: the rows hold NaN at row 4, column 1"));
    }
}
