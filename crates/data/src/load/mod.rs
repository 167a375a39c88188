//! From a manifest to a data set in memory.

mod assemble;
mod memory;
mod missing;
mod problem;
mod roles;
mod training;

use align::{Dataset, Split};
use files::checksum::Combined;

pub use self::problem::SetProblem;
pub use self::training::{Training, load_training};
use self::{
    assemble::{Assembled, Digest, assemble, no_split},
    roles::Played,
};
use crate::{DataError, Manifest, Place, SplitName, Warning, nearest, warnings};

/// A data set in memory, with its warnings and the checksums of its files.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// All views, in both splits.
    pub dataset: Dataset,
    /// Warnings about the data.
    pub warnings: Vec<Warning>,
    views: Vec<(String, Digest)>,
    /// Labels, ids and groups, which change scores as much as a view does.
    rest: Vec<Digest>,
    place: Place,
}

impl Loaded {
    /// The named views, in this order, in both splits. Shares the values.
    ///
    /// # Errors
    /// An unknown view, a view named twice, fewer than two views.
    pub fn select<S: AsRef<str>>(&self, views: &[S]) -> Result<Dataset, DataError> {
        let at = Place { key: "views".to_owned(), ..self.place.clone() };
        for (i, name) in views.iter().map(AsRef::as_ref).enumerate() {
            if !self.views.iter().any(|(view, _)| view == name) {
                let known: Vec<String> = self.views.iter().map(|(view, _)| view.clone()).collect();
                let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
                return Err(DataError::set(&at, SetProblem::UnknownView { name: name.to_owned(), nearest, known }));
            }
            if views[..i].iter().any(|v| v.as_ref() == name) {
                return Err(DataError::set(&at, SetProblem::RepeatedView { name: name.to_owned() }));
            }
        }
        if views.len() < 2 {
            return Err(DataError::set(&at, SetProblem::TooFewViews { got: views.len() }));
        }
        self.dataset.select(views).map_err(|cause| DataError::Align { at: Box::new(at), cause: Box::new(cause) })
    }

    /// SHA-256 of these views' data: in their order, each view's name and, by split, its file's SHA-256 and tensor;
    /// then the same for labels, ids and groups. Paths do not count. An unknown view counts as a name;
    /// [`Loaded::select`] refuses it.
    pub fn checksum<S: AsRef<str>>(&self, views: &[S]) -> String {
        let mut sum = Combined::default();
        for name in views.iter().map(AsRef::as_ref) {
            match self.views.iter().find(|(view, _)| view == name) {
                Some((_, digest)) => digest.add_to(&mut sum),
                None => sum.add(name),
            }
        }
        for digest in &self.rest {
            digest.add_to(&mut sum);
        }
        sum.finish()
    }

    /// The warnings about these views, and those about no view.
    pub fn warnings_of<S: AsRef<str>>(&self, views: &[S]) -> Vec<Warning> {
        let concerns = |w: &&Warning| w.view.as_ref().is_none_or(|view| views.iter().any(|v| v.as_ref() == view));
        self.warnings.iter().filter(concerns).cloned().collect()
    }

    /// The existing splits: train, validation, test.
    pub(crate) fn splits(&self) -> Vec<(SplitName, &Split)> {
        let data = &self.dataset;
        let validation = data.validation.as_ref().map(|split| (SplitName::Validation, split));
        let (train, test) = ((SplitName::Train, &data.train), (SplitName::Test, &data.test));
        [Some(train), validation, Some(test)].into_iter().flatten().collect()
    }

    /// The views' names, in the manifest's order.
    pub fn view_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.views.iter().map(|(name, _)| name.as_str())
    }
}

/// Reads and checks all files of a manifest.
///
/// # Errors
/// A file that is missing, has another checksum, is truncated or otherwise unreadable; values that are not finite;
/// views, labels, ids or groups whose lengths differ within a split; a view whose width differs between splits; a split
/// without rows; an id that occurs twice in a split.
pub fn load(manifest: &Manifest) -> Result<Loaded, DataError> {
    let mut assembled = assemble(manifest)?;
    let Played { pairs, corpus } = roles::load(manifest, &mut assembled)?;
    let Assembled { mut splits, views, rest, notes, left_out, .. } = assembled;
    let mut split = |name| splits.remove(&name).ok_or_else(|| no_split(manifest, name));
    let has_validation = manifest.splits.contains(&SplitName::Validation);
    let dataset = Dataset {
        train: pairs.map_or_else(|| split(SplitName::Train), Ok)?,
        validation: has_validation.then(|| split(SplitName::Validation)).transpose()?,
        test: split(SplitName::Test)?,
        corpus,
    };
    let mut found = warnings::find(&dataset);
    found.extend(notes.iter().map(|((view, split), note)| note.warning(*split, &manifest.views[*view].name)));
    found.extend(left_out);
    Ok(Loaded { warnings: found, dataset, views, rest, place: manifest.place.clone() })
}
