//! What is printed, and who reads it: a reader who leaves, a disk without room, a shell that reads commands back.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::process::{Command, Output, Stdio};

use common::{Bench, GRID, root, text, text_of};

/// A run whose reader has left before it began; with `both`, the reader of its errors too.
fn unread(args: &[&str], both: bool) -> Output {
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.current_dir(root()).args(args).stdout(closed());
    match both {
        true => command.stderr(closed()),
        false => command.stderr(Stdio::piped()),
    };
    command.spawn().unwrap().wait_with_output().unwrap()
}

#[test]
fn a_reader_who_leaves_ends_nothing_and_is_no_error() {
    let bench = Bench::new(GRID);
    let (grid, out) = (bench.grid(), bench.out());
    let on = |command: &[&'static str]| -> Vec<String> {
        let mut words: Vec<String> = command.iter().map(|word| (*word).to_string()).collect();
        words.extend([grid.display().to_string(), "--out".into(), out.display().to_string()]);
        words
    };
    let grid_run = on(&["--grid"]);
    let results = out.join("tiny").display().to_string();
    let plan = out.join("tiny/plan.json").display().to_string();
    let cases: Vec<Vec<String>> = [
        "list methods",
        "list tasks",
        "list data",
        "list experiments",
        "completions bash",
        "completions zsh",
        "--help",
        "--version",
        "check massive10",
        "fetch",
    ]
    .iter()
    .map(|line| line.split(' ').map(str::to_string).collect())
    .chain([
        Vec::new(),
        on(&["plan"]),
        grid_run.iter().cloned().chain(["--dry-run".into()]).collect(),
        grid_run.clone(),
        grid_run,
        on(&["status"]),
        on(&["verify"]),
        vec!["merge".into(), "--plan".into(), plan],
        vec!["report".into(), results],
    ])
    .collect();
    for case in cases {
        let args: Vec<&str> = case.iter().map(String::as_str).collect();
        let output = unread(&args, false);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{case:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("error"), "{case:?}: {said}");
        assert_eq!(unread(&args, true).status.code(), Some(0), "{case:?}, errors unread");
    }
    assert!(out.join("tiny/report.html").exists(), "what was asked for was done");
    assert_eq!(unread(&["--grid", "no/such.yaml"], true).status.code(), Some(4), "a failure is one, unread or not");
    let sh = "set -o pipefail; \"$0\" list methods | head -1";
    let output = Command::new("bash").args(["-c", sh, env!("CARGO_BIN_EXE_runner")]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text_of(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn no_room_for_what_is_printed_is_an_error_and_no_panic() {
    for args in [&["list", "methods"][..], &["completions", "bash"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.current_dir(root()).args(args).stdout(full).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{args:?}: {said}");
        assert!(said.starts_with("error: cannot write to standard output: "), "{said}");
    }
}

#[test]
fn commands_that_are_printed_are_those_that_a_shell_runs() {
    let bench = Bench::new(GRID);
    let folder = bench.folder.path().join("it's $HOME; \"here\"");
    fs::create_dir_all(&folder).unwrap();
    let (grid, out) = (folder.join("my grid.yaml"), folder.join("the results"));
    fs::write(&grid, GRID).unwrap();
    let runner = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.current_dir(root()).args(args).args([&grid]).arg("--out").arg(&out).output().unwrap()
    };
    // A shell that has the program under its name.
    let bin = bench.folder.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_runner"), bin.join("runner")).unwrap();
    let shell = |line: &str| {
        let path = format!("{}:/usr/bin:/bin", bin.display());
        Command::new("sh").args(["-c", line]).current_dir(root()).env("PATH", path).output().unwrap()
    };
    let after = |said: &str, what: &str| {
        let line = said.lines().find_map(|line| line.split_once(what)).unwrap_or_else(|| panic!("{what}: {said}"));
        line.1.to_string()
    };
    assert!(runner(&["plan"]).status.success());
    let status = text(&runner(&["status"]).stdout);
    let resumed = shell(&after(&status, "continue with: "));
    assert!(resumed.status.success(), "{}", text_of(&resumed));
    let html = fs::read_to_string(out.join("tiny/report.html")).unwrap();
    assert!(html.contains("results"), "it has run");
    fs::remove_dir_all(out.join("tiny/cells")).unwrap();
    let plan = out.join("tiny/plan.json");
    let merge = || Command::new(env!("CARGO_BIN_EXE_runner")).args(["merge", "--plan"]).arg(&plan).output().unwrap();
    let ran = shell(&after(&text(&merge().stderr), "run the cells that are left with: "));
    assert!(ran.status.success(), "{}", text_of(&ran));
    assert!(merge().status.success());
    let shard = runner(&["--shard", "0/1", "--grid"]);
    let merged = shell(&after(&text(&shard.stderr), "when all shards have run: "));
    assert!(merged.status.success(), "{}", text_of(&merged));
    let about: serde_json::Value = serde_json::from_slice(&fs::read(out.join("tiny/about.json")).unwrap()).unwrap();
    let again = shell(about["command"].as_str().unwrap());
    assert!(text(&again.stderr).contains("nothing to do: all 3 cells"), "{}", text_of(&again));
}

/// Whoever uses the library hears from it: it prints nothing.
#[test]
fn a_run_by_the_library_tells_its_observer() {
    use runner::commands::run::{RunRequest, run};
    use runner::event::{Event, Observer};
    use runner::run::outcome::Ending;
    use runner::run::settings::{RunSettings, Selection};
    use std::sync::Mutex;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Observer for Heard {
        fn on_event(&self, event: &Event<'_>) {
            let heard = match *event {
                Event::CellsBegin { cells, .. } => format!("{cells} begin"),
                Event::CellEnded { label, failures, .. } => format!("{label} {}", failures.len()),
                Event::CellsEnded => "end".into(),
                Event::RunEnded { before, done, failed, left, .. } => format!("{before} {done} {failed} {left}"),
                Event::Written(files) => format!("report {}", files.iter().any(|file| file.ends_with("report.html"))),
                _ => return,
            };
            self.0.lock().unwrap().push(heard);
        }
    }

    let bench = Bench::new(GRID);
    let request = RunRequest {
        out: bench.out(),
        dry_run: false,
        selection: Selection::default(),
        allow_stand_in: true,
        settings: RunSettings { jobs: Some(1), ..RunSettings::default() },
    };
    let heard = Heard::default();
    assert_eq!(run(&bench.grid(), &request, &heard).unwrap(), Ending::Complete);
    let mut all = heard.0.into_inner().unwrap();
    all[1..4].sort();
    let cells = ["gcca on all (3 views) 0", "gpa on all (3 views), seed 42 0", "na on all (3 views) 0"];
    assert_eq!(all, [&["3 begin"], &cells[..], &["end", "0 3 0 0", "report true"]].concat());
    assert_eq!(run(&bench.grid(), &request, &()).unwrap(), Ending::Complete);
}
