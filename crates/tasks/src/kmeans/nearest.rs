//! Nearest centroid of every point, by GEMM.

use align::Matrix;
use align::linalg::{Accum, MatrixViewMut, Threads, gemm};
use multiversion::multiversion;

/// Points per product. Their k × BLOCK similarities stay in cache during the search for the smallest.
const BLOCK: usize = 256;

/// Partial sums of a squared distance: a constant, so that the result is the same on every target.
const LANES: usize = 16;

/// Result of k-means: k centroids, and the nearest centroid of every point.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// Index of the nearest centroid of each point; the lower index of two equally near ones.
    pub labels: Vec<u32>,
    /// Sum of squared distances to the nearest centroid.
    pub inertia: f64,
    /// The centroids, k × d.
    pub centroids: Matrix,
}

/// Buffers of assignments to k centroids; nothing is allocated after [`Nearest::new`].
pub(super) struct Nearest {
    /// Similarities c·x, one row per centroid.
    products: Vec<f32>,
    /// |c|²/2.
    half_norms: Vec<f32>,
    best: Vec<f32>,
}

impl Nearest {
    pub(super) fn new(k: usize) -> Self {
        Self { products: vec![0.0; k * BLOCK], half_norms: vec![0.0; k], best: vec![0.0; BLOCK] }
    }

    /// `labels[i] = argmin_c |c|²/2 − x_i·c`, the lower index of two equal ones. 2·n·k·d flops.
    pub(super) fn assign(&mut self, x: &Matrix, centroids: &Matrix, labels: &mut [u32]) {
        let k = centroids.rows();
        for (c, half) in self.half_norms.iter_mut().enumerate() {
            let square: f64 = centroids.row(c).iter().map(|&v| f64::from(v) * f64::from(v)).sum();
            *half = (0.5 * square) as f32;
        }
        for (block, labels) in labels.chunks_mut(BLOCK).enumerate() {
            let size = labels.len();
            let products = &mut self.products[..k * size];
            gemm(
                MatrixViewMut::from_slice(k, size, products),
                Accum::Replace,
                centroids.view(),
                x.view().subrows(block * BLOCK, size).transpose(),
                Threads::One,
            );
            smallest(products, &self.half_norms, &mut self.best[..size], labels);
        }
    }
}

#[multiversion(targets = "simd")]
fn smallest(products: &[f32], half_norms: &[f32], best: &mut [f32], labels: &mut [u32]) {
    best.fill(f32::INFINITY);
    labels.fill(0);
    for ((c, row), &half) in (0u32..).zip(products.chunks_exact(best.len())).zip(half_norms) {
        for ((&product, best), label) in row.iter().zip(best.iter_mut()).zip(labels.iter_mut()) {
            let value = half - product;
            let closer = value < *best;
            *best = if closer { value } else { *best };
            *label = if closer { c } else { *label };
        }
    }
}

/// Σ_i |x_i − c_(i)|², computed from the differences, with points in order.
pub(super) fn inertia(x: &Matrix, centroids: &Matrix, labels: &[u32]) -> f64 {
    let mut distance = [0.0f32];
    let mut sum = 0.0f64;
    for (i, &label) in labels.iter().enumerate() {
        squared_distances(x.row(i), centroids.row(label as usize), &mut distance);
        sum += f64::from(distance[0]);
    }
    sum
}

/// Squared distance of every row of `x` (row-major) to one point.
#[multiversion(targets = "simd")]
pub(super) fn squared_distances(x: &[f32], point: &[f32], out: &mut [f32]) {
    let (chunks, rest) = point.as_chunks::<LANES>();
    for (row, out) in x.chunks_exact(point.len()).zip(out) {
        let (row_chunks, row_rest) = row.as_chunks::<LANES>();
        let mut lanes = [0.0f32; LANES];
        for (a, b) in row_chunks.iter().zip(chunks) {
            for l in 0..LANES {
                let difference = a[l] - b[l];
                lanes[l] += difference * difference;
            }
        }
        for (l, (a, b)) in row_rest.iter().zip(rest).enumerate() {
            lanes[l] += (a - b) * (a - b);
        }
        *out = lanes.iter().sum();
    }
}

/// Nearest centroid and inertia for given centroids.
pub(super) fn settle(x: &Matrix, centroids: Matrix) -> Clustering {
    let mut nearest = Nearest::new(centroids.rows());
    let mut labels = vec![0; x.rows()];
    nearest.assign(x, &centroids, &mut labels);
    let inertia = inertia(x, &centroids, &labels);
    Clustering { labels, inertia, centroids }
}
