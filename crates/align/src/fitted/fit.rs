//! Fitted methods: maps with one interface.

use std::sync::Arc;

use super::input::InputSpace;
use super::kinds::{Coordinates, LinearStep};
use super::own::FittedMaps;
use super::pairs::PairMaps;
use super::steps::ViewMap;
use super::universe::Universe;
use crate::calibration::Calibration;
use crate::linalg::MatrixView;
use crate::prep::ZScore;
use crate::{AlignError, FitReport, Matrix};

/// A fitted method and its report.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The maps.
    pub fitted: Fitted,
    /// The report of the fit.
    pub report: FitReport,
}

/// A fitted method; it is always complete. Its capabilities are [`projects`](Fitted::projects),
/// [`translates`](Fitted::translates) and [`linear_step`](Fitted::linear_step), whatever its form.
#[derive(Clone, Debug)]
pub enum Fitted {
    /// No alignment: the encoders' own coordinates, raw or z-scored.
    Input(InputSpace),
    /// One map per pair of views.
    Pairwise(PairMaps),
    /// One map per view, into one shared space.
    Universe(Universe),
    /// A form that this crate does not know.
    Own(Arc<dyn FittedMaps>),
}

impl Fitted {
    /// Coordinates in which tasks can compare its views; headline values use the first.
    pub fn coordinates(&self) -> &'static [Coordinates] {
        match self {
            Self::Input(_) => &[Coordinates::Input],
            Self::Pairwise(_) => &[Coordinates::Translated],
            Self::Universe(universe) if universe.leads_back() => &[Coordinates::Universe, Coordinates::Translated],
            Self::Universe(_) => &[Coordinates::Universe],
            Self::Own(own) => match own.coordinates() {
                [] => &[Coordinates::Input],
                offers => offers,
            },
        }
    }

    /// Whether all views have common coordinates, so that [`Fitted::project`] works.
    pub fn projects(&self) -> bool {
        self.coordinates().iter().any(|space| *space != Coordinates::Translated)
    }

    /// Whether [`Fitted::translate`] works.
    pub fn translates(&self) -> bool {
        self.coordinates().contains(&Coordinates::Translated)
    }

    /// The linear part of the map between the standardised coordinates of two views, without its shift and without a
    /// corrector; for a universe [`Universe::map_between`].
    ///
    /// # Errors
    /// Unknown view.
    pub fn linear_step(&self, source: &str, target: &str) -> Result<LinearStep, AlignError> {
        Ok(match self {
            Self::Input(_) => LinearStep::None,
            Self::Pairwise(maps) => match maps.map(source, target)? {
                None => LinearStep::Identity,
                Some(map) => LinearStep::Map(map.map(|&x| f64::from(x))),
            },
            Self::Universe(universe) => universe.map_between(source, target)?.map_or(LinearStep::None, LinearStep::Map),
            Self::Own(own) => own.linear_step(source, target)?,
        })
    }

    /// `x` (n × d of `view`: a [`Matrix`], or borrowed rows of any memory layout, which are not copied) in the
    /// coordinates that all views share: the universe, or the input coordinates for no alignment.
    ///
    /// # Errors
    /// Pairwise maps share no coordinates; unknown view; wrong width.
    pub fn project<'x>(&self, view: &str, x: impl Into<MatrixView<'x>>) -> Result<Matrix, AlignError> {
        let x = x.into();
        match self {
            Self::Input(input) => input.project(view, x),
            Self::Universe(universe) => universe.project(view, x),
            Self::Own(own) => checked(view, x, None, own.project(view, x)?),
            Self::Pairwise(_) => {
                Err(AlignError::NoSuchSpace { method: "pairwise", space: "universe", offers: "translated" })
            }
        }
    }

    /// `x` (n × d of `source`) in the raw coordinates of `target`. Location and scale are the method's own, which
    /// suffices for ranks by cosines of standardised rows. Calibrate the fit ([`Fit::calibrated`]) to compare
    /// translated rows with the target's own rows.
    ///
    /// # Errors
    /// No alignment translates nothing; unknown view; wrong width.
    pub fn translate<'x>(
        &self,
        source: &str,
        target: &str,
        x: impl Into<MatrixView<'x>>,
    ) -> Result<Matrix, AlignError> {
        let x = x.into();
        match self {
            Self::Pairwise(maps) => maps.translate(source, target, x),
            Self::Universe(universe) => universe.translate(source, target, x),
            Self::Own(own) => {
                let width = own.views().iter().find(|(name, _)| *name == target).map(|(_, width)| *width);
                checked(source, x, width, own.translate(source, target, x)?)
            }
            Self::Input(_) => Err(AlignError::NoSuchSpace { method: "na", space: "translated", offers: "input" }),
        }
    }

    /// Names and widths of the views, in order.
    pub fn views(&self) -> Vec<(&str, usize)> {
        match self {
            Self::Input(input) => input.views().iter().map(|(name, width, _)| (name.as_str(), *width)).collect(),
            Self::Pairwise(maps) => {
                maps.names().iter().zip(maps.preps()).map(|(name, prep)| (name.as_str(), prep.width())).collect()
            }
            Self::Universe(universe) => universe.views().iter().map(|view| (view.name(), view.width())).collect(),
            Self::Own(own) => own.views(),
        }
    }

    /// Views that did not vary on the training rows, among the standardised views.
    pub(crate) fn dead_views(&self) -> Vec<String> {
        self.preps().into_iter().filter(|(_, prep)| prep.is_dead()).map(|(name, _)| name.to_string()).collect()
    }

    /// The standardisations by view.
    pub(crate) fn preps(&self) -> Vec<(&str, &ZScore)> {
        match self {
            Self::Input(input) => {
                input.views().iter().filter_map(|(name, _, prep)| Some((name.as_str(), prep.as_ref()?))).collect()
            }
            Self::Pairwise(maps) => maps.names().iter().map(String::as_str).zip(maps.preps()).collect(),
            Self::Universe(universe) => universe.views().iter().map(|view| (view.name(), view.prep())).collect(),
            Self::Own(own) => own.views().into_iter().filter_map(|(name, _)| Some((name, own.prep(name)?))).collect(),
        }
    }

    /// The standardisation of a view; `None` for a view in its raw coordinates and for an unknown view.
    pub fn prep(&self, view: &str) -> Option<&ZScore> {
        match self {
            Self::Input(input) => {
                input.views().iter().find(|(name, ..)| name == view).and_then(|(_, _, prep)| prep.as_ref())
            }
            Self::Pairwise(maps) => {
                maps.names().iter().zip(maps.preps()).find(|(name, _)| *name == view).map(|(_, prep)| prep)
            }
            Self::Universe(universe) => universe.views().iter().find(|v| v.name() == view).map(ViewMap::prep),
            Self::Own(own) => own.prep(view),
        }
    }

    /// Replaces the calibrations; they are in the order of the views.
    pub(crate) fn with_calibrations(&self, calibrations: Vec<Option<Calibration>>) -> Self {
        match self {
            Self::Input(input) => Self::Input(input.clone()),
            Self::Pairwise(maps) => Self::Pairwise(maps.clone().with_calibrations(calibrations)),
            Self::Universe(universe) => Self::Universe(universe.clone().with_calibrations(calibrations)),
            Self::Own(own) => Self::Own(Arc::clone(own)),
        }
    }

    /// The last, affine step of a translation, to the target's standardised coordinates: the linear part (rows × d) and
    /// the shift. `None` if nothing is translated.
    pub(crate) fn last_step(&self, source: usize, target: usize) -> Option<(Matrix<f64>, Vec<f64>)> {
        match self {
            Self::Input(_) | Self::Own(_) => None,
            Self::Pairwise(maps) => maps.last_step(source, target),
            Self::Universe(universe) => universe.views().get(target).and_then(ViewMap::affine_back),
        }
    }

    /// The universe, if there is one.
    pub fn universe(&self) -> Option<&Universe> {
        match self {
            Self::Universe(universe) => Some(universe),
            _ => None,
        }
    }

    /// Bytes of its numbers.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Input(input) => input.bytes(),
            Self::Pairwise(maps) => maps.bytes(),
            Self::Universe(universe) => universe.bytes(),
            Self::Own(own) => own.bytes(),
        }
    }
}

/// Checks the output of a form outside this crate: the number of rows and the width.
fn checked(view: &str, x: MatrixView<'_>, width: Option<usize>, out: Matrix) -> Result<Matrix, AlignError> {
    let (got, want) = ((out.rows(), out.cols()), (x.rows(), width.unwrap_or(out.cols())));
    if got == want {
        return Ok(out);
    }
    let shape = |(rows, cols): (usize, usize)| format!("{rows} x {cols}");
    let message = format!("rows of view `{view}` became {}, expected {}; mend the fit", shape(got), shape(want));
    Err(AlignError::Own { method: "a fit of its own form".into(), message })
}
