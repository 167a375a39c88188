//! What is trusted: what a cell's process kept and not what it said, outputs by their checksums, one writer at a time.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Bench, GRID, root, runner, text, text_of};
use store::lock::{Lock, Turn};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn start(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.current_dir(root()).args(args).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn a_cell_in_a_process_of_its_own_is_judged_by_what_it_kept_and_not_by_what_it_said() {
    let bench = Bench::new(GRID);
    let folder = bench.folder.path();
    let number = |i: usize| ((i as f64 * 12.9898).sin() * 43_758.545_3).rem_euclid(1.0) - 0.5;
    for (view, start) in [("a", 1), ("b", 2)] {
        let row = |item: usize| match item {
            // What is remarked upon at every load, with the view's name.
            0 => "0,0,0\n".to_string(),
            _ => format!("{},{},{}\n", number(start * 7 * item), number(item), number(item + 99)),
        };
        let rows: String = (0..80).map(row).collect();
        fs::write(folder.join(format!("{view}.csv")), format!("x0,x1,x2\n{rows}")).unwrap();
    }
    let classes: String = (0..80).map(|item| format!("{}\n", item % 4)).collect();
    fs::write(folder.join("y.csv"), format!("class\n{classes}")).unwrap();
    let file = |name: &str| folder.join(name).display().to_string();
    let views = [format!("error: a={}#x*", file("a.csv")), format!("b={}#x*", file("b.csv"))];
    let (labels, manifest) = (format!("class={}#class", file("y.csv")), file("mine.yaml"));
    let made = runner(&[
        "import", "--name", "mine", "--view", &views[0], "--view", &views[1], "--labels", &labels, "--out", &manifest,
    ]);
    assert!(made.status.success(), "{}", text_of(&made));
    let grid = "name: tiny\ndata: mine.yaml\nmethods: [na, gpa]\ntasks: [retrieval, clustering: {k: 70}]\n";
    fs::write(bench.grid(), grid).unwrap();
    let output = bench.run(&["--timeout", "60"]);
    let said = text_of(&output);
    assert!(said.contains("`error: a`"), "it is said: {said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    let records = bench.records("tiny");
    let failed: Vec<&str> = records.iter().filter(|r| r.metric.is_none()).filter_map(|r| r.error.as_deref()).collect();
    assert!(failed.len() == 2 && failed.iter().all(|why| why.starts_with("k-means: k = 70 for ")), "{failed:?}");
    assert!(records.iter().any(|r| r.metric == Some(tasks::Metric::Rank1.into())), "the other task is kept");
    fs::write(bench.grid(), grid.replace("k: 70", "k: 4")).unwrap();
    let output = bench.run(&["--timeout", "60"]);
    assert!(output.status.success(), "{}", text_of(&output));

    // Nobody but a run starts such processes.
    let plan = bench.out().join("tiny/plan.json");
    let alone = runner(&["run-cell", "--plan", path(&plan), "--index", "0", "--within-run", "host-1-0123456789abcdef"]);
    assert_eq!(alone.status.code(), Some(1));
    let refused = "error: no run `host-1-0123456789abcdef` is at work on ";
    assert!(text(&alone.stderr).lines().any(|line| line.starts_with(refused)), "{}", text_of(&alone));
}

#[test]
fn an_edited_output_is_made_anew_however_long_it_is() {
    let bench = Bench::new(GRID);
    assert!(bench.run(&[]).status.success());
    let table = bench.out().join("tiny/tables/summary.md");
    let before = fs::read_to_string(&table).unwrap();
    let time = fs::metadata(&table).unwrap().modified().unwrap();
    let edited = before.replacen("0.", "9.", 1);
    assert!(edited != before && edited.len() == before.len());
    fs::write(&table, &edited).unwrap();
    fs::File::options().write(true).open(&table).unwrap().set_modified(time).unwrap();
    let again = bench.run(&[]);
    assert!(text(&again.stderr).contains("nothing to do"), "{}", text_of(&again));
    assert_eq!(fs::read_to_string(&table).unwrap(), before);
    let written = fs::metadata(&table).unwrap().modified().unwrap();
    assert!(bench.run(&[]).status.success());
    assert_eq!(fs::metadata(&table).unwrap().modified().unwrap(), written, "what is as it was is left alone");
    let about = bench.out().join("tiny/about.json");
    let before = fs::read(&about).unwrap();
    fs::write(&about, "x").unwrap();
    let report = runner(&["report", path(&bench.out().join("tiny"))]);
    assert!(text_of(&report).contains("run its grid again"), "{}", text_of(&report));
    assert!(bench.run(&[]).status.success());
    assert_eq!(fs::read(&about).unwrap(), before, "what the message says helps");
}

#[test]
fn whoever_writes_tables_waits_for_whoever_does() {
    let bench = Bench::new(GRID);
    assert!(bench.run(&[]).status.success());
    let results = bench.out().join("tiny");
    let plan = results.join("plan.json");
    let turn = Lock::turn(&results, Turn::Outputs).unwrap();
    let (grid, out) = (bench.grid(), bench.out());
    let waiting: [&[&str]; 3] =
        [&["merge", "--plan", path(&plan)], &["report", path(&results)], &["--grid", path(&grid), "--out", path(&out)]];
    let mut children = waiting.map(start);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(children.iter_mut().all(|child| child.try_wait().unwrap().is_none()), "they wait");
    drop(turn);
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text_of(&output));
        assert!(text(&output.stderr).contains("writes tables and figures here"), "{}", text_of(&output));
    }
    let left = fs::read_dir(&results).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    assert!(left.filter(|name| name.starts_with(".attempt")).count() == 0, "who is done leaves nothing");
}

#[test]
fn records_that_were_edited_and_sealed_anew_are_refused_with_their_file_and_row() {
    let bench = Bench::new(GRID);
    assert!(bench.run(&[]).status.success());
    let root = bench.out().join("tiny");
    let (store, records) = (store::cells::Store::at(&root), bench.records("tiny"));
    let at = records.iter().position(|record| record.metric == Some(tasks::Metric::Rank1.into())).unwrap();
    let report = |edit: &dyn Fn(&mut store::record::Record)| {
        let mut edited = records.clone();
        edit(&mut edited[at]);
        store.write_records(&edited, None).unwrap();
        let output = runner(&["report", path(&root)]);
        assert_eq!(output.status.code(), Some(3), "{}", text_of(&output));
        text(&output.stderr)
    };
    let place = format!("records.parquet cannot be read; run its grid again: record {at} (counted from 0, cell ");
    for (value, shown) in [(-1.0, "-1"), (f64::NAN, "NaN"), (1.5, "1.5")] {
        let said = report(&|record| record.value = Some(value));
        assert!(said.contains(&place), "{said}");
        assert!(said.contains(&format!("`rank1` has the value {shown}; expected a number from 0 to 1")), "{said}");
    }
    let said = report(&|record| record.method = Some("gpaa".into()));
    assert!(said.contains(&place) && said.contains("unknown method `gpaa`; did you mean `gpa`?"), "{said}");

    // A cell's own file names itself; without it the cell is computed anew.
    let cell = records[at].cell.clone();
    let mut edited = store.records(&cell).unwrap();
    edited.iter_mut().filter(|record| record.value.is_some()).for_each(|record| record.value = Some(-1.0));
    store.keep(&cell, &edited, &store.series(&cell).unwrap()).unwrap();
    let said = text(&bench.run(&[]).stderr);
    assert!(said.contains(&format!("{cell}.parquet cannot be read; delete it and run the grid again")), "{said}");
    assert!(said.contains("has the value -1; expected a number"), "{said}");
    fs::remove_file(store.cell(&cell, "")).unwrap();
    assert!(bench.run(&[]).status.success());
    assert!(runner(&["report", path(&root)]).status.success());

    let same = runner(&["report", path(&root), "--compare", path(&root.join("../tiny"))]);
    assert_eq!(same.status.code(), Some(2));
    assert!(text(&same.stderr).contains("are one folder; name another run to compare it with"), "{}", text_of(&same));
}
