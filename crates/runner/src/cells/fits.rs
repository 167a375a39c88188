//! Fits that several cells share: the GPA of a GCPA, the universe to which a view is added, and the same method on the
//! same data in another grid of the same run.

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

/// A fit and its cost when it was made.
#[derive(Clone)]
pub struct Fitting {
    /// The fit.
    pub fit: Arc<Fit>,
    /// The cost of the fit, with the cost of shared parts, wherever those were made.
    pub cost: Cost,
}

/// The place of one fit. The first thread makes the fit, and the others wait.
type Slot = Arc<Mutex<Option<Fitting>>>;

/// The fits by content. The values of a fit do not depend on the cell that made it, so sharing changes only the cost.
/// The least recently used fit is dropped first.
pub struct Fits {
    kept: Mutex<Kept>,
    /// Limit on the bytes of all fits.
    most: u64,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<String, Entry>,
    bytes: u64,
    /// A clock that counts the uses.
    clock: u64,
}

#[derive(Default)]
struct Entry {
    slot: Slot,
    /// Bytes of the fit; `None` while it is being made.
    bytes: Option<u64>,
    /// Time of the last use.
    used: u64,
}

/// Limit on the bytes if the user sets no limit on the memory. Ten views of 256 dimensions with a corrector take 4 MB,
/// thirty views of 768 dimensions in pairs take 1 GB.
const USUAL: u64 = 512 << 20;

impl Default for Fits {
    fn default() -> Self {
        Self::within(None)
    }
}

impl Fits {
    /// A store of fits with a limit, which is never above the default.
    pub fn within(most: Option<u64>) -> Self {
        Self { kept: Mutex::default(), most: most.map_or(USUAL, |most| most.min(USUAL)) }
    }

    /// Bytes of all stored fits.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// Drops fits until at most this number of bytes is left. A cell that uses a fit keeps it.
    pub fn shrink(&self, most: u64) {
        self.lock().shrink(most);
    }

    /// The fit of the method of a cell on its data, made now or taken from the store.
    ///
    /// The cost of a method with a base includes the cost of the base, unless the base is an existing universe to which
    /// a view is added.
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

    /// Counts a finished fit from now on, and drops others to make room.
    fn weigh(&self, key: &str, bytes: u64) {
        let mut kept = self.lock();
        let Some(entry) = kept.entries.get_mut(key) else { return };
        let before = entry.bytes.replace(bytes).unwrap_or_default();
        kept.bytes = kept.bytes + bytes - before;
        kept.shrink(self.most);
    }

    /// Adds a fit for tests.
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

/// The hash of everything that can change the fit.
fn key(plan: &Plan, cell: &Cell, method: &Method, views: usize) -> Result<String> {
    let grid = &plan.grid.value;
    // Pairing and equal widths depend on all views of the cell, also if the fit sees fewer.
    let alone = grid.pairing == Pairing::Rows && grid.widths == Widths::AsTheyAre;
    let prepared_with = if alone { views } else { cell.views.len() };
    let mut identity = json!({
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
    if let Some(rows) = cell.fit_rows.count() {
        identity["fit_rows"] = rows.into();
    }
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
        // After this use, b is the least recently used fit.
        fits.slot("a");
        fits.slot("in the making");
        made(&fits, "c", 40);
        assert_eq!((fits.bytes(), keys(&fits)), (100, vec!["a".into(), "c".into(), "in the making".into()]));
        // The fit is larger than the limit: the caller uses it, but it is not stored.
        made(&fits, "d", 101);
        assert_eq!((fits.bytes(), keys(&fits)), (0, vec!["in the making".to_string()]));
        made(&fits, "e", 10);
        fits.shrink(9);
        assert_eq!(fits.bytes(), 0);
        assert_eq!(Fits::within(Some(u64::MAX)).most, USUAL);
    }
}
