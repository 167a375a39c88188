//! Searches of all strategies: one pass over the documents of each model.

use std::collections::BTreeMap;

use align::{Coordinates, Corpus, Fitted, Matrix, Views};

use super::interpolated::{ArcToOld, QueryRows, between, chosen, directed};
use super::judged::{DEPTH, Judged};
use crate::TaskError;
use crate::ranking::search::Search;
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
}

/// The first documents of every query.
pub(super) type Lists = Vec<Vec<usize>>;

/// Results by strategy, model of the queries and model of the documents.
pub(super) struct Passes {
    lists: BTreeMap<(Strategy, usize, usize), Lists>,
    widths: Vec<usize>,
}

impl Passes {
    /// All searches of a fit in these spaces.
    pub(super) fn of(
        fitted: &Fitted,
        corpus: &Corpus,
        spaces: &[Coordinates],
        rows: QueryRows,
        train: &Views,
    ) -> Result<Self, TaskError> {
        let views = &corpus.queries.views;
        let names: Vec<&str> = views.names().collect();
        let widths = views.widths();
        let mut lists = BTreeMap::new();
        // Queries in shared coordinates do not depend on the documents.
        let shared: Vec<Option<Vec<Matrix>>> = spaces
            .iter()
            .map(|&space| {
                let project = |m: usize| finite(space, names[m], fitted.project(names[m], views.at(m))?);
                (!directed(space)).then(|| (0..names.len()).map(project).collect()).transpose()
            })
            .collect::<Result<_, TaskError>>()?;
        for old in 0..names.len() {
            let mut searches: BTreeMap<(Strategy, usize, usize), Search> = BTreeMap::new();
            for new in 0..names.len() {
                if widths[new] == widths[old] {
                    let search = Search::new(views.at(new).clone(), DEPTH)?;
                    searches.insert((Strategy::Raw, new, old), search);
                }
                for (&space, shared) in spaces.iter().zip(&shared).filter(|_| new != old) {
                    let queries = match shared {
                        Some(rows) if rows[new].cols() != rows[old].cols() => continue,
                        Some(rows) => rows[new].clone(),
                        None => {
                            let moved = fitted.translate(names[new], names[old], views.at(new))?;
                            searches
                                .insert((Strategy::Documents, new, old), Search::new(views.at(new).clone(), DEPTH)?);
                            finite(space, names[new], moved)?
                        }
                    };
                    let queries = match rows {
                        QueryRows::Mapped => queries,
                        QueryRows::Slerp(ArcToOld { t }) => {
                            let t = t.map_or_else(|| chosen(fitted, train, space, (new, old)), Ok)?;
                            between(&queries, shared.as_ref().map_or(views.at(old), |rows| &rows[old]), t)
                        }
                    };
                    searches.insert((Strategy::Mapped(space), new, old), Search::new(queries, DEPTH)?);
                }
            }
            let documents = &corpus.documents;
            for start in (0..documents.count()).step_by(BATCH) {
                let rows = start..documents.count().min(start + BATCH);
                let raw = documents.batch(old, rows);
                let has = |row: usize| documents.has(old, start + row);
                let mut projected: Option<Matrix> = None;
                for ((strategy, new, _), search) in &mut searches {
                    match strategy {
                        Strategy::Raw | Strategy::Mapped(Coordinates::Translated) => search.add(&raw, has)?,
                        Strategy::Documents => {
                            let moved = fitted.translate(names[old], names[*new], &raw)?;
                            search.add(&finite(Coordinates::Translated, names[old], moved)?, has)?;
                        }
                        Strategy::Mapped(space) => {
                            let rows = match projected.take() {
                                Some(rows) => rows,
                                None => finite(*space, names[old], fitted.project(names[old], &raw)?)?,
                            };
                            search.add(&rows, has)?;
                            projected = Some(rows);
                        }
                    }
                }
            }
            for (key, search) in searches {
                let of_query = |hits: Vec<crate::ranking::search::Hit>| hits.iter().map(|hit| hit.document).collect();
                lists.insert(key, search.finish().into_iter().map(of_query).collect());
            }
        }
        Ok(Self { lists, widths })
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

fn finite(space: Coordinates, view: &str, rows: Matrix) -> Result<Matrix, TaskError> {
    check_finite(space, &|| view.to_string(), &rows)?;
    Ok(rows)
}
