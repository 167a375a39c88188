//! Fixtures shared by the integration tests.
#![allow(dead_code, reason = "every test binary uses its own part")]

use std::path::PathBuf;

use align::methods::na::{NaParams, Scale};
use align::synthetic::Synthetic;
use align::{Dataset, Labels, Matrix, Method, Split, Views};
use safetensors::{Dtype, SafeTensors};
use tasks::{Scores, SimilarityParams, Task, TaskInput};

fn bytes(file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of tensors.
pub struct Tensors(Vec<u8>);

impl Tensors {
    pub fn open(file: &str) -> Self {
        Self(bytes(file))
    }

    fn raw(&self, name: &str, dtype: Dtype) -> (Vec<usize>, Vec<u8>) {
        let tensors = SafeTensors::deserialize(&self.0).expect("a tensor file");
        let tensor = tensors.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(tensor.dtype(), dtype, "{name}");
        (tensor.shape().to_vec(), tensor.data().to_vec())
    }

    pub fn matrix(&self, name: &str) -> Matrix {
        let (shape, data) = self.raw(name, Dtype::F32);
        let values = data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
        Matrix::from_vec(shape[0], shape[1], values)
    }

    pub fn vector(&self, name: &str) -> Vec<f32> {
        self.raw(name, Dtype::F32).1.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
    }

    /// Row numbers, stored as `i32`.
    pub fn indices(&self, name: &str) -> Vec<usize> {
        self.raw(name, Dtype::I32).1.as_chunks().0.iter().map(|&b| i32::from_le_bytes(b) as usize).collect()
    }

    pub fn integers(&self, name: &str) -> Vec<i64> {
        self.raw(name, Dtype::I64).1.as_chunks().0.iter().map(|&b| i64::from_le_bytes(b)).collect()
    }
}

/// A file of figures.
pub fn json(file: &str) -> serde_json::Value {
    serde_json::from_slice(&bytes(file)).expect("JSON")
}

/// The expected figures: `micro`, `case_a`, `case_b`.
pub fn expected() -> serde_json::Value {
    serde_json::json!({
        "micro": json("micro.json"),
        "case_a": json("case_A_expected.json"),
        "case_b": json("case_B_expected.json"),
    })
}

/// Synthetic case `a` or `b`.
pub fn case(letter: &str) -> Dataset {
    let tensors = Tensors::open(&format!("case_{}_inputs.safetensors", letter.to_uppercase()));
    let views = if letter == "a" { 3 } else { 5 };
    let split = |part: &str, labels| Split {
        views: Views::new((0..views).map(|v| (format!("v{v}"), tensors.matrix(&format!("{part}.v{v}")))))
            .expect("valid views"),
        labels,
        groups: vec![],
        ids: None,
    };
    let labels = Labels { name: "class".into(), values: tensors.integers("y_test") };
    Dataset::new(split("train", vec![]), split("test", vec![labels]))
}

pub fn synthetic(views: usize, width: usize, fit_rows: usize, test_rows: usize) -> Dataset {
    Synthetic { widths: vec![width; views], fit_rows, test_rows, ..Default::default() }
        .generate(11)
        .expect("synthetic data")
}

pub fn na(scale: Scale) -> Method {
    Method::from(NaParams { scale })
}

pub fn score(method: &Method, task: &Task, data: &Dataset) -> Scores {
    let fit = method.fit(&data.train.views, 0).expect("fits");
    let input = TaskInput::new(&fit.fitted, data);
    task.score(&input).expect("scores")
}

pub fn in_pool<T: Send>(threads: usize, f: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(f)
}

/// Every task with its defaults; similarity with fewer permutations.
pub fn tasks() -> Vec<Task> {
    let faster = |task: Task| match task.parameters::<SimilarityParams>() {
        Some(params) => SimilarityParams { permutations: 9, ..params.clone() }.into(),
        None => task,
    };
    Task::all().into_iter().map(faster).collect()
}
