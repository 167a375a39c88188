//! Queries and candidates in the coordinates that all views share: as the method projects them, interpolated on the
//! sphere, or with weighted coordinates.

use std::borrow::Cow;

use align::linalg::{Accum, MatrixViewMut, Threads, gemm, gram_lower, symmetric_eigen};
use align::parallel::prelude::*;
use align::{Matrix, Views};

use super::comparison::{Comparison, Query, Slerp, Weight};
use crate::ranking::arc::slerp;
use crate::ranking::bank::Banks;
use crate::ranking::scoring::Sides;
use crate::scores::score::check_finite;
use crate::{TaskError, TaskInput};

/// Rows of every view at unit length, and the settings that make queries and candidates of them.
pub(super) struct SharedSpace<'a> {
    names: Vec<&'a str>,
    query: Query,
    test: Vec<Matrix>,
    train: Option<Vec<Matrix>>,
    correlations: Option<Correlations>,
}

/// Queries and candidates of one ordered pair, and the training rows of both views as a bank.
pub(super) struct Pair<'a> {
    pub(super) queries: Cow<'a, Matrix>,
    pub(super) gallery: Cow<'a, Matrix>,
    bank: Option<(Cow<'a, Matrix>, Cow<'a, Matrix>)>,
}

impl Pair<'_> {
    pub(super) fn sides(&self) -> Sides<'_> {
        let bank = self.bank.as_ref().map(|(queries, gallery)| (&**queries, &**gallery));
        Sides { queries: &self.queries, gallery: &self.gallery, bank }
    }
}

impl<'a> SharedSpace<'a> {
    /// `test` has the unit rows of the queries and candidates of every view.
    pub(super) fn new(
        comparison: Comparison,
        input: &TaskInput<'a>,
        test: Vec<Matrix>,
        banks: Option<&Banks<'_>>,
    ) -> Result<Self, TaskError> {
        let names: Vec<&str> = input.test.views.names().collect();
        let correlations = match comparison.weight {
            Weight::None => None,
            Weight::Correlations => Some(Correlations::of(input, &names)?),
        };
        let turned = |rows: Vec<Matrix>| match &correlations {
            None => rows,
            Some(correlations) => rows.iter().map(|x| correlations.turned(x)).collect(),
        };
        let (test, train) = (turned(test), banks.map(Banks::shared).map(turned));
        Ok(Self { names, query: comparison.query, test, train, correlations })
    }

    /// Whether the candidates of a pair are the queries of the reversed pair.
    pub(super) fn is_symmetric(&self) -> bool {
        self.query == Query::Own
    }

    /// Queries of view `s` and candidates of view `t`, or the reason why there are none.
    pub(super) fn pair(&self, s: usize, t: usize) -> Result<Pair<'_>, String> {
        let (mut queries, mut bank) = (Cow::Borrowed(&self.test[s]), self.train.as_ref().map(|x| Cow::Borrowed(&x[s])));
        if let Query::Slerp(Slerp { t: share }) = self.query {
            if self.names.len() < 3 {
                return Err("with two views the query is the only view that is not the target".into());
            }
            queries = Cow::Owned(towards_consensus(&self.test, s, t, share));
            bank = self.train.as_ref().map(|train| Cow::Owned(towards_consensus(train, s, t, share)));
        }
        let mut gallery = Cow::Borrowed(&self.test[t]);
        let mut beside = self.train.as_ref().map(|train| Cow::Borrowed(&train[t]));
        if let Some(correlations) = &self.correlations {
            let roots = correlations.roots(s, t);
            if roots.iter().all(|&root| root == 0.0) {
                let views = format!("`{}` and `{}`", self.names[s], self.names[t]);
                return Err(format!("no universe coordinate of {views} is correlated on the training rows"));
            }
            let weighted = |rows: Cow<'_, Matrix>| Cow::Owned(scaled(&rows, &roots));
            (queries, gallery) = (weighted(queries), weighted(gallery));
            (bank, beside) = (bank.map(weighted), beside.map(weighted));
        }
        Ok(Pair { queries, gallery, bank: bank.zip(beside) })
    }
}

/// Columns of `rows` times `factors`.
fn scaled(rows: &Matrix, factors: &[f32]) -> Matrix {
    let mut out = rows.clone();
    out.as_mut_slice()
        .chunks_mut(factors.len())
        .for_each(|row| row.iter_mut().zip(factors).for_each(|(x, factor)| *x *= factor));
    out
}

/// The unit rows of view `s`, each moved on the sphere by the share `t` of the way to the consensus of its item over all
/// views but `target`.
fn towards_consensus(rows: &[Matrix], s: usize, target: usize, t: f64) -> Matrix {
    let mut out = rows[s].clone();
    let width = out.cols();
    out.as_mut_slice().par_chunks_mut(width).enumerate().for_each(|(item, row)| {
        let mut consensus = vec![0.0f64; width];
        for (_, view) in rows.iter().enumerate().filter(|(view, _)| *view != target) {
            consensus.iter_mut().zip(view.row(item)).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        slerp(row, consensus, t);
    });
    out
}

/// Correlations of the views' coordinates on the training rows, in the principal axes of the consensus.
struct Correlations {
    views: Views,
    /// Training rows of every view in these axes.
    rows: Vec<Matrix>,
    /// The axes as columns, D × D.
    axes: Matrix,
}

impl Correlations {
    fn of(input: &TaskInput<'_>, names: &[&str]) -> Result<Self, TaskError> {
        let all = &input.train.views;
        let mut projected = Vec::with_capacity(all.len());
        for view in all.iter() {
            let rows = input.fitted.project(view.name(), view.values())?;
            check_finite(input.fitted.coordinates()[0], &|| format!("{} (training rows)", view.name()), &rows)?;
            projected.push(rows);
        }
        let axes = principal_axes(all, &projected)?;
        let mut rows = Vec::with_capacity(names.len());
        for name in names {
            rows.push(turned(&projected[all.position(name)?], &axes));
        }
        Ok(Self { views: all.select(names)?, rows, axes })
    }

    /// Rows in the axes.
    fn turned(&self, x: &Matrix) -> Matrix {
        turned(x, &self.axes)
    }

    /// Square roots of the correlations of each coordinate between two views, over the training items that both have; 0 for
    /// a coordinate whose correlation is not positive.
    fn roots(&self, a: usize, b: usize) -> Vec<f32> {
        let (a, b) = (a.min(b), a.max(b));
        let items: Vec<usize> =
            (0..self.views.rows()).filter(|&i| self.views.nth(a).has(i) && self.views.nth(b).has(i)).collect();
        let (x, y, width) = (&self.rows[a], &self.rows[b], self.axes.cols());
        let sums = |f: &dyn Fn(f64, f64, usize) -> f64| -> Vec<f64> {
            let mut sums = vec![0.0; width];
            for &i in &items {
                let pairs = x.row(i).iter().zip(y.row(i)).enumerate();
                sums.iter_mut().zip(pairs).for_each(|(sum, (j, (&x, &y)))| *sum += f(f64::from(x), f64::from(y), j));
            }
            sums
        };
        let count = items.len().max(1) as f64;
        let mean_x: Vec<f64> = sums(&|x, _, _| x).iter().map(|sum| sum / count).collect();
        let mean_y: Vec<f64> = sums(&|_, y, _| y).iter().map(|sum| sum / count).collect();
        let both = sums(&|x, y, j| (x - mean_x[j]) * (y - mean_y[j]));
        let squares_x = sums(&|x, _, j| (x - mean_x[j]).powi(2));
        let squares_y = sums(&|_, y, j| (y - mean_y[j]).powi(2));
        let root = |j: usize| {
            let lengths = (squares_x[j] * squares_y[j]).sqrt();
            if lengths > 0.0 { (both[j] / lengths).clamp(0.0, 1.0).sqrt() as f32 } else { 0.0 }
        };
        (0..width).map(root).collect()
    }
}

/// `x` times `axes`.
fn turned(x: &Matrix, axes: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(x.rows(), axes.cols());
    let (rows, cols) = (x.rows(), axes.cols());
    let to = MatrixViewMut::from_slice(rows, cols, out.as_mut_slice());
    gemm(to, Accum::Replace, x.view(), axes.view(), Threads::Pool);
    out
}

/// Principal axes of the consensus (the mean over the views that have the item), the longest first, as columns.
fn principal_axes(views: &Views, projected: &[Matrix]) -> Result<Matrix, TaskError> {
    let width = projected.first().map_or(0, Matrix::cols);
    let items: Vec<usize> = (0..views.rows()).filter(|&item| views.views_of(item) > 0).collect();
    let mut consensus = Matrix::<f64>::zeros(items.len(), width);
    for (at, &item) in items.iter().enumerate() {
        let row = consensus.row_mut(at);
        for (view, rows) in views.iter().zip(projected).filter(|(view, _)| view.has(item)) {
            debug_assert_eq!(view.values().rows(), rows.rows());
            row.iter_mut().zip(rows.row(item)).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        let count = views.views_of(item) as f64;
        row.iter_mut().for_each(|sum| *sum /= count);
    }
    let mut mean = vec![0.0; width];
    for at in 0..items.len() {
        mean.iter_mut().zip(consensus.row(at)).for_each(|(sum, x)| *sum += x / items.len() as f64);
    }
    for at in 0..items.len() {
        consensus.row_mut(at).iter_mut().zip(&mean).for_each(|(x, mean)| *x -= mean);
    }
    let mut covariance = Matrix::<f64>::zeros(width, width);
    gram_lower(covariance.view_mut(), Accum::Replace, consensus.view(), Threads::Pool);
    let (_, vectors) = symmetric_eigen(covariance.view(), &|| "the covariance of the consensus".into())?;
    Ok(Matrix::from_fn(width, width, |i, j| vectors[(i, width - 1 - j)] as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(row: &[f32], end: &[f64], t: f64) -> Vec<f32> {
        let mut row = row.to_vec();
        slerp(&mut row, end.to_vec(), t);
        row
    }

    #[test]
    fn a_point_on_the_arc_is_at_its_share_of_the_angle() {
        let (from, to) = ([1.0f32, 0.0], [0.6, 0.8]);
        let angle = 0.6f64.acos();
        for t in [0.0, 0.25, 0.5, 1.0] {
            let point = moved(&from, &to, t);
            let want = [(t * angle).cos() as f32, (t * angle).sin() as f32];
            assert!(point.iter().zip(want).all(|(x, want)| (x - want).abs() < 1e-6), "{t}: {point:?}");
        }
        // The length of the end has no influence.
        assert_eq!(moved(&from, &[6.0, 8.0], 0.5), moved(&from, &to, 0.5));
    }

    #[test]
    fn ends_without_an_arc_are_joined_by_a_line() {
        assert_eq!(moved(&[1.0, 0.0], &[2.0, 0.0], 0.5), [1.0, 0.0]);
        assert_eq!(moved(&[1.0, 0.0], &[-2.0, 0.0], 0.25), [1.0, 0.0]);
        assert_eq!(moved(&[1.0, 0.0], &[0.0, 0.0], 0.5), [1.0, 0.0]);
        assert_eq!(moved(&[0.0, 0.0], &[0.0, 3.0], 0.5), [0.0, 1.0]);
        assert_eq!(moved(&[0.0, 0.0], &[0.0, 0.0], 0.5), [0.0, 0.0]);
    }
}
