//! Linear softmax classifiers, trained as the authors do or to the optimum.
//!
//! Logits `x W + b` (x n × d, W d × k); the loss is the mean cross-entropy. Rows are processed in blocks, so the memory
//! is O(block × k) beside the data. Sums have a fixed order and one thread, so classifiers can be spread over threads
//! without any change of the results. Cost of a gradient: 4·n·d·k flops.

mod converged;
mod lbfgs;

use align::Matrix;
use align::kernels::{AdamwStep, adamw, exp_shifted};
use align::linalg::{Accum, MatrixView, MatrixViewMut, Threads, gemm};

use crate::TaskError;
use crate::scores::score::check_numbers;
pub use converged::{Converged, Solved};

/// Rows per block.
const BLOCK: usize = 512;

/// A trained classifier: W (d × k) row by row, then b (k).
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    weights: Vec<f32>,
    classes: usize,
}

/// Rows with their classes. A class code at or above the classifier's number of classes is unknown to it.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// Features, n × d.
    pub x: &'a Matrix,
    /// Dense class codes, n.
    pub codes: &'a [u32],
}

/// The authors' training: full-batch Adam; the weights with the best validation accuracy are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Released {
    /// Maximal number of steps.
    pub epochs: usize,
    /// Learning rate.
    pub lr: f64,
    /// Number of steps in a row without a better validation accuracy before the stop; `None` for no early stop.
    pub patience: Option<usize>,
}

/// Share of the rows that are correct.
fn share(correct: &[bool]) -> f64 {
    correct.iter().filter(|&&c| c).count() as f64 / correct.len() as f64
}

impl Classifier {
    /// A classifier from W (d × k) and b (k).
    ///
    /// # Errors
    /// [`TaskError::Shape`] if b does not have one value per column of W, or if there is no class.
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

    /// Checks that the classifier can be trained on these rows, or evaluated on them if `known` is false.
    fn check(&self, rows: Labelled<'_>, known: bool) -> Result<(), TaskError> {
        let shape = |left_name, left: usize, right_name, right: usize| TaskError::Shape {
            op: "classifier",
            left_name,
            left: left.to_string(),
            right_name,
            right: right.to_string(),
        };
        for (parameter, number) in [("classes", self.classes), ("rows", rows.x.rows())] {
            if number == 0 {
                let (got, want) = ("0".to_string(), "at least 1");
                return Err(TaskError::Parameter { task: "classifier", parameter, got, want });
            }
        }
        let (rows_of_w, k) = (self.weights.len() / self.classes - 1, self.classes);
        if rows.x.cols() != rows_of_w {
            return Err(shape("columns of the rows", rows.x.cols(), "rows of W", rows_of_w));
        }
        if rows.codes.len() != rows.x.rows() {
            return Err(shape("class codes", rows.codes.len(), "rows", rows.x.rows()));
        }
        check_numbers("classifier", "rows", rows.x)?;
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
        let block = MatrixView::from_slice(rows, d, &x.as_slice()[start * d..(start + rows) * d]);
        let out = &mut out[..rows * k];
        let to = MatrixViewMut::from_slice(rows, k, &mut *out);
        gemm(to, Accum::Replace, block, MatrixView::from_slice(d, k, w), Threads::One);
        for row in out.chunks_exact_mut(k) {
            row.iter_mut().zip(b).for_each(|(logit, b)| *logit += b);
        }
    }

    /// Whether the largest logit of each row (the first of equals) belongs to its class.
    ///
    /// # Errors
    /// [`TaskError::Shape`] if the rows do not have the width of the training rows, or if there is not one code per
    /// row; [`TaskError::NoNumber`]; [`TaskError::Parameter`] for no rows.
    pub fn correct(&self, rows: Labelled<'_>) -> Result<Vec<bool>, TaskError> {
        self.check(rows, false)?;
        Ok(self.hits(rows))
    }

    /// [`Classifier::correct`] for rows that were checked before.
    fn hits(&self, rows: Labelled<'_>) -> Vec<bool> {
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
    /// # Errors
    /// The errors of [`Classifier::correct`].
    pub fn accuracy(&self, rows: Labelled<'_>) -> Result<f64, TaskError> {
        Ok(share(&self.correct(rows)?))
    }

    /// Mean cross-entropy; its gradient, in the layout of the weights, is written to `gradient`.
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
            let block = MatrixView::from_slice(count, d, &rows.x.as_slice()[start * d..(start + count) * d]);
            let p = MatrixView::from_slice(count, k, &p[..count * k]);
            gemm(MatrixViewMut::from_slice(d, k, &mut *dw), Accum::Add, block.transpose(), p, Threads::One);
        }
        loss / n as f64
    }

    /// Trains from these weights by [`Released`]: one classifier per validation set, all from the same run. If no step
    /// has an accuracy above 0, the last weights are kept.
    ///
    /// # Errors
    /// [`TaskError::Shape`] for rows of another width, codes that are not one per row, or a training class that the
    /// classifier does not have; [`TaskError::NoNumber`]; [`TaskError::Parameter`] for no rows.
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
                let seen = share(&now.hits(rows));
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
