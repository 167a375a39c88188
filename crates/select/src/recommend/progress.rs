//! The progress of a recommendation.

use align::Watch;

/// Receiver of the progress of [`recommend`](super::recommend). `()` ignores it; a [`Watch`] observes and ends the fits.
pub trait RecommendProgress {
    /// The methods that are tried, before the first fit.
    fn begin(&self, planned: &Planned) {
        let _ = planned;
    }

    /// A method has ended; `score` is `None` if none of its candidates has a score on every fold.
    fn method_ended(&self, planned: &PlannedMethod, score: Option<f64>, seconds: f64) {
        let _ = (planned, score, seconds);
    }

    /// The learning curve of the recommended candidate begins: this many fits on parts of the rows.
    fn curve_begin(&self, fits: usize) {
        let _ = fits;
    }

    /// Observer of the fits.
    fn watch(&self) -> Watch {
        Watch::default()
    }
}

impl RecommendProgress for () {}

impl RecommendProgress for Watch {
    fn watch(&self) -> Watch {
        self.clone()
    }
}

/// The fits that [`recommend`](super::recommend) is going to make.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Number of training items.
    pub items: usize,
    /// Number of folds.
    pub folds: usize,
    /// The methods, the cheapest first.
    pub methods: Vec<PlannedMethod>,
}

/// A method that is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedMethod {
    /// Name of the method.
    pub method: &'static str,
    /// Number of candidates.
    pub candidates: usize,
    /// Forecast work of all fits, in the unit of [`align::Aligner::cost`].
    pub work: f64,
}
