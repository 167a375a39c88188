//! Fits on rows that are read some at a time.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use align::methods::gcpa::{FastTraining, GcpaParams, Training};
use align::moments::{Incomplete, Precision, SufficientStatistics};
use align::synthetic::Synthetic;
use align::{AlignError, Fit, Method, Progress, RowSource, StreamAligner, Views, Watch};

fn rows() -> Views {
    let synthetic = Synthetic { widths: vec![12, 10, 14], fit_rows: 700, noise: 0.5, ..Synthetic::default() };
    synthetic.generate(5).unwrap().train.views
}

/// The rows of [`rows`], of which the second view misses every fifth and the third those from 600 on; the last row is in one
/// view alone.
fn with_gaps() -> Views {
    let missing = |misses: &dyn Fn(usize) -> bool| (0..700).map(misses).collect::<Vec<bool>>();
    let views = rows().with_missing(1, &missing(&|row| row % 5 == 4)).unwrap();
    views.with_missing(2, &missing(&|row| row >= 600)).unwrap()
}

fn params() -> GcpaParams {
    let training = FastTraining { epochs: 1, steps_per_epoch: 60, batch: 64, ..FastTraining::default() };
    GcpaParams { training: Training::Fast(training), ..GcpaParams::default() }
}

fn sums(method: &Method, rows: &Views) -> SufficientStatistics {
    SufficientStatistics::of(rows, method.sums_weights().unwrap(), Precision::Double)
}

/// Largest difference of the universe vectors of these rows.
fn difference(a: &Fit, b: &Fit, rows: &Views) -> f32 {
    let project = |fit: &Fit, name: &str| fit.fitted.project(name, rows.get(name).unwrap()).unwrap();
    let largest = |name: &str| {
        let (a, b) = (project(a, name), project(b, name));
        a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    rows.names().map(largest).fold(0.0, f32::max)
}

#[test]
fn batches_that_are_read_train_the_corrector_that_rows_in_memory_train() {
    for rows in [rows(), with_gaps()] {
        let (params, method) = (params(), Method::from(params()));
        let base = method.base().unwrap().method.fit(&rows, 3).unwrap();
        let whole = method.fit_on(&base, &rows, 3).unwrap();
        let read = params.fit_stream_on(&base, &rows, 3, &Watch::default()).unwrap();
        assert!(difference(&whole, &read, &rows) < 1e-5, "{}", difference(&whole, &read, &rows));
        let (whole, read) = (whole.report.corrector.unwrap(), read.report.corrector.unwrap());
        assert_eq!((whole.steps, whole.best_step), (read.steps, read.best_step));
        for (whole, read) in [
            (whole.best_loss, read.best_loss),
            (whole.identity_train_loss, read.identity_train_loss),
            (whole.train_loss, read.train_loss),
            (whole.validation_loss, read.validation_loss),
            (whole.drift_mean, read.drift_mean),
        ] {
            assert!((whole - read).abs() < 1e-6 * whole.abs(), "{whole} {read}");
        }
        assert!(read.train_loss < 0.99 * read.identity_train_loss, "the corrector learned something");
    }
}

#[test]
fn a_fit_from_sums_and_read_rows_is_the_fit_of_rows_in_memory() {
    let rows = rows();
    for name in ["gpa", "gcca", "pairwise"] {
        let method: Method = name.parse().unwrap();
        let read = method.fit_streamed(&sums(&method, &rows), &rows, 3, &Watch::default()).unwrap();
        let want = method.fit_statistics(&sums(&method, &rows), 3).unwrap();
        assert_eq!(read.report.objective, want.report.objective, "{name}");
    }
    let method = Method::from(params());
    let read = method.fit_streamed(&sums(&method, &rows), &rows, 3, &Watch::default()).unwrap();
    let whole = method.fit(&rows, 3).unwrap();
    assert!(difference(&whole, &read, &rows) < 1e-3, "{}", difference(&whole, &read, &rows));
    let rescaled: Method =
        serde_json::from_str(r#"{"gcpa": {"rescale": "all", "training": {"fast": {"epochs": 1}}}}"#).unwrap();
    let read = rescaled.fit_streamed(&sums(&rescaled, &rows), &rows, 3, &Watch::default()).unwrap();
    assert!(read.report.corrector.is_some());
}

#[test]
fn methods_that_need_all_rows_and_sums_of_other_rows_are_refused() {
    let rows = rows();
    let gpa: Method = "gpa".parse().unwrap();
    let of_all = sums(&gpa, &rows);
    let kernel: Method = "kernel_gcca".parse().unwrap();
    assert_eq!(kernel.sums_weights(), None);
    let error = kernel.fit_streamed(&of_all, &rows, 3, &Watch::default()).unwrap_err();
    assert!(matches!(error, AlignError::NeedsRows { method: "kernel_gcca", .. }), "{error}");

    let fewer = SufficientStatistics::of(
        &rows.select_rows(&(0..600).collect::<Vec<_>>()),
        Incomplete::MeanOfPresent,
        Precision::Double,
    );
    let error = Method::from(params()).fit_streamed(&fewer, &rows, 3, &Watch::default()).unwrap_err().to_string();
    assert_eq!(error, "these sums are of 600 rows of v0, v1, v2, expected 700 rows of v0, v1, v2");
}

/// Rows that cannot be read from some row on.
struct Broken(Views);

impl RowSource for Broken {
    fn names(&self) -> Vec<String> {
        RowSource::names(&self.0)
    }

    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn read(&self, items: &[usize]) -> Result<Views, AlignError> {
        match items.iter().find(|&&item| item > 650) {
            Some(item) => Err(AlignError::Unreadable { message: format!("b.npy: found NaN at row {item}") }),
            None => self.0.read(items),
        }
    }
}

#[test]
fn rows_that_cannot_be_read_and_an_observer_end_the_fit() {
    struct Stop;
    impl Progress for Stop {
        fn cancelled(&self) -> bool {
            true
        }
    }
    let rows = rows();
    let method = Method::from(params());
    let sums = sums(&method, &rows);
    let error = method.fit_streamed(&sums, &Broken(rows.clone()), 3, &Watch::default()).unwrap_err().to_string();
    assert!(error.starts_with("b.npy: found NaN at row "), "{error}");
    let stopped = method.fit_streamed(&sums, &rows, 3, &Watch::by(Arc::new(Stop)));
    assert_eq!(stopped.unwrap_err(), AlignError::Cancelled);
}
