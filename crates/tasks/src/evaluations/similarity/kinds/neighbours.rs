//! Mutual nearest neighbours: the share of an item's k nearest (by cosine of the rows, without itself) that two views
//! have in common, averaged over items. Its value by chance is k / (n − 1). Source: Huh et al., ICML 2024.
//!
//! If neighbours tie for the last places ([`crate::ranking::largest`]), the share is its mean over all ways to break
//! the ties of both views independently: `1/k·Σ_j p_ij q_ij` with the probabilities p and q of item j. The order of the
//! items has no influence. Therefore the p-value is valid, and views whose items are all equal agree by chance only,
//! with each other and with themselves.

use align::Matrix;

use crate::ranking::largest::{Largest, Nearest};

/// The k nearest of every item.
pub(crate) struct Neighbours {
    k: usize,
    of_items: Vec<Nearest>,
}

impl Neighbours {
    pub(crate) fn new(cosines: &Matrix<f64>, k: usize) -> Self {
        let nearest = |i: usize| {
            let row: Vec<f32> = cosines.row(i).iter().map(|&c| c as f32).collect();
            let mut largest = Largest::new(k);
            largest.add(0, &row[..i]);
            largest.add(i + 1, &row[i + 1..]);
            largest.nearest()
        };
        Self { k, of_items: (0..cosines.rows()).map(nearest).collect() }
    }

    /// Mean share; with an order, item i of `other` is `order[i]`.
    pub(crate) fn shared(&self, other: &Self, order: Option<&[usize]>) -> f64 {
        let at = |i: usize| order.map_or(i, |order| order[i]);
        let of_item = |(i, mine): (usize, &Nearest)| share(mine, &other.of_items[at(i)], at);
        self.of_items.iter().enumerate().map(of_item).sum::<f64>() / (self.k * self.of_items.len()) as f64
    }

    /// The share of every item.
    pub(crate) fn shared_by_item(&self, other: &Self) -> Vec<f32> {
        let of_item = |(mine, theirs): (&Nearest, &Nearest)| (share(mine, theirs, |j| j) / self.k as f64) as f32;
        self.of_items.iter().zip(&other.of_items).map(of_item).collect()
    }
}

/// Number of neighbours of an item that two views share; neighbour j of the one view is `at(j)` of the other.
fn share(mine: &Nearest, theirs: &Nearest, at: impl Fn(usize) -> usize) -> f64 {
    mine.shares().map(|(j, chance)| chance * theirs.share_of(at(j))).sum()
}
