//! Activation functions of feed-forward blocks.

use candle_core::{CpuStorage, InplaceOp1, Layout, Tensor};
use rayon::prelude::*;

use super::kernels::{CHUNK, gelu, gelu_tanh, sigmoid_times};
use crate::{
    EmbedError,
    device::{contiguous_mut, has_kernels},
    folder::config::Config,
};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// `x Φ(x)`, `Φ` by the error function.
    Gelu,
    /// `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
    GeluTanh,
    /// `x σ(1.702 x)`.
    QuickGelu,
    /// `x σ(x)`.
    Silu,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// Hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// The function that a key of a configuration names, in the spelling of the hub.
    pub fn named(config: &Config, key: &str, default: &str) -> Result<Self, EmbedError> {
        let name = config.text(key, default)?;
        Self::of(name).ok_or_else(|| {
            let known = "gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, silu, swish, relu, relu6, tanh";
            config.error(key, format!("unknown activation `{name}`; expected one of {known}"))
        })
    }

    pub fn of(name: &str) -> Option<Self> {
        match name {
            "gelu" => Some(Self::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Some(Self::GeluTanh),
            "quick_gelu" => Some(Self::QuickGelu),
            "silu" | "swish" => Some(Self::Silu),
            "relu" => Some(Self::Relu),
            "relu6" => Some(Self::Relu6),
            "tanh" => Some(Self::Tanh),
            _ => None,
        }
    }

    /// The function of each number. It may write to the tensor itself, of which there must be no other copy.
    pub fn forward(self, x: Tensor) -> Result<Tensor, EmbedError> {
        if has_kernels(x.device()) {
            let x = x.contiguous()?;
            x.inplace_op1(&self)?;
            return Ok(x);
        }
        Ok(match self {
            Self::Gelu => x.gelu_erf()?,
            Self::GeluTanh => x.gelu()?,
            Self::QuickGelu => (&x / ((&x * -1.702)?.exp()? + 1.0)?)?,
            Self::Silu => x.silu()?,
            Self::Relu => x.relu()?,
            Self::Relu6 => x.clamp(0f32, 6f32)?,
            Self::Tanh => x.tanh()?,
        })
    }

    /// Replaces numbers by their values.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Gelu => gelu(values),
            Self::GeluTanh => gelu_tanh(values),
            Self::QuickGelu => sigmoid_times(values, 1.702),
            Self::Silu => sigmoid_times(values, 1.0),
            Self::Relu => values.iter_mut().for_each(|x| *x = x.max(0.0)),
            Self::Relu6 => values.iter_mut().for_each(|x| *x = x.clamp(0.0, 6.0)),
            Self::Tanh => values.iter_mut().for_each(|x| *x = x.tanh()),
        }
    }
}

impl InplaceOp1 for Activation {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, values: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        contiguous_mut(values, layout)?.par_chunks_mut(CHUNK).for_each(|values| self.apply(values));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::composed;
    use candle_core::Device;

    const ALL: [Activation; 7] = [
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::QuickGelu,
        Activation::Silu,
        Activation::Relu,
        Activation::Relu6,
        Activation::Tanh,
    ];

    #[test]
    fn the_composition_agrees_with_the_kernel() {
        // from -12 to 12, and far beyond
        let near = (0..2401).map(|i| i as f32 / 100.0 - 12.0);
        let values: Vec<f32> = near.chain([-1e30, -200.0, -88.0, 88.0, 200.0]).collect();
        let x = Tensor::from_vec(values.clone(), (2, 1203), &Device::Cpu).unwrap();
        // a part whose rows are not contiguous
        let part = x.narrow(1, 100, 1001).unwrap();
        for f in ALL {
            for x in [&x, &part] {
                let of = |y: Tensor| y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                let forward = || f.forward(x.force_contiguous().unwrap()).unwrap();
                let found = of(composed(forward));
                for ((found, wanted), x) in found.iter().zip(of(forward())).zip(of(x.clone())) {
                    assert!((found - wanted).abs() <= 1e-6 * x.abs().max(1.0), "{f:?} of {x}: {found}, {wanted}");
                }
            }
        }
    }

    #[test]
    fn values_of_the_functions() {
        let at = |f: Activation, x: f32| {
            let x = Tensor::from_slice(&[x], 1, &Device::Cpu).unwrap();
            f.forward(x).unwrap().to_vec1::<f32>().unwrap()[0]
        };
        // by hand, to eight digits
        for (f, at_one) in [
            (Activation::Gelu, 0.841_344_8),
            (Activation::GeluTanh, 0.841_192),
            (Activation::QuickGelu, 0.845_795_8),
            (Activation::Silu, 0.731_058_6),
            (Activation::Relu, 1.0),
            (Activation::Relu6, 1.0),
            (Activation::Tanh, 0.761_594_2),
        ] {
            assert!((at(f, 1.0) - at_one).abs() < 1e-6, "{f:?} {}", at(f, 1.0));
            assert!(at(f, -30.0).abs() < 1.1 && at(f, 0.0) == 0.0);
        }
        assert_eq!(at(Activation::QuickGelu, -200.0), 0.0);
        assert_eq!(at(Activation::Relu6, 7.0), 6.0);
    }
}
