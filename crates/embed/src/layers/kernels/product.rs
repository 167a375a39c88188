//! Matrix products by the kernels that fits use, which know more instruction sets than those of the tensor library.

use align::linalg::{Accum, MatrixView, MatrixViewMut, Threads, gemm, gemm_in_parts};
use candle_core::{CpuStorage, CustomOp2, Layout, Shape, Tensor};
use rayon::prelude::*;

use crate::{
    EmbedError,
    device::{contiguous, has_kernels},
};

/// `A B` of `[.., n, k]` and `[.., k, m]`, for each of the same leading positions.
pub(crate) fn product(a: &Tensor, b: &Tensor) -> Result<Tensor, EmbedError> {
    multiplied(a, b, Product { transposed: false })
}

/// `A Bᵀ` of `[.., n, k]` and `[.., m, k]`.
pub(crate) fn product_transposed(a: &Tensor, b: &Tensor) -> Result<Tensor, EmbedError> {
    multiplied(a, b, Product { transposed: true })
}

fn multiplied(a: &Tensor, b: &Tensor, how: Product) -> Result<Tensor, EmbedError> {
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    Ok(match (has_kernels(a.device()), how.transposed) {
        (true, _) => a.apply_op2_no_bwd(&b, &how)?,
        (false, true) => a.matmul(&b.t()?)?,
        (false, false) => a.matmul(&b)?,
    })
}

struct Product {
    /// Whether the second factor is stored as its transpose.
    transposed: bool,
}

impl Product {
    /// Number of products, and n, k and m of each; `None` if the shapes do not fit.
    fn sizes(&self, a: &[usize], b: &[usize]) -> Option<[usize; 4]> {
        let ([leading @ .., n, k], [others @ .., rows, columns]) = (a, b) else { return None };
        let (inner, m) = if self.transposed { (columns, rows) } else { (rows, columns) };
        (leading == others && inner == k).then(|| [leading.iter().product(), *n, *k, *m])
    }
}

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
        let (a, b) = (contiguous(a, a_layout)?, contiguous(b, b_layout)?);
        let Some([count, n, k, m]) = self.sizes(a_layout.dims(), b_layout.dims()) else {
            candle_core::bail!("product of {:?} and {:?}", a_layout.dims(), b_layout.dims());
        };
        let mut out = vec![0.0; count * n * m];
        let (left, right) = (
            |a| MatrixView::from_slice(n, k, a),
            |b| match self.transposed {
                true => MatrixView::from_slice(m, k, b).transpose(),
                false => MatrixView::from_slice(k, m, b),
            },
        );
        if count == 1 {
            gemm_in_parts(MatrixViewMut::from_slice(n, m, &mut out), left(a), right(b));
        } else if !out.is_empty() && k > 0 {
            let factors = a.par_chunks(n * k).zip(b.par_chunks(m * k));
            out.par_chunks_mut(n * m).zip(factors).for_each(|(out, (a, b))| {
                gemm(MatrixViewMut::from_slice(n, m, out), Accum::Replace, left(a), right(b), Threads::One);
            });
        }
        let leading = &a_layout.dims()[..a_layout.dims().len() - 2];
        Ok((CpuStorage::F32(out), Shape::from([leading, &[n, m]].concat())))
    }
}
