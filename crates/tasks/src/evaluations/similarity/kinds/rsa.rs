//! Representational similarity: the Spearman correlation of the cosines of all pairs of items in two views. Cosines
//! within [`TIE`] of the smallest of them tie and get their mean rank: products of the same rows differ in the last
//! digits by their position in the computation, and an order by these digits would be an order by row number. Source:
//! Kriegeskorte, Mur and Bandettini, Frontiers in Systems Neuroscience 2 (2008).

use align::Matrix;

use super::super::pairs::Pairs;
use crate::ranking::ranks::TIE;

/// Centred ranks of the cosines of all pairs: the sum of two views' products over pairs of items is the correlation.
pub(crate) fn ranked(cosines: &Matrix<f64>) -> Pairs {
    let n = cosines.rows();
    let at = |i: usize, j: usize| i * (i - 1) / 2 + j;
    let values: Vec<f64> = (0..n).flat_map(|i| cosines.row(i)[..i].iter().copied()).collect();
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
    let centre = (values.len() as f64 - 1.0) / 2.0;
    let mut ranks = vec![0.0f64; values.len()];
    let mut rest = &order[..];
    while let [first, ..] = rest {
        let least = values[*first as usize];
        let tied = rest.iter().take_while(|&&pair| values[pair as usize] - least <= f64::from(TIE)).count().max(1);
        let start = (order.len() - rest.len()) as f64;
        let rank = start + (tied as f64 - 1.0) / 2.0 - centre;
        rest[..tied].iter().for_each(|&pair| ranks[pair as usize] = rank);
        rest = &rest[tied..];
    }
    Pairs::scaled(n, |i, j| ranks[at(i, j)])
}
