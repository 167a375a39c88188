//! Searches of all strategies: one pass over the documents of each model.

use std::collections::BTreeMap;

use align::{Coordinates, Corpus, Documents, Fitted, Matrix, Views};

use super::chain::{Chain, translated};
use super::interpolated::{ArcToOld, QueryRows, between, chosen, directed};
use super::judged::{DEPTH, Judged};
use crate::TaskError;
use crate::ranking::search::{Hit, Search};
use crate::scores::score::check_finite;

/// Documents that are read, mapped and searched at a time.
const BATCH: usize = 4096;

/// A search: queries of one model on documents of another, or of the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strategy {
    /// Both as their models made them; naive if the models differ.
    Raw,
    /// Queries mapped, or both projected.
    Mapped(Coordinates),
    /// Documents translated to the coordinates of the queries.
    Documents,
    /// Queries translated from model to model of a chain.
    Chained,
}

/// The first documents of every query.
pub(super) type Lists = Vec<Vec<usize>>;

/// Results by strategy, model of the queries and model of the documents.
pub(super) struct Passes {
    lists: BTreeMap<(Strategy, usize, usize), Lists>,
    widths: Vec<usize>,
}

/// Searches of the documents of one model, by strategy and model of the queries.
type Searches = BTreeMap<(Strategy, usize), Search>;

/// The queries and documents of all models, and how they are mapped.
struct Setting<'a> {
    fitted: &'a Fitted,
    corpus: &'a Corpus,
    train: &'a Views,
    rows: QueryRows,
    chain: &'a Chain,
    names: Vec<&'a str>,
    /// The spaces, with the queries of every model if its coordinates are shared: they do not depend on the documents.
    spaces: Vec<(Coordinates, Option<Vec<Matrix>>)>,
}

impl Setting<'_> {
    /// The searches of all queries on the documents of `old`.
    fn searches(&self, old: usize) -> Result<Searches, TaskError> {
        let views = &self.corpus.queries.views;
        let raw = |new: usize| Search::new(views.at(new).clone(), DEPTH);
        let mut searches = Searches::new();
        for new in 0..self.names.len() {
            if views.at(new).cols() == views.at(old).cols() {
                searches.insert((Strategy::Raw, new), raw(new)?);
            }
            let translates = self.spaces.iter().any(|&(space, _)| directed(space));
            if let Some(way) = self.chain.way(new, old).filter(|_| translates) {
                let moved = translated(self.fitted, &self.names, &way, views.at(new))?;
                searches.insert((Strategy::Chained, new), Search::new(moved, DEPTH)?);
            }
            for (space, shared) in self.spaces.iter().filter(|_| new != old) {
                let queries = match shared {
                    Some(rows) if rows[new].cols() != rows[old].cols() => continue,
                    Some(rows) => rows[new].clone(),
                    None => {
                        searches.insert((Strategy::Documents, new), raw(new)?);
                        let moved = self.fitted.translate(self.names[new], self.names[old], views.at(new))?;
                        finite(*space, self.names[new], moved)?
                    }
                };
                let queries = match self.rows {
                    QueryRows::Mapped => queries,
                    QueryRows::Slerp(ArcToOld { t }) => {
                        let t = t.map_or_else(|| chosen(self.fitted, self.train, *space, (new, old)), Ok)?;
                        between(&queries, shared.as_ref().map_or(views.at(old), |rows| &rows[old]), t)
                    }
                };
                searches.insert((Strategy::Mapped(*space), new), Search::new(queries, DEPTH)?);
            }
        }
        Ok(searches)
    }

    /// Adds the documents of `old`, batch by batch, to its searches.
    fn add_documents(&self, old: usize, searches: &mut Searches) -> Result<(), TaskError> {
        let documents = &self.corpus.documents;
        for (start, raw) in batches(documents, old) {
            let has = |row: usize| documents.has(old, start + row);
            let mut projected: Option<Matrix> = None;
            for ((strategy, new), search) in &mut *searches {
                match strategy {
                    Strategy::Raw | Strategy::Chained | Strategy::Mapped(Coordinates::Translated) => {
                        search.add(&raw, has)?
                    }
                    Strategy::Documents => {
                        let moved = self.fitted.translate(self.names[old], self.names[*new], &raw)?;
                        search.add(&finite(Coordinates::Translated, self.names[old], moved)?, has)?;
                    }
                    Strategy::Mapped(space) => {
                        let rows = match projected.take() {
                            Some(rows) => rows,
                            None => finite(*space, self.names[old], self.fitted.project(self.names[old], &raw)?)?,
                        };
                        search.add(&rows, has)?;
                        projected = Some(rows);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The documents of one model, batch by batch, each with the row of its first document.
pub(super) fn batches(documents: &Documents, view: usize) -> impl Iterator<Item = (usize, Matrix)> {
    let batch = move |start: usize| (start, documents.batch(view, start..documents.count().min(start + BATCH)));
    (0..documents.count()).step_by(BATCH).map(batch)
}

impl Passes {
    /// All searches of a fit in these spaces.
    pub(super) fn of(
        fitted: &Fitted,
        corpus: &Corpus,
        spaces: &[Coordinates],
        (rows, chain): (QueryRows, &Chain),
        train: &Views,
    ) -> Result<Self, TaskError> {
        let views = &corpus.queries.views;
        let names: Vec<&str> = views.names().collect();
        let in_space = |&space: &Coordinates| -> Result<_, TaskError> {
            let project = |m: usize| finite(space, names[m], fitted.project(names[m], views.at(m))?);
            let shared = (!directed(space)).then(|| (0..names.len()).map(project).collect()).transpose()?;
            Ok((space, shared))
        };
        let spaces = spaces.iter().map(in_space).collect::<Result<_, TaskError>>()?;
        let setting = Setting { fitted, corpus, train, rows, chain, names, spaces };
        let mut lists = BTreeMap::new();
        for old in 0..setting.names.len() {
            let mut searches = setting.searches(old)?;
            setting.add_documents(old, &mut searches)?;
            for ((strategy, new), search) in searches {
                let of_query = |hits: Vec<Hit>| hits.iter().map(|hit| hit.document).collect();
                lists.insert((strategy, new, old), search.finish().into_iter().map(of_query).collect());
            }
        }
        Ok(Self { lists, widths: views.widths() })
    }

    /// The first documents of every query, or the reason why there are none.
    pub(super) fn lists(&self, strategy: Strategy, new: usize, old: usize) -> Result<&Lists, String> {
        self.lists.get(&(strategy, new, old)).ok_or_else(|| {
            format!("widths differ: the new model has {} columns, the old one {}", self.widths[new], self.widths[old])
        })
    }
}

/// Every query against its judgements; `None` for a query without a relevant document, or that a view misses.
pub(super) fn judged(lists: &Lists, corpus: &Corpus, views: [usize; 2]) -> Vec<Option<Judged>> {
    let has = |query: usize| views.iter().all(|&view| corpus.queries.views.nth(view).has(query));
    let judge = |(query, list): (usize, &Vec<usize>)| {
        if has(query) { Judged::of(list, corpus.judgements.of(query)) } else { None }
    };
    lists.iter().enumerate().map(judge).collect()
}

pub(super) fn finite(space: Coordinates, view: &str, rows: Matrix) -> Result<Matrix, TaskError> {
    check_finite(space, &|| view.to_string(), &rows)?;
    Ok(rows)
}
