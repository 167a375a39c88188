//! The method and the task in a grid: cached, seeded, judged and checked as the built-in ones are.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use align::Coordinates;
use grid::Grid;
use own_method::{register, run_grid};
use runner::commands::run::{RunRequest, run};
use runner::event::{Event, Observer};
use runner::run::outcome::Ending;
use runner::run::settings::RunSettings;
use store::cells::Store;
use store::record::{Counted, Record};
use tasks::Metric;

/// The grid of this crate, in a folder of its own.
fn folder() -> tempfile::TempDir {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| register().unwrap());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("grid.yaml"), grid()).unwrap();
    folder
}

fn grid() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("grid.yaml")).unwrap()
}

/// Counts the cells that are computed.
#[derive(Default)]
struct Cells(AtomicUsize);

impl Observer for Cells {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::CellEnded { failures, .. } = event {
            assert_eq!(*failures, &[] as &[String]);
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[test]
fn the_grid_runs_once_and_kernel_gcca_finds_what_linear_gcca_does_not() {
    let folder = folder();
    let run = || {
        let cells = Cells::default();
        assert_eq!(run_grid(folder.path(), &cells).unwrap(), Ending::Complete);
        cells.0.into_inner()
    };
    let cells = run();
    assert!(cells > 0);
    assert_eq!(run(), 0, "the second run finds all cells done");
    let results = folder.path().join("results/own");
    assert!(fs::read_to_string(results.join("report.html")).unwrap().contains("Own kernel GCCA"));

    // A lost cell is computed again, and no other.
    let lost = fs::read_dir(results.join("cells")).unwrap().next().unwrap().unwrap().path();
    let id = lost.file_name().unwrap().to_string_lossy().split('.').next().unwrap().to_string();
    Store::at(&results).forget(&id).unwrap();
    assert_eq!(run(), 1);

    let records = Store::at(&results).all_records().unwrap();
    let rank1 = |method: &str, params: &str, task: &str, seed: u64| -> f64 {
        let of = |r: &&Record| {
            r.method.as_deref() == Some(method)
                && r.params.as_ref().is_some_and(|given| given.to_string().contains(params))
                && r.task.as_deref() == Some(task)
                && r.seed == Some(seed)
                && r.metric.and_then(Counted::metric) == Some(Metric::Rank1)
                && r.space == Some(Coordinates::Universe)
        };
        let values: Vec<f64> = records.iter().filter(of).map(|r| r.value.unwrap()).collect();
        assert!(values.len() >= 3, "{method} {params} {task} {seed}: {} records", values.len());
        values.iter().sum::<f64>() / values.len() as f64
    };
    for task in ["retrieval", "consensus_retrieval"] {
        let kernel: Vec<f64> = (0..3).map(|seed| rank1("own_kernel_gcca", "200", task, seed)).collect();
        let linear = rank1("gcca", "", task, 0);
        assert!(kernel.iter().all(|&value| value > linear + 0.1), "{task}: {kernel:?}, {linear}");
        assert!(kernel[0] != kernel[1] || kernel[1] != kernel[2], "{task}: each seed draws other landmarks");
    }
}

#[test]
fn an_unknown_parameter_is_found_at_its_line_and_column() {
    let folder = folder();
    let error = |from: &str, to: &str| {
        let file = folder.path().join("grid.yaml");
        fs::write(&file, grid().replace(from, to)).unwrap();
        Grid::read(&file).unwrap_err().to_string()
    };
    let key = error("landmarks: 50", "landmark: 50");
    let wanted =
        "grid.yaml:8:23: methods[3].own_kernel_gcca.landmark: unknown key `landmark`; did you mean `landmarks`?";
    assert!(key.contains(wanted), "{key}");
    let value = error("landmarks: 50", "landmarks: 5");
    assert!(value.contains("own_kernel_gcca: `landmarks` is 5, expected at least `rank`"), "{value}");
    let name = error("- consensus_retrieval", "- consensus_retrival");
    assert!(name.contains("did you mean `consensus_retrieval`?"), "{name}");
}

/// The program of this crate on a copy of its grid with small kernels.
fn program(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_own-method")).current_dir(folder).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn processes_that_a_run_starts_know_the_method_and_the_task() {
    let folder = folder();
    let folder = folder.path();
    own_method::write_data(folder).unwrap();
    let small = grid().replace("  - own_kernel_gcca\n", "").replace("seeds: [0, 1, 2]", "seeds: [0]");
    fs::write(folder.join("grid.yaml"), small).unwrap();
    let listed = program(folder, &["list", "methods"]);
    assert!(text(&listed.stdout).contains("own_kernel_gcca"), "{listed:?}");

    // A command for each cell, in a process of its own; each names this program.
    let listed = program(folder, &["submit", "grid.yaml", "--engine", "list"]);
    assert!(listed.status.success(), "{}", text(&listed.stderr));
    let commands = text(&listed.stdout);
    assert_eq!(commands.lines().count(), 3, "{commands}");
    for command in commands.lines() {
        assert!(command.starts_with(env!("CARGO_BIN_EXE_own-method")), "{command}");
        assert!(Command::new("sh").arg("-c").arg(command).status().unwrap().success(), "{command}");
    }
    let again = program(folder, &["submit", "grid.yaml", "--engine", "list"]);
    assert_eq!(text(&again.stdout), "", "all cells are done");

    // Cells in processes of their own.
    let isolated = program(folder, &["run", "grid.yaml", "--out", "isolated", "--timeout", "300"]);
    assert!(isolated.status.success(), "{}", text(&isolated.stderr));
    let records = Store::at(&folder.join("isolated/own")).all_records().unwrap();
    assert!(records.iter().all(|record| record.metric.is_some()), "no cell failed");
    assert!(records.iter().any(|record| record.method.as_deref() == Some("own_kernel_gcca")));
    // What messages name is this program, as it was called.
    let report = fs::read_to_string(folder.join("isolated/own/report.html")).unwrap();
    assert!(report.contains("own-method run grid.yaml --out isolated"), "{}", report.len());

    // A program that does not call `runner::cli::main` cannot start itself.
    let request = RunRequest {
        settings: RunSettings { timeout: Some(Duration::from_secs(300)), ..RunSettings::default() },
        ..RunRequest::new(folder.join("library"))
    };
    let error = run(&folder.join("grid.yaml"), &request, &()).unwrap_err().to_string();
    assert!(error.contains("call `runner::cli::main()` in its main function"), "{error}");
}
