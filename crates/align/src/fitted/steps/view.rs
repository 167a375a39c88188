//! A view of a universe: its way in and its way back.

use std::borrow::Cow;
use std::sync::Arc;

use super::affine::{affine, linear_part};
use super::step::{Aim, Correction, LinearMap, Step, apply};
use crate::calibration::Calibration;
use crate::linalg::MatrixView;
use crate::prep::ZScore;
use crate::{AlignError, Matrix};

/// The way of a view into the universe and back, each a chain of [`Step`]s.
///
/// The way in starts with the standardisation of the view, and the way back ends with its inverse; both are
/// [`ViewMap::prep`] and not in the lists. For most methods the way in is one linear step, `u = z R`, and the way back
/// its transpose.
#[derive(Clone, Debug)]
pub struct ViewMap {
    name: String,
    prep: Arc<ZScore>,
    way_in: Vec<Step>,
    way_back: Option<Vec<Step>>,
}

impl ViewMap {
    /// `u = z R` for rows z standardised by `prep` and R (d × D); the way back is the transpose.
    pub fn new(name: String, prep: ZScore, map: Matrix) -> Self {
        let map = LinearMap::new(map);
        let back = vec![Step::Linear(map.transposed())];
        Self::of_steps(name, prep, vec![Step::Linear(map)], Some(back))
    }

    /// Any chain of steps from standardised rows into the universe, and from there to standardised rows. Without a way
    /// back nothing can be translated to the view.
    pub fn of_steps(name: String, prep: ZScore, way_in: Vec<Step>, way_back: Option<Vec<Step>>) -> Self {
        Self { name, prep: Arc::new(prep), way_in, way_back }
    }

    /// Replaces the way back by one linear step, B (D × d).
    pub fn with_back(self, back: Matrix) -> Self {
        Self { way_back: Some(vec![Step::Linear(LinearMap::new(back))]), ..self }
    }

    /// Like [`ViewMap::with_back`], if there is a B.
    pub(crate) fn with_decoder(self, back: Option<Matrix>) -> Self {
        match back {
            Some(back) => self.with_back(back),
            None => self,
        }
    }

    /// Brings rows to unit length before all other steps of the way in.
    pub(crate) fn of_unit_rows(mut self) -> Self {
        self.way_in.insert(0, Step::UnitRows);
        self
    }

    /// The name of the view.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The standardisation of the view, fitted on its training rows.
    pub fn prep(&self) -> &ZScore {
        &self.prep
    }

    /// The width d of the view.
    pub fn width(&self) -> usize {
        self.prep.width()
    }

    /// The steps from standardised rows into the universe.
    pub fn way_in(&self) -> &[Step] {
        &self.way_in
    }

    /// The steps from the universe to standardised rows; `None` without a way back.
    pub fn way_back(&self) -> Option<&[Step]> {
        self.way_back.as_deref()
    }

    /// The matrix R (d × D) of the way in; `None` if the way in does not have exactly one linear step.
    pub fn map(&self) -> Option<&Matrix> {
        only_matrix(&self.way_in).map(LinearMap::matrix)
    }

    /// The matrix B (D × d) of the way back; `None` if it is the transpose of [`ViewMap::map`], or if the way back does
    /// not have exactly one linear step.
    pub fn back(&self) -> Option<&Matrix> {
        only_matrix(self.way_back()?).filter(|map| !map.is_transposed()).map(LinearMap::matrix)
    }

    /// The width in which the steps end.
    ///
    /// # Errors
    /// The width found and the width expected, if two steps do not fit each other or the way back does not end in the
    /// view's width.
    pub(crate) fn checked_width(&self) -> Result<usize, (usize, usize)> {
        let through = |steps: &[Step], width: usize| {
            steps.iter().try_fold(width, |width, step| step.width_after(width).map_err(|takes| (takes, width)))
        };
        let universe = through(&self.way_in, self.width())?;
        match self.way_back() {
            None => Ok(universe),
            Some(steps) => match through(steps, universe)? {
                width if width == self.width() => Ok(universe),
                width => Err((width, self.width())),
            },
        }
    }

    /// The width D of the universe, for steps that were checked.
    pub(crate) fn universe_width(&self) -> usize {
        self.way_in.iter().fold(self.width(), |width, step| step.width_after(width).unwrap_or(width))
    }

    /// The steps; steps that share their numbers are listed once.
    fn distinct_steps(&self) -> impl Iterator<Item = &Step> {
        let all: Vec<&Step> = self.way_in.iter().chain(self.way_back.iter().flatten()).collect();
        let first = |&at: &usize| !all[..at].iter().any(|before| before.shares_memory(all[at]));
        let firsts: Vec<&Step> = (0..all.len()).filter(first).map(|at| all[at]).collect();
        firsts.into_iter()
    }

    /// Bytes of its numbers, without the corrector.
    pub(crate) fn bytes(&self) -> usize {
        self.prep.bytes() + self.distinct_steps().map(Step::bytes).sum::<usize>()
    }

    /// Number of parameters of the maps.
    pub(crate) fn parameters(&self) -> usize {
        self.distinct_steps().map(Step::parameters).sum()
    }

    /// The corrector of the way in.
    pub(crate) fn correction(&self) -> Option<&Correction> {
        match self.way_in.last() {
            Some(Step::Correct(correction)) => Some(correction),
            _ => None,
        }
    }

    /// Puts this corrector at the end of the way in, in place of any other.
    pub(crate) fn with_correction(mut self, correction: Correction) -> Self {
        if self.correction().is_some() {
            self.way_in.pop();
        }
        self.way_in.push(Step::Correct(correction));
        self
    }

    /// Whether the way in ends by un-standardising to the universe's coordinates: a view that was added with scaling.
    pub(crate) fn is_scaled(&self) -> bool {
        self.way_in.iter().any(|step| matches!(step, Step::UnStandardise(_)))
    }

    /// Replaces the calibration. A view without a way back does not change.
    pub(crate) fn with_calibration(mut self, calibration: Option<Calibration>) -> Self {
        if let Some(steps) = &mut self.way_back {
            steps.retain(|step| !matches!(step, Step::Calibrate(_)));
            steps.extend(calibration.map(Step::Calibrate));
        }
        self
    }

    /// Whether the way back ends in a calibration ([`Fit::calibrated`](crate::Fit::calibrated)).
    pub fn is_calibrated(&self) -> bool {
        self.way_back.iter().flatten().any(|step| matches!(step, Step::Calibrate(_)))
    }

    /// Raw rows in the universe, before the corrector if there is one.
    pub(crate) fn enter_linear(&self, x: MatrixView<'_>) -> Result<Matrix, AlignError> {
        let steps = self.way_in.len() - usize::from(self.correction().is_some());
        self.enter_by(&self.way_in[..steps], x, Aim::Universe)
    }

    /// Raw rows in the universe.
    pub(in crate::fitted) fn enter(&self, x: MatrixView<'_>, aim: Aim) -> Result<Matrix, AlignError> {
        self.enter_by(&self.way_in, x, aim)
    }

    /// Like [`ViewMap::enter`], for both aims.
    pub(crate) fn enter_both(&self, x: MatrixView<'_>) -> Result<[Matrix; 2], AlignError> {
        let linear = self.enter_linear(x)?;
        match self.correction() {
            Some(correction) => correction.apply(&linear, [Aim::Universe, Aim::Onward]),
            None => Ok([linear.clone(), linear]),
        }
    }

    fn enter_by(&self, steps: &[Step], x: MatrixView<'_>, aim: Aim) -> Result<Matrix, AlignError> {
        Ok(apply(steps, Cow::Owned(self.prep.standardised(x)), aim)?.into_owned())
    }

    /// Universe rows in the standardised coordinates of the view; `None` without a way back.
    pub(crate) fn arrive(&self, u: &Matrix) -> Option<Result<Matrix, AlignError>> {
        let steps = self.way_back()?;
        Some(apply(steps, Cow::Borrowed(u), Aim::Onward).map(Cow::into_owned))
    }

    /// The steps from raw rows into the universe.
    pub(in crate::fitted) fn raw_way_in(&self) -> Vec<Step> {
        let first = Step::Standardise(Arc::clone(&self.prep));
        std::iter::once(first).chain(self.way_in.iter().cloned()).collect()
    }

    /// The steps from the universe to raw rows; `None` without a way back.
    pub(in crate::fitted) fn raw_way_back(&self) -> Option<Vec<Step>> {
        let last = Step::UnStandardise(Arc::clone(&self.prep));
        Some(self.way_back()?.iter().cloned().chain([last]).collect())
    }

    /// Whether the way in is one matrix.
    pub(crate) fn is_linear(&self) -> bool {
        self.way_in.iter().all(|step| matches!(step, Step::Linear(_)))
    }

    /// The linear part of the way in, d × D.
    pub(crate) fn linear_in(&self) -> Option<Matrix<f64>> {
        linear_part(&self.way_in, self.width())
    }

    /// The linear part of the way back, D × d.
    pub(crate) fn linear_back(&self) -> Option<Matrix<f64>> {
        linear_part(self.way_back()?, self.universe_width())
    }

    /// The way back as an affine map into standardised coordinates.
    pub(crate) fn affine_back(&self) -> Option<(Matrix<f64>, Vec<f64>)> {
        affine(self.way_back()?, self.universe_width())
    }
}

fn only_matrix(steps: &[Step]) -> Option<&LinearMap> {
    let mut maps = steps.iter().filter_map(|step| if let Step::Linear(map) = step { Some(map) } else { None });
    maps.next().filter(|_| maps.next().is_none())
}
