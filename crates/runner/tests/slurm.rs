//! Grids on a real Slurm cluster of three nodes, all of them this machine: `slurm/mini-slurm.sh` starts it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::cell::RefCell;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use common::skip::skipped;
use common::{Bench, GRID, root, same, text, text_of};
use tempfile::TempDir;

/// What is not checked without a cluster.
const WHAT: &str = "grids on a Slurm cluster";

/// Bounds every wait; a busy machine is slow, a hanging test is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// A cell of some seconds, which a process can be found and stopped in: this profile does not end early.
const LONG: &str = "[gcpa: {training: {fast: {epochs: 300}}}]";

fn until(what: &str, ready: impl Fn() -> bool, or_say: impl Fn() -> String) {
    let end = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}\n{}", or_say());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Three nodes of four CPUs. Stopped when dropped.
struct Cluster {
    folder: TempDir,
    port: u16,
}

impl Cluster {
    /// `None`, said aloud, where there can be none.
    fn start() -> Option<Self> {
        for program in ["sbatch", "slurmctld", "slurmd", "munged"] {
            let found = std::env::var_os("PATH").is_some_and(|path| {
                std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).any(|at| at.join(program).exists())
            });
            if !found {
                skipped(
                    WHAT,
                    &format!("no `{program}` here (Debian: apt-get install --no-install-recommends slurm-wlm munge)"),
                );
                return None;
            }
        }
        if text(&Command::new("id").arg("-u").output().unwrap().stdout).trim() != "0" {
            skipped(WHAT, "its daemons are started as root");
            return None;
        }
        let free = |port: &u16| (0..4).all(|node| TcpListener::bind(("127.0.0.1", port + node)).is_ok());
        let port = (0..50).map(|i| 21_000 + (std::process::id() % 400) as u16 * 100 + 8 * (i % 12)).find(free).unwrap();
        let cluster = Self { folder: tempfile::tempdir().unwrap(), port };
        let started = cluster.mini(&["start"]);
        assert!(started.status.success(), "{}", text_of(&started));
        Some(cluster)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(root())
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()))
            .env("SLURM_CONF", self.folder.path().join("slurm.conf"))
            .envs([("MINI_SLURM_NODES", "3"), ("MINI_SLURM_CPUS", "4"), ("MINI_SLURM_MEM", "8000")])
            .env("MINI_SLURM_DIR", self.folder.path())
            .env("MINI_SLURM_PORT", self.port.to_string());
        command
    }

    fn mini(&self, args: &[&str]) -> Output {
        self.command(&root().join("crates/runner/tests/slurm/mini-slurm.sh")).args(args).output().unwrap()
    }

    fn slurm(&self, program: &str, args: &[&str]) -> String {
        let output = self.command(Path::new(program)).args(args).output().unwrap();
        assert!(output.status.success(), "{program} {args:?}: {}", text_of(&output));
        text(&output.stdout)
    }

    fn down(&self, node: &str) {
        self.slurm("scontrol", &["update", &format!("nodename={node}"), "state=down", "reason=test"]);
    }

    /// Takes a node back; one whose daemon answers may have come back by itself.
    fn up(&self, node: &str) {
        let args = ["update", &format!("nodename={node}"), "state=resume"];
        self.command(Path::new("scontrol")).args(args).output().unwrap();
    }

    fn runner(&self, command: &str, bench: &Bench, more: &[&str]) -> Output {
        self.command(Path::new(env!("CARGO_BIN_EXE_runner")))
            .arg(command)
            .arg(bench.grid())
            .arg("--out")
            .arg(bench.out())
            .args(more)
            .output()
            .unwrap()
    }

    fn submit(&self, bench: &Bench, more: &[&str]) -> Submitted {
        self.submitted(bench, "submit", more)
    }

    fn submitted(&self, bench: &Bench, command: &str, more: &[&str]) -> Submitted {
        let output = self.runner(command, bench, &[&["--engine", "slurm"], more].concat());
        assert!(output.status.success(), "{}", text_of(&output));
        let said = text(&output.stdout);
        let id = |word: &str| {
            let line = said.lines().find(|line| line.starts_with(word)).unwrap();
            line.split_once("job ").unwrap().1.split([':', ',']).next().unwrap().to_string()
        };
        Submitted { array: id("array"), merge: id("merge"), place: bench.out().join("tiny/slurm") }
    }

    /// Waits for the merge and returns its exit code and its log.
    fn merged(&self, submitted: &Submitted) -> (i32, String) {
        let state = || self.slurm("squeue", &["-h", "--states=all", "-o", "%T", "-j", &submitted.merge]);
        let ended = || matches!(state().trim(), "COMPLETED" | "FAILED");
        until("the merge", ended, || format!("{}\n{}", self.queue(), submitted.logs()));
        let job = self.slurm("scontrol", &["-o", "show", "job", &submitted.merge]);
        let code = job.split_once(" ExitCode=").unwrap().1.split(':').next().unwrap().parse().unwrap();
        (code, fs::read_to_string(submitted.place.join(format!("logs/merge-{}.log", submitted.merge))).unwrap())
    }

    fn queue(&self) -> String {
        self.slurm("squeue", &["-r", "--states=all"]) + &self.slurm("sinfo", &["-N", "-l"])
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.mini(&["stop"]);
    }
}

struct Submitted {
    array: String,
    merge: String,
    place: PathBuf,
}

impl Submitted {
    fn log(&self, task: usize) -> String {
        fs::read_to_string(self.place.join(format!("logs/{}_{task}.log", self.array))).unwrap_or_default()
    }

    fn logs(&self) -> String {
        let files = fs::read_dir(self.place.join("logs")).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| format!("{}:\n{}", path.display(), fs::read_to_string(&path).unwrap_or_default())).collect()
    }

    /// Processes of this array's tasks that have begun with their cells: they hold the lock.
    fn begun(&self) -> Vec<Begun> {
        let lock = self.place.with_file_name(".lock");
        let processes = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let environ = fs::read(entry.path().join("environ")).ok()?;
            let value = |name: &str| {
                let mut variables = environ.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text));
                variables.find_map(|text| Some(text.strip_prefix(name)?.strip_prefix('=')?.to_string()))
            };
            let begun = Begun {
                pid,
                node: value("SLURMD_NODENAME")?,
                task: value("SLURM_ARRAY_TASK_ID")?.parse().ok()?,
                restarts: value("SLURM_RESTART_COUNT").map_or(0, |count| count.parse().unwrap()),
            };
            let ours = value("SLURM_ARRAY_JOB_ID").as_deref() == Some(self.array.as_str());
            let mut open = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
            (ours && open.any(|fd| fs::read_link(fd.path()).is_ok_and(|file| file == lock))).then_some(begun)
        });
        processes.collect()
    }

    /// Waits for such a process, lets it find that its cell is not done, and stops it there.
    fn freeze(&self, cluster: &Cluster, which: impl Fn(&Begun) -> bool) -> Begun {
        let frozen = RefCell::new(None);
        let freeze = || {
            let Some(begun) = self.begun().into_iter().find(&which) else { return false };
            std::thread::sleep(Duration::from_millis(100));
            // On a busy machine it may have come to its end meanwhile.
            let stopped = signal(begun.pid, "-STOP") && !gone(begun.pid);
            *frozen.borrow_mut() = stopped.then_some(begun);
            stopped
        };
        until("a task that runs", freeze, || format!("{}\n{}", cluster.queue(), self.logs()));
        frozen.into_inner().unwrap()
    }
}

struct Begun {
    pid: u32,
    node: String,
    task: usize,
    restarts: u32,
}

/// Whether there was such a process.
fn signal(pid: u32, name: &str) -> bool {
    Command::new("kill").args([name, &pid.to_string()]).output().unwrap().status.success()
}

fn gone(pid: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

fn one_process(grid: &str) -> Bench {
    let bench = Bench::new(grid);
    let output = bench.run(&[]);
    assert!(output.status.success(), "{}", text_of(&output));
    bench
}

/// Tasks of two cells, a merge after them, the table of one process.
fn an_array_and_its_merge_make_the_table_of_one_process(cluster: &Cluster) {
    let grid = format!(
        "{}seeds: [0, 1]\n",
        GRID.replace("[na, gpa, gcca]", "[na, gpa, gcca, gcpa: {training: {released: {epochs: 1}}}, pivot]")
    );
    let bench = Bench::new(&grid);
    let submitted = cluster.submit(&bench, &["--group", "2", "--mem", "500"]);
    let again = cluster.runner("submit", &bench, &["--engine", "slurm"]);
    assert!(text(&again.stderr).contains("jobs of this grid are still queued or running: "), "{}", text_of(&again));
    let (code, log) = cluster.merged(&submitted);
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("7 of 7 cells of `tiny` are done"), "{log}");
    same(&one_process(&grid).out(), &bench.out(), "an array");
    let records = bench.records("tiny");
    let cells = || records.iter().filter(|record| record.method.is_some());
    assert!(cells().all(|r| r.node.as_deref().is_some_and(|node| ["n1", "n2", "n3"].contains(&node))));
    assert!(cells().all(|r| r.restarts == Some(0) && r.cpu.contains(" (")));
    assert!(cluster.runner("status", &bench, &[]).status.success());
}

/// The merge names it, the status says why and where its log is, and only its task is submitted again.
fn a_cell_that_fails_is_named_and_takes_no_other_with_it(cluster: &Cluster) {
    let bench = Bench::new(
        &GRID.replace("[na, gpa, gcca]", "[na, gcpa: {training: {released: {epochs: 3, lr: 1.0e+30}}}, gpa]"),
    );
    let submitted = cluster.submit(&bench, &[]);
    let (code, log) = cluster.merged(&submitted);
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("2 of 3 cells of `tiny` are done\n  failed 1 ("), "{log}");
    let status = cluster.runner("status", &bench, &[]);
    let said = text(&status.stdout);
    assert_eq!(status.status.code(), Some(1));
    assert!(said.contains("3 cells: 2 done, 0 running, 0 queued, 1 failed, 0 missing"), "{said}");
    assert!(
        said.contains(&format!("; log {}", submitted.place.join(format!("logs/{}_1.log", submitted.array)).display())),
        "{said}"
    );
    let dry = cluster.runner("resume", &bench, &["--engine", "slurm", "--dry-run", "--group", "1"]);
    assert!(
        text(&dry.stdout).contains(" --array=0 ") && text(&dry.stdout).contains("run.sbatch 1\n"),
        "{}",
        text_of(&dry)
    );
}

/// One node is set down while it computes; another loses its daemon, so that its task goes on as an orphan while the
/// requeued twin computes the same cell, and both write it.
fn lost_nodes_and_orphans_cost_nothing_but_time(cluster: &Cluster) -> (Bench, Bench) {
    let grid = format!("{}seeds: [0, 1, 2, 3, 4, 5]\n", GRID.replace("[na, gpa, gcca]", LONG));
    let reference = one_process(&grid);
    let bench = Bench::new(&grid);
    // Two tasks fill a node.
    let submitted = cluster.submit(&bench, &["--cpus", "2"]);
    let downed = submitted.freeze(cluster, |begun| begun.node == "n2");
    let orphan = submitted.freeze(cluster, |begun| begun.node == "n3");
    let status = text(&cluster.runner("status", &bench, &[]).stdout);
    assert!(
        status.contains(&format!("{}: job {}_{} on n3; log ", orphan.task, submitted.array, orphan.task)),
        "{status}"
    );

    cluster.down("n2");
    cluster.mini(&["kill-daemon", "n3"]);
    cluster.down("n3");
    cluster.up("n2");
    // It may have been ended with its job.
    signal(downed.pid, "-CONT");
    let twin = submitted.freeze(cluster, |begun| begun.task == orphan.task && begun.restarts == 1);
    assert!(twin.node != "n3" && !gone(orphan.pid), "the orphan goes on");
    assert!(signal(twin.pid, "-CONT") && signal(orphan.pid, "-CONT"));

    let (code, log) = cluster.merged(&submitted);
    assert!(code == 0 && log.contains("6 of 6 cells of `tiny` are done"), "{log}\n{}", submitted.logs());
    until("the orphan's end", || gone(orphan.pid), || cluster.queue());
    let both = submitted.log(orphan.task);
    assert_eq!(both.matches("1 cells done, 0 failed").count(), 2, "both wrote it:\n{both}");
    assert!(both.contains(" on n3, attempt 1: cells ") && both.contains(", attempt 2: cells "), "{both}");
    assert!(submitted.log(downed.task).contains(", attempt 2: cells "), "{}", submitted.log(downed.task));
    let merge = cluster
        .command(Path::new(env!("CARGO_BIN_EXE_runner")))
        .args(["merge", "--plan"])
        .arg(bench.out().join("tiny/plan.json"))
        .output()
        .unwrap();
    assert!(merge.status.success(), "{}", text_of(&merge));
    same(&reference.out(), &bench.out(), "after a lost node and an orphan");
    let restarts = |task: usize| {
        let of_cell = bench.records("tiny").into_iter().filter(|record| record.seed == Some(task as u64));
        of_cell.filter_map(|record| record.restarts).collect::<Vec<_>>()
    };
    // Whoever was last.
    assert!(restarts(orphan.task).iter().all(|&count| count <= 1) && !restarts(orphan.task).is_empty());
    cluster.mini(&["start-node", "n3"]);
    cluster.up("n3");
    (reference, bench)
}

/// What is missing is a sparse array.
fn resume_submits_only_what_is_missing(cluster: &Cluster, reference: &Bench, bench: &Bench) {
    let store = store::cells::Store::at(&bench.out().join("tiny"));
    let plan = runner::run::plan_file::PlanFile::read(&bench.out().join("tiny/plan.json")).unwrap();
    [1, 4].iter().for_each(|&index: &usize| store.forget(&plan.cells[index].id).unwrap());
    let kept = fs::metadata(store.cell(&plan.cells[2].id, "")).unwrap().modified().unwrap();
    let status = cluster.runner("status", bench, &[]);
    assert!(text(&status.stdout).contains("4 done, 0 running, 0 queued, 0 failed, 2 missing"), "{}", text_of(&status));
    let submitted = cluster.submitted(bench, "resume", &["--group", "1"]);
    let jobs = fs::read_to_string(submitted.place.join("jobs.json")).unwrap();
    let last = &jobs[jobs.rfind("\"offset\"").unwrap()..];
    assert!(last.starts_with("\"offset\": 1") && last.contains("\"tasks\": \"0,3\""), "{jobs}");
    let (code, log) = cluster.merged(&submitted);
    assert!(code == 0 && log.contains("6 of 6 cells of `tiny` are done"), "{log}");
    same(&reference.out(), &bench.out(), "resumed");
    assert_eq!(fs::metadata(store.cell(&plan.cells[2].id, "")).unwrap().modified().unwrap(), kept, "left alone");
}

#[test]
fn grids_survive_on_a_cluster_of_three_nodes() {
    let Some(cluster) = Cluster::start() else { return };
    let begun = Instant::now();
    let done = |what: &str| eprintln!("{:6.1} s: {what}", begun.elapsed().as_secs_f64());
    an_array_and_its_merge_make_the_table_of_one_process(&cluster);
    done("an array and its merge");
    a_cell_that_fails_is_named_and_takes_no_other_with_it(&cluster);
    done("a cell that fails");
    let (reference, bench) = lost_nodes_and_orphans_cost_nothing_but_time(&cluster);
    done("a node set down, a daemon killed");
    resume_submits_only_what_is_missing(&cluster, &reference, &bench);
    done("resumed");
}
