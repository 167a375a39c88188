//! The k largest of a stream of similarities, and nearest neighbours with ties.
//!
//! If the k-th largest value is tied, any k of the tied values could be taken. An order by row number would make two
//! unrelated views agree on the items that come first. Therefore all tied values count alike, each with its probability
//! of being among the k if ties were broken at random. Values tie if they are within [`TIE`] of the k-th largest, as in
//! [`crate::ranks`].

use crate::ranking::ranks::TIE;

/// Number of values that are stored before the smaller ones are dropped.
const ROOM: usize = 64;

/// Values that may be among the k largest, or tied with the k-th.
#[derive(Clone, Debug)]
pub(crate) struct Largest {
    k: usize,
    /// The k-th largest value when values were last dropped.
    kth: f32,
    room: usize,
    kept: Vec<(f32, u32)>,
}

impl Largest {
    pub(crate) fn new(k: usize) -> Self {
        let room = ROOM.max(k.saturating_mul(2));
        // A k beyond the number of values must not reserve memory for values that never come.
        Self { k, kth: f32::NEG_INFINITY, room, kept: Vec::with_capacity(room.min(16 * ROOM)) }
    }

    /// Adds values with indices from `first` on; NaN is near nothing.
    pub(crate) fn add(&mut self, first: usize, values: &[f32]) {
        for (j, &value) in values.iter().enumerate() {
            if value - self.kth >= -TIE {
                if self.kept.len() == self.room {
                    self.let_go();
                }
                self.kept.push((value, (first + j) as u32));
            }
        }
    }

    /// Drops values that are below the k-th largest by more than a tie. Amortised O(1) per added value: the room
    /// doubles if ties fill it.
    fn let_go(&mut self) {
        if self.kept.len() < self.k || self.k == 0 {
            return;
        }
        let (_, kth, _) = self.kept.select_nth_unstable_by(self.k - 1, |a, b| b.0.total_cmp(&a.0));
        self.kth = kth.0;
        let kth = self.kth;
        self.kept.retain(|(value, _)| value - kth >= -TIE);
        self.room = self.room.max(2 * self.kept.len());
    }

    /// The mean of the k largest. It does not depend on the choice among tied values.
    pub(crate) fn mean(mut self) -> f32 {
        self.let_go();
        self.kept.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        self.kept.truncate(self.k);
        (self.kept.iter().map(|(value, _)| f64::from(*value)).sum::<f64>() / self.kept.len().max(1) as f64) as f32
    }

    /// The k nearest.
    pub(crate) fn nearest(mut self) -> Nearest {
        self.let_go();
        let (mut sure, mut tied): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        let all = self.kept.len() <= self.k;
        for &(value, index) in &self.kept {
            (if all || value - self.kth > TIE { &mut sure } else { &mut tied }).push(index);
        }
        sure.sort_unstable();
        tied.sort_unstable();
        let share = if tied.is_empty() { 0.0 } else { (self.k - sure.len()) as f64 / tied.len() as f64 };
        Nearest { sure, tied, share }
    }
}

/// An item's k nearest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Nearest {
    /// Items nearer than the k-th, ascending.
    sure: Vec<u32>,
    /// Items as near as the k-th, itself included, ascending.
    tied: Vec<u32>,
    /// Probability of each tied item; 1 if there are as many tied items as places.
    share: f64,
}

impl Nearest {
    /// Every neighbour with its probability of being among the k.
    pub(crate) fn shares(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        let sure = self.sure.iter().map(|&index| (index as usize, 1.0));
        sure.chain(self.tied.iter().map(|&index| (index as usize, self.share)))
    }

    /// The probability of one item.
    pub(crate) fn share_of(&self, index: usize) -> f64 {
        let index = index as u32;
        if self.sure.binary_search(&index).is_ok() {
            1.0
        } else if self.tied.binary_search(&index).is_ok() {
            self.share
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(k: usize, values: &[f32]) -> Vec<(usize, f64)> {
        let mut largest = Largest::new(k);
        largest.add(0, values);
        largest.nearest().shares().collect()
    }

    #[test]
    fn the_tied_share_the_places_that_are_left() {
        assert_eq!(nearest(2, &[0.1, 0.9, 0.5, 0.7]), [(1, 1.0), (3, 1.0)]);
        // One place is left for three; a difference of less than 1e-6 is none.
        let third = 1.0 / 3.0;
        assert_eq!(nearest(2, &[0.5, 0.9, 0.5 + 5e-7, 0.5, 0.2]), [(1, 1.0), (0, third), (2, third), (3, third)]);
        assert_eq!(nearest(3, &[0.5; 4]), (0..4).map(|i| (i, 0.75)).collect::<Vec<_>>());
        assert_eq!(nearest(9, &[0.5, 0.1]), [(0, 1.0), (1, 1.0)], "fewer than k are all near");
        assert_eq!(nearest(1, &[f32::NAN, 0.1]), [(1, 1.0)]);
    }

    #[test]
    fn nothing_is_lost_when_values_are_let_go() {
        // More ties than there is room for, in pieces, the larger ones last.
        let mut largest = Largest::new(5);
        for piece in 0..40u16 {
            let values: Vec<f32> = (0..50u16).map(|i| f32::from((piece * 50 + i) % 7)).collect();
            largest.add(usize::from(piece) * 50, &values);
        }
        let all: Vec<usize> = (0..2000).filter(|i| i % 7 == 6).collect();
        let found = largest.clone().nearest();
        assert_eq!(found.shares().map(|(i, _)| i).collect::<Vec<_>>(), all);
        assert!(found.shares().all(|(_, share)| share == 5.0 / all.len() as f64));
        assert_eq!(largest.mean(), 6.0);
        let mut descending = Largest::new(3);
        descending.add(0, &(0..500).map(|i| -(i as f32)).collect::<Vec<_>>());
        assert_eq!((descending.clone().mean(), descending.nearest().share_of(2)), (-1.0, 1.0));
    }
}
