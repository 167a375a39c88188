//! Number of attempts of a failed request, and the pauses between them.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    thread,
    time::Duration,
};

use url::Url;

use crate::{FetchError, http::Failure, hub::shown};

/// Attempts and pauses. The pause doubles with every failure; half of it is random, so that clients that failed
/// together do not return together. A server's `Retry-After` is its lower limit.
#[derive(Clone)]
pub struct Retry {
    /// Number of attempts for each file.
    pub attempts: u32,
    /// The pause after the first failure.
    pub first: Duration,
    /// Upper limit of our own pauses.
    pub longest: Duration,
    /// Upper limit of pauses that a server requests; beyond it, the command ends with an error.
    pub patience: Duration,
    /// The function that waits; tests replace it.
    pub wait: Arc<dyn Fn(Duration) + Send + Sync>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 8,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            patience: Duration::from_secs(600),
            wait: Arc::new(thread::sleep),
        }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, first, longest, patience, wait: _ } = self;
        f.debug_struct("Retry")
            .field("attempts", attempts)
            .field("first", first)
            .field("longest", longest)
            .field("patience", patience)
            .finish_non_exhaustive()
    }
}

impl Retry {
    /// Repeats attempts until one succeeds, one fails for good, or all are used.
    pub(crate) fn run<T>(
        &self,
        url: &Url,
        mut attempt: impl FnMut() -> Result<T, Failure>,
        note: impl Fn(&str),
    ) -> Result<T, FetchError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (reason, after) = match attempt() {
                Ok(value) => return Ok(value),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing { reason, after }) => (reason, after),
            };
            let gave_up = |last: String| FetchError::GaveUp { url: shown(url), attempts, last };
            if attempts >= self.attempts {
                return Err(gave_up(reason));
            }
            let Some(pause) = self.pause(attempts, after) else {
                let asked = after.unwrap_or_default().as_secs();
                return Err(gave_up(format!("{reason}, and asks to wait for {asked} s")));
            };
            note(&format!("{reason}; again in {:.1} s", pause.as_secs_f64()));
            (self.wait)(pause);
        }
    }

    /// The pause after this many failures; `None` if the server requests more than `patience`.
    pub(crate) fn pause(&self, failures: u32, asked: Option<Duration>) -> Option<Duration> {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(20));
        let half = doubled.min(self.longest) / 2;
        let own = half + half.mul_f64(chance());
        match asked {
            None => Some(own),
            Some(asked) if asked > self.patience => None,
            // A little later than requested, for the same reason.
            Some(asked) => Some(asked.max(own) + half.mul_f64(chance() / 4.0)),
        }
    }
}

/// A random number in [0, 1). The standard library seeds each hasher anew, which suffices here.
fn chance() -> f64 {
    (RandomState::new().hash_one(0_u8) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_vary() {
        let retry = Retry::default();
        for (failures, most) in [(1, 1.0), (2, 2.0), (4, 8.0), (7, 60.0), (200, 60.0)] {
            for _ in 0..50 {
                let pause = retry.pause(failures, None).unwrap().as_secs_f64();
                assert!((most / 2.0..=most).contains(&pause), "{pause} after {failures} failures");
            }
        }
        assert_ne!(retry.pause(9, None), retry.pause(9, None), "no two alike");
    }

    #[test]
    fn a_server_may_ask_for_more_but_not_for_anything() {
        let retry = Retry::default();
        assert!(retry.pause(1, Some(Duration::from_secs(30))).unwrap() >= Duration::from_secs(30));
        assert_eq!(retry.pause(1, Some(Duration::from_secs(3600))), None);
    }
}
