//! Parts of a fitted method.

use std::collections::BTreeMap;

use super::arrays::put_scaling;
use super::{
    Array, Back, CorrectorOutline, InputOutline, Outline, OwnOutline, PairOutline, Parts, StepOutline, ViewOutline,
    of_view, pair,
};
use crate::calibration::Calibration;
use crate::corrector::Corrector;
use crate::fitted::{Step, ViewMap};
use crate::prep::ZScore;
use crate::{AlignError, Fitted};

impl Fitted {
    /// All parts of the fit, by name; the arrays are copies.
    ///
    /// # Errors
    /// [`AlignError::NoParts`] for a form outside this crate that has none ([`FittedMaps::parts`](crate::FittedMaps::parts)).
    pub fn parts(&self) -> Result<Parts, AlignError> {
        let mut arrays = BTreeMap::new();
        let outline = match self {
            Self::Input(input) => {
                let view = |(name, width, prep): &(String, usize, Option<ZScore>)| InputOutline {
                    name: name.clone(),
                    width: *width,
                    prep: prep.as_ref().map(|prep| put_scaling(&mut arrays, &of_view(name), prep)),
                };
                Outline::Input { views: input.views().iter().map(view).collect() }
            }
            Self::Pairwise(maps) => {
                let view = |(name, prep): (&String, &ZScore)| PairOutline {
                    name: name.clone(),
                    width: prep.width(),
                    prep: put_scaling(&mut arrays, &of_view(name), prep),
                };
                let views = maps.names().iter().zip(maps.preps()).map(view).collect();
                for ((a, b), map) in maps.stored() {
                    arrays.insert(pair(a, b), Array::matrix(map));
                }
                let calibrated = put_calibrations(&mut arrays, maps.names(), |at| maps.calibration(at));
                Outline::Pairwise {
                    views,
                    back: if maps.both_ways() { Back::Own } else { Back::Transpose },
                    calibrated,
                }
            }
            Self::Universe(universe) => {
                let views = universe.views().iter().map(|view| put_view(&mut arrays, view)).collect();
                let corrector = universe.corrector().map(|corrector| CorrectorOutline {
                    hidden: put_corrector(&mut arrays, corrector),
                    rescale: universe.rescale(),
                });
                Outline::Universe { width: universe.width(), views, corrector }
            }
            Self::Own(own) => {
                let parts = own.parts().ok_or(AlignError::NoParts)?;
                Outline::Own(OwnOutline::of(parts, &own.views(), &mut arrays))
            }
        };
        Ok(Parts { outline, arrays })
    }
}

type Stored = BTreeMap<String, Array>;

fn put_calibration(arrays: &mut Stored, start: &str, calibration: &Calibration) {
    arrays.insert(format!("{start}mean"), Array::vector_f64(calibration.mean()));
    arrays.insert(format!("{start}gain"), Array::vector_f64(&[calibration.gain()]));
}

fn put_view(arrays: &mut Stored, view: &ViewMap) -> ViewOutline {
    let (name, width) = (view.name().to_string(), view.width());
    let (start, scaling) = (of_view(&name), put_scaling(arrays, &of_view(&name), view.prep()));
    let mut puts = Puts { arrays, view: &start, done: Vec::new() };
    let mut way_in = vec![StepOutline::Standardise { arrays: start.clone(), scaling }];
    puts.steps(view.way_in(), width, &mut way_in, ["map", "features_", "universe_"]);
    let way_back = view.way_back().map(|steps| {
        let mut way_back = Vec::new();
        puts.steps(steps, view.universe_width(), &mut way_back, ["back", "back_universe_", "back_view_"]);
        way_back.push(StepOutline::UnStandardise { arrays: start.clone(), scaling });
        way_back
    });
    ViewOutline { name, width, way_in, way_back }
}

/// Writer of the arrays of one view's steps. An array that two steps share is written once.
struct Puts<'a> {
    arrays: &'a mut Stored,
    /// Prefix of the names of the view's arrays.
    view: &'a str,
    done: Vec<(&'a Step, String)>,
}

impl<'a> Puts<'a> {
    /// Appends the outlines of these steps to `outlines`. The names are those of a matrix, of a standardisation and of
    /// its inverse.
    fn steps(
        &mut self,
        steps: &'a [Step],
        mut width: usize,
        outlines: &mut Vec<StepOutline>,
        [matrix, standardised, restored]: [&str; 3],
    ) {
        for step in steps {
            width = step.width_after(width).unwrap_or(width);
            outlines.push(match step {
                Step::Standardise(prep) => {
                    let arrays = self.named(step, standardised, "mean");
                    StepOutline::Standardise { scaling: put_scaling(self.arrays, &arrays, prep), arrays }
                }
                Step::UnStandardise(prep) => {
                    let arrays = self.named(step, restored, "mean");
                    StepOutline::UnStandardise { scaling: put_scaling(self.arrays, &arrays, prep), arrays }
                }
                Step::UnitRows => StepOutline::UnitRows,
                Step::Linear(map) => {
                    let array = self.named(step, matrix, "");
                    self.arrays.insert(array.clone(), Array::matrix(map.matrix()));
                    StepOutline::Linear { array, width, transposed: map.is_transposed() }
                }
                Step::KernelFeatures(features) => {
                    let landmarks = self.named(step, "landmarks", "");
                    let whitener = self.named(step, "whitener", "");
                    self.arrays.insert(landmarks.clone(), Array::matrix(features.landmarks()));
                    self.arrays.insert(whitener.clone(), Array::matrix_f64(features.whitener()));
                    StepOutline::KernelFeatures { landmarks, whitener, width, scale: features.scale() }
                }
                Step::Correct(_) => StepOutline::Corrector,
                Step::Calibrate(calibration) => {
                    let arrays = self.named(step, "back_", "gain");
                    put_calibration(self.arrays, &arrays, calibration);
                    StepOutline::Calibrate { arrays }
                }
            });
        }
    }

    /// The name of a step's array or arrays: that of a step with the same memory, or `what` with a number if it is
    /// taken. `one` is the end of the name of one of several arrays.
    fn named(&mut self, step: &'a Step, what: &str, one: &str) -> String {
        if let Some((_, name)) = self.done.iter().find(|(other, _)| other.shares_memory(step)) {
            return name.clone();
        }
        let numbered = |n: usize| match n {
            1 => format!("{}{what}", self.view),
            n if one.is_empty() => format!("{}{what}_{n}", self.view),
            n => format!("{}{what}{n}_", self.view),
        };
        let mut n = 1;
        while self.arrays.contains_key(&format!("{}{one}", numbered(n))) {
            n += 1;
        }
        let name = numbered(n);
        self.done.push((step, name.clone()));
        name
    }
}

/// Writes the calibrations and returns the views that have one.
fn put_calibrations<'a>(
    arrays: &mut Stored,
    names: &[String],
    of: impl Fn(usize) -> Option<&'a Calibration>,
) -> Vec<usize> {
    let calibrations = names.iter().enumerate().filter_map(|(at, name)| Some((at, name, of(at)?)));
    calibrations
        .map(|(at, name, calibration)| {
            put_calibration(arrays, &format!("{name}.back_"), calibration);
            at
        })
        .collect()
}

/// Writes the weights and returns the hidden width.
fn put_corrector(arrays: &mut Stored, corrector: &Corrector) -> usize {
    let w = corrector.weights();
    let vectors = [("norm_scale", &w.scale), ("norm_shift", &w.shift), ("b1", &w.b1), ("bg", &w.bg), ("b2", &w.b2)];
    for (what, values) in vectors {
        arrays.insert(format!("corrector.{what}"), Array::vector(values));
    }
    for (what, matrix) in [("w1", &w.w1), ("wg", &w.wg), ("w2", &w.w2)] {
        arrays.insert(format!("corrector.{what}"), Array::matrix(matrix));
    }
    w.b1.len()
}
