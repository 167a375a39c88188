//! Where a record comes from: code, machine, processor, time.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use files::checksum;

/// The commit that this program was compiled from, `-dirty` behind it where its code was not as committed; `unknown` where
/// it was compiled outside a checkout. Found by the build script, so that it is of the code and not of where a grid lies.
pub const REVISION: &str = env!("CODE_REVISION");

/// The version, and the code that it was compiled from.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("CODE_REVISION"), ")");

/// SHA-256 of the `Cargo.lock` that this program was compiled with: which versions of which libraries are in it. `None` where the
/// code was compiled outside of its workspace, with versions that are not known here.
pub static LOCK_SHA256: LazyLock<Option<String>> = LazyLock::new(|| {
    let lock = include_bytes!(concat!(env!("OUT_DIR"), "/Cargo.lock"));
    (!lock.is_empty()).then(|| checksum::sha256(lock))
});

/// What is the same for all records of a run.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// Revision of the folder that the grid file lies in, `-dirty` where tracked files have changes; `None` outside a checkout.
    pub grid_git: Option<String>,
    /// Machine name.
    pub host: String,
    /// Processor model and the widest vector instructions it has, which decide the last digits.
    pub cpu: String,
    /// The node of a cluster, else the machine.
    pub node: String,
    /// How often the scheduler has started this job anew; `None` outside a job.
    pub restarts: Option<u64>,
}

impl Provenance {
    /// Looks around once; `grid` is the folder of the grid file.
    pub fn gather(grid: &Path) -> Self {
        let host = files::host();
        let node = set("SLURMD_NODENAME").unwrap_or_else(|| host.clone());
        // Slurm sets the count only once it is one.
        let restarts = set("SLURM_JOB_ID")
            .map(|_| set("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or_default());
        Self { grid_git: git_revision(grid), host, cpu: cpu(), node, restarts }
    }
}

/// The time, as `2026-11-28T04:59:00Z`; `None` for a clock that stands before 1970 or beyond all years.
pub fn now() -> Option<String> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let time = chrono::DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
    // Its debug form is ISO 8601, by its documentation.
    Some(format!("{time:?}"))
}

/// A variable of the environment that is set to something.
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
    // Only what is tracked counts: results and scratch files do not change the code.
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

/// The widest instruction set that the kernels distinguish.
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
