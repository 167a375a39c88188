//! Location and scale of translated rows.
//!
//! What a method calls a translation is right up to its scale in many methods: GCPA's corrected vectors have length one,
//! and the transpose of a whitened map is no inverse. Ranks by cosines of standardised rows do not notice; whoever puts
//! translated rows beside the target's own does. [`Fit::calibrated`](crate::Fit::calibrated) gives them the target's location and scale.

use crate::prep::ZScore;
use crate::{AlignError, FitWarning, Matrix};

/// `z ↦ (z − mean)·gain` in a view's standardised coordinates: what rows translated to it still need.
///
/// The mean is that of the training rows of all other views, translated; the gain is one number, so that directions and,
/// but for the mean, cosines stay as the method has them, and columns that translate badly are not blown up.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    mean: Vec<f64>,
    gain: f64,
}

impl Calibration {
    pub(crate) fn new(mean: Vec<f64>, gain: f64) -> Self {
        Self { mean, gain }
    }

    /// Means of translated training rows, d.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What they are multiplied by, once centred.
    pub fn gain(&self) -> f64 {
        self.gain
    }

    pub(crate) fn apply(&self, z: &mut Matrix) {
        let width = z.cols().max(1);
        for row in z.as_mut_slice().chunks_mut(width) {
            row.iter_mut().zip(&self.mean).for_each(|(z, mean)| *z = ((f64::from(*z) - mean) * self.gain) as f32);
        }
    }
}

/// How far rows translated to a view spread, in units of its own: the root mean square over its columns of `σ'/σ`, σ' of
/// these rows and σ of the view's training rows. Columns that are constant on training rows do not count.
#[derive(Clone, Debug)]
pub struct Spread {
    prep: ZScore,
    rows: usize,
    sum: Vec<f64>,
    squares: Vec<f64>,
}

/// The spreads that need no word: from a tenth of the view's own to ten times that.
pub const SPREADS: std::ops::RangeInclusive<f64> = 0.1..=10.0;

impl Spread {
    /// Of no row yet, beside the rows that these are the statistics of.
    pub fn beside(prep: &ZScore) -> Self {
        let zeros = vec![0.0; prep.width()];
        Self { prep: prep.clone(), rows: 0, sum: zeros.clone(), squares: zeros }
    }

    /// Takes in rows in the view's raw coordinates.
    ///
    /// # Errors
    /// Wrong width.
    pub fn add(&mut self, x: &Matrix) -> Result<(), AlignError> {
        x.check_width("spread", "the fitted rows", self.prep.width())?;
        self.rows += x.rows();
        for i in 0..x.rows() {
            for (j, &x) in x.row(i).iter().enumerate().filter(|&(j, _)| self.prep.std()[j] > 0.0) {
                let z = (f64::from(x) - self.prep.mean()[j]) / self.prep.std()[j];
                self.sum[j] += z;
                self.squares[j] += z * z;
            }
        }
        Ok(())
    }

    /// The figure; `None` for fewer than two rows, or where nothing of the view varies.
    pub fn value(&self) -> Option<f64> {
        if self.rows < 2 {
            return None;
        }
        let n = self.rows as f64;
        let variances =
            self.sum.iter().zip(&self.squares).map(|(sum, squares)| (squares / n - (sum / n).powi(2)).max(0.0));
        root_mean_square(&self.prep, variances)
    }

    /// The warning that goes with it, where it is out of bounds.
    pub fn warning(&self, view: &str) -> Option<FitWarning> {
        self.value().and_then(|spread| warning(view, spread))
    }
}

/// The warning that goes with a spread, where it is out of bounds.
pub(crate) fn warning(view: &str, spread: f64) -> Option<FitWarning> {
    (!SPREADS.contains(&spread)).then(|| FitWarning::TranslatedSpread { view: view.to_string(), spread })
}

/// Over the columns that vary on training rows.
pub(crate) fn root_mean_square(prep: &ZScore, variances: impl Iterator<Item = f64>) -> Option<f64> {
    let varying: Vec<f64> =
        variances.zip(prep.std()).filter(|(_, std)| **std > 0.0).map(|(variance, _)| variance).collect();
    (!varying.is_empty()).then(|| (varying.iter().sum::<f64>() / varying.len() as f64).sqrt())
}
