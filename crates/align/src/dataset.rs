//! A data set in memory: splits of matched views with what is known about the items.

use crate::{AlignError, Spaces};

/// One labelling of a split's items, such as the intent of an utterance.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// Its name, such as `intent`.
    pub name: String,
    /// One class per item.
    pub values: Vec<i64>,
}

/// The items of one split: their views, labels, groups and ids, all in the same row order.
#[derive(Clone, Debug)]
pub struct Split {
    /// The views.
    pub spaces: Spaces,
    /// Labellings in the order of the manifest; a task without a `label` takes the first.
    pub labels: Vec<Labels>,
    /// Items that belong together (captions of one picture, pictures of one person).
    pub groups: Vec<Labels>,
    /// Unique ids of the items, where known.
    pub ids: Option<Vec<i64>>,
}

impl Split {
    /// The named views only.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`].
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, AlignError> {
        Ok(Self { spaces: self.spaces.select(names)?, ..self.clone() })
    }

    /// The labelling with this name, or the first where no name is given.
    pub fn labels(&self, name: Option<&str>) -> Option<&Labels> {
        match name {
            Some(name) => self.labels.iter().find(|l| l.name == name),
            None => self.labels.first(),
        }
    }
}

/// What a cell works on: methods fit on `train`, tasks are scored on `test`.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The rows a method may see.
    pub train: Split,
    /// The rows it is judged on.
    pub test: Split,
}

impl Dataset {
    /// The named views only, in both splits.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`].
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, AlignError> {
        Ok(Self { train: self.train.select(names)?, test: self.test.select(names)? })
    }
}
