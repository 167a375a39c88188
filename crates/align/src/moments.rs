//! Second moments of standardised views: everything that pairwise Procrustes, GPA and GCCA need.
//!
//! With Z = [Z_1 … Z_M] the N × P matrix of all standardised views side by side (P = Σ d_m), the moments
//! are its Gram matrix G = Zᵀ Z; block `G_ij = Z_iᵀ Z_j` (d_i × d_j) is the cross-covariance of two
//! views up to the factor N. They are a sum over rows, so they can be built chunk by chunk and the cost
//! of a fit from them does not depend on N.
//!
//! A row that a view misses is zero in its Z_m: it adds nothing to any block of that view.

use rayon::prelude::*;

use crate::linalg::{self, MatRef, Threads};
use crate::prep::ZScore;
use crate::spaces::Space;
use crate::{AlignError, Matrix, Spaces};

/// Rows standardised and multiplied at a time: 512 rows of ten 256-d views are 10 MB in `f64`.
const CHUNK: usize = 512;

/// How much an item counts that some views miss. Without missing rows both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incomplete {
    /// Once in every block, so a block is the sum over the items that both views have.
    PairwiseComplete,
    /// M/|V_i| times, V_i the views that have it: then `tr(Rᵀ G R)/M` is `Σ_i |Σ_{m∈V_i} z_mi R_m|²/|V_i|`, the
    /// quantity that GPA maximises when an item's consensus is the mean over its views.
    MeanOfPresent,
}

/// The Gram matrix of standardised views and the standardisation it was built with.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Items that each pair of views shares, by `i * M + j`; on the diagonal, those that a view has.
    shared: Vec<usize>,
    energy: f64,
    names: Vec<String>,
    preps: Vec<ZScore>,
    offsets: Vec<usize>,
    gram: Matrix<f64>,
}

impl Moments {
    /// Standardises every view with `prep`, fitted on the rows it has, and sums the Gram matrix in `f64`. N·P²
    /// multiply-adds, half of which the symmetry saves; memory 8·P² bytes and one chunk.
    ///
    /// # Errors
    /// [`AlignError::TooFewPresent`] for a view with less than two rows.
    pub fn fit(
        spaces: &Spaces,
        incomplete: Incomplete,
        prep: impl Fn(&Matrix) -> ZScore + Sync,
    ) -> Result<Self, AlignError> {
        let views: Vec<&Space> = spaces.iter().collect();
        if let Some(view) = views.iter().find(|view| view.observed_rows() < 2 && !spaces.complete()) {
            return Err(AlignError::TooFewPresent {
                name: view.name().to_string(),
                got: view.observed_rows(),
                want: 2,
            });
        }
        let preps: Vec<ZScore> = views.par_iter().map(|view| prep(&view.observed())).collect();
        let mut offsets = vec![0];
        for view in &views {
            offsets.push(offsets[offsets.len() - 1] + view.values().cols());
        }
        let (rows, width) = (spaces.rows(), offsets[views.len()]);
        let mut gram = Matrix::zeros(width, width);
        let mut energy = 0.0;
        let mut chunk = Matrix::<f64>::zeros(CHUNK.min(rows), width);
        for start in (0..rows).step_by(CHUNK) {
            let end = (start + CHUNK).min(rows);
            for (m, view) in views.iter().enumerate() {
                preps[m].apply_f64(view.values(), start..end, &mut chunk.as_mut_slice()[offsets[m]..], width);
            }
            if !spaces.complete() {
                energy += weigh(spaces, &offsets, start..end, incomplete, &mut chunk);
            }
            let filled = chunk.view().subrows(0, end - start);
            linalg::add_gram_lower(gram.view_mut(), filled, Threads::Pool);
        }
        linalg::mirror_lower(&mut gram);
        if spaces.complete() {
            energy = (0..width).map(|i| gram.at(i, i)).sum();
        }
        let shared = views.iter().flat_map(|a| views.iter().map(|b| common_rows(a, b, rows))).collect();
        Ok(Self { shared, energy, names: spaces.names().map(str::to_string).collect(), preps, offsets, gram })
    }

    /// Items that two views share; those that one has for i = j.
    pub fn rows(&self, i: usize, j: usize) -> usize {
        self.shared[i * self.views() + j]
    }

    /// Every two views must share an item to be aligned by it.
    ///
    /// # Errors
    /// [`AlignError::NoCommonRows`].
    pub(crate) fn check_every_pair(&self, method: &'static str) -> Result<(), AlignError> {
        let mut pairs = (1..self.views()).flat_map(|b| (0..b).map(move |a| (a, b)));
        self.refuse(method, pairs.find(|&(a, b)| self.rows(a, b) == 0))
    }

    /// Every view must share an item with some other.
    ///
    /// # Errors
    /// [`AlignError::NoCommonRows`].
    pub(crate) fn check_every_view(&self, method: &'static str) -> Result<(), AlignError> {
        let alone = |a: &usize| (0..self.views()).all(|b| b == *a || self.rows(*a, b) == 0);
        self.refuse(method, (0..self.views()).find(alone).map(|a| (a, usize::from(a == 0))))
    }

    fn refuse(&self, method: &'static str, pair: Option<(usize, usize)>) -> Result<(), AlignError> {
        let Some((a, b)) = pair else { return Ok(()) };
        Err(AlignError::NoCommonRows { method, a: self.names[a].clone(), b: self.names[b].clone() })
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

    /// The widest view's width D: that of GPA's universe.
    pub fn widest(&self) -> usize {
        self.preps.iter().map(ZScore::width).max().unwrap_or(0)
    }

    /// Where view m starts among the P stacked columns.
    pub fn offset(&self, m: usize) -> usize {
        self.offsets[m]
    }

    /// The whole Gram matrix, P × P.
    pub fn gram(&self) -> MatRef<'_, f64> {
        self.gram.view()
    }

    /// `Z_iᵀ Z_j`, d_i × d_j.
    pub fn block(&self, i: usize, j: usize) -> MatRef<'_, f64> {
        self.gram.view().submatrix(self.offsets[i], self.offsets[j], self.width(i), self.width(j))
    }

    /// `Σ_m |Z_m|²_F` over the rows that there are.
    pub fn energy(&self) -> f64 {
        self.energy
    }
}

/// Zeros the missing rows of a standardised chunk and weighs the others; returns their sum of squares before.
fn weigh(
    spaces: &Spaces,
    offsets: &[usize],
    rows: std::ops::Range<usize>,
    incomplete: Incomplete,
    chunk: &mut Matrix<f64>,
) -> f64 {
    let mut energy = 0.0;
    for (at, row) in rows.enumerate() {
        let present = spaces.views_of(row).max(1);
        let weight = match incomplete {
            Incomplete::PairwiseComplete => 1.0,
            Incomplete::MeanOfPresent => (spaces.len() as f64 / present as f64).sqrt(),
        };
        for (m, view) in spaces.iter().enumerate() {
            for z in &mut chunk.row_mut(at)[offsets[m]..offsets[m + 1]] {
                if view.has(row) {
                    energy += *z * *z;
                    *z *= weight;
                } else {
                    *z = 0.0;
                }
            }
        }
    }
    energy
}

fn common_rows(a: &Space, b: &Space, rows: usize) -> usize {
    (0..rows).filter(|&row| a.has(row) && b.has(row)).count()
}
