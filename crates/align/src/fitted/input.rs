//! Fits without alignment.

use crate::linalg::MatrixView;
use crate::prep::ZScore;
use crate::views::position;
use crate::{AlignError, Matrix};

/// Each view in its own coordinates.
#[derive(Clone, Debug)]
pub struct InputSpace {
    views: Vec<(String, usize, Option<ZScore>)>,
}

impl InputSpace {
    /// `x` (n × d), raw or standardised.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn project<'x>(&self, view: &str, x: impl Into<MatrixView<'x>>) -> Result<Matrix, AlignError> {
        let x = x.into();
        let (name, width, prep) = &self.views[position(self.views.iter().map(|(n, ..)| n.as_str()), view)?];
        x.check_width("project", name, *width)?;
        Ok(prep.as_ref().map_or_else(|| x.to_matrix(), |prep| prep.standardised(x)))
    }

    /// The width of a view.
    pub(super) fn width(&self, view: &str) -> Result<usize, AlignError> {
        Ok(self.views[position(self.views.iter().map(|(n, ..)| n.as_str()), view)?].1)
    }

    /// Names, widths and standardisations.
    pub(crate) fn views(&self) -> &[(String, usize, Option<ZScore>)] {
        &self.views
    }

    pub(crate) fn of_views(views: Vec<(String, usize, Option<ZScore>)>) -> Self {
        Self { views }
    }

    /// Bytes of its numbers.
    pub(super) fn bytes(&self) -> usize {
        self.views.iter().filter_map(|(_, _, prep)| prep.as_ref()).map(ZScore::bytes).sum()
    }

    /// Widths of the views, in order.
    pub fn widths(&self) -> impl Iterator<Item = usize> {
        self.views.iter().map(|(_, width, _)| *width)
    }
}
