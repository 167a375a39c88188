//! Encoders in the cache of the hub's own programs.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use common::{COMMIT, ONE_FILE, Reply, Server, Toy, sum};
use fetch::Report;
use files::hub::HubCache;

const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba98";
/// Names that git gives to the bytes `{}` and `{"a": 1}`.
const EMPTY: &str = "9e26dfeeb6e641a33dae4961196235bdb965b21b";
const FULL: &str = "4a036f56bb619924ec4189bd84ed716c766971ae";
const WEIGHTS: &[u8] = b"all the weights";

/// A repository `org/enc` in the hub's cache of a toy.
struct Cached(PathBuf);

impl Cached {
    fn of(toy: &mut Toy) -> Self {
        let hub = toy.outside().canonicalize().unwrap().join("hub");
        toy.options.hub_cache = Some(HubCache::at(&hub));
        Self(hub.join("models--org--enc"))
    }

    fn snapshot(&self, commit: &str) -> PathBuf {
        self.0.join("snapshots").join(commit)
    }

    fn blob(&self, name: &str) -> PathBuf {
        self.0.join("blobs").join(name)
    }

    /// A file of a snapshot: a blob of this name, and a link to it.
    fn add(&self, commit: &str, path: &str, blob: &str, bytes: &[u8]) {
        let link = self.snapshot(commit).join(path);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        fs::create_dir_all(self.0.join("blobs")).unwrap();
        fs::write(self.blob(blob), bytes).unwrap();
        symlink(format!("../../blobs/{blob}"), link).unwrap();
    }

    /// A complete snapshot.
    fn complete(&self, commit: &str, weights: &[u8]) {
        self.add(commit, "config.json", EMPTY, b"{}");
        self.add(commit, "tokenizer.json", FULL, br#"{"a": 1}"#);
        self.add(commit, "model.safetensors", &sum(weights), weights);
        self.add(commit, "tf_model.h5", "of-tensorflow", b"not needed, and of another name");
    }

    fn main(&self, commit: &str) {
        fs::create_dir_all(self.0.join("refs")).unwrap();
        fs::write(self.0.join("refs/main"), commit).unwrap();
    }
}

/// A hub with the three files of the encoder.
fn hub(extra: &'static str) -> Server {
    Server::start(move |request, _| match request.path.as_str() {
        path if path.starts_with("/api/models/org/enc/tree/") => Reply::status(200).body(
            format!(
                r#"[{{"type":"file","path":"config.json"}},{{"type":"file","path":"tf_model.h5"}},{extra}
                    {{"type":"file","path":"tokenizer.json"}},{{"type":"file","path":"model.safetensors"}}]"#
            )
            .as_str(),
        ),
        path => {
            let commit = if path.contains(OTHER) { OTHER } else { COMMIT };
            let bytes: &[u8] = match path.rsplit('/').next().unwrap() {
                "config.json" => b"{}",
                "tokenizer.json" => br#"{"a": 1}"#,
                "model.safetensors" => WEIGHTS,
                _ => b"something else",
            };
            Reply::file(request, bytes, "\"x\"").with("X-Repo-Commit", commit)
        }
    })
}

fn names(report: &Report) -> Vec<String> {
    report.names()
}

fn place(toy: &Toy) -> (PathBuf, Option<String>) {
    fetch::encoder_place("org/enc", None, &toy.options).unwrap()
}

fn own(toy: &Toy) -> PathBuf {
    toy.options.cache.join("encoders/org--enc")
}

fn is_empty(folder: &Path) -> bool {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != ".fetching" && name != "fetched.json").count() == 0
}

#[test]
fn a_copy_in_the_cache_is_used_where_it_is() {
    let hub = hub("");
    let mut toy = Toy::new(&hub.url, ONE_FILE);
    let cached = Cached::of(&mut toy);
    cached.complete(COMMIT, WEIGHTS);
    cached.main(COMMIT);
    // A snapshot that refs/main does not name.
    cached.add(OTHER, "config.json", EMPTY, b"{}");
    let folder = cached.snapshot(COMMIT);

    let report = fetch::encoder("org/enc", None, &toy.options).unwrap();
    assert_eq!(names(&report), ["config.json", "tokenizer.json", "model.safetensors"]);
    assert_eq!(report.folder, folder);
    assert_eq!(report.files[2].sha256, sum(WEIGHTS));
    assert_eq!(report.files[2].url, format!("{}/org/enc/resolve/{COMMIT}/model.safetensors", hub.url));
    assert!(report.files.iter().all(|file| !file.new && file.revision.as_deref() == Some(COMMIT)));
    assert_eq!(
        report.to_string(),
        format!(
            "org/enc: 3 files in the hub's cache, of commit {COMMIT}, 25 bytes, all verified; in {}",
            folder.display()
        )
    );
    assert!(toy.said()[0].contains("licence: its own") && toy.said()[0].contains("in the hub's cache: /"));
    let asked = |hub: &Server| hub.seen().iter().map(|request| request.path.clone()).collect::<Vec<_>>();
    assert_eq!(asked(&hub), [format!("/api/models/org/enc/tree/{COMMIT}?recursive=true")], "nothing but the list");
    assert!(is_empty(&own(&toy)), "no copy");
    let record: serde_json::Value = serde_json::from_slice(&fs::read(own(&toy).join("fetched.json")).unwrap()).unwrap();
    assert_eq!(record["snapshot"], folder.to_str().unwrap());
    assert_eq!(record["revisions"]["models/org/enc@main"], COMMIT);
    assert_eq!(record["files"]["config.json"]["sha256"], sum(b"{}"));
    assert_eq!(place(&toy), (folder.clone(), Some(COMMIT.to_owned())));

    // Later, the record decides, although the branch has moved in the cache.
    cached.main(OTHER);
    toy.options.offline = true;
    assert_eq!(fetch::encoder("org/enc", None, &toy.options).unwrap().folder, folder);
    assert_eq!(hub.seen().len(), 1);
    // Another commit is another encoder.
    cached.add(OTHER, "pytorch_model.bin", &sum(b"older"), b"older");
    let report = fetch::encoder("org/enc", Some(OTHER), &toy.options).unwrap();
    assert_eq!((report.folder, report.hub_cache.as_deref()), (cached.snapshot(OTHER), Some(OTHER)));
    let pinned = fetch::encoder_place("org/enc", Some(COMMIT), &toy.options).unwrap();
    assert_eq!(pinned, (own(&toy), Some(COMMIT.to_owned())), "the recorded snapshot is of another commit");
}

#[test]
fn offline_it_suffices_and_what_is_missing_is_named() {
    let mut toy = Toy::new("http://127.0.0.1:9", ONE_FILE);
    toy.options.offline = true;
    let cached = Cached::of(&mut toy);
    let told = |revision| {
        let error = fetch::encoder("org/enc", revision, &toy.options).unwrap_err().to_string();
        error.replace(&cached.0.display().to_string(), "R").replace(&own(&toy).display().to_string(), "F")
    };
    let around = |reason: &str| {
        format!(
            "F/config.json: has not been fetched, the hub's cache has no copy to use ({reason}), and the network may \
             not be used; fetch it where there is a network"
        )
    };
    assert_eq!(told(None), around("R does not exist"));
    cached.add(COMMIT, "config.json", EMPTY, b"{}");
    assert_eq!(told(None), around(&format!("R/refs/main does not exist; the snapshots there are {COMMIT}")));
    let absent = format!("R/snapshots/{OTHER} does not exist; the snapshots there are {COMMIT}");
    assert_eq!(told(Some(OTHER)), around(&absent));
    cached.main(COMMIT);
    let none = "the snapshot has neither model.safetensors nor pytorch_model.bin; convert its weights first";
    assert_eq!(told(None), around(&format!("R/snapshots/{COMMIT}: {none}")));
    // Weights in parts: the index names them.
    let index = br#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#;
    cached.add(COMMIT, "model.safetensors.index.json", "index", index);
    cached.add(COMMIT, "model-1.safetensors", &sum(b"one"), b"one");
    assert_eq!(told(None), around(&format!("R/snapshots/{COMMIT} has no model-2.safetensors")));
    cached.add(COMMIT, "model-2.safetensors", &sum(b"two"), b"two");
    let report = fetch::encoder("org/enc", None, &toy.options).unwrap();
    let all = ["config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json"];
    assert_eq!(names(&report), all);

    // A missing blob, and one that was cut off.
    fs::remove_file(cached.blob(&sum(b"one"))).unwrap();
    let missing = format!("R/blobs/{}: is missing; download the encoder again", sum(b"one"));
    assert_eq!(told(None), around(&missing));
    fs::write(cached.blob(&sum(b"one")), b"on").unwrap();
    assert!(told(None).contains(&format!("R/blobs/{}: SHA-256 is {}, expected", sum(b"one"), sum(b"on"))));
}

#[test]
fn a_copy_that_cannot_be_used_is_named_and_downloaded() {
    type Change = fn(&Cached);
    let damages: [(&str, Change); 4] = [
        ("is missing; download", |cached| fs::remove_file(cached.blob(&sum(WEIGHTS))).unwrap()),
        ("SHA-256 is", |cached| fs::write(cached.blob(&sum(WEIGHTS)), &WEIGHTS[..4]).unwrap()),
        ("SHA-1 of git is", |cached| fs::write(cached.blob(EMPTY), b"{").unwrap()),
        ("has no tokenizer.json", |cached| {
            fs::remove_file(cached.snapshot(COMMIT).join("tokenizer.json")).unwrap();
        }),
    ];
    for (part, damage) in damages {
        let hub = hub("");
        let mut toy = Toy::new(&hub.url, ONE_FILE);
        let cached = Cached::of(&mut toy);
        cached.complete(COMMIT, WEIGHTS);
        cached.main(COMMIT);
        damage(&cached);
        let report = fetch::encoder("org/enc", None, &toy.options).unwrap();
        assert_eq!((report.folder, report.hub_cache), (own(&toy), None), "{part}");
        let said = &toy.said()[0];
        assert!(said.starts_with("org/enc: not taken from the hub's cache: ") && said.contains(part), "{said}");
        assert_eq!(fs::read(own(&toy).join("model.safetensors")).unwrap(), WEIGHTS);
        assert_eq!(place(&toy).0, own(&toy));
    }
}

#[test]
fn a_pinned_commit_that_the_cache_lacks_is_downloaded() {
    let hub = hub("");
    let mut toy = Toy::new(&hub.url, ONE_FILE);
    let cached = Cached::of(&mut toy);
    cached.complete(COMMIT, WEIGHTS);
    cached.main(COMMIT);
    let report = fetch::encoder("org/enc", Some(OTHER), &toy.options).unwrap();
    assert_eq!((report.folder, report.files.len()), (own(&toy), 3));
    assert!(report.files.iter().all(|file| file.new && file.revision.as_deref() == Some(OTHER)));
    assert!(toy.said()[0].contains(&format!("{OTHER} does not exist; the snapshots there are {COMMIT}")));
    // What was downloaded stays the encoder.
    cached.complete(OTHER, WEIGHTS);
    assert_eq!(fetch::encoder("org/enc", Some(OTHER), &toy.options).unwrap().folder, own(&toy));
}

#[test]
fn a_cache_that_was_emptied_is_replaced_by_the_same_files() {
    let hub = hub("");
    let mut toy = Toy::new(&hub.url, ONE_FILE);
    let cached = Cached::of(&mut toy);
    cached.complete(COMMIT, b"of another maker");
    cached.main(COMMIT);
    fetch::encoder("org/enc", None, &toy.options).unwrap();
    fs::remove_dir_all(&cached.0).unwrap();
    assert_eq!(place(&toy), (own(&toy), Some(COMMIT.to_owned())));
    let error = fetch::encoder("org/enc", None, &toy.options).unwrap_err().to_string();
    assert!(error.contains("model.safetensors: SHA-256 is ") && error.contains("as fetched.json says"), "{error}");

    let mut toy = Toy::new(&hub.url, ONE_FILE);
    let cached = Cached::of(&mut toy);
    cached.complete(COMMIT, WEIGHTS);
    cached.main(COMMIT);
    fetch::encoder("org/enc", None, &toy.options).unwrap();
    fs::remove_dir_all(&cached.0).unwrap();
    let report = fetch::encoder("org/enc", None, &toy.options).unwrap();
    assert_eq!((report.folder, report.files.len()), (own(&toy), 3));
    assert!(hub.seen().iter().all(|request| request.path.contains(COMMIT)), "of the same commit");
}

#[test]
fn without_the_hubs_list_the_cache_decides_and_says_so() {
    let hub = Server::start(|_, _| Reply::status(401));
    let mut toy = Toy::new(&hub.url, ONE_FILE);
    let cached = Cached::of(&mut toy);
    cached.complete(COMMIT, WEIGHTS);
    cached.main(COMMIT);
    let report = fetch::encoder("org/enc", None, &toy.options).unwrap();
    assert_eq!(report.folder, cached.snapshot(COMMIT));
    let said = &toy.said()[0];
    assert!(said.starts_with("org/enc: it is not known whether the copy in the hub's cache is complete: "), "{said}");
}
