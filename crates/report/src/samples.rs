//! Records and stored scores of a grid. The scores are functions of the multiplicities of the items, which resamples
//! evaluate.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use tasks::{Items, Metric, OfItems, Omitted, Quantity, Resamples, Scale, resample_with_seeds};

use crate::tables::summary::{Group, Measure, Summary};
use grid::Condition;
use grid::settings::Setting;
use store::cells::{DATA, Store, StoredSeries};
use store::record::Record;

/// A view, or an ordered pair of views.
pub type Place = (String, Option<String>);

/// Summarised records of a grid with its stored scores, computed once for all drawings, comparisons and verdicts.
pub struct Samples<'a> {
    summary: Summary<'a>,
    store: &'a Store,
}

/// One method's scores on one subset of views under one condition, in its headline space.
pub struct Sample {
    /// Number of held-out items.
    pub items: usize,
    /// Groups of the items, if the data have some.
    pub groups: Option<Groups>,
    metric: Metric,
    /// Number of seeds of the fits.
    seeds: usize,
    /// Values with their places and seeds; all are defined.
    figures: Vec<(Place, usize, OfItems)>,
}

/// Values of a sample on one draw of items.
pub struct Evaluated<'s> {
    sample: &'s Sample,
    /// One value per figure; NaN if it is undefined on this draw.
    values: Vec<f64>,
}

/// A grouping of the scored items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// Name in the manifest.
    pub name: String,
    /// The group of each item.
    pub of_items: Vec<i64>,
}

/// Reason why there is no sample, as a sentence.
pub type Missing = String;

impl<'a> Samples<'a> {
    /// Samples of all records of a grid.
    pub fn new(records: &'a [Record], store: &'a Store) -> Self {
        Self::named(records, store, &[])
    }

    /// The same, with names for these settings.
    pub fn named(records: &'a [Record], store: &'a Store, settings: &[Setting]) -> Self {
        Self { summary: Summary::named(records, settings), store }
    }

    /// The same with the number of all training rows by subset of views.
    pub fn with_training_rows(self, training_rows: &BTreeMap<String, usize>) -> Self {
        Self { summary: self.summary.with_training_rows(training_rows.clone()), ..self }
    }

    /// The records, summarised.
    pub fn summary(&self) -> &Summary<'a> {
        &self.summary
    }

    /// Where the scores are stored.
    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// Scores of the group that matches `method` best: by its alias or label in tables, its full label, or the name of
    /// its method.
    ///
    /// # Errors
    /// Stored scores that cannot be read.
    pub fn sample(
        &self,
        method: &str,
        metric: Metric,
        view_set: &str,
        condition: &Condition,
    ) -> Result<Result<Sample, Missing>> {
        let here = |g: &&Group| g.view_set == view_set && g.condition == *condition;
        let Some(group) = Summary::find(self.summary.groups.iter().filter(here), method) else {
            let rows = condition.fit_rows.count().map(|count| format!(" on {count} training rows")).unwrap_or_default();
            let found =
                format!("the grid has no cell of `{method}` on `{view_set}` under noise `{}`{rows}", condition.noise);
            return Ok(Err(found));
        };
        let Some(measure) = self.summary.measures_of(metric).next() else {
            return Ok(Err(format!("the grid has no task that measures {}", metric.name())));
        };
        // A claim is about all views or pairs; without some of them it would be another claim.
        if let Some(without) = self.summary.left_out(group, measure) {
            return Ok(Err(format!("{} of `{method}` on `{view_set}`: {without}", metric.name())));
        }
        self.sample_of(group, measure)
    }

    /// The scores of a group by one measure.
    ///
    /// # Errors
    /// Stored scores that cannot be read.
    pub fn sample_of(&self, group: &Group, measure: &Measure) -> Result<Result<Sample, Missing>> {
        match self.summary.headline(group, measure) {
            Some(_) => self.sample_in(&self.scores(group)?, group, measure),
            None => self.sample_in(&[], group, measure),
        }
    }

    /// Stored scores of a group's cells, one list per seed.
    ///
    /// # Errors
    /// A cell that is not finished; stored scores that cannot be read.
    pub fn scores(&self, group: &Group) -> Result<Vec<Vec<StoredSeries>>> {
        let mut cells: Vec<&str> = self.summary.of(group).map(|r| r.cell.as_str()).collect();
        cells.dedup();
        cells.into_iter().map(|cell| self.store.series(cell)).collect()
    }

    /// Like [`Samples::sample_of`], with scores from [`Samples::scores`], so that several measures read the files once.
    ///
    /// # Errors
    /// Series that do not belong together.
    pub fn sample_in(
        &self,
        scores: &[Vec<StoredSeries>],
        group: &Group,
        measure: &Measure,
    ) -> Result<Result<Sample, Missing>> {
        let (metric, method) = (measure.metric, &group.method.name);
        let Some(space) = self.summary.headline(group, measure) else {
            let reason = self.summary.reason(group, measure).unwrap_or_else(|| "not computed".into());
            return Ok(Err(format!("no {} of `{method}`: {reason}", metric.name())));
        };
        let Some(wanted) = metric.quantity() else {
            return Ok(Err(format!(
                "{} is computed from all items at once: no interval without computing it anew",
                metric.name()
            )));
        };
        let (mut figures, mut groups) = (Vec::new(), None);
        for (seed, series) in scores.iter().enumerate() {
            let mine = |s: &StoredSeries| s.task == measure.task && s.task_params == measure.task_params;
            let labels = series.iter().find(|s| mine(s) && s.series.quantity == Quantity::Label);
            let labels = labels.map(|s| s.series.values.clone()).unwrap_or_default();
            // A task that uses only some of the items stores their groups itself.
            let grouping = |wanted: &dyn Fn(&StoredSeries) -> bool| {
                series.iter().find(|s| s.series.quantity == Quantity::Group && wanted(s))
            };
            groups = grouping(&mine).or_else(|| grouping(&|s| s.task == DATA)).map(groups_in);
            for StoredSeries { series, .. } in series.iter().filter(|s| mine(s)) {
                if series.quantity != wanted || series.space != space {
                    continue;
                }
                let place = (series.source.clone().unwrap_or_default(), series.target.clone());
                let figure = OfItems::new(series, &labels)?;
                figures.push((place, seed, figure));
            }
        }
        let items = figures.first().map_or(0, |(_, _, figure): &(Place, usize, OfItems)| figure.items());
        if items == 0 {
            return Ok(Err(format!("no stored scores of `{method}`")));
        }
        let seeds = figures.iter().map(|(_, seed, _)| seed + 1).max().unwrap_or(0);
        let whole = vec![1; items];
        figures.retain(|(_, _, figure)| figure.value(metric, &whole).is_finite());
        if figures.is_empty() {
            return Ok(Err(format!("{} of `{method}` is undefined: no item counts", metric.name())));
        }
        // If other items than the split's are scored, their groups are unknown.
        let groups = groups.filter(|groups: &Groups| groups.of_items.len() == items);
        Ok(Ok(Sample { items, groups, metric, seeds, figures }))
    }
}

fn groups_in(stored: &StoredSeries) -> Groups {
    let of_items = stored.series.values.iter().map(|&code| code as i64).collect();
    Groups { name: stored.series.source.clone().unwrap_or_default(), of_items }
}

impl Sample {
    /// Units of a resample: items, or whole groups of them.
    pub fn drawn(&self) -> Items<'_> {
        Items { count: self.items, clusters: self.groups.as_ref().map(|groups| groups.of_items.as_slice()) }
    }

    /// Values with item i counted `weights[i]` times.
    pub fn at(&self, weights: &[u32]) -> Evaluated<'_> {
        let values = self.figures.iter().map(|(_, _, figure)| figure.value(self.metric, weights)).collect();
        Evaluated { sample: self, values }
    }

    /// Values on the original items.
    pub fn as_is(&self) -> Evaluated<'_> {
        self.at(&vec![1; self.items])
    }

    /// Number of seeds of the fits.
    pub fn seeds(&self) -> usize {
        self.seeds
    }

    /// Places with a value for at least one seed.
    pub fn places(&self) -> BTreeSet<&Place> {
        self.figures.iter().map(|(place, ..)| place).collect()
    }

    /// Whether the means of both are over the same items with the same groups, and over the same views or pairs.
    pub fn is_paired_with(&self, other: &Self) -> bool {
        self.drawn() == other.drawn() && self.places() == other.places()
    }

    /// Range of the values of [`Sample::per_item`].
    pub fn scale(&self) -> Scale {
        if self.metric.statistic().is_share() { Scale::Share } else { Scale::Number }
    }

    /// Number of items, or of groups of items, from which resamples draw.
    pub fn units(&self) -> usize {
        let Some(groups) = &self.groups else { return self.items };
        groups.of_items.iter().collect::<BTreeSet<_>>().len()
    }

    /// By seed, one value for each item whose mean over items is the figure's mean over the places that `which` lets through;
    /// `None` for a figure that is no mean over items.
    pub fn per_item(&self, which: impl Fn(&Place) -> bool) -> Option<Vec<Vec<f64>>> {
        let mut sums = vec![vec![0.0; self.items]; self.seeds];
        let mut counts = vec![0.0; self.seeds];
        for (_, seed, figure) in self.figures.iter().filter(|(place, _, _)| which(place)) {
            counts[*seed] += 1.0;
            sums[*seed].iter_mut().zip(figure.per_item(self.metric)?).for_each(|(sum, value)| *sum += value);
        }
        for (sums, count) in sums.iter_mut().zip(&counts) {
            sums.iter_mut().for_each(|sum| *sum /= count);
        }
        // A seed without a value cannot be compared with the others.
        counts.iter().all(|count| *count > 0.0).then_some(sums)
    }
}

impl Evaluated<'_> {
    /// Means over draws and seeds by place, without a seed that is left out; NaN if one is undefined.
    pub fn by_place(&self, omitted: Option<Omitted>) -> BTreeMap<&Place, f64> {
        let without = omitted.filter(|omitted| omitted.of == self.sample.seeds).map(|omitted| omitted.seed);
        let mut sums: BTreeMap<&Place, (f64, usize)> = BTreeMap::new();
        for ((place, seed, _), value) in self.sample.figures.iter().zip(&self.values) {
            if Some(*seed) != without {
                let sum = sums.entry(place).or_default();
                *sum = (sum.0 + value, sum.1 + 1);
            }
        }
        sums.into_iter().map(|(place, (sum, n))| (place, sum / n as f64)).collect()
    }

    /// Mean over the places that `which` selects; NaN if there is none, or if one is undefined.
    pub fn mean(&self, omitted: Option<Omitted>, which: impl Fn(&Place) -> bool) -> f64 {
        let by_place = self.by_place(omitted);
        let values: Vec<f64> = by_place.into_iter().filter(|(p, _)| which(p)).map(|(_, v)| v).collect();
        values.iter().sum::<f64>() / values.len() as f64
    }
}

/// Values of several samples under the same resamples of their items and seeds.
///
/// # Errors
/// Fewer than two items or groups of them.
pub fn resampled(
    samples: &[&Sample],
    resamples: usize,
    seed: u64,
    statistic: impl Fn(&[Evaluated<'_>], Option<Omitted>) -> Vec<f64> + Sync,
) -> Result<Resamples> {
    let items = samples.first().map_or(0.into(), |sample| sample.drawn());
    let seeds: Vec<usize> = samples.iter().map(|sample| sample.seeds()).collect();
    let evaluate =
        |weights: &[u32]| -> Vec<Evaluated<'_>> { samples.iter().map(|sample| sample.at(weights)).collect() };
    Ok(resample_with_seeds(items, &seeds, resamples, seed, evaluate, |evaluated, omitted| {
        statistic(evaluated, omitted)
    })?)
}

#[cfg(test)]
mod tests {
    use tasks::statistics::resample_means;

    use super::*;

    fn sample(values: Vec<f32>) -> Sample {
        let place = ("picture".to_string(), Some("text".to_string()));
        let items = values.len();
        Sample {
            items,
            groups: None,
            metric: Metric::Rank1,
            seeds: 1,
            figures: vec![(place, 0, OfItems::Values(values))],
        }
    }

    /// Pictures with two captions, of which the first stands for the picture.
    #[test]
    fn a_mean_over_some_of_the_items_is_resampled_as_that_of_their_groups() {
        let ranks: Vec<f32> = (0..40).map(|picture| if picture % 3 == 0 { 4.0 } else { 1.0 }).collect();
        let of_items =
            sample(ranks.iter().flat_map(|&rank| [rank, f32::NAN]).collect()).per_item(|_| true).expect("a mean");
        let of_pictures = sample(ranks).per_item(|_| true).expect("a mean");
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!((mean(&of_items[0]) - mean(&of_pictures[0])).abs() < 1e-12);
        let groups: Vec<i64> = (0..80).map(|item| item / 2).collect();
        let interval = |values: Vec<Vec<f64>>, groups: Option<&[i64]>| {
            let drawn = resample_means(&[values], groups, Scale::Share, 500, 3).expect("enough items");
            drawn.interval(0).expect("defined")
        };
        let (items, pictures) = (interval(of_items, Some(&groups)), interval(of_pictures, None));
        assert!(pictures.high - pictures.low > 0.2, "{pictures:?}");
        assert!(
            (items.low - pictures.low).abs() < 1e-9 && (items.high - pictures.high).abs() < 1e-9,
            "{items:?} {pictures:?}"
        );
    }
}
