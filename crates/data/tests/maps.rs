//! Exported maps: what is in the files, the same bytes every time, and everything that can be wrong.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use align::synthetic::Synthetic;
use align::{Dataset, Fitted, Matrix, Method};
use data::maps::{ExportedMap, MapFormat, MapProblem};
use data::universe::Origin;
use data::{DataError, FileProblem};
use serde_json::{Value, json};

struct Bench {
    folder: tempfile::TempDir,
    data: Dataset,
    fitted: Fitted,
}

impl Bench {
    fn new(method: &str) -> Self {
        let data = Synthetic { widths: vec![6, 9, 8], fit_rows: 120, test_rows: 30, ..Default::default() };
        let data = data.generate(3).unwrap();
        let method: Method = serde_json::from_str(method).unwrap();
        let fit = method.fit(&data.train.views, 5).unwrap().calibrated(&data.train.views).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), data, fitted: fit.fitted }
    }

    fn map(&self, target: Option<&str>) -> ExportedMap {
        let origin = Origin { method: json!({"mine": {}}), seed: 5, data: "planted".into(), ..Origin::default() };
        ExportedMap::of(&self.fitted, &origin, "tool 1.0", "v0", target).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn written(&self, target: Option<&str>, format: MapFormat, name: &str) -> PathBuf {
        let path = self.path(name);
        self.map(target).write(format, &path, false).unwrap();
        path
    }

    /// Held-out rows, and what the fit makes of them.
    fn rows(&self, target: Option<&str>) -> (Matrix, Matrix) {
        let x = self.data.test.views.get("v0").unwrap().clone();
        let y = match target {
            Some(target) => self.fitted.translate("v0", target, &x).unwrap(),
            None => self.fitted.project("v0", &x).unwrap(),
        };
        (x, y)
    }
}

const GPA: &str = r#""gpa""#;
const RELATIVE: &str = r#"{"relative": {"anchors": 12}}"#;
const GCPA: &str = r#"{"gcpa": {"training": {"released": {"epochs": 1, "steps_per_epoch": 3}}}}"#;
const MLP: &str = r#"{"residual_mlp": {"training": {"steps": 5}, "hidden": 4, "scale": true}}"#;

type Arrays = BTreeMap<String, (Vec<u64>, Vec<f64>)>;

fn npz(path: &Path) -> (Arrays, Value) {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let (mut arrays, mut metadata) = (BTreeMap::new(), Value::Null);
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).unwrap();
        let name = member.name().unwrap().trim_end_matches(".npy").to_owned();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        let npy = npyz::NpyFile::new(&bytes[..]).unwrap();
        let shape = npy.shape().to_vec();
        let values = match npy.dtype().descr().as_str() {
            "'<f4'" => npy.into_vec::<f32>().unwrap().into_iter().map(f64::from).collect(),
            "'<f8'" => npy.into_vec::<f64>().unwrap(),
            _ => {
                metadata = serde_json::from_slice(&npy.into_vec::<u8>().unwrap()).unwrap();
                continue;
            }
        };
        arrays.insert(name, (shape, values));
    }
    (arrays, metadata)
}

fn safetensors(path: &Path) -> (Arrays, Value) {
    let bytes = fs::read(path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().as_ref().unwrap().get("polyalign").unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let value = |view: &safetensors::tensor::TensorView<'_>| match view.dtype() {
        safetensors::Dtype::F64 => {
            view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
        }
        _ => view.data().chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect(),
    };
    let arrays = tensors.tensors().into_iter().map(|(name, view)| {
        let shape = view.shape().iter().map(|&extent| extent as u64).collect();
        (name, (shape, value(&view)))
    });
    (arrays.collect(), serde_json::from_str(metadata).unwrap())
}

/// `x A + b` with these arrays.
fn affine(x: &Matrix, arrays: &Arrays, a: &str, b: &str) -> Matrix {
    let ((shape, a), (_, b)) = (&arrays[a], &arrays[b]);
    let cols = shape[1] as usize;
    let at = |i: usize, j: usize| b[j] + (0..x.cols()).map(|k| f64::from(x.at(i, k)) * a[k * cols + j]).sum::<f64>();
    Matrix::from_fn(x.rows(), cols, |i, j| at(i, j) as f32)
}

fn close(a: &Matrix, b: &Matrix) {
    assert_eq!((a.rows(), a.cols()), (b.rows(), b.cols()));
    let far = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far < 1e-5, "{far:e}");
}

#[test]
fn npz_and_safetensors_hold_the_affine_map_and_its_origin() {
    let bench = Bench::new(GPA);
    for target in [Some("v1"), None] {
        let (x, y) = bench.rows(target);
        let name = target.unwrap_or("universe");
        let (of_npz, about) = npz(&bench.written(target, MapFormat::Npz, &format!("{name}.npz")));
        let (of_safetensors, same) =
            safetensors(&bench.written(target, MapFormat::Safetensors, &format!("{name}.safetensors")));
        assert_eq!(of_npz, of_safetensors);
        assert_eq!(of_npz.keys().collect::<Vec<_>>(), ["A", "b"]);
        close(&y, &affine(&x, &of_npz, "A", "b"));
        assert_eq!(about, same);
        assert_eq!(about["format_version"], 1);
        assert_eq!(about["tool"], "tool 1.0");
        assert_eq!(about["source"], json!({"view": "v0", "width": 6}));
        assert_eq!(about["target"], json!({"view": target, "width": 9}));
        assert_eq!(about["steps"], json!([{"step": "affine", "matrix": "A", "shift": "b"}]));
        assert_eq!((&about["notes"], &about["origin"]["seed"]), (&json!([]), &json!(5)));
        assert!(about["deviation"].as_f64().unwrap() < 1e-5);
    }
}

#[test]
fn networks_have_named_weights() {
    let bench = Bench::new(MLP);
    let (arrays, about) = npz(&bench.written(Some("v1"), MapFormat::Npz, "map.npz"));
    assert_eq!(arrays.keys().collect::<Vec<_>>(), ["A", "b", "b1", "b2", "scale", "w1", "w2"]);
    assert_eq!((&arrays["w1"].0[..], &arrays["w2"].0[..]), (&[9, 4][..], &[4, 9][..]));
    assert_eq!(about["steps"][1], json!({"step": "residual_mlp", "arrays": "", "scaled": true}));
    let bench = Bench::new(GCPA);
    let (arrays, about) = safetensors(&bench.written(Some("v1"), MapFormat::Safetensors, "map.safetensors"));
    let names: Vec<&str> = arrays.keys().map(String::as_str).collect();
    let corrector = ["1.b1", "1.b2", "1.bg", "1.norm_scale", "1.norm_shift", "1.w1", "1.w2", "1.wg"];
    assert_eq!(names, [&["0.A", "0.b"][..], &corrector[..], &["2.A", "2.b"][..]].concat());
    assert_eq!(about["steps"][1], json!({"step": "corrector", "arrays": "1.", "keeps_lengths": false}));
    assert_eq!(about["steps"][2], json!({"step": "affine", "matrix": "2.A", "shift": "2.b"}));
    let (arrays, _) = npz(&bench.written(None, MapFormat::Npz, "universe.npz"));
    assert!(arrays.contains_key("A") && arrays.contains_key("w1"), "{:?}", arrays.keys());
    let bench = Bench::new(r#"{"kernel_gcca": {"landmarks": 20}}"#);
    let (arrays, about) = npz(&bench.written(None, MapFormat::Npz, "map.npz"));
    assert_eq!((&arrays["1.landmarks"].0[..], &arrays["1.whitener"].0[..]), (&[20, 6][..], &[20, 20][..]));
    assert!(about["steps"][1]["scale"].as_f64().unwrap() > 0.0);
}

#[test]
fn steps_to_unit_length_are_said() {
    let bench = Bench::new(RELATIVE);
    let map = bench.map(Some("v1"));
    assert_eq!(map.steps(), "affine, unit_rows, affine");
    for format in [MapFormat::Npz, MapFormat::Safetensors] {
        let notes = map.notes(format);
        assert!(notes.len() == 1 && notes[0].contains("bring every row to unit length"), "{notes:?}");
    }
    assert!(map.notes(MapFormat::Onnx).is_empty() && map.notes(MapFormat::SentenceTransformers).is_empty());
    let (arrays, about) = npz(&bench.written(Some("v1"), MapFormat::Npz, "map.npz"));
    let (x, y) = bench.rows(Some("v1"));
    let z = align::prep::unit_rows(&affine(&x, &arrays, "0.A", "0.b"));
    close(&y, &affine(&z, &arrays, "2.A", "2.b"));
    assert_eq!(about["steps"][1], json!({"step": "unit_rows"}));
    assert_eq!(about["notes"], json!(map.notes(MapFormat::Npz)));
}

#[test]
fn faiss_files_have_the_layout_of_a_linear_transform() {
    let bench = Bench::new(GPA);
    let bytes = fs::read(bench.written(Some("v1"), MapFormat::Faiss, "map.faiss")).unwrap();
    let map = bench.map(Some("v1"));
    let affine = map.map().affine().unwrap();
    assert_eq!(&bytes[..5], b"LTra\x01");
    assert_eq!(bytes[5..13], 54u64.to_le_bytes());
    let weight = affine.matrix.transposed();
    let values: Vec<u8> = weight.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(bytes[13..13 + 216], values);
    assert_eq!(bytes[229..237], 9u64.to_le_bytes());
    assert_eq!(&bytes[273..], [6, 0, 0, 0, 9, 0, 0, 0, 1]);
}

#[test]
fn sentence_transformers_get_one_module_or_several() {
    let bench = Bench::new(GPA);
    let folder = bench.written(Some("v1"), MapFormat::SentenceTransformers, "map");
    let config: Value = serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap();
    let identity = "torch.nn.modules.linear.Identity";
    let want = json!({"in_features": 6, "out_features": 9, "bias": true, "activation_function": identity});
    assert_eq!(config, want);
    let (arrays, about) = safetensors(&folder.join("model.safetensors"));
    let map = bench.map(Some("v1"));
    let weight = map.map().affine().unwrap().matrix.transposed().map(|&x| f64::from(x)).into_vec();
    assert_eq!(arrays["linear.weight"], (vec![9, 6], weight));
    assert_eq!(arrays["linear.bias"].0, [9]);
    assert_eq!(serde_json::from_slice::<Value>(&fs::read(folder.join("polyalign.json")).unwrap()).unwrap(), about);

    let bench = Bench::new(RELATIVE);
    let folder = bench.written(Some("v1"), MapFormat::SentenceTransformers, "map");
    let modules: Value = serde_json::from_slice(&fs::read(folder.join("modules.json")).unwrap()).unwrap();
    let of = |key: &str| modules.as_array().unwrap().iter().map(|m| m[key].as_str().unwrap().to_owned()).collect();
    let paths: Vec<String> = of("path");
    assert_eq!(paths, ["0_Dense", "1_Normalize", "2_Dense"]);
    let types: Vec<String> = of("type");
    assert_eq!(types[1], "sentence_transformers.models.Normalize");
    assert!(folder.join("2_Dense/model.safetensors").exists() && folder.join("1_Normalize/config.json").exists());
}

/// The fields of a message of protobuf: number, and a number or bytes.
fn fields(mut bytes: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let (number, length) = match key & 7 {
            0 => (varint(&mut bytes), 0),
            2 => (0, varint(&mut bytes) as usize),
            5 => (0, 4),
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, number, bytes[..length].to_vec()));
        bytes = &bytes[length..];
    }
    found
}

/// Opset, operators in their order, and the names of input, output and metadata.
fn onnx(path: &Path) -> (u64, Vec<String>, Vec<String>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let only = |fields: &[(u64, u64, Vec<u8>)], field: u64| {
        fields.iter().find(|(number, ..)| *number == field).cloned().unwrap_or_default()
    };
    let model = fields(&fs::read(path).unwrap());
    assert_eq!(only(&model, 1).1, 8);
    let opset = only(&fields(&only(&model, 8).2), 2).1;
    let graph = fields(&only(&model, 7).2);
    let nodes = graph.iter().filter(|(number, ..)| *number == 1);
    let operators = nodes.map(|(_, _, node)| text(&only(&fields(node), 4).2)).collect();
    let ends = [11, 12].map(|end| text(&only(&fields(&only(&graph, end).2), 1).2));
    let entry = text(&only(&fields(&only(&model, 14).2), 1).2);
    (opset, operators, ends.into_iter().chain([entry]).collect())
}

#[test]
fn onnx_models_have_the_operators_of_the_steps() {
    let unit = ["ReduceL2", "Max", "Div"];
    let gelu = ["Mul", "Erf", "Add", "Mul", "Mul"];
    let layer = ["MatMul", "Add"];
    let corrector = [
        &unit[..],
        &["LayerNormalization"],
        &layer,
        &gelu,
        &layer,
        &layer,
        &["Sigmoid", "Mul", "Add"],
        &unit,
        &["Sign", "Mul"],
    ]
    .concat();
    let cases: [(&str, Vec<&str>); 4] = [
        (GPA, layer.to_vec()),
        (RELATIVE, [&layer[..], &unit, &layer].concat()),
        (MLP, [&layer[..], &layer, &gelu, &layer, &["Add", "Mul"]].concat()),
        (GCPA, [&layer[..], &corrector, &layer].concat()),
    ];
    for (method, want) in cases {
        let bench = Bench::new(method);
        let (opset, operators, names) = onnx(&bench.written(Some("v1"), MapFormat::Onnx, "map.onnx"));
        assert_eq!((opset, names), (17, vec!["x".to_owned(), "y".to_owned(), "polyalign".to_owned()]));
        assert_eq!(operators, want, "{method}");
    }
}

#[test]
fn the_same_map_gives_the_same_bytes_and_nothing_lies_about() {
    let bench = Bench::new(GPA);
    for format in [MapFormat::Npz, MapFormat::Safetensors, MapFormat::Faiss, MapFormat::Onnx] {
        let [a, b] =
            ["a", "b"].map(|name| fs::read(bench.written(Some("v1"), format, &format!("{name}.{format}"))).unwrap());
        assert_eq!(a, b, "{format}");
    }
    assert_eq!(fs::read_dir(bench.folder.path()).unwrap().count(), 8);
}

#[test]
fn what_a_format_cannot_hold_is_refused_with_those_that_can() {
    for (method, format, want) in [
        (MLP, MapFormat::Faiss, "the map has the steps affine, residual_mlp, and `faiss` holds one affine map"),
        (
            GCPA,
            MapFormat::SentenceTransformers,
            "affine, corrector, affine, and `sentence-transformers` holds affine maps and",
        ),
        (RELATIVE, MapFormat::Faiss, "formats: `npz`, `safetensors`, `sentence-transformers`, `onnx`"),
    ] {
        let bench = Bench::new(method);
        let path = bench.path("map");
        let error = bench.map(Some("v1")).write(format, &path, false).unwrap_err();
        assert!(matches!(&error, DataError::Map { problem, .. } if matches!(**problem, MapProblem::Steps { .. })));
        assert!(error.to_string().contains(want), "{error}");
        assert!(!path.exists());
    }
}

#[test]
fn existing_files_stay_unless_they_may_be_overwritten() {
    let bench = Bench::new(GPA);
    let map = bench.map(Some("v1"));
    for (format, name) in [(MapFormat::Npz, "map.npz"), (MapFormat::SentenceTransformers, "map")] {
        let path = bench.written(None, format, name);
        let error = map.write(format, &path, false).unwrap_err();
        assert!(matches!(&error, DataError::File { problem, .. } if matches!(**problem, FileProblem::Exists)));
        map.write(format, &path, true).unwrap();
    }
    let about: Value = serde_json::from_slice(&fs::read(bench.path("map/polyalign.json")).unwrap()).unwrap();
    assert_eq!(about["target"]["view"], "v1");
    // A folder with anything else is not touched.
    fs::write(bench.path("map/notes.txt"), "mine").unwrap();
    let error = map.write(MapFormat::SentenceTransformers, &bench.path("map"), true).unwrap_err();
    assert!(error.to_string().contains("holds `notes.txt`, which is not a file of an exported map"), "{error}");
    assert!(bench.path("map/notes.txt").exists() && bench.path("map/config.json").exists());
    let error = map.write(MapFormat::SentenceTransformers, &bench.path("map.npz"), true).unwrap_err();
    assert!(error.to_string().contains("it is a file, expected a folder"), "{error}");
    fs::create_dir(bench.path("folder")).unwrap();
    assert!(map.write(MapFormat::Npz, &bench.path("folder"), true).is_err());
    fs::write(bench.path("file"), "").unwrap();
    assert!(map.write(MapFormat::Onnx, &bench.path("file/map.onnx"), false).is_err());
}
