//! Rows of numbers, one per item.

use candle_core::Tensor;

use crate::EmbedError;

/// A matrix `[rows, width]` of `f32`, row after row.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    rows: usize,
    width: usize,
    values: Vec<f32>,
}

impl Embeddings {
    /// Rows of zeros, to be set one by one.
    pub fn zeros(rows: usize, width: usize) -> Self {
        Self { rows, width, values: vec![0.0; rows * width] }
    }

    pub(crate) fn of(tensor: &Tensor) -> Result<Self, EmbedError> {
        let (rows, width) = tensor.dims2()?;
        Ok(Self { rows, width, values: tensor.flatten_all()?.to_vec1()? })
    }

    /// Stores a row.
    ///
    /// # Errors
    /// A number is not finite, which is caused by damaged weights or by an overflow.
    ///
    /// # Panics
    /// If there is no such row, or if it has another width.
    pub fn set(&mut self, row: usize, values: &[f32]) -> Result<(), EmbedError> {
        if !values.iter().all(|value| value.is_finite()) {
            let problem = "gave numbers that are not finite; its values are too large, or the weights are damaged";
            return Err(EmbedError::OfItem { item: row, problem: problem.to_owned() });
        }
        self.values[row * self.width..(row + 1) * self.width].copy_from_slice(values);
        Ok(())
    }

    /// Number of items.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers per item.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All numbers, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The numbers of one item.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}
