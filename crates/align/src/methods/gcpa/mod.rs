//! GCPA: the universe of GPA or GCCA, and one shared corrector trained towards the consensus of all views.

mod base;
mod data;
mod examples;
mod params;
mod profile;
mod streamed;
mod training;

use crate::aligner::{Aligner, BaseFit, BaseViews, FitInput, FitSize, Method, RowSource, SearchSpace, StreamAligner};
use crate::methods::shared::docs::{BASE, BASE_MAX_ITER, BASE_ORIENTATION, BASE_SOLVER, BASE_TOL, CONSTANT_COLUMNS};
use crate::methods::shared::search::{bases, names, numbers};
use crate::named::ParameterDoc;
use crate::report::CorrectorReport;
use crate::{AlignError, Fit, FitReport, Fitted, Universe, Watch};

pub use base::{CorrectorBase, GpaBase};
pub(crate) use data::TrainingData;
pub use data::consensus_directions;
pub use params::{GcpaParams, LossParams};
use streamed::StreamedData;
use training::Trained;

pub use profile::{FastTraining, ReleasedTraining, SampledValidation, Training, Validation};

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    BASE,
    BASE_SOLVER,
    BASE_MAX_ITER,
    BASE_TOL,
    BASE_ORIENTATION,
    CONSTANT_COLUMNS,
    ParameterDoc::new(
        "loss.tau",
        "0.08",
        "number from 0 to 2",
        "Trust radius: drift (1 - cosine) up to it costs nothing",
    ),
    ParameterDoc::new("loss.lambda", "0.7", "number >= 0", "Weight of the drift beyond the trust radius"),
    ParameterDoc::new(
        "hidden",
        "2.0",
        "number > 0, <= 64",
        "Hidden width of the corrector as a multiple of the universe's width",
    ),
    ParameterDoc::new("training", "released", "released, fast", "Training of the corrector"),
    ParameterDoc::new("training.released.epochs", "50", "integer >= 1", "Maximum number of epochs"),
    ParameterDoc::new("training.released.steps_per_epoch", "200", "integer >= 1", "Steps of an epoch"),
    ParameterDoc::new("training.released.batch", "4096", "integer >= 1", "Rows of a batch"),
    ParameterDoc::new("training.released.lr", "0.002", "number > 0", "Learning rate of AdamW"),
    ParameterDoc::new("training.released.weight_decay", "1e-4", "number >= 0", "Decoupled weight decay"),
    ParameterDoc::new(
        "training.released.validation_fraction",
        "0.1",
        "number > 0, < 1",
        "Fraction of the training items held out to choose the weights, at most 16,384 items",
    ),
    ParameterDoc::new(
        "training.released.validation",
        "sampled",
        "sampled, full",
        "Validation loss: on random draws of the held-out rows, or on all of them",
    ),
    ParameterDoc::new(
        "training.released.validation.sampled.batches",
        "50",
        "integer >= 1",
        "Number of draws whose mean is one validation",
    ),
    ParameterDoc::new("training.fast.epochs", "4", "integer >= 1", "Number of epochs"),
    ParameterDoc::new("training.fast.steps_per_epoch", "200", "integer >= 1", "Steps of an epoch"),
    ParameterDoc::new("training.fast.batch", "256", "integer >= 1", "Rows of a batch"),
    ParameterDoc::new("training.fast.lr", "0.004", "number > 0", "Learning rate of AdamW"),
    ParameterDoc::new("training.fast.weight_decay", "1e-4", "number >= 0", "Decoupled weight decay"),
    ParameterDoc::new(
        "training.fast.validation_fraction",
        "0.1",
        "number > 0, < 1",
        "Fraction of the training items held out to choose the weights, at most 16,384 items",
    ),
    ParameterDoc::new(
        "training.fast.validation",
        "full",
        "sampled, full",
        "Validation loss: on random draws of the held-out rows, or on all of them",
    ),
    ParameterDoc::new(
        "training.fast.validation.sampled.batches",
        "50",
        "integer >= 1",
        "Number of draws whose mean is one validation",
    ),
    ParameterDoc::new("rescale", "none", "none, all, universe", "Corrected vectors that get their former length back"),
];

impl Aligner for GcpaParams {
    fn name(&self) -> &'static str {
        "gcpa"
    }

    fn title(&self) -> &'static str {
        "GCPA"
    }

    fn summary(&self) -> &'static str {
        "GPA, then one shared corrector towards the consensus of all views"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        9
    }

    fn cost(&self, size: &FitSize) -> f64 {
        100.0 + 6.0 * size.views as f64
    }

    fn search(&self, _: &FitSize) -> SearchSpace {
        let (tau, lambda) = (numbers(&[0.02, 0.08, 0.3]), numbers(&[0.2, 0.7, 2.0]));
        vec![("training", names(&["fast"])), ("loss.tau", tau), ("loss.lambda", lambda), ("base", bases())]
    }

    fn validate(&self) -> Result<(), AlignError> {
        self.check()
    }

    fn base(&self) -> Option<BaseFit> {
        let method = self.unit().map_or_else(|| self.base_method(), Method::from);
        Some(BaseFit { method, views: BaseViews::All })
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_on(&self.base_method().fit(*input, seed)?, input, seed)
    }

    fn fit_on(&self, base: &Fit, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.corrected(base, |universe| {
            let data = TrainingData::new("gcpa", universe, input.views)?;
            training::train(self, &data, seed, &input.watch())
        })
    }

    fn streamed(&self) -> Option<&dyn StreamAligner> {
        Some(self)
    }
}

impl StreamAligner for GcpaParams {
    fn fit_stream_on(&self, base: &Fit, rows: &dyn RowSource, seed: u64, watch: &Watch) -> Result<Fit, AlignError> {
        self.corrected(base, |universe| {
            let data = StreamedData::new("gcpa", universe, &base.fitted.dead_views(), rows)?;
            training::train(self, &data, seed, watch)
        })
    }
}

impl GcpaParams {
    /// The fit of the base with the corrector that `train` makes. `base` is the fit of [`GcpaParams::base_method`], or of
    /// [`GcpaParams::unit`], which has its corrector already.
    fn corrected(
        &self,
        base: &Fit,
        train: impl FnOnce(&Universe) -> Result<Trained, AlignError>,
    ) -> Result<Fit, AlignError> {
        let Some(universe) = base.fitted.universe() else {
            return Err(AlignError::NoSuchSpace { method: "the base of gcpa", space: "universe", offers: "others" });
        };
        if universe.corrector().is_some() {
            let universe = universe.clone().with_rescale(self.rescale);
            return Ok(Fit { fitted: Fitted::Universe(universe), report: base.report.clone() });
        }
        let trained = train(universe)?;
        let scaffold = base.report.clone();
        let report = FitReport {
            stop: trained.stop,
            iterations: Some(trained.report.steps),
            objective: Some(trained.report.train_loss),
            residual: scaffold.residual,
            spread: scaffold.spread,
            optimality_gap: None,
            maps: scaffold.maps,
            parameters: scaffold.parameters + trained.corrector.parameters(),
            kept: scaffold.kept.clone(),
            warnings: scaffold.warnings.clone(),
            corrector: Some(CorrectorReport { scaffold: Box::new(scaffold), ..trained.report }),
            selection: None,
        };
        let universe = universe.clone().with_corrector(trained.corrector, self.rescale)?;
        Ok(Fit { fitted: Fitted::Universe(universe), report })
    }
}
