//! Ctrl-C and SIGTERM. After the first signal, running cells continue to their end. The second signal ends their fits,
//! and their work is lost. A program that handles signals itself, such as an interpreter, tells runs instead ([`by_caller`]).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use align::{Progress, Watch};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::run::line::program;

/// Exit code of an interrupted run.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);
static ABANDONED: AtomicBool = AtomicBool::new(false);
/// Time for fits to notice the second signal before the process ends. Tasks do not check for it.
const GRACE: Duration = Duration::from_secs(3);
/// Number of runs whose cells are being computed or stored.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Whether the program that calls this library handles signals.
static BY_CALLER: AtomicBool = AtomicBool::new(false);

/// Leaves all signals to the program that calls this library, which ends runs by [`end_runs`]. Call it before each run: it
/// also takes back an earlier end, unless another run is at work.
pub fn by_caller() {
    BY_CALLER.store(true, Ordering::SeqCst);
    if RUNNING.load(Ordering::SeqCst) == 0 {
        REQUESTED.store(false, Ordering::SeqCst);
        ABANDONED.store(false, Ordering::SeqCst);
    }
}

/// Ends all runs of this process: no further cell starts, and running cells end after the step of their fit, or the task,
/// that is at work, without a result. Finished cells are stored.
pub fn end_runs() {
    REQUESTED.store(true, Ordering::SeqCst);
    ABANDONED.store(true, Ordering::SeqCst);
}

/// Handles signals from now on, unless the program that calls this library does.
pub fn watch() {
    if BY_CALLER.load(Ordering::SeqCst) {
        return;
    }
    static START: Once = Once::new();
    START.call_once(|| match Signals::new([SIGINT, SIGTERM]) {
        Ok(mut signals) => {
            std::thread::spawn(move || signals.forever().for_each(|_| signalled()));
        }
        // If the handler cannot be set, the first signal ends the process. Then only unfinished cells are lost.
        Err(error) => tracing::info!("note: Ctrl-C abandons the cells that run: {error}"),
    });
}

fn signalled() {
    let again = REQUESTED.swap(true, Ordering::SeqCst);
    if RUNNING.load(Ordering::SeqCst) == 0 {
        end("Interrupted");
    }
    if !again {
        tracing::warn!(
            "Interrupted. Waiting for running cells to finish; press Ctrl-C again to stop now (their work is lost)."
        );
    } else if ABANDONED.swap(true, Ordering::SeqCst) {
        end("Stopped");
    } else {
        tracing::warn!("Interrupted again. Stopping now; the work of running cells is lost.");
        std::thread::spawn(|| {
            std::thread::sleep(GRACE);
            end("Stopped");
        });
    }
}

fn end(how: &str) -> ! {
    tracing::info!("{how}; continue with: {}", resume());
    std::process::exit(EXIT_CODE.into());
}

/// Whether the user asked for an end.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// Whether running cells must end now, without a result.
pub fn abandoned() -> bool {
    ABANDONED.load(Ordering::SeqCst)
}

/// A watch that ends a fit if the second signal arrives.
pub fn fit_watch() -> Watch {
    struct Abandon;
    impl Progress for Abandon {
        fn cancelled(&self) -> bool {
            abandoned()
        }
    }
    Watch::by(Arc::new(Abandon))
}

/// The command that continues the run: the same command without the options that compute finished cells again.
pub fn resume() -> String {
    if BY_CALLER.load(Ordering::SeqCst) {
        return "the same call again".into();
    }
    let args = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    files::shell::command(std::iter::once(program().to_string()).chain(args.filter(|arg| arg != "--recompute")))
}

/// A guard. Cells are being computed or stored while it lives.
#[derive(Debug)]
pub struct Running(());

impl Running {
    /// Creates the guard.
    pub fn start() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}
