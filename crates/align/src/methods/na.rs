//! NA: no alignment, the baseline for every other method.

use crate::methods::shared::docs::constant_columns;
use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, Needs, SearchSpace};
use crate::fitted::InputSpace;
use crate::methods::shared::search::names;
use crate::moments::enough;
use crate::prep::{ConstantColumns, ZScore};
use crate::settings::choice;
use crate::views::View;
use crate::{AlignError, Fit, FitReport, Fitted};

/// No alignment (NA): every view stays in its own coordinates.
///
/// This is the baseline for every other method.
///
/// # Formula
/// A row $x$ of view $m$ stays $x$ with `scale: raw`. With `scale: zscore` it becomes
///
/// $$ z = \frac{x - \mu_m}{\sigma_m} , $$
///
/// column by column, with the mean $\mu_m$ and the population standard deviation $\sigma_m$ of the training rows.
///
/// # Shapes
/// View $m$ stays $N \times d_m$. There is no universe and no translation. Tasks compare two views only if their widths
/// are equal.
///
/// # Cost
/// $O(N \sum_m d_m)$ with `zscore`, nothing with `raw`.
///
/// # Source
/// arXiv 2602.06205, baseline NA.
///
/// # Departures
/// The authors' retrieval experiment does not compute this baseline; its value in their result files is 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct NaParams {
    /// Scaling of the encoders' coordinates.
    #[serde(deserialize_with = "choice")]
    pub scale: Scale,
}

crate::former_keys!(NaParams: "constant_columns" => "scale: {zscore: {constant_columns: clamp}}");

/// Scaling of the input coordinates: `scale: zscore`, or with settings `scale: {zscore: {constant_columns: released}}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scale {
    /// The encoder's values, unchanged: the paper's baseline.
    #[default]
    Raw,
    /// Standardised by the training rows. GPA starts from the same rows, so clustering gives the same values for both.
    Zscore(ZscoreParams),
}

/// Settings of standardised coordinates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ZscoreParams {
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

impl Scale {
    /// Standardisation with the default settings.
    pub fn zscore() -> Self {
        Self::Zscore(ZscoreParams::default())
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "scale",
        "raw",
        "raw, zscore",
        "Scaling of the encoder's coordinates: unchanged, or standardised by the training rows",
    ),
    constant_columns("scale.zscore.constant_columns"),
];

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

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
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
        1.0 + size.views as f64
    }

    fn search(&self, _: &FitSize) -> SearchSpace {
        vec![("scale", names(&["raw", "zscore"]))]
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
