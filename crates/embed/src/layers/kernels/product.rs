//! Products with maps, by the kernels that fits use, which know more instruction sets than those of the tensor library.

use align::linalg::{Accum, MatrixView, MatrixViewMut, gemm_in_parts};
use candle_core::{CpuStorage, CustomOp2, Layout, Shape, Tensor};

use super::zeros;
use crate::{
    EmbedError,
    device::{contiguous, has_kernels},
};

/// Places that are computed together where the values under the kernel are copied.
const PLACES: usize = 2048;

/// A kernel over `size` frames that moves by `stride` frames.
#[derive(Clone, Copy)]
pub(crate) struct Kernel {
    pub size: usize,
    pub stride: usize,
}

impl Kernel {
    /// A frame for each place.
    const SINGLE: Self = Self { size: 1, stride: 1 };

    /// Number of places of the kernel on so many frames.
    pub fn places(self, frames: usize) -> usize {
        frames.checked_sub(self.size).map_or(0, |rest| rest / self.stride + 1)
    }

    /// Number of frames under so many places, at least one.
    pub fn reach(self, places: usize) -> usize {
        (places - 1).saturating_mul(self.stride).saturating_add(self.size)
    }
}

/// `A Bᵀ` of `[n, k]` and `[m, k]`.
pub(crate) fn product_transposed(a: &Tensor, b: &Tensor) -> Result<Tensor, EmbedError> {
    match has_kernels(a.device()) {
        true => product_under(a, b, Kernel::SINGLE),
        false => Ok(a.contiguous()?.matmul(&b.contiguous()?.t()?)?),
    }
}

/// From `[frames, channels]` a row for each place of the kernel: the values under it, frame after frame, times `Wᵀ` of
/// `[out, size · channels]`. On the CPU no value is copied: a row begins `stride · channels` values behind the one before.
pub(crate) fn product_under(x: &Tensor, weight: &Tensor, kernel: Kernel) -> Result<Tensor, EmbedError> {
    let x = x.contiguous()?;
    if has_kernels(x.device()) {
        return Ok(x.apply_op2_no_bwd(&weight.contiguous()?, &kernel)?);
    }
    let places = kernel.places(x.dim(0)?);
    let chunks = (0..places).step_by(PLACES).map(|start| {
        let frames = (start..(start + PLACES).min(places)).map(|place| place * kernel.stride);
        let index: Vec<u32> = frames.flat_map(|first| (first..first + kernel.size).map(|frame| frame as u32)).collect();
        let index = Tensor::new(index, x.device())?;
        let rows = x.index_select(&index, 0)?;
        product_transposed(&rows.reshape(((), kernel.size * x.dim(1)?))?, weight)
    });
    Ok(Tensor::cat(&chunks.collect::<Result<Vec<_>, EmbedError>>()?, 0)?)
}

impl CustomOp2 for Kernel {
    fn name(&self) -> &'static str {
        "product"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let ((frames, channels), (columns, inner)) = (layout.shape().dims2()?, weight_layout.shape().dims2()?);
        if inner != self.size * channels {
            candle_core::bail!("{} x {channels} values for a map of {inner}", self.size);
        }
        let places = self.places(frames);
        let values = MatrixView::with_stride(places, inner, self.stride * channels, contiguous(x, layout)?);
        let weight = MatrixView::from_slice(columns, inner, contiguous(weight, weight_layout)?).transpose();
        let mut out = zeros(places * columns);
        gemm_in_parts(MatrixViewMut::from_slice(places, columns, &mut out), Accum::Replace, values, weight);
        Ok((CpuStorage::F32(out), Shape::from((places, columns))))
    }
}
