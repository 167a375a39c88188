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

/// The bank of a correction for hubs, as the parameter `name`.
const fn bank(name: &'static str) -> ParameterDoc {
    ParameterDoc::new(
        name,
        "test",
        "test, train",
        "Queries on which hubs are measured: all test queries, or training rows",
    )
}

/// Settings of scores that correct for hubs.
pub(super) const CSLS_K: ParameterDoc =
    ParameterDoc::new("scoring.csls.k", "10", "integer >= 1", "Neighbours whose similarities CSLS averages");
pub(super) const CSLS_BANK: ParameterDoc = bank("scoring.csls.bank");
pub(super) const SOFTMAX_BETA: ParameterDoc = ParameterDoc::new(
    "scoring.inverted_softmax.beta",
    "30.0",
    "number > 0, at most 80",
    "Factor of the similarities in the inverted softmax",
);
pub(super) const SOFTMAX_DYNAMIC: ParameterDoc = ParameterDoc::new(
    "scoring.inverted_softmax.dynamic",
    "false",
    "true, false",
    "Correct only queries whose nearest candidate is nearest to a training row; needs `bank: train`",
);
pub(super) const SOFTMAX_BANK: ParameterDoc = bank("scoring.inverted_softmax.bank");
pub(super) const SINKHORN_BETA: ParameterDoc = ParameterDoc::new(
    "scoring.sinkhorn.beta",
    "100.0",
    "number > 0, at most 100",
    "Factor of the similarities in Sinkhorn's normalisation, the inverse of the temperature",
);
pub(super) const SINKHORN_ITERATIONS: ParameterDoc = ParameterDoc::new(
    "scoring.sinkhorn.iterations",
    "10",
    "integer from 1 to 1000",
    "Iterations of Sinkhorn's normalisation",
);
pub(super) const SINKHORN_BANK: ParameterDoc = bank("scoring.sinkhorn.bank");
