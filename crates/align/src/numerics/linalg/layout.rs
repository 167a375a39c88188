//! Left factors in the row-major order that the kernels need.
//!
//! A kernel walks along the rows of the left factor. If that is stored column by column, like `Aᵀ` of a row-major A,
//! every step of the walk is in another page and, for the usual widths, in the same few sets of the cache. Gram
//! matrices and gradients are all of this kind. A copy of the factor costs about as much as a product with ten columns.

use faer::MatRef;

use super::super::parallel::prelude::*;
use super::float::{Float, Threads};

/// Minimal size for which a copy pays: rows and columns of the left factor, and columns of the other one.
const LEAST: (usize, usize) = (64, 256);
/// Rows and columns that are copied at a time.
const TILE: usize = 32;
/// Maximal number of values in a thread's buffer.
const KEPT: usize = 1 << 21;

/// Calls `multiply` with a left factor, or with a row-major copy of it if it is stored by columns and the product with
/// `n` columns is large enough. The sums are the same to the bit.
pub(super) fn by_rows<T: Float>(a: MatRef<'_, T>, n: usize, threads: Threads, multiply: impl FnOnce(MatRef<'_, T>)) {
    let by_columns = a.row_stride() == 1 && a.col_stride() != 1;
    if !by_columns || a.nrows().min(a.ncols()) < LEAST.0 || n < LEAST.1 {
        return multiply(a);
    }
    let (m, k) = (a.nrows(), a.ncols());
    // A nested call, which happens if this thread helps others while it waits, finds an empty buffer.
    let mut rows = T::scratch().take();
    rows.resize(rows.len().max(m * k), T::default());
    let copy = |(tile, rows): (usize, &mut [T])| {
        let a = a.subrows(tile * TILE, rows.len() / k);
        for start in (0..k).step_by(TILE) {
            for (i, row) in rows.chunks_exact_mut(k).enumerate() {
                let row = &mut row[start..k.min(start + TILE)];
                row.iter_mut().enumerate().for_each(|(j, to)| *to = a[(i, start + j)]);
            }
        }
    };
    let size = TILE * k;
    match threads {
        Threads::One => rows[..m * k].chunks_mut(size).enumerate().for_each(copy),
        Threads::Pool => rows[..m * k].par_chunks_mut(size).enumerate().for_each(copy),
    }
    multiply(MatRef::from_row_major_slice(&rows[..m * k], m, k));
    if rows.len() <= KEPT {
        T::scratch().set(rows);
    }
}
