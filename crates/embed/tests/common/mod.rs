//! Golden folders and how far from them we are.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use embed::{EmbedError, PictureEncoder, SoundEncoder, TextEncoder, TextOptions};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

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

/// A copy of a golden folder, changed.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn of(name: &str) -> Self {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(golden(name)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        Self(copy)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn without(self, name: &str) -> Self {
        fs::remove_file(self.path().join(name)).unwrap();
        self
    }

    pub fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        fs::write(self.path().join(name), contents).unwrap();
        self
    }

    /// Sets a key of a JSON file.
    pub fn set(self, name: &str, key: &str, value: Value) -> Self {
        let mut json: Value = serde_json::from_slice(&fs::read(self.path().join(name)).unwrap()).unwrap();
        json[key] = value;
        self.with(name, serde_json::to_vec(&json).unwrap())
    }

    /// The message, without the folder's own path.
    pub fn message<T>(&self, result: Result<T, EmbedError>) -> String {
        let error = result.err().expect("refused").to_string();
        error.replace(&self.path().display().to_string(), "F")
    }

    /// What the opening of the encoder of texts says.
    pub fn text(&self) -> String {
        self.message(TextEncoder::open(self.path(), TextOptions::default()))
    }

    /// What the opening of the encoder of pictures says.
    pub fn pictures(&self) -> String {
        self.message(PictureEncoder::open(self.path()))
    }

    /// What the opening of the encoder of sounds says.
    pub fn sounds(&self) -> String {
        self.message(SoundEncoder::open(self.path()))
    }
}

/// What a run printed that must have succeeded.
pub fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Largest memory of a process so far, in kB: of one by its number, or of `self`. `None` if it has ended.
pub fn peak(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Starts a run and kills it as soon as it is ready for that.
pub fn kill_when(command: &mut Command, ready: impl Fn() -> bool) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < Duration::from_secs(60), "no shard in a minute");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
