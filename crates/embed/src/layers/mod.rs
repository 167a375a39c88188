//! Layers of encoders. Activations are matrices `[items · positions, width]`; only attention splits them into items,
//! heads and positions.

mod activation;
mod attention;
mod feed;
mod kernels;
mod norm;
mod post_norm;
mod residual;
mod rotary;
mod stack;

use candle_core::Tensor;

pub(crate) use self::activation::Activation;
pub(crate) use self::attention::{Attention, Projections, mask};
pub(crate) use self::feed::Feed;
pub(crate) use self::kernels::{Kernel, add, gather, multiply, zeros};
use self::kernels::{finish, product_transposed, product_under};
pub(crate) use self::norm::Norm;
pub(crate) use self::post_norm::PostNorm;
pub(crate) use self::residual::{BlockSizes, PreNorm, PreNormNames};
pub(crate) use self::rotary::Rotary;
pub(crate) use self::stack::{Block, States, note, stack};
use crate::{EmbedError, folder::weights::Scope};

/// `x Wᵀ + b`, with `W` of shape `[out, in]` as PyTorch keeps it.
pub(crate) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    pub fn load(scope: &Scope, input: usize, output: usize) -> Result<Self, EmbedError> {
        Self::with_bias_if(true, scope, input, output)
    }

    /// A map whose bias depends on a flag of the configuration.
    pub fn with_bias_if(bias: bool, scope: &Scope, input: usize, output: usize) -> Result<Self, EmbedError> {
        let bias = if bias { Some(scope.get("bias", &[output])?) } else { None };
        Ok(Self { bias, ..Self::without_bias(scope, input, output)? })
    }

    pub fn without_bias(scope: &Scope, input: usize, output: usize) -> Result<Self, EmbedError> {
        Ok(Self { weight: scope.get("weight", &[output, input])?, bias: None })
    }

    /// A map from its matrix `[out, in]`.
    pub fn of(weight: Tensor, bias: Option<Tensor>) -> Self {
        Self { weight, bias }
    }

    /// The map times a factor.
    pub fn scaled(self, factor: f64) -> Result<Self, EmbedError> {
        let bias = match self.bias {
            Some(bias) => Some((bias * factor)?),
            None => None,
        };
        Ok(Self { weight: (self.weight * factor)?, bias })
    }

    /// `[n, in]` to `[n, out]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        finish(product_transposed(x, &self.weight)?, self.bias.as_ref(), None)
    }

    /// The same, with a function of the results.
    pub fn activated(&self, x: &Tensor, activation: Activation) -> Result<Tensor, EmbedError> {
        finish(product_transposed(x, &self.weight)?, self.bias.as_ref(), Some(activation))
    }

    /// `[frames, channels]` to a row for each place of a kernel: the map of the values under it.
    pub fn under(&self, x: &Tensor, kernel: Kernel, activation: Option<Activation>) -> Result<Tensor, EmbedError> {
        finish(product_under(x, &self.weight, kernel)?, self.bias.as_ref(), activation)
    }
}

/// A convolution's kernel as a linear map of the values under it.
pub(crate) struct Flat(Linear);

impl Flat {
    /// A kernel of any shape `[out, ..]`.
    pub fn load(scope: &Scope, shape: &[usize], bias: bool) -> Result<Self, EmbedError> {
        let kernel = scope.get("weight", shape)?;
        let bias = if bias { Some(scope.get("bias", &shape[..1])?) } else { None };
        Ok(Self(Linear { weight: kernel.flatten_from(1)?, bias }))
    }

    /// `[n, size of the kernel]` to `[n, out]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, EmbedError> {
        self.0.forward(x)
    }
}

/// Rows of a table `[entries, width]`.
pub(crate) struct Embedding {
    table: Tensor,
}

impl Embedding {
    pub fn load(scope: &Scope, entries: usize, width: usize) -> Result<Self, EmbedError> {
        Ok(Self { table: scope.get("weight", &[entries, width])? })
    }

    /// One row per id; every id must be below the number of entries.
    pub fn rows(&self, ids: &[u32]) -> Result<Tensor, EmbedError> {
        let ids = Tensor::from_slice(ids, ids.len(), self.table.device())?;
        Ok(self.table.index_select(&ids, 0)?)
    }
}
