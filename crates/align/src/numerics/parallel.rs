//! Splitting of work among threads. With the feature `rayon` it is rayon; without it every "parallel" iterator is an
//! ordinary one, and the calling thread does all the work in the same order.
//!
//! For the crates of this workspace; `align` does not promise it to others.

#[cfg(not(feature = "rayon"))]
pub use sequential::{prelude, threads};
#[cfg(feature = "rayon")]
pub use threaded::{prelude, threads};

#[cfg(not(feature = "rayon"))]
pub(super) use sequential::{constant, join, pool};
#[cfg(feature = "rayon")]
pub(super) use threaded::{constant, join, pool};

use std::ops::Range;

use self::prelude::*;

/// Sum of the counts that `add` makes for every number of a range.
pub fn counts(of: Range<usize>, len: usize, add: impl Fn(&mut [usize], usize) + Sync) -> Vec<usize> {
    let of_stretch = |numbers: &[usize]| {
        let mut counts = vec![0; len];
        numbers.iter().for_each(|&number| add(&mut counts, number));
        counts
    };
    let numbers: Vec<usize> = of.collect();
    // Integers: their sum does not depend on how many stretches there are.
    let share = numbers.len().div_ceil(8 * threads()).max(1);
    let stretches: Vec<Vec<usize>> = numbers.par_chunks(share).map(of_stretch).collect();
    let mut total = vec![0; len];
    for counts in stretches {
        total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    total
}

#[cfg(feature = "rayon")]
mod threaded {
    pub use rayon::prelude;

    pub(in crate::numerics) use rayon::join;

    /// Number of threads of the caller's pool.
    pub fn threads() -> usize {
        rayon::current_num_threads()
    }

    /// Every thread of the pool.
    pub(in crate::numerics) fn pool() -> faer::Par {
        faer::Par::rayon(0)
    }

    /// This many parts, whatever the pool is: the result of a factorisation depends on their number.
    pub(in crate::numerics) fn constant(parts: usize) -> faer::Par {
        faer::Par::rayon(parts)
    }
}

#[cfg(not(feature = "rayon"))]
mod sequential {
    /// One: the calling thread.
    pub fn threads() -> usize {
        1
    }

    pub(in crate::numerics) fn pool() -> faer::Par {
        faer::Par::Seq
    }

    pub(in crate::numerics) fn constant(_: usize) -> faer::Par {
        faer::Par::Seq
    }

    pub(in crate::numerics) fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
        (a(), b())
    }

    /// The methods of rayon that this workspace uses and that ordinary iterators and slices do not have.
    pub mod prelude {
        use std::slice::{Chunks, ChunksMut, Iter, IterMut};

        /// `into_par_iter` of everything that can be iterated over.
        pub trait IntoParallelIterator: IntoIterator + Sized {
            /// The ordinary iterator.
            fn into_par_iter(self) -> Self::IntoIter {
                self.into_iter()
            }
        }

        impl<I: IntoIterator> IntoParallelIterator for I {}

        /// What rayon offers for iterators.
        pub trait ParallelIterator: Iterator + Sized {
            /// Calls `each` with every item and with one value of `init`.
            fn for_each_init<S>(self, init: impl FnOnce() -> S, mut each: impl FnMut(&mut S, Self::Item)) {
                let mut state = init();
                self.for_each(|item| each(&mut state, item));
            }

            /// As `map`, with one value of `init`.
            fn map_init<S, R>(
                self,
                init: impl FnOnce() -> S,
                mut each: impl FnMut(&mut S, Self::Item) -> R,
            ) -> impl Iterator<Item = R> {
                let mut state = init();
                self.map(move |item| each(&mut state, item))
            }
        }

        impl<I: Iterator> ParallelIterator for I {}

        /// What rayon offers for slices.
        pub trait ParallelSlice<T> {
            /// `iter`.
            fn par_iter(&self) -> Iter<'_, T>;
            /// `iter_mut`.
            fn par_iter_mut(&mut self) -> IterMut<'_, T>;
            /// `chunks`.
            fn par_chunks(&self, size: usize) -> Chunks<'_, T>;
            /// `chunks_mut`.
            fn par_chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T>;
        }

        impl<T> ParallelSlice<T> for [T] {
            fn par_iter(&self) -> Iter<'_, T> {
                self.iter()
            }

            fn par_iter_mut(&mut self) -> IterMut<'_, T> {
                self.iter_mut()
            }

            fn par_chunks(&self, size: usize) -> Chunks<'_, T> {
                self.chunks(size)
            }

            fn par_chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T> {
                self.chunks_mut(size)
            }
        }
    }
}
