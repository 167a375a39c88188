//! The steps of a map as arrays with names, and as entries of the metadata.

use align::Matrix;
use align::RowMap;
use align::fitted::MapStep;
use align::parts::Array;
use serde::Serialize;

/// A step, with the names of its arrays.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(super) enum StepEntry {
    /// `x A + b`.
    Affine { matrix: String, shift: String },
    /// `x / |x|`.
    UnitRows,
    /// `k W` with `k_l = exp(−|x − l|² / scale)` for each row l of the landmarks, computed in f64.
    KernelFeatures { landmarks: String, whitener: String, scale: f64 },
    /// The corrector of GCPA, whose arrays have this prefix.
    Corrector { arrays: String, keeps_lengths: bool },
    /// `s ∘ (x + gelu(x w1 + b1) w2 + b2)` with arrays of this prefix.
    ResidualMlp { arrays: String, scaled: bool },
}

/// The arrays of a map in the order of its steps, and the steps with the names of their arrays.
pub(super) struct NamedSteps {
    pub(super) arrays: Vec<(String, Array)>,
    pub(super) steps: Vec<StepEntry>,
}

impl NamedSteps {
    /// Names start with the position of the step, such as `2.A`, if two steps would have an array of the same name.
    pub(super) fn of(map: &RowMap) -> Self {
        let plain = Self::with(map, |_| String::new());
        let mut names: Vec<&str> = plain.arrays.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let distinct = names.windows(2).all(|pair| pair[0] != pair[1]);
        if distinct { plain } else { Self::with(map, |position| format!("{position}.")) }
    }

    fn with(map: &RowMap, prefix: impl Fn(usize) -> String) -> Self {
        let mut named = Self { arrays: Vec::new(), steps: Vec::new() };
        for (position, step) in map.steps().iter().enumerate() {
            named.push(step, &prefix(position));
        }
        named
    }

    fn push(&mut self, step: &MapStep, prefix: &str) {
        let mut array = |name: &str, array: Array| {
            let name = format!("{prefix}{name}");
            self.arrays.push((name.clone(), array));
            name
        };
        let entry = match step {
            MapStep::Affine(affine) => StepEntry::Affine {
                matrix: array("A", Array::matrix(&affine.matrix)),
                shift: array("b", Array::vector(&affine.shift)),
            },
            MapStep::KernelFeatures(features) => StepEntry::KernelFeatures {
                landmarks: array("landmarks", Array::matrix(features.landmarks())),
                whitener: array("whitener", Array::matrix_f64(features.whitener())),
                scale: features.scale(),
            },
            MapStep::Correct { corrector, keeps_lengths } => {
                let w = corrector.weights();
                let vectors: [(&str, &[f32]); 5] =
                    [("norm_scale", &w.scale), ("norm_shift", &w.shift), ("b1", &w.b1), ("bg", &w.bg), ("b2", &w.b2)];
                let matrices: [(&str, &Matrix); 3] = [("w1", &w.w1), ("wg", &w.wg), ("w2", &w.w2)];
                vectors.into_iter().for_each(|(name, values)| drop(array(name, Array::vector(values))));
                matrices.into_iter().for_each(|(name, values)| drop(array(name, Array::matrix(values))));
                StepEntry::Corrector { arrays: prefix.to_owned(), keeps_lengths: *keeps_lengths }
            }
            MapStep::Residual(w) => {
                array("w1", Array::matrix(&w.w1));
                array("b1", Array::vector(&w.b1));
                array("w2", Array::matrix(&w.w2));
                array("b2", Array::vector(&w.b2));
                if let Some(scale) = &w.scale {
                    array("scale", Array::vector(scale));
                }
                StepEntry::ResidualMlp { arrays: prefix.to_owned(), scaled: w.scale.is_some() }
            }
            _ => StepEntry::UnitRows,
        };
        self.steps.push(entry);
    }
}
