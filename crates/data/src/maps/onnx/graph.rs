//! A graph of ONNX: nodes and constant tensors, encoded as they are added.

use align::Matrix;

use super::protobuf::Message;

/// Elements in single precision.
pub(super) const SINGLE: i64 = 1;
/// Elements in double precision.
pub(super) const DOUBLE: i64 = 11;

/// Names of the graph's input and output.
const INPUT: &str = "x";
const OUTPUT: &str = "y";
/// Name of the first axis, whose extent is free.
const BATCH: &str = "batch";

/// The name of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value(String);

/// An attribute of a node.
pub(super) enum Attribute {
    /// An integer.
    Integer(&'static str, i64),
    /// A list of integers.
    Integers(&'static str, &'static [i64]),
    /// A number.
    Float(&'static str, f32),
}

struct Node {
    op: &'static str,
    inputs: Vec<Value>,
    output: Value,
    attributes: Vec<Attribute>,
}

/// Nodes in an order in which they can be computed, and constants.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    constants: Vec<Message>,
}

impl Graph {
    /// The input of the graph.
    pub(super) fn input() -> Value {
        Value(INPUT.to_owned())
    }

    /// Adds a node and returns its output.
    pub(super) fn node(
        &mut self,
        op: &'static str,
        inputs: impl IntoIterator<Item = Value>,
        attributes: impl IntoIterator<Item = Attribute>,
    ) -> Value {
        let output = Value(format!("{}_{}", op.to_lowercase(), self.nodes.len()));
        let (inputs, attributes) = (inputs.into_iter().collect(), attributes.into_iter().collect());
        self.nodes.push(Node { op, inputs, output: output.clone(), attributes });
        output
    }

    fn constant(&mut self, name: &str, shape: &[usize], kind: i64, bytes: &[u8]) -> Value {
        let name = format!("{name}_{}", self.constants.len());
        let dims = Message::default().each(shape, |message, &extent| message.integer(1, extent as i64));
        self.constants.push(dims.integer(2, kind).text(8, &name).bytes(9, bytes));
        Value(name)
    }

    /// A constant matrix.
    pub(super) fn matrix(&mut self, name: &str, values: &Matrix) -> Value {
        let bytes: Vec<u8> = values.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, &[values.rows(), values.cols()], SINGLE, &bytes)
    }

    /// A constant vector.
    pub(super) fn vector(&mut self, name: &str, values: &[f32]) -> Value {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, &[values.len()], SINGLE, &bytes)
    }

    /// A constant number.
    pub(super) fn number(&mut self, name: &str, value: f32) -> Value {
        self.constant(name, &[], SINGLE, &value.to_le_bytes())
    }

    /// A constant matrix in double precision.
    pub(super) fn matrix_f64(&mut self, name: &str, values: &Matrix<f64>) -> Value {
        let bytes: Vec<u8> = values.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, &[values.rows(), values.cols()], DOUBLE, &bytes)
    }

    /// A constant number in double precision.
    pub(super) fn number_f64(&mut self, name: &str, value: f64) -> Value {
        self.constant(name, &[], DOUBLE, &value.to_le_bytes())
    }

    /// The message of the graph, whose output is that of the last node, for rows of these widths.
    pub(super) fn message(mut self, name: &str, widths: (usize, usize)) -> Message {
        if let Some(last) = self.nodes.last_mut() {
            last.output = Value(OUTPUT.to_owned());
        }
        Message::default()
            .each(&self.nodes, |message, node| message.message(1, &node.message()))
            .text(2, name)
            .each(&self.constants, |message, constant| message.message(5, constant))
            .message(11, &rows(INPUT, widths.0))
            .message(12, &rows(OUTPUT, widths.1))
    }
}

impl Node {
    fn message(&self) -> Message {
        Message::default()
            .each(&self.inputs, |message, input| message.text(1, &input.0))
            .text(2, &self.output.0)
            .text(4, self.op)
            .each(&self.attributes, |message, attribute| message.message(5, &attribute.message()))
    }
}

impl Attribute {
    fn message(&self) -> Message {
        let (name, value, kind) = match self {
            Self::Float(name, value) => (name, Message::default().float(2, *value), 1),
            Self::Integer(name, value) => (name, Message::default().integer(3, *value), 2),
            Self::Integers(name, values) => {
                (name, Message::default().each(*values, |message, &value| message.integer(8, value)), 7)
            }
        };
        Message::default().text(1, name).and(value).integer(20, kind)
    }
}

/// Name and type of rows of this width.
fn rows(name: &str, width: usize) -> Message {
    let free = Message::default().text(2, BATCH);
    let fixed = Message::default().integer(1, width as i64);
    let shape = Message::default().message(1, &free).message(1, &fixed);
    let tensor = Message::default().integer(1, SINGLE).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}
