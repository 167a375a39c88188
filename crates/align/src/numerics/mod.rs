//! Matrices and operations on them: products, factorisations, eigenvalues, kernels.

mod conversions;
pub mod kernels;
pub(crate) mod krylov;
pub(crate) mod leading;
pub mod linalg;
pub mod matrix;
pub mod parallel;
pub(crate) mod polar;
pub(crate) mod view;
