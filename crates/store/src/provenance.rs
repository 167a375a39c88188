//! Origin of a record: code, machine, processor, time.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use files::checksum;

/// The commit from which this program was compiled, with `-dirty` if its code had changes; `unknown` if it was compiled
/// outside a checkout. The build script determines it, so it describes the code and not the folder of a grid.
pub const REVISION: &str = env!("CODE_REVISION");

/// The version of the program, with the revision of its code.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("CODE_REVISION"), ")");

/// SHA-256 of the `Cargo.lock` with which this program was compiled: it fixes the versions of all libraries. `None` if
/// the code was compiled outside its workspace, with unknown versions.
pub static LOCK_SHA256: LazyLock<Option<String>> = LazyLock::new(|| {
    let lock = include_bytes!(concat!(env!("OUT_DIR"), "/Cargo.lock"));
    (!lock.is_empty()).then(|| checksum::sha256(lock))
});

/// Facts that all records of a run share.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// Revision of the folder of the grid file, with `-dirty` if tracked files have changes; `None` outside a checkout.
    pub grid_git: Option<String>,
    /// Machine name.
    pub host: String,
    /// Processor model and its widest vector instructions, which determine the last digits.
    pub cpu: String,
    /// Node of a cluster, else the machine.
    pub node: String,
    /// Number of restarts of this job by the scheduler; `None` outside a job.
    pub restarts: Option<u64>,
}

impl Provenance {
    /// Collects the facts; `grid` is the folder of the grid file.
    pub fn gather(grid: &Path) -> Self {
        let host = files::host();
        let node = set("SLURMD_NODENAME").unwrap_or_else(|| host.clone());
        // Slurm sets the count only after the first restart.
        let restarts = set("SLURM_JOB_ID")
            .map(|_| set("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or_default());
        Self { grid_git: git_revision(grid), host, cpu: cpu(), node, restarts }
    }
}

/// The current time, as `2026-11-28T04:59:00Z`; `None` for a clock before 1970 or beyond the range of years.
pub fn now() -> Option<String> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let time = chrono::DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
    // The debug form is ISO 8601, according to its documentation.
    Some(format!("{time:?}"))
}

/// A variable of the environment that is set and not empty.
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn git_revision(folder: &Path) -> Option<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let run = |args: &[&str]| {
        let output = Command::new("git").arg("-C").arg(folder).args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
    };
    let revision = run(&["rev-parse", "--short=12", "HEAD"])?;
    // Only tracked files count: results and scratch files do not change the code.
    let changed = run(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { revision } else { format!("{revision}-dirty") })
}

fn cpu() -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|info| {
        let line = info.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_string())
    });
    format!("{} ({})", model.as_deref().unwrap_or(std::env::consts::ARCH), instruction_set())
}

/// The widest instruction set of those that the kernels distinguish.
fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return "avx512";
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            return "avx2";
        }
    }
    std::env::consts::ARCH
}
