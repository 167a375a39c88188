//! Tables of positions for pictures of any size.

use candle_core::Tensor;

use crate::{EmbedError, folder::weights::Scope};

/// A table `[1, vectors + grid², width]`: the rows of the vectors before the patches, then those of a square of patches.
pub(crate) struct Positions {
    table: Tensor,
    vectors: usize,
    grid: usize,
}

impl Positions {
    pub fn load(scope: &Scope, vectors: usize, grid: usize, width: usize) -> Result<Self, EmbedError> {
        let table = scope.get("position_embeddings", &[1, vectors + grid * grid, width])?;
        Ok(Self { table, vectors, grid })
    }

    /// The table for another number of rows and columns: bicubic (a = -0.75), pixel centres aligned, no widening for
    /// smaller sizes.
    pub fn of(&self, rows: usize, columns: usize) -> Result<Tensor, EmbedError> {
        if (rows, columns) == (self.grid, self.grid) {
            return Ok(self.table.clone());
        }
        let table: Vec<Vec<f32>> = self.table.squeeze(0)?.to_vec2()?;
        let (vectors, squares) = table.split_at(self.vectors);
        let width = squares[0].len();
        let mut values = vectors.concat();
        let (down, across) = (cubic(self.grid, rows), cubic(self.grid, columns));
        for y in &down {
            for x in &across {
                let mut sums = vec![0.0_f64; width];
                for (row, a) in y {
                    for (column, b) in x {
                        let square = &squares[row * self.grid + column];
                        sums.iter_mut().zip(square).for_each(|(sum, value)| *sum += a * b * f64::from(*value));
                    }
                }
                values.extend(sums.into_iter().map(|sum| sum as f32));
            }
        }
        Ok(Tensor::from_vec(values, (1, self.vectors + rows * columns, width), self.table.device())?)
    }
}

/// For each of `to` places, four of `from` and their weights; outside the edge, the edge is repeated.
fn cubic(from: usize, to: usize) -> Vec<[(usize, f64); 4]> {
    const A: f64 = -0.75;
    let scale = from as f64 / to as f64;
    let weight = |x: f64| {
        let x = x.abs();
        match x {
            x if x <= 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            x => ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A,
        }
    };
    let place = |i: usize| {
        let centre = (i as f64 + 0.5) * scale - 0.5;
        let floor = centre.floor();
        let tap = |offset: f64| {
            let index = (floor + offset).clamp(0.0, from as f64 - 1.0) as usize;
            (index, weight(centre - floor - offset))
        };
        [tap(-1.0), tap(0.0), tap(1.0), tap(2.0)]
    };
    (0..to).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_keeps_the_table_and_its_sum() {
        for (i, place) in cubic(5, 5).iter().enumerate() {
            let own: f64 = place.iter().filter(|(index, _)| *index == i).map(|(_, weight)| weight).sum();
            assert!((own - 1.0).abs() < 1e-12 || i == 0 || i == 4);
        }
        for place in cubic(7, 4).iter().chain(&cubic(2, 9)) {
            assert!((place.iter().map(|(_, weight)| weight).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
