//! Source files: those of the project, and those that are refused.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{ONE_FILE, Toy};
use fetch::{
    Source,
    source::{Modality, Origin},
    sources_dir,
};

fn project() -> std::path::PathBuf {
    sources_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-manifests"))
}

fn views(name: &str) -> Vec<String> {
    let source = Source::find(name, &project()).unwrap();
    source.views.into_iter().map(|view| view.name).collect()
}

#[test]
fn every_source_is_sound_and_names_its_views() {
    let names = data::catalogue(&project()).unwrap();
    assert_eq!(names, ["cifar100", "dbpedia14", "flickr8k", "market1501", "massive", "ted_multi"]);
    for name in &names {
        let source = Source::find(name, &project()).unwrap();
        assert!(source.views.len() >= 3, "{name}");
        assert!(source.licence_url.starts_with("https://"), "{name}");
        assert!(source.views.iter().all(|view| !view.of.is_empty() && view.encoder.len() > 5), "{name}");
    }
    let ten = ["en", "ar", "he", "ru", "ko", "it", "ja", "es", "zh", "fr"];
    assert_eq!(views("massive"), ten);
    assert_eq!(views("ted_multi"), ten);
    assert_eq!(views("market1501").len(), 4);
    assert_eq!(views("flickr8k"), ["hubert", "bert", "clip", "dinov2", "hubert-large"]);
    assert_eq!(views("cifar100").len(), 19);
    assert_eq!(views("dbpedia14")[..3], ["gtr", "gte", "e5"]);
}

#[test]
fn every_locale_has_its_files() {
    let source = Source::find("massive", &project()).unwrap();
    let Origin::Hub { files, .. } = &source.origins[0] else { panic!("massive is on the hub") };
    assert_eq!(files.len(), 20);
    for view in &source.views {
        assert_eq!(view.modality, Modality::Text);
        for split in ["train", "test"] {
            let path = format!("{}/{split}/0000.parquet", view.of);
            assert!(files.iter().any(|file| file.path == path), "{path}");
        }
    }
}

#[test]
fn what_a_person_must_fetch_is_known() {
    for (name, by_hand) in [("market1501", 1), ("flickr8k", 2), ("massive", 0)] {
        assert_eq!(Source::find(name, &project()).unwrap().manual.len(), by_hand, "{name}");
    }
}

/// A source with one thing changed, and the words its error must have.
fn refused(from: &str, to: &str, parts: &[&str]) {
    let toy = Toy::new("https://huggingface.co", &ONE_FILE.replace(from, to));
    let error = toy.error();
    for part in parts {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
    assert!(!toy.options.cache.exists(), "nothing is made for a source that is refused");
}

#[test]
fn paths_that_leave_the_cache() {
    for path in ["../x", "/etc/passwd", "a/../../x", "'C:/x'", "'a\\..\\x'", "a//b", "''", ".", "fetched.json"] {
        refused(
            "data/train.bin",
            path,
            &["toy.yaml:12:10: sources[0].files[0].path", "nothing is written outside the cache"],
        );
    }
    let web = "
sources:
  - {url: https://example.org/x, file: ../../x, sha256: null}
";
    refused(ONE_FILE, web, &["sources[0].file", "has `..`"]);
}

#[test]
fn wrong_values() {
    refused("org/toy", "org/../toy", &["repository", "expected `owner/name`"]);
    refused("org/toy", "../toy", &["repository", "expected `owner/name`"]);
    refused("branch: main", "branch: ../main", &["is no branch"]);
    refused("revision: null", "revision: abc", &["`abc` is no commit", "or null"]);
    refused("sha256: null", "sha256: abc", &["`abc` is not a SHA-256"]);
    refused("data/train.bin", "'da*/train.bin'", &["at most one `*`"]);
    refused("kind: dataset", "kind: datasett", &["unknown name `datasett`", "did you mean `dataset`?"]);
    refused("files:", "fils:", &["unknown key `fils`", "did you mean `files`?"]);
    refused(ONE_FILE, "", &["neither `sources` nor `manual`"]);
    let twice = "      - {path: data/train.bin, sha256: null}\n      - {path: Data/train.bin, sha256: null}\n";
    refused(
        "      - {path: data/train.bin, sha256: null}\n",
        twice,
        &["files[1].path", "is kept where sources[0].files[0].path is"],
    );
    for (url, part) in [("ftp://example.org/x", "expected https"), ("https://me:pw@example.org/x", "holds no secrets")]
    {
        let web = format!("\nsources:\n  - {{url: \"{url}\", file: x, sha256: null}}\n");
        refused(ONE_FILE, &web, &["sources[0].url", part]);
    }
}

#[test]
fn a_source_bears_its_files_name() {
    let toy = Toy::new("https://huggingface.co", ONE_FILE);
    let other = toy.options.sources.join("other.yaml");
    std::fs::copy(toy.options.sources.join("toy.yaml"), &other).unwrap();
    let error = Source::find("other", &toy.options.sources).unwrap_err().to_string();
    assert!(error.contains("a source bears its file's name"), "{error}");
}

const TEXTS: &str = "
sources:
  - hub: {kind: dataset, repository: org/toy, branch: main, revision: null}
    files:
      - {path: x/train.parquet, sha256: null}
      - {path: x/test.parquet, sha256: null}
texts:
  read: {parts: {text: say, id: id}}
  files: {train: \"{of}/train.parquet\", test: \"{of}/test.parquet\"}
";

#[test]
fn texts_are_read_from_files_that_are_fetched() {
    let toy = Toy::new("https://huggingface.co", TEXTS);
    let source = Source::find("toy", &toy.options.sources).unwrap();
    assert_eq!(source.parts(), ["x"], "two encoders of one text");
    assert_eq!(source.embedded_in(&toy.options), toy.options.cache.join("embedded/toy"));
    let refused = |from: &str, to: &str, parts: &[&str]| {
        toy.source(&TEXTS.replace(from, to));
        let error = toy.error();
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    };
    refused("{of}/test", "{of}/tests", &["toy.yaml:16", "texts.files.test: `x/tests.parquet` is not among the files"]);
    refused("text: say, id: id", "text: say", &["texts.read", "`id` is missing"]);
    refused("parts:", "part:", &["unknown name `part`; did you mean `parts`?"]);
    refused(
        "read: {parts: {text: say, id: id}}",
        "read: columns",
        &["texts.files.train", "expected a name without it"],
    );
    let views = toy.options.sources.join("toy.yaml");
    let text = std::fs::read_to_string(&views).unwrap().replace("of: x, modality: text", "of: ../x, modality: text");
    std::fs::write(&views, text.replace("read: columns", "read: {parts: {text: say, id: id}}")).unwrap();
    assert!(toy.error().contains("views[0].of: `../x` names a file; expected letters"), "{}", toy.error());
}

#[test]
fn dictionaries_are_fetched_with_a_checksum() {
    for name in ["massive", "ted_multi"] {
        let source = Source::find(name, &project()).unwrap();
        let named: Vec<_> =
            source.views.iter().filter_map(|view| Some((view.name.as_str(), view.dictionary.as_ref()?))).collect();
        let [("ja", dictionary)] = named[..] else { panic!("{name}: {named:?}") };
        let sum = source.origins.iter().find_map(|origin| match origin {
            Origin::Web { file, sha256, .. } if file == dictionary => sha256.clone(),
            _ => None,
        });
        assert_eq!(sum.unwrap().len(), 64, "{name}");
    }
    let toy = Toy::new("https://huggingface.co", TEXTS);
    let path = toy.options.sources.join("toy.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("pooling: mean}", "pooling: mean, dictionary: words.tar.gz}")).unwrap();
    let error = toy.error();
    assert!(error.contains(".dictionary: `words.tar.gz` is not among the files that are fetched"), "{error}");
}

#[test]
fn the_papers_texts_can_be_read() {
    for (name, parts) in [("massive", 10), ("ted_multi", 10), ("dbpedia14", 1)] {
        let source = Source::find(name, &project()).unwrap();
        assert_eq!(source.parts().len(), parts, "{name}");
        assert_eq!(source.texts.unwrap().max_length, Some(20), "{name}");
    }
    assert!(Source::find("cifar100", &project()).unwrap().texts.is_none());
}

const ITEMS: &str = r#"
sources:
  - {url: https://example.org/x, file: speech.tar.gz, sha256: null}
items:
  unpack: [speech.tar.gz]
  read: {lists: {train: train.txt, test: test.txt}}
  parts:
    x: {kind: texts, lines: captions.txt, form: "{id} {text}"}
    wavs: {kind: sounds, lines: wavs.txt, form: "{wav} {id}", files: "wavs/{wav}"}
"#;

const NAMED: &str = r#"
sources:
  - {url: https://example.org/x, file: x.tar.gz, sha256: null}
items:
  read: {named: {folders: {train: [train], test: [query, gallery]}, name: "{person}_{camera}.jpg", view: camera, item: person}}
"#;

#[test]
fn paths_of_items_stay_in_the_folder_of_the_source() {
    let toy = Toy::new("https://huggingface.co", ITEMS);
    Source::find("toy", &toy.options.sources).unwrap();
    let refused = |items: &str, from: &str, to: &str, parts: &[&str]| {
        assert!(items.contains(from), "{from}");
        toy.source(&items.replacen(from, to, 1));
        let error = toy.error();
        for part in parts.iter().chain(&["toy.yaml:"]) {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
        assert!(!toy.options.cache.exists(), "nothing is made for a source that is refused");
    };
    let rule = "expected a path below the source's folder";
    for (from, key) in [
        ("train.txt", "read.lists.train"),
        ("test.txt", "read.lists.test"),
        ("captions.txt", "parts.x.lines"),
        ("wavs.txt", "parts.wavs.lines"),
    ] {
        refused(ITEMS, from, "/etc/passwd", &[&format!("items.{key}: `/etc/passwd` is absolute; {rule}")]);
        refused(ITEMS, from, "a/../../x", &[&format!("items.{key}: `a/../../x` has `..`; {rule}")]);
    }
    refused(ITEMS, "[speech.tar.gz]", "[../x.tar.gz]", &["items.unpack[0]: `../x.tar.gz` has `..`", rule]);
    refused(ITEMS, "\"wavs/{wav}", "\"/wavs/{wav}", &["items.parts.wavs.files: `/wavs/{wav}` is absolute", rule]);
    refused(ITEMS, "\"wavs/{wav}", "\"../{wav}", &["items.parts.wavs.files: `../{wav}` has `..`", rule]);
    refused(NAMED, "gallery", "/gallery", &["items.read.named.folders.test[1]: `/gallery` is absolute", rule]);
    refused(
        NAMED,
        "[query, gallery]",
        "[]",
        &["items.read.named.folders.test: found no folder, expected at least one"],
    );
}
