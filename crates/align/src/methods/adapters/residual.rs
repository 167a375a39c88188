//! Residual MLP after an affine start, one network for every ordered pair of views.

use serde::{Deserialize, Serialize};

use super::low_rank::LowRankAffineParams;
use super::training::{Course, PairTraining, train};
use crate::aligner::{Aligner, FitInput, FitSize, MomentAligner, SearchSpace};
use crate::corrector::residual::ResidualNetwork;
use crate::fitted::residual::corrected;
use crate::methods::pairwise::PairwiseParams;
use crate::methods::shared::check::ensure;
use crate::methods::shared::columns::{Columns, columns_doc};
use crate::methods::shared::search::{names, numbers, switch};
use crate::named::ParameterDoc;
use crate::{AlignError, Fit, Fitted};

/// Residual MLP: an affine map of a pair, and a small network that corrects what it maps.
///
/// # Formula
/// With $z$ the row after the start (orthogonal Procrustes with the best factor, or ridge regression), in the coordinates of the target,
///
/// $$ y = s \circ \bigl( z + W_2^\top \sigma (W_1^\top z + b_1) + b_2 \bigr) , $$
///
/// with $\sigma$ the exact GELU. $s$ is 1, or with `scale` a trained factor of every column. $W_1$ and $b_1$ start uniform
/// in $\pm 1 / \sqrt{d}$, $W_2$ and $b_2$ at 0, so that training starts from the affine map. It minimises the mean squared
/// error $\lVert y - b \rVert^2 / d$ to the pair's row $b$ by AdamW; the weights with the least error on held-out pairs are
/// kept, and the start is one of the candidates. Networks see rows in a unit of the target, the power of two nearest to the
/// root mean square of its training rows, so that another unit of a whole view changes nothing. A column with larger numbers
/// than the others counts more.
///
/// The objective in the report is the mean of these least errors over the ordered pairs.
///
/// # Shapes
/// Views are $N \times d_m$; a network has $2 d h + h + d$ weights, and $d$ more with `scale`. There is no universe.
///
/// # Cost
/// The fit of the start, and $12 \cdot \text{batch} \cdot d \cdot h$ flops per step and ordered pair.
///
/// # Source
/// Drift-Adapter (EMNLP 2025, arXiv 2509.23471).
///
/// # Departures
/// Drift-Adapter trains the affine part together with the network; here it is in closed form. A pair uses the rows that both
/// views have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResidualMlpParams {
    /// The affine map from which the network starts.
    pub start: Start,
    /// Width of the hidden layer.
    pub hidden: usize,
    /// Train a factor for every column, too.
    pub scale: bool,
    /// Columns before the fit of the start.
    pub columns: Columns,
    /// Ridge of the start by regression.
    pub ridge: f64,
    /// The training.
    pub training: PairTraining,
}

/// The affine map from which a network starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Orthogonal Procrustes with the best factor, without which a view in another unit would be far from its target.
    #[default]
    Procrustes,
    /// Ridge regression.
    Ridge,
}

impl Default for ResidualMlpParams {
    fn default() -> Self {
        Self {
            start: Start::Procrustes,
            hidden: 256,
            scale: false,
            columns: Columns::Centre,
            ridge: 0.3,
            training: PairTraining::default(),
        }
    }
}

const METHOD: &str = "residual_mlp";

const TRAINING: [ParameterDoc; 5] = PairTraining::docs([
    "training.steps",
    "training.batch",
    "training.lr",
    "training.weight_decay",
    "training.validation_fraction",
]);

/// Largest width of the hidden layer.
const MOST_HIDDEN: usize = 65_536;

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new("start", "procrustes", "procrustes, ridge", "Affine map from which the network starts"),
    ParameterDoc::new("hidden", "256", "integer >= 1", "Width of the hidden layer, at most 65,536"),
    ParameterDoc::new("scale", "false", "true, false", "Train a factor for every column, too"),
    columns_doc("centre"),
    ParameterDoc::new("ridge", "0.3", "number >= 0", "Ridge of `start: ridge`, as in low_rank_affine"),
    TRAINING[0],
    TRAINING[1],
    TRAINING[2],
    TRAINING[3],
    TRAINING[4],
];

impl Aligner for ResidualMlpParams {
    fn name(&self) -> &'static str {
        METHOD
    }

    fn title(&self) -> &'static str {
        "RMLP"
    }

    fn summary(&self) -> &'static str {
        "an affine map and a small network that corrects it, for every ordered pair of views"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn cost(&self, size: &FitSize) -> f64 {
        4.0 + (size.views as f64).powi(2) * (1.0 + self.training.steps as f64 / 20.0)
    }

    fn search(&self, _: &FitSize) -> SearchSpace {
        vec![
            ("start", names(&["procrustes", "ridge"])),
            ("hidden", [64, 256].iter().map(|hidden| serde_json::json!(hidden)).collect()),
            ("scale", switch()),
            ("ridge", numbers(&[0.03, 0.3])),
        ]
    }

    fn validate(&self) -> Result<(), AlignError> {
        ensure((1..=MOST_HIDDEN).contains(&self.hidden), METHOD, "hidden", self.hidden, "an integer from 1 to 65536")?;
        let ridge = self.ridge >= 0.0 && self.ridge.is_finite();
        ensure(ridge, METHOD, "ridge", self.ridge, "a finite number, 0 or above")?;
        self.training.validate(METHOD)
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        let base = match self.start {
            Start::Procrustes => PairwiseParams { columns: self.columns, scale: true }.fit_rows(input, seed)?,
            Start::Ridge => {
                let of =
                    LowRankAffineParams { ridge: self.ridge, columns: self.columns, ..LowRankAffineParams::default() };
                of.fit_rows(input, seed)?
            }
        };
        let views = input.views;
        let of = views.len() * (views.len() - 1);
        let (mut networks, mut losses) = (Vec::with_capacity(of), Vec::with_capacity(of));
        let watch = input.watch();
        let units: Vec<f64> = views.iter().map(|view| unit(view.observed().as_slice())).collect();
        for source in views.iter() {
            for (target, unit) in views.iter().zip(&units).filter(|(target, _)| target.name() != source.name()) {
                let unit = *unit as f32;
                let both: Vec<usize> = (0..views.rows()).filter(|&row| source.has(row) && target.has(row)).collect();
                let (x, targets) = (source.values().select_rows(&both), target.values().select_rows(&both));
                let Fitted::Pairwise(maps) = &base.fitted else {
                    return Err(AlignError::NoSuchSpace { method: METHOD, space: "pairwise", offers: "others" });
                };
                let mapped = maps.translate(source.name(), target.name(), &x)?.map(|x| x / unit);
                let targets = targets.map(|x| x / unit);
                let nth = networks.len();
                let start = ResidualNetwork::new(mapped.cols(), self.hidden, self.scale, seed, nth);
                let course = Course { method: METHOD, training: &self.training, seed, nth, of, watch: &watch };
                let (network, loss) = train(start, (&mapped, &targets), course)?;
                networks.push(network);
                losses.push(loss);
            }
        }
        corrected(base, networks, units, &losses)
    }
}

/// The power of two nearest to the root mean square of these numbers, so that a network does not depend on the unit of a
/// view, and the change of unit costs no digit; 1 for zeros.
fn unit(values: &[f32]) -> f64 {
    let squares: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let root = (squares / values.len().max(1) as f64).sqrt();
    if root > 0.0 { root.log2().round().exp2() } else { 1.0 }
}
