//! Fits that several cells share: the GPA under a GCPA, the universe that a view is added to, and the same
//! method on the same data in another grid of the same run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use align::{BaseFit, BaseViews, Dataset, Fit, Method};
use anyhow::{Result, anyhow};
use data::checksum;
use serde_json::json;

use crate::cells::cost::{Cost, measured};
use crate::grid::plan::{Cell, Plan, canonical};
use crate::grid::prepare::{Pairing, Widths};

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

/// Fits by content. A fit's numbers do not depend on who made it, so sharing changes costs alone.
#[derive(Default)]
pub struct Fits(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    slots: HashMap<String, Slot>,
    /// Keys from the oldest to the newest.
    order: Vec<String>,
}

/// Fits kept at a time: ten views of 256 dimensions with a corrector are 4 MB.
const MOST: usize = 64;

impl Fits {
    /// The fit of a cell's method on its data, made now or taken from before.
    ///
    /// The cost of a method with a base includes the base's, except where the base is a universe that
    /// exists already and is only extended.
    ///
    /// # Errors
    /// As [`Method::fit`].
    pub fn of(&self, plan: &Plan, cell: &Cell, data: &Dataset) -> Result<Fitting> {
        self.of_method(plan, cell, data, &cell.method, cell.views.len())
    }

    /// The fit of `method` on the first `views` views of a cell.
    fn of_method(&self, plan: &Plan, cell: &Cell, data: &Dataset, method: &Method, views: usize) -> Result<Fitting> {
        let slot = self.slot(&key(plan, cell, method, views)?);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fitting) = slot.as_ref() {
            return Ok(fitting.clone());
        }
        let names: Vec<&str> = cell.views[..views].iter().map(String::as_str).collect();
        let train = data.train.spaces.select(&names)?;
        let (fit, cost) = match method.base() {
            None => measured(|| method.fit(&train, cell.seed)),
            Some(BaseFit { method: base, views: seen }) => {
                seen.of(&train)?;
                let base = self.of_method(plan, cell, data, &base, seen.count(views))?;
                let (fit, own) = measured(|| method.fit_on(&base.fit, &train, cell.seed));
                let all = Cost { wall: own.wall + base.cost.wall, cpu: own.cpu + base.cost.cpu };
                (fit, if seen == BaseViews::AllButLast { own } else { all })
            }
        };
        let fitting = Fitting { fit: Arc::new(fit.map_err(|e| anyhow!("fit: {e}"))?), cost };
        *slot = Some(fitting.clone());
        Ok(fitting)
    }

    fn slot(&self, key: &str) -> Slot {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = kept.slots.get(key) {
            return Arc::clone(slot);
        }
        if kept.order.len() >= MOST {
            let oldest = kept.order.remove(0);
            kept.slots.remove(&oldest);
        }
        kept.order.push(key.to_string());
        Arc::clone(kept.slots.entry(key.to_string()).or_default())
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
