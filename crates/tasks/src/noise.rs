//! Noise on training rows. Test rows are never touched.

use align::Spaces;
use align::rng::{self, Purpose};
use serde::{Deserialize, Serialize};

use crate::TaskError;

/// What is done to the training rows before a fit. Draws are keyed by the noise's own seed and the view's
/// position, never by the method, so every method sees the same noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noise {
    /// Nothing.
    None(NoNoise),
    /// Wrong correspondences in some views.
    Permute(Permute),
}

/// The parameters of `none`: there are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoNoise {}

/// Permuted correspondences: `⌊fraction·N⌋` rows of each listed view are shuffled among themselves. Not a
/// derangement, about one row stays in place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permute {
    /// Share of the rows, from 0 to 1.
    pub fraction: f64,
    /// The views it is done to, each with a draw of its own.
    pub views: Vec<String>,
    /// Seed of the draws.
    #[serde(default)]
    pub seed: u64,
}

impl Default for Noise {
    fn default() -> Self {
        Self::None(NoNoise {})
    }
}

impl Noise {
    /// Names as in a grid file.
    pub const NAMES: [&'static str; 2] = ["none", "permute"];

    /// As written in records: the kind and what tells one noise of that kind from another.
    pub fn label(&self) -> String {
        match self {
            Self::None(_) => "none".into(),
            Self::Permute(p) => format!("permute {} of {} seed {}", p.fraction, p.views.join(","), p.seed),
        }
    }

    /// Checks the parameters, and that the views it names are among those of the cell.
    ///
    /// # Errors
    /// [`TaskError::Parameter`]; [`TaskError::Align`] for a view that is not there.
    pub fn validate<S: AsRef<str>>(&self, views: &[S]) -> Result<(), TaskError> {
        let Self::Permute(permute) = self else { return Ok(()) };
        if !(0.0..=1.0).contains(&permute.fraction) {
            return Err(TaskError::Parameter {
                task: "permute",
                parameter: "fraction",
                got: permute.fraction.to_string(),
                want: "a number from 0 to 1",
            });
        }
        match permute.views.iter().find(|name| !views.iter().any(|v| v.as_ref() == name.as_str())) {
            None => Ok(()),
            Some(name) => Err(align::AlignError::UnknownView {
                name: name.clone(),
                known: views.iter().map(|v| format!("`{}`", v.as_ref())).collect::<Vec<_>>().join(", "),
            }
            .into()),
        }
    }

    /// The training rows with the noise in them.
    ///
    /// # Errors
    /// As [`Noise::validate`].
    pub fn apply(&self, train: &Spaces) -> Result<Spaces, TaskError> {
        self.validate(&train.names().collect::<Vec<_>>())?;
        let Self::Permute(permute) = self else { return Ok(train.clone()) };
        let mut noisy = train.clone();
        for name in &permute.views {
            let view = train.position(name)?;
            noisy = noisy.with_row_map(view, &permute.row_map(train.rows(), view));
        }
        Ok(noisy)
    }
}

impl Permute {
    /// Row r of the noisy view is row `map[r]` of the clean one.
    fn row_map(&self, rows: usize, view: usize) -> Vec<usize> {
        let mut draws = rng::stream(self.seed, Purpose::Permutation, Some(view));
        let mut touched = rng::permutation(rows, &mut draws);
        touched.truncate((self.fraction * rows as f64).floor() as usize);
        let order = rng::permutation(touched.len(), &mut draws);
        let mut map: Vec<usize> = (0..rows).collect();
        for (&row, &from) in touched.iter().zip(&order) {
            map[row] = touched[from];
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted() -> Spaces {
        align::planted::Planted::default().generate(1).expect("valid sizes").train.spaces
    }

    fn permute(fraction: f64, views: &[&str]) -> Noise {
        Noise::Permute(Permute { fraction, views: views.iter().map(|v| v.to_string()).collect(), seed: 0 })
    }

    #[test]
    fn permutes_the_share_of_rows_it_is_told_to_in_the_views_it_is_told_to() {
        let clean = planted();
        let noisy = permute(0.75, &["v0", "v2"]).apply(&clean).expect("valid");
        let moved = |v: usize| (0..clean.rows()).filter(|&i| clean.at(v).row(i) != noisy.at(v).row(i)).count();
        assert_eq!(moved(1), 0);
        for view in [0, 2] {
            assert!((290..=300).contains(&moved(view)), "about one fixed point, not {}", 300 - moved(view));
        }
        let sorted = |spaces: &Spaces| {
            let mut firsts: Vec<f32> = (0..spaces.rows()).map(|i| spaces.at(0).at(i, 0)).collect();
            firsts.sort_by(f32::total_cmp);
            firsts
        };
        assert_eq!(sorted(&clean), sorted(&noisy), "no row is lost or doubled");
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        let views = ["v0", "v1"];
        let fraction = permute(1.5, &["v0"]).validate(&views).unwrap_err().to_string();
        assert_eq!(fraction, "permute: `fraction` is 1.5, wanted a number from 0 to 1");
        let view = permute(0.5, &["v9"]).validate(&views).unwrap_err().to_string();
        assert_eq!(view, "no view `v9`; the views here are `v0`, `v1`");
    }
}
