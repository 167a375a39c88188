//! Nearest documents of queries by cosine. The memory is that of the queries and of one batch of documents.

use align::Matrix;
use align::linalg::{Threads, product};
use align::parallel::prelude::*;
use align::prep::unit_rows;

use crate::TaskError;
use crate::scores::score::check_numbers;

/// Queries and documents of a tile: its products stay in the second-level cache while they are compared.
const QUERIES: usize = 256;
const DOCUMENTS: usize = 512;

/// Largest error of a product of two unit rows in `f32`, with room to spare. Products that are nearer to the k-th
/// largest are computed again in `f64`.
const ROUNDING: f32 = 1e-5;

/// A document that a query found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Row of the document.
    pub document: usize,
    /// Cosine of query and document, computed in `f64`; 0 for a row of zeros.
    pub score: f64,
}

/// A search for the k nearest documents of every query, to which documents are added batch by batch, so that an index may
/// be larger than memory.
///
/// # Formula
/// Documents are ordered by $\cos(q, d)$ in `f64`, the largest first; among equal ones the lower row is first. Products in
/// `f32` find the candidates.
///
/// # Shapes
/// Queries are $Q \times d$, batches $n \times d$.
///
/// # Cost
/// $2 Q n d$ flops for n documents and the memory of the queries, of two copies of a batch and of $Q \cdot k$ hits. The
/// result depends neither on the number of threads nor on the division into batches.
#[derive(Clone, Debug)]
pub struct Search {
    queries: Matrix,
    unit: Matrix,
    k: usize,
    found: Vec<Found>,
    next: usize,
}

/// The nearest documents of one query so far, the nearest first.
#[derive(Clone, Debug)]
struct Found {
    hits: Vec<Hit>,
    length: f64,
}

impl Search {
    /// A search for the `k` nearest documents of these queries.
    ///
    /// # Errors
    /// [`TaskError::NoNumber`] for a value that is not finite or too large.
    pub fn new(queries: Matrix, k: usize) -> Result<Self, TaskError> {
        check_numbers("search", "queries", &queries)?;
        let length = |row: usize| queries.row(row).iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        let found = (0..queries.rows()).map(|row| Found { hits: Vec::with_capacity(k + 1), length: length(row) });
        Ok(Self { found: found.collect(), unit: unit_rows(&queries), queries, k, next: 0 })
    }

    /// Adds the next documents. Those for which `has` is false are passed over; they keep their rows.
    ///
    /// # Errors
    /// [`TaskError::Shape`] for documents of another width than the queries, [`TaskError::NoNumber`].
    pub fn add(&mut self, documents: &Matrix, has: impl Fn(usize) -> bool + Sync) -> Result<(), TaskError> {
        check_numbers("search", "documents", documents)?;
        if documents.cols() != self.queries.cols() {
            let text = |of: &Matrix| format!("{} x {}", of.rows(), of.cols());
            return Err(TaskError::Shape {
                op: "search",
                left_name: "queries",
                left: text(&self.queries),
                right_name: "documents",
                right: text(documents),
            });
        }
        let unit = unit_rows(documents);
        let (queries, unit_queries, k, first) = (&self.queries, &self.unit, self.k, self.next);
        let has = &has;
        self.found.par_chunks_mut(QUERIES).enumerate().for_each(|(block, found)| {
            let at = block * QUERIES;
            for start in (0..unit.rows()).step_by(DOCUMENTS) {
                let count = DOCUMENTS.min(unit.rows() - start);
                let of_queries = unit_queries.view().subrows(at, found.len());
                let tile = product(of_queries, unit.view().subrows(start, count).transpose(), Threads::One);
                for (i, found) in found.iter_mut().enumerate() {
                    for (j, &near) in tile.row(i).iter().enumerate() {
                        if near >= found.least(k) && has(start + j) {
                            let score = found.cosine(queries.row(at + i), documents.row(start + j));
                            found.put(Hit { document: first + start + j, score }, k);
                        }
                    }
                }
            }
        });
        self.next += documents.rows();
        Ok(())
    }

    /// The nearest documents of each query, the nearest first; fewer than k if there are fewer documents.
    pub fn finish(self) -> Vec<Vec<Hit>> {
        self.found.into_iter().map(|found| found.hits).collect()
    }
}

impl Found {
    /// A product in `f32` below this number is not among the k largest.
    fn least(&self, k: usize) -> f32 {
        match self.hits.len() < k {
            true => f32::NEG_INFINITY,
            false => self.hits.last().map_or(f32::INFINITY, |hit| hit.score as f32 - ROUNDING),
        }
    }

    fn cosine(&self, query: &[f32], document: &[f32]) -> f64 {
        let (mut dot, mut square) = (0.0, 0.0);
        for (&q, &d) in query.iter().zip(document) {
            dot += f64::from(q) * f64::from(d);
            square += f64::from(d) * f64::from(d);
        }
        let lengths = self.length * square.sqrt();
        if lengths > 0.0 { dot / lengths } else { 0.0 }
    }

    /// Documents come in the order of their rows, so that an equal one stands behind.
    fn put(&mut self, hit: Hit, k: usize) {
        let at = self.hits.partition_point(|other| other.score >= hit.score);
        if at < k {
            self.hits.insert(at, hit);
            self.hits.truncate(k);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, cols: usize, seed: usize) -> Matrix {
        Matrix::from_fn(rows, cols, |i, j| (((i + 1) * (j + 3) * (seed + 7)) as f32 * 0.37).sin())
    }

    fn search(queries: &Matrix, documents: &Matrix, k: usize, batch: usize) -> Vec<Vec<Hit>> {
        let mut search = Search::new(queries.clone(), k).expect("numbers");
        for start in (0..documents.rows()).step_by(batch) {
            let rows: Vec<usize> = (start..documents.rows().min(start + batch)).collect();
            search.add(&documents.select_rows(&rows), |_| true).expect("numbers");
        }
        search.finish()
    }

    #[test]
    fn all_documents_sorted_are_what_a_search_finds_whatever_the_batches() {
        let (queries, documents) = (matrix(300, 6, 1), matrix(1300, 6, 5));
        let found = search(&queries, &documents, 10, 1300);
        assert_eq!(found, search(&queries, &documents, 10, 7));
        for query in [0, 255, 256, 299] {
            let cosine = |row: usize| {
                let dot: f64 =
                    queries.row(query).iter().zip(documents.row(row)).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                let length = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
                dot / (length(queries.row(query)) * length(documents.row(row)))
            };
            let mut all: Vec<(f64, usize)> = (0..1300).map(|row| (cosine(row), row)).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let want: Vec<f64> = all[..10].iter().map(|(score, _)| *score).collect();
            let got: Vec<f64> = found[query].iter().map(|hit| hit.score).collect();
            assert!(want.iter().zip(&got).all(|(a, b)| (a - b).abs() < 1e-12), "{want:?} {got:?}");
        }
    }

    #[test]
    fn of_equal_documents_the_lower_row_is_first() {
        let one = Matrix::from_vec(1, 2, vec![1.0, 2.0]);
        let documents = Matrix::from_fn(1500, 2, |i, j| if i % 3 == 0 { [1.0, 2.0][j] } else { [3.0, -1.0][j] });
        let found = search(&one, &documents, 4, 600);
        assert_eq!(found[0].iter().map(|hit| hit.document).collect::<Vec<_>>(), [0, 3, 6, 9]);
        let few = search(&one, &Matrix::from_vec(2, 2, vec![0.0, 0.0, 1.0, 2.0]), 4, 1);
        assert_eq!(few[0].iter().map(|hit| hit.document).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(few[0][1].score, 0.0, "a row of zeros has no direction");
    }

    #[test]
    fn documents_that_are_missing_keep_their_rows() {
        let documents = matrix(40, 3, 2);
        let mut search = Search::new(documents.clone(), 1).expect("numbers");
        search.add(&documents, |row| row != 7).expect("numbers");
        let found = search.finish();
        assert!(found[7][0].document != 7 && found[8][0].document == 8);
        let mut search = Search::new(documents, 1).expect("numbers");
        let error = search.add(&matrix(2, 4, 1), |_| true).expect_err("another width").to_string();
        assert!(error.contains("40 x 3") && error.contains("2 x 4"), "{error}");
    }
}
