//! Moments with weights of rows or views.
//!
//! With a weight w_mi for view m's row of item i, `W_i = Σ_m w_mi` and an item's consensus `c_i = Σ_m w_mi u_mi / W_i`,
//!
//! ```text
//! Σ_mi w_mi |u_mi − c_i|² = Σ_mi w_mi |u_mi|² − Σ_i |Σ_m w_mi u_mi|²/W_i
//! ```
//!
//! so that a solver that lowers `energy − tr(Rᵀ G R)/M` lowers this sum, given the energy `Σ w_mi |z_mi|²` and the blocks
//! `G_jk = M Σ_i w_ji w_ki/W_i z_jiᵀ z_ki`. Weight 1 for every item of a view is [`Incomplete::MeanOfPresent`].
//!
//! [`Incomplete::MeanOfPresent`]: super::Incomplete::MeanOfPresent

use super::Moments;
use crate::numerics::linalg::{self, Accum, Threads};
use crate::numerics::parallel::prelude::*;
use crate::{Matrix, Views};

/// Rows that are standardised and multiplied at a time.
const CHUNK: usize = 512;

impl Moments {
    /// The moments of the same rows with the same standardisation and the weights `w_mi` of an N × M matrix; zero if a
    /// view misses an item. N·P² multiply-adds, half of which the symmetry saves.
    pub(crate) fn weighted(&self, rows: &Views, weights: &Matrix<f64>) -> Self {
        let (views, width) = (self.views(), self.gram.cols());
        let mut gram = Matrix::<f64>::zeros(width, width);
        let mut energies = vec![0.0; views];
        let mut buffer = Matrix::<f64>::zeros(CHUNK.min(rows.rows()), width);
        for start in (0..rows.rows()).step_by(CHUNK) {
            let range = start..(start + CHUNK).min(rows.rows());
            for (m, view) in rows.iter().enumerate() {
                let out = &mut buffer.as_mut_slice()[self.offsets[m]..];
                self.preps[m].apply_f64(view.values(), range.clone(), out, width);
            }
            let filled = &mut buffer.as_mut_slice()[..range.len() * width];
            let squares: Vec<Vec<f64>> = filled
                .par_chunks_mut(width)
                .zip(range.clone())
                .map(|(row, item)| self.weigh(row, weights.row(item)))
                .collect();
            for item in squares {
                energies.iter_mut().zip(item).for_each(|(energy, square)| *energy += square);
            }
            let z = buffer.view().subrows(0, range.len());
            linalg::gram_lower(gram.view_mut(), Accum::Add, z, Threads::Pool);
        }
        linalg::mirror_lower(&mut gram);
        Self { gram, energy: energies.iter().sum(), energies, ..self.clone() }
    }

    /// Multiplies one item's rows, side by side, by `w √(M/W)`; returns `w |z|²` of every view.
    fn weigh(&self, row: &mut [f64], weights: &[f64]) -> Vec<f64> {
        let total: f64 = weights.iter().sum();
        let share = if total > 0.0 { (weights.len() as f64 / total).sqrt() } else { 0.0 };
        let weigh = |(m, &weight): (usize, &f64)| {
            let z = &mut row[self.offsets[m]..self.offsets[m + 1]];
            let square: f64 = z.iter().map(|z| z * z).sum();
            z.iter_mut().for_each(|z| *z *= weight * share);
            weight * square
        };
        weights.iter().enumerate().map(weigh).collect()
    }

    /// The moments of complete rows with weight w_m for view m: blocks `M w_j w_k/Σw G_jk`.
    pub(crate) fn with_view_weights(&self, weights: &[f64]) -> Self {
        let share = (weights.len() as f64 / weights.iter().sum::<f64>()).sqrt();
        let factors: Vec<f64> = weights.iter().map(|weight| weight * share).collect();
        self.scaled(&factors, weights)
    }

    /// The moments of the views `s_m Z_m`: blocks `s_j s_k G_jk`.
    pub(crate) fn with_scales(&self, scales: &[f64]) -> Self {
        let squares: Vec<f64> = scales.iter().map(|scale| scale * scale).collect();
        self.scaled(scales, &squares)
    }

    /// Multiplies the views by `factors` and their energies by `of_energy`.
    fn scaled(&self, factors: &[f64], of_energy: &[f64]) -> Self {
        let mut out = self.clone();
        let columns: Vec<f64> = (0..self.views()).flat_map(|m| vec![factors[m]; self.width(m)]).collect();
        out.gram.as_mut_slice().par_chunks_mut(columns.len()).zip(&columns).for_each(|(row, factor)| {
            row.iter_mut().zip(&columns).for_each(|(entry, other)| *entry *= factor * other);
        });
        out.energies.iter_mut().zip(of_energy).for_each(|(energy, factor)| *energy *= factor);
        out.energy = out.energies.iter().sum();
        out
    }

    /// `Σ_i w_mi |z_mi|²` of every view.
    pub(crate) fn energies(&self) -> &[f64] {
        &self.energies
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moments::Incomplete;
    use crate::prep::{ConstantColumns, Standardisation};
    use crate::views::synthetic::Synthetic;

    fn moments(rows: &Views) -> Moments {
        let standardisation = Standardisation::Population(ConstantColumns::Clamp);
        Moments::fit(rows, Incomplete::MeanOfPresent, standardisation).expect("moments")
    }

    fn gap(one: &Moments, other: &Moments) -> f64 {
        let entries = one.gram.as_slice().iter().zip(other.gram.as_slice());
        entries.map(|(a, b)| (a - b).abs()).fold((one.energy - other.energy).abs(), f64::max)
    }

    #[test]
    fn a_row_counts_once_where_it_is_there_and_views_by_their_weights() {
        let recipe = Synthetic { widths: vec![7, 5, 6], fit_rows: 700, ..Synthetic::default() };
        let rows = recipe.generate(2).expect("synthetic").train.views;
        let missing: Vec<bool> = (0..700).map(|row| row % 4 == 1).collect();
        for rows in [rows.clone(), rows.with_missing(1, &missing).expect("a row of every view")] {
            let present = Matrix::from_fn(700, 3, |i, m| f64::from(u8::from(rows.nth(m).has(i))));
            let plain = moments(&rows);
            assert!(gap(&plain.weighted(&rows, &present), &plain) < 1e-8);
        }
        let plain = moments(&rows);
        let weights = [2.0, 1.0, 0.25];
        let by_rows = plain.weighted(&rows, &Matrix::from_fn(700, 3, |_, m| weights[m]));
        assert!(gap(&by_rows, &plain.with_view_weights(&weights)) < 1e-8);
        let scaled = plain.with_scales(&[1.0, 3.0, 1.0]);
        assert!((scaled.block(0, 1)[(2, 3)] - 3.0 * plain.block(0, 1)[(2, 3)]).abs() < 1e-9);
        assert!((scaled.energy() - plain.energy() - 8.0 * plain.energies()[1]).abs() < 1e-8);
    }

    #[test]
    fn energy_less_the_form_of_the_blocks_is_the_weighted_sum_of_squares() {
        let recipe = Synthetic { widths: vec![6; 3], fit_rows: 90, ..Synthetic::default() };
        let rows = recipe.generate(4).expect("synthetic").train.views;
        let plain = moments(&rows);
        let weights = Matrix::from_fn(90, 3, |i, m| 0.1 + ((i * 3 + m) % 7) as f64);
        let weighted = plain.weighted(&rows, &weights);
        // Identity maps: the rows themselves.
        let z: Vec<Matrix> =
            rows.iter().zip(plain.preps()).map(|(view, prep)| prep.standardised(view.values())).collect();
        let mut want = 0.0;
        for i in 0..90 {
            for j in 0..6 {
                let values: Vec<(f64, f64)> =
                    z.iter().enumerate().map(|(m, z)| (weights.at(i, m), f64::from(z.at(i, j)))).collect();
                let total: f64 = values.iter().map(|(w, _)| w).sum();
                let mean = values.iter().map(|(w, x)| w * x).sum::<f64>() / total;
                want += values.iter().map(|(w, x)| w * (x - mean).powi(2)).sum::<f64>();
            }
        }
        let form: f64 = (0..6)
            .flat_map(|j| (0..9).map(move |ab| (j, ab / 3, ab % 3)))
            .map(|(j, a, b)| weighted.block(a, b)[(j, j)])
            .sum();
        let got = weighted.energy() - form / 3.0;
        assert!((got / want - 1.0).abs() < 1e-6, "{got} for {want}");
    }
}
