//! The training split alone.

use align::Split;

use super::Loaded;
use super::assemble::{Assembled, assemble, no_split};
use super::roles::pairs;
use crate::manifest::{Named, Source, View};
use crate::{DataError, ItemSet, Manifest, SplitName};

/// The training rows of a data set. Nothing in it depends on the other splits.
#[derive(Clone, Debug)]
pub struct Training(Loaded);

impl Training {
    /// The named views, in this order. Shares the values.
    ///
    /// # Errors
    /// The errors of [`Loaded::select`].
    pub fn select<S: AsRef<str>>(&self, views: &[S]) -> Result<Split, DataError> {
        self.0.select(views).map(|dataset| dataset.train)
    }

    /// SHA-256 as [`Loaded::checksum`], of the training rows alone.
    pub fn checksum<S: AsRef<str>>(&self, views: &[S]) -> String {
        self.0.checksum(views)
    }

    /// The names of the views, in the order of the manifest.
    pub fn view_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.view_names()
    }
}

/// Reads and checks the training split of a manifest. Files of other splits are not opened. A file that several splits
/// share is read, but only the training rows of it are used.
///
/// # Errors
/// The errors of [`load`](super::load) that concern the training split.
pub fn load_training(manifest: &Manifest) -> Result<Training, DataError> {
    let manifest = narrowed(manifest);
    let mut assembled = assemble(&manifest)?;
    let pairs = pairs(&manifest, &mut assembled)?;
    let Assembled { mut splits, views, rest, .. } = assembled;
    let train = pairs.or_else(|| splits.remove(&SplitName::Train));
    let train = train.ok_or_else(|| no_split(&manifest, SplitName::Train))?;
    // Nobody reads the empty test split: only the training split leaves this file.
    let test = train.select_rows(&[]);
    let dataset = align::Dataset::new(train, test);
    Ok(Training(Loaded { warnings: Vec::new(), dataset, views, rest, place: manifest.place.clone() }))
}

/// The manifest with the splits of the fit alone: `train`, unless other splits are its pairs.
fn narrowed(manifest: &Manifest) -> Manifest {
    let splits = match &manifest.roles.pairs {
        ItemSet::Splits(splits) => splits.clone(),
        ItemSet::Own(_) => vec![SplitName::Train],
    };
    let keep = |source: &Source| {
        let mut source = source.clone();
        source.parts.retain(|split, _| splits.contains(split));
        source
    };
    let named = |list: &[Named]| list.iter().map(|it| Named { source: keep(&it.source), ..it.clone() }).collect();
    let view = |view: &View| View { source: keep(&view.source), rows: view.rows.as_ref().map(keep), ..view.clone() };
    Manifest {
        splits: splits.clone(),
        rows: manifest.rows.as_ref().map(keep),
        views: manifest.views.iter().map(view).collect(),
        labels: named(&manifest.labels),
        ids: manifest.ids.as_ref().map(keep),
        groups: named(&manifest.groups),
        ..manifest.clone()
    }
}
