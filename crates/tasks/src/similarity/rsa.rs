//! Representational similarity: the Spearman correlation of the cosines that two views give to every pair of items, rows
//! as they are. Ties get their mean rank. Source: Kriegeskorte, Mur and Bandettini, Frontiers in Systems Neuroscience 2 (2008).

use align::Matrix;

use super::pairs::Pairs;

/// Ranks of all pairs' cosines around their mean: the sum of two views' products over pairs of items is the correlation.
pub(super) fn ranked(cosines: &Matrix<f64>) -> Pairs {
    let n = cosines.rows();
    let at = |i: usize, j: usize| i * (i - 1) / 2 + j;
    let values: Vec<f64> = (0..n).flat_map(|i| cosines.row(i)[..i].iter().copied()).collect();
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
    let centre = (values.len() as f64 - 1.0) / 2.0;
    let mut ranks = vec![0.0f64; values.len()];
    let mut start = 0;
    for run in order.chunk_by(|&a, &b| values[a as usize] == values[b as usize]) {
        let rank = start as f64 + (run.len() as f64 - 1.0) / 2.0 - centre;
        run.iter().for_each(|&pair| ranks[pair as usize] = rank);
        start += run.len();
    }
    Pairs::scaled(n, |i, j| ranks[at(i, j)])
}
