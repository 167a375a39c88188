//! What is submitted to a cluster, told by commands that only note what they are asked.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use common::{Bench, GRID, root, runner, text, text_of};

/// A grid, and a folder with a cluster's commands in the place of the PATH.
struct Cluster {
    bench: Bench,
}

impl Cluster {
    fn new(grid: &str) -> Self {
        let cluster = Self { bench: Bench::new(grid) };
        fs::create_dir_all(cluster.bin()).unwrap();
        cluster.says("scontrol", "echo 'MaxArraySize            = 1001'");
        // Ids from 101 on.
        cluster.says("sbatch", "echo \"$@\" >> $0.log; echo $(( 100 + $(wc -l < $0.log) ))");
        cluster.says("squeue", "exit 0");
        cluster
    }

    fn bin(&self) -> PathBuf {
        self.bench.folder.path().join("bin")
    }

    /// What a command does from now on.
    fn says(&self, program: &str, script: &str) {
        let path = self.bin().join(program);
        fs::write(&path, format!("#!/bin/bash\nPATH=/usr/bin:/bin\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn lacks(&self, program: &str) {
        fs::remove_file(self.bin().join(program)).unwrap();
    }

    /// Submissions so far, with this folder's name taken out.
    fn submitted(&self) -> Vec<String> {
        let log = fs::read_to_string(self.bin().join("sbatch.log")).unwrap_or_default();
        log.replace(&format!("{}/", self.bench.folder.path().display()), "").lines().map(str::to_string).collect()
    }

    fn run(&self, command: &str, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_runner"))
            .current_dir(root())
            .env("PATH", self.bin())
            .arg(command)
            .arg(self.bench.grid())
            .arg("--out")
            .arg(self.bench.out())
            .args(more)
            .output()
            .unwrap()
    }

    fn submit(&self, more: &[&str]) -> Output {
        self.run("submit", &[&["--engine", "slurm"], more].concat())
    }

    /// The error of a submission that must fail.
    fn error(&self, more: &[&str]) -> String {
        let output = self.submit(more);
        assert_eq!(output.status.code(), Some(1), "{}", text_of(&output));
        text(&output.stderr).replace(&format!("{}/", self.bench.folder.path().display()), "")
    }
}

fn fine(output: Output) -> String {
    assert!(output.status.success(), "{}", text_of(&output));
    text(&output.stdout)
}

/// Five cells.
fn five() -> Cluster {
    Cluster::new(&format!(
        "{}seeds: [0, 1, 2]\n",
        GRID.replace("[na, gpa, gcca]", "[na, gcca, gcpa: {training: {released: {epochs: 1}}}]")
    ))
}

const SCRIPT: &str = "out/tiny/slurm/run.sbatch";

#[test]
fn arrays_are_cut_to_the_clusters_bound_and_a_merge_waits_for_all_of_them() {
    let cluster = five();
    cluster.says("scontrol", "echo 'MaxArraySize            = 2'");
    let said = fine(cluster.submit(&["--partition", "long", "--cpus", "2"]));
    assert!(said.contains("plan.json: 5 cells, 5 to do") && said.contains("merge   job 104"), "{said}");
    let array = |tasks: &str, offset: usize| format!("--parsable --array={tasks} {SCRIPT} {offset}");
    let merge = |after: &str| {
        format!(
            "--parsable --dependency=afterany:{after} --job-name=tiny-merge --output=out/tiny/slurm/logs/merge-%j.log \
             {SCRIPT} merge"
        )
    };
    let first = [array("0-1", 0), array("0-1", 2), array("0", 4), merge("101:102:103")];
    assert_eq!(cluster.submitted(), first);
    let script = fs::read_to_string(cluster.bench.folder.path().join(SCRIPT)).unwrap();
    assert!(
        script.contains("#SBATCH --partition=long\n") && script.contains("#SBATCH --cpus-per-task=2\n"),
        "{script}"
    );

    // Three cells are run here; the rest is a sparse array, asked for as before.
    let ran = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(["run-cell", "--indices", "0,2-3", "--plan"])
        .arg(cluster.bench.out().join("tiny/plan.json"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", text_of(&ran));
    cluster.says("scontrol", "echo 'MaxArraySize            = 1001'");
    fine(cluster.run("resume", &["--engine", "slurm", "--group", "1"]));
    assert_eq!(cluster.submitted()[4..], [array("0,3", 1), merge("105")]);
    let script = fs::read_to_string(cluster.bench.folder.path().join(SCRIPT)).unwrap();
    assert!(script.contains("#SBATCH --partition=long\n"), "{script}");

    // Now their cost is known: a fraction of a second, so that one task has them all.
    fine(cluster.submit(&[]));
    assert_eq!(cluster.submitted()[6..], [array("0", 0), merge("107")]);
    let script = fs::read_to_string(cluster.bench.folder.path().join(SCRIPT)).unwrap();
    assert!(script.contains("\ngroup=") && !script.contains("\ngroup=1\n"), "{script}");
}

#[test]
fn a_dry_run_writes_and_a_finished_grid_submits_nothing() {
    let cluster = Cluster::new(GRID);
    ["sbatch", "squeue", "scontrol"].iter().for_each(|program| cluster.lacks(program));
    let output = cluster.submit(&["--dry-run", "--group", "2"]);
    let notes = text(&output.stderr);
    let said = fine(output);
    assert!(notes.contains("arrays are cut for the usual MaxArraySize of 1001"), "{notes}");
    assert!(said.contains("run.sbatch: 2 tasks of up to 2 cells each"), "{said}");
    assert!(said.contains("  sbatch --parsable --array=0-1 ") && said.contains("--dependency=afterany:"), "{said}");
    let place = cluster.bench.out().join("tiny");
    assert!(place.join("plan.json").exists() && place.join("slurm/run.sbatch").exists());
    assert!(!place.join("slurm/jobs.json").exists());
    assert!(cluster.bench.run(&[]).status.success());
    let done = cluster.submit(&["--max-array", "10"]);
    assert!(done.status.success(), "no Slurm is needed: {}", text_of(&done));
    assert!(text(&done.stderr).contains("nothing to submit: all 3 cells of `tiny` are done"), "{}", text_of(&done));
}

#[test]
fn what_slurm_refuses_is_passed_on_with_the_command() {
    let cluster = Cluster::new(GRID);
    cluster.says("sbatch", "echo 'sbatch: error: invalid partition specified: nope' >&2; exit 1");
    let error = cluster.error(&["--partition", "nope"]);
    assert!(
        error.contains("error: 0 of 1 arrays were submitted; submit the rest, when there is room, with: runner resume"),
        "{error}"
    );
    assert!(error.contains("sbatch refused: sbatch: error: invalid partition specified: nope"), "{error}");
    assert!(error.contains(&format!("the command was: sbatch --parsable --array=0-2 {SCRIPT} 0")), "{error}");
    // An array that got through is not forgotten when the next does not.
    cluster.says(
        "sbatch",
        "[ -e $0.once ] && { echo 'sbatch: error: Job violates accounting/QOS policy' >&2; exit 1; }; touch $0.once; echo 7",
    );
    let error = cluster.error(&["--max-array", "2"]);
    assert!(error.contains("1 of 2 arrays were submitted") && error.contains("QOS policy"), "{error}");
    cluster.says("squeue", "echo '7|1|PENDING||Priority'");
    let error = cluster.error(&[]);
    assert!(error.starts_with("error: jobs of this grid are still queued or running: 7; wait for them"), "{error}");
    assert!(
        error.contains("`scancel 7`") && error.contains("runner cancel ") && error.contains("--allow-duplicate-jobs"),
        "{error}"
    );
    cluster.says("sbatch", "echo what");
    let error = cluster.error(&["--allow-duplicate-jobs"]);
    assert!(error.contains("sbatch answered `what`, expected a job's id; the command was: sbatch"), "{error}");
    cluster.lacks("sbatch");
    let error = cluster.error(&["--allow-duplicate-jobs"]);
    assert!(error.contains("there is no `sbatch` on the PATH: run this where jobs are submitted"), "{error}");

    cluster.says("scontrol", "echo 'MaxArraySize = many'");
    let error = cluster.error(&["--allow-duplicate-jobs"]);
    assert!(error.contains("in `scontrol show config`); give it with --max-array: it says `many`"), "{error}");
    cluster.says("scontrol", "echo Slurm");
    assert!(cluster.error(&["--allow-duplicate-jobs"]).contains("--max-array: it says nothing of it"));
    cluster.says("scontrol", "echo 'slurm_load_ctl_conf error: Unable to contact slurm controller' >&2; exit 1");
    let error = cluster.error(&["--allow-duplicate-jobs"]);
    assert!(error.contains("Unable to contact slurm controller") && error.contains("--max-array"), "{error}");
}

#[test]
fn jobs_that_wait_for_what_cannot_come_do_not_stand_in_the_way() {
    let cluster = Cluster::new(GRID);
    fine(cluster.submit(&[]));
    cluster.says("squeue", "echo '101|0|RUNNING|n1|None'");
    assert!(cluster.error(&[]).contains("still queued or running: 101;"));
    let resumed = cluster.run("resume", &["--engine", "slurm"]);
    assert!(text(&resumed.stderr).contains("still queued or running: 101;"), "{}", text_of(&resumed));
    cluster.says("squeue", "echo '102|N/A|PENDING||DependencyNeverSatisfied'");
    let status = text(&cluster.run("status", &[]).stdout);
    assert!(
        status.contains("job 102 queued (DependencyNeverSatisfied); it will never run: scancel 102, then resume"),
        "{status}"
    );
    fine(cluster.submit(&[]));
    cluster.says("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
    fine(cluster.run("resume", &["--engine", "slurm"]));
    let refused = cluster.run("resume", &["--engine", "slurm", "--jobs", "2"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text_of(&refused));
    let refused = cluster.run("resume", &["--partition", "long"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text_of(&refused));
}

#[test]
fn two_submissions_at_a_time_submit_once() {
    let cluster = five();
    // Slow enough for both to be there before the first has its job; then the job is known to be queued.
    cluster.says("sbatch", "echo \"$@\" >> $0.log; n=$(wc -l < $0.log); sleep 1; echo $(( 100 + n ))");
    cluster.says("squeue", "echo '101|0|PENDING||Priority'");
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_runner"))
            .current_dir(root())
            .env("PATH", cluster.bin())
            .args(["submit", "--engine", "slurm", "--out"])
            .arg(cluster.bench.out())
            .arg(cluster.bench.grid())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let outputs = [start(), start()].map(|child| child.wait_with_output().unwrap());
    let codes = outputs.each_ref().map(|output| output.status.code());
    assert!(codes == [Some(0), Some(1)] || codes == [Some(1), Some(0)], "{codes:?}");
    let refused = outputs.iter().find(|output| !output.status.success()).unwrap();
    assert!(
        text(&refused.stderr).contains("jobs of this grid are still queued or running: 101;"),
        "{}",
        text_of(refused)
    );
    let arrays = cluster.submitted().iter().filter(|line| line.contains("--array=")).count();
    assert_eq!((arrays, cluster.submitted().len()), (1, 2), "{:?}", cluster.submitted());
}

#[test]
fn jobs_of_a_folder_are_ended_and_a_list_says_that_it_cannot() {
    let cluster = five();
    let unplanned = cluster.run("cancel", &[]);
    assert!(text(&unplanned.stderr).contains("make one with `runner plan GRID`"), "{}", text_of(&unplanned));
    fine(cluster.submit(&["--group", "1"]));
    assert_eq!(
        fine(cluster.run("cancel", &[])),
        "nothing of `tiny` is queued or running that could be ended from here\n"
    );
    cluster.says("scancel", "echo \"$@\" >> $0.log");
    cluster.says(
        "squeue",
        "echo '101|0|RUNNING|n1|None'; echo '101|1|COMPLETED|n1|None'; echo '102|N/A|PENDING||DependencyNeverSatisfied'",
    );
    assert_eq!(fine(cluster.run("cancel", &[])), "ended job 101\nended job 102\n");
    assert_eq!(fs::read_to_string(cluster.bin().join("scancel.log")).unwrap(), "101 102\n");
    // By the folder of the results, and where Slurm refuses.
    cluster.says("scancel", "echo 'scancel: error: Kill job error on job id 101: Access denied' >&2; exit 1");
    let refused = Command::new(env!("CARGO_BIN_EXE_runner"))
        .env("PATH", cluster.bin())
        .args(["cancel", "--engine", "slurm"])
        .arg(cluster.bench.out().join("tiny"))
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("scancel refused: scancel: error: Kill job error"), "{}", text_of(&refused));
    let listed = cluster.run("cancel", &["--engine", "list"]);
    assert_eq!(listed.status.code(), Some(2));
    assert!(text(&listed.stderr).contains("are run by another program; end them there"), "{}", text_of(&listed));
}

/// Waits for what a command says.
fn until(what: &str, say: impl Fn() -> String) -> String {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let said = say();
        if said.contains(what) {
            return said;
        }
        assert!(Instant::now() < end, "`{what}` is not said: {said}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_process_in_the_background_is_seen_and_can_be_stopped() {
    // More cells than anybody waits for.
    let seeds: Vec<String> = (0..3000).map(|seed| seed.to_string()).collect();
    let grid = GRID.replace("[na, gpa, gcca]", "[gcpa]");
    let bench = Bench::new(&format!("{grid}seeds: [{}]\n", seeds.join(", ")));
    let (file, out) = (bench.grid().display().to_string(), bench.out().display().to_string());
    let on = |command: &str, more: &[&str]| runner(&[&[command, file.as_str(), "--out", out.as_str()], more].concat());
    let root = bench.out().join("tiny");
    let root = root.to_str().unwrap();

    let dry = fine(on("submit", &["--engine", "local", "--cpus", "2", "--mem", "4G", "--dry-run"]));
    assert!(dry.contains(" resume ") && dry.contains(" --threads 2 --max-memory 4G"), "{dry}");
    assert!(!Path::new(root).join("local").exists());
    let said = fine(on("submit", &["--engine", "local", "--cpus", "2"]));
    assert!(said.contains(" was started; log ") && said.contains("stop it with: runner cancel "), "{said}");
    let process = said.split("process ").nth(1).unwrap().split(' ').next().unwrap().to_string();
    // At once, while it still reads its data; then with the id of its attempt.
    let first = on("status", &[]);
    assert_eq!(first.status.code(), Some(0), "{}", text_of(&first));
    assert!(
        text(&first.stdout).contains(" 0 failed, 0 missing")
            && text(&first.stdout).contains(&format!("process {process} on "))
    );
    let seen = until("  process  attempt ", || text(&on("status", &[]).stdout));
    assert!(seen.contains(&format!("-{process}-")) && seen.contains("local/run.log"), "{seen}");
    // Not of this terminal's process group.
    if let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) {
        assert_eq!(stat.rsplit_once(')').unwrap().1.split_whitespace().nth(2), Some(process.as_str()), "{stat}");
    }
    let second = on("submit", &["--engine", "local"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("is at work on this grid; wait for it, or stop it with: runner cancel"));
    assert!(bench.error(&[]).contains("another runner is at work here"));

    let cancelled = fine(runner(&["cancel", root]));
    assert!(
        cancelled.starts_with("ended attempt ") && cancelled.contains(&format!("process {process} on ")),
        "{cancelled}"
    );
    let ended = until(" has ended; log ", || text(&on("status", &[]).stdout));
    assert!(ended.contains("  missing ") && ended.contains("--engine local"), "{ended}");
    let log = fs::read_to_string(Path::new(root).join("local/run.log")).unwrap();
    assert!(log.contains("Interrupted"), "{log}");
    let nothing = fine(runner(&["cancel", root, "--engine", "local"]));
    assert!(nothing.starts_with("nothing of `tiny` is queued or running"), "{nothing}");

    // A grid that is small enough comes to its end, and another submission finds nothing to do.
    fs::write(bench.grid(), GRID).unwrap();
    fine(on("submit", &["--engine", "local"]));
    until("3 done", || text(&on("status", &[]).stdout));
    until(" has ended; log ", || text(&on("status", &[]).stdout));
    assert!(Path::new(root).join("report.html").exists());
    let none = on("submit", &["--engine", "local"]);
    assert!(text(&none.stderr).contains("nothing to submit: all 3 cells of `tiny` are done"), "{}", text_of(&none));
    let refused = on("submit", &["--engine", "local", "--partition", "long"]);
    assert!(text(&refused.stderr).contains("a process in the background has no --partition"), "{}", text_of(&refused));
}

#[test]
fn status_says_what_is_done_at_work_failed_or_missing_and_why() {
    let cluster = Cluster::new(&GRID.replace("[na, gpa, gcca]", "[na, gpa, gcca, pivot, sumcor]"));
    let none = cluster.run("status", &[]);
    assert!(text(&none.stderr).contains("make one with `runner plan GRID`"), "{}", text_of(&none));
    // Without a scheduler.
    assert!(cluster.bench.run(&["--only", "method=na"]).status.success());
    let before = cluster.run("status", &[]);
    let said = text(&before.stdout);
    assert_eq!(before.status.code(), Some(1));
    assert!(said.contains("`tiny`: 5 cells: 1 done, 0 running, 0 queued, 0 failed, 4 missing"), "{said}");
    assert!(said.contains("  missing  1-4: no trace of an attempt\n"), "{said}");
    assert!(said.contains("continue with: runner resume ") && !said.contains("--engine"), "{said}");

    fine(cluster.submit(&["--group", "1"]));
    let logs = cluster.bench.out().join("tiny/slurm/logs");
    fs::write(logs.join("101_2.log"), "killed\n").unwrap();
    cluster.says(
        "squeue",
        "echo '101|0|RUNNING|n1|None'; echo '101|1|FAILED|n2|NonZeroExitCode'; echo '101|3|PENDING||Resources'; \
         echo '102|N/A|PENDING||Dependency'",
    );
    let said = text(&cluster.run("status", &[]).stdout);
    let plain = said.replace(&format!("{}/", cluster.bench.folder.path().display()), "");
    assert!(plain.contains("5 cells: 1 done, 1 running, 1 queued, 0 failed, 2 missing\n"), "{plain}");
    assert!(plain.contains("  running  1: job 101_0 on n1; log out/tiny/slurm/logs/101_0.log\n"), "{plain}");
    assert!(plain.contains("  queued   4: job 101 (Resources)\n"), "{plain}");
    assert!(plain.contains("its task 101_1 is FAILED (NonZeroExitCode)\n"), "{plain}");
    assert!(plain.contains("its task has ended without it; log out/tiny/slurm/logs/101_2.log\n"), "{plain}");
    assert!(plain.contains("  merge    job 102 queued (Dependency)\n"), "{plain}");
    assert!(plain.contains("--engine slurm"), "{plain}");
    cluster.lacks("squeue");
    let output = cluster.run("status", &[]);
    assert!(
        text(&output.stderr)
            .contains("note: jobs were submitted, and which of them are queued or running cannot be told")
    );
    assert!(text(&output.stdout).contains("1 done, 0 running, 0 queued, 0 failed, 4 missing"));
    assert!(cluster.bench.run(&[]).status.success());
    assert!(cluster.run("status", &[]).status.success());
    fs::write(cluster.bench.grid(), GRID).unwrap();
    assert!(text(&cluster.run("status", &[]).stderr).contains("has changed since it was planned"));
}

#[test]
fn cells_that_ran_on_several_kinds_of_processor_are_remarked_upon_under_their_times() {
    let bench = Bench::new(GRID);
    assert!(bench.run(&[]).status.success());
    let summary = || fs::read_to_string(bench.out().join("tiny/tables/summary.md")).unwrap();
    assert!(!summary().contains("kinds of processor"));
    let store = store::cells::Store::at(&bench.out().join("tiny"));
    let cell = bench.records("tiny").iter().find(|r| r.method.as_deref() == Some("gpa")).unwrap().cell.clone();
    let mut records = store.records(&cell).unwrap();
    records.iter_mut().for_each(|record| record.cpu = "Another One (avx2)".into());
    store.keep(&cell, &records, &store.series(&cell).unwrap()).unwrap();
    assert!(bench.run(&[]).status.success());
    let summary = summary();
    assert!(summary.contains("Times of 2 kinds of processor are mixed here"), "{summary}");
    assert!(summary.contains("cells ran 2 on ") && summary.contains(", 1 on Another One (avx2)."), "{summary}");
}

#[test]
fn records_say_on_which_node_and_at_which_attempt_a_cell_ran() {
    let cluster = Cluster::new(GRID);
    fine(cluster.submit(&["--dry-run"]));
    let ran = |index: &str, more: &[(&str, &str)]| {
        let output = Command::new(env!("CARGO_BIN_EXE_runner"))
            .args(["run-cell", "--index", index, "--plan"])
            .arg(cluster.bench.out().join("tiny/plan.json"))
            .envs([("SLURM_JOB_ID", "7"), ("SLURMD_NODENAME", "n9")])
            .envs(more.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text_of(&output));
    };
    ran("0", &[]);
    ran("1", &[("SLURM_RESTART_COUNT", "2")]);
    assert!(cluster.bench.run(&[]).status.success());
    let records = cluster.bench.records("tiny");
    let of = |method: &str| {
        let record = records.iter().find(|record| record.method.as_deref() == Some(method)).unwrap();
        (record.node.clone().unwrap(), record.restarts)
    };
    assert_eq!((of("na"), of("gpa")), (("n9".into(), Some(0)), ("n9".into(), Some(2))));
    assert_eq!(of("gcca").1, None);
}

/// A cell that fails beside cells that are done, by commands that GNU parallel takes as they come.
#[test]
fn a_list_is_run_by_gnu_parallel_and_is_empty_then() {
    if Command::new("parallel").arg("--version").output().is_err() {
        common::skip::skipped("a list run by GNU parallel", "it is not installed (Debian: apt-get install parallel)");
        return;
    }
    let cluster = five();
    let reference = five();
    assert!(reference.bench.run(&[]).status.success());
    let list = |more: &[&str]| fine(cluster.run("submit", &[&["--engine", "list"], more].concat()));
    let lines = list(&["--group", "2"]);
    assert_eq!(lines.lines().count(), 3, "{lines}");
    let path = cluster.bench.folder.path().join("commands.txt");
    fs::write(&path, &lines).unwrap();
    let script = format!("parallel --jobs 2 < {}", path.display());
    let ran = Command::new("bash").current_dir(root()).args(["-ec", &script]).output().unwrap();
    assert!(ran.status.success(), "{}", text_of(&ran));
    let json: serde_json::Value = serde_json::from_str(&list(&["--format", "json"])).unwrap();
    assert_eq!((&json["format"], json["commands"].as_array().unwrap().len()), (&"runner list 1".into(), 0));
    let merge: Vec<&str> = json["merge"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(Command::new(merge[0]).args(&merge[1..]).output().unwrap().status.success());
    common::same(&reference.bench.out(), &cluster.bench.out(), "a list");
    for option in [&["--partition", "long"][..], &["--allow-duplicate-jobs"], &["--dry-run"]] {
        let refused = cluster.run("submit", &[&["--engine", "list"], option].concat());
        assert!(text(&refused.stderr).contains("a list has no --partition"), "{}", text_of(&refused));
    }
    let refused = cluster.run("submit", &["--format", "json"]);
    assert!(text(&refused.stderr).contains("--format is the form of a list of commands"), "{}", text_of(&refused));
}

#[test]
fn a_list_is_run_by_snakemake() {
    if Command::new("snakemake").arg("--version").output().is_err() {
        common::skip::skipped("a list run by Snakemake", "it is not installed (pip install snakemake)");
        return;
    }
    let cluster = five();
    let folder = cluster.bench.folder.path();
    let jobs = fine(cluster.run("submit", &["--engine", "list", "--format", "json"]));
    fs::write(folder.join("jobs.json"), jobs).unwrap();
    let docs = fs::read_to_string(root().join("docs/running.md")).unwrap();
    let begin = docs.find("import json, shlex").unwrap();
    let snakefile = docs[begin..].split("```").next().unwrap();
    fs::write(folder.join("Snakefile"), snakefile).unwrap();
    let ran = Command::new("snakemake").current_dir(folder).args(["--cores", "2"]).output().unwrap();
    assert!(ran.status.success(), "{}", text_of(&ran));
    assert!(cluster.bench.out().join("tiny/report.html").exists());
}
