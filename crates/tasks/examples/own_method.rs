//! A method of one's own, fitted from sums over rows and judged beside the built-in ones.
//!
//! ```sh
//! cargo run --release -p tasks --example own_method
//! ```

use align::linalg::{Threads, product, symmetric_eigen};
use align::moments::{Incomplete, Moments, Precision, Sums};
use align::planted::Planted;
use align::prep::{ConstantColumns, Standardisation};
use align::{AlignError, Fitted, Matrix, Method, SpaceKind, Universe, ViewMap};
use tasks::{Metric, RetrievalParams, Task, TaskInput};

/// Ridge regression of every view onto the first one, `W_m = (G_mm + κ n I)⁻¹ G_m0`, and of the first one onto every
/// view for the way back. All it needs are the moments, so the rows may have come in pieces, from files larger than
/// memory or from several machines.
fn ridge_to_first(sums: &Sums, ridge: f64) -> Result<Fitted, AlignError> {
    let moments = Moments::of(sums, Standardisation::Population(ConstantColumns::Clamp))?;
    let regression = |from: usize, to: usize| -> Result<Matrix, AlignError> {
        let (values, vectors) = symmetric_eigen(moments.block(from, from), &|| moments.names()[from].clone())?;
        let turned = product(vectors.transpose(), moments.block(from, to), Threads::Pool);
        let penalty = ridge * sums.rows() as f64;
        let scaled = Matrix::from_fn(turned.rows(), turned.cols(), |k, j| turned.at(k, j) / (values[k] + penalty));
        Ok(product(vectors.as_ref(), scaled.view(), Threads::Pool).map(|&x| x as f32))
    };
    let view = |m: usize| -> Result<ViewMap, AlignError> {
        let map = ViewMap::new(moments.names()[m].clone(), moments.preps()[m].clone(), regression(m, 0)?);
        Ok(map.with_back(regression(0, m)?))
    };
    let views: Result<Vec<ViewMap>, AlignError> = (0..moments.views()).map(view).collect();
    Ok(Fitted::Universe(Universe::from_views(views?)?))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Planted { widths: vec![32, 24, 40], fit_rows: 1000, noise: 1.0, ..Planted::default() }.generate(3)?;
    let train = &data.train.spaces;

    // Two halves summed apart and added, as two machines would do it.
    let half = |rows: std::ops::Range<usize>| {
        Sums::of(&train.select_rows(&rows.collect::<Vec<_>>()), Incomplete::MeanOfPresent, Precision::Double)
    };
    let mut sums = half(0..500);
    sums.merge(&half(500..1000))?;

    let gpa = Method::Gpa(Default::default()).fit_sums(&sums, 42)?.fitted;
    for (name, fitted) in [("gpa", gpa), ("ridge to first", ridge_to_first(&sums, 0.1)?)] {
        let scores = Task::from(RetrievalParams::default()).score(&TaskInput::new(&fitted, &data))?.scores;
        for space in [SpaceKind::Universe, SpaceKind::Translated] {
            let of = scores.iter().filter(|s| s.metric == Metric::Rank1 && s.space == space);
            let values: Vec<f64> = of.filter_map(|s| s.value).collect();
            println!("{name}, {}: Rank-1 {:.3}", space.name(), values.iter().sum::<f64>() / values.len() as f64);
        }
    }
    Ok(())
}
