//! Forward and backward passes, split among a fixed number of shards.
//!
//! A shard owns its buffers and its share of the rows, works through them in blocks that stay in cache, and sums its
//! gradients; shards are added in order. Their number is a constant, so the result does not depend on the number of
//! threads, and a step allocates nothing.

use crate::numerics::linalg::{Accum, MatrixView, MatrixViewMut, Threads, gemm};
use crate::numerics::parallel::prelude::*;
use crate::prep::divisible;
use crate::{AlignError, Matrix, numerics::kernels};

use super::batch::Batch;
use super::loss::Loss;
use super::network::{Corrector, Folded, Layout};
use super::normalized::NormalizedRows;

/// Rows per block: a block's buffers at D = 256, H = 512 take about 2 MB.
const BLOCK: usize = 256;
/// Maximal number of shards of one step.
const LANES: usize = 8;
/// Minimal number of rows of another shard: its gradients have to be cleared and added.
const LANE_ROWS: usize = 128;

/// Gradient sums over a shard's rows, in the form in which GEMM gives them.
pub(super) struct Gradients {
    /// `nᵀ dpre`, D × (H + D).
    pub(super) inner: Vec<f32>,
    /// Column sums of `dpre`, H + D.
    pub(super) inner_bias: Vec<f32>,
    /// `aᵀ dδ`, H × D.
    pub(super) outer: Vec<f32>,
    /// Column sums of `dδ`, D.
    pub(super) outer_bias: Vec<f32>,
}

impl Gradients {
    fn new(layout: Layout) -> Self {
        Self {
            inner: vec![0.0; layout.width * layout.pre()],
            inner_bias: vec![0.0; layout.pre()],
            outer: vec![0.0; layout.hidden * layout.width],
            outer_bias: vec![0.0; layout.width],
        }
    }

    fn parts(&self) -> [&[f32]; 4] {
        [&self.inner, &self.inner_bias, &self.outer, &self.outer_bias]
    }

    fn parts_mut(&mut self) -> [&mut [f32]; 4] {
        [&mut self.inner, &mut self.inner_bias, &mut self.outer, &mut self.outer_bias]
    }
}

/// Buffers of one block of rows.
struct Block {
    /// Normalised rows, BLOCK × D.
    n: Vec<f32>,
    /// Pre-activations, then activations' derivatives and gates, then their gradients: BLOCK × (H + D).
    pre: Vec<f32>,
    /// Hidden activations, then their gradients: BLOCK × H.
    hidden: Vec<f32>,
    /// δ, then its gradient: BLOCK × D.
    delta: Vec<f32>,
}

impl Block {
    fn new(layout: Layout) -> Self {
        Self {
            n: vec![0.0; BLOCK * layout.width],
            pre: vec![0.0; BLOCK * layout.pre()],
            hidden: vec![0.0; BLOCK * layout.hidden],
            delta: vec![0.0; BLOCK * layout.width],
        }
    }

    /// From normalised rows to δ (without its bias), gate and activations.
    fn forward(&mut self, corrector: &Corrector, folded: &Folded, x: &NormalizedRows, rows: &[u32]) {
        let layout = corrector.layout;
        let count = rows.len();
        for (&row, n) in rows.iter().zip(self.n.chunks_exact_mut(layout.width)) {
            x.normalised(row as usize, n);
        }
        let n = matrix(&self.n, count, layout.width);
        gemm(matrix_mut(&mut self.pre, count, layout.pre()), Accum::Replace, n, folded.weight(layout), Threads::One);
        let pre = &mut self.pre[..count * layout.pre()];
        kernels::activate(pre, &folded.bias, &mut self.hidden, layout.hidden);
        let hidden = matrix(&self.hidden, count, layout.hidden);
        let outer = matrix(&corrector.weights[layout.outer()], layout.hidden, layout.width);
        gemm(matrix_mut(&mut self.delta, count, layout.width), Accum::Replace, hidden, outer, Threads::One);
    }

    /// From the gradients of δ and of the gate (already in place) back to the weights.
    fn backward(&mut self, corrector: &Corrector, count: usize, gradients: &mut Gradients) {
        let layout = corrector.layout;
        let delta = matrix(&self.delta, count, layout.width);
        let hidden = matrix(&self.hidden, count, layout.hidden);
        let outer = matrix_mut(&mut gradients.outer, layout.hidden, layout.width);
        gemm(outer, Accum::Add, hidden.transpose(), delta, Threads::One);
        kernels::add_rows(&self.delta[..count * layout.width], &mut gradients.outer_bias);

        let w2 = matrix(&corrector.weights[layout.outer()], layout.hidden, layout.width);
        let back = matrix_mut(&mut self.hidden, count, layout.hidden);
        gemm(back, Accum::Replace, delta, w2.transpose(), Threads::One);
        let rows = self.pre.chunks_exact_mut(layout.pre()).zip(self.hidden.chunks_exact(layout.hidden));
        for (pre, hidden) in rows.take(count) {
            kernels::scale_by(&mut pre[..layout.hidden], hidden);
        }

        let inner = matrix_mut(&mut gradients.inner, layout.width, layout.pre());
        let pre = matrix(&self.pre, count, layout.pre());
        gemm(inner, Accum::Add, matrix(&self.n, count, layout.width).transpose(), pre, Threads::One);
        kernels::add_rows(&self.pre[..count * layout.pre()], &mut gradients.inner_bias);
    }
}

/// One shard: buffers and gradient sums.
struct Shard {
    block: Block,
    gradients: Gradients,
    loss: f64,
}

/// All buffers of a training step.
pub(super) struct Shards(Vec<Shard>);

impl Shards {
    pub(super) fn new(corrector: &Corrector) -> Self {
        let layout = corrector.layout;
        let lane = || Shard { block: Block::new(layout), gradients: Gradients::new(layout), loss: 0.0 };
        Self((0..LANES).map(|_| lane()).collect())
    }

    /// Mean loss of the batch; its gradients are left in the first shard and returned.
    pub(super) fn gradients(&mut self, corrector: &Corrector, batch: &Batch<'_>, loss: Loss) -> (f64, &Gradients) {
        let folded = Folded::new(corrector);
        let (rows, counts) = (batch.rows.rows(), batch.rows.counts());
        let lanes = rows.len().div_ceil(LANE_ROWS).clamp(1, LANES);
        let share = rows.len().div_ceil(lanes).max(1);
        let scale = 1.0 / batch.rows.drawn() as f32;
        self.0[..lanes].par_iter_mut().enumerate().for_each(|(i, lane)| {
            lane.loss = 0.0;
            lane.gradients.parts_mut().into_iter().for_each(|part| part.fill(0.0));
            let start = (i * share).min(rows.len());
            let own = start..(start + share).min(rows.len());
            for (rows, counts) in rows[own.clone()].chunks(BLOCK).zip(counts[own].chunks(BLOCK)) {
                lane.block.forward(corrector, &folded, batch.x, rows);
                lane.loss += lane.block.loss_gradient(corrector, batch, (rows, counts), loss, scale);
                lane.block.backward(corrector, rows.len(), &mut lane.gradients);
            }
        });
        let total = self.0[..lanes].iter().map(|lane| lane.loss).sum::<f64>() * f64::from(scale);
        let (first, rest) = self.0[..lanes].split_at_mut(1);
        for (part, sums) in first[0].gradients.parts_mut().into_iter().enumerate() {
            let others: Vec<&[f32]> = rest.iter().map(|lane| lane.gradients.parts()[part]).collect();
            const STRETCH: usize = 8192;
            sums.par_chunks_mut(STRETCH).enumerate().for_each(|(i, sums)| {
                for other in &others {
                    kernels::add_rows(&other[i * STRETCH..][..sums.len()], sums);
                }
            });
        }
        (total, &self.0[0].gradients)
    }
}

impl Block {
    /// Sum of the rows' losses times their counts. The gradients of δ and the gate overwrite them, scaled by `scale`
    /// and the count.
    fn loss_gradient(
        &mut self,
        corrector: &Corrector,
        batch: &Batch<'_>,
        (rows, counts): (&[u32], &[f32]),
        loss: Loss,
        scale: f32,
    ) -> f64 {
        let layout = corrector.layout;
        let bias = &corrector.weights[layout.outer_bias()];
        let mut total = 0.0;
        let lines = self.delta.chunks_exact_mut(layout.width).zip(self.pre.chunks_exact_mut(layout.pre()));
        for ((&row, &count), (delta, pre)) in rows.iter().zip(counts).zip(lines) {
            let gate = &mut pre[layout.hidden..];
            let (v, t) = (batch.x.v.row(row as usize), batch.targets.row(row as usize));
            let products = kernels::output_products(delta, bias, gate, v, t);
            let row_loss = loss.of(&products);
            total += f64::from(row_loss.value) * f64::from(count);
            let scale = scale * count;
            // y = o/r, r = |o|: do = dy/r − o (o·dy)/r³, and dy is a sum of t and v.
            let divisor = divisible(row_loss.length);
            let (dt, dv) = (-scale, if row_loss.beyond_trust { -scale * loss.lambda } else { 0.0 });
            let along = dt * products.target + dv * products.input;
            let ao = -along / (divisor * divisor * divisor);
            kernels::output_gradient(delta, gate, v, t, dt / divisor, dv / divisor, ao);
        }
        total
    }
}

impl Corrector {
    /// `f(u)` for every row (n × D): unit rows. 10·n·D² flops at H = 2D.
    ///
    /// # Errors
    /// [`AlignError::Width`] for rows of another width.
    pub fn apply(&self, u: &Matrix) -> Result<Matrix, AlignError> {
        u.check_width("corrector", "universe", self.width())?;
        Ok(self.apply_prepared(&NormalizedRows::new(u)))
    }

    /// Like [`Corrector::apply`], on rows already prepared; a row without a direction stays zero.
    pub(crate) fn apply_prepared(&self, x: &NormalizedRows) -> Matrix {
        let layout = self.layout;
        let folded = Folded::new(self);
        let bias = &self.weights[layout.outer_bias()];
        let mut out = Matrix::zeros(x.rows(), layout.width);
        out.as_mut_slice().par_chunks_mut(BLOCK * layout.width).enumerate().for_each_init(
            || Block::new(layout),
            |block, (i, out)| {
                let rows = block_rows(i, out.len() / layout.width);
                block.forward(self, &folded, x, &rows);
                let lines = block.delta.chunks_exact_mut(layout.width).zip(block.pre.chunks_exact(layout.pre()));
                for ((&row, out), (delta, pre)) in rows.iter().zip(out.chunks_exact_mut(layout.width)).zip(lines) {
                    if !x.has_direction(row as usize) {
                        continue;
                    }
                    let (v, gate) = (x.v.row(row as usize), &pre[layout.hidden..]);
                    let products = kernels::output_products(delta, bias, gate, v, v);
                    kernels::output(delta, gate, v, 1.0 / divisible(products.square.sqrt()), out);
                }
            },
        );
        out
    }
}

impl Loss {
    /// Loss of each row of `x` with the same row of `targets`.
    pub fn per_row(self, corrector: &Corrector, x: &NormalizedRows, targets: &Matrix) -> Vec<f32> {
        let layout = corrector.layout;
        let folded = Folded::new(corrector);
        let bias = &corrector.weights[layout.outer_bias()];
        let mut out = vec![0.0; x.rows()];
        out.par_chunks_mut(BLOCK).enumerate().for_each_init(
            || Block::new(layout),
            |block, (i, out)| {
                let rows = block_rows(i, out.len());
                block.forward(corrector, &folded, x, &rows);
                let lines = block.delta.chunks_exact_mut(layout.width).zip(block.pre.chunks_exact(layout.pre()));
                for ((&row, out), (delta, pre)) in rows.iter().zip(out).zip(lines) {
                    let (v, t) = (x.v.row(row as usize), targets.row(row as usize));
                    let products = kernels::output_products(delta, bias, &pre[layout.hidden..], v, t);
                    *out = self.of(&products).value;
                }
            },
        );
        out
    }
}

/// Row numbers of block i.
fn block_rows(i: usize, len: usize) -> Vec<u32> {
    let start = (i * BLOCK) as u32;
    (start..start + len as u32).collect()
}

fn matrix(data: &[f32], rows: usize, cols: usize) -> MatrixView<'_, f32> {
    MatrixView::from_slice(rows, cols, &data[..rows * cols])
}

fn matrix_mut(data: &mut [f32], rows: usize, cols: usize) -> MatrixViewMut<'_, f32> {
    MatrixViewMut::from_slice(rows, cols, &mut data[..rows * cols])
}
