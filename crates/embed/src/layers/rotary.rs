//! Rotary positions.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor};
use rayon::prelude::*;

use super::norm::contiguous;
use crate::EmbedError;

/// Rotation of the vectors of positions: a vector `(a, b)` of two halves becomes `(a cos - b sin, b cos + a sin)`. The
/// first positions of a sequence may stay as they are.
pub(crate) struct Rotary {
    /// Cosines of the angles `[positions, half of the width]`.
    cosines: Vec<f32>,
    sines: Vec<f32>,
    half: usize,
}

impl Rotary {
    /// From angles `[positions, half]` of the last positions of a sequence.
    pub fn of(angles: &[f32], half: usize) -> Self {
        Self {
            cosines: angles.iter().map(|angle| f64::from(*angle).cos() as f32).collect(),
            sines: angles.iter().map(|angle| f64::from(*angle).sin() as f32).collect(),
            half,
        }
    }

    /// `[.., length, width of a head]` to the same shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        Ok(x.contiguous()?.apply_op1_no_bwd(self)?)
    }
}

impl CustomOp1 for Rotary {
    fn name(&self) -> &'static str {
        "rotary positions"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let values = contiguous(storage, layout)?;
        let (half, turned) = (self.half, self.cosines.len() / self.half.max(1));
        let (length, width) = match layout.dims() {
            [.., length, width] if *width == 2 * half && *length >= turned => (*length, *width),
            other => candle_core::bail!("{turned} rotary positions of width {} over {other:?}", 2 * half),
        };
        let first = (length - turned) * width;
        let mut out = values.to_vec();
        out.par_chunks_mut(length * width).for_each(|sequence| {
            let angles = self.cosines.chunks_exact(half).zip(self.sines.chunks_exact(half));
            for (vector, (cosines, sines)) in sequence[first..].chunks_exact_mut(width).zip(angles) {
                let (a, b) = vector.split_at_mut(half);
                for ((a, b), (cosine, sine)) in a.iter_mut().zip(b).zip(cosines.iter().zip(sines)) {
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
    use candle_core::Device;

    #[test]
    fn halves_are_turned_and_first_positions_stay() {
        let quarter = std::f32::consts::FRAC_PI_2;
        let rotary = Rotary::of(&[quarter, 0.0], 2);
        let x = Tensor::from_vec((1..=8).map(|x| x as f32).collect(), (1, 1, 2, 4), &Device::Cpu).unwrap();
        let y: Vec<f32> = rotary.forward(&x).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        for (found, wanted) in y.iter().zip([1.0, 2.0, 3.0, 4.0, -7.0, 6.0, 5.0, 8.0]) {
            assert!((found - wanted).abs() < 1e-6, "{y:?}");
        }
        assert!(rotary.forward(&x.narrow(3, 0, 2).unwrap()).is_err());
    }
}
