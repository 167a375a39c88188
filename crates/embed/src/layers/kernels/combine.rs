//! Sums and products, number by number, in place.

use candle_core::{CpuStorage, InplaceOp2, Layout, Tensor};
use rayon::prelude::*;

use super::CHUNK;
use crate::{
    EmbedError,
    device::{contiguous_mut, has_kernels},
};

/// `part + x`, with `x` repeated along the dimensions that it does not have or in which it has one entry. It writes to the
/// part itself, of which there must be no other copy.
pub(crate) fn add(part: Tensor, x: &Tensor) -> Result<Tensor, EmbedError> {
    combined(part, x, Combine::Sum)
}

/// `part ∘ x`, otherwise like [`add`].
pub(crate) fn multiply(part: Tensor, x: &Tensor) -> Result<Tensor, EmbedError> {
    combined(part, x, Combine::Product)
}

fn combined(part: Tensor, x: &Tensor, how: Combine) -> Result<Tensor, EmbedError> {
    if has_kernels(part.device()) && part.is_contiguous() {
        part.inplace_op2(&x.broadcast_as(part.shape())?, &how)?;
        return Ok(part);
    }
    Ok(match how {
        Combine::Sum => part.broadcast_add(x)?,
        Combine::Product => part.broadcast_mul(x)?,
    })
}

enum Combine {
    Sum,
    Product,
}

impl Combine {
    fn apply(&self, part: &mut f32, x: f32) {
        match self {
            Self::Sum => *part += x,
            Self::Product => *part *= x,
        }
    }
}

impl InplaceOp2 for Combine {
    fn name(&self) -> &'static str {
        "sum or product"
    }

    fn cpu_fwd(
        &self,
        part: &mut CpuStorage,
        layout: &Layout,
        x: &CpuStorage,
        x_layout: &Layout,
    ) -> candle_core::Result<()> {
        let (values, runs) = (x.as_slice::<f32>()?, Runs::of(x_layout));
        contiguous_mut(part, layout)?.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, mut part)| {
            let mut at = chunk * CHUNK;
            while !part.is_empty() {
                let (start, left) = runs.from(at);
                let (now, rest) = part.split_at_mut(left.min(part.len()));
                match runs.constant {
                    true => now.iter_mut().for_each(|part| self.apply(part, values[start])),
                    false => now.iter_mut().zip(&values[start..]).for_each(|(part, x)| self.apply(part, *x)),
                }
                at += now.len();
                part = rest;
            }
        });
        Ok(())
    }
}

/// Numbers of a tensor with any strides, in row-major order, in runs that lie side by side in memory or repeat one number.
struct Runs {
    /// Sizes and strides of the dimensions around the runs.
    outer: Vec<(usize, usize)>,
    first: usize,
    length: usize,
    constant: bool,
}

impl Runs {
    fn of(layout: &Layout) -> Self {
        let dims: Vec<(usize, usize)> = layout.dims().iter().copied().zip(layout.stride().iter().copied()).collect();
        // The last dimensions whose numbers lie `step` apart.
        let run = |step: usize| {
            let (mut count, mut length) = (0, 1);
            for (size, stride) in dims.iter().rev() {
                if *size != 1 && *stride != step * length {
                    break;
                }
                (count, length) = (count + 1, length * size);
            }
            (count, length)
        };
        let (side_by_side, repeated) = (run(1), run(0));
        let constant = repeated.1 > side_by_side.1;
        let (count, length) = if constant { repeated } else { side_by_side };
        Self { outer: dims[..dims.len() - count].to_vec(), first: layout.start_offset(), length, constant }
    }

    /// Where the number at a place lies in memory, and how many there are from it to the end of its run.
    fn from(&self, place: usize) -> (usize, usize) {
        let (mut run, inside) = (place / self.length, place % self.length);
        let mut start = self.first + if self.constant { 0 } else { inside };
        for (size, stride) in self.outer.iter().rev() {
            start += run % size * stride;
            run /= size;
        }
        (start, self.length - inside)
    }
}
