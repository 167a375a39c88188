//! The progress of a fit, and its cancellation.

use std::fmt;
use std::sync::Arc;

use crate::AlignError;

/// Observer of a fit, which can end it: a progress bar, a button, the end of a server's request.
///
/// A fit calls it after every step of its long loops (sweeps of GPA and SRM, training steps of GCPA, rounds of an
/// eigendecomposition), from the thread that fits.
pub trait Progress: Send + Sync {
    /// Called after step `done` of a loop of at most `total` steps. A fit can have several loops, one after the other.
    fn advance(&self, done: usize, total: usize) {
        let _ = (done, total);
    }

    /// Whether the fit must end now, with [`AlignError::Cancelled`].
    fn cancelled(&self) -> bool {
        false
    }
}

/// The observer of a fit, if there is one: [`FitInput::watched_by`](crate::FitInput::watched_by).
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<dyn Progress>>);

impl Watch {
    /// A watch with this observer.
    pub fn by(progress: Arc<dyn Progress>) -> Self {
        Self(Some(progress))
    }

    /// Reports a step of a loop.
    ///
    /// # Errors
    /// [`AlignError::Cancelled`].
    pub fn step(&self, done: usize, total: usize) -> Result<(), AlignError> {
        if let Some(progress) = &self.0 {
            progress.advance(done, total);
        }
        self.check()
    }

    /// Checks whether the fit was cancelled.
    ///
    /// # Errors
    /// [`AlignError::Cancelled`].
    pub fn check(&self) -> Result<(), AlignError> {
        match &self.0 {
            Some(progress) if progress.cancelled() => Err(AlignError::Cancelled),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Watch(..)" } else { "Watch(nobody)" })
    }
}
