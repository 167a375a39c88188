//! Where a record comes from: code, machine, processor.

use std::path::Path;
use std::process::Command;

/// What is the same for all records of a run.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// Revision of the code, `-dirty` where the tree has changes; `None` outside a checkout.
    pub git: Option<String>,
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
    /// Looks around once; `folder` is somewhere in the checkout.
    pub fn gather(folder: &Path) -> Self {
        let host = hostname::get().map(|h| h.to_string_lossy().into_owned()).unwrap_or_default();
        let node = set("SLURMD_NODENAME").unwrap_or_else(|| host.clone());
        // Slurm sets the count only once it is one.
        let restarts = set("SLURM_JOB_ID")
            .map(|_| set("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or_default());
        Self { git: git_revision(folder), host, cpu: cpu(), node, restarts }
    }
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
