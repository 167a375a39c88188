//! NA: no alignment. The baseline that every other method has to beat.

use serde::{Deserialize, Serialize};

use crate::moments::enough;
use crate::prep::{ConstantColumns, ZScore};
use crate::spaces::position;
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Spaces};

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

/// Each view in its own coordinates.
#[derive(Clone, Debug)]
pub struct InputSpace {
    views: Vec<(String, usize, Option<ZScore>)>,
}

impl InputSpace {
    /// `x` (n × d) raw or standardised.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn project(&self, view: &str, x: &Matrix) -> Result<Matrix, AlignError> {
        let (name, width, prep) = &self.views[position(self.views.iter().map(|(n, ..)| n.as_str()), view)?];
        x.check_width("project", name, *width)?;
        Ok(prep.as_ref().map_or_else(|| x.clone(), |prep| prep.standardised(x)))
    }

    /// Names, widths and standardisations.
    pub(crate) fn views(&self) -> &[(String, usize, Option<ZScore>)] {
        &self.views
    }

    pub(crate) fn of_views(views: Vec<(String, usize, Option<ZScore>)>) -> Self {
        Self { views }
    }

    /// Widths of the views, in order.
    pub fn widths(&self) -> impl Iterator<Item = usize> {
        self.views.iter().map(|(_, width, _)| *width)
    }
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
    Ok(Fit { fitted: Fitted::Input(InputSpace { views }), report: FitReport::closed_form(0, 0, None) })
}
