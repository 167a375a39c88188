//! What loading refuses, what it warns of, and what its checksum covers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Folder, floats, npy_of, safetensors_of};
use data::{WarningKind, summarise};

const A: &str = "{name: a, file: a.safetensors, tensors: {train: train, test: test}}";

fn toy() -> Folder {
    let folder = Folder::new();
    folder.toy();
    folder
}

#[test]
fn a_sound_set() {
    let loaded = toy().load(&[]).unwrap();
    let train = &loaded.dataset.train;
    assert_eq!(train.views.names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(train.views.at(1).row(1), [6.0, 10.0]);
    assert_eq!(train.labels.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["zeta", "alpha"]);
    assert_eq!(train.labels[0].values, [0, 1, 1]);
    assert_eq!(loaded.dataset.test.ids, Some(vec![13, 14]));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn npy_views_with_groups_and_without_ids() {
    let folder = toy();
    folder.write("a1.npy", npy_of("<f4", &[3, 1], false, &[1.0_f32, 2.0, 3.0]));
    folder.write("a2.npy", npy_of("<f4", &[2, 1], false, &[4.0_f32, 5.0]));
    let edits =
        [(A, "{name: a, files: {train: {file: a1.npy}, test: {file: a2.npy}}}"), ("ids: {", "groups:\n  pair: {")];
    let loaded = folder.load(&edits).unwrap();
    assert_eq!(loaded.dataset.train.views.widths(), [1, 2]);
    assert_eq!(loaded.dataset.train.ids, None);
    assert_eq!(loaded.dataset.test.groups[0].name, "pair");
    assert_eq!(loaded.dataset.test.groups[0].values, [13, 14]);
}

#[test]
fn missing_damaged_and_wrong_files() {
    let folder = toy();
    std::fs::remove_file(folder.path("b.safetensors")).unwrap();
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:8:5: views[1]: b.safetensors: no such file; check the path \
         (relative paths in a manifest start at the manifest's folder)"
    );
    folder.write("b.safetensors", "");
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:8:5: views[1]: b.safetensors: truncated: has 0 bytes, its header asks for 8; copy or fetch it again"
    );
    assert_eq!(
        folder.message(folder.load(&[("sha256: null", &format!("sha256: {}", "A".repeat(64)))])),
        format!(
            "toy.yaml:8:5: views[1]: b.safetensors: has sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, \
             expected {}; the file is damaged or another version: fetch it again, or correct `sha256` in the manifest",
            "a".repeat(64)
        )
    );
    std::fs::remove_file(folder.path("b.safetensors")).unwrap();
    std::fs::create_dir(folder.path("b.safetensors")).unwrap();
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:8:5: views[1]: b.safetensors: cannot be read: Is a directory (os error 21)"
    );
    assert_eq!(
        folder.message(folder.load(&[("test: test.id", "test: tset.id")])),
        "toy.yaml:8:5: views[1]: b.safetensors: cannot be read: Is a directory (os error 21)",
        "of several errors the first"
    );
}

#[test]
fn checksums_are_verified() {
    let folder = toy();
    let sum = data::sha256_file(&folder.path("b.safetensors")).unwrap();
    assert!(folder.load(&[("sha256: null", &format!("sha256: {sum}"))]).is_ok());
}

#[test]
fn a_tensor_that_is_not_there() {
    let folder = toy();
    assert_eq!(
        folder.message(folder.load(&[("test: test.id", "test: tset.id")])),
        "toy.yaml:15:1: ids: labels.safetensors: no tensor `tset.id`; did you mean `test.id`? \
         the tensors here are `test`, `test.id`, `train`, `train.id`"
    );
}

#[test]
fn values_that_are_not_finite() {
    let folder = toy();
    folder.view("b", &[[1.0, 2.0], [3.0, f32::NAN], [5.0, 6.0]], &[[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:8:5: views[1]: b.safetensors: tensor `train`: found NaN at row 1, column 1, \
         expected finite values; drop the item from every view or repair it"
    );
}

#[test]
fn shapes_that_do_not_fit() {
    let folder = toy();
    folder.view("b", &[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], &[[1.0, 2.0]]);
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:8:5: views[1]: view `b` has 1 row in `test`, view `a` (line 7) has 2; \
         row i must be the same item in every view"
    );
    folder.view("b", &[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], &[[1.0], [2.0]]);
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:8:5: views[1]: view `b` has 1 column in `test` and 2 in `train`; one encoder has one width"
    );
    folder.view::<2, 2>("a", &[[1.0, 2.0]], &[]);
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:7:5: views[0]: view `a` has no rows in `test`; a split needs at least one item"
    );
    folder.view::<0, 0>("a", &[[]; 3], &[[]; 2]);
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:7:5: views[0]: view `a` has no columns in `train`; an embedding needs at least one"
    );
}

#[test]
fn validation_is_checked_and_kept_apart() {
    let folder = toy();
    let splits = ("[train, test]", "[train, test, validation]");
    let all = ("{train: train, test: test}", "{train: train, test: test, validation: test}");
    let ids = ("test: test.id}", "test: test.id, validation: test.id}");
    let dataset = folder.load(&[splits, all, ids]).unwrap().dataset;
    let validation = dataset.validation.expect("a split of its own");
    assert_eq!((validation.views.rows(), dataset.test.views.rows()), (2, 2));
    assert!(folder.load(&[]).unwrap().dataset.validation.is_none());
    let ids = ("test: test.id}", "test: test.id, validation: train.id}");
    assert_eq!(
        folder.message(folder.load(&[splits, all, ids])),
        "toy.yaml:15:1: ids: found 3 values in `validation`, and the views have 2 rows; expected one value per row"
    );
}

#[test]
fn labels_and_ids_that_do_not_fit() {
    let folder = toy();
    folder.integers(&[0, 1], &[1, 0], &[10, 11, 12], &[13, 14]);
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:13:3: labels.zeta: found 2 values in `train`, and the views have 3 rows; expected one value per row"
    );
    folder.integers(&[0, 1, 1], &[1, 0], &[10, 11, 12], &[13]);
    assert_eq!(
        folder.message(folder.load(&[("ids: {", "groups:\n  pair: {")])),
        "toy.yaml:16:3: groups.pair: found 1 value in `test`, and the views have 2 rows; expected one value per row"
    );
    folder.integers(&[0, 1, 1], &[1, 0], &[10, 11, 10], &[13, 14]);
    assert_eq!(
        folder.message(folder.load(&[])),
        "toy.yaml:15:1: ids: id 10 stands at row 0 and again at row 2 of `train`; ids must be unique within a split"
    );
}

#[test]
fn selections() {
    let folder = toy();
    let loaded = folder.load(&[]).unwrap();
    assert_eq!(loaded.select(&["b", "a"]).unwrap().test.views.names().collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(
        folder.message(loaded.select(&["a", "c"])),
        "toy.yaml: views: no view `c`; did you mean `a`? the views here are `a`, `b`"
    );
    assert_eq!(
        folder.message(loaded.select(&["a", "english"])),
        "toy.yaml: views: no view `english`; the views here are `a`, `b`"
    );
    assert_eq!(
        folder.message(loaded.select(&["a", "b", "a"])),
        "toy.yaml: views: view `a` is named twice; name it once"
    );
    assert_eq!(
        folder.message(loaded.select(&["a"])),
        "toy.yaml: views: found 1 view, expected at least 2; a single view has nothing to be aligned with"
    );
}

#[test]
fn the_checksum_covers_contents_and_names_and_no_paths() {
    let folder = toy();
    let sum = |edits: &[(&str, &str)], views: &[&str]| folder.load(edits).unwrap().checksum(views);
    let whole = sum(&[], &["a", "b"]);
    assert_eq!(whole, sum(&[], &["a", "b"]));
    assert_ne!(whole, sum(&[], &["b", "a"]));
    assert_ne!(whole, sum(&[], &["a"]));
    assert_ne!(whole, sum(&[("name: b", "name: c")], &["a", "c"]));
    assert_ne!(whole, sum(&[("test: test.id", "test: test")], &["a", "b"]), "another tensor of the same file");
    std::fs::create_dir(folder.path("sub")).unwrap();
    std::fs::copy(folder.path("b.safetensors"), folder.path("sub/moved.safetensors")).unwrap();
    assert_eq!(whole, sum(&[("b.safetensors", "sub/moved.safetensors")], &["a", "b"]));
    folder.integers(&[0, 0, 1], &[1, 0], &[10, 11, 12], &[13, 14]);
    assert_ne!(whole, sum(&[], &["a", "b"]), "labels count");
}

#[test]
fn warnings() {
    let folder = toy();
    let train = [[0.0, 5.0], [1.0, 5.0], [0.0, 5.0]];
    let test = [[-0.0, 5.0], [0.0, 0.0]];
    folder.view("b", &train, &test);
    folder.integers(&[0, 3, 2], &[0, 0], &[10, 11, 12], &[13, 14]);
    let loaded = folder.load(&[]).unwrap();
    let lines: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "test: 1 of 2 rows of view `b` are all zero, first row 1",
            "train: 1 of 2 columns of view `b` are constant, first column 1",
            "test: 2 of 3 classes of `zeta` have no rows, first class 2",
            "test: 2 of 3 classes of `alpha` have no rows, first class 2",
            "train: 1 of 3 rows of view `b` repeat an earlier row exactly, first row 2",
            "test: 1 of 2 rows of view `b` occur in train exactly, first row 0",
        ]
    );
    let names: Vec<_> = loaded.warnings.iter().map(|w| w.kind.name()).collect();
    assert_eq!(
        names,
        [
            "zero_rows",
            "constant_columns",
            "classes_without_test_rows",
            "classes_without_test_rows",
            "duplicate_rows",
            "train_test_rows"
        ]
    );
    assert_eq!(loaded.warnings_of(&["a"]).len(), 2);
    assert_eq!(
        summarise(&loaded.warnings),
        [
            "all-zero rows in test: 1 of 2 (view `b`)",
            "constant columns in train: 1 of 2 (view `b`)",
            "classes without rows in test: 2 of 3 (labelling `alpha`)",
            "classes without rows in test: 2 of 3 (labelling `zeta`)",
            "exact duplicate rows in train: 1 of 3 (view `b`)",
            "rows of train found again in test: 1 of 2 (view `b`)",
        ]
    );
}

#[test]
fn columns_far_from_train_are_a_warning() {
    let folder = toy();
    let train = [[1.0, 0.001], [3.0, -0.001], [2.0, 0.0]];
    let lines = |far: f32| -> Vec<String> {
        folder.view("b", &train, &[[1.5, far], [2.5, -far]]);
        let loaded = folder.load(&[]).unwrap();
        loaded.warnings.iter().filter(|w| w.kind.name() == "shifted_columns").map(ToString::to_string).collect()
    };
    // The standard deviation of the second column is 0.000816.
    assert_eq!(lines(0.0081), [""; 0]);
    let line = &lines(0.0082)[0];
    assert!(
        line.starts_with(
            "test: 1 of 2 columns of view `b` lie more than 10 standard deviations of train from its mean"
        ),
        "{line}"
    );
    assert!(line.contains("first column 1;"), "{line}");
}

#[test]
fn warnings_do_not_depend_on_threads() {
    let folder = toy();
    for name in ["a", "b"] {
        let rows: Vec<f32> = (0..3000).map(|i| (i % 700) as f32).collect();
        let tensors = [floats("train", &[3, 1000], &rows), floats("test", &[2, 1000], &rows[..2000])];
        folder.write(&format!("{name}.safetensors"), safetensors_of(&tensors));
    }
    let manifest = folder.manifest(&[]).unwrap();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| data::load(&manifest).unwrap().warnings)
    };
    let one = with(1);
    assert!(one.iter().any(|w| w.kind == WarningKind::TrainTestRows));
    assert_eq!(one, with(4));
}
