//! Input of a fit.

use crate::progress::Watch;
use crate::{AlignError, Correspondence, Dataset, Labels, Views};

/// Training rows of a fit, with labels and validation rows if they are known.
///
/// Row i is the same item in every view. Items that some views miss are marked in the views themselves
/// ([`Views::with_missing`]); views that correspond by lists of pairs, or not at all, become such views by
/// [`Views::matched`]. [`FitInput::correspondence`] tells these cases apart.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FitInput<'a> {
    /// The views.
    pub views: &'a Views,
    /// Labellings of the items, one class per row; empty if none is known.
    pub labels: &'a [Labels],
    /// Validation rows of the same views, if the data set has some.
    pub validation: Option<&'a Views>,
    /// Observer of the fit.
    watch: Option<&'a Watch>,
}

impl<'a> FitInput<'a> {
    /// Input of these views alone.
    pub fn new(views: &'a Views) -> Self {
        Self { views, labels: &[], validation: None, watch: None }
    }

    /// Adds labellings.
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

    /// Adds validation rows.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`] if these rows lack one of the views.
    pub fn with_validation(self, validation: &'a Views) -> Result<Self, AlignError> {
        self.views.names().try_for_each(|name| validation.position(name).map(|_| ()))?;
        Ok(Self { validation: Some(validation), ..self })
    }

    /// Adds an observer, which can end the fit.
    pub fn watched_by(self, watch: &'a Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// Input of other views with the same observer, without labels and validation rows.
    pub fn of_views<'b>(&self, views: &'b Views) -> FitInput<'b>
    where
        'a: 'b,
    {
        FitInput { watch: self.watch, ..FitInput::new(views) }
    }

    /// Observer of the fit.
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

/// Training rows, labellings and validation rows of a data set.
impl<'a> From<&'a Dataset> for FitInput<'a> {
    fn from(data: &'a Dataset) -> Self {
        let validation = data.validation.as_ref().map(|split| &split.views);
        Self { views: &data.train.views, labels: &data.train.labels, validation, watch: None }
    }
}
