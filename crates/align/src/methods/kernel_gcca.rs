//! Kernel GCCA: generalised CCA of kernel features.

use crate::methods::shared::docs::CONSTANT_COLUMNS;
use crate::named::ParameterDoc;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::aligner::{Aligner, FitInput, FitSize, SearchSpace};
use crate::fitted::{KernelFeatures, Step, ViewMap, mean_over_views};
use crate::methods::canonical::gcca::{Coordinates, GccaParams};
use crate::methods::shared::check::{at_most, ensure};
use crate::methods::shared::decoder::regression;
use crate::methods::shared::search::{draws, numbers};
use crate::moments::FEWEST;
use crate::prep::{ConstantColumns, ZScore};
use crate::rng::{Purpose, permutation, stream};
use crate::{AlignError, Fit, FitReport, Fitted, Universe, Views};

/// The draw of the landmark items.
const LANDMARK_ITEMS: Purpose = Purpose::new(31);

/// Kernel GCCA: regularised MAXVAR generalised CCA of Nyström features of an RBF kernel.
///
/// # Formula
/// $z$ is a standardised row of view $m$. $L_m$ holds the $k$ landmarks of the view: the rows of items that the seed
/// draws from the items that every view has, the same items in every view. With the kernel
///
/// $$ K(x, y) = \exp \Bigl( - \frac{\lVert x - y \rVert^2}{2 \gamma d_m} \Bigr) $$
///
/// the features are
///
/// $$ f_m(z) = K(z, L_m) K(L_m, L_m)^{-1/2} , $$
///
/// so that $f_m(x) \cdot f_m(y)$ approximates $K(x, y)$. The features of all views are standardised and become the
/// views of a whitened [GCCA](GccaParams) with the ridge $\kappa$ and Carroll's coordinates. The symmetric square root
/// gives all features a similar variance; therefore the standardisation hardly changes their geometry, and the ridge
/// penalises rough functions.
///
/// The way back is linear: the least-squares regression of the standardised view on the consensus, the mean of an
/// item's universe vectors over the views. The objective in the report is GCCA's.
///
/// # Shapes
/// Views are $N \times d_m$, features $N \times k$, the universe $N \times R$.
///
/// # Cost
/// For every view $N k (d_m + k)$ multiply-adds and one eigendecomposition of $k \times k$; then a GCCA of $M$ views of
/// width $k$.
///
/// # Source
/// Kernel CCA: Lai and Fyfe, International Journal of Neural Systems 10 (2000); Akaho, IMPS (2001). Features: Williams
/// and Seeger, NIPS 13 (2001). MAXVAR: Kettenring, Biometrika 58 (1971).
///
/// # Departures
/// Landmarks take the place of all items. The way back is an addition: none of the sources has one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KernelGccaParams {
    /// Number k of landmarks, drawn from the items that every view has. Default: 256, or all of these items if there
    /// are fewer.
    pub landmarks: Option<usize>,
    /// Squared bandwidth γ of the kernel, in units of the width of the view.
    pub bandwidth: f64,
    /// Ridge κ of the GCCA.
    pub ridge: f64,
    /// Width R of the universe, at most the number of landmarks. Default: 32, or the number of landmarks if it is
    /// smaller.
    pub rank: Option<usize>,
    /// Treatment of columns that are constant on the training rows.
    pub constant_columns: ConstantColumns,
}

/// Default number of landmarks.
const LANDMARKS: usize = 256;

/// Default width of the universe.
const RANK: usize = 32;

impl Default for KernelGccaParams {
    fn default() -> Self {
        Self { landmarks: None, bandwidth: 1.0, ridge: 0.01, rank: None, constant_columns: ConstantColumns::default() }
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    ParameterDoc::new(
        "landmarks",
        "null",
        "integer >= rank, or null",
        "Number of landmark items; null is 256, or all where there are fewer",
    ),
    ParameterDoc::new(
        "bandwidth",
        "1.0",
        "number > 0",
        "Squared bandwidth of the RBF kernel, in units of the view's width",
    ),
    ParameterDoc::new("ridge", "0.01", "number > 0", "Ridge of the GCCA"),
    ParameterDoc::new(
        "rank",
        "null",
        "integer >= 1, or null",
        "Width of the universe, at most the number of landmarks; null is 32, or that number",
    ),
    CONSTANT_COLUMNS,
];

impl Aligner for KernelGccaParams {
    fn name(&self) -> &'static str {
        "kernel_gcca"
    }

    fn title(&self) -> &'static str {
        "Kernel GCCA"
    }

    fn summary(&self) -> &'static str {
        "regularised MAXVAR GCCA of Nyström features of an RBF kernel"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        2
    }

    fn cost(&self, size: &FitSize) -> f64 {
        20.0 + 10.0 * size.views as f64
    }

    fn search(&self, size: &FitSize) -> SearchSpace {
        let (bandwidth, ridge) = (numbers(&[0.5, 1.0, 2.0, 4.0]), numbers(&[0.001, 0.01, 0.1]));
        vec![("rank", draws(size, &[16, 32, 64])), ("bandwidth", bandwidth), ("ridge", ridge)]
    }

    fn validate(&self) -> Result<(), AlignError> {
        let refuse = |parameter, got: f64| {
            ensure(got > 0.0 && got.is_finite(), "kernel_gcca", parameter, got, "a finite number above 0")
        };
        let (landmarks, rank) = (self.landmarks.unwrap_or(LANDMARKS), self.rank.unwrap_or(1));
        ensure(rank >= 1, "kernel_gcca", "rank", rank, "at least 1")?;
        ensure(landmarks >= rank, "kernel_gcca", "landmarks", landmarks, "at least `rank`")?;
        refuse("bandwidth", self.bandwidth)?;
        refuse("ridge", self.ridge)
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        fit(self, input, seed)
    }
}

fn fit(params: &KernelGccaParams, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
    let train = input.views;
    let items = landmark_items(params, train, seed)?;
    let mut features_of = train.clone();
    let (mut steps, mut standardised) = (Vec::new(), Vec::new());
    for (m, view) in train.iter().enumerate() {
        let prep = ZScore::fit(&view.observed(), params.constant_columns);
        let z = prep.standardised(view.values());
        let scale = 2.0 * params.bandwidth * z.cols() as f64;
        let features = KernelFeatures::of(z.select_rows(&items), scale, view.name())?;
        features_of = features_of.with_values(m, features.of_rows(&z)?)?;
        steps.push(Step::KernelFeatures(Arc::new(features)));
        standardised.push((prep, z));
    }

    let rank = params.rank.unwrap_or(RANK.min(items.len()));
    let gcca = GccaParams { coordinates: Coordinates::Carroll, ..GccaParams::textbook(Some(rank), params.ridge) };
    let gcca = gcca.fit(&input.of_views(&features_of), seed)?;
    let lacks = AlignError::NoSuchSpace { method: "the GCCA of kernel_gcca", space: "universe", offers: "others" };
    let linear = gcca.fitted.universe().ok_or(lacks)?;
    // A view whose columns are all constant adds nothing to the consensus and does not count in its mean.
    let living: Vec<&str> =
        train.iter().zip(&standardised).filter(|(_, (prep, _))| !prep.is_dead()).map(|(view, _)| view.name()).collect();
    let living = if living.is_empty() { features_of } else { features_of.select(&living)? };
    let consensus = mean_over_views(&living, |view, rows| linear.project(view, rows))?;

    let mut views = Vec::new();
    for (((view, features), (prep, z)), of_features) in train.iter().zip(steps).zip(standardised).zip(linear.views()) {
        let rows: Vec<usize> = (0..train.rows()).filter(|&row| view.has(row) && living.views_of(row) > 0).collect();
        let back = regression(&consensus.select_rows(&rows), &z.select_rows(&rows))?;
        let way_in = std::iter::once(features)
            .chain([Step::Standardise(Arc::new(of_features.prep().clone()))])
            .chain(of_features.way_in().iter().cloned());
        views.push(ViewMap::of_steps(view.name().into(), prep, way_in.collect(), None).with_back(back));
    }
    let parameters = views.iter().map(ViewMap::parameters).sum();
    let report = FitReport {
        kept: gcca.report.kept,
        warnings: gcca.report.warnings,
        ..FitReport::closed_form(views.len(), parameters, gcca.report.objective)
    };
    Ok(Fit { fitted: Fitted::Universe(Universe::new(views)), report })
}

/// The items whose rows are the landmarks of every view.
fn landmark_items(params: &KernelGccaParams, train: &Views, seed: u64) -> Result<Vec<usize>, AlignError> {
    let shared: Vec<usize> = (0..train.rows()).filter(|&row| train.views_of(row) == train.len()).collect();
    if shared.len() < FEWEST {
        return Err(AlignError::TooFewRows { method: "kernel_gcca", got: shared.len(), want: FEWEST });
    }
    let limit = || "the training items that every view has".into();
    at_most("kernel_gcca", "landmarks", params.landmarks, shared.len(), limit)?;
    let count = params.landmarks.unwrap_or(LANDMARKS.min(shared.len()));
    at_most("kernel_gcca", "rank", params.rank, count, || "the number of landmarks".into())?;
    let order = permutation(shared.len(), &mut stream(seed, LANDMARK_ITEMS, None));
    Ok(order.iter().take(count).map(|&at| shared[at]).collect())
}
