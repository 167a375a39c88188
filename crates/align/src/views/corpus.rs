//! Documents of an index, and their judged relevance for queries.

use std::ops::Range;
use std::sync::Arc;

use crate::{AlignError, Matrix, Views};

/// Documents of an index, in the order of their rows. The rows of several splits can be the documents; they are not
/// copied.
#[derive(Clone, Debug)]
pub struct Documents {
    parts: Vec<Views>,
    /// Part and row of each document.
    order: Arc<[(usize, usize)]>,
}

impl Documents {
    /// All rows of these views, in order.
    pub fn of(views: Views) -> Self {
        let order = (0..views.rows()).map(|row| (0, row)).collect();
        Self { parts: vec![views], order }
    }

    /// Rows of several views of the same encoders: `order` has the part and the row of each document.
    ///
    /// # Errors
    /// [`AlignError::Position`] for a part or a row that is not there, [`AlignError::OtherViews`] for parts with other
    /// views, [`AlignError::EmptyView`] without a document.
    pub fn of_parts(parts: Vec<Views>, order: Vec<(usize, usize)>) -> Result<Self, AlignError> {
        let names = |views: &Views| views.names().map(str::to_string).collect::<Vec<_>>().join(", ");
        if let Some(other) = parts.iter().find(|part| names(part) != names(&parts[0])) {
            return Err(AlignError::OtherViews { got: names(other), want: names(&parts[0]) });
        }
        if order.is_empty() || parts.is_empty() {
            return Err(AlignError::EmptyView { name: "documents".into(), rows: 0, cols: 0 });
        }
        for &(part, row) in &order {
            let Some(views) = parts.get(part) else {
                return Err(AlignError::Position { what: "part", got: part, count: parts.len() });
            };
            if row >= views.rows() {
                return Err(AlignError::Position { what: "row", got: row, count: views.rows() });
            }
        }
        Ok(Self { parts, order: order.into() })
    }

    /// Number of documents.
    pub fn count(&self) -> usize {
        self.order.len()
    }

    /// The documents of these rows in the view at a position; a document that the view misses is a row of zeros.
    ///
    /// # Panics
    /// For a view or rows that are not there, as with a slice.
    pub fn batch(&self, view: usize, rows: Range<usize>) -> Matrix {
        let of = |part: usize| self.parts[part].at(view);
        let mut values = Vec::with_capacity(rows.len() * of(0).cols());
        for &(part, row) in &self.order[rows.clone()] {
            values.extend_from_slice(of(part).row(row));
        }
        Matrix::from_vec(rows.len(), of(0).cols(), values)
    }

    /// Whether the view at a position has the document of this row.
    ///
    /// # Panics
    /// For a view or a row that is not there, as with a slice.
    pub fn has(&self, view: usize, row: usize) -> bool {
        let (part, row) = self.order[row];
        self.parts[part].nth(view).has(row)
    }

    /// Names and widths of the views, in words.
    pub(crate) fn shapes(&self) -> Vec<String> {
        self.parts.iter().map(shape).collect()
    }

    /// The same documents with other values of some views: `f` gets all rows of a part at a time.
    pub(crate) fn with_views(&self, f: impl Fn(&Views) -> Result<Views, AlignError>) -> Result<Self, AlignError> {
        let parts = self.parts.iter().map(f).collect::<Result<_, _>>()?;
        Ok(Self { parts, order: Arc::clone(&self.order) })
    }

    /// The named views only.
    pub(crate) fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, AlignError> {
        let parts = self.parts.iter().map(|part| part.select(names)).collect::<Result<_, _>>()?;
        Ok(Self { parts, order: Arc::clone(&self.order) })
    }
}

/// Names and widths of views, in words.
pub(crate) fn shape(views: &Views) -> String {
    let of: Vec<String> =
        views.names().zip(views.widths()).map(|(name, width)| format!("`{name}` ({width})")).collect();
    of.join(", ")
}

/// The relevance of one document for one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Row of the query, from 0.
    pub query: usize,
    /// Row of the document, from 0.
    pub document: usize,
    /// Relevance: a document with 1 or more is relevant, and larger is better.
    pub relevance: i32,
}

/// Judgements by query. A document without a judgement is not relevant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgements {
    /// Document and relevance, by document.
    of_queries: Vec<Vec<(usize, i32)>>,
    documents: usize,
}

impl Judgements {
    /// Judgements of so many queries and documents.
    ///
    /// # Errors
    /// [`AlignError::Position`] for a query or a document that is not there; [`AlignError::JudgedTwice`].
    pub fn new(
        queries: usize,
        documents: usize,
        judgements: impl IntoIterator<Item = Judgement>,
    ) -> Result<Self, AlignError> {
        let mut of_queries: Vec<Vec<(usize, i32)>> = vec![Vec::new(); queries];
        for Judgement { query, document, relevance } in judgements {
            if document >= documents {
                return Err(AlignError::Position { what: "document", got: document, count: documents });
            }
            let Some(of_query) = of_queries.get_mut(query) else {
                return Err(AlignError::Position { what: "query", got: query, count: queries });
            };
            of_query.push((document, relevance));
        }
        for (query, list) in of_queries.iter_mut().enumerate() {
            list.sort_unstable();
            if let Some(twice) = list.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(AlignError::JudgedTwice { query, document: twice[0].0 });
            }
        }
        Ok(Self { of_queries, documents })
    }

    /// Judged documents of a query with their relevance, by document; none for a query that is not there.
    pub fn of(&self, query: usize) -> &[(usize, i32)] {
        self.of_queries.get(query).map_or(&[], Vec::as_slice)
    }

    /// Relevance of a document for a query; 0 without a judgement.
    pub fn relevance(&self, query: usize, document: usize) -> i32 {
        let judged = self.of(query);
        judged.binary_search_by_key(&document, |&(document, _)| document).map_or(0, |at| judged[at].1)
    }

    /// Number of queries.
    pub fn queries(&self) -> usize {
        self.of_queries.len()
    }

    /// Number of documents.
    pub fn documents(&self) -> usize {
        self.documents
    }

    /// Number of queries that have a relevant document.
    pub fn answered(&self) -> usize {
        self.of_queries.iter().filter(|list| list.iter().any(|&(_, relevance)| relevance > 0)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(rows: usize, shift: usize) -> Views {
        let of = |view: usize| Matrix::from_fn(rows, 2 + view, |i, j| (i * 10 + j + shift + 100 * view) as f32);
        Views::new([("a", of(0)), ("b", of(1))]).expect("valid")
    }

    #[test]
    fn documents_of_several_parts_come_in_the_order_of_their_rows() {
        let order = vec![(1, 1), (0, 0), (1, 0)];
        let documents = Documents::of_parts(vec![views(1, 0), views(2, 50)], order).expect("valid");
        assert_eq!(documents.count(), 3);
        assert_eq!(documents.batch(0, 0..3).as_slice(), [60.0, 61.0, 0.0, 1.0, 50.0, 51.0]);
        assert_eq!(documents.batch(1, 1..2).as_slice(), [100.0, 101.0, 102.0]);
        assert!(documents.has(0, 2));
        let whole = Documents::of(views(3, 0));
        assert_eq!(whole.batch(0, 0..3), *views(3, 0).at(0));
        let error = Documents::of_parts(vec![views(1, 0)], vec![(0, 1)]).expect_err("no such row").to_string();
        assert_eq!(error, "there is no row 1; there are 1, counted from 0");
        assert!(Documents::of_parts(vec![views(1, 0)], Vec::new()).is_err());
    }

    #[test]
    fn judgements_are_by_query_and_each_pair_is_judged_once() {
        let judged = |query, document, relevance| Judgement { query, document, relevance };
        let judgements = Judgements::new(3, 4, [judged(1, 3, 2), judged(1, 0, 1), judged(2, 2, 0)]).expect("valid");
        assert_eq!(judgements.of(1), [(0, 1), (3, 2)]);
        assert_eq!((judgements.relevance(1, 3), judgements.relevance(1, 2)), (2, 0));
        assert_eq!((judgements.answered(), judgements.of(0)), (1, &[][..]));
        let text = |list: &[Judgement]| Judgements::new(3, 4, list.to_vec()).expect_err("refused").to_string();
        assert_eq!(text(&[judged(3, 0, 1)]), "there is no query 3; there are 3, counted from 0");
        assert_eq!(text(&[judged(0, 4, 1)]), "there is no document 4; there are 4, counted from 0");
        let twice = text(&[judged(0, 1, 1), judged(0, 1, 1)]);
        assert_eq!(twice, "document 1 is judged twice for query 0; judge a document once per query");
    }
}
