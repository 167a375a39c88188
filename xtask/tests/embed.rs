//! `cargo xtask embed` from a hub on loopback to a grid's table: tables as the hub's converter writes them, tiny encoders.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{Bench, COMMIT};

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

/// Nobody builds `embed` for a GPU here.
#[test]
fn a_device_is_passed_on() {
    let bench = Bench::new();
    let said = bench.embed("tiny", MASSIVE, &["--device", "cuda:1", "--views", "en,fr"]);
    assert_eq!(said.code, 1);
    said.has(&["view `en`: --device: found `cuda:1`, and this program was built without the feature `cuda`"]);
    bench.embed("tiny", MASSIVE, &["--device", "cpu", "--views", "en,fr"]).fine();
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

/// The whole way, without a request for the encoder and without a copy of it.
#[cfg(unix)]
#[test]
fn an_encoder_of_the_hubs_cache_is_used_where_it_is() {
    const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba98";
    let bench = Bench::new();
    let cached = bench.path("hub/models--org--bert");
    let snapshot = cached.join("snapshots").join(OTHER);
    for folder in [&snapshot, &cached.join("blobs"), &cached.join("refs")] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(cached.join("refs/main"), OTHER).unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        let from = common::root().join("crates/embed/tests/golden/bert").join(file);
        let blob = files::checksum::sha256_file(&from).unwrap();
        fs::copy(from, cached.join("blobs").join(&blob)).unwrap();
        std::os::unix::fs::symlink(format!("../../blobs/{blob}"), snapshot.join(file)).unwrap();
    }
    let source = bench.source("tiny", MASSIVE);
    bench.run("runner", &["fetch", &source, "--encoders", "--views", "fr"]).fine();
    let said = bench.embed("tiny", MASSIVE, &["--views", "en,fr", "--offline"]).fine();
    said.has(&[&format!("org/bert: 4 files in the hub's cache, of commit {OTHER}")]);
    assert!(bench.manifest("tiny").contains(&format!("encoder: org/bert at {OTHER}, mean pooled")));
    assert!(!bench.hub.seen().iter().any(|request| request.path.contains("org/bert")));
    let own: Vec<_> = fs::read_dir(bench.path("cache/encoders/org--bert")).unwrap().flatten().collect();
    assert!(own.iter().all(|file| file.metadata().unwrap().len() < 4096), "a record and a lock, no copy: {own:?}");
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
    let (head, rest) = MASSIVE.split_once("texts:").unwrap();
    let views = &rest[rest.find("views:").unwrap()..];
    let bare = bench.source("tiny", &format!("{head}{views}"));
    let said = bench.run("runner", &["texts", &bare]);
    assert_eq!(said.code, 3);
    said.has(&["its source file has neither `texts` nor `items`"]);
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
    let kills = bench.killed(&[&["jobs", &disturbed], &small[..]].concat(), "disturbed");
    assert!(kills > 0, "it was never caught at work");
    assert_eq!(bench.embeddings("disturbed"), wanted);
    println!("killed {kills} times");
}
