//! `runner fetch` as a user meets it. What can go wrong on the way is tested in the crate `fetch`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

fn fetch(cache: &Path, hub: &str, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_runner"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env("ALIGN_DATA", cache)
        .env("HF_ENDPOINT", hub)
        .env("HF_HUB_CACHE", cache.join("hub"))
        .env_remove("HF_TOKEN")
        .arg("fetch")
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (status.code().unwrap(), text(&stdout), text(&stderr))
}

#[test]
fn alone_it_lists_what_there_is() {
    let cache = tempfile::tempdir().unwrap();
    let (code, out, _) = fetch(cache.path(), "", &[]);
    assert_eq!(code, 0);
    for name in ["cifar100", "dbpedia14", "flickr8k", "market1501", "massive", "ted_multi"] {
        assert!(out.contains(&format!("runner fetch {name}")), "{out}");
    }
}

#[test]
fn what_is_left_for_a_person_is_said_and_is_a_failure() {
    let cache = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (code, out, err) = fetch(elsewhere.path(), "", &["market1501", "--cache", cache.path().to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(err.contains("may not be passed on"), "{err}");
    assert!(out.contains("To be downloaded by hand: Market-1501-v15.09.15.zip"), "{out}");
    assert!(out.contains("bounding_box_train/ with 12936 JPEG pictures"), "{out}");
    assert!(cache.path().join("market1501").is_dir());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "--cache goes before ALIGN_DATA");
}

#[test]
fn a_wrong_name_names_the_right_one() {
    let cache = tempfile::tempdir().unwrap();
    let (code, _, err) = fetch(cache.path(), "", &["masive"]);
    assert_eq!(code, 4);
    assert!(err.contains("did you mean `massive`?"), "{err}");
}

#[test]
fn a_source_comes_from_a_hub_and_stays() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hub = format!("http://{}", listener.local_addr().unwrap());
    // one request, and then the hub is gone
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        while lines.next().unwrap().unwrap() != "" {}
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhere it is").unwrap();
        first
    });
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("toy.yaml");
    let view =
        |name: &str| format!("  - {{name: {name}, of: x, modality: text, encoder: org/{name}, pooling: mean}}\n");
    let text = format!(
        "name: toy\ntitle: A toy\nlicence: CC0-1.0\nlicence_url: https://example.org\nredistribution: allowed\n\
         terms: Made for a test.\nsplits: {{rule: all of it}}\nsources:\n  - hub: {{kind: dataset, repository: org/toy}}\n    \
         files: [{{path: text.txt, sha256: null}}]\nviews:\n{}{}",
        view("a"),
        view("b")
    );
    fs::write(&source, text).unwrap();
    let cache = folder.path().join("cache");
    let source = source.to_str().unwrap();
    let (code, out, err) = fetch(&cache, &hub, &[source]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("toy: 1 downloaded, 0 there already, 10 bytes, all verified"), "{out}");
    assert_eq!(served.join().unwrap(), "GET /datasets/org/toy/resolve/main/text.txt HTTP/1.1");
    assert_eq!(fs::read(cache.join("toy/text.txt")).unwrap(), b"here it is");
    let (code, out, err) = fetch(&cache, &hub, &[source]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("toy: 0 downloaded, 1 there already"), "{out}");

    let encoders = |more: &[&str]| fetch(&cache, &hub, &[&[source, "--offline", "--encoders"], more].concat());
    let (code, _, err) = encoders(&[]);
    assert!(code == 1 && err.contains("cannot fetch org/a") && err.contains("cannot fetch org/b"), "{err}");
    let (code, _, err) = encoders(&["--views", "b"]);
    assert!(code == 1 && !err.contains("org/a") && err.contains("cannot fetch org/b"), "{err}");
    let (code, _, err) = encoders(&["--views", "b,c"]);
    assert!(code == 2 && err.contains("--views: no view `c` in toy; its views are `a`, `b`"), "{err}");
}
