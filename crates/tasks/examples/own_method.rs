//! A method of one's own: registered, read by its name, fitted from sums over rows and judged beside a built-in one.
//!
//! ```sh
//! cargo run --release -p polyalign-tasks --example own_method
//! ```

use align::linalg::{Threads, product, symmetric_eigen};
use align::moments::{Incomplete, Moments, Precision, SufficientStatistics};
use align::prep::{ConstantColumns, Standardisation};
use align::synthetic::Synthetic;
use align::{
    AlignError, Aligner, Coordinates, Fit, FitInput, FitReport, Fitted, Matrix, Method, MomentAligner, MomentSpec,
    Universe, ViewMap,
};
use serde::{Deserialize, Serialize};
use tasks::{Metric, RetrievalParams, Task, TaskInput};

/// Ridge regression of every view onto the first one, `W_m = (G_mm + κ n I)⁻¹ G_m0`, and of the first one onto every
/// view for the way back. All it needs are the moments, so the rows may have come in pieces, from files larger than
/// memory or from several machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RidgeToFirst {
    /// κ.
    ridge: f64,
}

impl Default for RidgeToFirst {
    fn default() -> Self {
        Self { ridge: 0.1 }
    }
}

impl Aligner for RidgeToFirst {
    fn name(&self) -> &'static str {
        "ridge_to_first"
    }

    fn summary(&self) -> &'static str {
        "ridge regression of every view onto the first"
    }

    fn uses_seed(&self) -> bool {
        false
    }

    fn fit(&self, input: &FitInput<'_>, seed: u64) -> Result<Fit, AlignError> {
        self.fit_rows(input, seed)
    }

    fn moments(&self) -> Option<&dyn MomentAligner> {
        Some(self)
    }
}

impl MomentAligner for RidgeToFirst {
    fn spec(&self) -> MomentSpec {
        MomentSpec::of_pairs(Standardisation::Population(ConstantColumns::Clamp))
    }

    fn fit_moments(&self, moments: &Moments, _: u64) -> Result<Fit, AlignError> {
        let regression = |from: usize, to: usize| -> Result<Matrix, AlignError> {
            let (values, vectors) = symmetric_eigen(moments.block(from, from), &|| moments.names()[from].clone())?;
            let turned = product(vectors.transpose(), moments.block(from, to), Threads::Pool);
            let penalty = self.ridge * moments.rows(from, from) as f64;
            let scaled = Matrix::from_fn(turned.rows(), turned.cols(), |k, j| turned.at(k, j) / (values[k] + penalty));
            Ok(product(vectors.view(), scaled.view(), Threads::Pool).map(|&x| x as f32))
        };
        let view = |m: usize| -> Result<ViewMap, AlignError> {
            let map = ViewMap::new(moments.names()[m].clone(), moments.preps()[m].clone(), regression(m, 0)?);
            Ok(map.with_back(regression(0, m)?))
        };
        let views: Result<Vec<ViewMap>, AlignError> = (0..moments.views()).map(view).collect();
        let fitted = Fitted::Universe(Universe::from_views(views?)?);
        let numbers = 2 * moments.width(0) * moments.gram().rows();
        Ok(Fit { fitted, report: FitReport::closed_form(moments.views(), numbers, None) })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // From here on a grid file, too, could say `ridge_to_first: {ridge: 0.5}`.
    Method::register::<RidgeToFirst>()?;
    let data =
        Synthetic { widths: vec![32, 24, 40], fit_rows: 1000, noise: 1.0, ..Synthetic::default() }.generate(3)?;
    let train = &data.train.views;

    // Two halves summed apart and added, as two machines would do it.
    let half = |rows: std::ops::Range<usize>| {
        SufficientStatistics::of(
            &train.select_rows(&rows.collect::<Vec<_>>()),
            Incomplete::MeanOfPresent,
            Precision::Double,
        )
    };
    let mut sums = half(0..500);
    sums.merge(&half(500..1000))?;

    for name in ["gpa", "ridge_to_first"] {
        let fitted = name.parse::<Method>()?.fit_statistics(&sums, 42)?.fitted;
        let scores = Task::from(RetrievalParams::default()).score(&TaskInput::new(&fitted, &data))?.scores;
        for space in [Coordinates::Universe, Coordinates::Translated] {
            let of = scores.iter().filter(|s| s.metric == Metric::Rank1 && s.space == space);
            let values: Vec<f64> = of.filter_map(|s| s.value).collect();
            println!("{name}, {}: Rank-1 {:.3}", space.name(), values.iter().sum::<f64>() / values.len() as f64);
        }
    }
    Ok(())
}
