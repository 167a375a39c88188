//! What a fit is made from.

use crate::progress::Watch;
use crate::{AlignError, Correspondence, Dataset, Labels, Views};

/// The training rows of a fit and what is known of them.
///
/// Row i is the same item in every view. Items that some views miss are marked in the views themselves
/// ([`Views::with_missing`]); views that correspond by lists of pairs, or not at all, become such views by
/// [`Views::matched`]. [`FitInput::correspondence`] tells these cases apart.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FitInput<'a> {
    /// The views.
    pub views: &'a Views,
    /// Labellings of the items, one class for each row; empty where none is known.
    pub labels: &'a [Labels],
    /// Rows of the same views to choose by, where the data set has some.
    pub validation: Option<&'a Views>,
    /// Who follows the fit.
    watch: Option<&'a Watch>,
}

impl<'a> FitInput<'a> {
    /// These views, of whose items no more is known.
    pub fn new(views: &'a Views) -> Self {
        Self { views, labels: &[], validation: None, watch: None }
    }

    /// With labellings of the items.
    ///
    /// # Errors
    /// [`AlignError::Length`] for a labelling that does not have one class per row.
    pub fn with_labels(self, labels: &'a [Labels]) -> Result<Self, AlignError> {
        let want = self.views.rows();
        match labels.iter().find(|labels| labels.values.len() != want) {
            None => Ok(Self { labels, ..self }),
            Some(odd) => Err(AlignError::Length { name: odd.name.clone(), got: odd.values.len(), want }),
        }
    }

    /// With rows to choose by.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`] if these rows lack one of the views.
    pub fn with_validation(self, validation: &'a Views) -> Result<Self, AlignError> {
        self.views.names().try_for_each(|name| validation.position(name).map(|_| ()))?;
        Ok(Self { validation: Some(validation), ..self })
    }

    /// With someone who follows the fit and can end it.
    pub fn watched_by(self, watch: &'a Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// Other views in place of these, of whose items no more is known, followed by the same.
    pub fn of_views<'b>(&self, views: &'b Views) -> FitInput<'b>
    where
        'a: 'b,
    {
        FitInput { watch: self.watch, ..FitInput::new(views) }
    }

    /// Who follows the fit.
    pub fn watch(&self) -> Watch {
        self.watch.cloned().unwrap_or_default()
    }

    /// What is known about which rows show the same item.
    pub fn correspondence(&self) -> Correspondence {
        self.views.correspondence()
    }

    /// Whether every view has every item.
    pub fn complete(&self) -> bool {
        self.views.complete()
    }
}

impl<'a> From<&'a Views> for FitInput<'a> {
    fn from(views: &'a Views) -> Self {
        Self::new(views)
    }
}

/// The training rows of a data set, their labellings, and its validation rows.
impl<'a> From<&'a Dataset> for FitInput<'a> {
    fn from(data: &'a Dataset) -> Self {
        let validation = data.validation.as_ref().map(|split| &split.views);
        Self { views: &data.train.views, labels: &data.train.labels, validation, watch: None }
    }
}
