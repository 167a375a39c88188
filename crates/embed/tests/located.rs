//! Errors of single items name the item, wherever in the input it is.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{fs, path::Path, process::Command};

use common::{Folder, golden};
use embed::{TextEncoder, TextOptions};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::json;

/// A golden folder with one tensor changed.
fn changed(name: &str, tensor: &str, change: impl FnOnce(&mut [f32])) -> Folder {
    let bytes = fs::read(golden(name).join("model.safetensors")).unwrap();
    let model = SafeTensors::deserialize(&bytes).unwrap();
    let found = model.tensor(tensor).unwrap();
    let mut values: Vec<f32> =
        found.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    change(&mut values);
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, found.shape().to_vec(), &data).unwrap();
    let mut tensors = model.tensors();
    tensors.iter_mut().filter(|(name, _)| name == tensor).for_each(|(_, old)| *old = view.clone());
    Folder::of(name).with("model.safetensors", safetensors::serialize(tensors, None).unwrap())
}

fn error(place: &Path, kind: &str, model: &Folder, input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embed"));
    command.current_dir(place).args([kind, "--tensor", "x", "--shard", "2"]);
    command.args(["--out", &format!("{kind}.safetensors")]);
    let output = command.args(["--input", input, "--model"]).arg(model.path()).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().next_back().unwrap_or_default().to_owned()
}

const NOT_FINITE: &str = "gave numbers that are not finite";

#[test]
fn texts_are_named_by_file_line_and_id() {
    let encoder = TextEncoder::open(&golden("bert"), TextOptions::default()).unwrap();
    let ids = |text: &str| encoder.token_ids(&[text]).unwrap().remove(0);
    let (plain, odd) = (ids("children open the book"), ids("zz"));
    let odd = *odd.iter().find(|id| !plain.contains(id)).expect("a token of its own") as usize;
    let model = changed("bert", "embeddings.word_embeddings.weight", |rows| rows[32 * odd..][..32].fill(f32::NAN));
    let place = tempfile::tempdir().unwrap();
    let text = |number: usize| if number == 4 { "zz" } else { "children open the book" };
    let lines: String = (1..=6).map(|number| format!("{}\n", text(number))).collect();
    fs::write(place.path().join("lines.txt"), lines).unwrap();
    let said = error(place.path(), "text", &model, "lines.txt");
    assert!(said.starts_with(&format!("embed: lines.txt:4: {NOT_FINITE}")), "{said}");
    // an empty line is no item
    let objects: String = (1..=6).map(|i| format!("\n{}\n", json!({"id": format!("n{i}"), "text": text(i)}))).collect();
    fs::write(place.path().join("objects.jsonl"), objects).unwrap();
    let said = error(place.path(), "text", &model, "objects.jsonl#text");
    assert!(said.starts_with(&format!("embed: objects.jsonl:8: id `n4`: {NOT_FINITE}")), "{said}");
}

#[test]
fn pictures_and_sounds_are_named_by_their_files() {
    // a black picture and silence are all zeros, so that only others overflow
    let place = tempfile::tempdir().unwrap();
    let weights = "vit.embeddings.patch_embeddings.projection.weight";
    let model = changed("vit", weights, |values| values.iter_mut().for_each(|value| *value *= 1e38));
    let model = model.set("preprocessor_config.json", "do_normalize", json!(false));
    let model = model.set("preprocessor_config.json", "do_rescale", json!(false));
    fs::create_dir(place.path().join("pictures")).unwrap();
    for name in ["a", "b", "c", "d"] {
        let level = if name == "d" { 255 } else { 0 };
        let picture = image::RgbImage::from_pixel(40, 40, image::Rgb([level; 3]));
        picture.save(place.path().join(format!("pictures/{name}.png"))).unwrap();
    }
    let said = error(place.path(), "pictures", &model, "pictures");
    assert!(said.starts_with(&format!("embed: pictures/d.png: {NOT_FINITE}")), "{said}");

    let model = changed("hubert", "feature_projection.projection.bias", |values| values[0] = f32::INFINITY);
    let sound = golden("sounds/a.wav").display().to_string();
    fs::write(place.path().join("sounds.txt"), format!("{sound}\n")).unwrap();
    let said = error(place.path(), "sounds", &model, "sounds.txt");
    assert!(said.starts_with(&format!("embed: {sound}: {NOT_FINITE}")), "{said}");
}
