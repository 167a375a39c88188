//! NA: no alignment. The baseline that every other method has to beat.

use serde::{Deserialize, Serialize};

use crate::fitted::InputSpace;
use crate::moments::enough;
use crate::prep::{ConstantColumns, ZScore};
use crate::{AlignError, Fit, FitReport, Fitted, Spaces};

/// Parameters of `na`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NaParams {
    /// Whether the encoders' coordinates are standardised.
    pub scale: Scale,
    /// What happens to columns that are constant on the training rows, under `scale: zscore`.
    pub constant_columns: ConstantColumns,
}

/// Scaling of the input coordinates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// As the encoder gave them: the paper's baseline.
    #[default]
    Raw,
    /// Standardised by the training rows: what GPA starts from, so its clustering equals GPA's.
    Zscore,
}

/// Remembers the views, and with `scale: zscore` their training statistics. O(N·Σd).
pub(crate) fn fit(params: &NaParams, train: &Spaces) -> Result<Fit, AlignError> {
    let view = |space: &crate::spaces::Space| {
        let prep = match params.scale {
            Scale::Raw => None,
            Scale::Zscore => {
                enough(space.name(), space.observed_rows())?;
                Some(ZScore::fit(&space.observed(), params.constant_columns))
            }
        };
        Ok((space.name().to_string(), space.values().cols(), prep))
    };
    let views = train.iter().map(view).collect::<Result<_, AlignError>>()?;
    Ok(Fit { fitted: Fitted::Input(InputSpace::of_views(views)), report: FitReport::closed_form(0, 0, None) })
}
