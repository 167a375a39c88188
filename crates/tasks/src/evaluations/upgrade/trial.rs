//! One pair of models under several maps: two passes over the documents judge them all.

use align::{Coordinates, Corpus, Fitted, Matrix};

use super::judged::{DEPTH, Judged};
use super::passes::{batches, finite, judged};
use super::table;
use crate::TaskError;
use crate::ranking::search::Search;

/// Scores of every query; `None` for a query without a relevant document, or that one of the two models misses.
type OfQueries = Vec<Option<Judged>>;

/// The queries of a new model on the index of an old one: every strategy, and queries that several fits map.
///
/// The values are those of the task [`upgrade`](super::UpgradeParams) for this pair in translated coordinates.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trial {
    /// Old queries on old documents.
    pub stay: OfQueries,
    /// New queries on new documents.
    pub reembed: OfQueries,
    /// New queries on old documents, unmapped; `None` if the widths differ.
    pub naive: Option<OfQueries>,
    /// New queries on old documents, translated by each of the fits.
    pub mapped: Vec<OfQueries>,
}

impl Trial {
    /// Judges the queries of `new` on the documents of `old`. The fits translate as they are: see
    /// [`needs_calibration`](super::needs_calibration).
    ///
    /// # Errors
    /// A view that the corpus or a fit does not have, a fit that does not translate, values that are not finite.
    pub fn of(corpus: &Corpus, new: &str, old: &str, fits: &[&Fitted]) -> Result<Self, TaskError> {
        let views = &corpus.queries.views;
        let (of_new, of_old) = (views.get(new)?, views.get(old)?);
        let position = |name: &str| views.names().position(|view| view == name).unwrap_or_default();
        let pair = [position(new), position(old)];
        let naive = of_new.cols() == of_old.cols();
        let mut queries = vec![of_old.clone()];
        queries.extend(naive.then(|| of_new.clone()));
        for fit in fits {
            queries.push(finite(Coordinates::Translated, new, fit.translate(new, old, of_new)?)?);
        }
        let mut on_old = found(corpus, pair[1], queries)?.into_iter().map(|lists| judged(&lists, corpus, pair));
        let stay = on_old.next().unwrap_or_default();
        let naive = if naive { on_old.next() } else { None };
        let mapped = on_old.collect();
        let on_new = found(corpus, pair[0], vec![of_new.clone()])?;
        let reembed = on_new.first().map(|lists| judged(lists, corpus, pair)).unwrap_or_default();
        Ok(Self { stay, reembed, naive, mapped })
    }

    /// nDCG@10 of every query, NaN for a query that is not counted.
    pub fn ndcg(of_queries: &[Option<Judged>]) -> Vec<f32> {
        table::of_queries(of_queries, |judged| judged.ndcg)
    }
}

/// The first documents of the view at a position for several sets of queries, in one pass over the documents.
fn found(corpus: &Corpus, view: usize, queries: Vec<Matrix>) -> Result<Vec<Vec<Vec<usize>>>, TaskError> {
    let mut searches: Vec<Search> =
        queries.into_iter().map(|rows| Search::new(rows, DEPTH)).collect::<Result<_, _>>()?;
    for (start, raw) in batches(&corpus.documents, view) {
        let has = |row: usize| corpus.documents.has(view, start + row);
        searches.iter_mut().try_for_each(|search| search.add(&raw, has))?;
    }
    let documents = |search: Search| -> Vec<Vec<usize>> {
        search.finish().into_iter().map(|hits| hits.iter().map(|hit| hit.document).collect()).collect()
    };
    Ok(searches.into_iter().map(documents).collect())
}
