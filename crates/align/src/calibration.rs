//! Location and scale of translated rows.
//!
//! Many methods translate correctly only up to a scale: GCPA's corrected vectors have unit length, and the transpose of
//! a whitened map is not an inverse. Ranks by cosines of standardised rows do not depend on the scale; a comparison of
//! translated rows with the target's own rows does. [`Fit::calibrated`](crate::Fit::calibrated) gives translated rows
//! the target's location and scale.

use crate::prep::ZScore;
use crate::{AlignError, FitWarning, Matrix};

/// The map `z ↦ (z − mean)·gain` in a view's standardised coordinates, applied to rows that are translated to the view.
///
/// The mean is over the training rows of all other views, translated. The gain is one number: directions stay as the
/// method has them (cosines, too, except for the mean), and columns that translate badly are not amplified.
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

    /// Factor of the centred rows.
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

/// Spread of rows translated to a view, in units of the view's own: the root mean square over its columns of `σ'/σ`,
/// with σ' of these rows and σ of the view's training rows. Columns that are constant on the training rows do not
/// count.
#[derive(Clone, Debug)]
pub struct Spread {
    prep: ZScore,
    rows: usize,
    sum: Vec<f64>,
    squares: Vec<f64>,
}

/// Spreads without a warning: from a tenth of the view's own to ten times that.
pub const SPREADS: std::ops::RangeInclusive<f64> = 0.1..=10.0;

impl Spread {
    /// An empty spread for the view with this standardisation.
    pub fn beside(prep: &ZScore) -> Self {
        let zeros = vec![0.0; prep.width()];
        Self { prep: prep.clone(), rows: 0, sum: zeros.clone(), squares: zeros }
    }

    /// Adds rows in the view's raw coordinates.
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

    /// The spread; `None` for fewer than two rows, or if the view does not vary.
    pub fn value(&self) -> Option<f64> {
        if self.rows < 2 {
            return None;
        }
        let n = self.rows as f64;
        let variances =
            self.sum.iter().zip(&self.squares).map(|(sum, squares)| (squares / n - (sum / n).powi(2)).max(0.0));
        root_mean_square(&self.prep, variances)
    }

    /// The warning about this spread, if it is out of bounds; none for a view whose columns were only centred, because
    /// its own spread is not known.
    pub fn warning(&self, view: &str) -> Option<FitWarning> {
        self.value().filter(|_| self.prep.standardises()).and_then(|spread| warning(view, spread))
    }
}

/// The warning about a spread, if it is out of bounds.
pub(crate) fn warning(view: &str, spread: f64) -> Option<FitWarning> {
    (!SPREADS.contains(&spread)).then(|| FitWarning::TranslatedSpread { view: view.to_string(), spread })
}

/// The root mean square over the columns that vary on the training rows.
pub(crate) fn root_mean_square(prep: &ZScore, variances: impl Iterator<Item = f64>) -> Option<f64> {
    let varying: Vec<f64> =
        variances.zip(prep.std()).filter(|(_, std)| **std > 0.0).map(|(variance, _)| variance).collect();
    (!varying.is_empty()).then(|| (varying.iter().sum::<f64>() / varying.len() as f64).sqrt())
}
