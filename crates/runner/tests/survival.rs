//! Grids that outlive what happens to them: parts, kills, full disks, damage; the same records whoever computed them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::skip::skipped;
use common::{Bench, GRID, root, runner, same, text, text_of};
use runner::run::plan_file::PlanFile;
use store::cells::{State, Store};
use store::checksum;
use store::lock::Lock;

/// Cells of several kinds: with and without a base, a seed and a noise.
const MIXED: &str = "\
name: tiny
data:
  synthetic:
    recipe: {widths: [12, 12, 12], fit_rows: 120, test_rows: 40, classes: 4}
methods: [na, gpa, gcca, gcpa: {training: {released: {epochs: 1}}}, sumcor]
tasks: [retrieval, clustering: {restarts: 1, iterations: 3, seeds: [0]}]
noise: [none, permute: {fraction: 0.5, views: [v0]}]
seeds: [0, 1]
";

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn start(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .current_dir(root())
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn records_depend_on_neither_threads_nor_processes_nor_order_nor_interruption() {
    let one = Bench::new(MIXED);
    assert!(one.run(&["--threads", "1"]).status.success());
    let elsewhere = |name: &str| one.folder.path().join(name);
    let run = |out: &Path, more: &[&str]| {
        let output = runner(&[&["--grid", path(&one.grid()), "--out", path(out)], more].concat());
        assert!(output.status.success(), "{}", text_of(&output));
    };
    let merged = |out: &Path| {
        let plan = out.join("tiny/plan.json");
        let output = runner(&["merge", "--plan", path(&plan)]);
        assert!(output.status.success(), "{}", text_of(&output));
    };

    let two = elsewhere("two");
    run(&two, &["--threads", "2", "--jobs", "2"]);
    same(&one.out(), &two, "two jobs");

    let shards = elsewhere("shards");
    let children: Vec<Child> = (0..3)
        .map(|i| {
            let shard = format!("{i}/3");
            start(&["--grid", path(&one.grid()), "--out", path(&shards), "--threads", "1", "--shard", &shard])
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text_of(&output));
        assert!(text(&output.stderr).contains("when all shards have run: runner merge "));
    }
    assert!(!shards.join("tiny/records.csv").exists(), "a shard leaves tables to a merge");
    merged(&shards);
    same(&one.out(), &shards, "three processes at a time");

    let cells = elsewhere("cells");
    assert!(runner(&["plan", path(&one.grid()), "--out", path(&cells)]).status.success());
    let plan = cells.join("tiny/plan.json");
    let last = PlanFile::read(&plan).unwrap().cells.len() - 1;
    for indices in [format!("9-{last}"), "3,4".into(), "0-8".into()] {
        let output = runner(&["run-cell", "--plan", path(&plan), "--indices", &indices, "--threads", "2"]);
        assert!(output.status.success(), "{}", text_of(&output));
    }
    merged(&cells);
    same(&one.out(), &cells, "cells from the last to the first");

    let resumed = elsewhere("resumed");
    run(&resumed, &["--only", "method=gcpa,seed=1..1"]);
    let output = runner(&["resume", path(&one.grid()), "--out", path(&resumed)]);
    assert!(text(&output.stderr).contains(", 2 were done before"), "{}", text_of(&output));
    same(&one.out(), &resumed, "resumed");
}

#[test]
fn a_plan_says_what_is_done_and_refuses_to_be_stale() {
    let bench = Bench::new(GRID);
    let (grid, out) = (bench.grid(), bench.out());
    let plan = || runner(&["plan", path(&grid), "--out", path(&out)]);
    let first = text_of(&plan());
    assert!(first.contains("3 cells, 3 to do (nothing has run yet"), "{first}");
    let file = out.join("tiny/plan.json");
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let cell = &json["cells"][1];
    assert_eq!(
        (cell["index"].as_u64(), cell["state"].as_str(), cell["basis"].as_str()),
        (Some(1), Some("missing"), Some("work"))
    );
    assert!(json["grid"].as_str().unwrap().starts_with('/') && cell["memory_mb"].as_f64().unwrap() > 1.0);

    let run = |more: &[&str]| runner(&[&["run-cell", "--plan", path(&file)], more].concat());
    assert!(run(&["--index", "1"]).status.success());
    let again = text_of(&run(&["--index", "1"]));
    assert!(again.contains("nothing to do: all 1 cells of `tiny` are done"), "{again}");
    let beyond = run(&["--index", "3"]);
    assert!(text_of(&beyond).contains("--index 3: ") && beyond.status.code() == Some(2), "{}", text_of(&beyond));

    let merge = || runner(&["merge", "-q", "--plan", path(&file)]);
    let missing = merge();
    let said = text(&missing.stderr);
    assert_eq!(missing.status.code(), Some(1));
    assert!(said.contains("1 of 3 cells of `tiny` are done") && said.contains("  missing 0 ("), "{said}");
    assert!(said.contains("run-cell ") && said.trim_end().ends_with("--indices 0,2"), "{said}");
    assert!(out.join("tiny/tables/summary.md").exists(), "what is there has its tables");
    assert!(run(&["--indices", "0,2"]).status.success());
    assert!(merge().status.success());
    let done = text_of(&plan());
    assert!(done.contains("3 cells, 0 to do (nothing is left to do)"), "{done}");

    fs::write(&grid, GRID.replace("fit_rows: 120", "fit_rows: 121")).unwrap();
    let stale = text_of(&run(&["--index", "1"]));
    assert!(
        stale.contains("the data `synthetic` have changed since the plan was made; make it anew with `runner plan ")
    );
    fs::write(&grid, GRID.replace("[na, gpa", "[gpa, na")).unwrap();
    let stale = text_of(&merge());
    assert!(stale.contains("grid.yaml has changed since the plan was made"), "{stale}");
    fs::write(&file, "{").unwrap();
    assert!(text_of(&merge()).contains("cannot read the plan "));
}

#[test]
fn a_failed_cell_is_named_by_the_merge_and_ends_a_run_only_when_asked_to() {
    let bench = Bench::new(&GRID.replace("clustering]", "clustering: {k: 50}]"));
    let fast = bench.run(&["--fail-fast", "--jobs", "1"]);
    let said = text(&fast.stderr);
    assert_eq!(fast.status.code(), Some(1));
    assert!(
        said.contains("0 cells done, 1 failed") && said.contains("Stopped at a failure: 2 cells are left"),
        "{said}"
    );
    assert_eq!(bench.run(&["--keep-going"]).status.code(), Some(1));
    let merge = runner(&["merge", "--plan", path(&bench.out().join("tiny/plan.json"))]);
    let said = text(&merge.stderr);
    assert!(merge.status.code() == Some(1) && said.contains("  failed 2 ("), "{said}");
    assert!(said.contains("k-means: k = 50 for 40 points"), "{said}");
}

#[test]
fn two_runners_do_not_waste_work_on_one_folder() {
    let bench = Bench::new(GRID);
    let root = bench.out().join("tiny");
    fs::create_dir_all(&root).unwrap();
    let held = Lock::all(&root).unwrap();
    let error = bench.error(&[]);
    assert!(error.starts_with("error: another runner is at work here: process "), "{error}");
    assert_eq!(bench.run(&["--shard", "0/2"]).status.code(), Some(1));
    drop(held);
    let part = Lock::part(&root, None).unwrap();
    assert!(bench.error(&[]).starts_with("error: another runner is at work on parts of this grid"));
    assert!(bench.run(&["--shard", "0/2"]).status.success());
    drop(part);
    assert!(bench.run(&[]).status.success());
}

/// Cells whose records are in their place; every file there is whole.
fn whole(cells: &Path) -> BTreeSet<String> {
    let mut done = BTreeSet::new();
    for entry in fs::read_dir(cells).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let seal = checksum::check(&bytes).unwrap_or_else(|e| panic!("{name}: {e:#}"));
        if seal.facts.kind == "records" {
            done.insert(seal.facts.of);
        }
    }
    done
}

fn wait_for(child: &mut Child, ready: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !ready() {
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        assert!(Instant::now() < end, "nothing happens");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn the_first_interrupt_finishes_what_runs_and_the_second_abandons_it() {
    let slow = |method: &str| {
        let methods = format!("[{method}]");
        Bench::new(&format!("{}seeds: [0, 1, 2, 3, 4, 5]\n", GRID.replace("[na, gpa, gcca]", &methods)))
    };
    let bench = slow("gcpa: {training: {released: {epochs: 60}}}");
    let args =
        |bench: &Bench| ["--grid".to_string(), path(&bench.grid()).into(), "--out".into(), path(&bench.out()).into()];
    let run = |bench: &Bench| {
        let args = args(bench);
        let args: Vec<&str> = args.iter().map(String::as_str).chain(["--jobs", "1", "--durability", "cell"]).collect();
        start(&args)
    };
    let cells = bench.out().join("tiny/cells");
    let mut child = run(&bench);
    wait_for(&mut child, || whole(&cells).len() == 1);
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("Interrupted. Waiting for running cells to finish; press Ctrl-C again to stop now"),
        "{said}"
    );
    let done = whole(&cells).len();
    assert!(
        said.contains(&format!("Interrupted: {} cells are left; continue with: runner --grid ", 6 - done)),
        "{said}"
    );
    let resumed = bench.run(&[]);
    assert!(text(&resumed.stderr).contains(&format!("{done} were done before")), "{}", text_of(&resumed));

    let endless = slow(ENDLESS);
    let mut child = run(&endless);
    let cells = endless.out().join("tiny/cells");
    wait_for(&mut child, || cells.exists() && endless.out().join("tiny/plan.json").exists());
    // The cell begins right after the plan is written.
    std::thread::sleep(Duration::from_millis(500));
    signal(&child, "-TERM");
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "the cell that runs is waited for");
    signal(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("Interrupted: 6 cells are left; continue with: runner --grid "), "{said}");
    assert!(whole(&cells).is_empty());
}

#[test]
fn a_cell_that_takes_too_long_is_ended_and_says_so() {
    let bench = Bench::new(&GRID.replace("[na, gpa, gcca]", &format!("[na, {ENDLESS}]")));
    let output = bench.run(&["--timeout", "8"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("1 cells done, 1 failed") && said.contains("FAILED: timed out after 8 s"), "{said}");
    let records = bench.records("tiny");
    let failed = records.iter().find(|r| r.metric.is_none()).unwrap();
    assert_eq!((failed.method.as_deref(), failed.error.as_deref()), (Some("gcpa"), Some("timed out after 8 s")));
    // The same cell in this process has the same records.
    let store = Store::at(&bench.out().join("tiny"));
    let cell = &records.iter().find(|r| r.method.as_deref() == Some("na")).unwrap().cell;
    let own = store.records(cell).unwrap();
    assert!(bench.run(&["--only", "method=na", "--recompute"]).status.success());
    let values = |records: &[store::record::Record]| records.iter().map(|r| r.value).collect::<Vec<_>>();
    assert_eq!(values(&own), values(&store.records(cell).unwrap()));
}

fn flip(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn damage_is_found_named_and_mended_and_a_forged_record_is_found_by_computing_it_again() {
    let bench = Bench::new(GRID);
    assert!(bench.run(&[]).status.success());
    let root = bench.out().join("tiny");
    let store = Store::at(&root);
    let ids: Vec<String> = whole(&root.join("cells")).into_iter().collect();
    let verify = |more: &[&str]| runner(&[&["verify", path(&root)], more].concat());
    let fine = verify(&["--sample", "3"]);
    assert!(fine.status.success(), "{}", text_of(&fine));
    let said = text(&fine.stdout);
    assert!(said.contains("3 of them computed again (seed 0), 3 to be the same bit by bit"), "{said}");
    assert!(said.trim_end().ends_with("nothing is wrong"), "{said}");
    let by_grid = runner(&["verify", path(&bench.grid()), "--out", path(&bench.out()), "--sample", "0"]);
    assert!(by_grid.status.success(), "{}", text_of(&by_grid));

    let good = fs::read(store.cell(&ids[0], "")).unwrap();
    flip(&store.cell(&ids[0], ""));
    flip(&store.cell(&ids[1], ".scores"));
    let csv = fs::read_to_string(root.join("records.csv")).unwrap();
    fs::write(root.join("records.csv"), csv.replacen("0.", "1.", 1)).unwrap();
    let found = verify(&["--sample", "0"]);
    let said = text(&found.stderr);
    assert_eq!(found.status.code(), Some(1));
    for part in [format!("{}.parquet", ids[0]), format!("{}.scores.parquet", ids[1]), "records.csv does not".into()] {
        assert!(said.contains(&part), "{part}: {said}");
    }
    assert!(matches!(store.state(&ids[0]), State::Damaged(_)));
    let mended = bench.run(&[]);
    let said = text(&mended.stderr);
    assert!(said.contains("2 cells done, 0 failed, 1 were done before"), "{said}");
    for id in &ids[..2] {
        assert!(said.contains(&format!("cell {id} is computed anew")), "{said}");
    }
    assert!(verify(&["--sample", "0"]).status.success());
    assert_eq!(fs::read_to_string(root.join("records.csv")).unwrap().lines().count(), csv.lines().count());

    // A table that is altered or lost while all cells are sound.
    let sound = fs::read_to_string(root.join("records.csv")).unwrap();
    fs::write(root.join("records.csv"), sound.replacen("0.", "1.", 1)).unwrap();
    assert!(bench.run(&[]).status.success());
    assert!(fs::read_to_string(root.join("records.csv")).unwrap() == sound, "an altered table is written again");
    fs::remove_file(root.join("records.csv")).unwrap();
    let again = bench.run(&[]);
    assert!(again.status.success(), "{}", text_of(&again));
    assert!(fs::read_to_string(root.join("records.csv")).unwrap() == sound, "a lost table is written again");
    assert_ne!(good.len(), 0);

    // With its seal made anew the checksums are right, the figures are not.
    let mut records = store.records(&ids[2]).unwrap();
    let forged = records.iter_mut().find(|r| r.metric == Some(tasks::Metric::Rank1.into())).unwrap();
    forged.value = forged.value.map(|value| value + 1e-9);
    store.keep(&ids[2], &records, &store.series(&ids[2]).unwrap()).unwrap();
    assert!(bench.run(&[]).status.success());
    assert!(verify(&["--sample", "0"]).status.success(), "a forger makes the checksums right");
    let found = verify(&["--sample", "3", "--threads", "1"]);
    let said = text(&found.stderr);
    assert!(found.status.code() == Some(1) && said.contains(&format!("cell {} (", ids[2])), "{said}");
    assert!(said.contains("`value` of record"), "{said}");
}

/// A cell that no test waits for: the fast profile trains all its steps.
const ENDLESS: &str = "gcpa: {training: {fast: {epochs: 1000000}}}";

/// Sixty cells of some tens of milliseconds.
fn sixty(test_rows: usize) -> Bench {
    let seeds: Vec<String> = (0..30).map(|seed| seed.to_string()).collect();
    let grid = GRID
        .replace(
            "[na, gpa, gcca]",
            "[gcpa: {training: {released: {epochs: 6}}}, gcpa: {loss: {tau: 0.0}, training: {released: {epochs: 6}}}]",
        )
        .replace("clustering]", "clustering: {restarts: 1, iterations: 3, seeds: [0]}]");
    let grid = grid.replace("test_rows: 40", &format!("test_rows: {test_rows}"));
    Bench::new(&format!("{grid}seeds: [{}]\n", seeds.join(", ")))
}

/// Pseudo-random numbers of a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

#[test]
fn fifty_kills_lose_nothing_duplicate_nothing_and_change_nothing() {
    let reference = sixty(40);
    let begun = Instant::now();
    assert!(reference.run(&[]).status.success());
    let undisturbed = begun.elapsed();
    let bench = sixty(40);
    let cells = bench.out().join("tiny/cells");
    let (grid, out) = (bench.grid(), bench.out());
    let (mut dice, mut done, mut in_flight, mut left_over) = (Dice(7), BTreeSet::new(), 0, 0);
    for kill in 0..50 {
        // Most kills fall among cells; a batch of two seconds never comes to disk in so short a life.
        let durability = if kill % 5 == 4 { "batch" } else { "cell" };
        let args = ["--grid", path(&grid), "--out", path(&out), "--jobs", "2", "--threads", "2"];
        let mut child = start(&[&args[..], &["--durability", durability]].concat());
        std::thread::sleep(Duration::from_millis(dice.below(2 * undisturbed.as_millis() as u64 / 25) + 20));
        in_flight += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let now = whole(&cells);
        assert!(now.is_superset(&done), "kill {kill} lost {:?}", done.difference(&now));
        done = now;
        let parts = fs::read_dir(&cells).into_iter().flatten().flatten();
        left_over += parts.filter(|e| e.file_name().to_str().unwrap().ends_with(".part")).count();
    }
    assert!(in_flight >= 25, "{in_flight} of 50 kills met a run");
    assert!(left_over > 0, "no kill met a file that was being written: nothing was tried");
    let last = bench.run(&[]);
    assert!(last.status.success(), "{}", text_of(&last));
    assert_eq!(whole(&cells).len(), 60);
    let names = fs::read_dir(&cells).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    let rest: Vec<String> = names.filter(|name| name.starts_with('.')).collect();
    assert!(rest.is_empty(), "left over: {rest:?}");
    same(&reference.out(), &bench.out(), "after fifty kills");
}

/// A file system of so many kilobytes, gone at the end.
struct Tmpfs(PathBuf);

impl Tmpfs {
    fn mount(folder: &Path, kilobytes: u32) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let options = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(folder.to_path_buf()))
    }

    fn resize(&self, kilobytes: u32) {
        let options = format!("remount,size={kilobytes}k");
        assert!(Command::new("mount").args(["-o", &options]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_stops_with_what_was_kept() {
    let reference = sixty(160);
    assert!(reference.run(&[]).status.success());
    for durability in ["batch", "cell"] {
        let bench = sixty(160);
        let Some(disk) = Tmpfs::mount(&bench.out(), 1024) else {
            skipped("a full disk", "no tmpfs can be mounted here; it takes root");
            return;
        };
        // Half of it is taken, so that not all cells have room.
        fs::write(bench.out().join("taken"), vec![0; 512 * 1024]).unwrap();
        let full = bench.run(&["--durability", durability]);
        let said = text(&full.stderr);
        assert_eq!(full.status.code(), Some(5), "{said}");
        assert!(said.contains("No space left on device") && said.contains("what is finished is kept"), "{said}");
        let kept = whole(&bench.out().join("tiny/cells"));
        assert!(!kept.is_empty() && kept.len() < 60, "{} cells", kept.len());
        disk.resize(32 * 1024);
        let resumed = bench.run(&["--durability", durability]);
        let said = text(&resumed.stderr);
        assert!(resumed.status.success(), "{said}");
        assert!(said.contains(&format!("{} were done before", kept.len())), "{said}");
        same(&reference.out(), &bench.out(), "after a full disk");
    }
}

#[cfg(unix)]
#[test]
fn files_that_may_not_grow_stop_a_run_like_a_full_disk() {
    let bench = Bench::new(GRID);
    // Files of this process may have 4 kB; beyond, a write fails.
    let script = format!(
        "ulimit -f 4; trap '' XFSZ; exec {} --grid {} --out {}",
        env!("CARGO_BIN_EXE_runner"),
        path(&bench.grid()),
        path(&bench.out())
    );
    let output: Output = Command::new("bash").current_dir(root()).args(["-c", &script]).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("cannot write ") && said.contains("File too large"), "{said}");
    assert!(whole(&bench.out().join("tiny/cells")).len() < 3);
    assert!(bench.run(&[]).status.success());
}

#[test]
fn gnu_parallel_runs_the_cells_of_a_plan() {
    if Command::new("parallel").arg("--version").output().is_err() {
        skipped("a plan run by GNU parallel", "it is not installed (Debian: apt-get install parallel)");
        return;
    }
    let bench = Bench::new(MIXED);
    let reference = Bench::new(MIXED);
    assert!(reference.run(&[]).status.success());
    assert!(runner(&["plan", path(&bench.grid()), "--out", path(&bench.out())]).status.success());
    // The lines of docs/running.md.
    let script = "cells=$(grep -c '\"index\"' $OUT/tiny/plan.json)\n\
        seq 0 $((cells - 1)) | parallel --jobs 2 --joblog $OUT/tiny/jobs.log \
        runner run-cell --plan $OUT/tiny/plan.json --threads 1 --index {}\n\
        runner merge --plan $OUT/tiny/plan.json";
    let bin = Path::new(env!("CARGO_BIN_EXE_runner")).parent().unwrap();
    let search = format!("{}:{}", path(bin), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .current_dir(root())
        .args(["-ec", script])
        .env("PATH", search)
        .env("OUT", bench.out())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text_of(&output));
    same(&reference.out(), &bench.out(), "GNU parallel");
}

/// What the harness costs around cells that cost next to nothing. In an optimised build:
/// `cargo test --release -p polyalign-runner --test survival -- --ignored --nocapture`.
#[test]
#[ignore = "measures time: to be run in an optimised build on a quiet machine"]
fn two_thousand_trivial_cells_cost_little_and_are_found_done_at_once() {
    let seeds: Vec<String> = (0..1000).map(|seed| seed.to_string()).collect();
    let bench = Bench::new(&format!(
        "name: tiny\ndata:\n  synthetic:\n    recipe: {{widths: [4, 4, 4], fit_rows: 20, test_rows: 10, classes: 2}}\n\
         methods: [srm: {{features: 2}}, gpa: {{max_iter: 1}}]\ntasks: [retrieval]\nseeds: [{}]\n",
        seeds.join(", ")
    ));
    let timed = |more: &[&str]| {
        let begun = Instant::now();
        let output = bench.run(more);
        assert!(output.status.success(), "{}", text_of(&output));
        begun.elapsed().as_secs_f64()
    };
    for durability in ["batch", "cell"] {
        let first = timed(&["--durability", durability]);
        let cells = bench.records("tiny").iter().map(|r| r.cell.clone()).collect::<BTreeSet<_>>().len();
        assert_eq!(cells, 2000);
        let again = timed(&[]);
        println!(
            "{durability}: {first:.2} s, {:.2} ms a cell with fit, task, tables and figures; again: {again:.2} s",
            1e3 * first / 2000.0
        );
        if durability == "batch" {
            assert!(first / 2000.0 < 0.005 && again < 1.0, "too slow");
        }
        fs::remove_dir_all(bench.out()).unwrap();
    }
}
