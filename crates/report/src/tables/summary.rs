//! Summary of records for tables and figures: means over seeds, then mean and spread over views.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use align::Coordinates;
use tasks::Metric;

use grid::keys::{MethodKey, Params, task_differing};
use grid::settings::{Names, Setting, SettingName};
use grid::{Condition, FitRows};
use store::record::{Counted, Record};

/// One line of a table: a method with its parameters, on one subset of views, under one condition.
#[derive(Clone, Debug)]
pub struct Group {
    /// Name of the subset of views.
    pub view_set: String,
    /// Noise and number of the training rows.
    pub condition: Condition,
    /// The method.
    pub method: MethodKey,
    /// The name of the setting. It is a label; groups are compared by their method.
    name: Arc<SettingName>,
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        (&self.view_set, &self.condition, &self.method) == (&other.view_set, &other.condition, &other.method)
    }
}

impl Eq for Group {}

impl Hash for Group {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.view_set, &self.condition, &self.method).hash(state);
    }
}

impl Group {
    /// The group of a record, with its name; `None` if the record has no method.
    pub fn of(record: &Record, names: &Names) -> Option<Self> {
        let (view_set, condition) = (record.view_set().to_string(), record.condition()?);
        let method = record.method_key()?;
        Some(Self { view_set, condition, name: names.get(&method), method })
    }

    /// The name of the setting in tables and figures: an alias, or the shortest text that distinguishes it from the
    /// others.
    pub fn label(&self) -> String {
        self.name.label.clone()
    }

    /// The name of its setting, with its place among all.
    pub fn setting(&self) -> &SettingName {
        &self.name
    }

    /// How well a name in a file fits this setting. From the weakest match to the strongest: the name of the method,
    /// the name of a method without an alias, the full label, the label.
    pub fn answers(&self, name: &str) -> usize {
        match name {
            name if name == self.name.label => 4,
            name if name == self.method.label() => 3,
            name if name == self.method.name => 2 - usize::from(self.name.is_alias),
            _ => 0,
        }
    }
}

/// A measure: one metric of one task with its parameters. It is one column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// The metric.
    pub metric: Metric,
    /// Task name.
    pub task: String,
    /// Its parameters, as in records.
    pub task_params: Params,
}

/// A mean with its spread over views and its worst pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Stat {
    /// Mean over views of the means over targets and seeds.
    pub mean: f64,
    /// Population standard deviation (ddof 0) over views.
    pub std: f64,
    /// The least favourable pair (or view) and its mean over seeds.
    pub worst: (String, f64),
    /// The space in which it was measured.
    pub space: Coordinates,
}

/// Values that a mean leaves out because they do not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The views or ordered pairs without a value for at least one seed.
    pub places: BTreeSet<(String, Option<String>)>,
    /// Number of missing values.
    pub count: usize,
    /// Number of values that the mean should hold.
    pub total: usize,
    /// Reasons why values are missing, each with the number of values, in the order of the records.
    pub reasons: Vec<(String, usize)>,
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} values are undefined: ", self.count, self.total)?;
        // Reasons of one kind name other views after a colon: one of them stands for all.
        let mut kinds: Vec<(&str, Vec<&str>, usize)> = Vec::new();
        for (reason, count) in &self.reasons {
            let kind = reason.split(": ").next().unwrap_or(reason);
            match kinds.iter_mut().find(|(known, ..)| *known == kind) {
                Some((_, reasons, total)) => {
                    reasons.push(reason);
                    *total += count;
                }
                None => kinds.push((kind, vec![reason], *count)),
            }
        }
        let only = kinds.len() == 1;
        let told = kinds.iter().map(|(kind, reasons, count)| match reasons.as_slice() {
            [reason] if only => (*reason).to_string(),
            [reason] => format!("{reason} ({count})"),
            several => {
                format!("{kind} ({count}, such as {})", several[0].trim_start_matches(kind).trim_start_matches(": "))
            }
        });
        f.write_str(&told.collect::<Vec<_>>().join("; "))
    }
}

/// The records of a grid, grouped into the lines of its tables.
pub struct Summary<'a> {
    records: &'a [Record],
    names: Names,
    /// The groups in the order of the records.
    pub groups: Vec<Group>,
    /// The records of each group.
    members: Vec<Members<'a>>,
    /// The position of each group.
    places: HashMap<Group, usize>,
    measures: Vec<Measure>,
    /// The views of each subset.
    views: HashMap<&'a str, Vec<&'a str>>,
    /// Number of all training rows by subset of views, if some cells have fewer.
    training_rows: BTreeMap<String, usize>,
}

/// The records of a group, sorted by measure, so that a value of a table reads no other records.
#[derive(Default)]
struct Members<'a> {
    all: Vec<&'a Record>,
    /// The records of each measure, by the position of the measure.
    measured: HashMap<usize, Vec<&'a Record>>,
    /// The records without a metric, from a fit or a task that failed.
    unmeasured: Vec<&'a Record>,
}

/// Views, targets and means over seeds of one group, metric and space.
pub type Means = BTreeMap<(usize, usize), f64>;

impl<'a> Summary<'a> {
    /// Groups the records. The names of their settings are unique among the records.
    pub fn new(records: &'a [Record]) -> Self {
        Self::named(records, &[])
    }

    /// Groups the records. The names of their settings are unique among these settings, some of which may have no
    /// record yet.
    pub fn named(records: &'a [Record], settings: &[Setting]) -> Self {
        let (measures, measured) = measures(records);
        let mut summary = Self {
            records,
            names: names(records, settings),
            groups: Vec::new(),
            members: Vec::new(),
            places: HashMap::new(),
            measures,
            views: HashMap::new(),
            training_rows: BTreeMap::new(),
        };
        // The position of the previous record's group: most records follow one of the same group.
        let mut before: Option<(&Record, usize)> = None;
        for (record, measure) in records.iter().zip(measured) {
            if !record.views.views.is_empty() {
                let views = || record.views.views.iter().map(String::as_str).collect();
                summary.views.entry(record.view_set()).or_insert_with(views);
            }
            let place = match before.filter(|(other, _)| same_group(other, record)) {
                Some((_, place)) => place,
                None => {
                    let Some(group) = Group::of(record, &summary.names) else { continue };
                    *summary.places.entry(group).or_insert_with_key(|group| {
                        summary.groups.push(group.clone());
                        summary.members.push(Members::default());
                        summary.members.len() - 1
                    })
                }
            };
            before = Some((record, place));
            let members = &mut summary.members[place];
            members.all.push(record);
            match measure {
                Some(measure) => members.measured.entry(measure).or_default().push(record),
                None => members.unmeasured.push(record),
            }
        }
        summary
    }

    /// The same with the number of all training rows by subset of views.
    pub fn with_training_rows(self, training_rows: BTreeMap<String, usize>) -> Self {
        Self { training_rows, ..self }
    }

    /// The number of training rows on a subset of views, if it is known.
    pub fn rows_of(&self, view_set: &str, fit_rows: FitRows) -> Option<usize> {
        fit_rows.count().or_else(|| self.training_rows.get(view_set).copied())
    }

    /// The records.
    pub fn records(&self) -> &'a [Record] {
        self.records
    }

    /// The names of its settings.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The group that a name fits best; the first of several that fit equally well.
    pub fn find<'g>(groups: impl IntoIterator<Item = &'g Group>, name: &str) -> Option<&'g Group> {
        let better = |best: Option<(&'g Group, usize)>, group: &'g Group| match (best, group.answers(name)) {
            (best, 0) => best,
            (Some(best), fit) if best.1 >= fit => Some(best),
            (_, fit) => Some((group, fit)),
        };
        groups.into_iter().fold(None, better).map(|(group, _)| group)
    }

    /// Distinct subsets of views, in order.
    pub fn view_sets(&self) -> Vec<&str> {
        distinct(self.groups.iter().map(|g| g.view_set.as_str()))
    }

    /// Distinct noises and numbers of training rows, in order.
    pub fn conditions(&self) -> Vec<&Condition> {
        distinct(self.groups.iter().map(|g| &g.condition))
    }

    /// Distinct numbers of training rows, the smallest first.
    pub fn sizes(&self) -> Vec<FitRows> {
        let sizes: BTreeSet<FitRows> = self.groups.iter().map(|g| g.condition.fit_rows).collect();
        sizes.into_iter().collect()
    }

    /// The number of training rows of what does not follow it: all, or the largest number of the grid.
    pub fn most_rows(&self) -> FitRows {
        self.groups.iter().map(|g| g.condition.fit_rows).max().unwrap_or_default()
    }

    /// Whether a condition is that of what follows neither noise nor number of training rows: no noise, the most rows.
    pub fn is_plain(&self, condition: &Condition) -> bool {
        condition.noise.is_clean() && condition.fit_rows == self.most_rows()
    }

    /// The plain condition; in a grid without one, the first with the most training rows.
    pub fn main_condition(&self) -> Option<&Condition> {
        let conditions = self.conditions();
        let most = || conditions.iter().find(|condition| condition.fit_rows == self.most_rows());
        conditions.iter().find(|condition| self.is_plain(condition)).or_else(most).copied()
    }

    /// The records of a group.
    pub fn of(&self, group: &Group) -> impl Iterator<Item = &'a Record> {
        self.members(group).map(|members| members.all.as_slice()).unwrap_or_default().iter().copied()
    }

    /// The records of a group that hold one measure.
    fn measured(&self, group: &Group, measure: &Measure) -> impl Iterator<Item = &'a Record> {
        let place = self.measures.iter().position(|m| m == measure);
        let records = place.and_then(|place| self.members(group)?.measured.get(&place));
        records.map(Vec::as_slice).unwrap_or_default().iter().copied()
    }

    fn members(&self, group: &Group) -> Option<&Members<'a>> {
        self.places.get(group).map(|&place| &self.members[place])
    }

    /// The views of a subset, in order.
    pub fn views(&self, view_set: &str) -> &[&'a str] {
        self.views.get(view_set).map(Vec::as_slice).unwrap_or_default()
    }

    /// The measures that have a value or a reason for having none: by metric, then in the order of the tasks.
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// The measures of one metric.
    pub fn measures_of(&self, metric: Metric) -> impl Iterator<Item = &Measure> {
        self.measures.iter().filter(move |m| m.metric == metric)
    }

    /// The name of a measure in tables and figures: the metric, and the settings of its task if the grid has the metric
    /// twice.
    pub fn title(&self, measure: &Measure) -> String {
        let title = measure.metric.title();
        let mut apart: Vec<String> = Vec::new();
        if self.measures_of(measure.metric).any(|m| m.task != measure.task) {
            apart.push(measure.task.clone());
        }
        if self.measures_of(measure.metric).any(|m| m.task == measure.task && m != measure) {
            apart.push(task_differing(&measure.task, &measure.task_params));
        }
        apart.retain(|part| !part.is_empty());
        if apart.is_empty() { title.to_string() } else { format!("{title} ({})", apart.join(", ")) }
    }

    /// The space of the headline value of a group: the universe, if the group has one.
    pub fn headline(&self, group: &Group, measure: &Measure) -> Option<Coordinates> {
        [Coordinates::Universe, Coordinates::Input, Coordinates::Translated]
            .into_iter()
            .find(|space| !self.means(group, measure, *space).is_empty())
    }

    /// Means over seeds by (source, target). A symmetric value stands in both orders. The target of a value of one view
    /// is the view itself.
    pub fn means(&self, group: &Group, measure: &Measure, space: Coordinates) -> Means {
        let views = self.views(&group.view_set);
        let position = |name: &Option<String>| views.iter().position(|v| Some(*v) == name.as_deref());
        let mut sums: BTreeMap<(usize, usize), (f64, usize)> = BTreeMap::new();
        for record in self.measured(group, measure).filter(|r| r.space == Some(space)) {
            // A value of all views together belongs to the first view.
            let source = if record.source.is_none() { Some(0) } else { position(&record.source) };
            let (Some(value), Some(source)) = (record.value, source) else { continue };
            let target = position(&record.target).unwrap_or(source);
            let mut add = |place| {
                let sum: &mut (f64, usize) = sums.entry(place).or_default();
                *sum = (sum.0 + value, sum.1 + 1);
            };
            add((source, target));
            // Records hold one order of a symmetric value.
            if measure.metric.is_symmetric() && target != source {
                add((target, source));
            }
        }
        sums.into_iter().map(|(key, (sum, n))| (key, sum / n as f64)).collect()
    }

    /// The headline value of a group.
    pub fn stat(&self, group: &Group, measure: &Measure) -> Option<Stat> {
        let space = self.headline(group, measure)?;
        let means = self.means(group, measure, space);
        let views = self.views(&group.view_set);
        let mut by_view: BTreeMap<usize, (f64, usize)> = BTreeMap::new();
        for (&(source, _), value) in &means {
            let sum = by_view.entry(source).or_default();
            *sum = (sum.0 + value, sum.1 + 1);
        }
        let by_view: Vec<f64> = by_view.values().map(|(sum, n)| sum / *n as f64).collect();
        let mean = by_view.iter().sum::<f64>() / by_view.len() as f64;
        let variance = by_view.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / by_view.len() as f64;
        let worse = |a: f64, b: f64| if measure.metric.higher_is_better() { a < b } else { a > b };
        let worst = means.iter().reduce(|a, b| if worse(*b.1, *a.1) { b } else { a })?;
        let (source, target) = *worst.0;
        let arrow = if measure.metric.is_symmetric() { "↔" } else { "→" };
        let name = match source == target {
            true => views[source].to_string(),
            false => format!("{}{arrow}{}", views[source], views[target]),
        };
        Some(Stat { mean, std: variance.sqrt(), worst: (name, *worst.1), space })
    }

    /// The values that the headline value of a group leaves out because its tasks could not compute them.
    pub fn left_out(&self, group: &Group, measure: &Measure) -> Option<LeftOut> {
        let space = self.headline(group, measure)?;
        let here = |r: &&Record| r.space == Some(space);
        let (mut places, mut total) = (BTreeSet::new(), 0);
        let mut reasons: Vec<(String, usize)> = Vec::new();
        for record in self.measured(group, measure).filter(here) {
            total += 1;
            let place = (record.source.clone().unwrap_or_default(), record.target.clone(), record.seed);
            // A value that is missing twice, for example under two draws, counts once.
            if record.value.is_none() && places.insert(place) {
                let reason = record.error.as_deref().unwrap_or("undefined");
                match reasons.iter_mut().find(|(known, _)| known == reason) {
                    Some((_, count)) => *count += 1,
                    None => reasons.push((reason.to_string(), 1)),
                }
            }
        }
        let count = places.len();
        let places = places.into_iter().map(|(source, target, _)| (source, target)).collect();
        (count > 0).then_some(LeftOut { places, count, total, reasons })
    }

    /// The reason why a group has no value: "not applicable", or the error.
    pub fn reason(&self, group: &Group, measure: &Measure) -> Option<String> {
        let unmeasured = self.members(group).map(|members| members.unmeasured.as_slice()).unwrap_or_default();
        let concerns = |r: &&&Record| r.task.as_ref().is_none_or(|t| *t == measure.task);
        let concerned = self.measured(group, measure).chain(unmeasured.iter().filter(concerns).copied());
        concerned.map(|record| &record.error).find_map(Clone::clone)
    }

    /// The reason why a group has no value of a pair of views in one space: the errors of its records.
    pub fn missing(
        &self,
        group: &Group,
        measure: &Measure,
        space: Coordinates,
        (source, target): (&str, &str),
    ) -> String {
        let here = |r: &&Record, source: &str, target: &str| {
            r.source.as_deref() == Some(source) && r.target.as_deref() == Some(target)
        };
        let of_pair = |r: &&Record| {
            r.space == Some(space)
                && (here(r, source, target) || (measure.metric.is_symmetric() && here(r, target, source)))
        };
        let error = self.measured(group, measure).filter(of_pair).find_map(|record| record.error.clone());
        error.or_else(|| self.reason(group, measure)).unwrap_or_else(|| "it was not computed".into())
    }

    /// Mean of a cost column over the group's cells.
    pub fn cost(&self, group: &Group, column: impl Fn(&Record) -> Option<f64>) -> Option<f64> {
        let cells: BTreeMap<&str, f64> = self.of(group).filter_map(|r| Some((r.cell.as_str(), column(r)?))).collect();
        let sum: f64 = cells.values().sum();
        (!cells.is_empty()).then(|| sum / cells.len() as f64)
    }
}

/// The names of the settings, and names for settings of records that are not among them.
pub(crate) fn names(records: &[Record], settings: &[Setting]) -> Names {
    let mut seen = HashSet::new();
    let all = records.iter().filter_map(|record| record.method.as_ref().zip(record.params.as_ref()));
    let found = all.filter(|method| seen.insert(*method));
    let found = found.map(|(name, params)| Setting::of(&MethodKey { name: name.clone(), params: params.clone() }));
    Names::of(&settings.iter().cloned().chain(found).collect::<Vec<_>>())
}

/// Whether two records belong to the same group, without making the groups.
fn same_group(a: &Record, b: &Record) -> bool {
    a.view_set() == b.view_set()
        && (&a.noise, a.fit_rows) == (&b.noise, b.fit_rows)
        && a.method == b.method
        && a.params == b.params
}

/// The distinct measures by metric, then in the order of the records, and the position of each record's measure among
/// them.
fn measures<'a>(records: &'a [Record]) -> (Vec<Measure>, Vec<Option<usize>>) {
    let mut found: Vec<Measure> = Vec::new();
    let mut seen: HashMap<(Metric, &str, &Params), usize> = HashMap::new();
    let mut place = |record: &'a Record| {
        let metric = record.metric.and_then(Counted::metric)?;
        let key = (metric, record.task.as_deref()?, record.task_params.as_ref()?);
        if let Some(place) = seen.get(&key) {
            return Some(*place);
        }
        found.push(Measure { metric, task: key.1.to_string(), task_params: key.2.clone() });
        seen.insert(key, found.len() - 1);
        Some(found.len() - 1)
    };
    let places: Vec<Option<usize>> = records.iter().map(&mut place).collect();

    let rank = |&found_at: &usize| Metric::ALL.iter().position(|metric| *metric == found[found_at].metric);
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(rank);
    let sorted = order.iter().map(|&found_at| found[found_at].clone()).collect();
    let mut now_at = vec![0; found.len()];
    order.iter().enumerate().for_each(|(now, &found_at)| now_at[found_at] = now);
    (sorted, places.into_iter().map(|place| place.map(|found_at| now_at[found_at])).collect())
}

fn distinct<'s, T: PartialEq + ?Sized>(items: impl Iterator<Item = &'s T>) -> Vec<&'s T> {
    let mut seen: Vec<&T> = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seed: u64, source: &str, target: Option<&str>, value: Option<f64>) -> Record {
        Record {
            cell: format!("c{seed}"),
            views: "all=a,b".parse().expect("a subset"),
            method: Some("gcpa".into()),
            params: Some(r#"{"tau":0.5}"#.parse().expect("JSON")),
            noise: Some(tasks::noise::Noise::default()),
            seed: Some(seed),
            task: Some("retrieval".into()),
            task_params: Some(Params::default()),
            space: Some(Coordinates::Universe),
            source: Some(source.into()),
            target: target.map(str::to_string),
            metric: Some(Metric::Rank1.into()),
            value,
            fit_seconds: Some(seed as f64),
            ..Record::default()
        }
    }

    #[test]
    fn means_over_seeds_then_spread_over_views() {
        let records = [
            record(1, "a", Some("b"), Some(0.2)),
            record(3, "a", Some("b"), Some(0.4)),
            record(1, "b", Some("a"), Some(0.5)),
            record(3, "b", Some("a"), Some(0.5)),
        ];
        let summary = Summary::new(&records);
        assert_eq!(summary.groups.len(), 1);
        let stat = summary.stat(&summary.groups[0], &summary.measures()[0]).expect("values");
        assert!((stat.mean - 0.4).abs() < 1e-12 && (stat.std - 0.1).abs() < 1e-12);
        assert_eq!(stat.worst.0, "a→b");
        assert_eq!(summary.cost(&summary.groups[0], |r| r.fit_seconds), Some(2.0));
    }

    #[test]
    fn every_reason_of_values_that_a_mean_lacks_is_told_with_its_count() {
        let missing = |source: &str, target: &str, reason: &str| Record {
            error: Some(reason.into()),
            ..record(1, source, Some(target), None)
        };
        let mut records = vec![record(1, "a", Some("b"), Some(0.5)), missing("b", "a", "widths differ")];
        let told = |records: &[Record]| {
            let summary = Summary::new(records);
            summary.left_out(&summary.groups[0], &summary.measures()[0]).map(|without| without.to_string())
        };
        assert_eq!(told(&records).as_deref(), Some("1 of 2 values are undefined: widths differ"));
        records.extend([missing("a", "c", "no item counts"), missing("b", "c", "widths differ")]);
        let all = "3 of 4 values are undefined: widths differ (2); no item counts (1)";
        assert_eq!(told(&records).as_deref(), Some(all));
        let widths = [
            record(1, "a", Some("b"), Some(0.5)),
            missing("c", "a", "widths differ: c 3, a 2"),
            missing("c", "b", "widths differ: c 3, b 4"),
        ];
        let all = "2 of 3 values are undefined: widths differ (2, such as c 3, a 2)";
        assert_eq!(told(&widths).as_deref(), Some(all));
        assert_eq!(told(&records[..1]), None);
    }

    #[test]
    fn what_did_not_run_is_not_a_zero() {
        let mut missing = record(1, "a", Some("b"), None);
        missing.error = Some("widths differ".into());
        let records = [missing];
        let summary = Summary::new(&records);
        assert_eq!(summary.stat(&summary.groups[0], &summary.measures()[0]), None);
        assert_eq!(summary.reason(&summary.groups[0], &summary.measures()[0]).as_deref(), Some("widths differ"));
    }
}
