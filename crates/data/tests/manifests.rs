//! What a manifest may say, and how its mistakes are reported; and manifests by name.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Folder, TOY};
use data::{Found, SplitName, WarningKind};

const A: &str = "{name: a, file: a.safetensors, tensors: {train: train, test: test}}";

fn message(edits: &[(&str, &str)]) -> String {
    let folder = Folder::new();
    folder.message(folder.manifest(edits))
}

#[test]
fn every_name_leads_back() {
    for split in SplitName::ALL {
        assert_eq!(split.to_string().parse(), Ok(split));
        assert_eq!(serde_json::to_string(&split).unwrap(), format!("\"{split}\""));
    }
    assert!(WarningKind::ALL.into_iter().all(|kind| kind.to_string().parse() == Ok(kind)));
    let error = "dev".parse::<SplitName>().unwrap_err().to_string();
    assert_eq!(
        error,
        "unknown split `dev`, expected one of `train`, `test`, `validation`, `documents`, `queries`, `pairs`"
    );
}

#[test]
fn a_sound_manifest() {
    let folder = Folder::new();
    let manifest = folder.manifest(&[]).unwrap();
    assert_eq!(manifest.name, "toy");
    assert_eq!(manifest.splits, [SplitName::Train, SplitName::Test]);
    assert_eq!(manifest.views.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    // in the order of the file, not of the alphabet
    assert_eq!(manifest.labels.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["zeta", "alpha"]);
    assert_eq!(manifest.views[0].source.parts[&SplitName::Test].file, folder.path("a.safetensors"));
    assert_eq!(manifest.views[1].source.place.line_col, Some((8, 5)));
    let missing = ["a.safetensors", "b.safetensors", "labels.safetensors"].map(|f| folder.path(f));
    assert_eq!(manifest.missing_files(), missing);
    folder.toy();
    assert!(manifest.missing_files().is_empty());
}

#[test]
fn one_file_per_split() {
    let files = "{name: a, files: {train: {file: sub/../a1.npy}, test: {file: a2.safetensors, tensor: x}}}";
    let folder = Folder::new();
    let manifest = folder.manifest(&[(A, files)]).unwrap();
    let parts = &manifest.views[0].source.parts;
    assert_eq!((&parts[&SplitName::Train].file, &parts[&SplitName::Train].tensor), (&folder.path("a1.npy"), &None));
    assert_eq!(parts[&SplitName::Test].tensor.as_deref(), Some("x"));
}

#[test]
fn unknown_and_missing_keys() {
    assert_eq!(
        message(&[("licence", "license")]),
        "toy.yaml:3:1: license: unknown key `license`; did you mean `licence`? the keys here are `name`, `title`, \
         `licence`, `source`, `summary`, `splits`, `unit_rows`, `rows`, `views`, `labels`, `ids`, `groups`, `roles`"
    );
    assert_eq!(
        message(&[("name: b\n", "name: b\n    encodr: x\n")]),
        "toy.yaml:9:5: views[1].encodr: unknown key `encodr`; did you mean `encoder`? the keys here are `name`, \
         `encoder`, `licence`, `rows`, `file`, `sha256`, `tensor`, `tensors`, `files`"
    );
    assert_eq!(message(&[("title: a toy\n", "")]), "toy.yaml: key `title` is missing");
    assert_eq!(message(&[("name: a, ", "")]), "toy.yaml:7:5: views[0]: key `name` is missing");
}

#[test]
fn splits() {
    assert_eq!(
        message(&[("[train, test]", "[train, tset]")]),
        "toy.yaml:5:17: splits[1]: unknown name `tset`; did you mean `test`? the names here are `train`, `test`, `validation`"
    );
    assert_eq!(
        message(&[("[train, test]", "[train, test, train]")]),
        "toy.yaml:5:23: splits[2]: `train` is given twice; name every split once"
    );
    assert_eq!(
        message(&[("[train, test]", "[train]")]),
        "toy.yaml:5:1: splits: `test` is missing; a data set needs `train` to fit on and `test` to be judged on"
    );
    assert_eq!(
        message(&[("[train, test]", "[train, test, validation]")]),
        "toy.yaml:7:36: views[0].tensors: split `validation` of `splits` is missing here\n\
         toy.yaml:11:5: views[1].tensors: split `validation` of `splits` is missing here\n\
         toy.yaml:13:36: labels.zeta.tensors: split `validation` of `splits` is missing here\n\
         toy.yaml:15:33: ids.tensors: split `validation` of `splits` is missing here"
    );
    assert_eq!(
        message(&[(A, "{name: a, file: a.safetensors, tensors: {train: x, test: y, validation: z}}")]),
        "toy.yaml:7:65: views[0].tensors.validation: split `validation` is not among `splits`; add it there or remove it here"
    );
    assert_eq!(
        message(&[(A, "{name: a, file: a.safetensors, tensors: {train: x, tets: y}}")]),
        "toy.yaml:7:56: views[0].tensors.tets: unknown name `tets`; did you mean `test`? the names here are \
         `train`, `test`, `validation`"
    );
}

#[test]
fn views() {
    assert_eq!(
        message(&[("name: b", "name: a")]),
        "toy.yaml:8:5: views[1].name: view `a` is given twice, first as views[0]; every view needs its own name"
    );
    let b = TOY.split_once("  - name: b").unwrap().1.split_once("labels:").unwrap().0;
    assert_eq!(
        message(&[(&format!("  - name: b{b}"), "")]),
        "toy.yaml:6:1: views: found 1 view, expected at least 2; a single view has nothing to be aligned with"
    );
}

#[test]
fn files() {
    assert_eq!(
        message(&[(A, "{name: a}")]),
        "toy.yaml:7:5: views[0]: found neither `file` nor `files`, expected `file` (one for all splits) or `files` (one per split)"
    );
    assert_eq!(
        message(&[(A, "{name: a, file: a.npy, files: {train: {file: b.npy}}}")]),
        "toy.yaml:7:5: views[0]: found both `file` and `files`, expected `file` (one for all splits) or `files` (one per split)"
    );
    assert_eq!(
        message(&[(A, "{name: a, file: a.safetensors}")]),
        "toy.yaml:7:5: views[0]: `tensors` is missing; it says which tensor of the file is which split: \
         `tensors: {train: ..., test: ...}` (or give the manifest `rows`)"
    );
    assert_eq!(
        message(&[(A, "{name: a, file: a.npy, tensors: {train: x, test: y}}")]),
        "toy.yaml:7:15: views[0].file: an npy file holds one array, so it cannot hold several splits; \
         expected `files: {train: {file: ...}, test: {file: ...}}`"
    );
    assert_eq!(
        message(&[(A, "{name: a, files: {train: {file: a.npy}}}")]),
        "toy.yaml:7:15: views[0].files: split `test` of `splits` is missing here"
    );
    assert_eq!(
        message(&[(A, "{name: a, files: {train: {file: a.npy, tensor: x}, test: {file: a.npy}}}")]),
        "toy.yaml:7:44: views[0].files.train.tensor: an npy file holds one array without a name; remove `tensor`"
    );
    assert_eq!(
        message(&[(A, "{name: a, sha256: x, files: {train: {file: a.npy}, test: {file: a.npy}}}")]),
        "toy.yaml:7:15: views[0].sha256: `sha256` belongs to `file`; with `files`, every split has its own"
    );
    assert_eq!(
        message(&[("sha256: null", "sha256: abc")]),
        "toy.yaml:10:5: views[1].sha256: `abc` is not a SHA-256; expected 64 hexadecimal digits, or null"
    );
    // the extension is that of the path, wherever the folder is
    assert_eq!(
        message(&[("file: b.safetensors", "file: b.dat")]),
        "toy.yaml:9:5: views[1].file: b.dat: unknown extension `dat`; expected one of `safetensors`, `npy`, `npz`, \
         `parquet`, `csv`, `h5`"
    );
}

#[test]
fn the_catalogue() {
    let folder = Folder::new();
    folder.manifest(&[]).unwrap();
    folder.write("ted_multi.yaml", TOY);
    folder.write("notes.txt", "");
    let dir = folder.path("");
    assert_eq!(data::catalogue(&dir).unwrap(), ["ted_multi", "toy"]);
    assert_eq!(data::catalogue(&folder.path("nowhere")).unwrap(), [""; 0]);

    let found = |name: &str| data::find(name, &folder.path("grids"), &dir);
    assert!(matches!(found("toy").unwrap(), Found::Manifest(m) if m.name == "toy"));
    assert!(matches!(found("../toy.yaml").unwrap(), Found::Manifest(m) if m.name == "toy"));
    assert!(matches!(found("toy.yaml").unwrap(), Found::Absent(_)), "relative to the grid, not to the catalogue");

    let Found::Absent(absent) = found("ted_mutli").unwrap() else { panic!("found") };
    assert_eq!(absent.nearest.as_deref(), Some("ted_multi"));
    assert_eq!(
        absent.problem().to_string(),
        "unknown data set `ted_mutli`; did you mean `ted_multi`? the data sets here are `ted_multi`, `toy`"
    );
    assert_eq!(
        folder.message(found("ted_multi")),
        "ted_multi.yaml:1:1: name: `toy`, but the file is `ted_multi.yaml`; a manifest in the catalogue bears its file's name"
    );
    folder.write("broken.yaml", "name: [");
    assert!(found("broken").is_err());

    // A path that leads nowhere is said to be one, and where it led.
    let absent = |name: &str, dir: &std::path::Path| {
        let Found::Absent(absent) = data::find(name, &folder.path("grids"), dir).unwrap() else { panic!("found") };
        absent
            .problem()
            .to_string()
            .replace(&format!("{}/", folder.path("").display().to_string().trim_end_matches('/')), "")
    };
    std::fs::remove_file(folder.path("broken.yaml")).unwrap();
    assert_eq!(
        absent("../toyy.yml", &dir),
        "no such file `toyy.yml`; did you mean `toy`? expected the path of a manifest, or a name \
         (the names known here are `ted_multi`, `toy`)"
    );
    let empty = folder.path("nowhere");
    assert!(absent("a/mine.yaml", &empty).starts_with("no such file `grids/a/mine.yaml`; expected the path"));
    assert_eq!(
        absent("mine", &empty),
        "no data set `mine` (nowhere holds no manifests); expected the path of a manifest, such as `mine.yaml`"
    );
}
