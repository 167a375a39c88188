//! Mutual nearest neighbours: the share of an item's k nearest (by cosine, rows as they are, itself left out) that two views
//! agree on, the mean over items. By chance k / (n − 1). Source: Huh et al., ICML 2024.

use align::Matrix;

use crate::scoring::Largest;

/// The k nearest of every item, in ascending order.
pub(super) struct Neighbours {
    k: usize,
    of_items: Vec<Vec<usize>>,
}

impl Neighbours {
    pub(super) fn new(cosines: &Matrix<f64>, k: usize) -> Self {
        let nearest = |i: usize| {
            let row: Vec<f32> = cosines.row(i).iter().map(|&c| c as f32).collect();
            let mut largest = Largest::new(k);
            largest.add(0, &row[..i]);
            largest.add(i + 1, &row[i + 1..]);
            let mut found: Vec<usize> = largest.indices().collect();
            found.sort_unstable();
            found
        };
        Self { k, of_items: (0..cosines.rows()).map(nearest).collect() }
    }

    /// Mean share, with `other`'s items in another order where one is given: item i there is `order[i]`.
    pub(super) fn shared(&self, other: &Self, order: Option<&[usize]>) -> f64 {
        let at = |i: usize| order.map_or(i, |order| order[i]);
        let mut found = 0;
        for (i, mine) in self.of_items.iter().enumerate() {
            let theirs = &other.of_items[at(i)];
            found += mine.iter().filter(|&&j| theirs.binary_search(&at(j)).is_ok()).count();
        }
        found as f64 / (self.k * self.of_items.len()) as f64
    }

    /// The share of every item.
    pub(super) fn shared_by_item(&self, other: &Self) -> Vec<f32> {
        let share = |(mine, theirs): (&Vec<usize>, &Vec<usize>)| {
            mine.iter().filter(|j| theirs.binary_search(j).is_ok()).count() as f32 / self.k as f32
        };
        self.of_items.iter().zip(&other.of_items).map(share).collect()
    }
}
