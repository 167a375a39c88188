//! Work without the lock of the interpreter: fits in a thread of their own, which Ctrl-C ends, and projections.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use align::{Progress, Watch};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use runner::cells::execute::STACK;

use crate::errors::of_panic;

/// Time between two looks at signals and at the progress of a fit.
const TICK: Duration = Duration::from_millis(50);
/// Time that a cancelled fit has to end. A fit looks at its cancellation after every step; one that is in a longer step is left
/// alone, and its thread ends after that step.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a fit says and hears while it runs.
#[derive(Default)]
struct Line {
    done: AtomicUsize,
    total: AtomicUsize,
    cancelled: AtomicBool,
}

impl Progress for Line {
    fn advance(&self, done: usize, total: usize) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(done, Ordering::Release);
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Runs a fit in a thread of its own, with a pool of `threads` or with that of the process, and waits for it without the lock
/// of the interpreter. `progress` is
/// called as `progress(done, total)` when a step was made, at most every 50 ms, by the thread that called the fit.
///
/// # Errors
/// Those of the fit, of `progress`, and of a signal, such as `KeyboardInterrupt`.
pub fn fit<T: Send + 'static>(
    py: Python<'_>,
    threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Watch) -> T + Send + 'static,
) -> PyResult<T> {
    let line = Arc::new(Line::default());
    let watch = Watch::by(line.clone());
    let pool = match threads {
        Some(threads) => Some(Arc::new(pool_of(threads)?)),
        None => pool_of_fork()?,
    };
    let (send, answer) = mpsc::channel();
    let work = move || {
        let result = within(pool.as_deref(), || work(&watch));
        // Nobody waits for a fit that was left alone.
        let _ = send.send(result);
    };
    thread::Builder::new()
        .name("polyalign fit".into())
        .stack_size(STACK)
        .spawn(work)
        .map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
    let answer = Mutex::new(answer);
    let wait = |tick: Duration| py.detach(|| answer.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(tick));
    let mut told = (0, 0);
    loop {
        let got = wait(TICK);
        let interrupted = match got {
            Err(RecvTimeoutError::Timeout) => py.check_signals().err(),
            _ => None,
        };
        let interrupted = interrupted.or_else(|| tell(&line, progress, &mut told).err());
        if let Some(error) = interrupted {
            line.cancelled.store(true, Ordering::Relaxed);
            let since = Instant::now();
            while since.elapsed() < PATIENCE && matches!(wait(TICK), Err(RecvTimeoutError::Timeout)) {}
            return Err(error);
        }
        match got {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(of_panic()),
        }
    }
}

/// Calls `progress` if there was a step since `told`.
fn tell(line: &Line, progress: Option<&Bound<'_, PyAny>>, told: &mut (usize, usize)) -> PyResult<()> {
    let Some(progress) = progress else { return Ok(()) };
    let now = (line.done.load(Ordering::Acquire), line.total.load(Ordering::Relaxed));
    if now != *told {
        *told = now;
        progress.call1(now)?;
    }
    Ok(())
}

/// The process that first did work here, whose threads are those of rayon's global pool.
static FIRST: OnceLock<u32> = OnceLock::new();
/// The pool of a process that was forked from it, with the id of that process.
static FORKED: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// The pool of this process if it was forked from one that has done work: it has no threads of its parent, and would wait for
/// them for ever. Other processes use the global pool, with the calling thread besides its threads, as the program `runner` does.
fn pool_of_fork() -> PyResult<Option<Arc<ThreadPool>>> {
    let id = std::process::id();
    if *FIRST.get_or_init(|| id) == id {
        return Ok(None);
    }
    let mut held = FORKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, pool)) = held.as_ref().filter(|(process, _)| *process == id) {
        return Ok(Some(pool.clone()));
    }
    let pool = Arc::new(pool_of(thread::available_parallelism().map_or(1, NonZeroUsize::get))?);
    // The pool of a parent has no threads here; to end them would wait for ever.
    std::mem::forget(held.replace((id, pool.clone())));
    Ok(Some(pool))
}

/// Does work in the threads of a pool; without one, in those of the global pool.
fn within<T: Send>(pool: Option<&ThreadPool>, work: impl FnOnce() -> T + Send) -> T {
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Does short work without the lock of the interpreter.
///
/// # Errors
/// Threads that cannot be started.
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| Ok(within(pool_of_fork()?.as_deref(), work)))
}

/// A pool of so many threads.
fn pool_of(threads: usize) -> PyResult<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build();
    pool.map_err(|e| PyRuntimeError::new_err(format!("cannot start threads: {e}")))
}
