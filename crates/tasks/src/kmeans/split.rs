//! Clusters without points: each takes points of another cluster.
//!
//! The largest cluster's centroid is copied, and the two copies are pushed apart along it by ±1/1024 of its length.
//! Each counts as half of the points until the next assignment. faiss draws the cluster to split; here it is the
//! largest, the first of equals. faiss pushes alternating coordinates in opposite directions; here all coordinates are
//! pushed alike, so that rotated points are clustered alike and GPA's clusters equal those of z-scored input.
//!
//! The push does not separate points that lie equally far along the centroid: copies of one point, one-hot rows of
//! classes of the same size, points around the origin. If such a cluster were pushed, it would be split again and
//! again, and no other cluster ever would be. If the push cannot separate the points, the empty cluster starts from the
//! point that is farthest from the centroid (and from points from which other clusters started), as in scikit-learn. If
//! all points are equal, the next largest cluster is split.

use align::Matrix;

/// Relative size of the push, the same as in faiss.
const PUSH: f32 = 1.0 / 1024.0;
/// Smallest difference of two points' products with a centroid, relative to both lengths, that the push separates. For
/// smaller ones the push adds 2/1024 of the difference, which is lost in the rounding of the distances.
const ALONG: f32 = 1.0 / 4096.0;
/// Points nearer than this, relative to their lengths, count as equal.
const SAME: f32 = 1e-5;

/// Gives each empty cluster, in order, a start among the points of the largest cluster that can be split. Centroids are
/// the means of `labels`; `counts` are their points. If no cluster can be split, the centroid does not move.
pub(super) fn fill_empty(x: &Matrix, labels: &[u32], counts: &mut [usize], centroids: &mut Matrix) {
    // For each cluster, the cluster whose points it shares since the split.
    let mut origin: Vec<usize> = (0..counts.len()).collect();
    // Points from which other clusters started, by origin.
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for empty in 0..counts.len() {
        if counts[empty] > 0 {
            continue;
        }
        let mut by_size: Vec<usize> = (0..counts.len()).filter(|&c| counts[c] > 1).collect();
        by_size.sort_by_key(|&c| std::cmp::Reverse(counts[c]));
        for cluster in by_size {
            let of = origin[cluster];
            let points = || (0..x.rows()).filter(|&i| labels[i] as usize == of);
            if is_parted_along(x, points(), centroids.row(cluster)) {
                push_apart(cluster, empty, centroids);
            } else if let Some(point) = farthest(x, points(), centroids.row(of), &taken, of) {
                centroids.row_mut(empty).copy_from_slice(x.row(point));
                taken.push((of, point));
            } else {
                continue;
            }
            origin[empty] = of;
            counts[empty] = counts[cluster] / 2;
            counts[cluster] -= counts[empty];
            break;
        }
    }
}

/// Whether a push along the centroid separates the points.
fn is_parted_along(x: &Matrix, points: impl Iterator<Item = usize>, centroid: &[f32]) -> bool {
    let (mut least, mut most, mut longest) = (f32::INFINITY, f32::NEG_INFINITY, 0.0f32);
    for i in points {
        let along = dot(x.row(i), centroid);
        least = least.min(along);
        most = most.max(along);
        longest = longest.max(dot(x.row(i), x.row(i)));
    }
    most - least > ALONG * (longest * dot(centroid, centroid)).sqrt()
}

fn push_apart(cluster: usize, empty: usize, centroids: &mut Matrix) {
    for j in 0..centroids.cols() {
        let value = centroids.at(cluster, j);
        centroids.row_mut(empty)[j] = value * (1.0 + PUSH);
        centroids.row_mut(cluster)[j] = value * (1.0 - PUSH);
    }
}

/// The point that is farthest from the centroid and from the points already taken (the first of equals); `None` if all
/// are equal.
fn farthest(
    x: &Matrix,
    points: impl Iterator<Item = usize>,
    centroid: &[f32],
    taken: &[(usize, usize)],
    of: usize,
) -> Option<usize> {
    let mut found: Option<(f32, usize)> = None;
    for i in points {
        let others = taken.iter().filter(|(origin, _)| *origin == of).map(|&(_, point)| x.row(point));
        let distance = others.map(|other| apart(x.row(i), other)).fold(apart(x.row(i), centroid), f32::min);
        if distance > SAME * SAME && found.is_none_or(|(most, _)| distance > most) {
            found = Some((distance, i));
        }
    }
    found.map(|(_, point)| point)
}

/// Squared distance relative to the squared lengths; 0 if both are zero.
fn apart(a: &[f32], b: &[f32]) -> f32 {
    let squared: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    if squared > 0.0 { squared / (dot(a, a) + dot(b, b)) } else { 0.0 }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cluster_takes_half_of_the_largest() {
        let x = Matrix::from_vec(
            8,
            2,
            vec![1.0, 1.0, 1.0, 2.0, 1.0, 3.0, 0.0, 2.0, 2.0, 2.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0],
        );
        let labels = [0, 0, 0, 0, 0, 1, 1, 1];
        let mut centroids = Matrix::from_vec(3, 2, vec![1.0, 2.0, 8.0, 8.0, 0.0, 0.0]);
        let mut counts = [5, 3, 0];
        fill_empty(&x, &labels, &mut counts, &mut centroids);
        assert_eq!(counts, [3, 3, 2]);
        let e = 1.0 / 1024.0;
        assert_eq!(centroids.row(0), [1.0 - e, 2.0 * (1.0 - e)]);
        assert_eq!(centroids.row(2), [1.0 + e, 2.0 * (1.0 + e)]);
        assert_eq!(centroids.row(1), [8.0, 8.0]);
    }

    #[test]
    fn points_that_a_push_does_not_part_are_parted_by_the_farthest() {
        // Two classes of the same size in one cluster, and a larger cluster of copies.
        let x = Matrix::from_fn(9, 3, |i, j| f32::from(u8::from(j == if i < 5 { 2 } else { i % 2 })));
        let labels = [0, 0, 0, 0, 0, 1, 1, 1, 1];
        let start = || Matrix::from_vec(4, 3, vec![0.0, 0.0, 1.0, 0.5, 0.5, 0.0, 0.3, 0.3, 0.3, 0.2, 0.2, 0.2]);
        let (mut centroids, mut counts) = (start(), [5, 4, 0, 0]);
        fill_empty(&x, &labels, &mut counts, &mut centroids);
        assert_eq!(centroids.row(2), x.row(5));
        assert_eq!(centroids.row(3), x.row(6), "the other class, not a copy of what was taken");
        assert_eq!(centroids.row(1), [0.5, 0.5, 0.0]);
        // Nothing to split: no centroid moves.
        let (mut still, mut counts) = (start(), [9, 0, 0, 0]);
        still.row_mut(0).copy_from_slice(&[0.0, 1.0, 2.0]);
        fill_empty(&Matrix::from_fn(9, 3, |_, j| j as f32), &[0; 9], &mut counts, &mut still);
        assert_eq!((still.row(2), counts), (start().row(2), [9, 0, 0, 0]));
    }
}
