//! Test whether row i is the same item in two views: a permutation test before any fit.

use std::fmt;

use align::Views;
use align::parallel::prelude::*;

use super::kinds::cka::centred_gram;
use super::pairs::Pairs;
use super::{FEWEST, at_most};

/// Maximal number of rows in the test.
const MOST: usize = 500;
/// Number of standard deviations above chance from which the rows count as corresponding.
const LEAST_Z: f64 = 3.0;

/// Result of the test for two views.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Correspondence {
    /// A view.
    pub first: String,
    /// Another view.
    pub second: String,
    /// Their debiased linear CKA, from −1 to 1; 0 in the mean for unrelated views.
    pub cka: f64,
    /// Number of standard deviations by which the CKA exceeds its mean over all orders of the second view's rows:
    /// `CKA·√(n(n − 3)/2)` for n rows.
    pub z: f64,
    /// Number of rows compared.
    pub rows: usize,
}

impl Correspondence {
    /// Whether the rows agree more than rows in a random order: z is at least 3.
    pub fn holds(&self) -> bool {
        self.z >= LEAST_Z
    }
}

/// The result of the test as a sentence.
impl fmt::Display for Correspondence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second, cka, z, rows, .. } = self;
        let does = if self.holds() { "correspond" } else { "do not correspond" };
        write!(
            f,
            "rows of `{first}` {does} to those of `{second}` (z = {z:.1}, debiased CKA {cka:.3}, {rows} rows compared)"
        )
    }
}

/// Tests every pair of views for rows that correspond.
///
/// The statistic is the debiased linear CKA of at most 500 rows that both views have; it does not depend on the views' widths,
/// units or rotation. Over all n! orders of one view's rows its mean is 0 and its variance 2/(n(n − 3)), whatever the data,
/// because U-centred Gram matrices have an empty diagonal and rows that sum to 0 (Mantel's moments; Székely and Rizzo, Journal
/// of Multivariate Analysis 117 (2013)), so no order has to be drawn. Pairs with fewer than four common rows, or with a view
/// that does not vary on them, cannot be tested and are left out. A shift of the rows by one is found; a few exchanged rows
/// are not. Of two unrelated views with a single direction each, 2% reach z = 3 by chance; of wider ones fewer.
///
/// Cost: M products of 500 × 500 × d and M²/2 passes over 125,000 numbers. The same rows every time.
pub fn correspondence(views: &Views) -> Vec<Correspondence> {
    let common: Vec<usize> = (0..views.rows()).filter(|&row| views.views_of(row) == views.len()).collect();
    let pairs: Vec<(usize, usize)> = (0..views.len()).flat_map(|a| (a + 1..views.len()).map(move |b| (a, b))).collect();
    if common.len() >= FEWEST.max(MOST.min(views.rows() / 2)) {
        let rows = sample(common);
        let gram = |m: usize| centred_gram(&views.at(m).select_rows(&rows));
        let grams: Vec<Pairs> = (0..views.len()).into_par_iter().map(gram).collect();
        let of_pair = |&(a, b): &(usize, usize)| test(views, (a, b), (&grams[a], &grams[b]), rows.len());
        return pairs.par_iter().filter_map(of_pair).collect();
    }
    // Few items are common to all views: each pair is tested on its own.
    let of_pair = |&(a, b): &(usize, usize)| {
        let both = |row: &usize| views.nth(a).has(*row) && views.nth(b).has(*row);
        let rows = sample((0..views.rows()).filter(both).collect());
        if rows.len() < FEWEST {
            return None;
        }
        let [x, y] = [a, b].map(|m| centred_gram(&views.at(m).select_rows(&rows)));
        test(views, (a, b), (&x, &y), rows.len())
    };
    pairs.par_iter().filter_map(of_pair).collect()
}

/// At most [`MOST`] of these rows.
fn sample(rows: Vec<usize>) -> Vec<usize> {
    at_most(MOST, rows.len(), 0).into_iter().map(|at| rows[at]).collect()
}

fn test(views: &Views, (a, b): (usize, usize), (x, y): (&Pairs, &Pairs), rows: usize) -> Option<Correspondence> {
    let cka = x.cross(y, None);
    let n = rows as f64;
    let z = cka * (n * (n - 3.0) / 2.0).sqrt();
    let name = |m: usize| views.nth(m).name().to_string();
    z.is_finite().then(|| Correspondence { first: name(a), second: name(b), cka, z, rows })
}

#[cfg(test)]
mod tests {
    use super::*;
    use align::rng::{permutation, stream};
    use align::synthetic::Synthetic;

    fn three() -> Views {
        let recipe = Synthetic { widths: vec![12, 20, 16], fit_rows: 700, test_rows: 1, ..Synthetic::default() };
        recipe.generate(4).expect("valid").train.views
    }

    #[test]
    fn rows_of_the_same_items_correspond_whatever_the_unit() {
        let views = three();
        let views = views.with_values(1, views.at(1).map(|x| x * 1e-9)).expect("finite");
        let found = correspondence(&views);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|pair| pair.holds() && pair.z > 20.0 && pair.rows == 500), "{found:?}");
    }

    #[test]
    fn a_file_in_another_order_corresponds_to_none() {
        let views = three();
        let n = views.rows();
        for map in [(0..n).map(|i| (i + 1) % n).collect::<Vec<_>>(), (0..n).rev().collect()] {
            let found = correspondence(&views.with_row_map(2, &map).expect("a permutation"));
            let holds: Vec<bool> = found.iter().map(Correspondence::holds).collect();
            assert_eq!(holds, [true, false, false], "{found:?}");
        }
    }

    #[test]
    fn unrelated_views_are_seldom_taken_for_matched() {
        let column = |seed: u64, n: usize| {
            let recipe = Synthetic { widths: vec![6; 2], fit_rows: n, test_rows: 1, ..Synthetic::default() };
            recipe.generate(seed).expect("valid").train.views.at(0).clone()
        };
        let held = |seed: u64| {
            let views = [("a", column(2 * seed, 60)), ("b", column(2 * seed + 1, 60))];
            let views = Views::new(views.map(|(name, x)| (name.to_string(), x))).expect("valid");
            correspondence(&views)[0].holds()
        };
        assert!((0..200).filter(|&seed| held(seed)).count() <= 4);
    }

    #[test]
    fn chance_has_the_mean_and_the_spread_that_z_is_of() {
        let views = three();
        let rows: Vec<usize> = (0..40).collect();
        let [x, y] = [0, 1].map(|m| centred_gram(&views.at(m).select_rows(&rows)));
        let order = |seed: u64| permutation(40, &mut stream(seed, crate::noise::PERMUTED_ROWS, None));
        let drawn: Vec<f64> = (0..4000).map(|seed| x.cross(&y, Some(&order(seed)))).collect();
        let mean = drawn.iter().sum::<f64>() / 4000.0;
        let spread = (drawn.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4000.0).sqrt();
        let want = (2.0f64 / (40.0 * 37.0)).sqrt();
        assert!(mean.abs() < 0.05 * want && (spread / want - 1.0).abs() < 0.05, "{mean} ± {spread} for ± {want}");
    }

    #[test]
    fn missing_rows_take_no_part_and_dead_views_cannot_be_tested() {
        let views = three();
        let n = views.rows();
        // No item is in all three views.
        let third = |k: usize| (0..n).map(|row| row % 3 == k).collect::<Vec<_>>();
        let views = (0..3).fold(views, |views, k| views.with_missing(k, &third(k)).expect("one entry a row"));
        let found = correspondence(&views);
        assert!(
            found.len() == 3 && found.iter().all(|pair| pair.holds() && pair.rows.abs_diff(n / 3) <= 1),
            "{found:?}"
        );
        let dead = three();
        let dead = dead.with_values(0, dead.at(0).map(|_| 0.1)).expect("finite");
        let found = correspondence(&dead);
        assert_eq!(found.iter().map(|pair| pair.first.as_str()).collect::<Vec<_>>(), ["v1"]);
    }
}
