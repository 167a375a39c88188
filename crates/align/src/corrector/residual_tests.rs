//! The networks against PyTorch (golden/make_maps.py).

use std::path::Path;

use safetensors::SafeTensors;

use super::super::optimiser::{Adamw, Optimiser};
use super::*;

struct Golden(Vec<u8>);

impl Golden {
    fn open() -> Self {
        Self(
            std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/maps.safetensors")).expect("a file"),
        )
    }

    fn vector(&self, name: &str) -> Vec<f32> {
        let tensors = SafeTensors::deserialize(&self.0).expect("a tensor file");
        let data = tensors.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}")).data().to_vec();
        data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
    }

    fn matrix(&self, name: &str) -> Matrix {
        Matrix::from_vec(30, 9, self.vector(name))
    }
}

fn near(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    let furthest = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(furthest < 1e-5, "{what}: {furthest}");
}

fn course(golden: &Golden, name: &str, mut network: impl Network) {
    let of = |part: &str| golden.vector(&format!("{name}.{part}"));
    let (x, targets) = (golden.matrix("x"), golden.matrix("targets"));
    near(network.apply(&x).as_slice(), &of("output"), name);
    let mut optimiser = Optimiser::new(network.weights().len(), Adamw { lr: 3e-3, weight_decay: 1e-2, clip: 0.5 });
    let mut gradient = vec![0.0; network.weights().len()];
    for (step, want) in of("losses").iter().enumerate() {
        let before = network.loss(&x, &targets);
        let loss = network.gradient(&x, &targets, &mut gradient);
        assert!(
            (loss - f64::from(*want)).abs() < 1e-5 && (loss - before).abs() < 1e-6,
            "{name}, step {step}: {loss}, {want}"
        );
        if step == 0 {
            near(&gradient, &of("gradient"), name);
        }
        optimiser.step(network.weights_mut(), &gradient);
    }
    near(network.weights(), &of("end"), name);
}

#[test]
fn forward_gradient_and_steps_are_those_of_pytorch() {
    let golden = Golden::open();
    let residual = |name: &str, scaled| {
        ResidualNetwork::of_weights(9, 14, scaled, golden.vector(&format!("{name}.start"))).expect("its weights")
    };
    course(&golden, "scaled", residual("scaled", true));
    course(&golden, "plain", residual("plain", false));
    let low_rank = LowRankNetwork { from: 9, to: 9, rank: 4, weights: golden.vector("low_rank.start") };
    course(&golden, "low_rank", low_rank);
}

#[test]
fn an_untrained_network_changes_nothing() {
    let x = Matrix::from_fn(5, 7, |i, j| (i * 7 + j) as f32 / 10.0);
    for scaled in [false, true] {
        let network = ResidualNetwork::new(7, 12, scaled, 3, 1);
        assert_eq!(network.apply(&x), x);
        assert_eq!(network, ResidualNetwork::new(7, 12, scaled, 3, 1));
        assert_ne!(network, ResidualNetwork::new(7, 12, scaled, 3, 2));
    }
    assert!(ResidualNetwork::of_weights(7, 12, false, vec![0.0; 3]).is_none());
}
