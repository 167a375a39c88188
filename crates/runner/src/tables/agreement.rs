//! Ours against the paper's, figure by figure: whether they agree within a stated tolerance, or why they cannot be compared.

use std::collections::BTreeMap;

use align::Method;
use serde::{Deserialize, Serialize};
use tasks::Metric;

use crate::kept::record::Record;
use crate::paper::{Paper, Published};
use crate::tables::MISSING;
use crate::tables::summary::{Group, Summary, metric_title};
use crate::tables::table::Table;

/// The noise of clean cells.
const CLEAN: &str = "none";

/// When ours may be held against the paper's figures, and how near they must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a comparison (data, views, tolerance, reason)")]
pub struct Comparable {
    /// The data set that the figures are of. On any other, nothing is compared.
    pub data: String,
    /// The views that they are over.
    pub views: usize,
    /// The largest absolute difference that counts as agreement, by metric.
    pub tolerance: BTreeMap<String, f64>,
    /// Why so much.
    pub reason: String,
}

/// How a figure fares.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// As near as it must be.
    Within,
    /// Not.
    Outside,
    /// It cannot be held against the paper's, for this reason.
    NotComparable(String),
}

/// One published figure and ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure<'p> {
    /// The paper's.
    pub published: &'p Published,
    /// Ours, where the grid has it.
    pub ours: Option<f64>,
    /// The tolerance of its metric.
    pub tolerance: Option<f64>,
    /// How it fares.
    pub standing: Standing,
}

/// All published figures of a paper file.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement<'p> {
    /// In the file's order.
    pub figures: Vec<Figure<'p>>,
    comparable: Option<&'p Comparable>,
}

impl<'p> Agreement<'p> {
    /// Holds the records of a paper file's grid against its figures. Quick runs leave out what would make them comparable.
    pub fn new(paper: &'p Paper, records: &[Record], quick: bool) -> Self {
        let summary = Summary::new(records);
        let comparable = paper.compare.as_ref();
        let whole = match comparable {
            None => Err("the paper file states no tolerance".to_string()),
            Some(_) if quick => Err("a quick run".to_string()),
            Some(comparable) => same_data(comparable, records),
        };
        let figure = |published: &'p Published| {
            let metric = Metric::from_name(&published.metric);
            let tolerance = comparable.and_then(|c| c.tolerance.get(&published.metric).copied());
            let group = group(&summary, published, comparable.map(|c| c.views));
            let stat = group.as_ref().ok().zip(metric).and_then(|(group, metric)| {
                summary.measures_of(metric).find_map(|measure| summary.stat(group, measure))
            });
            let ours = stat.map(|stat| stat.mean);
            let standing = match (&published.data, &whole, &group, ours, tolerance) {
                (Some(data), ..) => Err(format!("the paper's is of `{data}`")),
                (_, Err(why), ..) | (_, _, Err(why), ..) => Err(why.clone()),
                (_, _, _, None, _) => Err("ours was not measured".to_string()),
                (_, _, _, _, None) => Err(format!("no tolerance is stated for {}", published.metric)),
                (_, _, _, Some(ours), Some(tolerance)) => Ok((ours - published.value).abs() <= tolerance),
            };
            let standing = match standing {
                Ok(true) => Standing::Within,
                Ok(false) => Standing::Outside,
                Err(why) => Standing::NotComparable(why),
            };
            Figure { published, ours, tolerance, standing }
        };
        Self { figures: paper.published.iter().map(figure).collect(), comparable }
    }

    /// The figure of a method and metric.
    pub fn of(&self, method: &str, metric: &str) -> Option<&Figure<'p>> {
        self.figures.iter().find(|figure| figure.published.method == method && figure.published.metric == metric)
    }

    /// Whether any figure could be held against the paper's.
    pub fn compared(&self) -> bool {
        self.figures.iter().any(|figure| !matches!(figure.standing, Standing::NotComparable(_)))
    }

    /// A line for each published figure; `None` where there is none.
    pub fn table(&self, title: &str, notes: &[String]) -> Option<Table> {
        let digits = |value: Option<f64>| value.map_or(MISSING.into(), |v| format!("{v:.3}"));
        let row = |figure: &Figure<'_>| {
            let Published { method, metric, value, .. } = figure.published;
            vec![
                method_title(method).to_string(),
                named_metric(metric).to_string(),
                digits(figure.ours),
                digits(Some(*value)),
                match figure.standing {
                    Standing::NotComparable(_) => MISSING.into(),
                    _ => figure.ours.map_or(MISSING.into(), |ours| format!("{:+.3}", ours - value)),
                },
                digits(figure.tolerance),
                match &figure.standing {
                    Standing::Within => "within".into(),
                    Standing::Outside => "outside".into(),
                    Standing::NotComparable(why) => format!("not comparable: {why}"),
                },
            ]
        };
        (!self.figures.is_empty()).then(|| Table {
            title: format!("{title}: ours against the paper's"),
            headers: ["method", "metric", "ours", "paper", "difference", "tolerance", "verdict"]
                .map(String::from)
                .to_vec(),
            names: 2,
            rows: self.figures.iter().map(row).collect(),
            notes: self.sentence().into_iter().chain(notes.iter().cloned()).collect(),
        })
    }

    /// The verdict on all of them; `None` where nothing is published.
    pub fn sentence(&self) -> Option<String> {
        let compared: Vec<&Figure<'_>> =
            self.figures.iter().filter(|f| !matches!(f.standing, Standing::NotComparable(_))).collect();
        if compared.is_empty() {
            // of several reasons, that of the data as a whole comes first in the file
            let why = self.figures.iter().find_map(|figure| match &figure.standing {
                Standing::NotComparable(why) if figure.published.data.is_none() => Some(why),
                _ => None,
            });
            return why.map(|why| format!("Ours against the paper's: not comparable: {why}."));
        }
        let outside: Vec<String> =
            compared.iter().filter(|f| f.standing == Standing::Outside).map(|f| f.named()).collect();
        let within = compared.len() - outside.len();
        let tolerances = self.comparable.map(|c| &c.tolerance).into_iter().flatten();
        let tolerances: Vec<String> = tolerances.map(|(metric, t)| format!("{} ±{t}", named_metric(metric))).collect();
        let verdict = if outside.is_empty() { "within" } else { "outside" };
        let outside = if outside.is_empty() { String::new() } else { format!("; outside: {}", outside.join(", ")) };
        let reason = self.comparable.map(|c| c.reason.trim()).unwrap_or_default();
        Some(format!(
            "Ours against the paper's: {verdict}: {within} of {} figures within tolerance ({}){outside}. The tolerance: {reason}",
            compared.len(),
            tolerances.join(", ")
        ))
    }
}

impl Figure<'_> {
    /// `GCPA ARI 0.250 (paper 0.300, -0.050)`.
    pub fn named(&self) -> String {
        let Published { method, metric, value, .. } = self.published;
        let metric = named_metric(metric);
        let ours = self.ours.map_or(MISSING.to_string(), |ours| format!("{ours:.3}"));
        let by = self.ours.map_or(String::new(), |ours| format!(", {:+.3}", ours - value));
        format!("{} {metric} {ours} (paper {value:.3}{by})", method_title(method))
    }
}

fn named_metric(metric: &str) -> &str {
    match Metric::from_name(metric) {
        Some(metric) => metric_title(metric),
        None => metric,
    }
}

fn method_title(method: &str) -> &str {
    Method::from_name(method).map_or(method, |m| m.title())
}

/// Whether the records are of the figures' data set.
fn same_data(comparable: &Comparable, records: &[Record]) -> Result<(), String> {
    let Some(record) = records.first() else { return Err("nothing has run".into()) };
    match &record.stand_in {
        Some(stand_in) => Err(format!("stand-in data (`{stand_in}` in place of `{}`)", record.data)),
        None if record.data != comparable.data => {
            Err(format!("ours is of `{}`, the paper's of `{}`", record.data, comparable.data))
        }
        None => Ok(()),
    }
}

/// The method with its defaults, on clean data of so many views.
fn group(summary: &Summary<'_>, published: &Published, views: Option<usize>) -> Result<Group, String> {
    let of_method = || summary.groups.iter().filter(|g| g.method == published.method && g.noise == CLEAN);
    let count = |group: &Group| summary.views(&group.view_set).len();
    let Some(first) = of_method().next() else { return Err("ours has no such method".into()) };
    let right = |group: &&Group| views.is_none_or(|views| count(group) == views);
    if !of_method().any(|group| right(&group)) {
        let found: Vec<String> = of_method().map(|group| count(group).to_string()).collect();
        return Err(format!("ours is over {} views, the paper's over {}", found.join(", "), views.unwrap_or_default()));
    }
    let by_default = |group: &&Group| group.label() == method_title(&published.method);
    match of_method().filter(right).find(by_default) {
        Some(group) => Ok(group.clone()),
        None => Err(format!("ours has other parameters: {}", first.label())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: &str = r#"{
        "title": "T", "grid": "g.yaml", "columns": ["ari"],
        "compare": {"data": "massive", "views": 2, "tolerance": {"ari": 0.02}, "reason": "measured."},
        "published": [
            {"method": "na", "metric": "ari", "value": 0.2, "source": "s"},
            {"method": "gpa", "metric": "ari", "value": 0.3, "source": "s"},
            {"method": "gpa", "metric": "nmi", "value": 0.5, "source": "s"},
            {"method": "gpa", "metric": "rank1", "value": 0.6, "source": "s", "data": "ted_multi"},
            {"method": "gcpa", "metric": "ari", "value": 0.6, "source": "s"}
        ]
    }"#;

    fn record(method: &str, metric: &str, value: f64) -> Record {
        let default = Method::from_name(method).unwrap();
        Record {
            cell: method.into(),
            data: "massive".into(),
            views: "all=a,b".into(),
            method: Some(method.into()),
            params: Some(crate::grid::plan::params(&default, method)),
            noise: Some("none".into()),
            task: Some("clustering".into()),
            task_params: Some("{}".into()),
            space: Some("universe".into()),
            source: Some("a".into()),
            metric: Some(metric.into()),
            value: Some(value),
            ..Record::default()
        }
    }

    fn verdicts(agreement: &Agreement<'_>) -> Vec<String> {
        let table = agreement.table("T", &[]).unwrap();
        table.rows.iter().map(|row| row[4..].join(" | ")).collect()
    }

    #[test]
    fn every_figure_is_within_outside_or_not_comparable() {
        let paper: Paper = serde_json::from_str(PAPER).unwrap();
        let records = [record("na", "ari", 0.215), record("gpa", "ari", 0.25), record("gpa", "nmi", 0.5)];
        let agreement = Agreement::new(&paper, &records, false);
        assert_eq!(
            verdicts(&agreement),
            [
                "+0.015 | 0.020 | within",
                "-0.050 | 0.020 | outside",
                "n/a | n/a | not comparable: no tolerance is stated for nmi",
                "n/a | n/a | not comparable: the paper's is of `ted_multi`",
                "n/a | 0.020 | not comparable: ours has no such method",
            ]
        );
        assert_eq!(
            agreement.sentence().unwrap(),
            "Ours against the paper's: outside: 1 of 2 figures within tolerance (ARI ±0.02); outside: GPA ARI 0.250 \
             (paper 0.300, -0.050). The tolerance: measured."
        );
    }

    #[test]
    fn other_data_and_fewer_views_are_not_compared() {
        let paper: Paper = serde_json::from_str(PAPER).unwrap();
        let said = |change: &dyn Fn(&mut Record), quick: bool| {
            let mut records = [record("na", "ari", 0.2), record("gpa", "ari", 0.3)];
            records.iter_mut().for_each(change);
            Agreement::new(&paper, &records, quick).sentence().unwrap()
        };
        let start = "Ours against the paper's: ";
        assert!(said(&|_| (), false).starts_with(&format!("{start}within: 2 of 2 figures")));
        assert_eq!(
            said(&|r| r.stand_in = Some("massive10".into()), false),
            format!("{start}not comparable: stand-in data (`massive10` in place of `massive`).")
        );
        assert_eq!(
            said(&|r| r.data = "mine".into(), false),
            format!("{start}not comparable: ours is of `mine`, the paper's of `massive`.")
        );
        assert_eq!(
            said(&|r| r.views = "all=a,b,c".into(), false),
            format!("{start}not comparable: ours is over 3 views, the paper's over 2.")
        );
        assert_eq!(said(&|_| (), true), format!("{start}not comparable: a quick run."));
    }
}
