//! Preparation of a cell's data from a grid's source: pairing, validation rows, number of training rows, noise, width
//! matching.

use std::collections::BTreeMap;

use align::Dataset;
use anyhow::{Context, Result};
use data::DataError;

use crate::plan::{Cell, Plan};
pub use crate::terms::{ByClass, FitRows, Pairing, Widths};

/// Share of train that becomes validation rows if a task needs them and the data have none.
pub const VALIDATION_SHARE: f64 = 0.1;

impl Plan {
    /// Whether cells need validation rows for a task or a method.
    pub fn needs_validation(&self) -> bool {
        let grid = &self.grid.value;
        grid.tasks.iter().any(tasks::Task::needs_validation) || grid.methods.iter().any(|m| m.needs().validation)
    }

    /// The data of a cell, after these steps: views, pairing, validation rows, number of training rows, noise on the
    /// training rows, widths. The validation rows do not depend on the number of training rows.
    ///
    /// # Errors
    /// Unknown views, a missing labelling, widths that cannot be matched, fewer training rows than the cell needs.
    pub fn dataset(&self, cell: &Cell) -> Result<Dataset> {
        let mut data = self.whole(&cell.views, cell.seed)?;
        if let FitRows::Count(rows) = cell.fit_rows {
            data = data.with_fit_rows(rows, cell.seed)?;
        }
        data.train.views = cell.noise.apply(&data.train.views)?;
        match self.grid.value.widths {
            Widths::AsTheyAre => Ok(data),
            Widths::Pca => data.pca_matched().context("matching widths by PCA"),
        }
    }

    /// Views, paired, with validation rows.
    fn whole(&self, views: &[String], seed: u64) -> Result<Dataset> {
        let grid = &self.grid.value;
        let mut data = self.source.select(views)?;
        if let Pairing::ByClass(ByClass { label, seed }) = &grid.pairing {
            data = tasks::disjoint_by_class(&data, label.as_deref(), *seed).context("pairing by class")?;
        }
        if self.needs_validation() {
            let label = grid.tasks.iter().find(|t| t.needs_validation()).and_then(tasks::Task::label);
            data = data.with_validation(VALIDATION_SHARE, label, seed)?;
        }
        Ok(data)
    }

    /// Number of all training rows by subset of views, without the validation rows; empty if no cell has fewer.
    ///
    /// # Errors
    /// A cell with more training rows than there are, with both numbers.
    pub(crate) fn count_training_rows(&self) -> Result<BTreeMap<String, usize>> {
        let grid = &self.grid.value;
        let mut found = BTreeMap::new();
        if grid.fit_rows.iter().all(|rows| *rows == FitRows::All) {
            return Ok(found);
        }
        let mut errors = Vec::new();
        let known = self.source.view_names();
        for set in grid.view_sets() {
            let views = set.views.unwrap_or_else(|| known.clone());
            // The number of validation rows is the same for all seeds.
            let all = self.whole(&views, grid.seeds.first().copied().unwrap_or_default())?.train.views.rows();
            for (i, rows) in grid.fit_rows.iter().enumerate() {
                if rows.count().is_some_and(|count| count > all) {
                    let without = if self.needs_validation() { ", validation rows not counted" } else { "" };
                    let problem = format!(
                        "found {rows} training rows, and `{}` has {all} on the views `{}`{without}; expected at most {all}, or `all`",
                        self.source.used(),
                        set.name
                    );
                    errors.push(self.grid.error(&format!("fit_rows[{i}]"), problem));
                }
            }
            found.insert(set.name, all);
        }
        DataError::none_of(errors)?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::plan::PlanRequest;

    #[test]
    fn noise_touches_training_rows_alone() {
        let smoke = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/smoke.yaml");
        let plan = PlanRequest::of(&smoke, false).open().expect("the smoke grid");
        let named = |name: &str| plan.cells.iter().find(|c| c.noise.name() == name && c.views.len() == 4);
        let data = |name: &str| plan.dataset(named(name).expect("in the grid")).expect("valid");
        let clean = data("none");
        for noise in tasks::noise::Noise::NAMES.into_iter().filter(|name| *name != "none") {
            let noisy = data(noise);
            let same = |of: fn(&Dataset) -> &align::Views| {
                let (clean, noisy) = (of(&clean), of(&noisy));
                (0..clean.len()).all(|m| clean.at(m) == noisy.at(m)) && noisy.complete()
            };
            assert!(same(|data| &data.test.views), "{noise}");
            assert!(same(|data| &data.validation.as_ref().expect("probing needs it").views), "{noise}");
            assert!(!same(|data| &data.train.views), "{noise} does something");
        }
    }
    #[test]
    fn a_cell_knows_the_widths_and_rows_of_its_fit() {
        let smoke = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/smoke.yaml");
        for widths in ["as_they_are", "pca"] {
            let overrides = serde_json::json!({ "widths": widths });
            let plan = PlanRequest { overrides, ..PlanRequest::of(&smoke, false) }.open().expect("the smoke grid");
            let rows = plan.source.dataset().train.views.rows();
            let mut seen = std::collections::BTreeSet::new();
            for cell in plan.cells.iter().filter(|cell| seen.insert(cell.view_set.clone())) {
                let fitted = plan.dataset(cell).expect("valid").train.views.widths();
                assert_eq!(cell.size, align::FitSize::of_widths(&fitted).with_rows(rows), "{widths}");
            }
        }
    }
}
