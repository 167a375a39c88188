//! `runner upgrade`: the decision on real encoders and on generated ones, its page, its files, and errors.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod common;

use std::fs;
use std::process::Output;

use common::{Bench, number, runner, text, text_of};
use serde_json::Value;
use tempfile::TempDir;

const FEW: &str = "--methods pairwise --budget 4 --folds 2 --resamples 200";

/// Runs a command whose `@` stands for the folder.
fn within(folder: &TempDir, line: &str) -> Output {
    let folder = format!("{}/", folder.path().display());
    let words: Vec<String> = line.split_whitespace().map(|word| word.replace('@', &folder)).collect();
    runner(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn ok(folder: &TempDir, line: &str) -> String {
    let output = within(folder, line);
    assert!(output.status.success(), "{line}: {}", text_of(&output));
    text(&output.stdout)
}

fn refused(folder: &TempDir, line: &str) -> (i32, String) {
    let output = within(folder, line);
    (output.status.code().unwrap(), text(&output.stderr))
}

fn decided(folder: &TempDir, line: &str) -> Value {
    serde_json::from_str(&ok(folder, &format!("{line} --format json --quiet"))).unwrap()
}

fn strategy<'d>(document: &'d Value, name: &str) -> &'d Value {
    document["strategies"].as_array().unwrap().iter().find(|it| it["strategy"] == name).unwrap()
}

fn near(value: &Value, want: f64) {
    assert!((value.as_f64().unwrap() - want).abs() < 1e-4, "{value}, expected {want}");
}

/// mpnet does not beat L6 on these queries (data/scifact5/README.md), so there is nothing to map.
#[test]
fn a_sideways_upgrade_is_none_and_the_page_says_stay() {
    let folder = tempfile::tempdir().unwrap();
    let pair = "upgrade scifact5 --from all-minilm-l6-v2 --to all-mpnet-base-v2";
    let costs = "--documents 10000000 --price-per-million 20 --seconds-per-thousand 3";
    let page = ok(&folder, &format!("{pair} {FEW} {costs} --out @a"));
    for said in [
        "Upgrade of all-minilm-l6-v2 to all-mpnet-base-v2\n",
        "5,183 documents, 300 queries with a relevant one, 500 pairs",
        "STAY: KEEP THE OLD QUERIES AND THE OLD DOCUMENTS\n",
        "re-embed − stay of nDCG@10 is -0.005 [",
        "300 queries are too few to know: a gain of re-embedding of up to +0.0",
        "judged queries are needed",
        "The map does not help either: mapped − stay is -0.1",
        "share of the upgrade kept, (mapped − stay) / (re-embed − stay): undefined: ",
        "a price of 200 and 8.3 hours of embedding for 10,000,000 documents",
        "90% of the score with all pairs needs about ",
        "query (id)",
        "agreement of two halves",
        "runner translate ",
        "runner export-map ",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("naive:"), "the widths differ: {page}");
    // The page has the same content in every form, and a second run does not overwrite it.
    let read = |name: &str| fs::read_to_string(folder.path().join("a").join(name)).unwrap();
    let (html, markdown) = (read("upgrade.html"), read("upgrade.md"));
    assert!(html.contains("<h3>Stay: keep the old queries and the old documents</h3>") && html.contains("<svg"));
    assert!(!html.contains("src=") && !html.contains("href=\"http"), "the page needs no other file");
    assert!(markdown.contains("**Stay: keep the old queries and the old documents**"), "{markdown}");
    assert!(markdown.contains("](upgrade_pairs.svg)") && read("upgrade_pairs.svg").starts_with("<svg"), "{markdown}");
    let (code, error) = refused(&folder, &format!("{pair} {FEW} --out @a"));
    assert!(code == 5 && error.contains("map.safetensors"), "{code}: {error}");

    let document = decided(&folder, &format!("{pair} {FEW} --out @b"));
    assert_eq!((&document["decision"], &document["settled"]), (&"stay".into(), &false.into()));
    assert!(document["needed_queries"]["queries"].as_u64().unwrap() > 300);
    near(&strategy(&document, "stay")["ndcg10"], 0.6498);
    near(&strategy(&document, "re-embed")["ndcg10"], 0.6446);
    near(&strategy(&document, "re-embed")["recall10"], 0.7866);
    near(&document["upgrade"]["estimate"], 0.6446 - 0.6498);
    assert!(document["share_kept"]["problem"].as_str().unwrap().contains("so stay"));
    assert_eq!(document["curve"].as_array().unwrap().last().unwrap()["pairs"], 500);
    assert_eq!(document["worst"].as_array().unwrap().len(), 10);
    // Confidences of single queries, with what they are worth.
    let confidences = document["confidence"].as_array().unwrap();
    assert_eq!(confidences.len(), 2);
    for it in confidences {
        let of = |key: &str| it[key].as_f64().unwrap();
        assert!(of("oracle") < of("aurc") && of("aurc") < of("random"), "{}", it["confidence"]);
        assert!((of("random") - (1.0 - strategy(&document, "mapped")["ndcg10"].as_f64().unwrap())).abs() < 1e-6);
        assert_eq!(it["values"].as_array().unwrap().len(), 300);
    }
    // Seconds aside, the same request gives the same map.
    let bytes = |name: &str| fs::read(folder.path().join(name).join("map.safetensors")).unwrap();
    assert!(bytes("a") == bytes("b"));
}

/// An index by GloVe is so poor that even a map of a good model finds little in it.
#[test]
fn a_poor_index_is_no_place_for_a_map() {
    let folder = tempfile::tempdir().unwrap();
    let document =
        decided(&folder, &format!("upgrade scifact5 --from glove-6b-50d --to use-multilingual-v3 {FEW} --out @a"));
    assert_eq!(document["decision"], "re-embed");
    near(&strategy(&document, "stay")["ndcg10"], 0.1152);
    near(&strategy(&document, "re-embed")["ndcg10"], 0.3859);
}

/// L3 to L6 is an upgrade, and 500 pairs do not keep it.
#[test]
fn a_map_that_fails_leaves_the_upgrade_to_re_embedding() {
    let folder = tempfile::tempdir().unwrap();
    let pair = "upgrade scifact5 --from paraphrase-minilm-l3-v2 --to all-minilm-l6-v2";
    let document = decided(&folder, &format!("{pair} {FEW} --out @a"));
    assert_eq!((&document["decision"], &document["settled"]), (&"re-embed".into(), &true.into()));
    assert!(document["gain"]["interval"][1].as_f64().unwrap() < 0.0);
    assert!(document["upgrade"]["interval"][0].as_f64().unwrap() > 0.0);
    near(&strategy(&document, "naive")["ndcg10"], 0.1479);
    near(&strategy(&document, "stay")["ndcg10"], 0.5570);
    // The pairs choose the rotation of rows as they are: "P 500" of the page of the data, which is better than "P 500 c".
    assert_eq!(document["chosen"]["pairwise"]["columns"], "none");
    let mapped = strategy(&document, "mapped")["ndcg10"].as_f64().unwrap();
    assert!((mapped - 0.4213).abs() < 1e-3, "{mapped}");
    let share = document["reembed_share"]["estimate"].as_f64().unwrap();
    assert!((share - 0.648).abs() < 2e-3, "{share}");
    assert_eq!(document["needed_queries"], Value::Null);
}

/// A manifest of generated encoders: `old` embeds queries badly, `new` embeds them well, and both embed documents well.
fn generated(folder: &TempDir, pairs: usize, relevance: usize) -> String {
    let (documents, queries, hidden) = (pairs + 60, 60, 6);
    let truth = |item: usize, k: usize| number(1 + hidden * item + k);
    let write = |name: &str, width: usize, rows: Vec<Vec<f64>>, seed: usize| {
        let head = (0..width).map(|j| format!("d{j}")).collect::<Vec<_>>().join(",");
        let seen = |row: &Vec<f64>, j: usize| -> f64 {
            row.iter().enumerate().map(|(k, x)| x * number(500_000 + 1_000 * seed + 10 * j + k)).sum()
        };
        let line = |row: &Vec<f64>| (0..width).map(|j| format!("{:.6}", seen(row, j))).collect::<Vec<_>>().join(",");
        let lines: Vec<String> = rows.iter().map(line).collect();
        fs::write(folder.path().join(name), format!("{head}\n{}\n", lines.join("\n"))).unwrap();
    };
    let rows = |range: std::ops::Range<usize>, noise: f64, draw: usize| -> Vec<Vec<f64>> {
        let entry = |item: usize, k: usize| truth(item, k) + noise * number(draw + hidden * item + k);
        range.map(|item| (0..hidden).map(|k| entry(item, k)).collect()).collect()
    };
    let mut args = "import made --judgements @judged.tsv --out @made.yaml".to_string();
    for (seed, (name, width, of_queries)) in [("old", 8, 1.0), ("new", 12, 0.1)].into_iter().enumerate() {
        let draw = 1_000_000 * (seed + 1);
        write(&format!("{name}.train.csv"), width, rows(0..pairs, 0.02, draw), seed);
        write(&format!("{name}.test.csv"), width, rows(pairs..documents, 0.02, draw), seed);
        write(&format!("{name}.queries.csv"), width, rows(documents - queries..documents, of_queries, draw + 7), seed);
        args += &format!(" --view {name}=@{name}.train.csv --test-view {name}=@{name}.test.csv");
        args += &format!(" --queries {name}=@{name}.queries.csv");
    }
    let judged: Vec<String> = (0..queries).map(|query| format!("{query}\t{}\t{relevance}", pairs + query)).collect();
    fs::write(folder.path().join("judged.tsv"), judged.join("\n") + "\n").unwrap();
    ok(folder, &args);
    "@made.yaml".to_string()
}

#[test]
fn a_map_that_beats_the_old_model_is_the_decision_with_the_share_that_it_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = generated(&folder, 90, 1);
    let line = format!(
        "upgrade {manifest} --from old --to new --methods pairwise,low_rank_affine --budget 4 --folds 3 --resamples 200"
    );
    let document = decided(&folder, &format!("{line} --out @a"));
    assert_eq!((&document["decision"], &document["settled"]), (&"map".into(), &true.into()), "{document:#}");
    let kept = &document["share_kept"];
    let (share, low) = (kept["estimate"].as_f64().unwrap(), kept["interval"][0].as_f64().unwrap());
    assert!(share > 0.5 && low > 0.0 && low < share, "{kept}");
    let page = ok(&folder, &format!("{line} --out @b"));
    for said in [
        "MAP: SERVE NEW QUERIES THROUGH THE MAP",
        "Mapped queries beat the old model: ",
        "The map keeps ",
        "the index stays as it is",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // The map's file maps the queries.
    let mapped = "--from new --to old --input @new.queries.csv --out @mapped.npy";
    ok(&folder, &format!("translate @a/map.safetensors {mapped}"));
    assert!(folder.path().join("mapped.npy").exists());
}

/// With `confidence` a grid has the area under the curve of risk as a metric, and the curve as a figure.
#[test]
fn a_grid_with_confidence_draws_risk_by_coverage() {
    let grid = "name: tiny\ndata: {synthetic: {seed: 7, recipe: {widths: [12, 12, 8], fit_rows: 80, test_rows: 40, queries: 20}}}\n\
                methods: [pairwise: {columns: centre}, gcca]\ntasks: [upgrade: {resamples: 20, confidence: true}]\nseeds: [0]\n";
    let bench = Bench::new(grid);
    let output = bench.run(&[]);
    assert!(output.status.success(), "{}", text_of(&output));
    let records = bench.records("tiny");
    let of = |name: &str| {
        let named = |r: &&store::record::Record| r.metric.is_some_and(|metric| metric.to_string() == name);
        records.iter().filter(named).filter_map(|r| r.value).collect::<Vec<f64>>()
    };
    for name in ["pair_distance", "aurc", "aurc_low", "aurc_high", "aurc_random", "aurc_oracle"] {
        // Six ordered pairs, of the rotation in one space and of the universe in two.
        assert_eq!(of(name).len(), 18, "{name}");
    }
    assert!(of("aurc").iter().zip(of("aurc_oracle")).all(|(aurc, oracle)| *aurc >= oracle - 1e-12));
    let svg = fs::read_to_string(bench.out().join("tiny/figures/aurc_by_coverage.svg")).unwrap();
    assert!(svg.contains("risk of mapped queries by coverage"), "the title");
}

#[test]
fn questions_without_an_answer_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for (line, code, said) in [
        (
            "upgrade scifact5 --from use-multilingual-v3 --to use-multilingual-v3",
            2,
            "are both `use-multilingual-v3`; name the old model and the new one",
        ),
        ("upgrade scifact5 --from glove --to all-mpnet-base-v2", 3, "glove"),
        ("upgrade massive10 --from en --to fr", 3, "found no queries with judgements, expected `roles` with `queries`"),
        ("upgrade nowhere.yaml --from a --to b", 4, "nowhere.yaml"),
        ("upgrade scifact5 --from all-minilm-l6-v2 --to all-mpnet-base-v2 --methods pairwize", 2, "pairwise"),
        ("upgrade scifact5 --from all-minilm-l6-v2 --to all-mpnet-base-v2 --methods na", 3, "na: "),
        ("upgrade scifact5 --from all-minilm-l6-v2 --to all-mpnet-base-v2 --price-per-million -3", 2, "-3"),
        (
            "upgrade scifact5 --from all-minilm-l6-v2 --to all-mpnet-base-v2 --methods pairwise --resamples 0",
            2,
            "--resamples is 0, expected 20 to 100000",
        ),
        (
            "upgrade scifact5 --from all-minilm-l6-v2 --to all-mpnet-base-v2 --methods pairwise --resamples 99999999999",
            2,
            "--resamples is 99999999999, expected 20 to 100000",
        ),
    ] {
        let (got, error) = refused(&folder, &format!("{line} --out @none"));
        assert!(got == code && error.contains(said), "{line}: {got}: {error}");
        assert!(!folder.path().join("none").exists(), "{line}");
    }
    let manifest = generated(&folder, 90, 0);
    let (code, error) = refused(&folder, &format!("upgrade {manifest} --from old --to new --out @none"));
    assert!(
        code == 3 && error.contains("found 0 queries with a relevant document, expected at least 2"),
        "{code}: {error}"
    );
    let few = tempfile::tempdir().unwrap();
    let manifest = generated(&few, 15, 1);
    let (code, error) = refused(&few, &format!("upgrade {manifest} --from old --to new --out @none"));
    assert!(
        code == 3 && error.contains("found 15 pairs that both models have, expected at least 20"),
        "{code}: {error}"
    );
}
