//! Conversions from and to the matrices of other libraries, each behind a feature of the library's name.

#[cfg(feature = "faer")]
mod faer;
#[cfg(feature = "ndarray")]
mod ndarray;
