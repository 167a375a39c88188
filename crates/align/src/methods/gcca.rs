//! GCCA: generalised canonical correlation analysis (MAXVAR), as released.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::fitted::ViewMap;
use crate::krylov;
use crate::linalg::{self, Threads};
use crate::method::{at_least_two_views, ensure};
use crate::moments::{Incomplete, Moments};
use crate::prep::{ConstantColumns, Standardisation};
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Spaces, Universe};

/// Parameters of `gcca`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GccaParams {
    /// Universe width R; the default, and the most that is possible, is the narrowest view's width.
    pub rank: Option<usize>,
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

impl GccaParams {
    pub(crate) fn validate(&self) -> Result<(), AlignError> {
        let rank = self.rank.unwrap_or(1);
        ensure(rank >= 1, "gcca", "rank", rank, "at least 1")
    }
}

/// One view's left singular basis in terms of its columns: `Z = U S Vᵀ`.
struct Basis {
    /// Right singular vectors V, d × r, the dropped ones left out.
    v: Matrix<f64>,
    /// V S⁻¹, so that `Z (V S⁻¹) = U`.
    whitener: Matrix<f64>,
}

/// Top R eigenvectors Φ of `Aᵀ A`, A = [U_1 … U_M] the left singular bases of the standardised views;
/// maps `Q_m = V_m Φ_m` (d_m × R).
///
/// Equivalently the R smallest eigenvalues of `S = M I − Aᵀ A`, each in [0, M]; small means shared by all
/// views. The objective reported is their sum. Universe: width R, by default the narrowest view's width,
/// whereas GPA's is the widest's.
///
/// The released form: there is no S_m⁻¹ in `Q_m`, so a direction counts by its singular value, and
/// going back is by `Q_mᵀ`, not a pseudo-inverse: only directions are meaningful. Departs: from the moments
/// in `f64`; singular values below σ_max·max(N, d)·ε_f32 are dropped; signs are fixed by each
/// eigenvector's largest entry. Where views miss items, the block of views i and j is summed over the n_ij
/// items that both have and multiplied by √(n_i n_j)/n_ij. Cost: M eigendecompositions of d_m, one of Σ d_m.
///
/// Source: arXiv 2602.06205; the RACING variant of the authors' implementation.
pub(crate) fn fit(params: &GccaParams, train: &Spaces) -> Result<Fit, AlignError> {
    at_least_two_views("gcca", train)?;
    let standardisation = Standardisation::Population(params.constant_columns);
    from_moments(params, &Moments::fit(train, Incomplete::PairwiseComplete, standardisation)?)
}

/// GCCA from moments alone, [`Incomplete::PairwiseComplete`] ones where views miss items.
pub(crate) fn from_moments(params: &GccaParams, moments: &Moments) -> Result<Fit, AlignError> {
    moments.check_every_pair("gcca")?;
    let views = moments.views();
    let bases: Result<Vec<Basis>, AlignError> = (0..views).into_par_iter().map(|m| basis(moments, m)).collect();
    let bases = bases?;
    let narrowest = (0..views).map(|m| moments.width(m)).min().unwrap_or(0);
    let kept: usize = bases.iter().map(|b| b.v.cols()).sum();
    let fewest = (0..views).map(|m| moments.rows(m, m)).min().unwrap_or(0);
    let rank = params.rank.unwrap_or(usize::MAX).min(narrowest).min(fewest).min(kept);

    let coupling = coupling(moments, &bases);
    let (values, vectors) = krylov::leading_eigen(&coupling, rank, &|| "the coupling of all views".into())?;
    let objective: f64 = values.iter().map(|value| views as f64 - value).sum();

    let mut offset = 0;
    let mut maps = Vec::with_capacity(views);
    let signs: Vec<f64> = (0..rank).map(|j| linalg::sign_of_largest(kept, |i| vectors.at(i, j))).collect();
    for (m, basis) in bases.iter().enumerate() {
        let r = basis.v.cols();
        // Descending eigenvalues: the most shared direction is the first universe coordinate.
        let phi = Matrix::from_fn(r, rank, |i, j| signs[j] * vectors.at(offset + i, j));
        let map = linalg::product(basis.v.view(), phi.view(), Threads::Pool);
        let (name, prep) = (moments.names()[m].clone(), moments.preps()[m].clone());
        maps.push(ViewMap::new(name, prep, map.map(|&x| x as f32)));
        offset += r;
    }
    let parameters = maps.iter().map(|v| v.map.rows() * v.map.cols()).sum();
    let report = FitReport::closed_form(views, parameters, Some(objective));
    Ok(Fit { fitted: Fitted::Universe(Universe::new(maps)), report })
}

/// V and S of one view from the eigendecomposition of its Gram block `Z_mᵀ Z_m = V S² Vᵀ`.
fn basis(moments: &Moments, m: usize) -> Result<Basis, AlignError> {
    let d = moments.width(m);
    let (values, vectors) = linalg::symmetric_eigen(moments.block(m, m), &|| format!("view `{}`", moments.names()[m]))?;
    let sigma = |value: f64| value.max(0.0).sqrt();
    let cut = sigma(values[d - 1]) * moments.rows(m, m).max(d) as f64 * f64::from(f32::EPSILON);
    // At most N directions exist; the rest of the spectrum is rounding.
    let kept: Vec<usize> = (d.saturating_sub(moments.rows(m, m))..d).filter(|&j| sigma(values[j]) > cut).collect();
    let v = Matrix::from_fn(d, kept.len(), |i, j| vectors[(i, kept[j])]);
    let whitener = Matrix::from_fn(d, kept.len(), |i, j| vectors[(i, kept[j])] / sigma(values[kept[j]]));
    Ok(Basis { v, whitener })
}

/// `Aᵀ A` (Σr × Σr, lower triangle): block (i, j) is `W_iᵀ Z_iᵀ Z_j W_j` with the whiteners W, times
/// √(n_i n_j)/n_ij, which is 1 where no row is missing.
fn coupling(moments: &Moments, bases: &[Basis]) -> Matrix<f64> {
    let mut offsets = vec![0];
    for basis in bases {
        offsets.push(offsets[offsets.len() - 1] + basis.v.cols());
    }
    let size = offsets[bases.len()];
    let pairs: Vec<(usize, usize)> = (0..bases.len()).flat_map(|i| (0..=i).map(move |j| (i, j))).collect();
    let blocks: Vec<Matrix<f64>> = pairs
        .par_iter()
        .map(|&(i, j)| {
            let half = linalg::product(moments.block(i, j), bases[j].whitener.view(), Threads::One);
            let mut block = linalg::product(bases[i].whitener.view().transpose(), half.view(), Threads::One);
            let (n_i, n_j, n_ij) = (moments.rows(i, i), moments.rows(j, j), moments.rows(i, j));
            if n_ij < n_i.max(n_j) {
                let scale = (n_i as f64 * n_j as f64).sqrt() / n_ij as f64;
                block.as_mut_slice().iter_mut().for_each(|x| *x *= scale);
            }
            block
        })
        .collect();
    let mut coupling = Matrix::zeros(size, size);
    for (&(i, j), block) in pairs.iter().zip(&blocks) {
        for r in 0..block.rows() {
            coupling.row_mut(offsets[i] + r)[offsets[j]..offsets[j + 1]].copy_from_slice(block.row(r));
        }
    }
    coupling
}
