//! A fitted method: its maps with one way to use them.

use std::sync::Arc;

use super::input::InputSpace;
use super::kinds::{Coordinates, LinearStep};
use super::own::FittedMaps;
use super::pairs::PairMaps;
use super::steps::ViewMap;
use super::universe::Universe;
use crate::calibration::Calibration;
use crate::prep::ZScore;
use crate::{AlignError, FitReport, Matrix};

/// A fitted method and how the fit ended.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The maps.
    pub fitted: Fitted,
    /// How they were found.
    pub report: FitReport,
}

/// A fitted method, whole: nothing is ever half-fitted. Its capabilities are [`projects`](Fitted::projects),
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
    /// The views in which it can be judged; the first is the one its headline figure is taken from.
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

    /// Whether [`Fitted::project`] has an answer: whether there are coordinates that all views have in common.
    pub fn projects(&self) -> bool {
        self.coordinates().iter().any(|space| *space != Coordinates::Translated)
    }

    /// Whether [`Fitted::translate`] has an answer.
    pub fn translates(&self) -> bool {
        self.coordinates().contains(&Coordinates::Translated)
    }

    /// The linear part of the way from the standardised coordinates of one view to those of another, without its shift
    /// and without a corrector; of a universe [`Universe::map_between`].
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

    /// `x` (n × d of `view`) in the space that all views share: the universe, or for no alignment the
    /// input space itself.
    ///
    /// # Errors
    /// Pairwise maps share no space; unknown view; wrong width.
    pub fn project(&self, view: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        match self {
            Self::Input(input) => input.project(view, x),
            Self::Universe(universe) => universe.project(view, x),
            Self::Own(own) => checked(view, x, None, own.project(view, x)?),
            Self::Pairwise(_) => {
                Err(AlignError::NoSuchSpace { method: "pairwise", space: "universe", offers: "translated" })
            }
        }
    }

    /// `x` (n × d of `source`) in the raw coordinates of `target`. Their location and scale are the method's own, right for
    /// ranks by cosines of standardised rows; to put them beside the target's own rows, calibrate the fit
    /// ([`Fit::calibrated`]).
    ///
    /// # Errors
    /// No alignment translates nothing; unknown view; wrong width.
    pub fn translate(&self, source: &str, target: &str, x: &Matrix) -> Result<Matrix, AlignError> {
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

    /// Views of which nothing varied on the training rows, as far as they were standardised by these.
    pub(crate) fn dead_views(&self) -> Vec<String> {
        self.preps().into_iter().filter(|(_, prep)| prep.is_dead()).map(|(name, _)| name.to_string()).collect()
    }

    /// The standardisations that there are, by view.
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

    /// The standardisation of a view that the fit goes by; `None` for a view in its raw coordinates or one that is not there.
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

    /// With these calibrations in the order of the views, in place of those that it has.
    pub(crate) fn with_calibrations(&self, calibrations: Vec<Option<Calibration>>) -> Self {
        match self {
            Self::Input(input) => Self::Input(input.clone()),
            Self::Pairwise(maps) => Self::Pairwise(maps.clone().with_calibrations(calibrations)),
            Self::Universe(universe) => Self::Universe(universe.clone().with_calibrations(calibrations)),
            Self::Own(own) => Self::Own(Arc::clone(own)),
        }
    }

    /// The last, affine step of a translation, from what the source's rows go on from to the target's standardised
    /// coordinates: the linear part (rows × d) and the shift. `None` where nothing is translated.
    pub(crate) fn last_step(&self, source: usize, target: usize) -> Option<(Matrix<f64>, Vec<f64>)> {
        match self {
            Self::Input(_) | Self::Own(_) => None,
            Self::Pairwise(maps) => maps.last_step(source, target),
            Self::Universe(universe) => universe.views().get(target).and_then(ViewMap::affine_back),
        }
    }

    /// The universe, where there is one.
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

/// What a form that is not this crate's gives for these rows: as many of them, as wide as they have to be.
fn checked(view: &str, x: &Matrix, width: Option<usize>, out: Matrix) -> Result<Matrix, AlignError> {
    let (got, want) = ((out.rows(), out.cols()), (x.rows(), width.unwrap_or(out.cols())));
    if got == want {
        return Ok(out);
    }
    let shape = |(rows, cols): (usize, usize)| format!("{rows} x {cols}");
    let message = format!("rows of view `{view}` became {}, wanted {}; mend the fit", shape(got), shape(want));
    Err(AlignError::Own { method: "a fit of its own form".into(), message })
}
