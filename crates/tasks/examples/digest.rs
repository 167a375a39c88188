//! One line for each method and task: a digest of the bits of its result. The lines are the same for every number of threads and
//! without the feature `rayon`, on processors with the same instruction set.
//!
//! ```sh
//! cargo run --release -p polyalign-tasks --example digest > threads
//! cargo run --release -p polyalign-tasks --example digest --no-default-features > sequential
//! cmp threads sequential
//! ```

use std::hash::{DefaultHasher, Hash, Hasher};

use align::methods::kernel_gcca::KernelGccaParams;
use align::parts::{Parts, Values};
use align::synthetic::Synthetic;
use align::{Dataset, Fitted, Method};
use tasks::{Scores, Task, TaskInput};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    // Wide enough for products to be split among threads. Factorisations are split from a width of 768 on, where the last bits
    // differ without the feature.
    let synthetic = Synthetic { widths: vec![96, 128, 64], fit_rows: 600, test_rows: 150, ..Synthetic::default() };
    let data = synthetic.generate(1)?;
    for method in Method::all() {
        // Three views of 256 landmarks, its default, are 768 wide together.
        let narrow = || KernelGccaParams { landmarks: Some(64), ..KernelGccaParams::default() }.into();
        let method = if method.name() == "kernel_gcca" { narrow() } else { method };
        let line = method.fit(&data.train.views, 42).and_then(|fit| fit.fitted.parts());
        println!(
            "{}: {}",
            method.name(),
            line.map_or_else(|error| error.to_string(), |parts| hex(|state| of_fit(&parts, state)))
        );
    }
    let gpa: Method = "gpa".parse()?;
    let fitted = gpa.fit(&data.train.views, 42)?.fitted;
    for task in Task::all() {
        let line = scores(&task, &fitted, &data);
        println!(
            "{}: {}",
            task.name(),
            line.map_or_else(|error| error.to_string(), |scores| hex(|state| of_scores(&scores, state)))
        );
    }
    Ok(())
}

fn scores(task: &Task, fitted: &Fitted, data: &Dataset) -> Result<Scores, Error> {
    Ok(task.score(&TaskInput::new(fitted, data))?)
}

fn hex(feed: impl FnOnce(&mut DefaultHasher)) -> String {
    let mut state = DefaultHasher::new();
    feed(&mut state);
    format!("{:016x}", state.finish())
}

fn of_fit(parts: &Parts, state: &mut DefaultHasher) {
    for (name, array) in &parts.arrays {
        (name, &array.shape).hash(state);
        match &array.values {
            Values::Single(values) => values.iter().for_each(|value| value.to_bits().hash(state)),
            Values::Double(values) => values.iter().for_each(|value| value.to_bits().hash(state)),
        }
    }
}

fn of_scores(scores: &Scores, state: &mut DefaultHasher) {
    scores.scores.iter().for_each(|score| score.value.map(f64::to_bits).hash(state));
    scores.series.iter().flat_map(|series| &series.values).for_each(|value| value.to_bits().hash(state));
}
