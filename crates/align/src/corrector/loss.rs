//! Loss of the corrector.

use crate::numerics::kernels::RowProducts;
use crate::prep::divisible;

/// `(1 − y·t) + λ·relu((1 − y·v) − τ)` for `y = f(u)`, the consensus direction t and `v = norm(u)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// Trust radius τ: drift below it costs nothing.
    pub tau: f32,
    /// Weight λ of drift beyond it.
    pub lambda: f32,
}

/// Loss of one row, and the numbers that its gradient needs.
pub(super) struct RowLoss {
    pub(super) value: f32,
    /// `1 − y·v`.
    pub(super) drift: f32,
    pub(super) length: f32,
    pub(super) beyond_trust: bool,
}

impl Loss {
    pub(super) fn of(self, products: &RowProducts) -> RowLoss {
        let length = products.square.sqrt();
        let divisor = divisible(length);
        let drift = 1.0 - products.input / divisor;
        let excess = drift - self.tau;
        let beyond_trust = excess > 0.0;
        let penalty = if beyond_trust { self.lambda * excess } else { 0.0 };
        RowLoss { value: 1.0 - products.target / divisor + penalty, drift, length, beyond_trust }
    }
}
