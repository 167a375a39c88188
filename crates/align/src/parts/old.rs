//! Outlines as they were before views had steps, in files of format 1 and 2.

use serde::Deserialize;

use super::{Back, CorrectorOutline, InputOutline, Outline, PairOutline, Scaling, StepOutline, ViewOutline, of_view};

/// An [`Outline`] of an old file; [`Outline::from`] gives the one of today. The arrays have the same names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum OldOutline {
    /// As today.
    Input {
        /// The views in order.
        views: Vec<InputOutline>,
    },
    /// As today.
    Pairwise {
        /// The views in order.
        views: Vec<PairOutline>,
        /// Of the maps from a later view to an earlier one.
        back: Back,
        /// The views, by position, that rows are calibrated for.
        #[serde(default)]
        calibrated: Vec<usize>,
    },
    /// A map for every view into one space, with flags for what else happens to its rows.
    Universe {
        /// Width D of the space.
        width: usize,
        /// The views in order.
        views: Vec<OldView>,
        /// The corrector, where there is one.
        corrector: Option<CorrectorOutline>,
        /// The views, by position, that rows are calibrated for on the way back to them.
        #[serde(default)]
        calibrated: Vec<usize>,
    },
}

/// A view of [`OldOutline::Universe`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldView {
    name: String,
    width: usize,
    prep: Scaling,
    /// Whether standardised rows are brought to length one before the map.
    unit: bool,
    back: Back,
    /// Standardisation of the universe that the map ends in, where it is not the universe itself.
    post: Option<Scaling>,
    /// Whether the corrector, where there is one, applies.
    corrected: bool,
}

impl From<OldOutline> for Outline {
    fn from(old: OldOutline) -> Self {
        match old {
            OldOutline::Input { views } => Self::Input { views },
            OldOutline::Pairwise { views, back, calibrated } => Self::Pairwise { views, back, calibrated },
            OldOutline::Universe { width, views, corrector, calibrated } => {
                let view =
                    |(at, view): (usize, OldView)| view.in_steps(width, corrector.is_some(), calibrated.contains(&at));
                Self::Universe { width, views: views.into_iter().enumerate().map(view).collect(), corrector }
            }
        }
    }
}

impl OldView {
    fn in_steps(self, universe: usize, corrector: bool, calibrated: bool) -> ViewOutline {
        let Self { name, width, prep, unit, back, post, corrected } = self;
        let array = |what: &str| format!("{name}.{what}");
        let mut way_in = vec![StepOutline::Standardise { arrays: of_view(&name), scaling: prep }];
        way_in.extend(unit.then_some(StepOutline::UnitRows));
        way_in.push(StepOutline::Linear { array: array("map"), width: universe, transposed: false });
        way_in.extend(post.map(|scaling| StepOutline::UnStandardise { arrays: array("universe_"), scaling }));
        way_in.extend((corrector && corrected).then_some(StepOutline::Corrector));
        let mut way_back = Vec::new();
        way_back.extend(post.map(|scaling| StepOutline::Standardise { arrays: array("universe_"), scaling }));
        way_back.push(match back {
            Back::Transpose => StepOutline::Linear { array: array("map"), width, transposed: true },
            Back::Own => StepOutline::Linear { array: array("back"), width, transposed: false },
        });
        way_back.extend(calibrated.then(|| StepOutline::Calibrate { arrays: array("back_") }));
        way_back.push(StepOutline::UnStandardise { arrays: of_view(&name), scaling: prep });
        ViewOutline { name, width, way_in, way_back: Some(way_back) }
    }
}
