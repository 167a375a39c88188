//! Chains of steps, folded to as few as possible.

use std::sync::Arc;

use super::super::steps::{Aim, Step, affine};
use super::map::{AffineMap, MapStep, RowMap};
use crate::{AlignError, Matrix};

/// The map of these steps for rows of this width. Affine steps that follow each other are composed in `f64` and rounded
/// once.
///
/// # Errors
/// Steps that do not fit each other.
pub(in crate::fitted) fn of_steps(steps: &[Step], width: usize, aim: Aim) -> Result<RowMap, AlignError> {
    let source = width;
    let (mut done, mut at, mut width) = (Vec::new(), 0, width);
    while let Some(step) = steps.get(at) {
        let run = steps[at..].iter().take_while(|step| step.is_affine()).count();
        if let Some((linear, shift)) = affine(&steps[at..at + run], width).filter(|_| run > 0) {
            width = linear.cols();
            done.push(MapStep::Affine(rounded(&linear, &shift)));
            at += run;
            continue;
        }
        done.extend(match step {
            Step::UnitRows => Some(MapStep::UnitRows),
            Step::KernelFeatures(features) => Some(MapStep::KernelFeatures(Arc::clone(features))),
            Step::Correct(correction) => Some(MapStep::Correct {
                corrector: Arc::clone(&correction.corrector),
                keeps_lengths: correction.keeps_lengths(aim),
            }),
            Step::Standardise(_) | Step::UnStandardise(_) | Step::Linear(_) | Step::Calibrate(_) => None,
        });
        width = step.width_after(width).unwrap_or(width);
        at += 1;
    }
    RowMap::new(source, done)
}

fn rounded(linear: &Matrix<f64>, shift: &[f64]) -> AffineMap {
    AffineMap { matrix: linear.map(|&x| x as f32), shift: shift.iter().map(|&x| x as f32).collect() }
}
