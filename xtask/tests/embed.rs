//! `cargo xtask embed` from a hub on loopback to a grid's table: tables as the hub's converter writes them, tiny encoders.
#![allow(clippy::unwrap_used)]

#[path = "../../crates/fetch/tests/common/server.rs"]
mod server;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use server::{Reply, Request, Server};
use tempfile::TempDir;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The folder of the programs: those that `cargo test --workspace` builds for the tests of their own packages. Cargo is not
/// called from here, because a part of the workspace would be built anew with other features.
fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_xtask")).parent().unwrap().to_path_buf();
        for program in ["runner", "embed"] {
            let path = folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
            assert!(path.exists(), "{} is not there: run `cargo test --workspace`, which builds it", path.display());
        }
        folder
    })
}

/// A hub with the two tiny data sets, the tiny encoders, a dictionary, and one encoder that nobody here can run.
fn hub() -> Server {
    Server::start(|request, _| answer(request).unwrap_or_else(|| Reply::status(404)))
}

fn answer(request: &Request) -> Option<Reply> {
    let path = request.path.split('?').next()?;
    let golden = root().join("crates/embed/tests/golden/japanese");
    if path == "/words/part-of-ipadic.tar.gz" {
        return Some(Reply::file(request, &fs::read(golden.join("dictionary.tar.gz")).ok()?, "\"words\""));
    }
    let is_japanese = path.contains("/japanese/") || path.contains("/unidic/");
    let repository = |rest: &str| -> Option<(PathBuf, String)> {
        let (name, rest) = rest.split_once('/')?;
        let folder = match name {
            "massive" | "ted" => root().join("crates/data/tests/texts").join(name),
            // their tokenizers are in the answer below
            "japanese" | "unidic" => root().join("crates/embed/tests/golden/bert"),
            encoder => root().join("crates/embed/tests/golden").join(encoder),
        };
        Some((folder, rest.to_owned()))
    };
    if let Some(rest) = path.strip_prefix("/api/datasets/org/").or_else(|| path.strip_prefix("/api/models/org/")) {
        let (folder, rest) = repository(rest)?;
        let below = rest.split('/').skip(2).collect::<Vec<_>>().join("/");
        let mut names: Vec<String> = fs::read_dir(folder.join(&below))
            .ok()?
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| if below.is_empty() { name } else { format!("{below}/{name}") })
            .collect();
        if is_japanese {
            names.retain(|name| name != "tokenizer.json");
            names.push("vocab.txt".to_owned());
        }
        let files: Vec<String> =
            names.iter().map(|name| format!("{{\"type\": \"file\", \"path\": \"{name}\"}}")).collect();
        return Some(Reply::status(200).body(format!("[{}]", files.join(","))));
    }
    let rest = path.strip_prefix("/datasets/org/").or_else(|| path.strip_prefix("/org/"))?;
    let (folder, rest) = repository(rest)?;
    let file = rest.strip_prefix("resolve/")?.split_once('/')?.1;
    let bytes = match file {
        // as many tokens as the encoder has
        "vocab.txt" if is_japanese => {
            let vocabulary = fs::read_to_string(golden.join(file)).ok()?;
            vocabulary.lines().take(480).collect::<Vec<_>>().join("\n").into_bytes()
        }
        "tokenizer_config.json" if is_japanese => {
            let dictionary = if path.contains("/unidic/") { "unidic" } else { "ipadic" };
            let words = r#""tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab""#;
            format!(r#"{{{words}, "mecab_kwargs": {{"mecab_dic": "{dictionary}"}}}}"#).into_bytes()
        }
        _ => fs::read(folder.join(file)).ok()?,
    };
    Some(Reply::file(request, &bytes, &format!("\"{file}\"")).with("X-Repo-Commit", COMMIT))
}

const HEAD: &str = "
title: A tiny data set
licence: CC0-1.0
licence_url: https://example.org/cc0
redistribution: allowed
terms: Made for a test.
";
const MASSIVE: &str = "
name: tiny
splits: {rule: by id, rows: {train: 39, test: 24}}
sources:
  - hub: {kind: dataset, repository: org/massive, branch: main, revision: null}
    files:
      - {path: en-US/train/0000.parquet, sha256: null}
      - {path: en-US/test/0000.parquet, sha256: null}
      - {path: ja-JP/train/0000.parquet, sha256: null}
      - {path: ja-JP/test/0000.parquet, sha256: null}
      - {path: fr-FR/train/0000.parquet, sha256: null}
      - {path: fr-FR/test/0000.parquet, sha256: null}
  - {url: HUB/words/part-of-ipadic.tar.gz, file: part-of-ipadic.tar.gz, sha256: null}
texts:
  read: {parts: {text: utt, id: id}}
  files: {train: '{of}/train/0000.parquet', test: '{of}/test/0000.parquet'}
  labels: {intent: intent}
  max_length: 20
views:
  - {name: en, of: en-US, modality: text, encoder: org/bert, revision: null, pooling: mean}
  - {name: ja, of: ja-JP, modality: text, encoder: org/japanese, revision: null, pooling: mean, dictionary: part-of-ipadic.tar.gz}
  - {name: fr, of: fr-FR, modality: text, encoder: org/camembert, revision: null, pooling: cls}
";
const TED: &str = "
name: talks
splits: {rule: 'as Python shuffles', seed: 42}
sources:
  - hub: {kind: dataset, repository: org/ted, branch: main, revision: null}
    files:
      - {path: 'plain_text/ted_multi-train*.parquet', sha256: null}
texts:
  read: {translations: {column: translations, keys: language, values: translation}}
  file: 'plain_text/ted_multi-train*.parquet'
  shuffle: {python: 42, train: 0.8}
  groups: {talk: talk_name}
  empty: keep
views:
  - {name: en, of: en, modality: text, encoder: org/distilbert, revision: null, pooling: mean}
  - {name: fr, of: fr, modality: text, encoder: org/mpnet, revision: null, pooling: mean}
  - {name: zh, of: zh-cn, modality: text, encoder: org/xlm-roberta, revision: null, pooling: mean}
";

/// A place of its own for downloads, embeddings, manifests and experiments.
struct Bench {
    folder: TempDir,
    hub: Server,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap(), hub: hub() };
        for name in ["data-manifests", "experiments"] {
            fs::create_dir(bench.path(name)).unwrap();
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn call(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(root()).env("ALIGN_DATA", self.path("cache")).env("HF_ENDPOINT", &self.hub.url);
        command.env_remove("HF_TOKEN").args(args);
        command
    }

    fn run(&self, program: &str, args: &[&str]) -> Said {
        let program = programs().join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
        self.call(&program, args).output().unwrap().into()
    }

    /// A source file; its path.
    fn source(&self, name: &str, source: &str) -> String {
        let text = format!("{}{source}", HEAD.trim_start()).replace("HUB", &self.hub.url);
        self.write(&format!("{name}.yaml"), &text)
    }

    /// `cargo xtask embed` of a source, its manifest going to this bench.
    fn embed(&self, name: &str, source: &str, more: &[&str]) -> Said {
        let source = self.source(name, source);
        let manifest = self.path(&format!("data-manifests/{name}.yaml")).display().to_string();
        let programs = programs().display().to_string();
        let args = ["embed", &source, "--manifest", &manifest, "--programs", &programs];
        self.call(Path::new(env!("CARGO_BIN_EXE_xtask")), &[&args, more].concat()).output().unwrap().into()
    }

    fn manifest(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("data-manifests/{name}.yaml"))).unwrap()
    }

    /// The embeddings' files with their bytes.
    fn embeddings(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path(folder)).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.extension().is_some_and(|e| e == "safetensors"));
        files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())).collect()
    }
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Said {
    fn fine(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    fn has(&self, parts: &[&str]) {
        for part in parts {
            let said = format!("{}\n{}", self.out, self.err);
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
    }
}

#[test]
fn from_the_hub_to_a_table_beside_the_papers() {
    let bench = Bench::new();
    let said = bench.embed("tiny", MASSIVE, &[]).fine();
    said.has(&[
        "licence: CC0-1.0",
        "train: `fr-FR` lacks 1 of 40 ids, the first is `17`",
        "tiny: train 39, test 24 in 3 parts, for 3 encoders",
        "view 2 of 3: ja, org/japanese\n24 items, bert, 32, mean, cut at 20 tokens",
        "24 items, camembert, 32, cls, cut at 20 tokens",
    ]);
    let manifest = bench.manifest("tiny");
    for part in [
        "title: A tiny data set\n",
        "licence: CC0-1.0",
        &format!("source: text org/massive at {COMMIT}; encoders as named per view"),
        &format!("encoder: org/japanese at {COMMIT}, mean pooled, cut at 20 tokens, words by part-of-ipadic.tar.gz"),
    ] {
        assert!(manifest.contains(part), "`{part}` is not in: {manifest}");
    }

    // once more: nobody is asked, nothing is computed, nothing changes
    let (asked, made) = (bench.hub.seen().len(), bench.embeddings("cache/embedded/tiny"));
    bench.embed("tiny", MASSIVE, &["--offline"]).fine().has(&["39 of 39 items were there already"]);
    assert_eq!((bench.hub.seen().len(), bench.embeddings("cache/embedded/tiny")), (asked, made));
    assert_eq!(bench.manifest("tiny"), manifest);

    bench.write(
        "experiments/grid.yaml",
        "name: grid\ndata: absent\nstand_in: tiny\nmethods: [na, gpa]\ntasks: [retrieval, clustering]\n",
    );
    let paper = bench.write(
        "experiments/paper.yaml",
        "title: A table\ngrid: grid.yaml\ncolumns: [ari, rank1]\n\
         published:\n  - {method: gpa, metric: ari, value: 0.5, views: 3, kind: paper, source: a paper}\n  \
         - {method: gpa, metric: rank1, value: 5, views: 3, kind: paper, source: a paper}\n\
         compare: {data: tiny, tolerance: {ari: 1, rank1: 0.5}, reason: it is a test.}\n\
         claims:\n  - {id: C1, text: it is the paper's, test: {better: {metric: rank1, method: gpa, over: [na]}}, value: {metric: ari}}\n",
    );
    let results = bench.path("results").display().to_string();
    bench
        .run("runner", &["reproduce", &paper, "--out", &results])
        .fine()
        .has(&["Published values: not comparable: stand-in data (`tiny` in place of `absent`)."]);
    let said = bench.run("runner", &["reproduce", &paper, "--data", "tiny", "--out", &results]).fine();
    said.has(&[
        "Published values: outside: 1 of 2 within tolerance (ARI ±1, Rank-1 ±0.5)",
        "Published values: within: 1 of 1 within tolerance (ARI ±1).",
    ]);
    let table = fs::read_to_string(bench.path("results/grid/tables/agreement.csv")).unwrap();
    assert!(table.contains("within") && table.contains("outside"), "{table}");
    let report = fs::read_to_string(bench.path("results/grid/report.html")).unwrap();
    let shown = report.split_once("id=\"agreement\"").expect("the table is in the report").1;
    assert!(shown.contains("within") && shown.contains("outside"));
    let said = bench.run("runner", &["reproduce", &paper, "--data", "tinny", "--out", &results]);
    assert_eq!(said.code, 4);
    said.has(&["did you mean `tiny`?"]);
}

#[test]
fn talks_in_several_languages() {
    let bench = Bench::new();
    bench.embed("talks", TED, &[]).fine().has(&[
        "all: 55 of 70 rows have all of en, fr, zh-cn",
        "talks: train 44, test 11 in 3 parts",
        "44 items, distilbert, 32, mean, cut at ",
        "groups of train found again in test",
    ]);
    let grid =
        bench.write("experiments/grid.yaml", "name: grid\ndata: talks\nmethods: [pairwise, gpa]\ntasks: [retrieval]\n");
    let results = bench.path("results").display().to_string();
    bench.run("runner", &["--grid", &grid, "--out", &results]).fine().has(&["Rank-1"]);
    assert!(bench.path("results/grid/tables/summary.md").exists());
}

#[test]
fn an_encoder_that_is_refused_is_named_left_out_or_replaced() {
    let bench = Bench::new();
    let source = MASSIVE.replace("org/japanese", "org/unidic");
    let said = bench.embed("tiny", &source, &[]);
    assert_eq!(said.code, 1);
    said.has(&[
        "refused: view `ja`, org/unidic: ",
        "mecab_kwargs.mecab_dic: dictionary `unidic` is not supported; supported: ipadic",
        "ja-JP.test.jsonl#text and ",
        "tensors `test` and `train`",
        "no encoder for `ja` here, nothing was embedded",
        "--skip-refused",
    ]);
    assert!(bench.embeddings("cache/embedded/tiny").is_empty() && !bench.path("data-manifests/tiny.yaml").exists());

    bench.embed("tiny", &source, &["--skip-refused"]).fine().has(&["refused: view `ja`"]);
    assert!(bench.manifest("tiny").contains("title: A tiny data set, without ja"), "{}", bench.manifest("tiny"));

    // what another program made, here without our mark on it
    let made = bench.path("cache/embedded/tiny");
    let bytes = fs::read(made.join("fr.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    header.as_object_mut().unwrap().remove("__metadata__");
    let header = header.to_string();
    let supplied = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes[8 + length..]].concat();
    fs::write(made.join("ja.safetensors"), supplied).unwrap();
    bench.embed("tiny", &source, &[]).fine().has(&["ja: as it was supplied in "]);
    let manifest = bench.manifest("tiny");
    assert!(manifest.contains("title: A tiny data set\n"), "{manifest}");
    assert!(manifest.contains("encoder: 'unknown: supplied as ja.safetensors, in place of org/unidic'"), "{manifest}");
}

#[test]
fn a_dictionary_that_is_not_there_is_asked_for() {
    let bench = Bench::new();
    let without = MASSIVE.replace(", dictionary: part-of-ipadic.tar.gz", "");
    let said = bench.embed("tiny", &without, &[]);
    assert_eq!(said.code, 1);
    said.has(&["refused: view `ja`, org/japanese: ", "the dictionary IPADIC, by which MeCab splits words, is missing"]);
    let said = bench.embed("tiny", &MASSIVE.replace("file: part-of", "file: other-part-of"), &[]);
    assert_eq!(said.code, 1);
    said.has(&["views[1].dictionary: `part-of-ipadic.tar.gz` is not among the files that are fetched"]);

    let source = bench.source("tiny", MASSIVE);
    bench.run("runner", &["fetch", &source, "--encoders"]).fine();
    bench.run("runner", &["texts", &source]).fine();
    fs::remove_file(bench.path("cache/tiny/part-of-ipadic.tar.gz")).unwrap();
    let jobs = bench.path("cache/embedded/tiny/jobs.json").display().to_string();
    let said = bench.run("embed", &["jobs", &jobs]);
    assert_eq!(said.code, 1);
    said.has(&[
        "refused: view `ja`, org/japanese: ",
        "cache/tiny: `part-of-ipadic.tar.gz`, the dictionary of view `ja`, is missing; `runner fetch tiny` downloads it",
    ]);
}

#[test]
fn some_views_first() {
    let bench = Bench::new();
    let said = bench.embed("tiny", MASSIVE, &["--views", "en,de"]);
    assert_eq!(said.code, 1);
    said.has(&["--views: no view `de` in tiny; its views are `en`, `ja`, `fr`"]);
    bench.embed("tiny", MASSIVE, &["--views", "en,fr"]).fine();
    let encoder = |name: &str| bench.path("cache/encoders").join(name).exists();
    assert!(encoder("org--bert") && !encoder("org--japanese"), "the encoders of these views alone are fetched");
    assert!(bench.manifest("tiny").contains("title: A tiny data set, without ja"));
    bench.embed("tiny", MASSIVE, &[]).fine();
    assert!(bench.manifest("tiny").contains("title: A tiny data set\n"));
}

#[test]
fn what_is_missing_is_said() {
    let bench = Bench::new();
    let said = bench.embed("tiny", MASSIVE, &["--offline"]);
    assert_eq!(said.code, 1);
    said.has(&["cache/tiny/en-US/train/0000.parquet: has not been fetched, and the network may not be used; fetch it where there is a network (`runner fetch`"]);
    let said = bench.embed("tiny", &MASSIVE.replace("train: 39", "train: 40"), &[]);
    assert_eq!(said.code, 1);
    said.has(&["39 items in `train`, and the source says `rows: {train: 40}`", "`fr-FR` lacks 1 of 40 ids"]);
    let said = bench.embed("tiny", &MASSIVE.replace("text: utt", "text: uttt"), &[]);
    assert_eq!(said.code, 1);
    said.has(&["en-US/train/0000.parquet: no column `uttt`; did you mean `utt`?"]);
    let said = bench.run("runner", &["texts", "cifar100"]);
    assert_eq!(said.code, 3);
    said.has(&["cifar100: its source file has no `texts`"]);
}

#[test]
fn a_killed_run_goes_on_and_ends_with_the_same_bytes() {
    let bench = Bench::new();
    let source = bench.source("tiny", MASSIVE);
    bench.run("runner", &["fetch", &source, "--encoders"]).fine();
    let jobs = |out: &str| {
        let out = bench.path(out).display().to_string();
        bench.run("runner", &["texts", &source, "--out", &out]).fine();
        format!("{out}/jobs.json")
    };
    let small = ["--shard", "1", "--batch", "1"];
    let undisturbed = jobs("undisturbed");
    bench.run("embed", &[&["jobs", &undisturbed], &small[..]].concat()).fine();
    let wanted = bench.embeddings("undisturbed");
    assert_eq!(wanted.len(), 3);

    let disturbed = jobs("disturbed");
    let embed = programs().join(format!("embed{}", std::env::consts::EXE_SUFFIX));
    let mut kills = 0;
    let start = Instant::now();
    // killed whenever another shard has been written, at whatever it is then doing, until it is done
    loop {
        assert!(start.elapsed() < Duration::from_secs(120), "no end in two minutes");
        let before = shards(&bench.path("disturbed"));
        let mut child = bench.call(&embed, &[&["jobs", &disturbed], &small[..]].concat());
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let done = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.success();
            }
            if kills < 4 && shards(&bench.path("disturbed")) > before + 2 {
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                break false;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        if done {
            break;
        }
    }
    assert!(kills > 0, "it was never caught at work");
    assert_eq!(bench.embeddings("disturbed"), wanted);
    println!("killed {kills} times");
}

/// Shards that wait to be joined.
fn shards(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let parts =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "parts"));
    parts
        .map(|path| {
            fs::read_dir(path).map_or(0, |files| {
                files.flatten().filter(|f| f.path().extension().is_some_and(|e| e == "safetensors")).count()
            })
        })
        .sum()
}
