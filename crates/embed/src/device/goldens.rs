//! Every kind of encoder against its reference, composed of plain operations as on a device without kernels.

use std::{
    fs,
    path::{Path, PathBuf},
};

use safetensors::SafeTensors;

use super::composed;
use crate::{PictureEncoder, SoundEncoder, TextEncoder, TextOptions, pictures::Pixels};

/// The bound of the kernels.
const TOLERANCE: f32 = 1e-5;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn expected(folder: &str, name: &str) -> (Vec<usize>, Vec<f32>) {
    let bytes = fs::read(golden(folder).join("expected.safetensors")).unwrap();
    let parsed = SafeTensors::deserialize(&bytes).unwrap();
    let view = parsed.tensor(name).unwrap();
    let values = view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    (view.shape().to_vec(), values)
}

/// Compares composed rows with the reference, and with those of the kernels, from which rounding must distinguish them:
/// otherwise the kernels ran. `same` says that this encoder has the same sums in both ways, `None` that it depends on the
/// instruction sets of the processor.
fn near(what: &str, same: Option<bool>, rows: impl Fn() -> Vec<f32>, wanted: &[f32]) {
    let (found, kernels) = (composed(&rows), rows());
    assert_eq!(found.len(), wanted.len(), "{what}");
    let largest = found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("{what}: {largest:.1e}");
    assert!(largest <= TOLERANCE && found.iter().all(|x| x.is_finite()), "{what}: {largest:e}");
    let as_said = same.is_none_or(|same| (found == kernels) == same);
    assert!(as_said, "{what}: the same bits as those of the kernels: {}", found == kernels);
}

#[test]
fn texts() {
    let sentences: Vec<String> = serde_json::from_slice(&fs::read(golden("sentences.json")).unwrap()).unwrap();
    let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
    for (folder, name) in [
        ("bert", "mean"),
        ("roberta", "mean"),
        ("distilbert", "mean"),
        ("mpnet", "mean"),
        ("t5", "mean"),
        ("t5-gated", "mean"),
        ("clip", "text_features"),
    ] {
        let rows = || {
            let encoder = TextEncoder::open(&golden(folder), TextOptions::default()).unwrap();
            encoder.encode(&sentences, 16, &mut |_| ()).unwrap().values().to_vec()
        };
        near(folder, Some(false), rows, &expected(folder, name).1);
    }
}

#[test]
fn pictures() {
    for folder in [
        "vit",
        "deit-distilled",
        "dinov2",
        "dinov2-swiglu",
        "dinov3",
        "dinov3-gated",
        "clip",
        "swin",
        "swin-even",
        "resnet",
        "convnext",
        "mobilenet",
        "mobilenet-dilated",
    ] {
        let (shape, pixels) = expected(folder, "pixel_values");
        let rows = || {
            let encoder = PictureEncoder::open(&golden(folder)).unwrap();
            let pixels = Pixels::new(shape[0], shape[2], shape[3], pixels.clone()).unwrap();
            encoder.features(&pixels).unwrap().values().to_vec()
        };
        let name = if folder == "clip" { "image_features" } else { "features" };
        // Convolutions are those of the tensor library, and norms are folded into them. MobileNet has maps, too.
        let same = if folder.starts_with("mobilenet") { None } else { Some(folder == "resnet") };
        near(folder, same, rows, &expected(folder, name).1);
    }
}

#[test]
fn sounds() {
    for folder in ["hubert", "hubert-large"] {
        let (_, values) = expected(folder, "a.input_values");
        let rows = || {
            let encoder = SoundEncoder::open(&golden(folder)).unwrap();
            encoder.features(&values).unwrap().values().to_vec()
        };
        near(folder, Some(false), rows, &expected(folder, "a.mean").1);
    }
}
