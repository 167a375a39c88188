//! Reading the golden data.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use align::corrector::Weights;
use align::methods::add_view::{AddViewParams, Base};
use align::methods::cca::CcaParams;
use align::methods::consensus_ridge::ConsensusRidgeParams;
use align::methods::gcca::GccaParams;
use align::methods::gcpa::{CorrectorBase, GcpaParams, ReleasedTraining, Training};
use align::methods::gpa::{self, GpaParams, Robust, Solver};
use align::methods::kernel_gcca::KernelGccaParams;
use align::methods::na::{NaParams, Scale};
use align::methods::pairwise::PairwiseParams;
use align::methods::pivot::PivotParams;
use align::methods::relative::RelativeParams;
use align::methods::srm::SrmParams;
use align::methods::sumcor::SumcorParams;
use align::{AddForm, Matrix, Method, Views};
use safetensors::{SafeTensors, tensor::TensorView};

/// A golden safetensors file.
pub struct Golden(Vec<u8>);

fn path(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(name)
}

pub fn json(name: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path(name)).unwrap()).unwrap()
}

impl Golden {
    pub fn read(name: &str) -> Self {
        Self(std::fs::read(path(name)).unwrap())
    }

    pub fn names(&self) -> Vec<String> {
        let tensors = SafeTensors::deserialize(&self.0).unwrap();
        tensors.names().into_iter().map(str::to_string).collect()
    }

    /// A tensor's shape and `f32` values.
    pub fn values(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let tensors = SafeTensors::deserialize(&self.0).unwrap();
        let tensor: TensorView<'_> = tensors.tensor(name).unwrap_or_else(|_| panic!("no tensor {name}"));
        let values = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        (tensor.shape().to_vec(), values)
    }

    pub fn vector(&self, name: &str) -> Vec<f32> {
        self.values(name).1
    }

    pub fn matrix(&self, name: &str) -> Matrix {
        let (shape, values) = self.values(name);
        Matrix::from_vec(shape[0], shape[1], values)
    }

    pub fn transposed(&self, name: &str) -> Matrix {
        self.matrix(name).transposed()
    }

    /// All views of a split, `split.v0`, `split.v1`, …
    pub fn views(&self, split: &str) -> Views {
        let mut names: Vec<String> =
            self.names().into_iter().filter(|n| n.starts_with(&format!("{split}.v"))).collect();
        names.sort();
        let view = |n: &String| (n[split.len() + 1..].to_string(), self.matrix(n));
        Views::new(names.iter().map(view)).unwrap()
    }
}

/// Weights in PyTorch's naming; its Linear weights are output × input.
pub fn weights(file: &Golden, prefix: &str) -> Weights {
    let vector = |name: &str| file.vector(&format!("{prefix}.{name}"));
    let matrix = |name: &str| file.transposed(&format!("{prefix}.{name}"));
    Weights {
        scale: vector("ln.weight"),
        shift: vector("ln.bias"),
        w1: matrix("fc1.weight"),
        b1: vector("fc1.bias"),
        wg: matrix("gate.weight"),
        bg: vector("gate.bias"),
        w2: matrix("fc2.weight"),
        b2: vector("fc2.bias"),
    }
}

/// Every method that aligns, in every form that computes otherwise, small enough for tests on small data. A method that is
/// not listed here is there with its defaults.
pub fn every_method() -> Vec<(&'static str, Method)> {
    let gpa = || GpaParams { solver: Solver::Accelerated, ..GpaParams::default() };
    let gcpa = |base| {
        let short = ReleasedTraining { epochs: 1, steps_per_epoch: 30, ..ReleasedTraining::default() };
        Method::from(GcpaParams { base, training: Training::Released(short), ..GcpaParams::default() })
    };
    let add_view = |form| Method::from(AddViewParams { base: Base::Gpa(gpa()), form });
    let consensus_ridge = |base| Method::from(ConsensusRidgeParams { base, ..ConsensusRidgeParams::default() });
    let of_text = |text| serde_json::from_str::<Method>(text).unwrap();
    let listed = vec![
        ("pairwise", Method::from(PairwiseParams::default())),
        ("pairwise, scaled", Method::from(PairwiseParams { scale: true, ..PairwiseParams::default() })),
        ("gpa, released", Method::from(GpaParams { max_iter: Some(60), ..GpaParams::default() })),
        ("gpa", Method::from(gpa())),
        ("gpa, scaled", Method::from(GpaParams { scale: true, ..gpa() })),
        ("gpa, by agreement", Method::from(GpaParams { weights: gpa::Weights::Agreement, ..gpa() })),
        ("gpa, robust", Method::from(GpaParams { robust: Some(Robust::Huber(0.4)), ..gpa() })),
        ("gcca", Method::from(GccaParams::default())),
        ("gcca, textbook", Method::from(GccaParams::textbook(Some(6), 0.01))),
        ("gcpa", gcpa(CorrectorBase::accelerated())),
        ("gcpa on gcca", gcpa(CorrectorBase::Gcca)),
        ("add_view", add_view(AddForm::Scaled)),
        ("add_view, orthogonal", add_view(AddForm::Orthogonal)),
        ("cca", Method::from(CcaParams::default())),
        ("cca, low rank", Method::from(CcaParams { rank: Some(6), ridge: 0.01, ..CcaParams::default() })),
        ("pivot", Method::from(PivotParams::default())),
        ("sumcor", Method::from(SumcorParams { shrinkage: 0.5, ..SumcorParams::default() })),
        ("sumcor, whitened", Method::from(SumcorParams::default())),
        ("srm", Method::from(SrmParams::default())),
        ("consensus_ridge", consensus_ridge(CorrectorBase::accelerated())),
        ("consensus_ridge on gcca", consensus_ridge(CorrectorBase::Gcca)),
        ("kernel_gcca", Method::from(KernelGccaParams { landmarks: Some(40), ..KernelGccaParams::default() })),
        // By default their columns keep their units, and so do the fits.
        ("low_rank_affine", of_text(r#"{"low_rank_affine": {"columns": "z_score"}}"#)),
        ("residual_mlp", of_text(r#"{"residual_mlp": {"columns": "z_score"}}"#)),
        ("relative", Method::from(RelativeParams { anchors: Some(40), ..RelativeParams::default() })),
    ];
    let is_listed = |method: &Method| listed.iter().any(|(_, listed)| listed.name() == method.name());
    let others: Vec<Method> = Method::all().into_iter().filter(|m| m.name() != "na" && !is_listed(m)).collect();
    listed.into_iter().chain(others.into_iter().map(|method| (method.name(), method))).collect()
}

/// No alignment, standardised.
pub fn standardised() -> Method {
    Method::from(NaParams { scale: Scale::zscore() })
}

/// Largest absolute difference.
pub fn max_abs(a: &Matrix, b: &Matrix) -> f32 {
    assert_eq!((a.rows(), a.cols()), (b.rows(), b.cols()));
    a.as_slice().iter().zip(b.as_slice()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

pub fn max_abs_slice(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

/// Mean Rank-1 over all ordered pairs of projected views, ties against the query, in `f64`.
pub fn mean_rank1(projected: &[Matrix]) -> f64 {
    let unit: Vec<Matrix> = projected.iter().map(align::prep::cosine_rows).collect();
    let (mut hits, mut total) = (0, 0);
    for (s, a) in unit.iter().enumerate() {
        for (t, b) in unit.iter().enumerate() {
            if s == t {
                continue;
            }
            for i in 0..a.rows() {
                let dot = |j: usize| -> f64 { a.row(i).iter().zip(b.row(j)).map(|(x, y)| f64::from(x * y)).sum() };
                let own = dot(i);
                hits += usize::from((0..b.rows()).all(|j| j == i || dot(j) < own));
                total += 1;
            }
        }
    }
    hits as f64 / total as f64
}
