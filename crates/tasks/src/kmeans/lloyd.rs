//! Lloyd's algorithm: assign every point to its nearest centroid, then move each centroid to the mean of its points.

use align::Matrix;
use multiversion::multiversion;

use super::nearest::{self, Clustering, Nearest};
use super::split;

/// `iterations` steps from `start` (k × d), then the nearest final centroids and the inertia.
///
/// 2·n·k·d flops of GEMM and n·d additions per step. Sums are `f64`, over the points in order.
pub(super) fn run(x: &Matrix, start: Matrix, iterations: usize) -> Clustering {
    let (n, k, d) = (x.rows(), start.rows(), start.cols());
    let mut centroids = start;
    let mut nearest = Nearest::new(k);
    let mut labels = vec![0u32; n];
    let mut before = vec![u32::MAX; n];
    let mut sums = vec![0.0f64; k * d];
    let mut counts = vec![0usize; k];
    let mut settled = false;
    for _ in 0..iterations {
        nearest.assign(x, &centroids, &mut labels);
        // New centroids are a function of the labels: if the labels repeat, every further step repeats, too.
        settled = labels == before;
        if settled {
            break;
        }
        update(x, &labels, &mut sums, &mut counts, &mut centroids);
        std::mem::swap(&mut labels, &mut before);
    }
    if !settled {
        nearest.assign(x, &centroids, &mut labels);
    }
    let inertia = nearest::inertia(x, &centroids, &labels);
    Clustering { labels, inertia, centroids }
}

/// Centroids from labels: the means, and for every empty cluster a part of another cluster ([`split`]).
fn update(x: &Matrix, labels: &[u32], sums: &mut [f64], counts: &mut [usize], centroids: &mut Matrix) {
    let d = x.cols();
    sums.fill(0.0);
    counts.fill(0);
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    add_rows(x.as_slice(), d, labels, sums);
    for ((row, sums), &count) in
        centroids.as_mut_slice().chunks_exact_mut(d).zip(sums.chunks_exact(d)).zip(counts.iter())
    {
        if count > 0 {
            row.iter_mut().zip(sums).for_each(|(c, &sum)| *c = (sum / count as f64) as f32);
        }
    }
    if counts.contains(&0) {
        split::fill_empty(x, labels, counts, centroids);
    }
}

/// Adds every row to the sum of its cluster.
#[multiversion(targets = "simd")]
fn add_rows(x: &[f32], d: usize, labels: &[u32], sums: &mut [f64]) {
    for (row, &label) in x.chunks_exact(d).zip(labels) {
        let sum = &mut sums[label as usize * d..][..d];
        for (sum, &x) in sum.iter_mut().zip(row) {
            *sum += f64::from(x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two clear groups on a line, around 0 and 10.
    fn groups() -> Matrix {
        Matrix::from_vec(6, 1, vec![-1.0, 0.0, 1.0, 9.0, 10.0, 11.0])
    }

    #[test]
    fn steps_are_assign_then_update_and_labels_are_of_the_final_centroids() {
        let one = run(&groups(), Matrix::from_vec(2, 1, vec![0.0, 1.0]), 1);
        // Nearest to 0: -1, 0; nearest to 1: the rest, whose mean is 31/4.
        assert_eq!(one.centroids.as_slice(), [-0.5, 7.75]);
        assert_eq!(one.labels, [0, 0, 0, 1, 1, 1]);
        let many = run(&groups(), Matrix::from_vec(2, 1, vec![0.0, 1.0]), 20);
        assert_eq!((many.centroids.as_slice(), many.inertia), ([0.0, 10.0].as_slice(), 4.0));
    }

    #[test]
    fn centroids_far_from_everything_are_put_to_use() {
        let run = run(&groups(), Matrix::from_vec(3, 1, vec![5.0, 1e6, -1e6]), 20);
        let mut used = run.labels.clone();
        used.sort_unstable();
        used.dedup();
        assert!(used.len() == 3 && run.inertia <= 4.0, "{run:?}");
    }

    #[test]
    fn a_point_of_its_own_for_every_cluster_leaves_no_inertia() {
        let x = groups();
        let all = run(&x, x.clone(), 3);
        assert_eq!((all.inertia, all.labels), (0.0, vec![0, 1, 2, 3, 4, 5]));
        // Identical points cannot be told apart: all share the first centroid and nothing breaks.
        let same = run(&Matrix::zeros(4, 2), Matrix::zeros(3, 2), 5);
        assert_eq!((same.inertia, same.labels), (0.0, vec![0; 4]));
    }
}
