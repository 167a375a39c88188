//! Data sets in memory: splits of matched views with labels, groups and ids of the items.

use std::collections::BTreeMap;

use crate::rng::{Purpose, permutation, stream};
use crate::views::corpus::{Documents, Judgements, shape};
use crate::{AlignError, Matrix, Views};

/// The draw of validation rows from train, if a data set has none.
const HELD_OUT_ROWS: Purpose = Purpose::new(10);
/// The draw of a part of the training rows.
const FIT_ROWS: Purpose = Purpose::new(60);

/// One labelling of a split's items, such as the intent of an utterance.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// Name of the labelling, such as `intent`.
    pub name: String,
    /// One class per item.
    pub values: Vec<i64>,
}

/// The items of one split: their views, labels, groups and ids, all in the same row order.
#[derive(Clone, Debug)]
pub struct Split {
    /// The views.
    pub views: Views,
    /// Labellings in the order of the manifest; a task without a `label` takes the first.
    pub labels: Vec<Labels>,
    /// Items that belong together (captions of one picture, pictures of one person).
    pub groups: Vec<Labels>,
    /// Unique ids of the items, where known.
    pub ids: Option<Vec<i64>>,
}

impl Split {
    /// A split of views with labels, groups and ids, one value per row.
    ///
    /// # Errors
    /// [`AlignError::Length`] for a list that is longer or shorter.
    pub fn new(
        views: Views,
        labels: Vec<Labels>,
        groups: Vec<Labels>,
        ids: Option<Vec<i64>>,
    ) -> Result<Self, AlignError> {
        let split = Self { views, labels, groups, ids };
        split.check()?;
        Ok(split)
    }

    /// Checks that every list has one value per row; all other functions rely on it.
    ///
    /// # Errors
    /// [`AlignError::Length`].
    pub fn check(&self) -> Result<(), AlignError> {
        let want = self.views.rows();
        let lists = self.labels.iter().chain(&self.groups).map(|list| (list.name.as_str(), list.values.len()));
        let ids = self.ids.iter().map(|ids| ("ids", ids.len()));
        match lists.chain(ids).find(|(_, got)| *got != want) {
            None => Ok(()),
            Some((name, got)) => Err(AlignError::Length { name: name.to_string(), got, want }),
        }
    }

    /// The named views only.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`].
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, AlignError> {
        Ok(Self { views: self.views.select(names)?, ..self.clone() })
    }

    /// The rows of several splits of the same views, one split after the other. The first split decides which labels,
    /// groups and ids there are.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`] for a split without a view of the first, [`AlignError::Length`] for a split without a
    /// list of the first, [`AlignError::TooFewViews`] without a split.
    pub fn concatenated(splits: &[&Self]) -> Result<Self, AlignError> {
        let Some(first) = splits.first() else {
            return Err(AlignError::TooFewViews { method: "rows of several splits", got: 0, want: 1, only: None });
        };
        let names: Vec<&str> = first.views.names().collect();
        let mut views = Vec::new();
        let mut missing: Vec<Vec<bool>> = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let (mut values, mut lacks, cols) = (Vec::new(), Vec::new(), first.views.at(at).cols());
            for split in splits {
                let view = split.views.space(name)?;
                view.values().check_width("concatenate", name, cols)?;
                values.extend_from_slice(view.values().as_slice());
                lacks.extend((0..view.values().rows()).map(|row| !view.has(row)));
            }
            views.push((name.to_string(), Matrix::from_vec(lacks.len(), cols, values)));
            missing.push(lacks);
        }
        let mut views = Views::new(views)?;
        for (at, lacks) in missing.iter().enumerate().filter(|(_, lacks)| lacks.contains(&true)) {
            views = views.with_missing(at, lacks)?;
        }
        let joined = |of: &dyn Fn(&Self) -> Option<Vec<i64>>| -> Vec<i64> {
            splits.iter().filter_map(|s| of(s)).flatten().collect()
        };
        let named = |list: &[Labels], of: fn(&Self) -> &Vec<Labels>| -> Vec<Labels> {
            let values =
                |name: &str| joined(&|s: &Self| of(s).iter().find(|l| l.name == name).map(|l| l.values.clone()));
            list.iter().map(|l| Labels { name: l.name.clone(), values: values(&l.name) }).collect()
        };
        let ids = first.ids.as_ref().map(|_| joined(&|s: &Self| s.ids.clone()));
        Self::new(views, named(&first.labels, |s| &s.labels), named(&first.groups, |s| &s.groups), ids)
    }

    /// The rows with these indices, in this order.
    ///
    /// # Panics
    /// If an index is not below the number of rows, as with a slice, or if a list is too short for it
    /// ([`Split::check`]).
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let pick = |values: &[i64]| rows.iter().map(|&row| values[row]).collect();
        let picked =
            |list: &[Labels]| list.iter().map(|l| Labels { name: l.name.clone(), values: pick(&l.values) }).collect();
        Self {
            views: self.views.select_rows(rows),
            labels: picked(&self.labels),
            groups: picked(&self.groups),
            ids: self.ids.as_deref().map(pick),
        }
    }

    /// The items that every view has, on which tasks are scored.
    ///
    /// # Errors
    /// [`AlignError::TooFewRows`] if there is none.
    pub fn complete(&self) -> Result<Self, AlignError> {
        let rows: Vec<usize> =
            (0..self.views.rows()).filter(|&row| self.views.views_of(row) == self.views.len()).collect();
        if rows.is_empty() {
            return Err(AlignError::TooFewRows { method: "a split of the items that every view has", got: 0, want: 1 });
        }
        let split = self.select_rows(&rows);
        Ok(Self { views: split.views.without_missing(), ..split })
    }

    /// The labelling with this name, or the first one without a name.
    pub fn labels(&self, name: Option<&str>) -> Option<&Labels> {
        match name {
            Some(name) => self.labels.iter().find(|l| l.name == name),
            None => self.labels.first(),
        }
    }
}

/// Documents of an index, the queries that search it, and the judgements of both. No method is fitted on queries.
///
/// Documents and queries have the same views as the data set: one encoder embeds both.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The documents of the index.
    pub documents: Documents,
    /// The queries, one row per query in every view.
    pub queries: Split,
    /// The relevant documents of each query.
    pub judgements: Judgements,
}

impl Corpus {
    /// Documents and queries of the same views, with judgements of as many documents and queries.
    ///
    /// # Errors
    /// [`AlignError::Length`] for judgements of another number of queries or documents, or for lists of the queries that
    /// are longer or shorter; [`AlignError::OtherViews`] for queries of other views or widths.
    pub fn new(documents: Documents, queries: Split, judgements: Judgements) -> Result<Self, AlignError> {
        queries.check()?;
        for want in documents.shapes() {
            let got = shape(&queries.views);
            if got != want {
                return Err(AlignError::OtherViews { got, want });
            }
        }
        let counts = [
            ("judged queries", judgements.queries(), queries.views.rows()),
            ("judged documents", judgements.documents(), documents.count()),
        ];
        match counts.into_iter().find(|(_, got, want)| got != want) {
            None => Ok(Self { documents, queries, judgements }),
            Some((name, got, want)) => Err(AlignError::Length { name: name.into(), got, want }),
        }
    }

    /// The named views only.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`].
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, AlignError> {
        Ok(Self {
            documents: self.documents.select(names)?,
            queries: self.queries.select(names)?,
            judgements: self.judgements.clone(),
        })
    }

    /// The same corpus with other values of some views: `f` gets all rows of the documents or queries at a time.
    ///
    /// # Errors
    /// The errors of `f`.
    pub(crate) fn with_views(&self, f: impl Fn(&Views) -> Result<Views, AlignError>) -> Result<Self, AlignError> {
        Ok(Self {
            documents: self.documents.with_views(&f)?,
            queries: Split { views: f(&self.queries.views)?, ..self.queries.clone() },
            judgements: self.judgements.clone(),
        })
    }
}

/// Data of a cell: methods are fitted on `train`, tasks are scored on `test`.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Rows on which methods are fitted.
    pub train: Split,
    /// Rows that no method sees, for the choice among classifiers. Tasks without classifiers ignore them.
    pub validation: Option<Split>,
    /// Rows on which tasks are scored.
    pub test: Split,
    /// Documents, queries and judgements, for tasks that search an index. No method sees them.
    pub corpus: Option<Corpus>,
}

impl Dataset {
    /// Data with these two splits alone. Set the other fields by `Dataset { validation: .., ..Dataset::new(..) }`.
    pub fn new(train: Split, test: Split) -> Self {
        Self { train, validation: None, test, corpus: None }
    }

    /// The named views only, in both splits.
    ///
    /// # Errors
    /// [`AlignError::UnknownView`].
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, AlignError> {
        Ok(Self {
            train: self.train.select(names)?,
            validation: self.validation.as_ref().map(|split| split.select(names)).transpose()?,
            test: self.test.select(names)?,
            corpus: self.corpus.as_ref().map(|corpus| corpus.select(names)).transpose()?,
        })
    }

    /// The same data with a validation split. Without one in the data, `⌊fraction·n_c⌋` training rows of every class c
    /// (at least one if the class has two) are drawn by `seed` and moved from train to validation. Rows without labels
    /// form one class. The remaining rows stay in order.
    ///
    /// # Errors
    /// [`AlignError::Length`] if train does not have one label, group or id per row.
    pub fn with_validation(self, fraction: f64, label: Option<&str>, seed: u64) -> Result<Self, AlignError> {
        if self.validation.is_some() {
            return Ok(self);
        }
        self.train.check()?;
        let rows = self.train.views.rows();
        let classes = self.train.labels(label).map_or_else(|| vec![0; rows], |labels| labels.values.clone());
        let mut members: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for row in permutation(rows, &mut stream(seed, HELD_OUT_ROWS, None)) {
            members.entry(classes[row]).or_default().push(row);
        }
        let mut held_out = vec![false; rows];
        for members in members.values().filter(|members| members.len() >= 2) {
            let count = ((fraction * members.len() as f64) as usize).clamp(1, members.len() - 1);
            members[..count].iter().for_each(|&row| held_out[row] = true);
        }
        let part = |wanted: bool| -> Vec<usize> { (0..rows).filter(|&row| held_out[row] == wanted).collect() };
        let validation = part(true);
        if validation.is_empty() {
            return Ok(self);
        }
        Ok(Self {
            train: self.train.select_rows(&part(false)),
            validation: Some(self.train.select_rows(&validation)),
            test: self.test,
            corpus: self.corpus,
        })
    }

    /// The same data with `rows` of the training rows: the first ones of a random order of all, drawn by `seed`. So a
    /// smaller part is a part of a larger one with the same seed, and the same items are drawn for every method and view.
    /// The rows stay in order. Every training row can be drawn, also one that some views miss, so that the part has about
    /// the share of missing rows of the whole. Groups and labels do not influence the draw.
    ///
    /// # Errors
    /// [`AlignError::Length`] if train does not have one label, group or id per row; [`AlignError::TooFewRows`] if train
    /// has fewer rows.
    pub fn with_fit_rows(self, rows: usize, seed: u64) -> Result<Self, AlignError> {
        self.train.check()?;
        let all = self.train.views.rows();
        if rows > all {
            return Err(AlignError::TooFewRows { method: "a part of the training rows", got: all, want: rows });
        }
        let mut drawn = permutation(all, &mut stream(seed, FIT_ROWS, None));
        drawn.truncate(rows);
        drawn.sort_unstable();
        Ok(Self { train: self.train.select_rows(&drawn), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::synthetic::Synthetic;

    fn shifted(rows: usize, shift: usize) -> Views {
        let of = |view: usize| Matrix::from_fn(rows, 2 + view, |i, j| (i * 10 + j + shift + 100 * view) as f32);
        Views::new([("a", of(0)), ("b", of(1))]).expect("valid")
    }

    fn queries(rows: usize) -> Split {
        Split::new(shifted(rows, 7), Vec::new(), Vec::new(), None).expect("valid")
    }

    #[test]
    fn parts_of_a_corpus_fit_together() {
        let judgements = |queries, documents| Judgements::new(queries, documents, []).expect("valid");
        let corpus = |judged| Corpus::new(Documents::of(shifted(4, 0)), queries(2), judged);
        let whole = corpus(judgements(2, 4)).expect("valid");
        let one = whole.select(&["b"]).expect("a view");
        assert_eq!((one.documents.batch(0, 0..4).cols(), one.queries.views.len()), (3, 1));
        assert!(corpus(judgements(3, 4)).is_err() && corpus(judgements(2, 5)).is_err());
        let other = Views::new([("a", Matrix::zeros(2, 9)), ("b", Matrix::zeros(2, 3))]).expect("valid");
        let other = Split::new(other, Vec::new(), Vec::new(), None).expect("valid");
        assert!(Corpus::new(Documents::of(shifted(4, 0)), other, judgements(2, 4)).is_err());
    }

    #[test]
    fn validation_rows_are_taken_from_every_class_of_train_and_none_is_lost() {
        let data = Synthetic { fit_rows: 100, classes: 4, ..Synthetic::default() }.generate(3).expect("valid");
        let split = data.clone().with_validation(0.1, None, 42).expect("sound");
        let validation = split.validation.clone().expect("split");
        for class in 0..4 {
            let count = |split: &Split| split.labels[0].values.iter().filter(|&&c| c == class).count();
            assert_eq!(count(&validation), (count(&data.train) / 10).max(1));
            assert_eq!(count(&validation) + count(&split.train), count(&data.train));
        }
        let again = data.with_validation(0.1, None, 42).expect("sound").validation.expect("split");
        assert_eq!(again.views.at(0), validation.views.at(0), "the seed decides");
        let kept = split.clone().with_validation(0.5, None, 1).expect("sound");
        assert_eq!(kept.train.views.rows(), split.train.views.rows(), "a set that has one keeps it");
    }
    #[test]
    fn parts_of_the_training_rows_are_nested_and_the_same_for_all_views() {
        let data = Synthetic { fit_rows: 50, ..Synthetic::default() }.generate(3).expect("valid");
        let numbered = Dataset { train: Split { ids: Some((0..50).collect()), ..data.train.clone() }, ..data.clone() };
        let part = |rows, seed| numbered.clone().with_fit_rows(rows, seed).expect("enough rows");
        let ids = |rows, seed| part(rows, seed).train.ids.expect("given");
        let (ten, thirty) = (ids(10, 1), ids(30, 1));
        assert!(ten.len() == 10 && ten.is_sorted() && ten.iter().all(|id| thirty.contains(id)));
        assert_ne!(ten, ids(10, 2), "the seed decides");
        assert_eq!(ids(50, 1), (0..50).collect::<Vec<i64>>(), "all of them, in order");
        let small = part(10, 1);
        for m in 0..small.train.views.len() {
            let rows: Vec<usize> = ten.iter().map(|&id| id as usize).collect();
            assert_eq!(*small.train.views.at(m), *data.train.views.select_rows(&rows).at(m));
        }
        assert_eq!(small.train.labels[0].values.len(), 10);
        assert_eq!(small.test.views.rows(), data.test.views.rows());
        let error = numbered.with_fit_rows(51, 1).expect_err("too many").to_string();
        assert_eq!(error, "a part of the training rows: found 50 matched rows, expected at least 51");
    }
}
