//! The corrector of GCPA: one small gated network that turns every universe vector towards its item's
//! consensus direction.
//!
//! With `norm(u) = u / |u|`, for a row u of width D and hidden width H:
//!
//! ```text
//! v = norm(u)   x = LayerNorm(v)   δ = gelu(x W1 + b1) W2 + b2   g = sigmoid(x Wg + bg)
//! f(u) = norm(v + g ∘ δ)
//! ```
//!
//! Exact (erf) GELU; LayerNorm with learned scale and shift, population variance over all D coordinates
//! (zero padding included) and ε = 1e-5. Output rows have unit length, but a zero row has no direction to turn and stays
//! zero. At the start W2, b2, Wg and bg are zero, so f(u) = norm(u). Departs: the authors' `norm` divides by `|u| + 1e-8`,
//! which changes no digit of a row of standardised views.

mod batch;
mod loss;
mod network;
mod normalized;
pub(crate) mod optimiser;
pub(crate) mod residual;
mod shards;
pub mod train;

pub use batch::{Batch, Draw};
pub use loss::Loss;
pub use network::{Corrector, Weights};
pub use normalized::NormalizedRows;
