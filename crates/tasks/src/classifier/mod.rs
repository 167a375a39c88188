//! A linear softmax classifier, trained as the reference does or to the optimum.
//!
//! Logits `x W + b` (x n × d, W d × k), loss the mean cross-entropy. Rows go through in blocks, so
//! memory is O(block × k) beside the data; sums have a fixed order and one thread, so classifiers may be
//! spread over threads without a trace in the results. Cost of a gradient: 4·n·d·k flops.

use align::Matrix;
use align::kernels::{AdamwStep, adamw, exp_shifted};
use align::linalg::{Accum, MatMut, MatRef, Threads, gemm};

use crate::TaskError;

/// Rows per block.
const BLOCK: usize = 512;

/// A trained classifier: W (d × k) row by row, then b (k).
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    weights: Vec<f32>,
    classes: usize,
}

/// Rows with their classes; a class of the classifier's count or above is one it does not know.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// Features, n × d.
    pub x: &'a Matrix,
    /// Dense class codes, n.
    pub codes: &'a [u32],
}

/// The released protocol: full-batch Adam, the weights of the best validation accuracy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Released {
    /// Most steps.
    pub epochs: usize,
    /// Learning rate.
    pub lr: f64,
    /// Steps in a row without a better validation accuracy before it stops; `None` = never.
    pub patience: Option<usize>,
}

impl Classifier {
    /// From W (d × k) and b (k).
    ///
    /// # Errors
    /// [`TaskError::Shape`] where b has not one value per column of W, or there is no class.
    pub fn from_parts(w: &Matrix, b: &[f32]) -> Result<Self, TaskError> {
        if w.cols() != b.len() || b.is_empty() {
            return Err(TaskError::Shape {
                op: "classifier",
                left_name: "columns of W",
                left: w.cols().to_string(),
                right_name: "biases",
                right: b.len().to_string(),
            });
        }
        Ok(Self { weights: [w.as_slice(), b].concat(), classes: b.len() })
    }

    /// Whether it can be trained on these rows, or judged by them where `known` classes are not asked for.
    fn check(&self, rows: Labelled<'_>, known: bool) -> Result<(), TaskError> {
        let shape = |left_name, left: usize, right_name, right: usize| TaskError::Shape {
            op: "classifier",
            left_name,
            left: left.to_string(),
            right_name,
            right: right.to_string(),
        };
        let (rows_of_w, k) = (self.weights.len() / self.classes.max(1) - 1, self.classes);
        if rows.x.cols() != rows_of_w {
            return Err(shape("columns of the rows", rows.x.cols(), "rows of W", rows_of_w));
        }
        if rows.codes.len() != rows.x.rows() {
            return Err(shape("class codes", rows.codes.len(), "rows", rows.x.rows()));
        }
        match rows.codes.iter().find(|&&code| known && code as usize >= k) {
            None => Ok(()),
            Some(&code) => Err(shape("a class code of the rows to train on", code as usize, "classes, from 0", k)),
        }
    }

    /// W row by row, then b.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    fn split(&self) -> (&[f32], &[f32]) {
        self.weights.split_at(self.weights.len() - self.classes)
    }

    fn logits(&self, x: &Matrix, start: usize, rows: usize, out: &mut [f32]) {
        let (d, k) = (x.cols(), self.classes);
        let (w, b) = self.split();
        let block = MatRef::from_row_major_slice(&x.as_slice()[start * d..(start + rows) * d], rows, d);
        let out = &mut out[..rows * k];
        let to = MatMut::from_row_major_slice_mut(&mut *out, rows, k);
        gemm(to, Accum::Replace, block, MatRef::from_row_major_slice(w, d, k), Threads::One);
        for row in out.chunks_exact_mut(k) {
            row.iter_mut().zip(b).for_each(|(logit, b)| *logit += b);
        }
    }

    /// Whether each row's largest logit (the first among equals) is that of its class.
    ///
    /// # Panics
    /// Where the rows are not as wide as those that it was trained on, or there is not one code for each.
    pub fn correct(&self, rows: Labelled<'_>) -> Vec<bool> {
        let (n, k) = (rows.x.rows(), self.classes);
        let mut logits = vec![0.0; BLOCK * k];
        let mut out = Vec::with_capacity(n);
        for start in (0..n).step_by(BLOCK) {
            let count = BLOCK.min(n - start);
            self.logits(rows.x, start, count, &mut logits);
            for (row, &code) in logits.chunks_exact(k).take(count).zip(&rows.codes[start..]) {
                let best = (1..k).fold(0, |best, j| if row[j] > row[best] { j } else { best });
                out.push(best == code as usize);
            }
        }
        out
    }

    /// Share of rows that are correct.
    ///
    /// # Panics
    /// As [`Classifier::correct`].
    pub fn accuracy(&self, rows: Labelled<'_>) -> f64 {
        let correct = self.correct(rows);
        correct.iter().filter(|&&c| c).count() as f64 / correct.len() as f64
    }

    /// Mean cross-entropy; its gradient, laid out as the weights, is written to `gradient`.
    pub(crate) fn loss_gradient(&self, rows: Labelled<'_>, gradient: &mut [f32]) -> f64 {
        let (n, d, k) = (rows.x.rows(), rows.x.cols(), self.classes);
        let scale = 1.0 / n as f32;
        gradient.fill(0.0);
        let (dw, db) = gradient.split_at_mut(d * k);
        let mut p = vec![0.0; BLOCK * k];
        let mut loss = 0.0;
        for start in (0..n).step_by(BLOCK) {
            let count = BLOCK.min(n - start);
            self.logits(rows.x, start, count, &mut p);
            for (row, &code) in p.chunks_exact_mut(k).take(count).zip(&rows.codes[start..]) {
                let truth = row[code as usize];
                let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let sum = exp_shifted(row, max);
                loss += f64::from(max) + f64::from(sum).ln() - f64::from(truth);
                row.iter_mut().for_each(|v| *v *= scale / sum);
                row[code as usize] -= scale;
                db.iter_mut().zip(&*row).for_each(|(b, v)| *b += v);
            }
            let block = MatRef::from_row_major_slice(&rows.x.as_slice()[start * d..(start + count) * d], count, d);
            let p = MatRef::from_row_major_slice(&p[..count * k], count, k);
            gemm(MatMut::from_row_major_slice_mut(&mut *dw, d, k), Accum::Add, block.transpose(), p, Threads::One);
        }
        loss / n as f64
    }

    /// Trains from here by [`Released`]; one classifier per validation set, all from the same run. Without
    /// a step that betters an accuracy of 0 the last weights stay.
    ///
    /// # Errors
    /// [`TaskError::Shape`] for rows of another width, codes that are not one per row, or a class to train on that it
    /// does not have.
    pub fn train_released(
        &self,
        rows: Labelled<'_>,
        validation: &[Labelled<'_>],
        how: Released,
    ) -> Result<Vec<Self>, TaskError> {
        self.check(rows, true)?;
        validation.iter().try_for_each(|rows| self.check(*rows, false))?;
        let mut now = self.clone();
        let len = now.weights.len();
        let (mut gradient, mut first, mut second) = (vec![0.0; len], vec![0.0; len], vec![0.0; len]);
        let mut best: Vec<(f64, usize, Option<Self>)> = vec![(0.0, 0, None); validation.len()];
        let stopped = |failed: usize| how.patience.is_some_and(|patience| failed >= patience);
        for t in 1..=how.epochs as i32 {
            now.loss_gradient(rows, &mut gradient);
            let step = AdamwStep::at(t, how.lr, 0.0, 1.0);
            adamw(&mut now.weights, &gradient, &mut first, &mut second, step);
            for ((accuracy, failed, kept), &rows) in best.iter_mut().zip(validation) {
                if stopped(*failed) {
                    continue;
                }
                let seen = now.accuracy(rows);
                if seen > *accuracy {
                    (*accuracy, *failed, *kept) = (seen, 0, Some(now.clone()));
                } else {
                    *failed += 1;
                }
            }
            if best.iter().all(|&(_, failed, _)| stopped(failed)) {
                break;
            }
        }
        Ok(best.into_iter().map(|(_, _, kept)| kept.unwrap_or_else(|| now.clone())).collect())
    }
}

/// The converged protocol: L2-regularised logistic regression, solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Converged {
    /// Strength λ of the penalty.
    pub l2: f64,
}

/// Most iterations of the solver.
const ITERATIONS: usize = 300;
/// Pairs that its model of the curvature is built from.
const MEMORY: usize = 10;
/// It stops when the gradient is this much shorter than at the start.
const SHORTER: f64 = 1e-4;

impl Classifier {
    /// The minimiser of mean cross-entropy + `λ/2·r²·|W|²`, r the root mean square of the features, the bias
    /// free; the same as features divided by r, so that unit rows and standardised ones are penalised alike.
    ///
    /// Convex, started at zero, so there is one solution and nothing is drawn. L-BFGS with backtracking, to a
    /// gradient 1e-4 as long as at the start or 300 iterations. Source: Liu and Nocedal 1989.
    ///
    /// # Errors
    /// [`TaskError::Shape`] for codes that are not one per row, or a class that is not below `classes`.
    pub fn train_converged(rows: Labelled<'_>, classes: usize, how: Converged) -> Result<Self, TaskError> {
        let d = rows.x.cols();
        let square: f64 = rows.x.as_slice().iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let rms = (square / rows.x.as_slice().len().max(1) as f64).sqrt().max(1e-12);
        let x = rows.x.map(|&x| (f64::from(x) / rms) as f32);
        let scaled = Labelled { x: &x, codes: rows.codes };
        let weights = d * classes;
        let mut model = Self { weights: vec![0.0; weights + classes], classes };
        model.check(rows, true)?;
        let mut buffer = vec![0.0f32; weights + classes];
        let solution = minimise(weights + classes, |at, gradient| {
            model.weights.iter_mut().zip(at).for_each(|(w, &a)| *w = a as f32);
            let loss = model.loss_gradient(scaled, &mut buffer);
            gradient.iter_mut().zip(&buffer).for_each(|(g, &b)| *g = f64::from(b));
            let penalty: f64 = at[..weights].iter().map(|w| w * w).sum();
            gradient[..weights].iter_mut().zip(at).for_each(|(g, w)| *g += how.l2 * w);
            loss + 0.5 * how.l2 * penalty
        });
        model.weights.iter_mut().zip(&solution).for_each(|(w, &s)| *w = s as f32);
        model.weights[..weights].iter_mut().for_each(|w| *w = (f64::from(*w) / rms) as f32);
        Ok(model)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// `y += a x`.
fn add(y: &mut [f64], a: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
}

/// L-BFGS from zero; `f` returns the value at a point and writes its gradient.
fn minimise(len: usize, mut f: impl FnMut(&[f64], &mut [f64]) -> f64) -> Vec<f64> {
    let mut x = vec![0.0; len];
    let mut gradient = vec![0.0; len];
    let mut value = f(&x, &mut gradient);
    let goal = SHORTER * dot(&gradient, &gradient).sqrt();
    // Steps, changes of the gradient, and 1/(step·change), the newest last.
    let mut pairs: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    let (mut trial, mut trial_gradient) = (vec![0.0; len], vec![0.0; len]);
    for _ in 0..ITERATIONS {
        if dot(&gradient, &gradient).sqrt() <= goal {
            break;
        }
        let direction = direction(&gradient, &pairs);
        let slope = dot(&gradient, &direction);
        // The first step has no curvature to go by.
        let mut length = if pairs.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let mut accepted = false;
        for _ in 0..30 {
            trial.copy_from_slice(&x);
            add(&mut trial, length, &direction);
            let next = f(&trial, &mut trial_gradient);
            if next <= value + 1e-4 * length * slope {
                value = next;
                accepted = true;
                break;
            }
            length *= 0.5;
        }
        // What is left is rounding.
        if !accepted {
            break;
        }
        let step: Vec<f64> = trial.iter().zip(&x).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = trial_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let along = dot(&step, &change);
        if along > 1e-12 * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push((step, change, 1.0 / along));
        }
        std::mem::swap(&mut x, &mut trial);
        std::mem::swap(&mut gradient, &mut trial_gradient);
    }
    x
}

/// Minus the gradient, bent by the curvature seen so far (the two-loop recursion).
fn direction(gradient: &[f64], pairs: &[(Vec<f64>, Vec<f64>, f64)]) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut factors = Vec::with_capacity(pairs.len());
    for (step, change, inverse) in pairs.iter().rev() {
        let factor = inverse * dot(step, &q);
        add(&mut q, -factor, change);
        factors.push(factor);
    }
    if let Some((_, change, inverse)) = pairs.last() {
        let scale = 1.0 / (inverse * dot(change, change));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((step, change, inverse), factor) in pairs.iter().zip(factors.iter().rev()) {
        let correction = factor - inverse * dot(change, &q);
        add(&mut q, correction, step);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_converged_solution_has_no_gradient_and_parts_what_can_be_parted() {
        // Three groups on a circle, far apart.
        let x = Matrix::from_fn(90, 2, |i, j| {
            let angle = (i % 3) as f32 * 2.1 + (i as f32 * 0.7).sin() * 0.3;
            if j == 0 { angle.cos() } else { angle.sin() }
        });
        let codes: Vec<u32> = (0..90).map(|i| i % 3).collect();
        let rows = Labelled { x: &x, codes: &codes };
        let solved = Classifier::train_converged(rows, 3, Converged { l2: 1e-2 }).expect("sound rows");
        assert_eq!(solved.accuracy(rows), 1.0);
        let mut gradient = vec![0.0; solved.weights.len()];
        solved.loss_gradient(rows, &mut gradient);
        // Unit rows of width 2 have a mean square of 1/2.
        let penalty = |i: usize| if i < 6 { 1e-2 * 0.5 * f64::from(solved.weights[i]) } else { 0.0 };
        let left = gradient.iter().enumerate().map(|(i, &g)| (f64::from(g) + penalty(i)).powi(2)).sum::<f64>().sqrt();
        assert!(left < 1e-4, "{left}");
        // Scaling the features changes nothing.
        let larger = x.map(|v| v * 50.0);
        let again = Classifier::train_converged(Labelled { x: &larger, codes: &codes }, 3, Converged { l2: 1e-2 })
            .expect("sound rows");
        let gap = solved.weights[..6].iter().zip(&again.weights).map(|(a, b)| (a - b * 50.0).abs()).fold(0.0, f32::max);
        assert!(gap < 1e-2, "{gap}");
    }
}
