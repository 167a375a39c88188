//! Rank of the true match among all items of another view, without an n × n matrix.
//!
//! Row i of `a` is the query, row i of `b` its true match, and s_ij = a_i · b_j. The product is computed in square
//! tiles, each entry once: first the tiles on the diagonal, which give every s_ii, then all others, which are compared
//! with it at once. The same tile serves the queries of `a` by its rows and the queries of `b` by its columns. A
//! similarity within [`TIE`] of s_ii counts as a tie: two copies of an item differ in the last digits, because their
//! products lie in different places of a tile.
//!
//! A value that is not finite, or so large that a product may overflow, is an error: NaN compares with nothing and
//! would be ranked before everything.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use align::Matrix;
use align::linalg::{Accum, MatrixViewMut, Threads, gemm};
use align::parallel::prelude::*;
use multiversion::multiversion;

use crate::TaskError;
use crate::scores::score::check_numbers;

/// Largest difference from the similarity of the true match that counts as a tie.
pub const TIE: f32 = 1e-6;

/// Side of a tile: 256 × 256 products stay in the second-level cache while they are counted.
pub(crate) const TILE: usize = 256;

/// Ranks of the true matches of n queries, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranks {
    /// Ties count against the query: 1 + greater + ties, that is #{j : s_ij >= s_ii − 1e-6}.
    pub pessimistic: Vec<u32>,
    /// Ties count in favour of the query: 1 + greater = 1 + #{j : s_ij > s_ii + 1e-6}.
    pub optimistic: Vec<u32>,
}

/// Ranks of the true matches of `a`'s rows among `b`'s; both n × d, rows normalised.
///
/// 2·n²·d flops, memory O(n) and one tile per thread; bit-identical for any number of threads.
///
/// # Errors
/// [`TaskError::Shape`], [`TaskError::NoNumber`].
pub fn ranks(a: &Matrix, b: &Matrix) -> Result<Ranks, TaskError> {
    check(a, b)?;
    let (forward, _) = count(a, b, false, None);
    Ok(forward)
}

/// Like [`ranks`], ordered by `s_ij − p_j` with a penalty p_j for every row of `b`.
///
/// # Errors
/// [`TaskError::Shape`], [`TaskError::NoNumber`].
pub fn ranks_penalised(a: &Matrix, b: &Matrix, penalties: &[f32]) -> Result<Ranks, TaskError> {
    check(a, b)?;
    if penalties.len() != b.rows() {
        return Err(shape("ranks", "penalties", (penalties.len(), 1), "gallery", (b.rows(), b.cols())));
    }
    if let Some(row) = penalties.iter().position(|p| !p.is_finite() || p.abs() > f32::MAX / 8.0) {
        return Err(TaskError::NoNumber { op: "ranks", name: "penalties", row, col: 0, value: penalties[row] });
    }
    let (forward, _) = count(a, b, false, Some(penalties));
    Ok(forward)
}

/// Like [`ranks`], in both directions from one product: `a` among `b`, and `b` among `a`.
///
/// # Errors
/// [`TaskError::Shape`], [`TaskError::NoNumber`].
pub fn ranks_both(a: &Matrix, b: &Matrix) -> Result<(Ranks, Ranks), TaskError> {
    check(a, b)?;
    Ok(count(a, b, true, None))
}

/// Ranks in both directions from given similarities (n × n, the true matches on the diagonal): rows among columns, and
/// columns among rows.
///
/// # Errors
/// [`TaskError::Shape`] if the matrix is not square, [`TaskError::NoNumber`].
pub fn ranks_of_similarities(s: &Matrix) -> Result<(Ranks, Ranks), TaskError> {
    let n = s.rows();
    if s.cols() != n {
        return Err(shape("similarities", "the matrix", (n, s.cols()), "a square", (n, n)));
    }
    check_numbers("ranks", "similarities", s)?;
    let truth: Vec<f32> = (0..n).map(|i| s.at(i, i)).collect();
    let (mut rows, mut columns) = (Counts::new(n), Counts::new(n));
    for i in 0..n {
        let row = Counts::slice(&mut rows, i, 1);
        count_tile(s.row(i), &truth[i..=i], &truth, row, Some(Counts::slice(&mut columns, 0, n)));
    }
    Ok((rows.into_ranks(), columns.into_ranks()))
}

fn check(a: &Matrix, b: &Matrix) -> Result<(), TaskError> {
    if (a.rows(), a.cols()) != (b.rows(), b.cols()) {
        return Err(shape("ranks", "queries", (a.rows(), a.cols()), "gallery", (b.rows(), b.cols())));
    }
    check_numbers("ranks", "queries", a)?;
    check_numbers("ranks", "gallery rows", b)
}

fn shape(
    op: &'static str,
    left_name: &'static str,
    left: (usize, usize),
    right_name: &'static str,
    right: (usize, usize),
) -> TaskError {
    let text = |(rows, cols): (usize, usize)| format!("{rows} x {cols}");
    TaskError::Shape { op, left_name, left: text(left), right_name, right: text(right) }
}

/// Per query: the number of similarities at least as large as that of the true match (itself included), and of larger
/// ones.
struct Counts {
    at_least: Vec<u32>,
    greater: Vec<u32>,
}

/// A stretch of [`Counts`].
struct CountsMut<'a> {
    at_least: &'a mut [u32],
    greater: &'a mut [u32],
}

impl Counts {
    fn new(n: usize) -> Self {
        Self { at_least: vec![0; n], greater: vec![0; n] }
    }

    fn slice(&mut self, from: usize, len: usize) -> CountsMut<'_> {
        CountsMut { at_least: &mut self.at_least[from..from + len], greater: &mut self.greater[from..from + len] }
    }

    fn clear(&mut self) {
        self.at_least.fill(0);
        self.greater.fill(0);
    }

    fn into_ranks(mut self) -> Ranks {
        self.greater.iter_mut().for_each(|g| *g += 1);
        Ranks { pessimistic: self.at_least, optimistic: self.greater }
    }
}

/// [`Counts`] to which several tiles add. They are integers, so the order of the additions has no influence.
struct SharedCounts {
    at_least: Vec<AtomicU32>,
    greater: Vec<AtomicU32>,
}

impl SharedCounts {
    fn new(n: usize) -> Self {
        let zeros = || (0..n).map(|_| AtomicU32::new(0)).collect();
        Self { at_least: zeros(), greater: zeros() }
    }

    fn add(&self, from: usize, len: usize, counts: &Counts) {
        for (shared, &count) in self.at_least[from..from + len].iter().zip(&counts.at_least) {
            shared.fetch_add(count, Relaxed);
        }
        for (shared, &count) in self.greater[from..from + len].iter().zip(&counts.greater) {
            shared.fetch_add(count, Relaxed);
        }
    }

    fn into_ranks(self) -> Ranks {
        let plain = |counts: Vec<AtomicU32>| counts.into_iter().map(AtomicU32::into_inner).collect();
        Counts { at_least: plain(self.at_least), greater: plain(self.greater) }.into_ranks()
    }
}

/// Buffers of one thread for a tile.
struct Scratch {
    tile: Vec<f32>,
    rows: Counts,
    columns: Counts,
}

impl Scratch {
    fn new() -> Self {
        Self { tile: vec![0.0; TILE * TILE], rows: Counts::new(TILE), columns: Counts::new(TILE) }
    }
}

fn count(a: &Matrix, b: &Matrix, columns: bool, penalties: Option<&[f32]>) -> (Ranks, Ranks) {
    let n = a.rows();
    let side = n.div_ceil(TILE);
    let mut truth = vec![0.0f32; n];
    let (by_row, by_column) = (SharedCounts::new(n), SharedCounts::new(if columns { n } else { 0 }));

    let count_into = |scratch: &mut Scratch, i: usize, j: usize, row_truth: &[f32], column_truth: &[f32]| {
        let Scratch { tile, rows, columns: cols } = scratch;
        let (height, width) = (row_truth.len(), column_truth.len());
        rows.clear();
        if columns {
            cols.clear();
        }
        let column_counts = columns.then(|| Counts::slice(cols, 0, width));
        count_tile(&tile[..height * width], row_truth, column_truth, Counts::slice(rows, 0, height), column_counts);
        by_row.add(i * TILE, height, rows);
        if columns {
            by_column.add(j * TILE, width, cols);
        }
    };

    // The penalty of a candidate is subtracted from its column.
    let penalise = |tile: &mut [f32], from: usize, width: usize| {
        if let Some(penalties) = penalties {
            let penalties = &penalties[from..from + width];
            tile.chunks_exact_mut(width).for_each(|row| row.iter_mut().zip(penalties).for_each(|(s, p)| *s -= p));
        }
    };

    truth.par_chunks_mut(TILE).enumerate().for_each_init(Scratch::new, |scratch, (i, truth)| {
        let size = truth.len();
        product(&mut scratch.tile[..size * size], (a, i * TILE, size), (b, i * TILE, size));
        penalise(&mut scratch.tile[..size * size], i * TILE, size);
        truth.iter_mut().enumerate().for_each(|(r, t)| *t = scratch.tile[r * size + r]);
        count_into(scratch, i, i, truth, truth);
    });

    let stretch = |i: usize| &truth[i * TILE..n.min((i + 1) * TILE)];
    (0..side * side).into_par_iter().filter(|t| t / side != t % side).for_each_init(Scratch::new, |scratch, t| {
        let (i, j) = (t / side, t % side);
        let (row_truth, column_truth) = (stretch(i), stretch(j));
        let (height, width) = (row_truth.len(), column_truth.len());
        product(&mut scratch.tile[..height * width], (a, i * TILE, height), (b, j * TILE, width));
        penalise(&mut scratch.tile[..height * width], j * TILE, width);
        count_into(scratch, i, j, row_truth, column_truth);
    });
    (by_row.into_ranks(), by_column.into_ranks())
}

/// `tile = a[rows] b[rows]ᵀ`, row-major.
pub(crate) fn product(
    tile: &mut [f32],
    (a, i, height): (&Matrix, usize, usize),
    (b, j, width): (&Matrix, usize, usize),
) {
    let out = MatrixViewMut::from_slice(height, width, tile);
    gemm(out, Accum::Replace, a.view().subrows(i, height), b.view().subrows(j, width).transpose(), Threads::One);
}

/// Adds a tile's counts by row and, if requested, by column. The difference from s_ii is exact where it decides
/// (Sterbenz); the true match itself counts as "at least".
fn count_tile(
    tile: &[f32],
    row_truth: &[f32],
    column_truth: &[f32],
    rows: CountsMut<'_>,
    columns: Option<CountsMut<'_>>,
) {
    match columns {
        None => count_rows(tile, row_truth, column_truth.len(), rows.at_least, rows.greater),
        Some(columns) => {
            count_rows_and_columns(
                tile,
                row_truth,
                column_truth,
                rows.at_least,
                rows.greater,
                columns.at_least,
                columns.greater,
            );
        }
    }
}

#[multiversion(targets = "simd")]
fn count_rows(tile: &[f32], row_truth: &[f32], width: usize, at_least: &mut [u32], greater: &mut [u32]) {
    for (i, row) in tile.chunks_exact(width).enumerate() {
        let truth = row_truth[i];
        let (mut ge, mut gt) = (0u32, 0u32);
        for &s in row {
            let d = s - truth;
            ge = ge.wrapping_add(u32::from(d >= -TIE));
            gt = gt.wrapping_add(u32::from(d > TIE));
        }
        at_least[i] += ge;
        greater[i] += gt;
    }
}

#[multiversion(targets = "simd")]
fn count_rows_and_columns(
    tile: &[f32],
    row_truth: &[f32],
    column_truth: &[f32],
    row_at_least: &mut [u32],
    row_greater: &mut [u32],
    column_at_least: &mut [u32],
    column_greater: &mut [u32],
) {
    let width = column_truth.len();
    let (column_at_least, column_greater) = (&mut column_at_least[..width], &mut column_greater[..width]);
    for (i, row) in tile.chunks_exact(width).enumerate() {
        let row = &row[..width];
        let truth = row_truth[i];
        let (mut ge, mut gt) = (0u32, 0u32);
        for j in 0..width {
            let d = row[j] - truth;
            ge = ge.wrapping_add(u32::from(d >= -TIE));
            gt = gt.wrapping_add(u32::from(d > TIE));
            let d = row[j] - column_truth[j];
            column_at_least[j] = column_at_least[j].wrapping_add(u32::from(d >= -TIE));
            column_greater[j] = column_greater[j].wrapping_add(u32::from(d > TIE));
        }
        row_at_least[i] += ge;
        row_greater[i] += gt;
    }
}
