//! Parameters that several tasks have, as lists show them.

use align::named::ParameterDoc;

/// A labelling by its name, as the parameter `name`.
pub(super) const fn labelling(name: &'static str) -> ParameterDoc {
    ParameterDoc::new(name, "null", "name of a labelling, or null", "Labelling to use; null is the first of the data")
}

/// A grouping by its name, as the parameter `name`.
pub(super) const fn grouping(name: &'static str) -> ParameterDoc {
    ParameterDoc::new(name, "null", "name of a grouping, or null", "Grouping to use; null is the first of the data")
}

/// The labelling of a task.
pub(super) const LABEL: ParameterDoc = labelling("label");

/// Training of linear classifiers, with the settings of each way.
pub(super) const PROTOCOL: ParameterDoc = ParameterDoc::new(
    "protocol",
    "converged",
    "converged, released",
    "Training of the classifiers: to the optimum, or by early stopping as released",
);
pub(super) const L2: ParameterDoc =
    ParameterDoc::new("protocol.converged.l2", "0.001", "number > 0", "Strength of the L2 penalty");
pub(super) const EPOCHS: ParameterDoc =
    ParameterDoc::new("protocol.released.epochs", "100", "integer >= 1", "Maximum number of steps");
pub(super) const LR: ParameterDoc =
    ParameterDoc::new("protocol.released.lr", "0.001", "number > 0", "Learning rate of Adam");
pub(super) const PATIENCE: ParameterDoc = ParameterDoc::new(
    "protocol.released.patience",
    "10",
    "integer >= 1, or null",
    "Steps without a better validation accuracy before the end; null never ends early",
);
pub(super) const SEEDS: ParameterDoc = ParameterDoc::new(
    "protocol.released.seeds",
    "[0]",
    "list of integers",
    "Seeds of the first weights; values are means over them",
);

/// Settings of scores that correct for hubs.
pub(super) const CSLS_K: ParameterDoc =
    ParameterDoc::new("scoring.csls.k", "10", "integer >= 1", "Neighbours whose similarities CSLS averages");
pub(super) const SOFTMAX_BETA: ParameterDoc = ParameterDoc::new(
    "scoring.inverted_softmax.beta",
    "30.0",
    "number > 0",
    "Factor of the similarities in the inverted softmax",
);
