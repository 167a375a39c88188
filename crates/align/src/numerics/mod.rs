//! Matrices and what is computed with them: products, factorisations, eigenvalues, kernels.

pub mod kernels;
pub(crate) mod krylov;
pub mod linalg;
pub mod matrix;
