//! Every picture architecture against its reference: the resize to the byte, then the features.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::Path;

use common::{Expected, distance, golden, near};
use embed::{
    PictureEncoder,
    pictures::{Pixels, Rgb},
};

const ALL: [(&str, &str); 14] = [
    ("vit", "features"),
    ("dinov2", "features"),
    ("clip", "image_features"),
    ("resnet", "features"),
    ("resnet-basic", "features"),
    ("convnext", "features"),
    ("swin", "features"),
    ("swin-even", "features"),
    ("mobilenet", "features"),
    ("mobilenet-dilated", "features"),
    ("dinov3", "features"),
    ("dinov3-gated", "features"),
    ("dinov2-swiglu", "features"),
    ("deit-distilled", "features"),
];

/// Folders whose expected values have hidden states, and their number.
const STATES: [(&str, usize); 8] = [
    ("swin", 4),
    ("swin-even", 3),
    ("mobilenet", 17),
    ("mobilenet-dilated", 17),
    ("dinov3", 3),
    ("dinov3-gated", 3),
    ("dinov2-swiglu", 3),
    ("deit-distilled", 3),
];

fn pictures() -> Vec<Rgb> {
    ["a", "b", "c"].iter().map(|name| Rgb::open(&golden(&format!("pictures/{name}.png"))).unwrap()).collect()
}

#[test]
fn resized_pictures_are_equal_to_the_byte() {
    for (folder, _) in ALL {
        prepared(&golden(folder), folder);
    }
}

/// A ViT whose pictures are prepared as DeiT's are.
#[test]
fn deit_is_prepared_in_its_own_way() {
    let copy = tempfile::tempdir().unwrap();
    for (folder, name) in [("vit", "config.json"), ("vit", "model.safetensors"), ("deit", "preprocessor_config.json")] {
        std::fs::copy(golden(folder).join(name), copy.path().join(name)).unwrap();
    }
    prepared(copy.path(), "deit");
}

fn prepared(folder: &Path, golden: &str) {
    let encoder = PictureEncoder::open(folder).unwrap();
    let expected = Expected::of(golden);
    let resized: Vec<Option<Rgb>> = pictures().iter().map(|picture| encoder.resized(picture).unwrap()).collect();
    // Pictures of DINOv3 are never rounded to bytes.
    assert_eq!(resized[0].is_some(), !golden.starts_with("dinov3"), "{golden}");
    if resized[0].is_some() {
        let (shape, wanted) = expected.bytes("resized_u8");
        let mut found: Vec<u8> = Vec::new();
        for picture in resized.iter().flatten() {
            assert_eq!([picture.height(), picture.width()], shape[2..], "{golden}");
            (0..3).for_each(|colour| found.extend(picture.bytes().iter().skip(colour).step_by(3)));
        }
        let differing = found.iter().zip(&wanted).filter(|(a, b)| a != b).count();
        assert_eq!((found.len(), differing), (wanted.len(), 0), "{golden}");
    }
    let (_, wanted) = expected.floats("pixel_values");
    let distance = distance(&encoder.prepare(&pictures()).unwrap().values().unwrap(), &wanted);
    println!("{golden}, pixel_values: {distance:.1e}");
    assert!(distance <= 1e-6, "{golden}: {distance:e}");
}

#[test]
fn features_are_near() {
    for (folder, name) in ALL {
        let encoder = PictureEncoder::open(&golden(folder)).unwrap();
        let expected = Expected::of(folder);
        let (shape, pixels) = expected.floats("pixel_values");
        let (size, wanted) = expected.floats(name);
        let pixels = Pixels::new(shape[0], shape[2], shape[3], pixels).unwrap();
        let features = encoder.features(&pixels).unwrap();
        assert_eq!(size, [features.rows(), encoder.width()]);
        near(&format!("{folder} {name}"), features.values(), &wanted);
    }
}

#[test]
fn hidden_states_are_near() {
    for (folder, count) in STATES {
        let encoder = PictureEncoder::open(&golden(folder)).unwrap();
        let expected = Expected::of(folder);
        let (shape, pixels) = expected.floats("pixel_values");
        let states = encoder.hidden_states(&Pixels::new(shape[0], shape[2], shape[3], pixels).unwrap()).unwrap();
        assert_eq!(states.len(), count, "{folder}");
        for (i, state) in states.iter().enumerate() {
            let (shape, wanted) = expected.floats(&format!("hidden_states.{i}"));
            assert_eq!(shape, [state.rows(), state.width()], "{folder} {i}");
            near(&format!("{folder}, state {i}"), state.values(), &wanted);
        }
    }
}

/// Maps that are not square, of another size than the configuration's.
#[test]
fn other_sizes_are_near() {
    for folder in ["swin", "mobilenet", "dinov3"] {
        let encoder = PictureEncoder::open(&golden(folder)).unwrap();
        let expected = Expected::of(folder);
        let (shape, pixels) = expected.floats("other.pixel_values");
        assert_ne!(shape[2], shape[3]);
        let features = encoder.features(&Pixels::new(1, shape[2], shape[3], pixels).unwrap()).unwrap();
        near(&format!("{folder}, other size"), features.values(), &expected.floats("other.features").1);
    }
}

#[test]
fn pictures_that_do_not_fit_are_refused() {
    for (folder, side, why) in [
        ("vit", 40, "reads 32 x 32"),
        ("deit-distilled", 40, "reads 32 x 32"),
        ("dinov3", 7, "reads at least 8 x 8"),
        ("dinov2", 7, "reads at least 8 x 8"),
        ("swin", 32, "has windows of 3 x 3 places, and the map of its stage 3 would have 2 x 2"),
    ] {
        let encoder = PictureEncoder::open(&golden(folder)).unwrap();
        let pixels = Pixels::new(1, side, side, vec![0.0; 3 * side * side]).unwrap();
        let message = encoder.features(&pixels).unwrap_err().to_string();
        assert_eq!(message, format!("picture: has {side} x {side} pixels, the model {why}"));
        assert_eq!(encoder.hidden_states(&pixels).unwrap_err().to_string(), message);
    }
}

#[test]
fn files_give_the_same_in_any_batch() {
    let files: Vec<_> = ["a", "b", "c"].iter().map(|name| golden(&format!("pictures/{name}.png"))).collect();
    for (folder, name) in ALL {
        let encoder = PictureEncoder::open(&golden(folder)).unwrap();
        let (_, wanted) = Expected::of(folder).floats(name);
        for batch in [1, 2, 3] {
            let found = encoder.encode(&files, batch, None, &mut |_| ()).unwrap();
            near(&format!("{folder} {name}, batches of {batch}"), found.values(), &wanted);
        }
    }
}
