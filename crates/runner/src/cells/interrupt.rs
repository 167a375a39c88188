//! Ctrl-C and SIGTERM: the first lets the cells that run come to their end, the second ends their fits and loses their work.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use align::{Progress, Watch};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::run::line::program;

/// Exit code of a run that was interrupted.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);
static ABANDONED: AtomicBool = AtomicBool::new(false);
/// What a fit has to notice that it is abandoned, and what waits for it to end. Scores look at no signal.
const GRACE: Duration = Duration::from_secs(3);
/// Runs whose cells are being computed or kept.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Watches from now on.
pub fn watch() {
    static START: Once = Once::new();
    START.call_once(|| match Signals::new([SIGINT, SIGTERM]) {
        Ok(mut signals) => {
            std::thread::spawn(move || signals.forever().for_each(|_| signalled()));
        }
        // Without a watch the first signal ends the process, which costs no more than what was not finished.
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

/// Whether someone wants this to end.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// Whether the cells that run are to end now, without a result.
pub fn abandoned() -> bool {
    ABANDONED.load(Ordering::SeqCst)
}

/// A watch that ends a fit once the cells that run are abandoned.
pub fn fit_watch() -> Watch {
    struct Abandon;
    impl Progress for Abandon {
        fn cancelled(&self) -> bool {
            abandoned()
        }
    }
    Watch::by(Arc::new(Abandon))
}

/// What to type to go on: the same command again, without what would compute finished cells anew.
pub fn resume() -> String {
    let args = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    files::shell::command(std::iter::once(program().to_string()).chain(args.filter(|arg| arg != "--recompute")))
}

/// Cells are being computed or kept while this lives.
#[derive(Debug)]
pub struct Running(());

impl Running {
    /// From now on.
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
