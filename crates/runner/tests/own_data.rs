//! A user's own files: what is said before a wrong number is computed from them.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{number, runner, text_of};
use store::record::Record;

/// Values of item `i`, as encoder `seed` sees the same three hidden numbers.
fn row(i: usize, seed: usize, width: usize) -> Vec<String> {
    let entry = |j: usize| {
        let seen = |k: usize| number(3 * i + k + 1) * number(10_000 + 100 * seed + 10 * j + k);
        (0..3).map(seen).sum::<f64>() + 0.05 * number(20_000 + 1_000 * i + 10 * j + seed)
    };
    (0..width).map(|j| format!("{:.6}", entry(j))).collect()
}

/// Three files of `n` items, of which the last holds them in the order `order`; imported as `mine`.
fn import(folder: &Path, n: usize, order: impl Fn(usize) -> usize) -> String {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    let mut args: Vec<String> =
        ["import", "mine", "--overwrite", "--out", &path("mine.yaml")].map(String::from).to_vec();
    for (seed, (name, width)) in [("clip", 6), ("e5", 5), ("dino", 7)].into_iter().enumerate() {
        let at = |i: usize| if name == "dino" { order(i) } else { i };
        let head = (0..width).map(|j| format!("d{j}")).collect::<Vec<_>>().join(",");
        let lines: Vec<String> = (0..n).map(|i| row(at(i), seed + 1, width).join(",")).collect();
        fs::write(path(&format!("{name}.csv")), format!("{head}\n{}\n", lines.join("\n"))).unwrap();
        args.extend(["--view".to_string(), format!("{name}={}", path(&format!("{name}.csv")))]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = runner(&args);
    assert!(output.status.success(), "{}", text_of(&output));
    path("mine.yaml")
}

#[test]
fn files_in_different_orders_are_named_by_check_and_by_every_run() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = import(folder.path(), 300, |i| i);
    let said = text_of(&runner(&["check", &manifest]));
    assert!(said.contains("Rows of all views correspond.") && !said.contains("do not correspond"), "{said}");

    let manifest = import(folder.path(), 300, |i| (i + 1) % 300);
    let said = text_of(&runner(&["check", &manifest]));
    for pair in [
        "train: rows of `clip` do not correspond to those of `dino` (z = ",
        "of `e5` do not correspond to those of `dino`",
    ] {
        assert!(said.contains(pair), "{said}");
    }
    assert!(
        said.contains("check that row i is the same item in both files") && !said.contains("Nothing odd"),
        "{said}"
    );
    assert!(!said.contains("of `clip` do not correspond to those of `e5`"), "{said}");

    let bench = common::Bench::new(&format!("name: odd\ndata: {manifest}\nmethods: [gpa]\ntasks: [retrieval]\n"));
    let said = text_of(&bench.run(&[]));
    assert!(said.contains("train: rows of `clip` do not correspond to those of `dino` (z = "), "{said}");
    let of_order = |record: &&Record| record.metric.is_some_and(|metric| metric.to_string() == "unmatched_rows");
    let records = bench.records("odd");
    let mut found: Vec<(String, f64, u64)> = records
        .iter()
        .filter(of_order)
        .filter(|record| record.target.as_deref() == Some("train"))
        .map(|record| (record.source.clone().unwrap(), record.value.unwrap(), record.n.unwrap()))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let want = [("clip", 1.0, 2), ("dino", 2.0, 2), ("e5", 1.0, 2)];
    assert_eq!(found, want.map(|(view, count, of)| (view.to_string(), count, of)));
    let report = fs::read_to_string(bench.out().join("odd/report.md")).unwrap();
    assert!(report.contains("other views whose rows do not correspond in train: 1 to 2 of 2 per view"), "{report}");
}

#[test]
fn files_with_ids_are_joined_whatever_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let mut args: Vec<String> = ["import", "--name", "mine", "--out", &path("mine.yaml")].map(String::from).to_vec();
    for (seed, (name, width, pace)) in [("clip", 6, 1), ("e5", 5, 7), ("dino", 7, 11)].into_iter().enumerate() {
        let head = (0..width).map(|j| format!("d{j}")).collect::<Vec<_>>().join(",");
        // The second view lacks the items up to 20.
        let items = (0..300).map(|i| (i * pace) % 300).filter(|item| name != "e5" || *item > 20);
        let lines: Vec<String> =
            items.map(|item| format!("pic{item},{}", row(item, seed + 1, width).join(","))).collect();
        fs::write(path(&format!("{name}.csv")), format!("id,{head}\n{}\n", lines.join("\n"))).unwrap();
        args.extend(["--view".to_string(), format!("{name}={}#d*", path(&format!("{name}.csv")))]);
        args.extend(["--ids".to_string(), format!("{name}={}#id", path(&format!("{name}.csv")))]);
    }
    let output = runner(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let said = text_of(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("21 of 300 rows of `clip` are left out: other files lack their ids (`pic0` is not in `e5`)"),
        "{said}"
    );
    let said = text_of(&runner(&["check", &path("mine.yaml")]));
    assert!(said.contains("Rows of all views correspond."), "{said}");
    assert!(said.contains("21 of 300 rows of view `dino` are in no split"), "{said}");
    let short = path("short.csv");
    fs::write(&short, "id,d0\npic1,0.5\npic2,0.25\npic3,0.75\n").unwrap();
    let views = [format!("clip={}#d*", path("clip.csv")), format!("short={short}#d*")];
    let args = |ids: &[&str]| {
        let out = path("other.yaml");
        let fixed = ["import", "--name", "other", "--out", &out, "--view", &views[0], "--view", &views[1]];
        text_of(&runner(&[&fixed[..], ids].concat()))
    };
    let hint =
        "row i must be the same item in every view (files with ids can be joined: --ids NAME=FILE#PART for each)";
    let said = args(&[]);
    assert!(said.contains(hint), "{said}");
    let said = args(&["--ids", &format!("short={short}#id")]);
    assert!(
        said.contains(
            "view `clip` has no ids, and other files have; give it ids of its own (with --ids NAME=FILE#PART)"
        ),
        "{said}"
    );
}

/// Values of a picture, or of something said about it, as an encoder sees the same eight hidden numbers of it.
fn seen(picture: usize, own: usize, encoder: usize, width: usize) -> String {
    let entry = |j: usize| {
        let hidden = |k: usize| number(8 * picture + k + 1) * number(50_000 + 1_000 * encoder + 10 * j + k);
        (0..8).map(hidden).sum::<f64>() + 0.05 * number(100_000 + 31 * own + j + 7_919 * encoder)
    };
    (0..width).map(|j| format!("{:.6}", entry(j))).collect::<Vec<_>>().join(",")
}

/// Pictures with five captions each, in two files; imported with ids as `mine`.
fn captions(folder: &Path, pictures: usize) -> String {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    let head = |width: usize| (0..width).map(|j| format!("d{j}")).collect::<Vec<_>>().join(",");
    let of_pictures = (0..pictures).map(|picture| format!("pic{picture},{}\n", seen(picture, picture, 1, 12)));
    fs::write(path("clip.csv"), format!("id,{}\n{}", head(12), of_pictures.collect::<String>())).unwrap();
    let of_captions = (0..5 * pictures).map(|caption| (caption % pictures, caption));
    let of_captions = of_captions.map(|(picture, own)| format!("pic{picture},{}\n", seen(picture, own, 2, 10)));
    fs::write(path("bert.csv"), format!("id,{}\n{}", head(10), of_captions.collect::<String>())).unwrap();
    let named = ["clip", "bert"].map(|name| {
        (format!("{name}={}#d*", path(&format!("{name}.csv"))), format!("{name}={}#id", path(&format!("{name}.csv"))))
    });
    let out = path("mine.yaml");
    let mut args = vec!["import", "--name", "mine", "--out", &out, "--split", "0.6,0.4"];
    for (view, ids) in &named {
        args.extend(["--view", view, "--ids", ids]);
    }
    let output = runner(&args);
    assert!(output.status.success(), "{}", text_of(&output));
    assert!(text_of(&output).contains("note: items that share a row with an earlier item in"), "{}", text_of(&output));
    out
}

#[test]
fn five_captions_a_picture_come_out_as_in_the_field() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = captions(folder.path(), 100);
    let said = text_of(&runner(&["check", &manifest]));
    assert!(
        said.contains("note: test: 160 of 200 items of view `clip` share a row of its file with an earlier item"),
        "{said}"
    );
    assert!(said.contains("`retrieval: {positives: groups}` asks for each row once"), "{said}");
    assert!(!said.contains("repeat an earlier row exactly"), "{said}");

    let grid = format!(
        "name: fields\ndata: {manifest}\nmethods: [cca: {{ridge: 0.001}}, gcca: {{rank: 8}}]\ntasks: [retrieval: {{positives: groups}}, reid: {{by: groups}}]\n"
    );
    let bench = common::Bench::new(&grid);
    let said = text_of(&bench.run(&[]));
    let note =
        format!("note: {manifest}: items that share a row with an earlier item in test: 160 of 200 (view `clip`)");
    assert!(said.contains(&note), "{said}");
    assert!(!said.contains("as ties against the query: take"), "{said}");
    let records = bench.records("fields");
    let metric = |record: &Record| record.metric.map(|metric| metric.to_string()).unwrap_or_default();
    let mut found = 0;
    for record in records.iter().filter(|record| record.task.as_deref() == Some("retrieval")) {
        // Text to picture has a query for each caption, picture to text one for each picture.
        let queries = if record.source.as_deref() == Some("bert") { 200 } else { 40 };
        assert_eq!(record.n, Some(queries), "{record:?}");
        assert!(record.warnings.as_ref().is_none_or(|warnings| !warnings.contains("left out")), "{record:?}");
        let of_cca = record.method.as_deref() == Some("cca");
        if of_cca && ["rank1", "rank5", "rank10", "map", "ndcg10"].contains(&metric(record).as_str()) {
            assert!(record.value.is_some_and(|value| value > 0.985), "{record:?}");
            found += 1;
        }
    }
    assert_eq!(found, 2 * 5, "both directions");
    let reid = records.iter().filter(|record| record.method.as_deref() == Some("cca") && metric(record) == "cmc1");
    assert!(
        reid.clone().count() == 2 && reid.into_iter().all(|record| record.value.is_some_and(|value| value > 0.985))
    );
    let table = fs::read_to_string(bench.out().join("fields/tables/comparison_rank_1.md")).unwrap();
    assert!(table.contains("Items of one `id` are drawn together."), "{table}");
}

#[test]
fn copies_of_a_row_are_warned_of_and_groups_that_are_not_there_refused() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = captions(folder.path(), 60);
    let bench =
        common::Bench::new(&format!("name: items\ndata: {manifest}\nmethods: [pairwise]\ntasks: [retrieval]\n"));
    let said = text_of(&bench.run(&[]));
    let warning = "test: 120 items of view `clip` are 24 rows of its file; retrieval by item counts the copies of a row as ties against the query: take `retrieval: {positives: groups}`";
    assert!(said.contains(warning), "{said}");
    let ranks: Vec<f64> = bench
        .records("items")
        .iter()
        .filter(|record| {
            record.metric.is_some_and(|m| m.to_string() == "rank1") && record.target.as_deref() == Some("clip")
        })
        .filter_map(|record| record.value)
        .collect();
    assert_eq!(ranks, [0.0], "what a user saw before");
    let named = format!(
        "name: named\ndata: {manifest}\nmethods: [pairwise]\ntasks:\n  - retrieval: {{positives: {{groups: {{name: ids}}}}}}\n"
    );
    let said = common::Bench::new(&named).error(&[]);
    assert!(
        said.contains("tasks[0].retrieval.positives.groups.name: unknown grouping `ids`; did you mean `id`?"),
        "{said}"
    );

    let manifest = import(folder.path(), 60, |i| i);
    let grid = |task: &str| format!("name: none\ndata: {manifest}\nmethods: [pairwise]\ntasks:\n  - {task}\n");
    let said = common::Bench::new(&grid("retrieval: {positives: groups}")).error(&[]);
    assert!(said.contains("tasks[0].retrieval: needs groups, and `"), "{said}");
    assert!(said.contains("give them to `runner import` as `--groups NAME=FILE#PART`"), "{said}");
    let said = common::Bench::new(&grid("reid: {by: groups}")).error(&[]);
    assert!(said.contains("tasks[0].reid: needs groups, and `"), "{said}");
    let said = common::Bench::new(&grid("retrieval: {positives: labels}")).error(&[]);
    assert!(said.contains("tasks[0].retrieval: needs labels, and `"), "{said}");
}

/// Items of three groups: as [`row`], around one of four centres.
fn grouped_row(i: usize, seed: usize, width: usize) -> Vec<f32> {
    let entry = |j: usize| {
        let seen = |k: usize| {
            let hidden = number(3 * i + k + 1) + 1.5 * number(50_000 + 10 * (i % 4) + k);
            hidden * number(10_000 + 100 * seed + 10 * j + k)
        };
        ((0..3).map(seen).sum::<f64>() + 0.05 * number(20_000 + 1_000 * i + 10 * j + seed)) as f32
    };
    (0..width).map(entry).collect()
}

/// Whether an encoder has an item: each misses 8 of 100.
fn has(seed: usize, item: usize) -> bool {
    (item * 37 + seed * 29) % 100 >= 8
}

/// An npy file of f32.
fn write_npy(path: &str, rows: &[Vec<f32>]) {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows.len(), rows[0].len());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|x| x.to_le_bytes()));
    fs::write(path, bytes).unwrap();
}

const VIEWS: [(&str, usize); 3] = [("clip", 6), ("e5", 5), ("dino", 7)];

/// Three files of 400 items, `fill` in place of the rows that an encoder misses; none where all are there. Labels.
fn write_views(folder: &Path, fill: Option<f32>) -> Vec<String> {
    let path = |name: String| folder.join(name).to_str().unwrap().to_string();
    let mut args = Vec::new();
    for (seed, (name, width)) in VIEWS.into_iter().enumerate() {
        let row = |item: usize| match fill {
            Some(fill) if !has(seed, item) => vec![fill; width],
            _ => grouped_row(item, seed + 1, width),
        };
        write_npy(&path(format!("{name}.npy")), &(0..400).map(row).collect::<Vec<_>>());
        args.extend(["--view".to_string(), format!("{name}={}", path(format!("{name}.npy")))]);
    }
    let labels = path("y.txt".to_string());
    fs::write(&labels, (0..400).map(|item| format!("{}\n", ["a", "b", "c", "d"][item % 4])).collect::<String>())
        .unwrap();
    args.extend(["--labels".to_string(), format!("y={labels}")]);
    args
}

fn import_as(folder: &Path, name: &str, args: &[String], more: &[&str]) -> (bool, String) {
    let out = folder.join(format!("{name}.yaml")).to_str().unwrap().to_string();
    let mut all = vec!["import", name, "--overwrite", "--out", &out];
    all.extend(args.iter().map(String::as_str));
    all.extend(more);
    let output = runner(&all);
    (output.status.success(), text_of(&output))
}

const METHODS: &str = "methods: [na, pairwise, cca, gpa, gcca, pivot, sumcor, srm, consensus_ridge, add_view, gcpa: {training: {fast: {epochs: 1}}}]";
const TASKS: &str = "tasks: [retrieval, clustering, consistency, drift, probing, stitching, cycle, reid, hubness, similarity: {permutations: 9}]";

/// The records of a grid of every task on a manifest.
fn records_of(manifest: &Path) -> (Vec<Record>, common::Bench) {
    let text = format!("name: mine\ndata: {}\n{METHODS}\n{TASKS}\n", manifest.display());
    let bench = common::Bench::new(&text);
    let output = bench.run(&[]);
    assert!(output.status.success(), "{}", text_of(&output));
    (bench.records("mine"), bench)
}

#[test]
fn missing_rows_leave_results_close_and_what_stands_in_them_changes_no_bit() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let full = write_views(folder.path(), None);
    assert!(import_as(folder.path(), "full", &full, &[]).0);
    let (full, _full_bench) = records_of(&at("full.yaml"));

    let args = write_views(folder.path(), Some(f32::NAN));
    let (fine, said) = import_as(folder.path(), "holes", &args, &[]);
    assert!(
        !fine
            && said.contains("clip.npy: all 6 values of row ")
            && said.contains("(with `runner import --allow-missing`)"),
        "{said}"
    );
    let (fine, said) = import_as(folder.path(), "holes", &args, &["--allow-missing"]);
    assert!(
        fine && said.contains("warning: missing items in train: ")
            && said.contains("items that some view misses in test: "),
        "{said}"
    );
    let said = text_of(&runner(&["check", at("holes.yaml").to_str().unwrap()]));
    assert!(
        said.contains(" missing |") && said.contains("%)") && said.contains(" of 80 items are in all views"),
        "{said}"
    );
    assert!(said.contains("Rows of all views correspond."), "{said}");
    let (holes, bench) = records_of(&at("holes.yaml"));
    let report = fs::read_to_string(bench.out().join("mine/report.md")).unwrap();
    assert!(report.contains("items that some view misses in test: "), "{report}");

    // Every value that there was is there, as a number, near what it was, of fewer items.
    let key = |record: &Record| {
        let metric = record.metric.map(|metric| metric.to_string());
        (record.method.clone(), record.task.clone(), record.space, record.source.clone(), record.target.clone(), metric)
    };
    let of_tasks = |record: &&Record| record.task.as_deref() != Some("data");
    let mut compared = 0;
    for record in full.iter().filter(of_tasks) {
        let name = record.metric.map(|metric| metric.to_string()).unwrap_or_default();
        let other = holes.iter().find(|other| key(other) == key(record));
        let other = other.unwrap_or_else(|| panic!("no {:?}", key(record)));
        assert_eq!(record.value.is_some(), other.value.is_some(), "{:?}: {:?}", key(record), other.error);
        let (Some(value), Some(near)) = (record.value, other.value) else { continue };
        assert!(near.is_finite() && other.n < record.n, "{:?}", key(record));
        if ["mrr", "accuracy", "gamma_mean", "cka", "map", "rank10"].contains(&name.as_str()) {
            assert!((value - near).abs() < 0.15, "{:?}: {value} {near}", key(record));
            compared += 1;
        }
    }
    assert!(compared > 200, "{compared}");
    let counted = |name: &str| {
        let of = |record: &&Record| record.metric.is_some_and(|metric| metric.to_string() == name);
        holes.iter().filter(of).map(|record| (record.value.unwrap(), record.n.unwrap())).collect::<Vec<_>>()
    };
    assert!(
        counted("missing_rows").len() == 6 && counted("incomplete_items").len() == 2,
        "{:?}",
        counted("missing_rows")
    );

    // Other values in the rows that are missing, of which the manifest says nothing but that they are.
    let text = fs::read_to_string(at("holes.yaml")).unwrap();
    let text: String = text.lines().filter(|line| !line.contains("sha256")).map(|line| format!("{line}\n")).collect();
    fs::write(at("holes.yaml"), text).unwrap();
    drop(write_views(folder.path(), Some(1e9)));
    let (garbage, _garbage_bench) = records_of(&at("holes.yaml"));
    let bits = |records: &[Record]| -> Vec<_> {
        let bits = |record: &Record| (key(record), record.value.map(f64::to_bits), record.n, record.error.clone());
        records.iter().map(bits).collect()
    };
    assert!(bits(&garbage) == bits(&holes));
}

#[test]
fn a_leaderboard_runs_a_grid_on_every_fold() {
    let folder = tempfile::tempdir().unwrap();
    let args = write_views(folder.path(), None);
    let (fine, said) = import_as(folder.path(), "mine", &args, &["--folds", "3", "--stratify"]);
    assert!(fine && said.contains("mine.fold3.yaml: train 26"), "{said}");
    assert!(said.contains("stratified by `y`: the shares of a class differ by at most 0."), "{said}");
    let grid = "name: tiny\ndata: mine.fold1.yaml\nmethods: [na: {scale: zscore}, gpa, gcca]\ntasks: [clustering]\n";
    fs::write(folder.path().join("grid.yaml"), grid).unwrap();
    let board =
        "name: folds\ntitle: Folds\ngrids: [grid.yaml]\ndata: [mine.fold1.yaml, mine.fold2.yaml, mine.fold3.yaml]\n";
    fs::write(folder.path().join("folds.yaml"), board).unwrap();
    let (file, out) = (folder.path().join("folds.yaml"), folder.path().join("out"));
    let output = runner(&["leaderboard", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text_of(&output));
    for fold in 1..=3 {
        assert!(out.join(format!("tiny-mine-fold{fold}/records.parquet")).exists());
    }
    let table = fs::read_to_string(out.join("folds/tables/leaderboard.md")).unwrap();
    assert!(["mine.fold1", "mine.fold2", "mine.fold3"].iter().all(|fold| table.contains(fold)), "{table}");

    // The table of means: a row for each setting, with the mean and the standard deviation of the values on the folds.
    let means = common::table(&out.join("folds/tables/means.csv"));
    let headers = ["measure", "views", "method", "mean", "SD", "behind the best"];
    assert_eq!(means[0][..6], headers);
    assert_eq!(means[0][6..], ["mine.fold1", "mine.fold2", "mine.fold3"]);
    assert_eq!(means.len(), 1 + 3, "{means:?}");
    let number = |text: &str| text.split(' ').next().unwrap().parse::<f64>().unwrap();
    let mut last = f64::INFINITY;
    for row in &means[1..] {
        let values: Vec<f64> = row[6..].iter().map(|value| number(value)).collect();
        let mean = values.iter().sum::<f64>() / 3.0;
        let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
        assert!((number(&row[3]) - mean).abs() < 2e-3 && (number(&row[4]) - deviation).abs() < 2e-3, "{row:?}");
        assert!(number(&row[3]) <= last, "the best mean comes first: {means:?}");
        last = number(&row[3]);
    }
    assert!(said.contains("data: [") && said.contains("mine.fold3.yaml]"), "{said}");
    assert!(text_of(&output).contains("means over 3 data sets"), "{}", text_of(&output));
}
