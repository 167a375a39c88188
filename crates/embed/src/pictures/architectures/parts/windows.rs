//! Maps cut into square windows, and neighbours in one vector.

use candle_core::{Device, Tensor};

use super::depthwise::Places;
use crate::{EmbedError, layers::gather};

/// Addend for the scores of places that were not neighbours before the shift; the weights of the hub were trained with
/// this value.
const APART: f32 = -100.0;

/// Rows of a matrix in another order; some are rows of zeros.
pub(crate) struct Gather {
    index: Tensor,
}

impl Gather {
    /// From the index of each row of the result; `None` is a row of zeros behind the `rows` rows of the matrix.
    fn of(rows: usize, index: impl Iterator<Item = Option<usize>>, device: &Device) -> Result<Self, EmbedError> {
        let index: Vec<u32> = index.map(|row| row.unwrap_or(rows) as u32).collect();
        Ok(Self { index: Tensor::new(index, device)? })
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        gather(x, &self.index)
    }
}

/// Windows over maps of one size. The map is filled up with zeros below and to the right, and moved up and to the left
/// in a circle by the shift.
pub(crate) struct Windows {
    cut: Gather,
    join: Gather,
    mask: Option<Tensor>,
    count: usize,
}

impl Windows {
    pub fn of(
        (items, height, width): Places,
        window: usize,
        shift: usize,
        device: &Device,
    ) -> Result<Self, EmbedError> {
        let (rows, columns) = (height.div_ceil(window), width.div_ceil(window));
        let (tall, wide) = (rows * window, columns * window);
        let count = items * rows * columns;
        let area = window * window;
        let (mut cut, mut regions) = (Vec::with_capacity(count * area), Vec::with_capacity(count * area));
        let mut join = vec![None; items * height * width];
        for item in 0..items {
            for (top, left) in product(rows, columns) {
                for (down, across) in product(window, window) {
                    let (y, x) = (top * window + down, left * window + across);
                    let (from, at) = ((y + shift) % tall, (x + shift) % wide);
                    let place = (from < height && at < width).then(|| (item * height + from) * width + at);
                    if let Some(place) = place {
                        join[place] = Some(cut.len());
                    }
                    cut.push(place);
                    regions.push((region(y, tall, window, shift), region(x, wide, window, shift)));
                }
            }
        }
        let mask = match shift {
            0 => None,
            _ => Some(mask(&regions, count, area, device)?),
        };
        let rows = cut.len();
        Ok(Self {
            cut: Gather::of(items * height * width, cut.into_iter(), device)?,
            join: Gather::of(rows, join.into_iter(), device)?,
            mask,
            count,
        })
    }

    /// Rows of the map to rows of the windows, window after window.
    pub fn cut(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        self.cut.forward(x)
    }

    /// Rows of the windows to rows of the map.
    pub fn join(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        self.join.forward(x)
    }

    /// Number of windows of all items.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Addend for the scores `[windows, 1, places, places]`, if the windows were moved.
    pub fn mask(&self) -> Option<&Tensor> {
        self.mask.as_ref()
    }

    /// Addend for the scores `[1, heads, places, places]` from a table `[(2 window - 1)², heads]` over the distances of
    /// two places, down and across.
    pub fn bias(table: &Tensor, window: usize) -> Result<Tensor, EmbedError> {
        let area = window * window;
        let distance = |query: usize, key: usize| query + window - 1 - key;
        let index = product(area, area).map(|(query, key)| {
            let down = distance(query / window, key / window);
            let across = distance(query % window, key % window);
            Some(down * (2 * window - 1) + across)
        });
        let rows = Gather::of(table.dim(0)?, index, table.device())?.forward(table)?;
        let heads = rows.dim(1)?;
        Ok(rows.reshape((area, area, heads))?.permute((2, 0, 1))?.contiguous()?.unsqueeze(0)?)
    }
}

/// The part of a line to which a place belongs: before the last window, before the shift, or from the other end.
fn region(at: usize, length: usize, window: usize, shift: usize) -> usize {
    usize::from(at >= length - window) + usize::from(at >= length - shift)
}

fn mask(regions: &[(usize, usize)], count: usize, area: usize, device: &Device) -> Result<Tensor, EmbedError> {
    let mut values = Vec::with_capacity(count * area * area);
    for window in regions.chunks_exact(area) {
        for query in window {
            values.extend(window.iter().map(|key| if key == query { 0.0 } else { APART }));
        }
    }
    Ok(Tensor::from_vec(values, (count, 1, area, area), device)?)
}

fn product(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows * columns).map(move |i| (i / columns, i % columns))
}

/// Four rows for each place of the halved map: the upper left, lower left, upper right and lower right neighbour; beyond
/// the border zeros.
pub(crate) fn merged((items, height, width): Places, device: &Device) -> Result<(Gather, Places), EmbedError> {
    let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
    let index = (0..items).flat_map(|item| {
        product(rows, columns).flat_map(move |(y, x)| {
            [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(down, across)| {
                let (y, x) = (2 * y + down, 2 * x + across);
                (y < height && x < width).then(|| (item * height + y) * width + x)
            })
        })
    });
    Ok((Gather::of(items * height * width, index, device)?, (items, rows, columns)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(x: &Tensor) -> Vec<f32> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn windows_are_cut_and_joined() {
        // 3 x 3 places, filled up to 4 x 4, moved by one
        let x = Tensor::from_vec((1..=9).map(|x| x as f32).collect(), (9, 1), &Device::Cpu).unwrap();
        let windows = Windows::of((1, 3, 3), 2, 1, &Device::Cpu).unwrap();
        let cut = windows.cut(&x).unwrap();
        assert_eq!(values(&cut), [5., 6., 8., 9., 0., 4., 0., 7., 0., 0., 2., 3., 0., 0., 0., 1.]);
        assert_eq!(values(&windows.join(&cut).unwrap()), values(&x));
        let mask = values(windows.mask().unwrap());
        assert!(mask[..16].iter().all(|x| *x == 0.0));
        assert_eq!(mask[16..20], [0.0, APART, 0.0, APART]);
    }

    #[test]
    fn neighbours_come_column_by_column() {
        let x = Tensor::from_vec((1..=6).map(|x| x as f32).collect(), (6, 1), &Device::Cpu).unwrap();
        let (gather, halved) = merged((1, 2, 3), &Device::Cpu).unwrap();
        assert_eq!((values(&gather.forward(&x).unwrap()), halved), (vec![1., 4., 2., 5., 3., 6., 0., 0.], (1, 1, 2)));
    }
}
