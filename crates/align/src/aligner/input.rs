//! Input of a fit.

use crate::progress::Watch;
use crate::{AlignError, Correspondence, Dataset, Labels, Views};

/// Training rows of a fit, with labels, groups and validation rows if they are known.
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
    /// Groupings of the items that belong together, such as captions of one picture, one group per row; empty if none is
    /// known.
    pub groups: &'a [Labels],
    /// Validation rows of the same views, if the data set has some.
    pub validation: Option<&'a Views>,
    /// Observer of the fit.
    watch: Option<&'a Watch>,
}

impl<'a> FitInput<'a> {
    /// Input of these views alone.
    pub fn new(views: &'a Views) -> Self {
        Self { views, labels: &[], groups: &[], validation: None, watch: None }
    }

    /// Adds labellings.
    ///
    /// # Errors
    /// [`AlignError::Length`] for a labelling that does not have one class per row.
    pub fn with_labels(self, labels: &'a [Labels]) -> Result<Self, AlignError> {
        self.check_length(labels)?;
        Ok(Self { labels, ..self })
    }

    /// Adds groupings of items that belong together.
    ///
    /// # Errors
    /// [`AlignError::Length`] for a grouping that does not have one group per row.
    pub fn with_groups(self, groups: &'a [Labels]) -> Result<Self, AlignError> {
        self.check_length(groups)?;
        Ok(Self { groups, ..self })
    }

    fn check_length(&self, lists: &[Labels]) -> Result<(), AlignError> {
        let want = self.views.rows();
        match lists.iter().find(|list| list.values.len() != want) {
            None => Ok(()),
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

    /// Input of other views with the same observer, without labels, groups and validation rows.
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

/// Training rows, labellings, groups and validation rows of a data set.
impl<'a> From<&'a Dataset> for FitInput<'a> {
    fn from(data: &'a Dataset) -> Self {
        let validation = data.validation.as_ref().map(|split| &split.views);
        let train = &data.train;
        Self { views: &train.views, labels: &train.labels, groups: &train.groups, validation, watch: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::synthetic::Synthetic;

    #[test]
    fn groups_come_with_a_data_set_and_have_one_value_per_row() {
        let recipe = Synthetic { widths: vec![3; 2], fit_rows: 6, test_rows: 1, ..Synthetic::default() };
        let mut data = recipe.generate(1).expect("valid");
        data.train.groups = vec![Labels { name: "picture".into(), values: vec![0, 0, 1, 1, 2, 2] }];
        assert_eq!(FitInput::from(&data).groups, data.train.groups);
        let plain = FitInput::new(&data.train.views);
        assert!(plain.groups.is_empty());
        assert_eq!(plain.with_groups(&data.train.groups).map(|input| input.groups.len()), Ok(1));
        assert!(FitInput::from(&data).of_views(&data.train.views).groups.is_empty());
        let short = [Labels { name: "picture".into(), values: vec![0; 5] }];
        let error = plain.with_groups(&short).map(|_| ());
        assert_eq!(error, Err(AlignError::Length { name: "picture".into(), got: 5, want: 6 }));
    }
}
