//! Ranks of the right answers of a query among the rows of another view, if there can be several right answers.
//!
//! Row i of `queries` and row j of `gallery` have the similarity s_ij = q_i · g_j, and candidate j is right where the two
//! have a class in common. The R right candidates of a query in descending order of their similarity have the ranks
//!
//! `rank_k = k + #{wrong j : s_ij >= s_k − 1e-6}`, k = 1 .. R:
//!
//! a wrong candidate within [`TIE`] counts against the query, right ones that tie cost nothing. With one right candidate
//! this is the rank of [`crate::ranks`], from the same products.
//!
//! * average precision: the mean over k of `k / rank_k`;
//! * nDCG@10: the sum of `1 / log2(1 + rank_k)` over ranks up to 10, over that of the ranks 1 .. min(10, R).
//!
//! Cost: 2·n·m·d flops for n queries and m candidates, and a sort of the wrong candidates ahead of the last right one for
//! each query; 256·m numbers for each thread. Sources of the measures: Järvelin and Kekäläinen 2002 (nDCG); Manning,
//! Raghavan and Schütze, Introduction to Information Retrieval, 2008 (average precision).

use std::borrow::Cow;
use std::collections::HashMap;

use align::Matrix;
use align::parallel::prelude::*;

use crate::TaskError;
use crate::ranking::ranks::{TIE, TILE, product};
use crate::scores::score::check_numbers;

/// Largest rank with a gain.
const DEPTH: usize = 10;

/// Results of all queries; NaN for a query without a right candidate.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Answers {
    /// Rank of the first right candidate, from 1, ties against the query.
    pub rank: Vec<f32>,
    /// The same rank with ties in favour of the query.
    pub rank_optimistic: Vec<f32>,
    /// Average precision over all right candidates.
    pub average_precision: Vec<f32>,
    /// Discounted gain among the first ten, over the largest possible.
    pub ndcg10: Vec<f32>,
}

impl Answers {
    /// These results for the queries that are true, `other` for the others.
    pub(crate) fn or_else(mut self, which: &[bool], other: Self) -> Self {
        let pick = |own: &mut Vec<f32>, other: Vec<f32>| {
            own.iter_mut()
                .zip(other)
                .zip(which)
                .filter(|(_, which)| !**which)
                .for_each(|((own, other), _)| *own = other);
        };
        pick(&mut self.rank, other.rank);
        pick(&mut self.rank_optimistic, other.rank_optimistic);
        pick(&mut self.average_precision, other.average_precision);
        pick(&mut self.ndcg10, other.ndcg10);
        self
    }
}

/// Looks every query up in the gallery, rows of both normalised; right are the candidates of the query's class.
///
/// # Errors
/// [`TaskError::Shape`] where the widths differ, or there is not one class for each row; [`TaskError::NoNumber`].
///
/// ```
/// use align::Matrix;
///
/// let queries = Matrix::new(1, 2, vec![1.0, 0.0])?;
/// let gallery = Matrix::new(3, 2, vec![1.0, 0.0, 0.8, 0.6, 0.6, 0.8])?;
/// let found = tasks::answers::answers(&queries, &gallery, &[7], &[1, 7, 7])?;
/// assert_eq!(found.rank[0], 2.0);
/// assert!((found.average_precision[0] - (1.0 / 2.0 + 2.0 / 3.0) / 2.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn answers(
    queries: &Matrix,
    gallery: &Matrix,
    query_classes: &[i64],
    gallery_classes: &[i64],
) -> Result<Answers, TaskError> {
    for (left_name, left, right_name, right) in [
        ("classes of queries", query_classes.len(), "queries", queries.rows()),
        ("classes of the gallery", gallery_classes.len(), "rows of the gallery", gallery.rows()),
    ] {
        same(left_name, left, right_name, right)?;
    }
    let single = |classes: &[i64]| -> Vec<Vec<i64>> { classes.iter().map(|&class| vec![class]).collect() };
    Lookup { queries, gallery, penalties: None, transposed: false }
        .answers(&single(query_classes), &single(gallery_classes))
}

fn same(left_name: &'static str, left: usize, right_name: &'static str, right: usize) -> Result<(), TaskError> {
    if left == right {
        return Ok(());
    }
    let (left, right) = (left.to_string(), right.to_string());
    Err(TaskError::Shape { op: "answers", left_name, left, right_name, right })
}

/// Queries and their gallery, rows of both normalised.
pub(crate) struct Lookup<'a> {
    pub(crate) queries: &'a Matrix,
    pub(crate) gallery: &'a Matrix,
    /// Penalties that are subtracted from the similarities of the candidates.
    pub(crate) penalties: Option<&'a [f32]>,
    /// Whether products are computed with the gallery on the left, as [`crate::ranks::ranks_both`] does for its second
    /// direction: the last bits can differ.
    pub(crate) transposed: bool,
}

impl Lookup<'_> {
    /// Right are the candidates that have a class in common with the query.
    ///
    /// # Errors
    /// [`TaskError::Shape`] where the widths differ; [`TaskError::NoNumber`].
    pub(crate) fn answers(
        &self,
        query_classes: &[Vec<i64>],
        gallery_classes: &[Vec<i64>],
    ) -> Result<Answers, TaskError> {
        let Self { queries, gallery, .. } = self;
        same("columns of the queries", queries.cols(), "columns of the gallery", gallery.cols())?;
        check_numbers("answers", "queries", queries)?;
        check_numbers("answers", "gallery rows", gallery)?;
        let mut by_class: HashMap<i64, Vec<usize>> = HashMap::new();
        for (candidate, classes) in gallery_classes.iter().enumerate() {
            classes.iter().for_each(|&class| by_class.entry(class).or_default().push(candidate));
        }
        let judged: Vec<Vec<Judged>> = (0..queries.rows().div_ceil(TILE))
            .into_par_iter()
            .map(|block| {
                let start = block * TILE;
                let classes = &query_classes[start..queries.rows().min(start + TILE)];
                let similarities = self.similarities(start, classes.len());
                let of_query = |(row, classes): (usize, &Vec<i64>)| {
                    let row = &similarities[row * gallery.rows()..(row + 1) * gallery.rows()];
                    Judged::of(row, &right(&by_class, classes))
                };
                classes.iter().enumerate().map(of_query).collect()
            })
            .collect();
        let mut found = Answers::default();
        for judged in judged.into_iter().flatten() {
            found.rank.push(judged.rank);
            found.rank_optimistic.push(judged.rank_optimistic);
            found.average_precision.push(judged.average_precision);
            found.ndcg10.push(judged.ndcg10);
        }
        Ok(found)
    }

    /// Similarities of `height` queries, from `start` on, to all candidates.
    fn similarities(&self, start: usize, height: usize) -> Vec<f32> {
        let Self { queries, gallery, penalties, transposed } = *self;
        let all = gallery.rows();
        let mut similarities = vec![0.0f32; height * all];
        let mut tile = vec![0.0f32; height * TILE];
        for left in (0..all).step_by(TILE) {
            let width = TILE.min(all - left);
            let tile = &mut tile[..height * width];
            match transposed {
                false => product(tile, (queries, start, height), (gallery, left, width)),
                true => product(tile, (gallery, left, width), (queries, start, height)),
            }
            for row in 0..height {
                let to = &mut similarities[row * all + left..row * all + left + width];
                match transposed {
                    false => to.copy_from_slice(&tile[row * width..(row + 1) * width]),
                    true => to.iter_mut().enumerate().for_each(|(column, s)| *s = tile[column * height + row]),
                }
                if let Some(penalties) = penalties {
                    to.iter_mut().zip(&penalties[left..left + width]).for_each(|(s, penalty)| *s -= penalty);
                }
            }
        }
        similarities
    }
}

/// The right candidates of a query, ascending.
fn right<'c>(by_class: &'c HashMap<i64, Vec<usize>>, classes: &[i64]) -> Cow<'c, [usize]> {
    let of_class = |class| by_class.get(class).map_or(&[][..], Vec::as_slice);
    if let [class] = classes {
        return Cow::Borrowed(of_class(class));
    }
    let mut right: Vec<usize> = classes.iter().flat_map(of_class).copied().collect();
    right.sort_unstable();
    right.dedup();
    Cow::Owned(right)
}

/// Results of one query.
struct Judged {
    rank: f32,
    rank_optimistic: f32,
    average_precision: f32,
    ndcg10: f32,
}

impl Judged {
    /// Results from the similarities to all candidates; `right` are the right candidates.
    fn of(similarities: &[f32], right: &[usize]) -> Self {
        let mut of_right: Vec<f32> = right.iter().map(|&candidate| similarities[candidate]).collect();
        of_right.sort_unstable_by(|a, b| b.total_cmp(a));
        let (Some(&first), Some(&last)) = (of_right.first(), of_right.last()) else {
            return Self { rank: f32::NAN, rank_optimistic: f32::NAN, average_precision: f32::NAN, ndcg10: f32::NAN };
        };
        // Wrong candidates after the last right one cost nothing.
        let mut ahead = Vec::new();
        let mut rights = right.iter().copied().peekable();
        for (candidate, &s) in similarities.iter().enumerate() {
            if rights.next_if_eq(&candidate).is_none() && s - last >= -TIE {
                ahead.push(s);
            }
        }
        if of_right.len() > 1 {
            ahead.sort_unstable_by(|a, b| b.total_cmp(a));
        }
        let mut wrong = 0;
        let rank = |(k, s): (usize, &f32)| {
            match of_right.len() {
                1 => wrong = ahead.len(),
                _ => wrong += ahead[wrong..].iter().take_while(|&ahead| ahead - s >= -TIE).count(),
            }
            k + 1 + wrong
        };
        let ranks: Vec<usize> = of_right.iter().enumerate().map(rank).collect();
        let gain = |rank: usize| 1.0 / ((1 + rank) as f64).log2();
        let precision: f64 = ranks.iter().enumerate().map(|(k, &rank)| (k + 1) as f64 / rank as f64).sum();
        let gained: f64 = ranks.iter().take_while(|&&rank| rank <= DEPTH).map(|&rank| gain(rank)).sum();
        let most: f64 = (1..=DEPTH.min(ranks.len())).map(gain).sum();
        Self {
            rank: ranks[0] as f32,
            rank_optimistic: (1 + ahead.iter().filter(|&ahead| ahead - first > TIE).count()) as f32,
            average_precision: (precision / ranks.len() as f64) as f32,
            ndcg10: (gained / most) as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(similarities: &[f32], right: &[usize]) -> (f32, f32, f32, f32) {
        let Judged { rank, rank_optimistic, average_precision, ndcg10 } = Judged::of(similarities, right);
        (rank, rank_optimistic, average_precision, ndcg10)
    }

    #[test]
    fn measures_are_those_of_their_definition() {
        let log = |x: f64| 1.0 / x.log2();
        // In order: wrong, right, wrong, right.
        let ndcg = ((log(3.0) + log(5.0)) / (log(2.0) + log(3.0))) as f32;
        assert_eq!(judged(&[0.9, 0.8, 0.7, 0.6, 0.1], &[1, 3]), (2.0, 2.0, 0.5, ndcg));
        // All right candidates first, in whatever order.
        assert_eq!(judged(&[0.5, 0.9, 0.8], &[1, 2]), (1.0, 1.0, 1.0, 1.0));
        // Eleven are right: the ideal has ten of them.
        let mut similarities = vec![0.5; 11];
        similarities.push(0.1);
        assert_eq!(judged(&similarities, &(0..11).collect::<Vec<_>>()), (1.0, 1.0, 1.0, 1.0));
    }

    #[test]
    fn ties_with_wrong_candidates_cost_and_those_among_right_ones_do_not() {
        assert_eq!(judged(&[0.5, 0.5, 0.5], &[0, 2]).0, 2.0);
        let (rank, optimistic, precision, _) = judged(&[0.5, 0.5, 0.5], &[0, 2]);
        assert_eq!((rank, optimistic, precision), (2.0, 1.0, ((0.5 + 2.0 / 3.0) / 2.0) as f32));
        assert_eq!(judged(&[0.5, 0.2, 0.5, 0.5], &[0, 2, 3]), (1.0, 1.0, 1.0, 1.0));
        assert!(judged(&[0.5, 0.2], &[]).0.is_nan());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let rows = Matrix::zeros(2, 1);
        let text = |found: Result<Answers, TaskError>| found.err().map(|e| e.to_string()).unwrap_or_default();
        let short = text(answers(&rows, &rows, &[0], &[0, 1]));
        assert_eq!(short, "answers: classes of queries is 1, queries is 2; they must match");
        let wide = text(answers(&rows, &Matrix::zeros(2, 3), &[0, 1], &[0, 1]));
        assert_eq!(wide, "answers: columns of the queries is 1, columns of the gallery is 3; they must match");
        let odd = Matrix::from_vec(2, 1, vec![0.0, f32::NAN]);
        assert!(
            text(answers(&rows, &odd, &[0, 1], &[0, 1])).starts_with("answers: the gallery rows hold NaN at row 1")
        );
        let none = answers(&rows, &Matrix::zeros(0, 1), &[0, 1], &[]).expect("nothing to be found");
        assert!(none.rank.len() == 2 && none.ndcg10.iter().all(|value| value.is_nan()));
    }
}
