//! Convolutions of each channel by itself.

use candle_core::{CpuStorage, CustomOp3, Layout, Shape, Tensor};
use rayon::prelude::*;

use crate::{
    EmbedError,
    device::{contiguous, has_kernels},
    folder::weights::Scope,
    layers::zeros,
};

/// Items, height, width of a map.
pub(crate) type Places = (usize, usize, usize);

/// A square kernel per channel, stored as `[side · side, channels]`, so that the channels of a place, which are
/// contiguous, are processed together. The library's own convolution processes one channel after the other.
pub(crate) struct Depthwise {
    kernel: Tensor,
    bias: Tensor,
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
        let bias = scope.get("bias", &[width])?;
        Ok(Self { kernel: kernel(scope, width, side)?, bias, side })
    }

    /// A kernel whose channels are multiplied by factors, and the bias.
    pub fn scaled(
        scope: &Scope,
        width: usize,
        side: usize,
        factors: Vec<f32>,
        bias: Vec<f32>,
    ) -> Result<Self, EmbedError> {
        let kernel = kernel(scope, width, side)?;
        let vector = |values| Tensor::from_vec(values, width, kernel.device());
        let (factors, bias) = (vector(factors)?, vector(bias)?);
        Ok(Self { kernel: kernel.broadcast_mul(&factors)?, bias, side })
    }

    /// `[items · height · width, channels]` to the rows of the result.
    pub fn forward(&self, x: &Tensor, places: Places, step: Step) -> Result<Tensor, EmbedError> {
        let x = x.contiguous()?;
        let ((items, height, width), (rows, columns), channels) = (places, step.out, self.bias.elem_count());
        let values = x.elem_count();
        if values != items * height * width * channels || values == 0 || rows * columns == 0 {
            let problem = format!("found {values} values, expected {items} x {height} x {width} x {channels}");
            return Err(EmbedError::Compute(problem));
        }
        if !has_kernels(x.device()) {
            return self.composed(&x, places, step);
        }
        let moving = Moving { side: self.side, places, step };
        Ok(x.apply_op3_no_bwd(&self.kernel, &self.bias, &moving)?)
    }

    /// The same by plain operations: for each place of the kernel a copy of the map, moved and multiplied.
    fn composed(&self, x: &Tensor, (items, height, width): Places, step: Step) -> Result<Tensor, EmbedError> {
        let ((rows, columns), channels) = (step.out, self.bias.elem_count());
        let Step { stride, dilation, padding, .. } = step;
        let reach = (self.side - 1) * dilation;
        // Every copy has as many places as strides cover, so that it can be cut into strides.
        let behind = |length: usize, before: usize, out: usize| (reach + out * stride).saturating_sub(before + length);
        let x = x.reshape((items, height, width, channels))?;
        let x = x.pad_with_zeros(1, padding.0, behind(height, padding.0, rows))?;
        let x = x.pad_with_zeros(2, padding.1, behind(width, padding.1, columns))?;
        let mut sum = self.bias.broadcast_as((items, rows, columns, channels))?.contiguous()?;
        for dy in 0..self.side {
            let down = every(&x, 1, dy * dilation, stride, rows)?;
            for dx in 0..self.side {
                let moved = every(&down, 2, dx * dilation, stride, columns)?;
                let factors = self.kernel.get(dy * self.side + dx)?;
                sum = (sum + moved.broadcast_mul(&factors)?)?;
            }
        }
        Ok(sum.reshape((items * rows * columns, channels))?)
    }
}

/// A kernel `[width, 1, side, side]` as `[side · side, width]`.
fn kernel(scope: &Scope, width: usize, side: usize) -> Result<Tensor, EmbedError> {
    let kernel = scope.get("weight", &[width, 1, side, side])?.reshape((width, side * side))?;
    Ok(kernel.t()?.contiguous()?)
}

/// `count` indices of a dimension: the first one, then one for each stride.
fn every(x: &Tensor, dim: usize, first: usize, stride: usize, count: usize) -> candle_core::Result<Tensor> {
    let part = x.narrow(dim, first, count * stride)?;
    if stride == 1 {
        return Ok(part);
    }
    let mut shape = part.dims().to_vec();
    shape[dim] = count;
    shape.insert(dim + 1, stride);
    part.contiguous()?.reshape(shape)?.narrow(dim + 1, 0, 1)?.squeeze(dim + 1)
}

/// The convolution at one size, on the CPU.
struct Moving {
    side: usize,
    places: Places,
    step: Step,
}

impl Moving {
    /// One row of the result; places outside the border are zeros.
    fn row(&self, item: &[f32], y: usize, [kernel, bias]: [&[f32]; 2], out: &mut [f32]) {
        let channels = bias.len();
        let (Step { stride, dilation, padding, .. }, (_, height, width)) = (self.step, self.places);
        let place = |at: usize, offset: usize, padding: usize| (at * stride + offset * dilation).checked_sub(padding);
        for (x, out) in out.chunks_exact_mut(channels).enumerate() {
            out.copy_from_slice(bias);
            for (dy, row) in (0..self.side).filter_map(|dy| Some((dy, place(y, dy, padding.0)?))) {
                for (dx, column) in (0..self.side).filter_map(|dx| Some((dx, place(x, dx, padding.1)?))) {
                    if row < height && column < width {
                        let kernel = &kernel[(dy * self.side + dx) * channels..][..channels];
                        let values = &item[(row * width + column) * channels..][..channels];
                        out.iter_mut().zip(kernel.iter().zip(values)).for_each(|(out, (k, v))| *out += k * v);
                    }
                }
            }
        }
    }
}

impl CustomOp3 for Moving {
    fn name(&self) -> &'static str {
        "depthwise convolution"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let values = contiguous(x, layout)?;
        let weights = [contiguous(kernel, kernel_layout)?, contiguous(bias, bias_layout)?];
        let ((items, height, width), (rows, columns), channels) = (self.places, self.step.out, weights[1].len());
        let mut out = zeros(items * rows * columns * channels);
        out.par_chunks_mut(columns * channels).enumerate().for_each(|(row, out)| {
            let (item, y) = (row / rows, row % rows);
            let item = &values[item * height * width * channels..][..height * width * channels];
            self.row(item, y, weights, out);
        });
        Ok((CpuStorage::F32(out), Shape::from((items * rows * columns, channels))))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::device::composed;

    #[test]
    fn the_composition_agrees_with_the_kernel() {
        let tensor = |rows: usize, columns: usize| {
            let values = (0..rows * columns).map(|i| ((i * 7919) % 2003) as f32 / 2003.0 - 0.5).collect();
            Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap()
        };
        for (places, channels, side, step) in [
            ((1, 1, 1), 1, 3, Step { stride: 1, dilation: 1, padding: (1, 1), out: (1, 1) }),
            ((2, 9, 5), 7, 7, Step::same(7, (2, 9, 5))),
            // the padding of TensorFlow: none before, one behind
            ((1, 8, 7), 5, 3, Step { stride: 2, dilation: 1, padding: (0, 1), out: (4, 4) }),
            ((3, 7, 7), 3, 3, Step { stride: 1, dilation: 2, padding: (2, 2), out: (7, 7) }),
            ((1, 12, 11), 2, 3, Step { stride: 3, dilation: 1, padding: (0, 0), out: (3, 3) }),
        ] {
            let (items, height, width) = places;
            let depthwise =
                Depthwise { kernel: tensor(side * side, channels), bias: tensor(1, channels).get(0).unwrap(), side };
            let x = tensor(items * height * width, channels);
            let kernel = depthwise.forward(&x, places, step).unwrap();
            assert_eq!(kernel.dims(), [items * step.out.0 * step.out.1, channels]);
            let difference = (composed(|| depthwise.forward(&x, places, step)).unwrap() - kernel).unwrap().abs();
            let largest: f32 = difference.unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar().unwrap();
            assert!(largest <= 1e-6, "{places:?}, {step:?}: {largest:e}");
            let other = (items, height, width + 1);
            let errors = [depthwise.forward(&x, other, step), composed(|| depthwise.forward(&x, other, step))];
            for error in errors {
                assert!(error.unwrap_err().to_string().contains("values, expected"));
            }
        }
    }
}
