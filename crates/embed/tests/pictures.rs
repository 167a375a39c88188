//! Every picture architecture against its reference: the resize to the byte, then the features.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::path::Path;

use common::{Expected, distance, golden, near};
use embed::{
    PictureEncoder,
    pictures::{Pixels, Rgb},
};

const ALL: [(&str, &str); 6] = [
    ("vit", "features"),
    ("dinov2", "features"),
    ("clip", "image_features"),
    ("resnet", "features"),
    ("resnet-basic", "features"),
    ("convnext", "features"),
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
    let (shape, wanted) = expected.bytes("resized_u8");
    let resized: Vec<Rgb> = pictures().iter().map(|picture| encoder.resized(picture).unwrap()).collect();
    let mut found: Vec<u8> = Vec::new();
    for picture in &resized {
        assert_eq!([picture.height(), picture.width()], shape[2..], "{golden}");
        (0..3).for_each(|colour| found.extend(picture.bytes().iter().skip(colour).step_by(3)));
    }
    let differing = found.iter().zip(&wanted).filter(|(a, b)| a != b).count();
    assert_eq!((found.len(), differing), (wanted.len(), 0), "{golden}");
    let (_, wanted) = expected.floats("pixel_values");
    let distance = distance(&encoder.pixels(&resized).unwrap().values().unwrap(), &wanted);
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
