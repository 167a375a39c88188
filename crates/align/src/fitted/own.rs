//! Fits of forms that this crate does not know.

use std::fmt;

use super::kinds::{Coordinates, LinearStep};
use super::row_map::RowMap;
use crate::linalg::MatrixView;
use crate::parts::OwnParts;
use crate::prep::ZScore;
use crate::{AlignError, Matrix};

/// A fit of a form outside this crate, such as kernel features, held by [`Fitted::Own`](super::Fitted::Own).
///
/// It declares the coordinates that it offers. Tasks judge it in each of them; tasks that need others record "not
/// applicable". Such a fit cannot be calibrated. It can be stored in a file if it has [`parts`](FittedMaps::parts).
pub trait FittedMaps: fmt::Debug + Send + Sync + 'static {
    /// Names and widths of the views, in order.
    fn views(&self) -> Vec<(&str, usize)>;

    /// Coordinates in which tasks can compare its views, at least one; headline values use the first.
    fn coordinates(&self) -> &'static [Coordinates];

    /// `x` (n × d of `view`) in the coordinates that all views share, if it offers them.
    ///
    /// # Errors
    /// Unknown view, wrong width; [`AlignError::NoSuchSpace`].
    fn project(&self, view: &str, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        let _ = (view, x);
        Err(AlignError::NoSuchSpace { method: "this fit", space: "shared", offers: "others" })
    }

    /// `x` (n × d of `source`) in the raw coordinates of `target`, if it offers translations.
    ///
    /// # Errors
    /// Unknown view, wrong width; [`AlignError::NoSuchSpace`].
    fn translate(&self, source: &str, target: &str, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        let _ = (source, target, x);
        Err(AlignError::NoSuchSpace { method: "this fit", space: "translated", offers: "others" })
    }

    /// The standardisation of a view, if there is one.
    fn prep(&self, view: &str) -> Option<&ZScore> {
        let _ = view;
        None
    }

    /// The linear part of the map between the standardised coordinates of two views.
    ///
    /// # Errors
    /// Unknown view.
    fn linear_step(&self, source: &str, target: &str) -> Result<LinearStep, AlignError> {
        let _ = (source, target);
        Ok(LinearStep::None)
    }

    /// The map of rows of `source` to the raw coordinates of `target`, or without a target to the coordinates that all
    /// views share, for export to other programs; `None` for a form without such a map.
    ///
    /// # Errors
    /// Unknown view; [`AlignError::NoSuchSpace`].
    fn row_map(&self, source: &str, target: Option<&str>) -> Result<Option<RowMap>, AlignError> {
        let _ = (source, target);
        Ok(None)
    }

    /// Parts from which the reader of its form restores the fit ([`Fitted::register_form`](super::Fitted::register_form));
    /// `None` for a fit that cannot be stored.
    fn parts(&self) -> Option<OwnParts> {
        None
    }

    /// Bytes of its numbers, for the store of fits that cells share.
    fn bytes(&self) -> usize;
}
