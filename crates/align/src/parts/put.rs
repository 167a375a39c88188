//! Taking apart.

use std::collections::BTreeMap;

use super::{
    Array, Back, CorrectorOutline, InputOutline, Outline, PairOutline, Parts, Scaling, Side, ViewOutline, pair,
};
use crate::calibration::Calibration;
use crate::corrector::Corrector;
use crate::fitted::ViewMap;
use crate::prep::ZScore;
use crate::{AlignError, Fitted};

impl Fitted {
    /// Everything of it, by name. Copies the arrays.
    ///
    /// # Errors
    /// [`AlignError::NoParts`] for a form that is not this crate's.
    pub fn parts(&self) -> Result<Parts, AlignError> {
        let mut arrays = BTreeMap::new();
        let outline = match self {
            Self::Input(input) => {
                let view = |(name, width, prep): &(String, usize, Option<ZScore>)| InputOutline {
                    name: name.clone(),
                    width: *width,
                    prep: prep.as_ref().map(|prep| put_scaling(&mut arrays, name, Side::View, prep)),
                };
                Outline::Input { views: input.views().iter().map(view).collect() }
            }
            Self::Pairwise(maps) => {
                let view = |(name, prep): (&String, &ZScore)| PairOutline {
                    name: name.clone(),
                    width: prep.width(),
                    prep: put_scaling(&mut arrays, name, Side::View, prep),
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
                let names: Vec<String> = universe.views().iter().map(|view| view.name.clone()).collect();
                let calibration = |at: usize| universe.views()[at].calibration.as_ref();
                let calibrated = put_calibrations(&mut arrays, &names, calibration);
                Outline::Universe { width: universe.width(), views, corrector, calibrated }
            }
            Self::Own(_) => return Err(AlignError::NoParts),
        };
        Ok(Parts { outline, arrays })
    }
}

type Stored = BTreeMap<String, Array>;

fn put_scaling(arrays: &mut Stored, view: &str, side: Side, prep: &ZScore) -> Scaling {
    let (divisors, scales) = (prep.divisors(), prep.scales());
    for (what, values) in [("mean", prep.mean()), ("std", prep.std()), ("divisor", &divisors), ("scale", &scales)] {
        arrays.insert(side.part(view, what), Array::vector_f64(values));
    }
    Scaling { epsilon: prep.epsilon(), constant_columns: prep.rule() }
}

fn put_view(arrays: &mut Stored, view: &ViewMap) -> ViewOutline {
    let name = &view.name;
    arrays.insert(format!("{name}.map"), Array::matrix(&view.map));
    if let Some(back) = &view.back {
        arrays.insert(format!("{name}.back"), Array::matrix(back));
    }
    ViewOutline {
        name: name.clone(),
        width: view.prep.width(),
        prep: put_scaling(arrays, name, Side::View, &view.prep),
        unit: view.unit,
        back: if view.back.is_some() { Back::Own } else { Back::Transpose },
        post: view.post.as_ref().map(|post| put_scaling(arrays, name, Side::Universe, post)),
        corrected: view.corrected,
    }
}

/// Puts the calibrations there and says which views have one.
fn put_calibrations<'a>(
    arrays: &mut Stored,
    names: &[String],
    of: impl Fn(usize) -> Option<&'a Calibration>,
) -> Vec<usize> {
    let calibrations = names.iter().enumerate().filter_map(|(at, name)| Some((at, name, of(at)?)));
    calibrations
        .map(|(at, name, calibration)| {
            arrays.insert(format!("{name}.back_mean"), Array::vector_f64(calibration.mean()));
            arrays.insert(format!("{name}.back_gain"), Array::vector_f64(&[calibration.gain()]));
            at
        })
        .collect()
}

/// Puts the weights there and says the hidden width.
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
