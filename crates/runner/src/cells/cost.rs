//! Cost of a piece of work: wall seconds, CPU seconds of its own thread pool, peak memory.

use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

/// Wall and CPU seconds of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Wall seconds.
    pub wall: f64,
    /// CPU seconds of all threads of its pool. Cells never share a pool, so the work of other cells is never counted.
    pub cpu: f64,
}

/// Runs `work` in the current pool and measures it.
pub fn measured<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (start, cpu) = (Instant::now(), pool_cpu());
    let result = work();
    let cost = Cost { wall: start.elapsed().as_secs_f64(), cpu: pool_cpu().saturating_sub(cpu).as_secs_f64() };
    (result, cost)
}

fn pool_cpu() -> Duration {
    rayon::broadcast(|_| ThreadTime::now().as_duration()).into_iter().sum()
}

/// Peak resident memory of this process since a start.
pub struct PeakMemory(());

impl PeakMemory {
    /// Resets the peak; `None` if the system does not support it.
    pub fn start() -> Option<Self> {
        std::fs::write("/proc/self/clear_refs", "5").ok().map(|()| Self(()))
    }

    /// The peak since the start, in MB (10⁶ bytes).
    pub fn megabytes(&self) -> Option<f64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kibibytes * 1024.0 / 1e6)
    }
}

/// Current resident memory of this process in bytes; `None` if the system does not report it.
pub fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}
