//! Weights in other element types, in several files, and damaged.
#![allow(clippy::unwrap_used)]

mod common;

use std::{fs, path::Path};

use common::{distance, golden, sentences};
use embed::{EmbedError, TextEncoder, TextOptions};
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use tempfile::TempDir;

type Tensor = (String, Vec<usize>, Vec<f32>);
type Convert<'a> = &'a dyn Fn(f32) -> Vec<u8>;

fn tensors() -> Vec<Tensor> {
    let bytes = fs::read(golden("bert/model.safetensors")).unwrap();
    let parsed = SafeTensors::deserialize(&bytes).unwrap();
    let values =
        |data: &[u8]| data.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    parsed.tensors().into_iter().map(|(name, view)| (name, view.shape().to_vec(), values(view.data()))).collect()
}

fn write(path: &Path, tensors: &[Tensor], dtype: Dtype, convert: Convert) {
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(_, _, values)| values.iter().flat_map(|value| convert(*value)).collect()).collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), bytes)| (name.as_str(), TensorView::new(dtype, shape.clone(), bytes).unwrap()));
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// A folder with all of `bert` but its weights.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        fs::copy(golden("bert").join(name), folder.path().join(name)).unwrap();
    }
    folder
}

fn rows(folder: &Path) -> Result<Vec<f32>, EmbedError> {
    let encoder = TextEncoder::open(folder, TextOptions::default())?;
    let texts = sentences();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok(encoder.encode(&texts, 16, &mut |_| ())?.values().to_vec())
}

#[test]
fn every_floating_type_is_read() {
    let wanted = rows(&golden("bert")).unwrap();
    let types: [(Dtype, Convert, f32); 4] = [
        (Dtype::F32, &|x| x.to_le_bytes().to_vec(), 0.0),
        (Dtype::F64, &|x| f64::from(x).to_le_bytes().to_vec(), 0.0),
        (Dtype::F16, &|x| f16::from_f32(x).to_le_bytes().to_vec(), 5e-3),
        (Dtype::BF16, &|x| bf16::from_f32(x).to_le_bytes().to_vec(), 5e-2),
    ];
    for (dtype, convert, tolerance) in types {
        let folder = folder();
        write(&folder.path().join("model.safetensors"), &tensors(), dtype, convert);
        let distance = distance(&rows(folder.path()).unwrap(), &wanted);
        println!("{dtype:?}: {distance:.1e}");
        assert!(distance <= tolerance, "{dtype:?}: {distance:e}");
    }
}

#[test]
fn several_files_are_one() {
    let folder = folder();
    let all = tensors();
    let (first, second) = all.split_at(all.len() / 3);
    let mut map = serde_json::Map::new();
    for (name, part) in [("model-00001-of-00002.safetensors", first), ("model-00002-of-00002.safetensors", second)] {
        write(&folder.path().join(name), part, Dtype::F32, &|x| x.to_le_bytes().to_vec());
        part.iter().for_each(|(tensor, _, _)| _ = map.insert(tensor.clone(), name.into()));
    }
    let index = folder.path().join("model.safetensors.index.json");
    fs::write(&index, serde_json::json!({ "weight_map": map }).to_string()).unwrap();
    assert_eq!(rows(folder.path()).unwrap(), rows(&golden("bert")).unwrap());

    for file in ["../model.safetensors", "/etc/passwd", "..", ""] {
        fs::write(&index, serde_json::json!({ "weight_map": {"a": file} }).to_string()).unwrap();
        let message = rows(folder.path()).unwrap_err().to_string();
        assert!(message.contains(&format!("index file: `{file}` is no file name")), "{message}");
    }
}

/// The header's bytes changed one by one: refused, or read where the change does not matter.
#[test]
fn damaged_headers_never_panic() {
    let folder = folder();
    let path = folder.path().join("model.safetensors");
    let whole = fs::read(golden("bert/model.safetensors")).unwrap();
    let mut refused = 0;
    for at in (0..2400).step_by(13) {
        for flip in [0x01, 0x15, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            fs::write(&path, bytes).unwrap();
            refused += usize::from(TextEncoder::open(folder.path(), TextOptions::default()).is_err());
        }
    }
    println!("{refused} of 555 refused");
    assert!(refused > 300);
}
