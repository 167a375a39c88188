//! The rows of one training step.

use super::normalized::NormalizedRows;
use crate::Matrix;

/// Rows of one view and their targets in one training step.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The view.
    pub x: &'a NormalizedRows,
    /// Consensus directions, N × D.
    pub targets: &'a Matrix,
    /// The rows of the batch.
    pub rows: &'a Draw,
}

/// Rows drawn with replacement. Each is stored once with its count: the mean over a batch weights a row by its count
/// and computes it once. Of 4,096 draws from 3,600 rows two in five are repeats.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draw {
    /// Distinct row numbers, ascending.
    rows: Vec<u32>,
    counts: Vec<f32>,
    drawn: usize,
    /// Count of each row number; all zero between draws.
    tally: Vec<u32>,
}

impl Draw {
    /// A draw of these rows, in any order and with any repeats.
    pub fn of(rows: impl IntoIterator<Item = u32>) -> Self {
        let mut draw = Self::default();
        draw.redraw(rows);
        draw
    }

    /// Replaces the rows, without new memory.
    pub fn redraw(&mut self, rows: impl IntoIterator<Item = u32>) {
        self.rows.clear();
        self.counts.clear();
        self.drawn = 0;
        for row in rows {
            let at = row as usize;
            if self.tally.len() <= at {
                self.tally.resize(at + 1, 0);
            }
            self.tally[at] += 1;
            self.drawn += 1;
        }
        for (row, count) in self.tally.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
            self.rows.push(row as u32);
            self.counts.push(std::mem::take(count) as f32);
        }
    }

    /// Distinct row numbers.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Count of each distinct row.
    pub(crate) fn counts(&self) -> &[f32] {
        &self.counts
    }

    /// Number of draws, repeats included.
    pub(crate) fn drawn(&self) -> usize {
        self.drawn
    }
}
