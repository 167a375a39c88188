//! Rows that come some at a time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use align::Views;
use common::{Folder, npy_of};
use data::{DataError, SplitName, Stream};

const B: &str = "  - name: b\n    file: b.safetensors\n    sha256: null\n    tensors: {train: train, test: test}\n";

fn toy() -> Folder {
    let folder = Folder::new();
    folder.toy();
    folder
}

fn open(folder: &Folder, edits: &[(&str, &str)]) -> Result<Stream, DataError> {
    Stream::open(&folder.manifest(edits).unwrap(), SplitName::Train)
}

fn chunks(folder: &Folder, edits: &[(&str, &str)], rows: usize) -> Result<Vec<Views>, DataError> {
    open(folder, edits)?.chunks(rows).collect()
}

/// Whether the chunks, one below the other, are what [`data::load`] gives.
fn is_whole(folder: &Folder, edits: &[(&str, &str)]) {
    let loaded = folder.load(edits).unwrap();
    let want = &loaded.dataset.train.views;
    for rows in [1, 2, 3, 100] {
        let chunks = chunks(folder, edits, rows).unwrap();
        for (m, name) in want.names().enumerate() {
            let values: Vec<f32> = chunks.iter().flat_map(|c| c.get(name).unwrap().as_slice().to_vec()).collect();
            assert_eq!(values, want.at(m).as_slice(), "{name}, {rows} at a time");
        }
        assert_eq!(chunks.iter().map(Views::rows).sum::<usize>(), want.rows());
    }
}

#[test]
fn chunks_are_the_rows_in_order() {
    is_whole(&toy(), &[]);
}

#[test]
fn arrays_by_columns_and_in_doubles() {
    let folder = toy();
    folder.write("train.npy", npy_of("<f8", &[3, 2], true, &[1.0_f64, 2.0, 3.0, 4.0, 5.0, 6.0]));
    folder.write("test.npy", npy_of("<f8", &[2, 2], true, &[1.0_f64, 2.0, 3.0, 4.0]));
    is_whole(&folder, &[(B, "  - {name: b, files: {train: {file: train.npy}, test: {file: test.npy}}}\n")]);
}

#[test]
fn a_value_that_is_not_finite_is_named_by_its_row_in_the_file() {
    let folder = toy();
    folder.view("b", &[[1.0, 2.0], [3.0, 4.0], [5.0, f32::NAN]], &[[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(
        folder.message(chunks(&folder, &[], 2)),
        "toy.yaml:8:5: views[1]: b.safetensors: tensor `train`: found NaN at row 2, column 1, \
         expected finite values; drop the item from every view or repair it"
    );
}

#[test]
fn damaged_files_and_other_shapes_are_refused_before_anything_is_read() {
    let folder = toy();
    let wrong = format!("sha256: {}", "a".repeat(64));
    let message = folder.message(open(&folder, &[("sha256: null", &wrong)]));
    assert!(message.starts_with("toy.yaml:8:5: views[1]: b.safetensors: has sha256 "), "{message}");
    let sum = data::sha256_file(&folder.path("b.safetensors")).unwrap();
    assert!(open(&folder, &[("sha256: null", &format!("sha256: {sum}"))]).is_ok());

    folder.view("b", &[[1.0, 2.0], [3.0, 4.0]], &[[1.0, 2.0], [3.0, 4.0]]);
    let message = folder.message(open(&folder, &[]));
    assert!(message.contains("view `b` has 2 rows in `train`, view `a` (line 7) has 3"), "{message}");

    folder.write("b.safetensors", "");
    let message = folder.message(open(&folder, &[]));
    assert!(message.contains("b.safetensors: truncated: has 0 bytes, its header asks for 8"), "{message}");

    std::fs::remove_file(folder.path("b.safetensors")).unwrap();
    std::fs::create_dir(folder.path("b.safetensors")).unwrap();
    let message = folder.message(open(&folder, &[]));
    assert!(message.ends_with("b.safetensors: is no regular file; name the file itself"), "{message}");

    let manifest = folder.manifest(&[]).unwrap();
    let message = folder.message(Stream::open(&manifest, SplitName::Validation));
    assert_eq!(message, "toy.yaml: no split `validation`; the splits here are `train`, `test`");
}

#[test]
fn two_views_of_one_file_are_each_held_against_their_checksum() {
    let folder = toy();
    let sum = data::sha256_file(&folder.path("a.safetensors")).unwrap();
    let b = |sum: &str| {
        format!("  - {{name: b, file: a.safetensors, sha256: {sum}, tensors: {{train: train, test: test}}}}\n")
    };
    assert!(open(&folder, &[(B, &b(&sum))]).is_ok());
    let wrong = "a".repeat(64);
    let message = folder.message(open(&folder, &[(B, &b(&wrong))]));
    assert!(message.starts_with("toy.yaml:8:5: views[1]: a.safetensors: has sha256 "), "{message}");
    assert!(Stream::open_with(&folder.manifest(&[(B, &b(&wrong))]).unwrap(), SplitName::Train, false).is_ok());
}
