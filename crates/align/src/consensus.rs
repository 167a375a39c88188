//! Mean and covariance of the consensus of a universe.

use crate::fitted::{ViewMap, mean_over_views};
use crate::moments::{self, SufficientStatistics, mean_and_covariance};
use crate::numerics::linalg::{self, Threads};
use crate::{AlignError, Matrix, Universe, Views};

/// Mean and covariance over items of the consensus, which is the mean over an item's views of [`Universe::project`].
///
/// They describe the location and the spread of the universe. [`Consensus::shift_to`] compares other rows with the rows
/// of the fit; centring and whitening of universe vectors use the same numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus {
    rows: usize,
    mean: Vec<f64>,
    covariance: Matrix<f64>,
}

impl Consensus {
    /// The consensus of these rows, whose views may be some of the universe's. Items that no view has are left out.
    /// Cost: the projections and N·D² multiply-adds.
    ///
    /// # Errors
    /// A view that the universe does not know or that has another width; [`AlignError::TooFewRows`] without an item.
    pub fn of(universe: &Universe, rows: &Views) -> Result<Self, AlignError> {
        let known: Vec<usize> = (0..rows.rows()).filter(|&row| rows.views_of(row) > 0).collect();
        if known.is_empty() {
            return Err(AlignError::TooFewRows { method: "a consensus", got: 0, want: 1 });
        }
        if known.len() < rows.rows() {
            return Self::of(universe, &rows.select_rows(&known));
        }
        let consensus = mean_over_views(rows, |view, x| universe.project(view, x))?;
        let (mean, covariance) = mean_and_covariance(&consensus);
        Ok(Self { rows: consensus.rows(), mean, covariance })
    }

    /// The consensus from sums over rows alone, with `C = 1/M Σ_m Z_m R_m`. `None` if the sums do not determine it: for
    /// a universe with a corrector, with rows of unit length, or with a view that was added with scaling, and if some
    /// views miss items.
    ///
    /// # Errors
    /// [`AlignError::OtherViews`] if the sums are not of the universe's views; [`AlignError::TooFewRows`] without an
    /// item.
    pub fn of_statistics(universe: &Universe, sums: &SufficientStatistics) -> Result<Option<Self>, AlignError> {
        let shape = |name: &str, width: usize| format!("`{name}` ({width})");
        let got: Vec<String> = (0..sums.views()).map(|m| shape(&sums.names()[m], sums.width(m))).collect();
        let want: Vec<String> = universe.views().iter().map(|v| shape(v.name(), v.width())).collect();
        if got != want {
            return Err(AlignError::OtherViews { got: got.join(", "), want: want.join(", ") });
        }
        if sums.rows() == 0 {
            return Err(AlignError::TooFewRows { method: "a consensus", got: 0, want: 1 });
        }
        if !universe.is_linear() || !sums.complete() {
            return Ok(None);
        }
        let (count, views) = (sums.rows() as f64, universe.views().len() as f64);
        let preps: Vec<_> = universe.views().iter().map(|view| view.prep().clone()).collect();
        let (means, gram) = moments::standardised_by(sums, &preps);
        let stacked =
            universe.views().iter().filter_map(ViewMap::linear_in).flat_map(|map| map.into_vec()).map(|x| x / views);
        let maps = Matrix::new(gram.rows(), universe.width(), stacked.collect())?;
        let mut mean = vec![0.0; universe.width()];
        for (i, own) in means.iter().enumerate() {
            mean.iter_mut().zip(maps.row(i)).for_each(|(m, r)| *m += own * r);
        }
        let sides = linalg::product(gram.view(), maps.view(), Threads::Pool);
        let mut covariance = linalg::product(maps.view().transpose(), sides.view(), Threads::Pool);
        covariance.as_mut_slice().iter_mut().for_each(|c| *c /= count);
        Ok(Some(Self { rows: sums.rows(), mean, covariance }))
    }

    /// A consensus from the values of [`Consensus::rows`], [`Consensus::mean`] and [`Consensus::covariance`].
    ///
    /// # Errors
    /// [`AlignError::Shape`] if the covariance does not have the size of the mean.
    pub fn new(rows: usize, mean: Vec<f64>, covariance: Matrix<f64>) -> Result<Self, AlignError> {
        let width = mean.len();
        if (covariance.rows(), covariance.cols()) != (width, width) {
            return Err(AlignError::Shape { rows: width, cols: width, got: covariance.as_slice().len() });
        }
        Ok(Self { rows, mean, covariance })
    }

    /// Number of items.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Mean of each universe coordinate, D.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Covariance of the coordinates, divided by the number of items, D × D.
    pub fn covariance(&self) -> &Matrix<f64> {
        &self.covariance
    }

    /// Total variance, the trace of the covariance.
    pub fn spread(&self) -> f64 {
        (0..self.covariance.rows()).map(|j| self.covariance.at(j, j)).sum()
    }

    /// Universe vectors (n × D) with every coordinate divided by its standard deviation in the consensus: one scale for
    /// all coordinates, the same for all views and methods. A coordinate in which the consensus does not vary is
    /// unchanged.
    ///
    /// # Errors
    /// [`AlignError::Width`] if `u` is not as wide as the universe.
    pub fn unit_variance(&self, u: &Matrix) -> Result<Matrix, AlignError> {
        u.check_width("unit variance", "universe", self.mean.len())?;
        let factor = |j: usize| match self.covariance.at(j, j).sqrt() {
            deviation if deviation > 0.0 => 1.0 / deviation,
            _ => 1.0,
        };
        let factors: Vec<f64> = (0..self.mean.len()).map(factor).collect();
        Ok(Matrix::from_fn(u.rows(), u.cols(), |i, j| (f64::from(u.at(i, j)) * factors[j]) as f32))
    }

    /// Distance of another consensus' mean from this one's, in units of this one's total standard deviation:
    /// `|μ' − μ| / √(tr Σ)`. Below 0.1 the rows are alike; near 1 they are other data.
    pub fn shift_to(&self, other: &Self) -> f64 {
        let square: f64 = self.mean.iter().zip(&other.mean).map(|(a, b)| (a - b).powi(2)).sum();
        (square / self.spread().max(f64::MIN_POSITIVE)).sqrt()
    }
}
