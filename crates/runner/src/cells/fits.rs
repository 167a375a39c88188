//! Fits that several cells share: the GPA under a GCPA, the universe that a view is added to, and the same
//! method on the same data in another grid of the same run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use align::{BaseFit, BaseViews, Dataset, Fit, FitInput, Method};
use anyhow::{Context as _, Result};
use files::checksum;
use serde_json::json;

use crate::cells::cost::{Cost, measured};
use crate::cells::interrupt;
use grid::keys::canonical;
use grid::plan::{Cell, Plan};
use grid::prepare::{Pairing, Widths};

/// A fit and what it cost when it was made.
#[derive(Clone)]
pub struct Fitting {
    /// The fit.
    pub fit: Arc<Fit>,
    /// What making it cost, shared parts included wherever they were made.
    pub cost: Cost,
}

/// A place for one fit: whoever comes first makes it, others wait.
type Slot = Arc<Mutex<Option<Fitting>>>;

/// Fits by content. A fit's numbers do not depend on who made it, so sharing changes costs alone. What was not asked for the
/// longest is dropped first.
pub struct Fits {
    kept: Mutex<Kept>,
    /// Bytes of all fits at most.
    most: u64,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<String, Entry>,
    bytes: u64,
    /// Counts what was asked for.
    clock: u64,
}

#[derive(Default)]
struct Entry {
    slot: Slot,
    /// Of the fit; none, while it is being made.
    bytes: Option<u64>,
    /// When it was last asked for.
    used: u64,
}

/// Bytes kept where no memory bound is given: ten views of 256 dimensions with a corrector are 4 MB, thirty of 768 in pairs 1 GB.
const USUAL: u64 = 512 << 20;

impl Default for Fits {
    fn default() -> Self {
        Self::within(None)
    }
}

impl Fits {
    /// Fits of so many bytes at most, and never more than is usual.
    pub fn within(most: Option<u64>) -> Self {
        Self { kept: Mutex::default(), most: most.map_or(USUAL, |most| most.min(USUAL)) }
    }

    /// Bytes of the fits that are kept.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// Drops fits until so many bytes are left. Who has one in hand keeps it.
    pub fn shrink(&self, most: u64) {
        self.lock().shrink(most);
    }

    /// The fit of a cell's method on its data, made now or taken from before.
    ///
    /// The cost of a method with a base includes the base's, except where the base is a universe that
    /// exists already and is only extended.
    ///
    /// # Errors
    /// The errors of [`Method::fit`].
    pub fn of(&self, plan: &Plan, cell: &Cell, data: &Dataset) -> Result<Fitting> {
        self.of_method(plan, cell, data, &cell.method, cell.views.len())
    }

    /// The fit of `method` on the first `views` views of a cell.
    fn of_method(&self, plan: &Plan, cell: &Cell, data: &Dataset, method: &Method, views: usize) -> Result<Fitting> {
        let key = key(plan, cell, method, views)?;
        let slot = self.slot(&key);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fitting) = slot.as_ref() {
            return Ok(fitting.clone());
        }
        let names: Vec<&str> = cell.views[..views].iter().map(String::as_str).collect();
        let seen = data.select(&names)?;
        let watch = interrupt::fit_watch();
        let (fit, cost) = match method.base() {
            None => measured(|| method.fit(FitInput::from(&seen).watched_by(&watch), cell.seed)),
            Some(BaseFit { method: base, views: of }) => {
                of.of(&seen.train.views)?;
                let base = self.of_method(plan, cell, data, &base, of.count(views))?;
                let (fit, own) =
                    measured(|| method.fit_on(&base.fit, FitInput::from(&seen).watched_by(&watch), cell.seed));
                let all = Cost { wall: own.wall + base.cost.wall, cpu: own.cpu + base.cost.cpu };
                (fit, if of == BaseViews::AllButLast { own } else { all })
            }
        };
        let fitting = Fitting { fit: Arc::new(fit.context("fit")?), cost };
        *slot = Some(fitting.clone());
        self.weigh(&key, fitting.fit.fitted.bytes() as u64);
        Ok(fitting)
    }

    fn slot(&self, key: &str) -> Slot {
        let mut kept = self.lock();
        kept.clock += 1;
        let used = kept.clock;
        let entry = kept.entries.entry(key.to_string()).or_default();
        entry.used = used;
        Arc::clone(&entry.slot)
    }

    /// A fit has been made: it counts from now on, and others make room for it.
    fn weigh(&self, key: &str, bytes: u64) {
        let mut kept = self.lock();
        let Some(entry) = kept.entries.get_mut(key) else { return };
        let before = entry.bytes.replace(bytes).unwrap_or_default();
        kept.bytes = kept.bytes + bytes - before;
        kept.shrink(self.most);
    }

    /// As if such a fit had been made.
    #[cfg(test)]
    pub(crate) fn hold(&self, key: &str, bytes: u64) {
        self.slot(key);
        self.weigh(key, bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn shrink(&mut self, most: u64) {
        while self.bytes > most {
            let made = self.entries.iter().filter(|(_, entry)| entry.bytes.is_some());
            let Some(oldest) = made.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone()) else { return };
            let dropped = self.entries.remove(&oldest).and_then(|entry| entry.bytes);
            self.bytes -= dropped.unwrap_or_default();
        }
    }
}

/// Hash of everything that can change the fit.
fn key(plan: &Plan, cell: &Cell, method: &Method, views: usize) -> Result<String> {
    let grid = &plan.grid.value;
    // Pairing and width matching look at all views of the cell, also when the fit sees fewer.
    let alone = grid.pairing == Pairing::Rows && grid.widths == Widths::AsTheyAre;
    let prepared_with = if alone { views } else { cell.views.len() };
    let identity = json!({
        "data": plan.source.checksum(&cell.views[..prepared_with]),
        "views": cell.views[..views],
        "pairing": grid.pairing,
        "widths": grid.widths,
        "validation": plan.needs_validation(),
        "noise": cell.noise,
        "method": method,
        "method_version": method.version(),
        "seed": cell.seed,
    });
    Ok(checksum::sha256(canonical(&identity).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(fits: &Fits, key: &str, bytes: u64) {
        fits.hold(key, bytes);
    }

    fn keys(fits: &Fits) -> Vec<String> {
        let mut keys: Vec<String> = fits.lock().entries.keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn fits_are_weighed_and_the_one_unused_for_the_longest_goes_first() {
        let fits = Fits::within(Some(100));
        (0..50).for_each(|i| made(&fits, &format!("small {i}"), 2));
        assert_eq!((fits.bytes(), keys(&fits).len()), (100, 50));
        made(&fits, "a", 60);
        made(&fits, "b", 30);
        // Asked for again, so that b is the older one.
        fits.slot("a");
        fits.slot("in the making");
        made(&fits, "c", 40);
        assert_eq!((fits.bytes(), keys(&fits)), (100, vec!["a".into(), "c".into(), "in the making".into()]));
        // Too large for all of it: used by who made it, not kept, and nothing else can be.
        made(&fits, "d", 101);
        assert_eq!((fits.bytes(), keys(&fits)), (0, vec!["in the making".to_string()]));
        made(&fits, "e", 10);
        fits.shrink(9);
        assert_eq!(fits.bytes(), 0);
        assert_eq!(Fits::within(Some(u64::MAX)).most, USUAL);
    }
}
