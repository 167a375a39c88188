//! Convolutions of each channel by itself.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor};
use rayon::prelude::*;

use crate::{EmbedError, folder::weights::Scope, layers};

/// Items, height, width of a map.
pub(crate) type Places = (usize, usize, usize);

/// A square kernel per channel, stored as `[side · side, channels]`, so that the channels of a place, which are
/// contiguous, are processed together. The library's own convolution processes one channel after the other.
pub(crate) struct Depthwise {
    kernel: Vec<f32>,
    bias: Vec<f32>,
    side: usize,
}

/// How a kernel moves over a map: stride and dilation; the zeros before the first row and the first column; height and
/// width of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub stride: usize,
    pub dilation: usize,
    pub padding: (usize, usize),
    pub out: (usize, usize),
}

impl Step {
    /// The step that keeps the size of a map.
    pub fn same(side: usize, (_, height, width): Places) -> Self {
        Self { stride: 1, dilation: 1, padding: (side / 2, side / 2), out: (height, width) }
    }
}

impl Depthwise {
    pub fn load(scope: &Scope, width: usize, side: usize) -> Result<Self, EmbedError> {
        Ok(Self { bias: scope.vector("bias", width)?, ..Self::scaled(scope, width, side, None)? })
    }

    /// A kernel without bias, whose channels are multiplied by factors.
    pub fn scaled(scope: &Scope, width: usize, side: usize, factors: Option<&[f32]>) -> Result<Self, EmbedError> {
        let kernel = scope.get("weight", &[width, 1, side, side])?.reshape((width, side * side))?;
        let mut kernel: Vec<f32> = kernel.t()?.contiguous()?.flatten_all()?.to_vec1()?;
        if let Some(factors) = factors {
            for row in kernel.chunks_exact_mut(width) {
                row.iter_mut().zip(factors).for_each(|(k, factor)| *k *= factor);
            }
        }
        Ok(Self { kernel, bias: vec![0.0; width], side })
    }

    /// The same with this bias.
    pub fn shifted(self, bias: Vec<f32>) -> Self {
        Self { bias, ..self }
    }

    /// `[items · height · width, channels]` to the rows of the result.
    pub fn forward(&self, x: &Tensor, places: Places, step: Step) -> Result<Tensor, EmbedError> {
        Ok(x.contiguous()?.apply_op1_no_bwd(&Moving { depthwise: self, places, step })?)
    }

    /// One row of the result; places outside the border are zeros.
    fn row(&self, item: &[f32], y: usize, (_, height, width): Places, step: Step, out: &mut [f32]) {
        let channels = self.bias.len();
        let place =
            |at: usize, offset: usize, padding: usize| (at * step.stride + offset * step.dilation).checked_sub(padding);
        for (x, out) in out.chunks_exact_mut(channels).enumerate() {
            out.copy_from_slice(&self.bias);
            for (dy, row) in (0..self.side).filter_map(|dy| Some((dy, place(y, dy, step.padding.0)?))) {
                for (dx, column) in (0..self.side).filter_map(|dx| Some((dx, place(x, dx, step.padding.1)?))) {
                    if row < height && column < width {
                        let kernel = &self.kernel[(dy * self.side + dx) * channels..][..channels];
                        let values = &item[(row * width + column) * channels..][..channels];
                        out.iter_mut().zip(kernel.iter().zip(values)).for_each(|(out, (k, v))| *out += k * v);
                    }
                }
            }
        }
    }
}

/// The convolution at one size.
struct Moving<'a> {
    depthwise: &'a Depthwise,
    places: Places,
    step: Step,
}

impl CustomOp1 for Moving<'_> {
    fn name(&self) -> &'static str {
        "depthwise convolution"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let values = layers::contiguous(storage, layout)?;
        let (items, height, width) = self.places;
        let (rows, columns) = self.step.out;
        let channels = self.depthwise.bias.len();
        if values.len() != items * height * width * channels || values.is_empty() || rows * columns == 0 {
            candle_core::bail!("found {} values, expected {items} x {height} x {width} x {channels}", values.len());
        }
        let mut out = vec![0.0; items * rows * columns * channels];
        out.par_chunks_mut(columns * channels).enumerate().for_each(|(row, out)| {
            let (item, y) = (row / rows, row % rows);
            let item = &values[item * height * width * channels..][..height * width * channels];
            self.depthwise.row(item, y, self.places, self.step, out);
        });
        Ok((CpuStorage::F32(out), Shape::from((items * rows * columns, channels))))
    }
}
