//! The numbers that the kernels exist for, and who multiplies them.

use std::cell::Cell;
use std::thread::LocalKey;

use super::super::parallel;

/// Who does a product: the calling thread, or every thread of the pool it runs in.
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

/// A float that the kernels exist for: `f32` or `f64`, and no other type.
pub trait Float: Kernel + Copy + Default + Send + Sync + 'static {
    /// One.
    const ONE: Self;
    /// The nearest number of this type.
    fn narrow(x: f64) -> Self;
}
impl Float for f32 {
    const ONE: Self = 1.0;
    fn narrow(x: f64) -> Self {
        x as Self
    }
}
impl Float for f64 {
    const ONE: Self = 1.0;
    fn narrow(x: f64) -> Self {
        x
    }
}

/// What the kernels need of a float. The trait cannot be named outside of this crate, so that they need not be named either.
pub trait Kernel: faer::traits::ComplexField + Copy + Default + Send + Sync + 'static {
    /// This thread's room for a copy, so that products repeated thousands of times allocate none.
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
