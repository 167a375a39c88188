//! Matrices of heads, wherever their rows lie in memory.

use align::linalg::MatrixView;
use candle_core::{CpuStorage, Layout, Tensor};

use crate::EmbedError;

/// `[items · length, heads · width]` as `[items, heads, length, width]`, without a copy.
pub(crate) fn split(x: &Tensor, items: usize, heads: usize) -> Result<Tensor, EmbedError> {
    let (rows, all) = x.dims2()?;
    Ok(x.reshape((items, rows / items, heads, all / heads))?.transpose(1, 2)?)
}

/// A tensor `[items, heads, length, width]` whose rows are contiguous.
#[derive(Clone, Copy)]
pub(crate) struct Heads<'a> {
    values: &'a [f32],
    pub dims: [usize; 4],
    strides: [usize; 3],
}

impl<'a> Heads<'a> {
    pub fn of(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<Self> {
        let (items, heads, length, width) = layout.shape().dims4()?;
        match layout.stride() {
            [item, head, row, last] if *last == 1 || width == 1 => Ok(Self {
                values: &storage.as_slice()?[layout.start_offset()..],
                dims: [items, heads, length, width],
                strides: [*item, *head, *row],
            }),
            other => candle_core::bail!("found strides {other:?}, expected contiguous rows of heads"),
        }
    }

    /// Some rows of the matrix of a head.
    pub fn matrix(&self, item: usize, head: usize, first: usize, rows: usize) -> MatrixView<'a> {
        let [_, _, _, width] = self.dims;
        MatrixView::with_stride(rows, width, self.strides[2], &self.values[self.start(item, head, first)..])
    }

    /// A row of the matrix of a head.
    pub fn row(&self, item: usize, head: usize, row: usize) -> &'a [f32] {
        let [_, _, _, width] = self.dims;
        &self.values[self.start(item, head, row)..][..width]
    }

    fn start(&self, item: usize, head: usize, row: usize) -> usize {
        item * self.strides[0] + head * self.strides[1] + row * self.strides[2]
    }
}
