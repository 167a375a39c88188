//! Rotary positions.

use candle_core::{CpuStorage, CustomOp3, D, Device, Layout, Shape, Tensor};
use rayon::prelude::*;

use super::kernels::{Heads, zeros};
use crate::{
    EmbedError,
    device::{contiguous, has_kernels},
};

/// Rotation of the vectors of positions: a vector `(a, b)` of two halves becomes `(a cos - b sin, b cos + a sin)`. The
/// first positions of a sequence may stay as they are.
pub(crate) struct Rotary {
    /// Cosines of the angles `[positions, half of the width]`.
    cosines: Tensor,
    sines: Tensor,
}

impl Rotary {
    /// From angles `[positions, half]` of the last positions of a sequence.
    pub fn of(angles: &[f32], half: usize, device: &Device) -> Result<Self, EmbedError> {
        let table = |f: fn(f64) -> f64| {
            let values = angles.iter().map(|angle| f(f64::from(*angle)) as f32).collect();
            Tensor::from_vec(values, (angles.len() / half, half), device)
        };
        Ok(Self { cosines: table(f64::cos)?, sines: table(f64::sin)? })
    }

    /// `[items, heads, length, width of a head]` to the same shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        if has_kernels(x.device()) {
            return Ok(x.apply_op3_no_bwd(&self.cosines, &self.sines, &Turn)?);
        }
        let (turned, half) = self.cosines.dims2()?;
        let first = unturned(x.dims(), turned, half)?;
        let part = x.narrow(D::Minus2, first, turned)?;
        let (a, b) = (part.narrow(D::Minus1, 0, half)?, part.narrow(D::Minus1, half, half)?);
        let left = (a.broadcast_mul(&self.cosines)? - b.broadcast_mul(&self.sines)?)?;
        let right = (b.broadcast_mul(&self.cosines)? + a.broadcast_mul(&self.sines)?)?;
        let part = Tensor::cat(&[left, right], D::Minus1)?;
        Ok(match first {
            0 => part,
            _ => Tensor::cat(&[&x.narrow(D::Minus2, 0, first)?, &part], D::Minus2)?,
        })
    }
}

/// Number of positions before those that are turned.
fn unturned(dims: &[usize], turned: usize, half: usize) -> candle_core::Result<usize> {
    match dims {
        [.., length, width] if *width == 2 * half && *length >= turned => Ok(length - turned),
        other => candle_core::bail!("{turned} rotary positions of width {} over {other:?}", 2 * half),
    }
}

/// The rotation on the CPU.
struct Turn;

impl CustomOp3 for Turn {
    fn name(&self) -> &'static str {
        "rotary positions"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        layout: &Layout,
        cosines: &CpuStorage,
        cosines_layout: &Layout,
        sines: &CpuStorage,
        sines_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let x = Heads::of(x, layout)?;
        let (cosines, sines) = (contiguous(cosines, cosines_layout)?, contiguous(sines, sines_layout)?);
        let (turned, half) = cosines_layout.shape().dims2()?;
        let first = unturned(&x.dims, turned, half)?;
        let [items, heads, length, width] = x.dims;
        let mut out = zeros(items * heads * length * width);
        out.par_chunks_mut(length * width).enumerate().for_each(|(sequence, out)| {
            let rows = out.chunks_exact_mut(width).enumerate();
            for (row, out) in rows {
                out.copy_from_slice(x.row(sequence / heads, sequence % heads, row));
                let Some(angles) = row.checked_sub(first).map(|row| row * half) else { continue };
                let (a, b) = out.split_at_mut(half);
                let angles = cosines[angles..].iter().zip(&sines[angles..]);
                for ((a, b), (cosine, sine)) in a.iter_mut().zip(b).zip(angles) {
                    (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
                }
            }
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::composed;

    #[test]
    fn halves_are_turned_and_first_positions_stay() {
        let quarter = std::f32::consts::FRAC_PI_2;
        let rotary = Rotary::of(&[quarter, 0.0], 2, &Device::Cpu).unwrap();
        let x = Tensor::from_vec((1..=8).map(|x| x as f32).collect(), (1, 1, 2, 4), &Device::Cpu).unwrap();
        let of = |y: Tensor| y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for y in [rotary.forward(&x), composed(|| rotary.forward(&x))].map(|y| of(y.unwrap())) {
            for (found, wanted) in y.iter().zip([1.0, 2.0, 3.0, 4.0, -7.0, 6.0, 5.0, 8.0]) {
                assert!((found - wanted).abs() < 1e-6, "{y:?}");
            }
        }
        let narrow = x.narrow(3, 0, 2).unwrap();
        let errors =
            [rotary.forward(&narrow), composed(|| rotary.forward(&narrow))].map(|y| y.unwrap_err().to_string());
        assert!(errors[0].contains("1 rotary positions of width 4 over [1, 1, 2, 2]"), "{errors:?}");
        assert_eq!(errors[0], errors[1]);
    }

    #[test]
    fn the_composition_agrees_with_the_kernel() {
        let values = |count: usize| (0..count).map(|i| ((i * 7919) % 2003) as f32 / 1001.0 - 1.0).collect::<Vec<f32>>();
        for (items, heads, first, turned, half) in
            [(1, 1, 0, 1, 1), (2, 3, 5, 7, 6), (3, 2, 0, 11, 5), (1, 4, 1, 196, 32)]
        {
            let length = first + turned;
            let rotary = Rotary::of(&values(turned * half), half, &Device::Cpu).unwrap();
            let x = values(items * heads * length * 2 * half);
            let x = Tensor::from_vec(x, (items, heads, length, 2 * half), &Device::Cpu).unwrap();
            let kernel = rotary.forward(&x).unwrap();
            let difference = (composed(|| rotary.forward(&x)).unwrap() - kernel).unwrap().abs().unwrap();
            let largest: f32 = difference.flatten_all().unwrap().max(0).unwrap().to_scalar().unwrap();
            assert!(largest <= 1e-6, "{:?}: {largest:e}", x.dims());
        }
    }
}
