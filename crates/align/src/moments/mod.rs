//! Second moments of standardised views, from which pairwise Procrustes, GPA and GCCA are fitted.
//!
//! Z = [Z_1 … Z_M] is the N × P matrix of all standardised views side by side (P = Σ d_m). The moments are its Gram
//! matrix G = Zᵀ Z; the block `G_ij = Z_iᵀ Z_j` (d_i × d_j) is the cross-covariance of two views up to the factor N.
//! They are sums over rows, so they can be built chunk by chunk, and the cost of a fit from them does not depend on N.
//!
//! A row that a view misses is zero in its Z_m and adds nothing to any block of that view. Weights of rows, weights of
//! views and scales of views give other moments of the same kind, so that one solver serves all of them.

mod covariance;
mod incomplete;
mod sufficient;
mod weighted;

use crate::numerics::linalg::{self, MatrixView, Threads};
use crate::numerics::parallel::prelude::*;
use crate::prep::{Standardisation, ZScore};
use crate::progress::Watch;
use crate::views::View;
use crate::{AlignError, Matrix, Views};

pub use covariance::mean_and_covariance;
pub use incomplete::Incomplete;
pub(crate) use incomplete::{FEWEST, enough};
pub use sufficient::parts::Parts;
pub use sufficient::{Precision, SufficientStatistics};

/// Width of the widest view from which solvers avoid decompositions in `f64`, which then cost more than all else.
const WIDE: usize = 1000;

/// The Gram matrix of standardised views and the standardisation it was built with.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Number of items that each pair of views shares, at `i * M + j`; on the diagonal, the number of items of a view.
    shared: Vec<usize>,
    /// Sum of the weights of the items of each view in its own block.
    weights: Vec<f64>,
    precision: Precision,
    energy: f64,
    /// Part of each view in the energy.
    energies: Vec<f64>,
    names: Vec<String>,
    preps: Vec<ZScore>,
    offsets: Vec<usize>,
    gram: Matrix<f64>,
    /// Observer of the fit.
    watch: Watch,
}

impl Moments {
    /// Standardises every view by the statistics of its rows, and sums the Gram matrix in `f64`. N·P² multiply-adds,
    /// half of which the symmetry saves; memory 8·P² bytes and one chunk.
    ///
    /// # Errors
    /// [`AlignError::TooFewPresent`] for a view with less than two rows.
    pub fn fit(views: &Views, incomplete: Incomplete, standardisation: Standardisation) -> Result<Self, AlignError> {
        let each: Vec<&View> = views.iter().collect();
        each.iter().try_for_each(|view| enough(view.name(), view.observed_rows()))?;
        let preps: Vec<ZScore> = each.par_iter().map(|view| standardisation.fit(&view.observed())).collect();
        let sums = SufficientStatistics::about(views, base_of(&preps), incomplete, Precision::Double);
        Ok(Self::standardised(sums, preps))
    }

    /// The moments of rows that were summed before, in any pieces.
    ///
    /// # Errors
    /// [`AlignError::TooFewPresent`] for a view with less than two rows.
    pub fn of(sums: &SufficientStatistics, standardisation: Standardisation) -> Result<Self, AlignError> {
        let views = 0..sums.views();
        views.clone().try_for_each(|m| enough(&sums.names()[m], sums.shared(m, m)))?;
        let prep = |m: usize| {
            let (mean, squares) = sums.statistics(m);
            standardisation.of_statistics(sums.shared(m, m), mean, squares)
        };
        let preps = views.map(prep).collect();
        Ok(Self::standardised(sums.clone(), preps))
    }

    fn standardised(sums: SufficientStatistics, preps: Vec<ZScore>) -> Self {
        let (shift, scale) = base_of(&preps);
        let sums = sums.rebased(&shift, &scale);
        let views = sums.views();
        let mut offsets = vec![0];
        (0..views).for_each(|m| offsets.push(sums.columns(m).end));
        Self {
            shared: (0..views).flat_map(|i| (0..views).map(move |j| (i, j))).map(|(i, j)| sums.shared(i, j)).collect(),
            weights: (0..views).map(|m| sums.weight(m, m)).collect(),
            precision: sums.precision(),
            energy: sums.squares(),
            energies: (0..views).map(|m| sums.squares_of(m)).collect(),
            names: sums.names().to_vec(),
            preps,
            offsets,
            gram: sums.into_gram(),
            watch: Watch::default(),
        }
    }

    /// The moments of the views `Z_m T_m` with square T_m (d_m × d_m): blocks `T_iᵀ G_ij T_j`. If views miss items, the
    /// energy is that of the weighted rows, so that an objective differs from its definition by a constant.
    pub(crate) fn transformed(&self, maps: &[Matrix<f64>]) -> Self {
        let mut gram = Matrix::zeros(self.gram.rows(), self.gram.cols());
        for i in 0..self.views() {
            let blocks: Vec<Matrix<f64>> = (0..self.views())
                .into_par_iter()
                .map(|j| {
                    let half = linalg::product(self.block(i, j), maps[j].view(), Threads::One);
                    linalg::product(maps[i].view().transpose(), half.view(), Threads::One)
                })
                .collect();
            for (j, block) in blocks.iter().enumerate() {
                let columns = self.offsets[j]..self.offsets[j + 1];
                for r in 0..block.rows() {
                    gram.row_mut(self.offsets[i] + r)[columns.clone()].copy_from_slice(block.row(r));
                }
            }
        }
        let diagonal = |range: std::ops::Range<usize>| range.map(|i| gram.at(i, i)).sum::<f64>();
        let energy = diagonal(0..gram.rows());
        let energies = (0..self.views()).map(|m| diagonal(self.offsets[m]..self.offsets[m + 1])).collect();
        Self { gram, energy, energies, ..self.clone() }
    }

    /// Sets the observer of the fit.
    pub(crate) fn watched_by(self, watch: Watch) -> Self {
        Self { watch, ..self }
    }

    /// The observer of the fit; a method reports the steps of its loops with [`Watch::step`].
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Number of items that two views share; for i = j the number of items of a view.
    pub fn rows(&self, i: usize, j: usize) -> usize {
        self.shared[i * self.views() + j]
    }

    /// Whether every view has the same items.
    pub(crate) fn complete(&self) -> bool {
        self.shared.iter().all(|&shared| shared == self.shared[0])
    }

    /// Sum of the weights of a view's items in its own block: their number, unless some views miss items and these have
    /// other weights ([`Incomplete`]).
    pub(crate) fn weight(&self, m: usize) -> f64 {
        self.weights[m]
    }

    /// Whether all columns of a view are constant.
    pub(crate) fn is_dead(&self, m: usize) -> bool {
        self.preps[m].is_dead()
    }

    /// Checks that every two views share enough items to align them.
    ///
    /// # Errors
    /// [`AlignError::NoCommonRows`].
    pub(crate) fn check_every_pair(&self, method: &'static str) -> Result<(), AlignError> {
        let mut pairs = (1..self.views()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let Some((a, b)) = pairs.find(|&(a, b)| self.rows(a, b) < FEWEST) else { return Ok(()) };
        let (got, a, b) = (self.rows(a, b), self.names[a].clone(), self.names[b].clone());
        Err(AlignError::NoCommonRows { method, a, b, got, want: FEWEST })
    }

    /// Checks that a chain of views with common items joins all views; separate groups would not be in one space.
    ///
    /// # Errors
    /// [`AlignError::Apart`].
    pub(crate) fn check_connected(&self, method: &'static str) -> Result<(), AlignError> {
        let mut group: Vec<usize> = (0..self.views()).collect();
        for (a, b) in (1..self.views()).flat_map(|b| (0..b).map(move |a| (a, b))) {
            let (one, other) = (group[a], group[b]);
            if one != other && self.rows(a, b) >= FEWEST {
                group.iter_mut().filter(|of| **of == other).for_each(|of| *of = one);
            }
        }
        let names = |of: usize| -> String {
            let members = (0..self.views()).filter(|&m| group[m] == of).map(|m| format!("`{}`", self.names[m]));
            members.collect::<Vec<_>>().join(", ")
        };
        let groups: Vec<String> = (0..self.views()).filter(|of| group.contains(of)).map(names).collect();
        if groups.len() <= 1 {
            return Ok(());
        }
        Err(AlignError::Apart { method, groups: groups.join(" and "), want: FEWEST })
    }

    /// Arithmetic in which the rows were multiplied.
    pub(crate) fn precision(&self) -> Precision {
        self.precision
    }

    /// Number of views M.
    pub fn views(&self) -> usize {
        self.preps.len()
    }

    /// Names of the views.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The standardisation of each view.
    pub fn preps(&self) -> &[ZScore] {
        &self.preps
    }

    /// Width d_m of a view.
    pub fn width(&self, m: usize) -> usize {
        self.preps[m].width()
    }

    /// Width D of the widest view, which is the width of GPA's universe.
    pub fn widest(&self) -> usize {
        self.preps.iter().map(ZScore::width).max().unwrap_or(0)
    }

    /// Whether the views are so wide that products in `f32` in place of decompositions in `f64` pay.
    pub(crate) fn is_wide(&self) -> bool {
        self.widest() >= WIDE
    }

    /// First of the P stacked columns of view m.
    pub fn offset(&self, m: usize) -> usize {
        self.offsets[m]
    }

    /// The whole Gram matrix, P × P.
    pub fn gram(&self) -> MatrixView<'_, f64> {
        self.gram.view()
    }

    /// `Z_iᵀ Z_j`, d_i × d_j.
    pub fn block(&self, i: usize, j: usize) -> MatrixView<'_, f64> {
        self.gram.view().submatrix(self.offsets[i], self.offsets[j], self.width(i), self.width(j))
    }

    /// `Σ_m |Z_m|²_F` over the rows that exist.
    pub fn energy(&self) -> f64 {
        self.energy
    }
}

/// Means and divisors of the columns of all views.
fn base_of(preps: &[ZScore]) -> (Vec<f64>, Vec<f64>) {
    let shift = preps.iter().flat_map(|prep| prep.mean().to_vec()).collect();
    (shift, preps.iter().flat_map(ZScore::divisors).collect())
}

/// Means of the columns in these standardised units, and the Gram matrix (both triangles) of the rows about these
/// means.
pub(crate) fn standardised_by(sums: &SufficientStatistics, preps: &[ZScore]) -> (Vec<f64>, Matrix<f64>) {
    let (shift, scale) = base_of(preps);
    let own: Vec<f64> = (0..sums.views()).flat_map(|m| sums.statistics(m).0).collect();
    let means = own.iter().zip(&shift).zip(&scale).map(|((own, shift), scale)| (own - shift) / scale).collect();
    (means, sums.clone().rebased(&own, &scale).into_gram())
}
