//! Matrix products by the kernels that fits use, which know more instruction sets than those of the tensor library.

use align::linalg::{MatrixView, MatrixViewMut, gemm_in_parts};
use candle_core::{CpuStorage, CustomOp2, Layout, Shape, Tensor};

use super::zeros;
use crate::{
    EmbedError,
    device::{contiguous, has_kernels},
};

/// `A Bᵀ` of `[n, k]` and `[m, k]`.
pub(crate) fn product_transposed(a: &Tensor, b: &Tensor) -> Result<Tensor, EmbedError> {
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    Ok(match has_kernels(a.device()) {
        true => a.apply_op2_no_bwd(&b, &Product)?,
        false => a.matmul(&b.t()?)?,
    })
}

struct Product;

impl CustomOp2 for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let ((n, k), (m, inner)) = (a_layout.shape().dims2()?, b_layout.shape().dims2()?);
        if k != inner {
            candle_core::bail!("product of {:?} and {:?}, transposed", a_layout.dims(), b_layout.dims());
        }
        let a = MatrixView::from_slice(n, k, contiguous(a, a_layout)?);
        let b = MatrixView::from_slice(m, k, contiguous(b, b_layout)?).transpose();
        let mut out = zeros(n * m);
        gemm_in_parts(MatrixViewMut::from_slice(n, m, &mut out), a, b);
        Ok((CpuStorage::F32(out), Shape::from((n, m))))
    }
}
