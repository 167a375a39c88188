//! Forward and backward passes, split among a fixed number of shards.
//!
//! A shard owns its buffers and its share of the rows, works through them in blocks that stay in cache, and sums its
//! gradients; shards are added in order. Their number depends on the width alone, so the result does not depend on the
//! number of threads, and a step allocates next to nothing.
//!
//! The gradients of wide views are larger than any cache, and to clear and to add them costs more than shards gain. They have
//! one shard, and the threads share its products.

use crate::numerics::linalg::{Accum, MatrixView, MatrixViewMut, Threads, gemm, gemm_in_parts};
use crate::numerics::parallel::prelude::*;
use crate::prep::divisible;
use crate::{AlignError, Matrix, numerics::kernels};

use super::batch::Batch;
use super::loss::{Loss, RowLoss};
use super::network::{Corrector, Folded, Layout, Parts};
use super::normalized::NormalizedRows;

/// Rows per block: a block's buffers at D = 256, H = 512 take about 2 MB.
const BLOCK: usize = 256;
/// Maximal number of shards of one step.
const LANES: usize = 8;
/// Minimal number of rows of another shard: its gradients have to be written and added.
const LANE_ROWS: usize = 128;
/// Least width with one shard: its gradients take 20 MB at H = 2D.
const WIDE: usize = 1000;
/// Rows per block of that shard: every block but the first adds to all gradients.
const WIDE_BLOCK: usize = 1024;
/// Rows that a thread takes at a time, between the products that all threads share.
const ROWS: usize = 16;

/// Buffers of one block of rows.
struct Block {
    /// Threads of the products, and of what lies between them.
    threads: Threads,
    /// Normalised rows, rows × D.
    n: Vec<f32>,
    /// Pre-activations, then activations' derivatives and gates, then their gradients: rows × (H + D).
    pre: Vec<f32>,
    /// Hidden activations, then their gradients: rows × H.
    hidden: Vec<f32>,
    /// δ, then its gradient: rows × D.
    delta: Vec<f32>,
    /// Losses times counts.
    losses: Vec<f64>,
}

impl Block {
    /// Buffers of so many rows.
    fn new(layout: Layout, rows: usize, threads: Threads) -> Self {
        Self {
            threads,
            n: vec![0.0; rows * layout.width],
            pre: vec![0.0; rows * layout.pre()],
            hidden: vec![0.0; rows * layout.hidden],
            delta: vec![0.0; rows * layout.width],
            losses: vec![0.0; rows],
        }
    }

    /// Buffers of [`BLOCK`] rows for one thread.
    fn of_thread(layout: Layout) -> Self {
        Self::new(layout, BLOCK, Threads::One)
    }

    /// Rows that a thread takes at a time, of `count`.
    fn rows_at_a_time(&self, count: usize) -> usize {
        match self.threads {
            Threads::One => count.max(1),
            Threads::Pool => ROWS,
        }
    }

    /// From normalised rows to δ (without its bias), gate and activations.
    fn forward(&mut self, corrector: &Corrector, folded: &Folded, x: &NormalizedRows, rows: &[u32]) {
        let (layout, threads, step) = (corrector.layout, self.threads, self.rows_at_a_time(rows.len()));
        let Layout { width, hidden } = layout;
        let (count, pre) = (rows.len(), layout.pre());
        self.n.par_chunks_mut(step * width).zip(rows.par_chunks(step)).for_each(|(n, rows)| {
            rows.iter().zip(n.chunks_exact_mut(width)).for_each(|(&row, n)| x.normalised(row as usize, n));
        });
        let n = matrix(&self.n, count, width);
        multiply(threads, matrix_mut(&mut self.pre, count, pre), Accum::Replace, n, folded.weight(layout));
        let parts = self.pre[..count * pre].par_chunks_mut(step * pre).zip(self.hidden.par_chunks_mut(step * hidden));
        parts.for_each(|(pre, activated)| kernels::activate(pre, &folded.bias, activated, hidden));
        let activated = matrix(&self.hidden, count, hidden);
        let outer = matrix(&corrector.weights[layout.outer()], hidden, width);
        multiply(threads, matrix_mut(&mut self.delta, count, width), Accum::Replace, activated, outer);
    }

    /// From the gradients of δ and of the gate (already in place) back to the weights.
    fn backward(&mut self, corrector: &Corrector, count: usize, sums: &mut [f32], accum: Accum) {
        let (layout, threads, step) = (corrector.layout, self.threads, self.rows_at_a_time(count));
        let Layout { width, hidden } = layout;
        let pre = layout.pre();
        let Parts { inner, inner_bias, outer, outer_bias, .. } = layout.split(sums);
        if accum == Accum::Replace {
            inner_bias.fill(0.0);
            outer_bias.fill(0.0);
        }
        let delta = matrix(&self.delta, count, width);
        let activated = matrix(&self.hidden, count, hidden);
        multiply(threads, matrix_mut(outer, hidden, width), accum, activated.transpose(), delta);
        kernels::add_rows(&self.delta[..count * width], outer_bias);

        let w2 = matrix(&corrector.weights[layout.outer()], hidden, width);
        let back = matrix_mut(&mut self.hidden, count, hidden);
        multiply(threads, back, Accum::Replace, delta, w2.transpose());
        let parts = self.pre[..count * pre].par_chunks_mut(step * pre).zip(self.hidden.par_chunks(step * hidden));
        parts.for_each(|(slopes, back)| {
            let rows = slopes.chunks_exact_mut(pre).zip(back.chunks_exact(hidden));
            rows.for_each(|(slopes, back)| kernels::scale_by(&mut slopes[..hidden], back));
        });

        let n = matrix(&self.n, count, width);
        multiply(threads, matrix_mut(inner, width, pre), accum, n.transpose(), matrix(&self.pre, count, pre));
        kernels::add_rows(&self.pre[..count * pre], inner_bias);
    }
}

fn multiply(
    threads: Threads,
    out: MatrixViewMut<'_, f32>,
    accum: Accum,
    a: MatrixView<'_, f32>,
    b: MatrixView<'_, f32>,
) {
    match threads {
        Threads::One => gemm(out, accum, a, b, Threads::One),
        Threads::Pool => gemm_in_parts(out, accum, a, b),
    }
}

/// One shard: buffers, and gradient sums of the folded weights in the layout of the weights, of which those of scale and shift
/// are not used.
struct Shard {
    block: Block,
    sums: Vec<f32>,
    loss: f64,
}

/// All buffers of a training step.
pub(super) struct Shards {
    folded: Folded,
    shards: Vec<Shard>,
    /// Rows per block.
    block: usize,
}

impl Shards {
    pub(super) fn new(corrector: &Corrector) -> Self {
        match corrector.width() {
            WIDE.. => Self::of(corrector.layout, 1, WIDE_BLOCK, Threads::Pool),
            _ => Self::of(corrector.layout, LANES, BLOCK, Threads::One),
        }
    }

    fn of(layout: Layout, count: usize, block: usize, threads: Threads) -> Self {
        let shard = || Shard { block: Block::new(layout, block, threads), sums: vec![0.0; layout.len()], loss: 0.0 };
        Self { folded: Folded::empty(layout), shards: (0..count).map(|_| shard()).collect(), block }
    }

    /// Sums of the last batch.
    pub(super) fn sums(&self) -> &[f32] {
        &self.shards[0].sums
    }

    /// Mean loss of the batch, and its gradient sums of the folded weights in the layout of the weights.
    pub(super) fn gradients(&mut self, corrector: &Corrector, batch: &Batch<'_>, loss: Loss) -> (f64, &mut [f32]) {
        self.folded.update(corrector);
        let (folded, block) = (&self.folded, self.block);
        let (rows, counts) = (batch.rows.rows(), batch.rows.counts());
        let used = rows.len().div_ceil(LANE_ROWS).clamp(1, self.shards.len());
        let share = rows.len().div_ceil(used).max(1);
        let scale = 1.0 / batch.rows.drawn() as f32;
        let shards = &mut self.shards[..used];
        shards.par_iter_mut().enumerate().for_each(|(i, shard)| {
            let start = (i * share).min(rows.len());
            let own = start..(start + share).min(rows.len());
            shard.loss = 0.0;
            if own.is_empty() {
                shard.sums.fill(0.0);
            }
            let mut accum = Accum::Replace;
            for (rows, counts) in rows[own.clone()].chunks(block).zip(counts[own].chunks(block)) {
                shard.block.forward(corrector, folded, batch.x, rows);
                shard.loss += shard.block.loss_gradient(corrector, batch, (rows, counts), loss, scale);
                shard.block.backward(corrector, rows.len(), &mut shard.sums, accum);
                accum = Accum::Add;
            }
        });
        let total = shards.iter().map(|shard| shard.loss).sum::<f64>() * f64::from(scale);
        let (first, rest) = shards.split_at_mut(1);
        const STRETCH: usize = 8192;
        first[0].sums.par_chunks_mut(STRETCH).enumerate().for_each(|(i, sums)| {
            for other in &*rest {
                kernels::add_rows(&other.sums[i * STRETCH..][..sums.len()], sums);
            }
        });
        (total, &mut first[0].sums)
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
        let (layout, step) = (corrector.layout, self.rows_at_a_time(rows.len()));
        let bias = &corrector.weights[layout.outer_bias()];
        let of_row = |row: u32, count: f32, delta: &mut [f32], gate: &mut [f32]| {
            let (v, t) = (batch.x.v.row(row as usize), batch.targets.row(row as usize));
            let products = kernels::output_products(delta, bias, gate, v, t);
            let row_loss = loss.of(&products);
            let scale = scale * count;
            // y = o/r, r = |o|: do = dy/r − o (o·dy)/r³, and dy is a sum of t and v.
            let divisor = divisible(row_loss.length);
            let (dt, dv) = (-scale, if row_loss.beyond_trust { -scale * loss.lambda } else { 0.0 });
            let along = dt * products.target + dv * products.input;
            let ao = -along / (divisor * divisor * divisor);
            kernels::output_gradient(delta, gate, v, t, dt / divisor, dv / divisor, ao);
            f64::from(row_loss.value) * f64::from(count)
        };
        let buffers = self.delta.par_chunks_mut(step * layout.width).zip(self.pre.par_chunks_mut(step * layout.pre()));
        let parts = buffers.zip(self.losses.par_chunks_mut(step));
        parts.zip(rows.par_chunks(step).zip(counts.par_chunks(step))).for_each(
            |(((delta, pre), losses), (rows, counts))| {
                let lines = delta.chunks_exact_mut(layout.width).zip(pre.chunks_exact_mut(layout.pre()));
                for (((&row, &count), (delta, pre)), value) in rows.iter().zip(counts).zip(lines).zip(losses) {
                    *value = of_row(row, count, delta, &mut pre[layout.hidden..]);
                }
            },
        );
        self.losses[..rows.len()].iter().sum()
    }
}

impl Corrector {
    /// `f(u)` for every row (n × D): unit rows, and zero for a row without a direction. 10·n·D² flops at H = 2D.
    ///
    /// # Errors
    /// [`AlignError::Width`] for rows of another width.
    pub fn apply(&self, u: &Matrix) -> Result<Matrix, AlignError> {
        u.check_width("corrector", "universe", self.width())?;
        let x = NormalizedRows::new(u);
        let layout = self.layout;
        let folded = Folded::new(self);
        let bias = &self.weights[layout.outer_bias()];
        let mut out = Matrix::zeros(x.rows(), layout.width);
        out.as_mut_slice().par_chunks_mut(BLOCK * layout.width).enumerate().for_each_init(
            || Block::of_thread(layout),
            |block, (i, out)| {
                let rows = block_rows(i, out.len() / layout.width);
                block.forward(self, &folded, &x, &rows);
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
        Ok(out)
    }
}

impl Loss {
    /// Loss of each row of `x` with the same row of `targets`.
    pub fn per_row(self, corrector: &Corrector, x: &NormalizedRows, targets: &Matrix) -> Vec<f32> {
        self.of_rows(corrector, x, targets, |row| row.value)
    }

    /// Loss and drift `1 − f(u)·norm(u)` of each row.
    pub(crate) fn and_drift(self, corrector: &Corrector, x: &NormalizedRows, targets: &Matrix) -> Vec<(f32, f32)> {
        self.of_rows(corrector, x, targets, |row| (row.value, row.drift))
    }

    fn of_rows<T: Clone + Default + Send>(
        self,
        corrector: &Corrector,
        x: &NormalizedRows,
        targets: &Matrix,
        value: impl Fn(&RowLoss) -> T + Sync,
    ) -> Vec<T> {
        let layout = corrector.layout;
        // Before its training a corrector turns nothing, and δ stays the zero that it is at first.
        let turns = corrector.turns();
        let folded = if turns { Folded::new(corrector) } else { Folded::empty(layout) };
        let bias = &corrector.weights[layout.outer_bias()];
        let mut out = vec![T::default(); x.rows()];
        out.par_chunks_mut(BLOCK).enumerate().for_each_init(
            || Block::of_thread(layout),
            |block, (i, out)| {
                let rows = block_rows(i, out.len());
                if turns {
                    block.forward(corrector, &folded, x, &rows);
                }
                let lines = block.delta.chunks_exact_mut(layout.width).zip(block.pre.chunks_exact(layout.pre()));
                for ((&row, out), (delta, pre)) in rows.iter().zip(out).zip(lines) {
                    let (v, t) = (x.v.row(row as usize), targets.row(row as usize));
                    let products = kernels::output_products(delta, bias, &pre[layout.hidden..], v, t);
                    *out = value(&self.of(&products));
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

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::corrector::Draw;
    use crate::prep::unit_rows;
    use crate::rng::{Purpose, stream};

    fn noise(rows: usize, cols: usize, seed: u64) -> Matrix {
        let mut rng = stream(seed, Purpose::new(90), None);
        Matrix::from_fn(rows, cols, |_, _| StandardNormal.sample(&mut rng))
    }

    fn turning(width: usize, hidden: usize) -> Corrector {
        let mut corrector = Corrector::new(width, hidden, 1).expect("widths above 0");
        let noise = noise(1, corrector.parameters(), 4);
        corrector.weights.iter_mut().zip(noise.as_slice()).for_each(|(w, noise)| *w += 0.1 * noise);
        corrector
    }

    #[test]
    fn one_shard_whose_threads_share_its_products_has_the_sums_of_many() {
        let corrector = turning(40, 70);
        let (x, targets) = (NormalizedRows::new(&noise(700, 40, 2)), unit_rows(&noise(700, 40, 3)));
        let draw = Draw::of((0..900u32).map(|i| i * 7919 % 700));
        let batch = Batch { x: &x, targets: &targets, rows: &draw };
        let sums = |mut shards: Shards, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| {
                let loss = Loss { tau: 0.1, lambda: 0.7 };
                let (first, _) = shards.gradients(&corrector, &batch, loss);
                let (again, sums) = shards.gradients(&corrector, &batch, loss);
                assert!(first == again, "what the last batch left takes part");
                (first, sums[2 * 40..].to_vec())
            })
        };
        let shared = || Shards::of(corrector.layout, 1, 96, Threads::Pool);
        let (loss, many) = sums(Shards::new(&corrector), 2);
        let (shared_loss, one) = sums(shared(), 1);
        assert!((loss - shared_loss).abs() < 1e-12, "{loss} {shared_loss}");
        let largest = many.iter().fold(0.0, |largest: f32, sum| largest.max(sum.abs()));
        let off = many.iter().zip(&one).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-6 * largest, "{off:e} of {largest:e}");
        assert!((shared_loss, one) == sums(shared(), 3), "another number of threads");
    }

    #[test]
    fn a_corrector_before_its_training_is_measured_without_its_network() {
        let (u, targets) = (noise(300, 40, 2), unit_rows(&noise(300, 40, 3)));
        let x = NormalizedRows::new(&u);
        let loss = Loss { tau: 0.1, lambda: 0.7 };
        let untrained = Corrector::new(40, 70, 1).expect("widths above 0");
        assert!(!untrained.turns());
        let mut hardly = untrained.clone();
        let last = hardly.weights.len() - 1;
        hardly.weights[last] = f32::MIN_POSITIVE;
        assert!(hardly.turns());
        assert!(loss.and_drift(&untrained, &x, &targets) == loss.and_drift(&hardly, &x, &targets));
        let turned = turning(40, 70);
        let corrected = turned.apply(&u).expect("the width fits");
        for (i, (_, got)) in loss.and_drift(&turned, &x, &targets).into_iter().enumerate() {
            let cosine: f32 = corrected.row(i).iter().zip(x.unit().row(i)).map(|(y, v)| y * v).sum();
            assert!((1.0 - cosine - got).abs() < 1e-6, "row {i}: {got}");
        }
    }
}
