//! Documents, queries, judgements and pairs of a manifest.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Folder, floats, safetensors_of};
use data::{DataError, Manifest, load, load_training};

/// A manifest of the toy set with queries; `edits` replace parts of it.
const TOY: &str = "\
name: toy
title: Toy
licence: none
source: made up
splits: [train, test]
views:
  - {name: a, file: a.safetensors, tensors: {train: train, test: test}}
  - {name: b, file: b.safetensors, tensors: {train: train, test: test}}
ids: {file: labels.safetensors, tensors: {train: train.id, test: test.id}}
roles:
  documents: {splits: [train, test]}
  pairs: {splits: [train]}
  queries:
    views:
      a: {file: queries.safetensors, tensor: a}
      b: {file: queries.safetensors, tensor: b}
    ids: {file: labels.safetensors, tensor: test}
    judgements: {file: qrels.tsv}
";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.toy();
    let queries = [[1.0f32, 0.0], [0.5, 0.5]];
    let (a, b) = (floats("a", &[2, 2], queries.as_flattened()), floats("b", &[2, 2], queries.as_flattened()));
    folder.write("queries.safetensors", safetensors_of(&[a, b]));
    folder.write("qrels.tsv", "query\tdocument\trelevance\n0\t4\t1\n1\t0\t2\n");
    folder
}

fn read(folder: &Folder, edits: &[(&str, &str)]) -> Result<Manifest, DataError> {
    let text = edits.iter().fold(TOY.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    Manifest::read(&folder.write("toy.yaml", text))
}

#[test]
fn documents_are_the_rows_of_all_splits_and_judgements_their_rows() {
    let folder = folder();
    let loaded = load(&read(&folder, &[]).unwrap()).unwrap();
    let corpus = loaded.dataset.corpus.as_ref().unwrap();
    assert_eq!((corpus.documents.count(), corpus.queries.views.rows()), (5, 2));
    assert_eq!(corpus.documents.batch(0, 3..5).as_slice(), [7.0, 8.0, 9.0, 1.0]);
    assert_eq!((corpus.judgements.of(0), corpus.judgements.of(1)), (&[(4, 1)][..], &[(0, 2)][..]));
    assert_eq!(corpus.queries.ids, Some(vec![1, 0]));
    let by_ids = [("judgements: {file: qrels.tsv}", "judgements: {file: ids.txt, by: ids}")];
    folder.write("ids.txt", "1 0 14 1\n0 0 10 2\n");
    let ids = load(&read(&folder, &by_ids).unwrap()).unwrap();
    assert_eq!(ids.dataset.corpus.as_ref().unwrap().judgements, corpus.judgements);
    assert_ne!(ids.checksum(&["a", "b"]), loaded.checksum(&["a", "b"]));
}

#[test]
fn the_files_of_one_matrix_keep_its_order() {
    let folder = folder();
    let rows = |name, of: &[i64]| {
        (name, safetensors::Dtype::I64, vec![of.len()], of.iter().flat_map(|x| x.to_le_bytes()).collect())
    };
    folder.write("rows.safetensors", safetensors_of(&[rows("train", &[4, 0, 2]), rows("test", &[3, 1])]));
    let whole = |name, scale: f32| {
        let values: Vec<f32> = (0..10).map(|x| x as f32 * scale).collect();
        folder.write(name, safetensors_of(&[floats("x", &[5, 2], &values)]));
    };
    whole("a.safetensors", 1.0);
    whole("b.safetensors", 2.0);
    let edits = [
        (
            "{name: a, file: a.safetensors, tensors: {train: train, test: test}}",
            "{name: a, file: a.safetensors, tensor: x}",
        ),
        (
            "{name: b, file: b.safetensors, tensors: {train: train, test: test}}",
            "{name: b, file: b.safetensors, tensor: x}",
        ),
        ("views:\n  -", "rows: {file: rows.safetensors, tensors: {train: train, test: test}}\nviews:\n  -"),
    ];
    let loaded = load(&read(&folder, &edits).unwrap()).unwrap();
    let documents = &loaded.dataset.corpus.as_ref().unwrap().documents;
    assert_eq!(documents.batch(0, 0..5).as_slice(), (0..10).map(|x| x as f32).collect::<Vec<_>>());
    assert_eq!(loaded.dataset.train.views.at(0).as_slice(), [8.0, 9.0, 0.0, 1.0, 4.0, 5.0]);
}

#[test]
fn pairs_are_the_splits_or_files_that_the_manifest_names() {
    let folder = folder();
    let all = [("pairs: {splits: [train]}", "pairs: {splits: [train, test]}")];
    let manifest = read(&folder, &all).unwrap();
    let loaded = load(&manifest).unwrap();
    assert_eq!(loaded.dataset.train.views.rows(), 5);
    assert_eq!(loaded.dataset.train.ids, Some(vec![10, 11, 12, 13, 14]));
    assert_eq!(load_training(&manifest).unwrap().select(&["a", "b"]).unwrap().views.rows(), 5);
    let own = [(
        "pairs: {splits: [train]}",
        "pairs: {views: {a: {file: queries.safetensors, tensor: b}, b: {file: queries.safetensors, tensor: a}}}",
    )];
    let manifest = read(&folder, &own).unwrap();
    let (loaded, training) = (load(&manifest).unwrap(), load_training(&manifest).unwrap());
    assert_eq!(loaded.dataset.train.views.rows(), 2);
    assert_eq!(training.select(&["a", "b"]).unwrap().views.at(0).as_slice(), [1.0, 0.0, 0.5, 0.5]);
    let plain = load(&read(&folder, &[]).unwrap()).unwrap();
    assert_ne!(plain.checksum(&["a", "b"]), loaded.checksum(&["a", "b"]));
}

#[test]
fn rows_are_brought_to_length_one_if_the_manifest_says_so() {
    let folder = folder();
    let plain = load(&read(&folder, &[]).unwrap()).unwrap();
    let edit = [("splits: [train, test]\nviews", "splits: [train, test]\nunit_rows: true\nviews")];
    let manifest = read(&folder, &edit).unwrap();
    let unit = load(&manifest).unwrap();
    let rows = |loaded: &data::Loaded| loaded.dataset.train.views.at(0).clone();
    assert_eq!(rows(&unit), align::prep::unit_rows(&rows(&plain)));
    let corpus = unit.dataset.corpus.as_ref().unwrap();
    let length = |row: &[f32]| row.iter().map(|x| x * x).sum::<f32>();
    assert!((length(corpus.queries.views.at(1).row(1)) - 1.0).abs() < 1e-6);
    assert!((length(corpus.documents.batch(0, 4..5).row(0)) - 1.0).abs() < 1e-6);
    assert_ne!(plain.checksum(&["a", "b"]), unit.checksum(&["a", "b"]));
    let stream = data::Stream::open(&manifest, data::SplitName::Train).unwrap();
    assert_eq!(*stream.chunks(2).next().unwrap().unwrap().at(0), rows(&unit).select_rows(&[0, 1]));
}

/// The training rows, their checksum and a fit are the same bits with other queries, or without the files of queries.
#[test]
fn queries_take_no_part_in_a_fit() {
    let folder = folder();
    let manifest = read(&folder, &[]).unwrap();
    let first = load(&manifest).unwrap();
    let checksum = load_training(&manifest).unwrap().checksum(&["a", "b"]);
    let fit = |loaded: &data::Loaded| {
        let fit = align::Method::from_name("pairwise").unwrap().fit(&loaded.dataset, 1).unwrap();
        fit.fitted.translate("a", "b", loaded.dataset.test.views.at(0)).unwrap()
    };
    let queries = [[-9.0f32, 3.0], [1e6, 0.5]];
    let (a, b) = (floats("a", &[2, 2], queries.as_flattened()), floats("b", &[2, 2], queries.as_flattened()));
    folder.write("queries.safetensors", safetensors_of(&[a, b]));
    folder.write("qrels.tsv", "0\t1\t1\n");
    let second = load(&manifest).unwrap();
    assert_eq!(fit(&first), fit(&second));
    assert_ne!(first.checksum(&["a", "b"]), second.checksum(&["a", "b"]));
    for file in ["queries.safetensors", "qrels.tsv"] {
        std::fs::remove_file(folder.path(file)).unwrap();
    }
    assert_eq!(load_training(&manifest).unwrap().checksum(&["a", "b"]), checksum);
    assert_eq!(manifest.missing_files().len(), 2);
}

#[test]
fn a_role_that_does_not_fit_is_named() {
    let folder = folder();
    let message = |edits: &[(&str, &str)]| folder.message(read(&folder, edits).and_then(|manifest| load(&manifest)));
    let unknown = message(&[("      b: {file: queries", "      bb: {file: queries")]);
    assert_eq!(unknown, "toy.yaml:16:7: roles.queries.views.bb: the manifest has no view `bb`; did you mean `b`?");
    let lacks = message(&[("      b: {file: queries.safetensors, tensor: b}\n", "")]);
    let wanted =
        "roles.queries.views: view `b` is missing; one encoder embeds every role, so give a file for every view";
    assert!(lacks.ends_with(wanted), "{lacks}");
    let split = message(&[("documents: {splits: [train, test]}", "documents: {splits: [train, validation]}")]);
    assert!(
        split.ends_with(
            "roles.documents.splits[1]: split `validation` is not among `splits`; add it there or remove it here"
        ),
        "{split}"
    );
    let both = message(&[("pairs: {splits: [train]}", "pairs: {}")]);
    assert!(
        both.ends_with(
            "expected either `splits` (the items of these splits) or `views` (items with files of their own)"
        ),
        "{both}"
    );
    let role = message(&[("splits: [train, test]\nviews", "splits: [train, test, queries]\nviews")]);
    let wanted = "splits[2]: unknown name `queries`; the names here are `train`, `test`, `validation`";
    assert!(role.ends_with(wanted), "{role}");
    let ids = message(&[
        ("    ids: {file: labels.safetensors, tensor: test}\n", ""),
        ("judgements: {file: qrels.tsv}", "judgements: {file: qrels.tsv, by: ids}"),
    ]);
    assert!(ids.contains("judgements by ids need the ids of the queries"), "{ids}");
    folder.write("qrels.tsv", "0 5 1\n");
    let unknown = message(&[]);
    assert_eq!(
        unknown,
        "qrels.tsv:1:1: there is no document `5`, expected a row from 0 to 4; correct the judgement or add the document"
    );
    let sum = "0".repeat(64);
    let edit = format!("judgements: {{file: qrels.tsv, sha256: {sum}}}");
    assert!(message(&[("judgements: {file: qrels.tsv}", &edit)]).contains("qrels.tsv"));
    folder.write("qrels.tsv", "0 4 1\n");
    let narrow = floats("b", &[2, 1], &[1.0, 2.0]);
    folder.write("queries.safetensors", safetensors_of(&[floats("a", &[2, 2], &[1.0; 4]), narrow]));
    let width = message(&[]);
    assert!(width.contains("`a` (2), `b` (1)") && width.contains("`a` (2), `b` (2)"), "{width}");
}
