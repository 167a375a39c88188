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
        self.rows.extend(rows);
        self.drawn = self.rows.len();
        self.rows.sort_unstable();
        self.counts.extend(self.rows.chunk_by(u32::eq).map(|same| same.len() as f32));
        self.rows.dedup();
    }

    /// The rows for which `keep` is true, with their counts, and numbered as they follow each other.
    pub(crate) fn renumbered(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept = || (0..self.rows.len()).filter(|&row| keep(row));
        let counts: Vec<f32> = kept().map(|row| self.counts[row]).collect();
        Self { rows: kept().map(|row| row as u32).collect(), drawn: counts.iter().sum::<f32>() as usize, counts }
    }

    /// Distinct row numbers, ascending.
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
