//! Parsers of other crates that panic on damaged files.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::FileProblem;

/// Parsers at work; while there are any, panics are not printed.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);

/// Runs a parser; a panic in it is one more way to say that the file is damaged.
///
/// The parser may panic in threads of its own pool, so what keeps the message off the terminal is for the whole process:
/// a panic elsewhere at the same moment is not printed either, and still ends its thread.
pub(super) fn guarded<T>(
    format: &'static str,
    parse: impl FnOnce() -> Result<T, FileProblem>,
) -> Result<T, FileProblem> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if AT_WORK.load(Ordering::SeqCst) == 0 {
                print(panic);
            }
        }));
    });
    AT_WORK.fetch_add(1, Ordering::SeqCst);
    // What the parser holds is dropped with it; nothing of it is seen again.
    let result = catch_unwind(AssertUnwindSafe(parse));
    AT_WORK.fetch_sub(1, Ordering::SeqCst);
    result.unwrap_or_else(|_| {
        let detail = "its parts contradict each other; write or fetch it again".to_owned();
        Err(FileProblem::Header { format, detail })
    })
}
