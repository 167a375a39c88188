//! Outlines of files of format 1 and 2, before views had steps.

use serde::Deserialize;

use super::{Back, CorrectorOutline, InputOutline, Outline, PairOutline, Scaling, StepOutline, ViewOutline, of_view};

/// Outline of an old file; [`Outline::from`] gives the current form. The arrays have the same names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum OldOutline {
    /// Unchanged since then.
    Input {
        /// The views in order.
        views: Vec<InputOutline>,
    },
    /// Unchanged since then.
    Pairwise {
        /// The views in order.
        views: Vec<PairOutline>,
        /// The maps from a later view to an earlier one.
        back: Back,
        /// Positions of the views whose translated rows are calibrated.
        #[serde(default)]
        calibrated: Vec<usize>,
    },
    /// One map per view into one space, with flags for other steps.
    Universe {
        /// Width D of the space.
        width: usize,
        /// The views in order.
        views: Vec<OldView>,
        /// The corrector, if there is one.
        corrector: Option<CorrectorOutline>,
        /// Positions of the views whose way back is calibrated.
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
    /// Whether standardised rows are brought to unit length before the map.
    unit: bool,
    back: Back,
    /// Standardisation of the universe in which the map ends, if it does not end in the universe itself.
    post: Option<Scaling>,
    /// Whether the corrector, if there is one, applies.
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
