//! Ctrl-C and SIGTERM: the first lets the cells that run come to their end, the second abandons them.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::run::line::program;

/// Exit code of a run that was interrupted.
pub const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);
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
    let running = RUNNING.load(Ordering::SeqCst) > 0;
    let again = REQUESTED.swap(true, Ordering::SeqCst);
    if running && !again {
        tracing::warn!("interrupted: the cells that run are finished first; once more abandons them");
        return;
    }
    let what = if running { "abandoned what was not finished" } else { "interrupted" };
    tracing::info!("{what}; go on with: {}", resume());
    std::process::exit(EXIT_CODE.into());
}

/// Whether someone wants this to end.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// What to type to go on: the same command again, without what would compute finished cells anew.
pub fn resume() -> String {
    let args = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    files::shell::command(std::iter::once(program().to_string()).chain(args.filter(|arg| arg != "--force")))
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
