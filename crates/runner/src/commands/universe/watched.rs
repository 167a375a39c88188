//! The progress of a fit and of sums over rows, as events.

use std::sync::Arc;

use align::Watch;

use crate::event::{Event, Watcher};

/// A watch that tells every step of a fit.
pub(super) fn steps(watcher: &Watcher) -> Watch {
    struct Steps(Watcher);
    impl align::Progress for Steps {
        fn advance(&self, done: usize, total: usize) {
            self.0.on_event(&Event::WorkAt { noun: "steps", done, total });
        }
    }
    Watch::by(Arc::new(Steps(Arc::clone(watcher))))
}

/// Ends the progress, on an error too.
pub(super) struct Ended<'a>(pub(super) &'a Watcher);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.on_event(&Event::WorkEnded);
    }
}
