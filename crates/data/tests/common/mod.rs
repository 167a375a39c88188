//! Small files for the tests, and messages without the temporary folder.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use data::{DataError, Manifest};
use npyz::WriterBuilder;
use safetensors::{Dtype, tensor::TensorView};
use tempfile::TempDir;

/// A temporary folder with files in it.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), contents).unwrap();
        self.path(name)
    }

    /// The whole message, the folder left out.
    pub fn message<T>(&self, result: Result<T, DataError>) -> String {
        let Err(error) = result else { panic!("no error") };
        error.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }

    /// Two views `a` and `b` of three and two items, labels and ids.
    pub fn toy(&self) {
        for (name, scale) in [("a", 1.0), ("b", 2.0)] {
            self.view(
                name,
                &[[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]].map(|r| r.map(|x| x * scale)),
                &[[7.0, 8.0], [9.0, 1.0]],
            );
        }
        self.integers(&[0, 1, 1], &[1, 0], &[10, 11, 12], &[13, 14]);
    }

    pub fn view<const D: usize, const E: usize>(&self, name: &str, train: &[[f32; D]], test: &[[f32; E]]) {
        let train = floats("train", &[train.len(), D], train.as_flattened());
        let test = floats("test", &[test.len(), E], test.as_flattened());
        self.write(&format!("{name}.safetensors"), safetensors_of(&[train, test]));
    }

    pub fn integers(&self, train: &[i64], test: &[i64], train_ids: &[i64], test_ids: &[i64]) {
        let tensors = [("train", train), ("test", test), ("train.id", train_ids), ("test.id", test_ids)];
        let tensors = tensors.map(|(name, v)| (name, Dtype::I64, vec![v.len()], le(v, |x| x.to_le_bytes())));
        self.write("labels.safetensors", safetensors_of(&tensors));
    }

    /// Reads [`TOY`] with each `from` replaced by its `to`.
    pub fn manifest(&self, edits: &[(&str, &str)]) -> Result<Manifest, DataError> {
        let mut text = TOY.to_owned();
        for (from, to) in edits {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        Manifest::read(&self.write("toy.yaml", text))
    }

    pub fn load(&self, edits: &[(&str, &str)]) -> Result<data::Loaded, DataError> {
        data::load(&self.manifest(edits).unwrap())
    }
}

pub const TOY: &str = "\
name: toy
title: a toy
licence: MIT
source: made up
splits: [train, test]
views:
  - {name: a, file: a.safetensors, tensors: {train: train, test: test}}
  - name: b
    file: b.safetensors
    sha256: null
    tensors: {train: train, test: test}
labels:
  zeta: {file: labels.safetensors, tensors: {train: train, test: test}}
  alpha: {file: labels.safetensors, tensors: {train: train, test: test}}
ids: {file: labels.safetensors, tensors: {train: train.id, test: test.id}}
";

pub type Tensor<'a> = (&'a str, Dtype, Vec<usize>, Vec<u8>);

pub fn le<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|x| bytes(*x)).collect()
}

pub fn floats<'a>(name: &'a str, shape: &[usize], values: &[f32]) -> Tensor<'a> {
    (name, Dtype::F32, shape.to_vec(), le(values, f32::to_le_bytes))
}

pub fn safetensors_of(tensors: &[Tensor<'_>]) -> Vec<u8> {
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| (name.to_string(), TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

/// The same with an entry of metadata.
pub fn safetensors_with(key: &str, value: &str, tensors: &[Tensor<'_>]) -> Vec<u8> {
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| (name.to_string(), TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    let metadata = [(key.to_owned(), value.to_owned())].into_iter().collect();
    safetensors::serialize(views, Some(metadata)).unwrap()
}

/// As NumPy writes it; `dtype` such as `<f4`.
pub fn npy_of<T: npyz::Serialize + Copy>(dtype: &str, shape: &[u64], fortran: bool, values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let order = if fortran { npyz::Order::Fortran } else { npyz::Order::C };
    let dtype = npyz::DType::Plain(dtype.parse().unwrap());
    let mut writer =
        npyz::WriteOptions::new().dtype(dtype).shape(shape).order(order).writer(&mut bytes).begin_nd().unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

/// An npy file with this dictionary, whatever it says.
pub fn npy_with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

pub fn npy_path() -> &'static Path {
    Path::new("x.npy")
}

pub fn safetensors_path() -> &'static Path {
    Path::new("x.safetensors")
}
