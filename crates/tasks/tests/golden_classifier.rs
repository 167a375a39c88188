//! The released training of a linear classifier against the reference's weights.
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use common::Tensors;
use tasks::classifier::{Classifier, Labelled, Released};

/// torch keeps the weights as k × d.
fn classifier(t: &Tensors, name: &str) -> Classifier {
    let w = t.matrix(&format!("probe.{name}.weight"));
    let b = t.vector(&format!("probe.{name}.bias"));
    Classifier::from_parts(&w.transposed(), &b).expect("one bias per class")
}

#[test]
fn training_from_given_weights() {
    let t = Tensors::open("micro.safetensors");
    let x = t.matrix("probe.x");
    let y: Vec<u32> = t.integers("probe.y").iter().map(|&y| y as u32).collect();
    let part = |from: usize, to: usize| x.select_rows(&(from..to).collect::<Vec<_>>());
    let (train, validation) = (part(0, 200), part(200, 250));
    let rows = Labelled { x: &train, codes: &y[..200] };
    let held_out = Labelled { x: &validation, codes: &y[200..250] };
    for (name, epochs, patience) in [("full", 40, Some(40)), ("early", 100, Some(3))] {
        let how = Released { epochs, lr: 0.01, patience };
        let got = classifier(&t, "init").train_released(rows, &[held_out], how).expect("sound rows");
        for (got, want) in got[0].weights().iter().zip(classifier(&t, name).weights()) {
            assert!((got - want).abs() < 1e-5, "{name}: {got}, reference {want}");
        }
    }
}
