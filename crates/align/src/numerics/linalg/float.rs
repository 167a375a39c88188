//! Float types of the kernels, and threads of a product.

use std::cell::Cell;
use std::thread::LocalKey;

use super::super::parallel;

/// Threads of a product: the calling thread, or every thread of its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The calling thread alone; for work that is already split among threads.
    One,
    /// The whole pool; the result is the same to the last bit.
    Pool,
}

impl Threads {
    pub(super) fn par(self) -> faer::Par {
        match self {
            Self::One => faer::Par::Seq,
            Self::Pool => parallel::pool(),
        }
    }
}

/// Float type with kernels: `f32` or `f64`, and no other type.
pub trait Float: Kernel + Copy + Default + Send + Sync + 'static {
    /// One.
    const ONE: Self;
    /// Distance from one to the next number.
    const EPSILON: f64;
    /// The nearest number of this type.
    fn narrow(x: f64) -> Self;
    /// The same number in double precision.
    fn widen(self) -> f64;
}
impl Float for f32 {
    const ONE: Self = 1.0;
    const EPSILON: f64 = Self::EPSILON as f64;
    fn narrow(x: f64) -> Self {
        x as Self
    }
    fn widen(self) -> f64 {
        f64::from(self)
    }
}
impl Float for f64 {
    const ONE: Self = 1.0;
    const EPSILON: f64 = Self::EPSILON;
    fn narrow(x: f64) -> Self {
        x
    }
    fn widen(self) -> f64 {
        self
    }
}

/// Requirements of the kernels. The trait cannot be named outside this crate, so that its own requirements need not be
/// named either.
pub trait Kernel: faer::traits::ComplexField + Copy + Default + Send + Sync + 'static {
    /// Buffer of this thread for a copy, so that thousands of repeated products allocate nothing.
    fn scratch() -> &'static LocalKey<Cell<Vec<Self>>>;
}

macro_rules! scratch {
    ($($float:ty),*) => {$(
        impl Kernel for $float {
            fn scratch() -> &'static LocalKey<Cell<Vec<Self>>> {
                thread_local!(static SCRATCH: Cell<Vec<$float>> = const { Cell::new(Vec::new()) });
                &SCRATCH
            }
        }
    )*};
}
scratch!(f32, f64);
