//! Noise on training rows. Test rows are never touched.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use align::prep::{ConstantColumns, ZScore};
use align::rng::{self, Purpose};
use align::{AlignError, Matrix, Views};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::TaskError;

/// Permuted correspondences, one stream per view.
pub(crate) const PERMUTED_ROWS: Purpose = Purpose::new(9);
/// Noise added to features, one stream per view.
const FEATURE_NOISE: Purpose = Purpose::new(22);
/// The rows that a view misses, one stream per view.
const MISSING_ROWS: Purpose = Purpose::new(23);

/// Noise on the training rows before a fit. The noise's own seed and the view's position key the draws, never the
/// method, so every method sees the same noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Noise {
    /// No noise.
    None(NoNoise),
    /// Wrong correspondences in some views.
    Permute(Permute),
    /// Gaussian noise on the features of some views.
    Feature(Feature),
    /// Rows that some views do not have.
    Missing(Missing),
}

/// Parameters of `none`: there are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoNoise {}

/// Permuted correspondences: `⌊fraction·N⌋` rows of each listed view are shuffled among themselves. The permutation is
/// not a derangement: about one row stays in place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permute {
    /// Share of the rows, from 0 to 1.
    pub fraction: f64,
    /// Views with this noise, each with a draw of its own. Default: all.
    pub views: Option<Vec<String>>,
    /// Seed of the draws.
    #[serde(default)]
    pub seed: u64,
}

/// Feature noise: `x + e` with independent Gaussian e of variance `σ_j²/snr` in column j, where σ_j is the standard
/// deviation of the column on the training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Signal-to-noise ratio of variances, above 0: at 1 a column is half noise.
    pub snr: f64,
    /// Views with this noise, each with a draw of its own. Default: all.
    pub views: Option<Vec<String>>,
    /// Seed of the draws.
    #[serde(default)]
    pub seed: u64,
}

/// Missing rows: each listed view lacks `⌊fraction·N⌋` of the rows. [`Views::with_missing`] describes the use of the
/// others by the methods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// Share of the rows, from 0 to below 1.
    pub fraction: f64,
    /// Views with this noise, each with a draw of its own. Default: all.
    pub views: Option<Vec<String>>,
    /// One draw for all of these views. With all views this is a fit on fewer items.
    #[serde(default)]
    pub together: bool,
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
    pub const NAMES: [&'static str; 4] = ["none", "permute", "feature", "missing"];

    /// Name in a grid file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None(_) => "none",
            Self::Permute(_) => "permute",
            Self::Feature(_) => "feature",
            Self::Missing(_) => "missing",
        }
    }

    /// Whether there is no noise.
    pub fn is_clean(&self) -> bool {
        matches!(self, Self::None(_))
    }

    /// Amount of the noise: a fraction of the rows, or a signal-to-noise ratio; `None` without noise.
    pub fn amount(&self) -> Option<f64> {
        match self {
            Self::None(_) => None,
            Self::Permute(Permute { fraction, .. }) | Self::Missing(Missing { fraction, .. }) => Some(*fraction),
            Self::Feature(Feature { snr, .. }) => Some(*snr),
        }
    }

    /// Whether the noise changes a view.
    pub fn touches(&self, view: &str) -> bool {
        !self.is_clean() && self.views().is_none_or(|views| views.iter().any(|touched| touched == view))
    }

    /// The seed of the draws; `None` if nothing is drawn.
    fn seed(&self) -> Option<u64> {
        match self {
            Self::None(_) => None,
            Self::Permute(Permute { seed, .. })
            | Self::Feature(Feature { seed, .. })
            | Self::Missing(Missing { seed, .. }) => Some(*seed),
        }
    }

    /// The views that the noise names; `None` for all views, or without noise.
    fn views(&self) -> Option<&[String]> {
        match self {
            Self::None(_) => None,
            Self::Permute(Permute { views, .. })
            | Self::Feature(Feature { views, .. })
            | Self::Missing(Missing { views, .. }) => views.as_deref(),
        }
    }

    /// Checks the parameters, and that the named views are views of the cell.
    ///
    /// # Errors
    /// [`TaskError::Parameter`]; [`TaskError::Align`] for a view that is not there.
    pub fn validate<S: AsRef<str>>(&self, views: &[S]) -> Result<(), TaskError> {
        let (ok, parameter, got, want) = match self {
            Self::None(_) => return Ok(()),
            Self::Permute(Permute { fraction, .. }) => {
                ((0.0..=1.0).contains(fraction), "fraction", fraction, "a number from 0 to 1")
            }
            Self::Missing(Missing { fraction, .. }) => {
                ((0.0..1.0).contains(fraction), "fraction", fraction, "a number from 0 to below 1")
            }
            Self::Feature(Feature { snr, .. }) => {
                (*snr > 0.0 && snr.is_finite(), "snr", snr, "a finite number above 0")
            }
        };
        if !ok {
            return Err(TaskError::Parameter { task: self.name(), parameter, got: got.to_string(), want });
        }
        let known = |name: &String| views.iter().any(|v| v.as_ref() == name.as_str());
        match self.views().unwrap_or_default().iter().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => Err(AlignError::UnknownView {
                name: name.clone(),
                known: views.iter().map(|v| format!("`{}`", v.as_ref())).collect::<Vec<_>>().join(", "),
            }
            .into()),
        }
    }

    /// The training rows with the noise.
    ///
    /// # Errors
    /// The errors of [`Noise::validate`].
    pub fn apply(&self, train: &Views) -> Result<Views, TaskError> {
        let names: Vec<&str> = train.names().collect();
        self.validate(&names)?;
        let touched: Vec<usize> = match self.views() {
            Some(views) => views.iter().map(|name| train.position(name)).collect::<Result<_, AlignError>>()?,
            None => (0..train.len()).collect(),
        };
        let mut noisy = train.clone();
        for view in touched {
            noisy = match self {
                Self::None(_) => noisy,
                Self::Permute(permute) => noisy.with_row_map(view, &permute.row_map(train.rows(), view))?,
                Self::Feature(feature) => noisy.with_values(view, feature.added_to(train, view))?,
                Self::Missing(missing) => noisy.with_missing(view, &missing.rows(train.rows(), view))?,
            };
        }
        Ok(noisy)
    }
}

/// Text in records: the kind, the amount, the views and the seed. [`FromStr`] reads it.
impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((amount, seed)) = self.amount().zip(self.seed()) else { return f.write_str(self.name()) };
        let views = self.views().map_or_else(|| "all".into(), |views| views.join(","));
        let together = if matches!(self, Self::Missing(Missing { together: true, .. })) { " together" } else { "" };
        write!(f, "{} {amount} of {views}{together} seed {seed}", self.name())
    }
}

/// A text that does not describe a noise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is no noise as records have it, such as `none` or `permute 0.5 of en,fr seed 0`")]
pub struct UnknownNoise {
    /// The text.
    pub text: String,
}

impl FromStr for Noise {
    type Err = UnknownNoise;

    fn from_str(text: &str) -> Result<Self, UnknownNoise> {
        let read = || {
            let (name, rest) = text.split_once(' ')?;
            let (amount, rest) = rest.split_once(" of ")?;
            let (views, seed) = rest.rsplit_once(" seed ")?;
            let (amount, seed) = (amount.parse::<f64>().ok()?, seed.parse::<u64>().ok()?);
            let (views, together) = match views.strip_suffix(" together").filter(|_| name == "missing") {
                Some(views) => (views, true),
                None => (views, false),
            };
            let views = (views != "all").then(|| views.split(',').map(str::to_string).collect());
            match name {
                "permute" => Some(Self::Permute(Permute { fraction: amount, views, seed })),
                "feature" => Some(Self::Feature(Feature { snr: amount, views, seed })),
                "missing" => Some(Self::Missing(Missing { fraction: amount, views, together, seed })),
                _ => None,
            }
        };
        let noise = if text == "none" { Some(Self::default()) } else { read() };
        noise.ok_or_else(|| UnknownNoise { text: text.to_string() })
    }
}

/// Amounts are numbers: reading and [`Noise::validate`] refuse NaN.
impl Eq for Noise {}

impl Hash for Noise {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // 0 and -0 are equal.
        let amount = self.amount().map(|amount| (amount + 0.0).to_bits());
        (self.name(), amount, self.views(), self.seed()).hash(state);
    }
}

/// `⌊fraction·rows⌋` of the rows, in random order.
fn draw_rows(rows: usize, fraction: f64, draws: &mut rng::Stream) -> Vec<usize> {
    let mut drawn = rng::permutation(rows, draws);
    drawn.truncate((fraction * rows as f64).floor() as usize);
    drawn
}

impl Permute {
    /// Row r of the noisy view is row `map[r]` of the clean one.
    fn row_map(&self, rows: usize, view: usize) -> Vec<usize> {
        let mut draws = rng::stream(self.seed, PERMUTED_ROWS, Some(view));
        let touched = draw_rows(rows, self.fraction, &mut draws);
        let order = rng::permutation(touched.len(), &mut draws);
        let mut map: Vec<usize> = (0..rows).collect();
        for (&row, &from) in touched.iter().zip(&order) {
            map[row] = touched[from];
        }
        map
    }
}

impl Feature {
    fn added_to(&self, train: &Views, view: usize) -> Matrix {
        let mut draws = rng::stream(self.seed, FEATURE_NOISE, Some(view));
        let statistics = ZScore::fit(&train.nth(view).observed(), ConstantColumns::Clamp);
        let spread: Vec<f32> = statistics.std().iter().map(|std| (std / self.snr.sqrt()) as f32).collect();
        let clean = train.at(view);
        Matrix::from_fn(clean.rows(), clean.cols(), |i, j| {
            let noise: f32 = StandardNormal.sample(&mut draws);
            clean.at(i, j) + spread[j] * noise
        })
    }
}

impl Missing {
    /// The rows that the view misses.
    fn rows(&self, rows: usize, view: usize) -> Vec<bool> {
        let mut draws = rng::stream(self.seed, MISSING_ROWS, (!self.together).then_some(view));
        let mut missing = vec![false; rows];
        draw_rows(rows, self.fraction, &mut draws).into_iter().for_each(|row| missing[row] = true);
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synthetic() -> Views {
        align::synthetic::Synthetic::default().generate(1).expect("valid sizes").train.views
    }

    fn some(views: &[&str]) -> Option<Vec<String>> {
        Some(views.iter().map(|v| v.to_string()).collect())
    }

    fn permute(fraction: f64, views: &[&str]) -> Noise {
        Noise::Permute(Permute { fraction, views: some(views), seed: 0 })
    }

    #[test]
    fn permutes_the_share_of_rows_it_is_told_to_in_the_views_it_is_told_to() {
        let clean = synthetic();
        let noisy = permute(0.75, &["v0", "v2"]).apply(&clean).expect("valid");
        let moved = |v: usize| (0..clean.rows()).filter(|&i| clean.at(v).row(i) != noisy.at(v).row(i)).count();
        assert_eq!(moved(1), 0);
        for view in [0, 2] {
            assert!((290..=300).contains(&moved(view)), "about one fixed point, not {}", 300 - moved(view));
        }
        let sorted = |views: &Views| {
            let mut firsts: Vec<f32> = (0..views.rows()).map(|i| views.at(0).at(i, 0)).collect();
            firsts.sort_by(f32::total_cmp);
            firsts
        };
        assert_eq!(sorted(&clean), sorted(&noisy), "no row is lost or doubled");
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        let views = ["v0", "v1"];
        let fraction = permute(1.5, &["v0"]).validate(&views).unwrap_err().to_string();
        assert_eq!(fraction, "permute: `fraction` is 1.5, expected a number from 0 to 1");
        let view = permute(0.5, &["v9"]).validate(&views).unwrap_err().to_string();
        assert_eq!(view, "no view `v9`; the views here are `v0`, `v1`");
    }

    #[test]
    fn feature_noise_has_the_variance_it_is_told_to_have_in_every_column() {
        let clean = synthetic();
        let noise = Noise::Feature(Feature { snr: 4.0, views: some(&["v1"]), seed: 3 });
        let noisy = noise.apply(&clean).expect("valid");
        assert_eq!(clean.at(0), noisy.at(0));
        let rows = clean.rows();
        let column = |x: &Matrix, j: usize| -> Vec<f64> { (0..rows).map(|i| f64::from(x.at(i, j))).collect() };
        let variance = |x: &[f64]| {
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64
        };
        let mut ratios = Vec::new();
        for j in 0..clean.at(1).cols() {
            let (x, y) = (column(clean.at(1), j), column(noisy.at(1), j));
            let added: Vec<f64> = x.iter().zip(&y).map(|(x, y)| y - x).collect();
            ratios.push(variance(&x) / variance(&added));
        }
        assert!(ratios.iter().all(|ratio| (3.0..5.4).contains(ratio)), "{ratios:?}");
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        assert!((mean - 4.0).abs() < 0.2, "{mean}");
        assert_eq!(noise.to_string(), "feature 4 of v1 seed 3");
    }

    #[test]
    fn missing_rows_are_the_share_it_is_told_and_differ_by_view() {
        let clean = synthetic();
        let missing = Missing { fraction: 0.3, views: None, together: false, seed: 0 };
        let noise = Noise::Missing(missing.clone());
        let noisy = noise.apply(&clean).expect("valid");
        for view in 0..3 {
            assert_eq!(noisy.nth(view).observed_rows(), clean.rows() - 120);
        }
        let everywhere = (0..clean.rows()).filter(|&row| noisy.views_of(row) == 0).count();
        assert!((2..25).contains(&everywhere), "about 0.3³ of 400 rows, not {everywhere}");
        assert_eq!(noise.to_string(), "missing 0.3 of all seed 0");
        let noise = Noise::Missing(Missing { together: true, ..missing });
        let noisy = noise.apply(&clean).expect("valid");
        assert!((0..clean.rows()).all(|row| [0, 3].contains(&noisy.views_of(row))));
        assert_eq!(noise.to_string(), "missing 0.3 of all together seed 0");
    }

    #[test]
    fn what_is_written_in_records_is_read_back() {
        let of = |views: &[&str]| (!views.is_empty()).then(|| views.iter().map(|v| v.to_string()).collect());
        let permute = |views: &[&str]| Noise::Permute(Permute { fraction: 0.75, views: of(views), seed: 7 });
        let missing = |together| Noise::Missing(Missing { fraction: 0.3, views: None, together, seed: 0 });
        let feature = Noise::Feature(Feature { snr: 1.0 / 3.0, views: of(&["a of b", "c seed 1"]), seed: 1 });
        let noises = [Noise::default(), permute(&["en", "fr"]), permute(&[]), missing(false), missing(true), feature];
        for noise in noises {
            assert_eq!(noise.to_string().parse(), Ok(noise.clone()));
            assert_eq!(noise.is_clean(), noise.amount().is_none());
        }
        let error = "permute 0.5 of a (seed 0)".parse::<Noise>().expect_err("no noise").to_string();
        assert!(error.starts_with("`permute 0.5 of a (seed 0)` is no noise as records have it"), "{error}");
        let noise = permute(&["en", "fr"]);
        assert_eq!(["en", "fr", "es"].map(|view| noise.touches(view)), [true, true, false]);
        assert!(missing(false).touches("ru") && !Noise::default().touches("ru"));
    }
}
