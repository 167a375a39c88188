//! NA: no alignment. The baseline that every other method has to beat.

use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, Needs};
use crate::fitted::InputSpace;
use crate::moments::enough;
use crate::prep::{ConstantColumns, ZScore};
use crate::settings::choice;
use crate::views::View;
use crate::{AlignError, Fit, FitReport, Fitted};

/// Parameters of `na`: views as they are, or with `scale: zscore` standardised by their training rows. O(N·Σd).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct NaParams {
    /// Whether the encoders' coordinates are standardised.
    #[serde(deserialize_with = "choice")]
    pub scale: Scale,
}

crate::former_keys!(NaParams: "constant_columns" => "scale: {zscore: {constant_columns: clamp}}");

/// Scaling of the input coordinates: `scale: zscore`, or with settings `scale: {zscore: {constant_columns: released}}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scale {
    /// As the encoder gave them: the paper's baseline.
    #[default]
    Raw,
    /// Standardised by the training rows: what GPA starts from, so its clustering equals GPA's.
    Zscore(ZscoreParams),
}

/// Settings of standardised coordinates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ZscoreParams {
    /// What happens to columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

impl Scale {
    /// Standardised, with the defaults.
    pub fn zscore() -> Self {
        Self::Zscore(ZscoreParams::default())
    }
}

impl Aligner for NaParams {
    fn name(&self) -> &'static str {
        "na"
    }

    fn title(&self) -> &'static str {
        "NA"
    }

    fn summary(&self) -> &'static str {
        "no alignment: each view in its own coordinates"
    }

    fn version(&self) -> u32 {
        2
    }

    fn needs(&self) -> Needs {
        Needs::default().views(1).without_correspondence()
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + size.views as f64
    }

    fn fit(&self, input: &FitInput<'_>, _: u64) -> Result<Fit, AlignError> {
        let view = |space: &View| {
            let prep = match self.scale {
                Scale::Raw => None,
                Scale::Zscore(ZscoreParams { constant_columns }) => {
                    enough(space.name(), space.observed_rows())?;
                    Some(ZScore::fit(&space.observed(), constant_columns))
                }
            };
            Ok((space.name().to_string(), space.values().cols(), prep))
        };
        let views = input.views.iter().map(view).collect::<Result<_, AlignError>>()?;
        Ok(Fit { fitted: Fitted::Input(InputSpace::of_views(views)), report: FitReport::closed_form(0, 0, None) })
    }
}
