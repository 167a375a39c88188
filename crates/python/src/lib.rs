//! The module `polyalign._native`: the methods, their fits and the files of these fits for Python.
//!
//! This crate converts; it computes nothing of its own. The package in `python/polyalign` gives the classes that users see: it
//! makes C-contiguous `float32` arrays of what they give, and puts names and settings in order. Arrays are borrowed, not copied
//! (`rows.rs`). Fits and projections run without the lock of the interpreter, in threads of their own (`work.rs`).

mod convert;
mod dataset;
mod errors;
mod fitted;
mod harness;
mod measures;
mod methods;
mod rows;
mod work;

use pyo3::prelude::*;

/// What `polyalign` is made of. Use the package `polyalign`, whose names stay as they are.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::dataset::read_data;
    #[pymodule_export]
    use super::fitted::Fitted;
    #[pymodule_export]
    use super::harness::grids::run_grid;
    #[pymodule_export]
    use super::harness::recommend::recommend;
    #[pymodule_export]
    use super::harness::results::Stored;
    #[pymodule_export]
    use super::measures::{kmeans, ranks};
    #[pymodule_export]
    use super::methods::{methods, nearest, normalised};
    #[pymodule_export]
    use super::rows::address;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        select::register();
        super::harness::own::register();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
