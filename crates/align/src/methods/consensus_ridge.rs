//! Consensus ridge: one linear map from the universe towards the consensus of all views, in closed form.

use crate::methods::shared::docs::{BASE, BASE_MAX_ITER, BASE_ORIENTATION, BASE_SOLVER, BASE_TOL, CONSTANT_COLUMNS};
use crate::named::ParameterDoc;
use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, BaseFit, BaseViews, FitInput, FitSize, SearchSpace};
use crate::fitted::ViewMap;
use crate::methods::gcpa::{CorrectorBase, TrainingData};
use crate::methods::shared::check::ensure;
use crate::methods::shared::search::{bases, numbers};
use crate::numerics::linalg::{self, Accum, Threads};
use crate::prep::ConstantColumns;
use crate::settings::choice;
use crate::{AlignError, Fit, FitReport, Fitted, Matrix, Method, Universe, Views};

/// Consensus ridge: one shared linear map towards the consensus of all views, in closed form.
///
/// A linear corrector. It shows how much of GCPA's gain needs no network.
///
/// # Formula
/// With the unit universe rows $V_m$ of view $m$ and the consensus directions $C$ that GCPA's corrector is trained for,
///
/// $$ B = \Bigl( \sum_m V_m^\top V_m + \kappa \frac{n}{D} I \Bigr)^{-1} \sum_m V_m^\top C . $$
///
/// The map of view $m$ is $R_m B$ with the base's map $R_m$; the way back is the base's own. $n$ counts the rows of all
/// views together. Unit rows have the mean square $1/D$ per coordinate, which is the unit of $\kappa$. $B$ is the best
/// linear map of all views' rows to these directions. The objective in the report is
/// $\sum_m \lVert V_m B - C \rVert_F^2$.
///
/// # Shapes
/// The base gives a universe of width $D$. $V_m$ and $C$ are $N \times D$, $B$ is $D \times D$, and the universe keeps
/// its width.
///
/// # Cost
/// The base, $2 M N D^2$ flops and one eigendecomposition of $D \times D$.
///
/// # Source
/// Ridge regression towards the consensus directions of arXiv 2602.06205.
///
/// # Departures
/// The method is none of the authors'. As for GCPA, only items that at least two views have are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct ConsensusRidgeParams {
    /// Method that fits the universe.
    #[serde(deserialize_with = "choice")]
    pub base: CorrectorBase,
    /// Ridge κ, in units of the mean square of a universe coordinate.
    pub ridge: f64,
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

crate::former_keys!(ConsensusRidgeParams:
    "scaffold" => "base: gcca",
    "solver" => "base: {gpa: {solver: accelerated}}",
);

impl Default for ConsensusRidgeParams {
    fn default() -> Self {
        Self { base: CorrectorBase::default(), ridge: 0.1, constant_columns: ConstantColumns::default() }
    }
}

impl ConsensusRidgeParams {
    /// The method whose fit is corrected.
    fn base_method(&self) -> Method {
        self.base.method(self.constant_columns)
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    BASE,
    BASE_SOLVER,
    BASE_MAX_ITER,
    BASE_TOL,
    BASE_ORIENTATION,
    ParameterDoc::new("ridge", "0.1", "number >= 0", "Ridge, in units of the mean square of a universe coordinate"),
    CONSTANT_COLUMNS,
];

impl Aligner for ConsensusRidgeParams {
    fn name(&self) -> &'static str {
        "consensus_ridge"
    }

    fn title(&self) -> &'static str {
        "Consensus ridge"
    }

    fn summary(&self) -> &'static str {
        "GPA or GCCA, then one shared linear map towards the consensus of all views, in closed form"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        6
    }

    fn uses_seed(&self) -> bool {
        self.base_method().uses_seed()
    }

    fn cost(&self, size: &FitSize) -> f64 {
        6.0 + 4.0 * size.views as f64
    }

    fn search(&self, _: &FitSize) -> SearchSpace {
        vec![("ridge", numbers(&[0.0, 0.01, 0.1, 1.0])), ("base", bases())]
    }

    fn validate(&self) -> Result<(), AlignError> {
        ensure(
            self.ridge >= 0.0 && self.ridge.is_finite(),
            "consensus_ridge",
            "ridge",
            self.ridge,
            "a finite number, 0 or above",
        )
    }

    fn base(&self) -> Option<BaseFit> {
        Some(BaseFit { method: self.base_method(), views: BaseViews::All })
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        fit_on(self, &self.base_method().fit(*input, seed)?, input.views)
    }

    fn fit_on(&self, base: &Fit, input: &FitInput<'_>, _: u64) -> Result<Fit, AlignError> {
        fit_on(self, base, input.views)
    }
}

/// Rows of a view multiplied at a time.
const CHUNK: usize = 512;

/// Fits the linear map. `base` is the fit of [`ConsensusRidgeParams::base_method`] on the same rows.
fn fit_on(params: &ConsensusRidgeParams, base: &Fit, train: &Views) -> Result<Fit, AlignError> {
    let lacks = |space| AlignError::NoSuchSpace { method: "the base of consensus_ridge", space, offers: "others" };
    let universe = base.fitted.universe().ok_or(lacks("universe"))?;
    let data = TrainingData::new("consensus_ridge", universe, train)?;
    let width = universe.width();
    let mut gram = Matrix::<f64>::zeros(width, width);
    let mut cross = Matrix::<f64>::zeros(width, width);
    let (mut targets, mut count) = (0.0, 0);
    for (m, view) in data.views.iter().enumerate() {
        let rows: Vec<usize> = (0..view.rows()).filter(|&row| data.has(m, row)).collect();
        count += rows.len();
        for chunk in rows.chunks(CHUNK) {
            let v = view.unit().select_rows(chunk).map(|&x| f64::from(x));
            let c = data.consensus.select_rows(chunk).map(|&x| f64::from(x));
            linalg::gram_lower(gram.view_mut(), Accum::Add, v.view(), Threads::Pool);
            linalg::gemm(cross.view_mut(), Accum::Add, v.view().transpose(), c.view(), Threads::Pool);
            targets += c.as_slice().iter().map(|x| x * x).sum::<f64>();
        }
    }
    let (values, vectors) = linalg::symmetric_eigen(gram.view(), &|| "the universe of all views".into())?;
    let ridge = params.ridge * count as f64 / width as f64;
    let cut = values.last().copied().unwrap_or(0.0).max(0.0) * width as f64 * f64::EPSILON;
    let inverse = |k: usize| if values[k] > cut { 1.0 / (values[k] + ridge) } else { 0.0 };
    let turned = linalg::product(vectors.transpose(), cross.view(), Threads::Pool);
    let scaled = Matrix::from_fn(width, width, |k, j| inverse(k) * turned.at(k, j));
    let corrector = linalg::product(vectors.view(), scaled.view(), Threads::Pool);
    // |V B − C|² = |C|² − 2 tr(Bᵀ Vᵀ C) + tr(Bᵀ Vᵀ V B); the last term in the coordinates of the eigenvectors.
    let fitted: f64 = (0..width)
        .map(|k| {
            (0..width).map(|j| (values[k] * scaled.at(k, j) - 2.0 * turned.at(k, j)) * scaled.at(k, j)).sum::<f64>()
        })
        .sum();

    let mut maps = Vec::new();
    for view in universe.views() {
        let (Some(map), Some(back)) = (view.linear_in(), view.linear_back()) else { return Err(lacks("linear map")) };
        let map = linalg::product(map.view(), corrector.view(), Threads::Pool).map(|&x| x as f32);
        let view = ViewMap::new(view.name().to_string(), view.prep().clone(), map);
        maps.push(view.with_back(back.map(|&x| x as f32)));
    }
    let report = FitReport {
        objective: Some(targets + fitted),
        optimality_gap: None,
        parameters: base.report.parameters + width * width,
        ..base.report.clone()
    };
    Ok(Fit { fitted: Fitted::Universe(Universe::new(maps)), report })
}
