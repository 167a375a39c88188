//! Whitening of wide views, for which eigendecompositions and products are slow.
//!
//! Any whitener serves the whitened form: with `Z_mᵀ Z_m + κ n I = L_m L_mᵀ` it is `L_m^(−ᵀ)`, which differs from
//! `V_m (Λ + κ n)^(−1/2)` by a rotation of the whitened columns. The coupling has the same eigenvalues, and its vectors
//! give the same maps. A Cholesky factor costs a tenth of an eigendecomposition.

use super::spectrum::{Spectrum, kept_above, scale_to_all_rows};
use crate::Matrix;
use crate::moments::Moments;
use crate::numerics::linalg::{self, Factor, Threads};

/// Cholesky factors of views that keep every direction whatever the rule is.
pub(super) struct Factored<'a> {
    moments: &'a Moments,
    factors: Vec<Factor>,
    ridge: f64,
}

impl<'a> Factored<'a> {
    /// `None` unless every view is certain to have full rank: then the rules need its spectrum.
    pub(super) fn of(moments: &'a Moments, ridge: f64) -> Option<Self> {
        let factors = (0..moments.views()).map(|m| {
            let d = moments.width(m);
            if moments.rows(m, m) <= d {
                return None;
            }
            let factor = linalg::cholesky(moments.block(m, m))?;
            // `Σ 1/λ` is at least the largest 1/λ.
            let inverse = linalg::lower_inverse(&factor);
            let column = |j: usize| (j..d).map(|i| inverse[(i, j)].powi(2)).sum::<f64>();
            let least = 1.0 / (0..d).map(column).sum::<f64>();
            if least.is_nan() || least <= kept_above(moments, m) {
                return None;
            }
            if ridge == 0.0 {
                return Some(factor);
            }
            let mut shifted = moments.block(m, m).to_matrix();
            (0..d).for_each(|i| shifted.row_mut(i)[i] += ridge * moments.weight(m));
            linalg::cholesky(shifted.view())
        });
        Some(Self { moments, factors: factors.collect::<Option<_>>()?, ridge })
    }

    /// Number of directions of each view.
    pub(super) fn ranks(&self) -> Vec<usize> {
        self.factors.iter().map(Factor::rows).collect()
    }

    /// The whiteners `L^(−ᵀ)`.
    pub(super) fn whiteners(&self) -> Vec<Matrix<f64>> {
        self.factors.iter().map(|factor| linalg::lower_inverse(factor).transpose().to_matrix()).collect()
    }

    /// The coupling of all views (lower triangle).
    pub(super) fn coupling(&self) -> Matrix<f64> {
        let Self { moments, factors, ridge } = self;
        let diagonal = |m: usize| (*ridge == 0.0).then(|| vec![1.0; factors[m].rows()]);
        assembled(&self.ranks(), diagonal, |i, j| {
            // The systems are solved column by column, so each matrix is stored as the transpose of what it holds.
            let mut half = moments.block(j, i).to_matrix();
            linalg::solve_lower(&factors[i], half.view_mut().transpose());
            let mut block = half.transposed();
            linalg::solve_lower(&factors[j], block.view_mut().transpose());
            scale_to_all_rows(moments, i, j, &mut block);
            block
        })
    }
}

/// The coupling for whiteners from spectra (lower triangle).
pub(super) fn coupling(moments: &Moments, spectra: &[Spectrum], whiteners: &[Matrix<f64>], ridge: f64) -> Matrix<f64> {
    let diagonal = |m: usize| Some(spectra[m].whitened_variances(ridge));
    assembled(&Spectrum::ranks(spectra), diagonal, |i, j| {
        let half = linalg::product(moments.block(i, j), whiteners[j].view(), Threads::Pool);
        let mut block = linalg::product(whiteners[i].view().transpose(), half.view(), Threads::Pool);
        scale_to_all_rows(moments, i, j, &mut block);
        block
    })
}

/// The lower triangle of a matrix of blocks. A block on the diagonal can be given by its diagonal.
fn assembled(
    sizes: &[usize],
    diagonal: impl Fn(usize) -> Option<Vec<f64>>,
    block: impl Fn(usize, usize) -> Matrix<f64>,
) -> Matrix<f64> {
    let size = sizes.iter().sum();
    let mut out = Matrix::zeros(size, size);
    let mut top = 0;
    for (i, &rows) in sizes.iter().enumerate() {
        let mut left = 0;
        for (j, &columns) in sizes[..=i].iter().enumerate() {
            match diagonal(i).filter(|_| i == j) {
                Some(diagonal) => (0..rows).for_each(|r| out.row_mut(top + r)[left + r] = diagonal[r]),
                None => {
                    let block = block(i, j);
                    (0..rows).for_each(|r| out.row_mut(top + r)[left..left + columns].copy_from_slice(block.row(r)));
                }
            }
            left += columns;
        }
        top += rows;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::canonical::spectrum::{Keep, whitened_block};
    use crate::moments::Incomplete;
    use crate::prep::{ConstantColumns, Standardisation};
    use crate::views::synthetic::Synthetic;

    fn moments(widths: &[usize], fit_rows: usize, missing: bool) -> Moments {
        let recipe = Synthetic { widths: widths.to_vec(), fit_rows, test_rows: 1, ..Synthetic::default() };
        let mut views = recipe.generate(5).expect("valid").train.views;
        if missing {
            let missing: Vec<bool> = (0..fit_rows).map(|row| row % 5 == 0).collect();
            views = views.with_missing(1, &missing).expect("valid");
        }
        let standardisation = Standardisation::Population(ConstantColumns::default());
        Moments::fit(&views, Incomplete::PairwiseComplete, standardisation).expect("valid")
    }

    /// `W Φ` of all views for the `rank` leading eigenvectors, each column with its largest entry positive, and the
    /// eigenvalues.
    fn maps(coupling: &Matrix<f64>, whiteners: &[Matrix<f64>], rank: usize) -> (Vec<f64>, Matrix<f64>) {
        let (values, vectors) = linalg::symmetric_eigen(coupling.view(), &String::new).expect("converges");
        let n = values.len();
        let (mut stacked, mut offset) = (Vec::new(), 0);
        for whitener in whiteners {
            let phi = Matrix::from_fn(whitener.cols(), rank, |i, j| vectors[(offset + i, n - 1 - j)]);
            stacked.extend(linalg::product(whitener.view(), phi.view(), Threads::One).into_vec());
            offset += whitener.cols();
        }
        let stacked = Matrix::from_vec(stacked.len() / rank, rank, stacked);
        let sign = |j: usize| linalg::sign_of_largest(stacked.rows(), |i| stacked.at(i, j));
        let maps = Matrix::from_fn(stacked.rows(), rank, |i, j| sign(j) * stacked.at(i, j));
        (values.into_iter().rev().take(rank).collect(), maps)
    }

    #[test]
    fn factors_and_spectra_give_the_same_maps() {
        for (missing, ridge) in [(false, 0.0), (false, 0.2), (true, 0.0), (true, 0.2)] {
            let moments = moments(&[14, 9, 12], 160, missing);
            let spectra = Spectrum::of_all(&moments, Keep::AboveRounding).expect("converges");
            let whiteners: Vec<Matrix<f64>> = spectra.iter().map(|spectrum| spectrum.whitener(ridge)).collect();
            let factored = Factored::of(&moments, ridge).expect("full rank");
            assert_eq!(factored.ranks(), Spectrum::ranks(&spectra));
            let (values, want) = maps(&coupling(&moments, &spectra, &whiteners, ridge), &whiteners, 6);
            let (others, got) = maps(&factored.coupling(), &factored.whiteners(), 6);
            assert!(values.iter().zip(&others).all(|(a, b)| (a - b).abs() < 1e-10), "{values:?} {others:?}");
            let largest = want.as_slice().iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
            let off = want.as_slice().iter().zip(got.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
            assert!(off < 1e-8 * largest, "missing {missing}, ridge {ridge}: {off:e} of {largest:e}");
        }
    }

    #[test]
    fn the_known_blocks_of_a_coupling_are_those_that_products_give() {
        for ridge in [0.0, 0.2] {
            let moments = moments(&[14, 9, 12], 160, true);
            let spectra = Spectrum::of_all(&moments, Keep::Resolved).expect("converges");
            let whiteners: Vec<Matrix<f64>> = spectra.iter().map(|spectrum| spectrum.whitener(ridge)).collect();
            let coupling = coupling(&moments, &spectra, &whiteners, ridge);
            let mut top = 0;
            for i in 0..3 {
                let mut left = 0;
                for j in 0..=i {
                    let want = whitened_block(&moments, &whiteners, i, j);
                    let entry = |r: usize, c: usize| (coupling.at(top + r, left + c) - want.at(r, c)).abs();
                    assert!((0..want.rows()).all(|r| (0..want.cols()).all(|c| entry(r, c) < 1e-10)), "{i} {j}");
                    left += want.cols();
                }
                top += whiteners[i].cols();
            }
        }
    }

    #[test]
    fn views_without_full_rank_need_their_spectra() {
        assert!(Factored::of(&moments(&[14, 9, 12], 13, false), 0.0).is_none());
        assert!(Factored::of(&moments(&[14, 9, 12], 13, false), 0.5).is_none());
        assert!(Factored::of(&moments(&[14, 9, 12], 40, false), 0.5).is_some());
    }
}
