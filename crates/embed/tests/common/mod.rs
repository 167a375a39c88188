//! Golden folders and how far from them we are.
#![allow(dead_code, clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensors};

/// Absolute, of values of size about one.
pub const TOLERANCE: f32 = 1e-5;

pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

pub fn sentences() -> Vec<String> {
    serde_json::from_slice(&fs::read(golden("sentences.json")).unwrap()).unwrap()
}

/// A folder's `expected.safetensors`.
pub struct Expected(Vec<u8>);

impl Expected {
    pub fn of(folder: &str) -> Self {
        Self(fs::read(golden(folder).join("expected.safetensors")).unwrap())
    }

    pub fn names(&self) -> Vec<String> {
        SafeTensors::deserialize(&self.0).unwrap().names().into_iter().map(str::to_owned).collect()
    }

    fn raw(&self, name: &str, dtype: Dtype) -> (Vec<usize>, Vec<u8>) {
        let parsed = SafeTensors::deserialize(&self.0).unwrap();
        let view = parsed.tensor(name).unwrap();
        assert_eq!(view.dtype(), dtype, "{name}");
        (view.shape().to_vec(), view.data().to_vec())
    }

    pub fn floats(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let (shape, bytes) = self.raw(name, Dtype::F32);
        (shape, bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect())
    }

    pub fn integers(&self, name: &str) -> (Vec<usize>, Vec<i64>) {
        let (shape, bytes) = self.raw(name, Dtype::I64);
        (shape, bytes.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect())
    }

    pub fn bytes(&self, name: &str) -> (Vec<usize>, Vec<u8>) {
        self.raw(name, Dtype::U8)
    }
}

/// Largest absolute difference.
pub fn distance(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    found
        .iter()
        .zip(wanted)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |largest, d| if d > largest || d.is_nan() { d } else { largest })
}

/// Prints the distance and holds it against the tolerance.
pub fn near(what: &str, found: &[f32], wanted: &[f32]) {
    let distance = distance(found, wanted);
    println!("{what}: {distance:.1e}");
    assert!(distance <= TOLERANCE, "{what}: {distance:e}");
}
