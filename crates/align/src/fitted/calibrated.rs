//! Calibrated fits: translated rows have the location and scale of the target's own rows.

use super::fit::{Fit, Fitted};
use super::steps::ViewMap;
use crate::calibration::{Calibration, root_mean_square, warning};
use crate::moments::{SufficientStatistics, mean_and_covariance, standardised_by};
use crate::numerics::linalg::{self, Threads};
use crate::prep::ZScore;
use crate::{AlignError, FitWarning, Matrix, Views};

/// Mean and covariance of a view's rows at the point from which translations to other views continue.
struct Onward {
    rows: usize,
    mean: Vec<f64>,
    covariance: Matrix<f64>,
}

impl Fit {
    /// Calibrates the fit: translated rows get the location and scale of the target's own training rows, that is the
    /// mean of each column and the total variance. If rows translated to a view do not vary, there is nothing to scale,
    /// and a warning says so.
    ///
    /// Projections and universe vectors do not change. Values of grids in the paper's released form do not change
    /// either, because [`Method::fit`](crate::Method::fit) does not calibrate. Cost: one projection of each view, and
    /// products of the maps for each ordered pair.
    ///
    /// # Errors
    /// A view that the fit does not know or that has another width.
    pub fn calibrated(self, train: &Views) -> Result<Self, AlignError> {
        let onward = onward_of_rows(&self.fitted, train)?;
        Ok(self.calibrated_by(&onward))
    }

    /// Like [`Fit::calibrated`], from sums over the training rows alone. If views miss items, the sums do not suffice,
    /// and a warning says so.
    ///
    /// # Errors
    /// [`AlignError::NeedsRows`] for a fit whose way into the universe is not linear; [`AlignError::OtherViews`] if the
    /// sums are not of the fit's views.
    pub fn calibrated_by_statistics(mut self, sums: &SufficientStatistics) -> Result<Self, AlignError> {
        if !self.fitted.translates() || matches!(self.fitted, Fitted::Own(_)) {
            return Ok(self);
        }
        if !sums.complete() {
            self.report.warnings.push(FitWarning::IncompleteSums);
            return Ok(self);
        }
        let onward = onward_of_sums(&self.fitted, sums)?;
        Ok(self.calibrated_by(&onward))
    }

    /// Adds a warning for every view whose translated rows have less than a tenth or more than ten times the spread of
    /// its own rows ([`Spread`](crate::calibration::Spread)).
    ///
    /// # Errors
    /// The errors of [`Fit::calibrated`].
    pub fn with_spread_checked(mut self, train: &Views) -> Result<Self, AlignError> {
        let onward = onward_of_rows(&self.fitted, train)?;
        for (target, name) in names(&self.fitted).iter().enumerate() {
            self.report.warnings.extend(arrival(&self.fitted, &onward, target).and_then(
                |arrival| match arrival.nothing {
                    true => Some(FitWarning::NothingTranslated { view: name.clone() }),
                    false => warning(name, arrival.spread),
                },
            ));
        }
        Ok(self)
    }

    fn calibrated_by(mut self, onward: &[Option<Onward>]) -> Self {
        let bare = self.fitted.with_calibrations(Vec::new());
        let mut calibrations = Vec::new();
        for (target, name) in names(&bare).iter().enumerate() {
            let arrival = arrival(&bare, onward, target);
            if arrival.as_ref().is_some_and(|arrival| arrival.nothing) {
                self.report.warnings.push(FitWarning::NothingTranslated { view: name.clone() });
            }
            calibrations.push(arrival.and_then(Arrival::calibration));
        }
        Self { fitted: bare.with_calibrations(calibrations), ..self }
    }
}

impl Fitted {
    /// Like [`Fit::calibrated`], without its warnings.
    ///
    /// # Errors
    /// The errors of [`Fit::calibrated`].
    pub fn calibrated(&self, train: &Views) -> Result<Self, AlignError> {
        let report = crate::FitReport::closed_form(0, 0, None);
        Ok(Fit { fitted: self.clone(), report }.calibrated(train)?.fitted)
    }
}

/// The calibration of view `target` by the translated rows of the other views.
pub(super) fn calibration_of(fitted: &Fitted, rows: &Views, target: usize) -> Result<Option<Calibration>, AlignError> {
    Ok(arrival(fitted, &onward_of_rows(fitted, rows)?, target).and_then(Arrival::calibration))
}

fn names(fitted: &Fitted) -> Vec<String> {
    match fitted {
        Fitted::Input(_) | Fitted::Own(_) => Vec::new(),
        _ => fitted.views().into_iter().map(|(name, _)| name.to_string()).collect(),
    }
}

fn onward_of_rows(fitted: &Fitted, train: &Views) -> Result<Vec<Option<Onward>>, AlignError> {
    let names = names(fitted);
    let mut onward: Vec<Option<Onward>> = names.iter().map(|_| None).collect();
    if names.is_empty() {
        return Ok(onward);
    }
    for space in train.iter().filter(|space| space.observed_rows() > 0) {
        let at = crate::views::position(names.iter().map(String::as_str), space.name())?;
        let rows = match fitted {
            Fitted::Universe(universe) => universe.onward(space.name(), &space.observed())?,
            Fitted::Pairwise(maps) => maps.onward(space.name(), &space.observed())?,
            Fitted::Input(_) | Fitted::Own(_) => continue,
        };
        let (mean, covariance) = mean_and_covariance(&rows);
        onward[at] = Some(Onward { rows: rows.rows(), mean, covariance });
    }
    Ok(onward)
}

fn onward_of_sums(fitted: &Fitted, sums: &SufficientStatistics) -> Result<Vec<Option<Onward>>, AlignError> {
    let shape = |name: &str, width: usize| format!("`{name}` ({width})");
    let got: Vec<String> = (0..sums.views()).map(|m| shape(&sums.names()[m], sums.width(m))).collect();
    let want: Vec<String> = fitted.views().into_iter().map(|(name, width)| shape(name, width)).collect();
    if got != want {
        return Err(AlignError::OtherViews { got: got.join(", "), want: want.join(", ") });
    }
    let maps: Vec<Option<Matrix<f64>>> = match fitted {
        Fitted::Universe(universe) if universe.is_linear() => universe.views().iter().map(ViewMap::linear_in).collect(),
        Fitted::Universe(_) => {
            return Err(AlignError::NeedsRows { method: "a calibration through a corrector", instead: Vec::new() });
        }
        Fitted::Pairwise(maps) => maps.names().iter().map(|_| None).collect(),
        Fitted::Input(_) | Fitted::Own(_) => Vec::new(),
    };
    let preps: Vec<ZScore> = names(fitted).iter().filter_map(|name| fitted.prep(name).cloned()).collect();
    let (totals, gram) = standardised_by(sums, &preps);
    let (count, mut offset, mut onward) = (sums.rows() as f64, 0, Vec::new());
    for (m, map) in maps.into_iter().enumerate() {
        let width = sums.width(m);
        let mean: Vec<f64> = totals[offset..offset + width].iter().map(|total| total / count).collect();
        let covariance =
            Matrix::from_fn(width, width, |i, j| gram.at(offset + i, offset + j) / count - mean[i] * mean[j]);
        offset += width;
        let (mean, covariance) = match map {
            None => (mean, covariance),
            Some(map) => {
                let half = linalg::product(covariance.view(), map.view(), Threads::Pool);
                (times(&mean, &map), linalg::product(map.view().transpose(), half.view(), Threads::Pool))
            }
        };
        onward.push(Some(Onward { rows: sums.rows(), mean, covariance }));
    }
    Ok(onward)
}

/// Mean and spread of the translated rows of all other views, in a view's standardised coordinates.
struct Arrival {
    mean: Vec<f64>,
    spread: f64,
    /// Whether the translated rows are only the rounding of products in `f32`.
    nothing: bool,
}

impl Arrival {
    fn calibration(self) -> Option<Calibration> {
        (!self.nothing).then(|| Calibration::new(self.mean, 1.0 / self.spread))
    }
}

/// Translated rows are rounding if their terms cancel to less than this share: a sum of a thousand terms in `f32` is
/// exact to a few parts in a million.
const ROUNDING: f64 = 1e-4;

/// Contribution of one source: the number of its rows, and the mean and variances of its translated rows.
type Sent = (f64, Vec<f64>, Vec<f64>);

/// Statistics over the rows of all views but the target; `None` if no other view has rows, or if the target does not
/// vary.
fn arrival(fitted: &Fitted, onward: &[Option<Onward>], target: usize) -> Option<Arrival> {
    let mut arrived: Vec<Sent> = Vec::new();
    let (mut terms, mut sums) = (0.0, 0.0);
    for (source, from) in onward.iter().enumerate().filter(|&(source, _)| source != target) {
        let Some(from) = from else { continue };
        let (linear, shift) = fitted.last_step(source, target)?;
        let mean = times(&from.mean, &linear).iter().zip(&shift).map(|(m, s)| m + s).collect();
        let half = linalg::product(from.covariance.view(), linear.view(), Threads::Pool);
        let mut variances = vec![0.0; linear.cols()];
        for i in 0..linear.rows() {
            let products = linear.row(i).iter().zip(half.row(i)).map(|(a, b)| a * b);
            variances.iter_mut().zip(products).for_each(|(v, x)| *v += x);
            let square = from.covariance.at(i, i) + from.mean[i].powi(2);
            terms += from.rows as f64 * square * linear.row(i).iter().map(|x| x * x).sum::<f64>();
        }
        sums += from.rows as f64 * variances.iter().sum::<f64>();
        arrived.push((from.rows as f64, mean, variances));
    }
    let rows: f64 = arrived.iter().map(|(rows, ..)| rows).sum();
    let width = arrived.first()?.1.len();
    let pooled = |f: &dyn Fn(&Sent, usize) -> f64| -> Vec<f64> {
        (0..width).map(|j| arrived.iter().map(|from| from.0 * f(from, j)).sum::<f64>() / rows).collect()
    };
    let mean = pooled(&|from, j| from.1[j]);
    let variances = pooled(&|from, j| from.2[j] + (from.1[j] - mean[j]).powi(2));
    let name = &names(fitted)[target];
    let prep = fitted.prep(name)?;
    // The view's own spread is 1 in coordinates that are standardised; columns that are only centred keep theirs.
    let own = match (fitted, &onward[target]) {
        (Fitted::Pairwise(_), Some(own)) if !prep.standardises() => {
            root_mean_square(prep, (0..width).map(|j| own.covariance.at(j, j)))?
        }
        _ => 1.0,
    };
    let spread = root_mean_square(prep, variances.into_iter())? / own;
    // Written so that NaN counts as nothing.
    let something = sums > ROUNDING.powi(2) * terms && spread > 0.0 && spread.is_finite();
    Some(Arrival { mean, spread, nothing: !something })
}

/// `xᵀ A`.
fn times(x: &[f64], a: &Matrix<f64>) -> Vec<f64> {
    let mut out = vec![0.0; a.cols()];
    for (i, x) in x.iter().enumerate() {
        out.iter_mut().zip(a.row(i)).for_each(|(o, a)| *o += x * a);
    }
    out
}
