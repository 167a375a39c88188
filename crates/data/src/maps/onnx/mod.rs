//! Maps as models of ONNX: rows `x` (batch × d) become `y` (batch × d').
//!
//! Opset 17 is the first with layer normalisation. GELU and unit length are several nodes, because their own operators are
//! younger or treat a row of zeros in another way.

mod graph;
mod protobuf;

use align::corrector::{Corrector, Weights};
use align::fitted::{AffineMap, KernelFeatures, MapStep, ResidualWeights};
use align::{Matrix, RowMap};

use self::graph::{Attribute, DOUBLE, Graph, SINGLE, Value};
use self::protobuf::Message;
use super::format::METADATA_ENTRY;

/// Version of the operators.
const OPSET: i64 = 17;
/// Version of the format that came with them.
const IR: i64 = 8;
/// Most bytes of a message of protobuf.
pub(super) const MOST: usize = i32::MAX as usize;
/// Lengths below this count as zero.
const SHORTEST: f32 = 1e-30;
/// ε of the layer normalisation in the corrector.
const LAYER_NORM_EPS: f32 = 1e-5;

/// The bytes of the model.
pub(super) fn bytes(map: &RowMap, tool: &str, metadata: &str) -> Vec<u8> {
    let mut graph = Graph::default();
    let mut rows = Graph::input();
    for step in map.steps() {
        rows = match step {
            MapStep::Affine(affine) => graph.affine(affine, rows),
            MapStep::KernelFeatures(features) => graph.kernel_features(features, rows),
            MapStep::Correct { corrector, keeps_lengths } => graph.corrector(corrector, *keeps_lengths, rows),
            MapStep::Residual(weights) => graph.residual(weights, rows),
            _ => graph.unit_rows(&rows).0,
        };
    }
    let (program, version) = tool.split_once(' ').unwrap_or((tool, ""));
    let entry = Message::default().text(1, METADATA_ENTRY).text(2, metadata);
    // The empty domain is that of ONNX itself.
    let opset = Message::default().text(1, "").integer(2, OPSET);
    Message::default()
        .integer(1, IR)
        .text(2, program)
        .text(3, version)
        .message(7, &graph.message("map", map.widths()))
        .message(8, &opset)
        .message(14, &entry)
        .into_bytes()
}

impl Graph {
    fn two(&mut self, op: &'static str, a: Value, b: Value) -> Value {
        self.node(op, [a, b], [])
    }

    fn one(&mut self, op: &'static str, a: Value) -> Value {
        self.node(op, [a], [])
    }

    /// `x A + b`.
    fn layer(&mut self, x: Value, (a, matrix): (&str, &Matrix), (b, shift): (&str, &[f32])) -> Value {
        let (matrix, shift) = (self.matrix(a, matrix), self.vector(b, shift));
        let product = self.two("MatMul", x, matrix);
        self.two("Add", product, shift)
    }

    fn affine(&mut self, affine: &AffineMap, x: Value) -> Value {
        self.layer(x, ("A", &affine.matrix), ("b", &affine.shift))
    }

    /// Rows at unit length, and their lengths. A row of zeros stays zero.
    fn unit_rows(&mut self, x: &Value) -> (Value, Value) {
        let along = [Attribute::Integers("axes", &[-1]), Attribute::Integer("keepdims", 1)];
        let lengths = self.node("ReduceL2", [x.clone()], along);
        let shortest = self.number("shortest", SHORTEST);
        let divisors = self.two("Max", lengths.clone(), shortest);
        (self.two("Div", x.clone(), divisors), lengths)
    }

    /// `h/2 (1 + erf(h/√2))`.
    fn gelu(&mut self, h: &Value) -> Value {
        let (root, one, half) = (
            self.number("half_root", std::f32::consts::FRAC_1_SQRT_2),
            self.number("one", 1.0),
            self.number("half", 0.5),
        );
        let scaled = self.two("Mul", h.clone(), root);
        let erf = self.one("Erf", scaled);
        let sum = self.two("Add", erf, one);
        let product = self.two("Mul", h.clone(), sum);
        self.two("Mul", product, half)
    }

    fn residual(&mut self, weights: &ResidualWeights, x: Value) -> Value {
        let ResidualWeights { w1, b1, w2, b2, scale } = weights;
        let hidden = self.layer(x.clone(), ("w1", w1), ("b1", b1));
        let activated = self.gelu(&hidden);
        let change = self.layer(activated, ("w2", w2), ("b2", b2));
        let sum = self.two("Add", x, change);
        match scale {
            None => sum,
            Some(scale) => {
                let scale = self.vector("scale", scale);
                self.two("Mul", sum, scale)
            }
        }
    }

    fn corrector(&mut self, corrector: &Corrector, keeps_lengths: bool, u: Value) -> Value {
        let Weights { scale, shift, w1, b1, wg, bg, w2, b2 } = corrector.weights();
        let (v, lengths) = self.unit_rows(&u);
        let norm = [v.clone(), self.vector("norm_scale", &scale), self.vector("norm_shift", &shift)];
        let along = [Attribute::Integer("axis", -1), Attribute::Float("epsilon", LAYER_NORM_EPS)];
        let x = self.node("LayerNormalization", norm, along);
        let hidden = self.layer(x.clone(), ("w1", &w1), ("b1", &b1));
        let activated = self.gelu(&hidden);
        let change = self.layer(activated, ("w2", &w2), ("b2", &b2));
        let gate = self.layer(x, ("wg", &wg), ("bg", &bg));
        let gate = self.one("Sigmoid", gate);
        let change = self.two("Mul", gate, change);
        let turned = self.two("Add", v, change);
        let (unit, _) = self.unit_rows(&turned);
        // A row of zeros has no direction to turn and stays zero.
        let factor = if keeps_lengths { lengths } else { self.one("Sign", lengths) };
        self.two("Mul", unit, factor)
    }

    /// In double precision, because the whitener has large entries of either sign.
    fn kernel_features(&mut self, features: &KernelFeatures, x: Value) -> Value {
        let landmarks = features.landmarks().map(|&l| f64::from(l));
        let squares: Vec<f64> = (0..landmarks.rows()).map(|i| landmarks.row(i).iter().map(|l| l * l).sum()).collect();
        let squares = self.matrix_f64("squares", &Matrix::from_vec(1, squares.len(), squares));
        let twice = self.matrix_f64("landmarks", &landmarks.transposed().map(|l| -2.0 * l));
        let whitener = self.matrix_f64("whitener", features.whitener());
        let (zero, rate) = (self.number_f64("zero", 0.0), self.number_f64("rate", -1.0 / features.scale()));
        let x = self.node("Cast", [x], [Attribute::Integer("to", DOUBLE)]);
        let along = [Attribute::Integers("axes", &[-1]), Attribute::Integer("keepdims", 1)];
        let of_rows = self.node("ReduceSumSquare", [x.clone()], along);
        let products = self.two("MatMul", x, twice);
        let sum = self.two("Add", of_rows, products);
        let sum = self.two("Add", sum, squares);
        let distances = self.two("Max", sum, zero);
        let exponents = self.two("Mul", distances, rate);
        let similarities = self.one("Exp", exponents);
        let features = self.two("MatMul", similarities, whitener);
        self.node("Cast", [features], [Attribute::Integer("to", SINGLE)])
    }
}
