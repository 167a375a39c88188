//! Restoring a fitted method from its parts, with all checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arrays::Arrays;
use super::{Back, InputOutline, Outline, PairOutline, Parts, Scaling, StepOutline, ViewOutline, of_view, pair};
use crate::calibration::Calibration;
use crate::corrector::{Corrector, Weights};
use crate::fitted::{Correction, InputSpace, KernelFeatures, LinearMap, PairMaps, Step, ViewMap};
use crate::prep::ZScore;
use crate::{AlignError, Fitted, Matrix, Universe};

impl Fitted {
    /// Restores the fitted method of these parts, to the last bit.
    ///
    /// # Errors
    /// [`AlignError::MissingPart`], [`AlignError::UnusedPart`], [`AlignError::PartShape`], [`AlignError::PartValue`]
    /// for an array that is missing, not used, of another type or shape, or with a value that it cannot hold;
    /// [`AlignError::DuplicateView`], [`AlignError::TooFewViews`], [`AlignError::EmptyView`] for such an outline;
    /// [`AlignError::UnknownForm`] for a form that is not registered ([`Fitted::register_form`]).
    pub fn from_parts(parts: Parts) -> Result<Self, AlignError> {
        let Parts { outline, arrays } = parts;
        check_views(&outline.views())?;
        let mut arrays = Arrays(arrays);
        let fitted = match outline {
            Outline::Input { views } => {
                let view = |v: InputOutline| {
                    let prep = v.prep.map(|scaling| arrays.scaling(&of_view(&v.name), v.width, scaling));
                    Ok((v.name, v.width, prep.transpose()?))
                };
                let views: Result<Vec<_>, AlignError> = views.into_iter().map(view).collect();
                Self::Input(InputSpace::of_views(views?))
            }
            Outline::Pairwise { views, back, calibrated } => {
                let calibrations = arrays
                    .calibrations(&views.iter().map(|v| (v.name.as_str(), v.width)).collect::<Vec<_>>(), &calibrated)?;
                let mut maps = Vec::new();
                for (b, a) in (0..views.len()).flat_map(|b| (0..b).map(move |a| (b, a))) {
                    maps.push(arrays.matrix(&pair(a, b), views[a].width, views[b].width)?);
                }
                let mut home = Vec::new();
                for (b, a) in (0..views.len()).flat_map(|b| (0..b).map(move |a| (b, a))).filter(|_| back == Back::Own) {
                    home.push(arrays.matrix(&pair(b, a), views[b].width, views[a].width)?);
                }
                let prep = |v: &PairOutline| arrays.scaling(&of_view(&v.name), v.width, v.prep);
                let preps: Result<Vec<ZScore>, AlignError> = views.iter().map(prep).collect();
                let names = views.into_iter().map(|v| v.name).collect();
                let maps = PairMaps::of(names, preps?, maps, (back == Back::Own).then_some(home));
                Self::Pairwise(maps.with_calibrations(calibrations))
            }
            Outline::Universe { width, views, corrector } => {
                let correction = corrector.map(|outline| {
                    let corrector = Arc::new(arrays.corrector(width, outline.hidden)?);
                    Ok(Correction { corrector, rescale: outline.rescale })
                });
                let correction = correction.transpose()?;
                let of_view = |view| Ways { arrays: &mut arrays, correction: correction.as_ref() }.view(view);
                let views: Result<Vec<ViewMap>, AlignError> = views.into_iter().map(of_view).collect();
                let universe = Universe::from_views(views?)?;
                if universe.width() != width {
                    let (name, got) = (universe.views()[0].name().to_string(), universe.width());
                    return Err(AlignError::Width { op: "universe map", name, got, want: width });
                }
                if correction.is_some() && universe.corrector().is_none() {
                    let message =
                        "the outline has a corrector, and no view has a step `corrector`; write the parts anew";
                    return Err(AlignError::Own { method: "a universe".into(), message: message.into() });
                }
                Self::Universe(universe)
            }
            Outline::Own(outline) => Self::Own(outline.restore(&mut arrays)?),
        };
        match arrays.0.into_keys().next() {
            None => Ok(fitted),
            Some(part) => Err(AlignError::UnusedPart { part }),
        }
    }
}

fn check_views(views: &[(&str, usize)]) -> Result<(), AlignError> {
    if views.is_empty() {
        return Err(AlignError::TooFewViews { method: "a fit", got: 0, want: 1, only: None });
    }
    for (i, &(name, width)) in views.iter().enumerate() {
        let name = || name.to_string();
        if views[..i].iter().any(|(other, _)| *other == views[i].0) {
            return Err(AlignError::DuplicateView { name: name() });
        }
        if width == 0 {
            return Err(AlignError::EmptyView { name: name(), rows: width, cols: width });
        }
    }
    Ok(())
}

impl Arrays {
    fn calibration(&mut self, start: &str, width: usize) -> Result<Calibration, AlignError> {
        let mean = self.double(&format!("{start}mean"), &[width])?;
        let part = format!("{start}gain");
        match self.double(&part, &[1])?[..] {
            [gain] if gain > 0.0 => Ok(Calibration::new(mean, gain)),
            [value, ..] => Err(AlignError::PartValue { part, at: 0, value, want: "a gain above 0" }),
            [] => Err(AlignError::MissingPart { part }),
        }
    }

    /// Calibrations of the views with these names and widths at the positions `calibrated`; `None` for the others.
    fn calibrations(
        &mut self,
        views: &[(&str, usize)],
        calibrated: &[usize],
    ) -> Result<Vec<Option<Calibration>>, AlignError> {
        if let Some(at) = calibrated.iter().find(|&&at| at >= views.len()) {
            return Err(AlignError::MissingPart {
                part: format!("the view at position {at}, which is to be calibrated"),
            });
        }
        let of_view = |(at, &(name, width)): (usize, &(&str, usize))| {
            if !calibrated.contains(&at) {
                return Ok(None);
            }
            self.calibration(&format!("{name}.back_"), width).map(Some)
        };
        views.iter().enumerate().map(of_view).collect()
    }

    fn corrector(&mut self, width: usize, hidden: usize) -> Result<Corrector, AlignError> {
        let name = |what: &str| format!("corrector.{what}");
        Corrector::from_weights(&Weights {
            scale: self.single(&name("norm_scale"), &[width])?,
            shift: self.single(&name("norm_shift"), &[width])?,
            w1: self.matrix(&name("w1"), width, hidden)?,
            b1: self.single(&name("b1"), &[hidden])?,
            wg: self.matrix(&name("wg"), width, width)?,
            bg: self.single(&name("bg"), &[width])?,
            w2: self.matrix(&name("w2"), hidden, width)?,
            b2: self.single(&name("b2"), &[width])?,
        })
    }
}

/// The ways of one view, restored.
struct Ways<'a> {
    arrays: &'a mut Arrays,
    correction: Option<&'a Correction>,
}

/// Arrays that steps of one view have named; other steps can name them, too.
#[derive(Default)]
struct Named {
    matrices: BTreeMap<String, LinearMap>,
    scalings: BTreeMap<String, (Arc<ZScore>, Scaling)>,
}

impl Ways<'_> {
    fn view(&mut self, outline: ViewOutline) -> Result<ViewMap, AlignError> {
        let ViewOutline { name, width, way_in, way_back } = outline;
        let odd = |what: &str| {
            let message = format!("view `{name}`: {what}; these are not the parts of one fit, write them anew");
            AlignError::Own { method: "a universe".into(), message }
        };
        let mut named = Named::default();
        let Some((StepOutline::Standardise { arrays, scaling }, inner)) = way_in.split_first() else {
            return Err(odd("its way in does not start with the step `standardise`"));
        };
        let prep = self.scaling(&mut named, arrays, width, *scaling)?;
        let (steps, universe) = self.steps(&mut named, inner, width)?;
        let back = match way_back.as_deref().map(<[StepOutline]>::split_last) {
            None => None,
            Some(Some((StepOutline::UnStandardise { arrays: own, scaling: rule }, inner)))
                if own == arrays && rule == scaling =>
            {
                Some(self.steps(&mut named, inner, universe)?.0)
            }
            Some(_) => return Err(odd("its way back does not end with the inverse of its first step")),
        };
        Ok(ViewMap::of_steps(name.clone(), (*prep).clone(), steps, back))
    }

    /// The steps that start with rows of this width, and the width after them.
    fn steps(
        &mut self,
        named: &mut Named,
        outlines: &[StepOutline],
        mut width: usize,
    ) -> Result<(Vec<Step>, usize), AlignError> {
        let mut steps = Vec::new();
        for outline in outlines {
            steps.push(match outline {
                StepOutline::Standardise { arrays, scaling } => {
                    Step::Standardise(self.scaling(named, arrays, width, *scaling)?)
                }
                StepOutline::UnStandardise { arrays, scaling } => {
                    Step::UnStandardise(self.scaling(named, arrays, width, *scaling)?)
                }
                StepOutline::UnitRows => Step::UnitRows,
                StepOutline::Linear { array, width: after, transposed } => {
                    let (rows, cols) = if *transposed { (*after, width) } else { (width, *after) };
                    let map = match named.matrices.get(array) {
                        Some(map) => map.clone(),
                        None => LinearMap::new(self.arrays.matrix(array, rows, cols)?),
                    };
                    named.matrices.insert(array.clone(), map.clone());
                    let map = if *transposed { map.transposed() } else { map };
                    let (takes, gives) = map.widths();
                    if (takes, gives) != (width, *after) {
                        let (part, got) = (array.clone(), format!("{takes} x {gives}"));
                        return Err(AlignError::PartShape { part, got, want: format!("{width} x {after}") });
                    }
                    Step::Linear(map)
                }
                StepOutline::KernelFeatures { landmarks, whitener, width: k, scale } => {
                    if !(*scale > 0.0 && scale.is_finite()) {
                        let (part, want) = (landmarks.clone(), "a scale of squared distances above 0");
                        return Err(AlignError::PartValue { part, at: 0, value: *scale, want });
                    }
                    let landmarks = self.arrays.matrix(landmarks, *k, width)?;
                    let whitener = Matrix::new(*k, *k, self.arrays.double(whitener, &[*k, *k])?)?;
                    Step::KernelFeatures(Arc::new(KernelFeatures::of_parts(landmarks, whitener, *scale)))
                }
                StepOutline::Corrector => match self.correction {
                    Some(correction) => Step::Correct(correction.clone()),
                    None => return Err(AlignError::MissingPart { part: "corrector.norm_scale".into() }),
                },
                StepOutline::Calibrate { arrays } => Step::Calibrate(self.arrays.calibration(arrays, width)?),
            });
            let last = steps.last().map_or(Ok(width), |step| step.width_after(width));
            width = last.map_err(|want| AlignError::Width {
                op: "universe map",
                name: "corrector".into(),
                got: width,
                want,
            })?;
        }
        Ok((steps, width))
    }

    fn scaling(
        &mut self,
        named: &mut Named,
        start: &str,
        width: usize,
        scaling: Scaling,
    ) -> Result<Arc<ZScore>, AlignError> {
        if let Some((prep, rule)) = named.scalings.get(start) {
            if (prep.width(), *rule) == (width, scaling) {
                return Ok(Arc::clone(prep));
            }
            let (part, got) = (format!("{start}std"), format!("{} numbers by {rule:?}", prep.width()));
            return Err(AlignError::PartShape { part, got, want: format!("{width} numbers by {scaling:?}") });
        }
        let prep = Arc::new(self.arrays.scaling(start, width, scaling)?);
        named.scalings.insert(start.to_string(), (Arc::clone(&prep), scaling));
        Ok(prep)
    }
}
