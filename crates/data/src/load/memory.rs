//! A data set that is in memory already, with the same checks and warnings as one that was read.

use align::{Corpus, Dataset, Labels, Matrix, Split, views::View};
use files::checksum::{Combined, Sha256Stream};
use rayon::prelude::*;

use super::assemble::repeated;
use super::{Digest, Loaded};
use crate::{DataError, Place, SetProblem, SplitName, warnings};

/// Number of values of a matrix that are turned into bytes at once.
const BLOCK: usize = 1 << 16;

impl Loaded {
    /// A data set in memory: the same warnings as [`load`](super::load) gives, and checksums of the values in place of those
    /// of files. So data in memory have another [`checksum`](Loaded::checksum) than the same data in files.
    ///
    /// # Errors
    /// Views that are not the same in all splits; a view with different widths; lists that do not have one value per row; an
    /// id that occurs twice in a split.
    pub fn in_memory(dataset: Dataset) -> Result<Self, DataError> {
        let place = Place::nowhere("data in memory");
        let dataset = in_one_order(dataset, &place)?;
        let mut loaded =
            Self { warnings: Vec::new(), dataset, views: Vec::new(), rest: Vec::new(), place: place.clone() };
        for (split, rows) in loaded.splits() {
            check(split, rows, &loaded.dataset.train, &place)?;
        }
        loaded.warnings = warnings::find(&loaded.dataset);
        let (views, mut rest) = digests(&loaded.splits());
        rest.extend(loaded.dataset.corpus.iter().map(of_corpus));
        Ok(Self { views, rest, ..loaded })
    }
}

/// The data with the views of all splits in the order of train.
fn in_one_order(dataset: Dataset, place: &Place) -> Result<Dataset, DataError> {
    let names: Vec<String> = dataset.train.views.names().map(str::to_owned).collect();
    let others = [Some(&dataset.test), dataset.validation.as_ref()];
    let odd = others
        .into_iter()
        .flatten()
        .flat_map(|split| split.views.names())
        .find(|name| !names.iter().any(|n| n == name));
    let refused = |cause| DataError::Align { at: Box::new(place.clone()), cause: Box::new(cause) };
    if let Some(name) = odd {
        // The error of a view that train does not have.
        dataset.train.views.position(name).map_err(refused)?;
    }
    dataset.select(&names).map_err(refused)
}

fn check(split: SplitName, rows: &Split, train: &Split, place: &Place) -> Result<(), DataError> {
    for (view, first) in rows.views.iter().zip(train.views.iter()) {
        let (got, want) = (view.values().cols(), first.values().cols());
        if got != want {
            let (split, first) = (split.name(), SplitName::Train.name());
            let problem = SetProblem::Width { view: view.name().to_owned(), split, got, first, want };
            return Err(DataError::set(place, problem));
        }
    }
    rows.check().map_err(|cause| DataError::Align { at: Box::new(place.clone()), cause: Box::new(cause) })?;
    if let Some(ids) = &rows.ids
        && let Some((first, second)) = repeated(ids)
    {
        return Err(DataError::set(
            place,
            SetProblem::DuplicateId { id: ids[second], first, second, split: split.name() },
        ));
    }
    Ok(())
}

/// The checksums of each view, and of labels, groups and ids.
fn digests(splits: &[(SplitName, &Split)]) -> (Vec<(String, Digest)>, Vec<Digest>) {
    let names: Vec<String> = splits[0].1.views.names().map(str::to_owned).collect();
    let of_view = |(position, name): (usize, &String)| {
        let part = |(split, rows): &(SplitName, &Split)| (*split, sum_of_view(rows.views.nth(position)), None);
        let digest = Digest { what: format!("values of {name}"), parts: splits.iter().map(part).collect() };
        (name.clone(), digest)
    };
    let views = names.par_iter().enumerate().map(of_view).collect();
    let mut rest = Vec::new();
    for (split, rows) in splits {
        let mut add = |what: String, values: &[i64]| {
            rest.push(Digest { what, parts: vec![(*split, sum_of_list(values), None)] });
        };
        let named = |kind: &str, list: &Labels| format!("{kind} `{}`", list.name);
        rows.labels.iter().for_each(|list| add(named("labelling", list), &list.values));
        rows.groups.iter().for_each(|list| add(named("grouping", list), &list.values));
        rows.ids.iter().for_each(|ids| add("ids".to_owned(), ids));
    }
    (views, rest)
}

/// The checksum of documents, queries and judgements.
fn of_corpus(corpus: &Corpus) -> Digest {
    let Corpus { documents, queries, judgements } = corpus;
    let mut sum = Combined::default();
    for (position, view) in queries.views.iter().enumerate() {
        sum.add(&sum_of_view(view));
        for from in (0..documents.count()).step_by(BLOCK) {
            let rows = from..documents.count().min(from + BLOCK);
            let missing: Vec<i64> =
                rows.clone().filter(|&row| !documents.has(position, row)).map(|row| row as i64).collect();
            sum.add(&sum_of_values(&documents.batch(position, rows)));
            sum.add(&sum_of_list(&missing));
        }
    }
    for query in 0..judgements.queries() {
        let judged = judgements.of(query).iter();
        sum.add(&sum_of_list(&judged.flat_map(|&(row, relevance)| [row as i64, relevance.into()]).collect::<Vec<_>>()));
    }
    Digest { what: "documents, queries and judgements".to_owned(), parts: vec![(SplitName::Test, sum.finish(), None)] }
}

fn sum_of_values(values: &Matrix) -> String {
    let mut bytes = Sha256Stream::default();
    let mut block = Vec::with_capacity(BLOCK * size_of::<f32>());
    for part in values.as_slice().chunks(BLOCK) {
        block.clear();
        part.iter().for_each(|value| block.extend_from_slice(&value.to_le_bytes()));
        bytes.update(&block);
    }
    let mut sum = Combined::default();
    sum.add(&format!("{} x {}", values.rows(), values.cols()));
    sum.add(&bytes.finish());
    sum.finish()
}

fn sum_of_view(view: &View) -> String {
    let values = view.values();
    let mut sum = Combined::default();
    sum.add(&sum_of_values(values));
    // A view that misses items has other data than one that has rows of zeros.
    let missing = (0..values.rows()).filter(|&row| !view.has(row));
    missing.for_each(|row| sum.add(&row.to_string()));
    sum.finish()
}

fn sum_of_list(values: &[i64]) -> String {
    let mut bytes = Sha256Stream::default();
    values.iter().for_each(|value| bytes.update(&value.to_le_bytes()));
    bytes.finish()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use align::{Documents, Judgement, Judgements, Views};

    use super::*;
    use crate::{Manifest, load};

    fn massive() -> Loaded {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let manifest = Manifest::read(&root.join("data-manifests/massive10.yaml")).expect("a manifest");
        load(&manifest).expect("bundled data")
    }

    #[test]
    fn data_in_memory_have_the_warnings_of_data_in_files_and_a_checksum_of_their_values() {
        let read = massive();
        let memory = Loaded::in_memory(read.dataset.clone()).expect("the same data");
        assert_eq!(memory.warnings, read.warnings);
        let views = ["en", "fr"];
        assert_eq!(memory.checksum(&views), Loaded::in_memory(read.dataset.clone()).expect("again").checksum(&views));
        assert_ne!(memory.checksum(&views), memory.checksum(&["fr", "en"]));
        let mut other = read.dataset.clone();
        other.test.labels[0].values[0] += 1;
        assert_ne!(memory.checksum(&views), Loaded::in_memory(other).expect("valid").checksum(&views));
        let judged = |relevance| {
            let train = &read.dataset.train;
            let judgement = Judgement { query: 0, document: 1, relevance };
            let judgements = Judgements::new(train.views.rows(), train.views.rows(), [judgement]).expect("valid");
            let corpus = Corpus::new(Documents::of(train.views.clone()), train.clone(), judgements).expect("valid");
            let data = Dataset { corpus: Some(corpus), ..read.dataset.clone() };
            Loaded::in_memory(data).expect("valid").checksum(&views)
        };
        assert!(judged(1) != judged(2) && judged(1) != memory.checksum(&views));
    }

    #[test]
    fn splits_that_do_not_fit_together_are_refused() {
        let refused = |change: &dyn Fn(&mut Dataset)| {
            let mut data = massive().select(&["en", "fr"]).expect("two views");
            change(&mut data);
            Loaded::in_memory(data).expect_err("refused").to_string()
        };
        let narrow = |data: &mut Dataset| {
            let rows = data.test.views.rows();
            let views = ["en", "fr"].map(|name| (name, Matrix::from_fn(rows, 3, |i, j| (i + j) as f32)));
            data.test.views = Views::new(views).expect("two views");
        };
        let error = refused(&narrow);
        assert!(error.contains("view `en` has 3 columns in `test`"), "{error}");
        let error = refused(&|data| data.test.labels[0].values.truncate(1));
        assert!(error.contains("`intent` has 1 values"), "{error}");
        let error = refused(&|data| data.train = data.train.select(&["en"]).expect("one"));
        assert!(error.contains("no view `fr`"), "{error}");
    }
}
