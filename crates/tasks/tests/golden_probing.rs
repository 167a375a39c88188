//! Probing and stitching against the reference's figures on synthetic case A, with a converged probe (learning
//! rate 0.05, no early stop), whose bands are tight.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::methods::gcca::GccaParams;
use align::methods::gcpa::GcpaParams;
use align::methods::na::Scale;
use align::{Coordinates, Dataset, Labels, Method, Rescale, Split, Views};
use common::{Tensors, json, na, score};
use tasks::{Metric, ProbingParams, Protocol, ReleasedProtocol, StitchingParams, Task};

fn case_a() -> Dataset {
    let tensors = Tensors::open("case_A_inputs.safetensors");
    let split = |part: &str| {
        let views = (0..3).map(|v| (format!("v{v}"), tensors.matrix(&format!("{part}.v{v}"))));
        let labels = Labels { name: "class".into(), values: tensors.integers(&format!("y_{part}")) };
        Split { views: Views::new(views).expect("valid views"), labels: vec![labels], groups: vec![], ids: None }
    };
    Dataset { validation: Some(split("val")), ..Dataset::new(split("train"), split("test")) }
}

fn protocol() -> Protocol {
    Protocol::Released(ReleasedProtocol {
        lr: 0.05,
        patience: None,
        seeds: vec![0, 1, 2],
        ..ReleasedProtocol::default()
    })
}

fn probing() -> Task {
    ProbingParams { protocol: protocol(), ..ProbingParams::default() }.into()
}

/// Mean accuracy over the pairs of different views, or of a view with itself.
fn mean(method: &Method, task: &Task, space: Coordinates, diagonal: bool) -> f64 {
    let scores = score(method, task, &case_a()).scores;
    let wanted = scores.iter().filter(|s| s.metric == Metric::Accuracy && s.space == space);
    let values: Vec<f64> = wanted.filter(|s| (s.source == s.target) == diagonal).filter_map(|s| s.value).collect();
    assert!(!values.is_empty());
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn accuracies_lie_in_the_bands_of_the_reference() {
    let expected = &json("case_A_probing_lr05.json")["summary"];
    let stitching = Task::from(StitchingParams { protocol: protocol(), ..StitchingParams::default() });
    let probing = probing();
    let method = |name: &str| Method::from_name(name).expect("registered");
    // The reference's rescaled form rescales in the universe alone.
    let rescaled = Method::from(GcpaParams { rescale: Rescale::Universe, ..GcpaParams::default() });
    let truly_rescaled = Method::from(GcpaParams { rescale: Rescale::All, ..GcpaParams::default() });
    let (universe, translated) = (Coordinates::Universe, Coordinates::Translated);
    let cases = [
        ("INPUT", na(Scale::Raw), &probing, Coordinates::Input, true),
        ("GPA_UNIVERSE", method("gpa"), &probing, universe, false),
        ("GPA_UNIVERSE", method("gpa"), &probing, universe, true),
        ("GCCA_UNIVERSE", method("gcca"), &probing, universe, false),
        ("GPA_TRANSFORMED", method("gpa"), &stitching, translated, false),
        ("GCCA_TRANSFORMED", method("gcca"), &stitching, translated, false),
        ("PW_TRANSFORMED", method("pairwise"), &stitching, translated, false),
        ("GCPA_UNIVERSE", method("gcpa"), &probing, universe, false),
        ("GCPA_TRANSFORMED", method("gcpa"), &stitching, translated, false),
        ("GCPA_R_TRANSFORMED_TRUE_RESCALE", truly_rescaled, &stitching, translated, false),
        ("GCPA_R_UNIVERSE", rescaled.clone(), &probing, universe, false),
        ("GCPA_R_TRANSFORMED", rescaled, &stitching, translated, false),
    ];
    for (name, method, task, space, diagonal) in cases {
        let figure = if diagonal { "diag_mean_test_acc" } else { "offdiag_mean_test_acc" };
        let want = expected[name][figure]["mean"].as_f64().expect("a figure");
        let got = mean(&method, task, space, diagonal);
        assert!((got - want).abs() <= 0.02, "{name} {figure}: {got}, reference {want}");
    }
}

#[test]
fn the_released_protocol_needs_validation_rows_and_says_so() {
    let data = Dataset { validation: None, ..case_a() };
    let fit = Method::from(GccaParams::default()).fit(&data.train.views, 0).expect("fits");
    let input = tasks::TaskInput::new(&fit.fitted, &data);
    let error = probing().score(&input).unwrap_err().to_string();
    assert_eq!(
        error,
        "probing: `protocol: released` chooses weights by validation rows, and there are none; split some off train, \
         or take `protocol: converged`"
    );
    assert!(Task::from(ProbingParams::default()).score(&input).is_ok());
}
