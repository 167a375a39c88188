//! Second moments of standardised views: everything that pairwise Procrustes, GPA and GCCA need.
//!
//! With Z = [Z_1 … Z_M] the N × P matrix of all standardised views side by side (P = Σ d_m), the moments
//! are its Gram matrix G = Zᵀ Z; block `G_ij = Z_iᵀ Z_j` (d_i × d_j) is the cross-covariance of two
//! views up to the factor N. They are a sum over rows, so they can be built chunk by chunk and the cost
//! of a fit from them does not depend on N.

use rayon::prelude::*;

use crate::linalg::{self, MatRef, Threads};
use crate::prep::ZScore;
use crate::{Matrix, Spaces};

/// Rows standardised and multiplied at a time: 512 rows of ten 256-d views are 10 MB in `f64`.
const CHUNK: usize = 512;

/// The Gram matrix of standardised views and the standardisation it was built with.
#[derive(Clone, Debug)]
pub struct Moments {
    rows: usize,
    names: Vec<String>,
    preps: Vec<ZScore>,
    offsets: Vec<usize>,
    gram: Matrix<f64>,
}

impl Moments {
    /// Standardises every view with `prep` and sums the Gram matrix in `f64`. N·P² multiply-adds, half of
    /// which the symmetry saves; memory 8·P² bytes and one chunk.
    pub fn fit(spaces: &Spaces, prep: impl Fn(&Matrix) -> ZScore + Sync) -> Self {
        let views: Vec<&Matrix> = (0..spaces.len()).map(|m| spaces.at(m)).collect();
        let preps: Vec<ZScore> = views.par_iter().map(|x| prep(x)).collect();
        let mut offsets = vec![0];
        for x in &views {
            offsets.push(offsets[offsets.len() - 1] + x.cols());
        }
        let (rows, width) = (spaces.rows(), offsets[views.len()]);
        let mut gram = Matrix::zeros(width, width);
        let mut chunk = Matrix::<f64>::zeros(CHUNK.min(rows), width);
        for start in (0..rows).step_by(CHUNK) {
            let end = (start + CHUNK).min(rows);
            for (m, x) in views.iter().enumerate() {
                preps[m].apply_f64(x, start..end, &mut chunk.as_mut_slice()[offsets[m]..], width);
            }
            let filled = chunk.view().subrows(0, end - start);
            linalg::add_gram_lower(gram.view_mut(), filled, Threads::Pool);
        }
        mirror_lower(&mut gram);
        Self { rows, names: spaces.names().map(str::to_string).collect(), preps, offsets, gram }
    }

    /// Items N summed over.
    pub fn rows(&self) -> usize {
        self.rows
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

    /// `Σ_m |Z_m|²_F`, the trace of the Gram matrix.
    pub fn energy(&self) -> f64 {
        (0..self.gram.rows()).map(|i| self.gram.at(i, i)).sum()
    }
}

/// Copies the lower triangle to the upper one.
fn mirror_lower(a: &mut Matrix<f64>) {
    let n = a.rows();
    for i in 0..n {
        for j in 0..i {
            let value = a.at(i, j);
            a.row_mut(j)[i] = value;
        }
    }
}
