//! Training of a linear classifier: the released form against the reference's weights, the converged one against the optimum
//! that SciPy and scikit-learn find (golden/make_classifier.py).
#![allow(clippy::expect_used, reason = "a test that cannot read its fixture should stop")]

mod common;

use align::Matrix;
use common::{Tensors, json};
use tasks::classifier::{Classifier, Converged, Labelled, Released};

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

fn codes(t: &Tensors, name: &str) -> Vec<u32> {
    t.integers(name).iter().map(|&code| code as u32).collect()
}

/// Mean cross-entropy + l2/2·r²·|W|², from the formula.
fn objective(classifier: &Classifier, rows: Labelled<'_>, l2: f64) -> f64 {
    let (n, d) = (rows.x.rows(), rows.x.cols());
    let (w, b) = classifier.weights().split_at(d * 3);
    let square: f64 = rows.x.as_slice().iter().map(|&x| f64::from(x).powi(2)).sum();
    let mut loss = 0.0;
    for (i, &code) in rows.codes.iter().enumerate() {
        let logit = |class: usize| {
            let products = rows.x.row(i).iter().enumerate().map(|(j, &x)| f64::from(x) * f64::from(w[j * 3 + class]));
            products.sum::<f64>() + f64::from(b[class])
        };
        loss += (0..3).map(|class| logit(class).exp()).sum::<f64>().ln() - logit(code as usize);
    }
    let length: f64 = w.iter().map(|&w| f64::from(w).powi(2)).sum();
    loss / n as f64 + 0.5 * l2 * square / (n * d) as f64 * length
}

#[test]
fn the_converged_protocol_reaches_the_optimum_with_fewer_rows_than_columns() {
    let (t, figures) = (Tensors::open("classifier.safetensors"), json("classifier.json"));
    let figure = |key: &str| figures[key].as_f64().expect("a figure");
    let (x, test) = (t.matrix("x"), t.matrix("test"));
    let (own, others) = (codes(&t, "codes"), codes(&t, "test_codes"));
    let rows = Labelled { x: &x, codes: &own };
    let l2 = figure("l2");
    let solved = Classifier::train_converged(rows, 3, Converged { l2 }).expect("sound rows");
    assert!(solved.converged(), "{} after {} steps", solved.gap, solved.steps);
    let above = objective(&solved.classifier, rows, l2) - figure("objective");
    // Weights are rounded to `f32`, which may lower the figure by a hair as well.
    assert!(above < solved.gap + 1e-7 && above > -1e-7, "{above} above the least, at most {}", solved.gap);
    let accuracy = solved.classifier.accuracy(Labelled { x: &test, codes: &others }).expect("rows that fit");
    assert!((accuracy - figure("accuracy")).abs() < 1e-9, "{accuracy} for {}", figure("accuracy"));
}

/// Many classes of uneven sizes: there better biases leave the weights more to do, round after round.
#[test]
fn the_converged_protocol_ends_on_uneven_classes() {
    let number = |i: usize| ((i as f64 * 12.9898).sin() * 43_758.545_3).rem_euclid(1.0) - 0.5;
    for set in 0..24 {
        let (n, d, classes) = (40 + 25 * (set % 5), [3, 12, 60][set % 3], [2, 5, 18, 30][set % 4]);
        // Of class c about 2^-c of the rows, and one at least.
        let code = |i: usize| {
            if i < classes { i } else { (2 * i + 1).trailing_zeros() as usize + i.trailing_zeros() as usize }
        };
        let y: Vec<u32> = (0..n).map(|i| (code(i) % classes) as u32).collect();
        let noise = if set % 2 == 0 { 0.05 } else { 2.0 };
        let value = |i: usize, j: usize| {
            let centre = number(7919 * y[i] as usize + j + 1);
            (centre + noise * number(set * 104_729 + i * d + j)) as f32
        };
        let x = Matrix::from_fn(n, d, value);
        for l2 in [1e-4, 1e-2, 1.0] {
            let solved = Classifier::train_converged(Labelled { x: &x, codes: &y }, classes, Converged { l2 })
                .expect("sound rows");
            assert!(solved.converged(), "set {set}, l2 {l2}: {} after {} steps", solved.gap, solved.steps);
        }
    }
}
