//! Maps for queries of a new model: what training keeps, and what does not depend on it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use align::methods::adapters::PairTraining;
use align::methods::adapters::low_rank::{LowRankAffineParams, Solver};
use align::methods::adapters::residual::{ResidualMlpParams, Start};
use align::methods::columns::Columns;
use align::methods::pairwise::PairwiseParams;
use align::synthetic::Synthetic;
use align::{Dataset, Fit, Fitted, Matrix, Method};

fn data() -> Dataset {
    Synthetic { widths: vec![12, 8, 16], fit_rows: 200, test_rows: 60, noise: 0.3, ..Synthetic::default() }
        .generate(5)
        .unwrap()
}

/// The same with a last view that is no linear map of the others.
fn bent() -> Dataset {
    let data = data();
    let bend = |split: &align::Split| {
        let values = split.views.at(2).map(|x| x + 0.6 * x * x);
        align::Split { views: split.views.with_values(2, values).unwrap(), ..split.clone() }
    };
    Dataset { train: bend(&data.train), test: bend(&data.test), ..data.clone() }
}

fn fit(method: impl Into<Method>, data: &Dataset) -> Fit {
    method.into().fit(data, 3).unwrap()
}

fn short() -> PairTraining {
    PairTraining { steps: 120, batch: 32, ..PairTraining::default() }
}

/// Mean squared error of translated rows.
fn error(fitted: &Fitted, data: &Dataset, from: &str, to: &str, test: bool) -> f64 {
    let views = if test { &data.test.views } else { &data.train.views };
    let (got, want) = (fitted.translate(from, to, views.get(from).unwrap()).unwrap(), views.get(to).unwrap());
    let squares = got.as_slice().iter().zip(want.as_slice()).map(|(a, b)| f64::from(a - b).powi(2));
    squares.sum::<f64>() / want.as_slice().len() as f64
}

fn low_rank(rank: usize, solver: Solver) -> LowRankAffineParams {
    LowRankAffineParams { rank: Some(rank), ridge: 0.0, columns: Columns::Centre, solver }
}

#[test]
fn a_closed_form_is_the_least_error_of_its_rank_and_training_comes_near_it() {
    let data = data();
    let mut before = f64::INFINITY;
    for rank in [1, 3, 8] {
        let closed = error(&fit(low_rank(rank, Solver::Closed), &data).fitted, &data, "v0", "v2", false);
        assert!(closed <= before + 1e-9, "rank {rank}: {closed}, {before}");
        let training = PairTraining { steps: 800, batch: 64, lr: 2e-2, weight_decay: 0.0, ..short() };
        let trained = error(&fit(low_rank(rank, Solver::Trained(training)), &data).fitted, &data, "v0", "v2", false);
        assert!(trained >= closed - 1e-6 && trained < 1.2 * closed + 0.02, "rank {rank}: {trained}, {closed}");
        before = closed;
    }
}

/// A unit of the data, and a shift, go through the map: y(c x) of rows c·x, c·y is c·y(x).
#[test]
fn a_change_of_unit_changes_nothing() {
    let data = data();
    let scaled = |split: &align::Split, by: f32| {
        let views = split.views.iter().map(|view| (view.name().to_string(), view.values().map(|x| x * by)));
        align::Split { views: align::Views::new(views).unwrap(), ..split.clone() }
    };
    let other = Dataset { train: scaled(&data.train, 1000.0), test: scaled(&data.test, 1000.0), ..data.clone() };
    for columns in [Columns::Centre, Columns::None] {
        let method = LowRankAffineParams { rank: Some(4), ridge: 0.3, columns, solver: Solver::Closed };
        let here = fit(method.clone(), &data).fitted.translate("v0", "v1", data.test.views.at(0)).unwrap();
        let there = fit(method, &other).fitted.translate("v0", "v1", other.test.views.at(0)).unwrap();
        let furthest = here.as_slice().iter().zip(there.as_slice()).map(|(a, b)| (a - b / 1000.0).abs());
        assert!(furthest.fold(0.0, f32::max) < 1e-4, "{columns:?}");
    }
}

#[test]
fn a_network_is_never_worse_than_its_start_on_the_pairs_that_chose_it() {
    let data = data();
    for (start, scale) in [(Start::Procrustes, false), (Start::Ridge, true)] {
        let params = ResidualMlpParams { start, scale, hidden: 24, training: short(), ..ResidualMlpParams::default() };
        let fitted = fit(params.clone(), &data).fitted;
        let base = match start {
            Start::Procrustes => fit(PairwiseParams { columns: Columns::Centre, scale: true }, &data),
            Start::Ridge => fit(LowRankAffineParams::default(), &data),
        };
        for (from, to) in [("v0", "v1"), ("v1", "v0"), ("v2", "v0")] {
            let (after, before) = (error(&fitted, &data, from, to, true), error(&base.fitted, &data, from, to, true));
            assert!(after < 1.02 * before, "{start:?}, {from} to {to}: {after}, {before}");
        }
        // Steps without a rate leave the start.
        let still = PairTraining { lr: 1e-30, weight_decay: 0.0, ..short() };
        let same = fit(ResidualMlpParams { training: still, ..params }, &data).fitted;
        let rows = |fitted: &Fitted| fitted.translate("v0", "v2", data.test.views.at(0)).unwrap();
        assert!(rows(&same) == rows(&base.fitted), "{start:?}");
    }
}

#[test]
fn a_trained_fit_repeats_is_stored_and_restored() {
    let data = bent();
    let training = PairTraining { steps: 400, lr: 5e-3, ..short() };
    let params = ResidualMlpParams { hidden: 20, scale: true, training, ..ResidualMlpParams::default() };
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let rows = |fitted: &Fitted| -> Vec<Matrix> {
        let views = ["v0", "v1", "v2"];
        views.map(|to| fitted.translate("v1", to, data.test.views.at(1)).unwrap()).to_vec()
    };
    let fitted = fit(params.clone(), &data).fitted;
    // A network learns what no affine map can.
    let base = fit(PairwiseParams { columns: Columns::Centre, scale: true }, &data).fitted;
    let (after, before) = (error(&fitted, &data, "v0", "v2", true), error(&base, &data, "v0", "v2", true));
    assert!(after < 0.95 * before, "{after}, {before}");
    assert!(rows(&fitted) == rows(&one.install(|| fit(params.clone(), &data)).fitted), "threads");
    assert!(rows(&fitted) != rows(&Method::from(params).fit(&data, 4).unwrap().fitted), "the seed decides");
    let again = Fitted::from_parts(fitted.parts().unwrap()).unwrap();
    assert!(rows(&again) == rows(&fitted));
    let own = rows(&fitted);
    let own = own[1].as_slice().iter().zip(data.test.views.at(1).as_slice()).map(|(a, b)| (a - b).abs());
    assert!(own.fold(0.0, f32::max) < 1e-6, "a view to itself");
}

#[test]
fn wrong_parameters_are_named() {
    let text = |method: Method| method.fit(&data(), 0).unwrap_err().to_string();
    for hidden in [0, 65_537, usize::MAX] {
        let error = text(ResidualMlpParams { hidden, ..ResidualMlpParams::default() }.into());
        assert_eq!(error, format!("residual_mlp: `hidden` is {hidden}, expected an integer from 1 to 65536"));
    }
    let training = PairTraining { lr: 0.0, ..PairTraining::default() };
    let error = text(ResidualMlpParams { training, ..ResidualMlpParams::default() }.into());
    assert_eq!(error, "residual_mlp: `training.lr` is 0, expected a finite number above 0");
    let error = text(low_rank(9, Solver::Closed).into());
    assert!(error.contains("rank") && error.contains('8'), "{error}");
    let error = text(low_rank(9, Solver::Trained(short())).into());
    assert!(error.contains("rank") && error.contains('8'), "{error}");
}
