//! What is remembered between fetches, and what a person puts there.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{COMMIT, ONE_FILE, ONE_PATH, Reply, Server, Toy, sum};
use fetch::Standing;

const TWO_FILES: &str = "
sources:
  - hub: {kind: dataset, repository: org/toy, branch: refs/convert/parquet, revision: null}
    files:
      - {path: a.bin, sha256: null}
      - {path: b.bin, sha256: null}
";

#[test]
fn a_second_fetch_asks_nobody() {
    let hub = Server::start(|request, _| Reply::file(request, b"here it is", "\"one\""));
    let toy = Toy::new(&hub.url, ONE_FILE);
    let first = toy.fetch().unwrap();
    let second = toy.fetch().unwrap();
    assert_eq!(hub.seen().len(), 1);
    assert_eq!((first.files[0].new, second.files[0].new), (true, false));
    assert_eq!(first.files[0].sha256, second.files[0].sha256);
    assert_eq!(
        second.to_string(),
        format!(
            "toy: 0 downloaded, 1 there already, 10 bytes, all verified; in {}",
            toy.options.cache.join("toy").display()
        )
    );
}

#[test]
fn a_changed_file_is_found_out() {
    let hub = Server::start(|request, _| Reply::file(request, b"here it is", "\"one\""));
    let toy = Toy::new(&hub.url, ONE_FILE);
    toy.fetch().unwrap();
    let path = toy.path("data/train.bin");
    fs::write(&path, b"here IT is").unwrap();
    let error = toy.error();
    assert!(error.contains(&sum(b"here it is")) && error.contains(&sum(b"here IT is")), "{error}");
    assert!(error.contains("move it away"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"here IT is", "it is the user's to move");
    fs::write(&path, b"here").unwrap();
    assert!(toy.error().contains("4 bytes, expected 10 bytes"));
    fs::remove_file(&path).unwrap();
    assert_eq!(toy.fetch().unwrap().files[0].sha256, sum(b"here it is"));
}

#[test]
fn the_same_name_with_other_bytes_is_refused_later() {
    let hub = Server::start(|request, before| {
        Reply::file(request, if before == 0 { b"the first" } else { b"the other" }, "\"one\"")
    });
    let toy = Toy::new(&hub.url, ONE_FILE);
    toy.fetch().unwrap();
    fs::remove_file(toy.path("data/train.bin")).unwrap();
    let error = toy.error();
    assert!(error.contains("as fetched.json says"), "{error}");
    assert!(toy.files("data").is_empty());
}

#[test]
fn a_file_that_nobody_knows_is_not_taken_for_one() {
    let hub = Server::start(|request, _| Reply::file(request, b"here it is", "\"one\""));
    let toy = Toy::new(&hub.url, ONE_FILE);
    fs::create_dir_all(toy.path("data")).unwrap();
    fs::write(toy.path("data/train.bin"), b"from somewhere").unwrap();
    assert!(toy.error().contains("fetched.json has no record of it"));
    // unless the source file says what it is
    let known = ONE_FILE.replace("sha256: null", &format!("sha256: {}", sum(b"from somewhere")));
    toy.source(&known);
    assert!(!toy.fetch().unwrap().files[0].new);
    assert!(hub.seen().is_empty());
}

#[test]
fn all_files_of_a_repository_are_of_one_commit() {
    let hub = Server::start(|request, _| {
        Reply::file(request, request.path.as_bytes(), "\"x\"").with("X-Repo-Commit", COMMIT)
    });
    let toy = Toy::new(&hub.url, TWO_FILES);
    let report = toy.fetch().unwrap();
    assert!(report.files.iter().all(|file| file.revision.as_deref() == Some(COMMIT)));
    assert_eq!(
        hub.seen().iter().map(|r| r.path.clone()).collect::<Vec<_>>(),
        [
            "/datasets/org/toy/resolve/refs%2Fconvert%2Fparquet/a.bin".to_owned(),
            format!("/datasets/org/toy/resolve/{COMMIT}/b.bin")
        ],
        "the branch could move between the two"
    );
    // and stay of it later
    fs::remove_file(toy.path("a.bin")).unwrap();
    assert!(toy.error().contains("as fetched.json says"), "the toy hub's bytes are the address");
    assert_eq!(hub.seen()[2].path, format!("/datasets/org/toy/resolve/{COMMIT}/a.bin"));
}

#[test]
fn a_star_stands_for_what_the_repository_has() {
    let hub = Server::start(|request, _| match request.path.as_str() {
        "/api/datasets/org/toy/tree/main/text" => Reply::status(200).body(
            r#"[{"type":"file","path":"text/train-1.bin","size":1},{"type":"directory","path":"text/train-x.bin"},
                {"type":"file","path":"text/train-0.bin"},{"type":"file","path":"text/test-0.bin"}]"#,
        ),
        path => Reply::file(request, path.as_bytes(), "\"x\""),
    });
    let toy = Toy::new(&hub.url, &ONE_FILE.replace("data/train.bin", "\"text/train-*.bin\""));
    let report = toy.fetch().unwrap();
    assert_eq!(report.files.len(), 2);
    assert_eq!(toy.files("text"), ["train-0.bin", "train-1.bin"]);
    toy.fetch().unwrap();
    assert_eq!(hub.seen().len(), 3, "the list is remembered too");
}

#[test]
fn a_list_that_leads_out_of_the_cache_is_refused() {
    for path in ["text/../../../outside.bin", "/tmp/outside.bin", "text/a\\\\..\\\\outside.bin"] {
        let list = format!(r#"[{{"type":"file","path":"{path}"}}]"#);
        let hub = Server::start(move |request, _| match request.path.starts_with("/api/") {
            true => Reply::status(200).body(list.as_str()),
            false => Reply::file(request, b"evil", "\"x\""),
        });
        let toy = Toy::new(&hub.url, &ONE_FILE.replace("data/train.bin", "\"text/*.bin\""));
        toy.error();
        assert_eq!(hub.seen().len(), 1, "{path}");
        assert!(!toy.outside().join("outside.bin").exists());
    }
    let hub = Server::start(|_, _| Reply::status(200).body("<html>"));
    let toy = Toy::new(&hub.url, &ONE_FILE.replace("data/train.bin", "\"text/*.bin\""));
    assert!(toy.error().contains("is not a list of files of the hub"));
    let hub = Server::start(|_, _| Reply::status(200).body("[]"));
    let toy = Toy::new(&hub.url, &ONE_FILE.replace("data/train.bin", "\"text/*.bin\""));
    assert!(toy.error().contains("has no file `text/*.bin`"));
}

#[test]
fn an_encoder_comes_with_what_it_needs() {
    let hub = Server::start(|request, _| match request.path.as_str() {
        "/api/models/org/enc/tree/main?recursive=true" => Reply::status(200).body(
            r#"[{"type":"file","path":"config.json"},{"type":"file","path":"tf_model.h5"},
                {"type":"file","path":"tokenizer.json"},{"type":"file","path":"pytorch_model.bin"}]"#,
        ),
        path => Reply::file(request, path.as_bytes(), "\"x\"").with("X-Repo-Commit", COMMIT),
    });
    let toy = Toy::new(&hub.url, ONE_FILE);
    let report = fetch::encoder("org/enc", None, &toy.options).unwrap();
    let folder = toy.options.cache.join("encoders/org--enc");
    assert_eq!(report.folder, folder);
    let names: Vec<_> = report.files.iter().map(|file| file.path.strip_prefix(&folder).unwrap().to_owned()).collect();
    assert_eq!(names, ["config.json", "tokenizer.json", "pytorch_model.bin"].map(std::path::PathBuf::from));
    assert_eq!(hub.seen()[1].path, "/org/enc/resolve/main/config.json");
    assert_eq!(hub.seen()[2].path, format!("/org/enc/resolve/{COMMIT}/tokenizer.json"));
    assert!(toy.said()[0].contains(&format!("licence: its own, on {}/org/enc", hub.url)));
    fetch::encoder("org/enc", None, &toy.options).unwrap();
    assert_eq!(hub.seen().len(), 4, "a second time, nobody is asked");
    for id in ["", "../enc", "a/b/c", "org/.."] {
        assert!(fetch::encoder(id, None, &toy.options).unwrap_err().to_string().contains("expected `owner/name`"));
    }
}

#[test]
fn a_broken_record_is_an_error() {
    let hub = Server::start(|request, _| Reply::file(request, b"here it is", "\"one\""));
    let toy = Toy::new(&hub.url, ONE_FILE);
    toy.fetch().unwrap();
    for (text, part) in [
        ("{", "EOF"),
        (r#"{"files": {"data/train.bin": {"url": "", "revision": null, "sha256": "x", "size": 1}}}"#, "`x` is not"),
        (r#"{"fils": {}}"#, "unknown field"),
    ] {
        fs::write(toy.path("fetched.json"), text).unwrap();
        let error = toy.error();
        assert!(error.contains("fetched.json: ") && error.contains(part), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_cache() {
    let hub = Server::start(|request, _| Reply::file(request, b"here it is", "\"one\""));
    let toy = Toy::new(&hub.url, ONE_FILE);
    let elsewhere = toy.outside().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::create_dir_all(toy.path("")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, toy.path("data")).unwrap();
    let error = toy.error();
    assert!(error.contains("nothing is written outside the cache"), "{error}");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    assert!(hub.seen().is_empty());
}

const BY_HAND: &str = "
manual:
  - what: pictures.zip
    from: [https://example.org/pictures]
    steps: [download it, unpack it]
    put: pictures
    folders:
      - {path: train, pictures: 2}
    files:
      - {path: list.txt, sha256: null}
";

#[test]
fn what_a_person_must_do_is_said_and_checked() {
    let toy = Toy::new("https://huggingface.co", BY_HAND);
    let wanting = |toy: &Toy| match &toy.fetch().unwrap().manual[0] {
        Standing::Wanting(text) => text.clone(),
        Standing::Complete => panic!("it is not complete"),
    };
    let text = wanting(&toy);
    let put = toy.path("pictures");
    for part in [
        "To be downloaded by hand: pictures.zip".to_owned(),
        "from https://example.org/pictures".into(),
        "1. download it".into(),
        "2. unpack it".into(),
        format!("3. put it into {}", put.display()),
        "train/ with 2 JPEG pictures".into(),
        "list.txt".into(),
        "4. run the same command again".into(),
        format!("{}: is not there", put.join("train").display()),
    ] {
        assert!(text.contains(&part), "`{part}` is not in\n{text}");
    }

    fs::create_dir_all(put.join("train")).unwrap();
    fs::write(put.join("list.txt"), "a\n").unwrap();
    fs::write(put.join("train/a.jpg"), b"\xFF\xD8\xFF\xE0 a").unwrap();
    fs::write(put.join("train/Thumbs.db"), b"of some system").unwrap();
    assert!(wanting(&toy).contains("found 1 JPEG pictures, expected 2"));
    fs::write(put.join("train/b.jpg"), b"<html>").unwrap();
    assert!(wanting(&toy).contains("b.jpg: is no JPEG picture"));
    fs::write(put.join("train/b.jpg"), b"\xFF\xD8\xFF\xE0 b").unwrap();
    assert!(toy.fetch().unwrap().is_complete());
    let report = toy.fetch().unwrap();
    assert!(report.is_complete(), "and stays so");
    assert_eq!(report.put.keys().collect::<Vec<_>>(), ["pictures/list.txt", "pictures/train"]);
    assert_eq!(report.put["pictures/list.txt"], sum(b"a\n"));
    fs::write(put.join("train/b.jpg"), b"\xFF\xD8\xFF\xE0 c").unwrap();
    let error = toy.error();
    assert!(error.contains("2 files with SHA-256") && error.contains("changed since"), "{error}");
}

#[test]
fn a_name_that_is_none() {
    let toy = Toy::new("https://huggingface.co", ONE_FILE);
    let error = fetch::fetch("tpy", &toy.options).unwrap_err().to_string();
    assert!(error.contains("no source `tpy`") && error.contains("did you mean `toy`?"), "{error}");
    let path = toy.options.sources.join("toy.yaml");
    let hub = Server::start(|request, _| Reply::file(request, b"here it is", "\"one\""));
    let mut toy = toy;
    toy.options.endpoint = fetch::Endpoint::parse(&hub.url).unwrap();
    fetch::fetch(path.to_str().unwrap(), &toy.options).unwrap();
    assert_eq!(hub.seen()[0].path, ONE_PATH);
}

#[test]
fn offline_nobody_is_asked() {
    let hub = Server::start(|request, _| match request.path.as_str() {
        "/api/datasets/org/toy/tree/main/text" => Reply::status(200).body(r#"[{"type":"file","path":"text/a.bin"}]"#),
        path => Reply::file(request, path.as_bytes(), "\"x\""),
    });
    let mut toy = Toy::new(&hub.url, ONE_FILE);
    toy.options.offline = true;
    let error = toy.error();
    assert!(error.ends_with("cache/toy/data/train.bin: has not been fetched, and the network may not be used; fetch it where there is a network"), "{error}");
    toy.source(&ONE_FILE.replace("data/train.bin", "\"text/*.bin\""));
    assert!(toy.error().contains("text/*.bin: has not been fetched"));
    let error = fetch::encoder("org/a", None, &toy.options).unwrap_err().to_string();
    assert!(error.contains("encoders/org--a/config.json: has not been fetched"), "{error}");
    assert!(hub.seen().is_empty());

    toy.options.offline = false;
    toy.fetch().unwrap();
    let asked = hub.seen().len();
    toy.options.offline = true;
    assert_eq!(toy.fetch().unwrap().names(), ["text/a.bin"], "what is there is verified");
    assert_eq!(hub.seen().len(), asked);
}
