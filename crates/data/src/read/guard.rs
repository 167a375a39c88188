//! Protection from parsers of other crates that panic on damaged files.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::FileProblem;

/// Runs a parser; a panic counts as a damaged file, and its message goes into the error.
///
/// The program's panic hook is left as it is; it may print the same message.
pub(super) fn guarded<T>(
    format: &'static str,
    parse: impl FnOnce() -> Result<T, FileProblem>,
) -> Result<T, FileProblem> {
    // The parser's data are dropped with it and never used again.
    catch_unwind(AssertUnwindSafe(parse)).unwrap_or_else(|panic| {
        let words = words(panic.as_ref());
        let detail = format!("its parts contradict each other ({words}); write or fetch it again");
        Err(FileProblem::Header { format, detail })
    })
}

/// The first line of a panic's message.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("the parser gives no reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_words_and_the_hook_stays() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static PRINTED: AtomicUsize = AtomicUsize::new(0);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {
            PRINTED.fetch_add(1, Ordering::SeqCst);
        }));
        let error = guarded::<()>("toy", || panic!("page 3 has no end\nat all")).expect_err("a panic");
        assert!(error.to_string().contains("(page 3 has no end); write"), "{error}");
        // While a parser is at work, a panic elsewhere is still told to the program's own hook.
        let told = guarded("toy", || {
            let seen = PRINTED.load(Ordering::SeqCst);
            let elsewhere = std::thread::spawn(|| panic!("elsewhere")).join();
            Ok(elsewhere.is_err() && PRINTED.load(Ordering::SeqCst) > seen)
        });
        std::panic::set_hook(before);
        assert!(told.expect("no panic here"));
    }
}
