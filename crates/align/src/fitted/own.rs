//! Fits of forms that this crate does not know.

use std::fmt;

use super::kinds::{Coordinates, LinearStep};
use crate::prep::ZScore;
use crate::{AlignError, Matrix};

/// A fit of a form of its own, such as one of kernel features: what [`Fitted::Own`](super::Fitted::Own) holds.
///
/// It says which views it offers, and answers for these. Tasks judge it in each of them; what a space does not allow is
/// recorded as not applicable. Such a fit can be neither kept as a file nor calibrated.
pub trait FittedMaps: fmt::Debug + Send + Sync + 'static {
    /// Names and widths of the views, in order.
    fn views(&self) -> Vec<(&str, usize)>;

    /// The views in which it can be judged, at least one; the first is the one its headline figure is taken from.
    fn coordinates(&self) -> &'static [Coordinates];

    /// `x` (n × d of `view`) in the space that all views share, where it offers one.
    ///
    /// # Errors
    /// Unknown view, wrong width; [`AlignError::NoSuchSpace`].
    fn project(&self, view: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        let _ = (view, x);
        Err(AlignError::NoSuchSpace { method: "this fit", space: "shared", offers: "others" })
    }

    /// `x` (n × d of `source`) in the raw coordinates of `target`, where it offers translations.
    ///
    /// # Errors
    /// Unknown view, wrong width; [`AlignError::NoSuchSpace`].
    fn translate(&self, source: &str, target: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        let _ = (source, target, x);
        Err(AlignError::NoSuchSpace { method: "this fit", space: "translated", offers: "others" })
    }

    /// The standardisation of a view that the fit goes by, where there is one.
    fn prep(&self, view: &str) -> Option<&ZScore> {
        let _ = view;
        None
    }

    /// The linear part of the way between the standardised coordinates of two views.
    ///
    /// # Errors
    /// Unknown view.
    fn linear_step(&self, source: &str, target: &str) -> Result<LinearStep, AlignError> {
        let _ = (source, target);
        Ok(LinearStep::None)
    }

    /// Bytes of its numbers, for the store of fits that cells share.
    fn bytes(&self) -> usize;
}
