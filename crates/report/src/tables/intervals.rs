//! The values of the overview with their intervals over held-out items, and the test of each against the best method.

use anyhow::Result;
use tasks::multiple::step_down;
use tasks::{Better, Contrast, Interval};

use crate::samples::{Sample, Samples};
use crate::tables::comparison::{LEVEL, by_items};
use crate::tables::summary::{Group, Measure, Stat, Summary};
use grid::Condition;

/// Number of resamples for an interval: for means over items, and for metrics that must be computed again for each
/// resample. The first number gives two digits of the ends for every measure of a grid within a second or two.
const RESAMPLES: [usize; 2] = [1_000, 400];
/// Seed of the resamples.
const SEED: u64 = 0;

/// The relation of a value to the best value of its subset of views, condition and measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// This value is the best.
    Best,
    /// A paired test finds no difference to the best value.
    Level,
    /// The value is worse than the best, by a paired test.
    Behind,
}

/// One entry of the overview.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Mean and spread over views.
    pub stat: Stat,
    /// The 95% interval over items (and seeds, if there are several), or the reason why there is none.
    pub interval: Result<Interval, String>,
    /// Standard error over items and seeds, if there is an interval and resamples differ.
    pub error: Option<f64>,
    /// The relation to the best value; `None` if there is no other method.
    pub standing: Option<Standing>,
}

impl Entry {
    /// Takes the interval and the error of its value from resamples.
    fn take(&mut self, figure: Option<Contrast>) {
        self.error = figure.map(|figure| figure.standard_error).filter(|error| *error > 0.0);
        self.interval = figure.map(|figure| figure.interval).ok_or_else(|| UNDEFINED.to_string());
    }
}

/// The methods of one subset of views under one condition by one measure, the best first.
#[derive(Clone, Debug)]
pub struct Race {
    /// The subset of views.
    pub view_set: String,
    /// Noise and number of the training rows.
    pub condition: Condition,
    /// The measure.
    pub measure: Measure,
    /// The methods that are compared.
    pub placed: Vec<Placed>,
    /// Methods that have a value but are not compared, each with the reason.
    pub apart: Vec<(String, String)>,
    /// The reason why the differences have no interval, if they have none.
    pub untested: Option<String>,
}

/// A method and its place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The name of the method in tables.
    pub method: String,
    /// The value.
    pub value: f64,
    /// The interval, if the value has one.
    pub interval: Option<Interval>,
    /// By how much the best method is better (positive if it is better), with p adjusted over all pairs of methods;
    /// `None` for the best method, and if there is no test.
    pub behind: Option<(Contrast, f64)>,
}

/// All entries of an overview.
pub struct Standings {
    /// The entries by group and measure, in the order of the summary.
    pub entries: Vec<Vec<Option<Entry>>>,
    /// By subset of views, condition and measure.
    pub races: Vec<Race>,
}

impl Standings {
    /// Evaluates the stored scores under resamples of their items.
    ///
    /// # Errors
    /// Stored scores that cannot be read.
    pub fn of(samples: &Samples<'_>) -> Result<Self> {
        let summary = samples.summary();
        let measures = summary.measures();
        let plain = |group: &Group| -> Vec<Option<Entry>> {
            let of = |m| {
                let interval = Err("not compared".to_string());
                Some(Entry { stat: summary.stat(group, m)?, interval, error: None, standing: None })
            };
            measures.iter().map(of).collect()
        };
        let mut standings = Self { entries: summary.groups.iter().map(plain).collect(), races: Vec::new() };
        for view_set in summary.view_sets() {
            for condition in summary.conditions() {
                let here =
                    |&g: &usize| summary.groups[g].view_set == view_set && summary.groups[g].condition == *condition;
                let groups: Vec<usize> = (0..summary.groups.len()).filter(here).collect();
                let by_item = by_item(samples, &groups)?;
                for m in 0..measures.len() {
                    let field = Field { samples, groups: &groups, m, by_item: &by_item };
                    let raced = field.race(&mut standings.entries, view_set, condition)?;
                    standings.races.extend(raced);
                }
            }
        }
        Ok(standings)
    }

    /// The entry of a group and a measure, if it has a value.
    pub fn entry(&self, summary: &Summary<'_>, group: &Group, measure: &Measure) -> Option<&Entry> {
        let g = summary.groups.iter().position(|other| other == group)?;
        let m = summary.measures().iter().position(|other| other == measure)?;
        self.entries[g][m].as_ref()
    }

    /// The interval of the value of a group by one measure, if it has one.
    pub fn interval(&self, summary: &Summary<'_>, group: &Group, measure: &Measure) -> Option<Interval> {
        self.entry(summary, group, measure)?.interval.clone().ok()
    }
}

/// The sample of a group by a measure, or the reason why there is none: the value is not a function of the stored
/// scores per item.
type ByItem = Result<Sample, String>;

/// The samples by group and measure. Every file is read once.
fn by_item(samples: &Samples<'_>, groups: &[usize]) -> Result<Vec<Vec<ByItem>>> {
    let summary = samples.summary();
    let of_group = |&g: &usize| -> Result<Vec<ByItem>> {
        let group = &summary.groups[g];
        // The records of a failed cell are stored, its scores are not.
        if summary.of(group).any(|record| record.metric.is_none()) {
            let none = || Err("its cell failed, and of failed cells no scores are kept".to_string());
            return Ok(summary.measures().iter().map(|_| none()).collect());
        }
        let scores = samples.scores(group)?;
        let of = |measure: &Measure| -> Result<ByItem> {
            if measure.metric.quantity().is_none() {
                return Ok(Err("it is computed from all items at once".into()));
            }
            Ok(samples.sample_in(&scores, group, measure)?.and_then(|sample| match sample.units() {
                0 | 1 => Err("there is one item, or one group of items".into()),
                _ => Ok(sample),
            }))
        };
        summary.measures().iter().map(of).collect()
    };
    groups.iter().map(of_group).collect()
}

/// The methods that are compared by one measure.
struct Field<'a> {
    samples: &'a Samples<'a>,
    groups: &'a [usize],
    m: usize,
    by_item: &'a [Vec<ByItem>],
}

impl Field<'_> {
    fn sample(&self, i: usize) -> Option<&Sample> {
        self.by_item[i][self.m].as_ref().ok()
    }

    /// Adds intervals and standings to the entries of the measure; `None` if no method has a value.
    fn race(&self, entries: &mut [Vec<Option<Entry>>], view_set: &str, condition: &Condition) -> Result<Option<Race>> {
        let summary = self.samples.summary();
        let measure = &summary.measures()[self.m];
        let label = |i: usize| summary.groups[self.groups[i]].label();
        // A sample with other items, other groups of items or other pairs of views is not paired with the rest.
        let size = |sample: &&Sample| (sample.items, sample.places().len());
        let most = (0..self.groups.len()).filter_map(|i| self.sample(i)).max_by_key(size);
        let paired = |i: &usize| self.sample(*i).is_some_and(|one| most.is_some_and(|most| one.is_paired_with(most)));
        let there: Vec<usize> = (0..self.groups.len()).filter(paired).collect();
        for i in (0..self.groups.len()).filter(|i| !there.contains(i)) {
            let Some(entry) = entries[self.groups[i]][self.m].as_mut() else { continue };
            match &self.by_item[i][self.m] {
                Err(why) => entry.interval = Err(why.clone()),
                Ok(alone) => entry.take(by_items(&[alone], |_| true, RESAMPLES, SEED)?.figure(0)),
            }
        }
        let mut race = Race {
            view_set: view_set.to_string(),
            condition: condition.clone(),
            measure: measure.clone(),
            placed: Vec::new(),
            apart: Vec::new(),
            untested: None,
        };
        if there.is_empty() {
            self.by_means(entries, &mut race);
        } else {
            self.by_resamples(entries, &there, &mut race)?;
        }
        let compared: Vec<&str> = race.placed.iter().map(|placed| placed.method.as_str()).collect();
        let valued = (0..self.groups.len()).filter(|&i| entries[self.groups[i]][self.m].is_some());
        let why = |i: usize| match &self.by_item[i][self.m] {
            Err(why) if !there.is_empty() => why.clone(),
            _ => "values of other items or pairs of views".to_string(),
        };
        let with_reason = valued.map(|i| (label(i), why(i)));
        race.apart = with_reason.filter(|(method, _)| !compared.contains(&method.as_str())).collect();
        Ok((!race.placed.is_empty()).then_some(race))
    }

    /// Places of values without scores per item: by their means alone, among the values that are over all views or
    /// pairs.
    fn by_means(&self, entries: &mut [Vec<Option<Entry>>], race: &mut Race) {
        let summary = self.samples.summary();
        let better = race.measure.metric.better();
        let whole = |g: &usize| summary.left_out(&summary.groups[*g], &race.measure).is_none();
        let mut placed: Vec<(usize, f64)> = self
            .groups
            .iter()
            .copied()
            .filter(whole)
            .filter_map(|g| Some((g, entries[g][self.m].as_ref()?.stat.mean)))
            .collect();
        placed.sort_by(|a, b| (sign(better) * b.1).total_cmp(&(sign(better) * a.1)));
        race.untested = placed.first().and_then(|(g, _)| entries[*g][self.m].as_ref()?.interval.clone().err());
        if let [first, _, ..] = placed.as_slice()
            && better != Better::Neither
        {
            let best = first.1;
            for (g, _) in placed.iter().filter(|(_, value)| *value == best) {
                if let Some(entry) = entries[*g][self.m].as_mut() {
                    entry.standing = Some(Standing::Best);
                }
            }
        }
        let in_place = |(g, value): (usize, f64)| Placed {
            method: summary.groups[g].label(),
            value,
            interval: None,
            behind: None,
        };
        race.placed = placed.into_iter().map(in_place).collect();
    }

    fn by_resamples(&self, entries: &mut [Vec<Option<Entry>>], there: &[usize], race: &mut Race) -> Result<()> {
        let better = race.measure.metric.better();
        let given: Vec<&Sample> = there.iter().filter_map(|&i| self.sample(i)).collect();
        let drawn = by_items(&given, |_| true, RESAMPLES, SEED)?;
        let estimate = |k: usize| sign(better) * drawn.estimates()[k];
        let mut order: Vec<usize> = (0..there.len()).filter(|&k| estimate(k).is_finite()).collect();
        let first = order.iter().copied().reduce(|best, k| if estimate(k) > estimate(best) { k } else { best });
        // Of several equal values, the first of the grid leads.
        order.sort_by(|&a, &b| estimate(b).total_cmp(&estimate(a)));
        let pairs = step_down(&[&drawn]);
        let between = |a: usize, b: usize| pairs.iter().find(|pair| (pair.first, pair.second) == (a.min(b), a.max(b)));
        for (k, &at) in there.iter().enumerate() {
            let Some(entry) = entries[self.groups[at]][self.m].as_mut() else { continue };
            entry.take(drawn.figure(k));
            let Some(best) = first.filter(|_| better != Better::Neither && there.len() > 1) else { continue };
            entry.standing = match between(best, k) {
                None => (k == best).then_some(Standing::Best),
                Some(pair) if pair.adjusted < LEVEL => Some(Standing::Behind),
                Some(_) => Some(Standing::Level),
            };
        }
        let Some(best) = first else { return Ok(()) };
        let behind = |k: usize| {
            let pair = between(best, k)?;
            let contrast = if sign(better) > 0.0 { drawn.difference(best, k) } else { drawn.difference(k, best) };
            Some((contrast?, pair.adjusted))
        };
        let in_place = |k: usize| Placed {
            method: self.samples.summary().groups[self.groups[there[k]]].label(),
            value: drawn.estimates()[k],
            interval: drawn.interval(k),
            behind: if k == best { None } else { behind(k) },
        };
        race.placed = order.into_iter().map(in_place).collect();
        Ok(())
    }
}

const UNDEFINED: &str = "it is undefined on too many resamples";

fn sign(better: Better) -> f64 {
    if better == Better::Lower { -1.0 } else { 1.0 }
}
