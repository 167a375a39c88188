//! Comparison of our values with published values: whether each agrees within a stated tolerance, or why the two cannot
//! be compared.

use tasks::Metric;

use crate::published::{Comparable, Of, Pairs, Published, method_title, sources};
use crate::tables::MISSING;
use crate::tables::summary::{Group, Measure, Summary};
use crate::tables::table::Table;
use store::record::Record;

/// The result of one comparison.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Standing {
    /// The difference is within the tolerance.
    Within,
    /// The difference is larger than the tolerance.
    Outside,
    /// The two values cannot be compared, for this reason.
    NotComparable(String),
}

/// A published value and our value.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared<'p> {
    /// The published value.
    pub published: &'p Published,
    /// Our mean over ordered pairs, or over views if the metric has no pairs; `None` if the grid has no such value.
    pub ours: Option<f64>,
    /// Our mean over one direction of each pair, if the metric has directions.
    pub one_direction: Option<f64>,
    /// The tolerance of the metric.
    pub tolerance: Option<f64>,
    /// The result of the comparison.
    pub standing: Standing,
}

/// The comparisons of all published values of a paper file.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement<'p> {
    /// The comparisons, in the order of the file.
    pub values: Vec<Compared<'p>>,
    comparable: Option<&'p Comparable>,
}

impl<'p> Agreement<'p> {
    /// Compares the records of a paper file's grid with the published values. Quick runs leave out parts of the grid,
    /// so their values are not comparable.
    pub fn new(
        published: &'p [Published],
        comparable: Option<&'p Comparable>,
        summary: &Summary<'_>,
        quick: bool,
    ) -> Self {
        let whole = match comparable {
            None => Err("the paper file states no tolerance".to_string()),
            Some(_) if quick => Err("a quick run".to_string()),
            Some(comparable) => same_data(comparable, summary.records()),
        };
        let compare = |published: &'p Published| {
            let tolerance = comparable.and_then(|c| c.tolerance.get(&published.metric).copied());
            let group = group(summary, published);
            let found = group.as_ref().ok().and_then(|group| {
                summary.measures_of(published.metric).find_map(|measure| ours(summary, group, measure, published))
            });
            let Ours { ordered, one_direction } = found.unwrap_or_default();
            let like_theirs = if published.pairs == Some(Pairs::OneDirection) { one_direction } else { ordered };
            let standing = match (&whole, &group, like_theirs, tolerance) {
                (Err(why), ..) | (_, Err(why), ..) => Err(why.clone()),
                (_, _, None, _) => Err("ours was not measured".to_string()),
                (_, _, _, None) => Err(format!("no tolerance is stated for {}", published.metric)),
                (_, _, Some(ours), Some(tolerance)) => Ok((ours - published.value).abs() <= tolerance),
            };
            let standing = match standing {
                Ok(true) => Standing::Within,
                Ok(false) => Standing::Outside,
                Err(why) => Standing::NotComparable(why),
            };
            Compared { published, ours: ordered, one_direction, tolerance, standing }
        };
        Self { values: published.iter().map(compare).collect(), comparable }
    }

    /// The published values that belong to the data of this grid.
    pub fn published(&self) -> impl Iterator<Item = &'p Published> {
        self.values.iter().map(|value| value.published)
    }

    /// Whether at least one value could be compared with a published one.
    pub fn compared(&self) -> bool {
        self.values.iter().any(Compared::comparable)
    }

    /// A line for each published value; `None` if nothing is published.
    pub fn table(&self, title: &str, notes: &[String]) -> Option<Table> {
        let digits = |value: Option<f64>| value.map_or(MISSING.into(), |v| format!("{v:.3}"));
        let row = |compared: &Compared<'_>| {
            let published = compared.published;
            vec![
                method_title(&published.method).to_string(),
                published.metric.title().to_string(),
                published.views.to_string(),
                published.what(),
                digits(compared.ours),
                digits(compared.one_direction),
                published.text(),
                published.kind.name().into(),
                compared.difference().map_or(MISSING.into(), |difference| format!("{difference:+.3}")),
                digits(compared.tolerance),
                match &compared.standing {
                    Standing::Within => "within".into(),
                    Standing::Outside => "outside".into(),
                    Standing::NotComparable(why) => format!("not comparable: {why}"),
                },
            ]
        };
        let headers = [
            "method",
            "metric",
            "M",
            "of",
            "ours",
            "ours, one direction",
            "published",
            "kind",
            "difference",
            "tolerance",
            "value",
        ];
        let published: Vec<Published> = self.published().cloned().collect();
        (!self.values.is_empty()).then(|| Table {
            title: format!("{title}: ours compared with published values"),
            headers: headers.map(String::from).to_vec(),
            names: 4,
            rows: self.values.iter().map(row).collect(),
            notes: self.sentence().into_iter().chain(notes.iter().cloned()).chain(sources(&published)).collect(),
            ..Table::default()
        })
    }

    /// The verdict on all values; `None` if nothing is published.
    pub fn sentence(&self) -> Option<String> {
        self.verdict(&self.values.iter().collect::<Vec<_>>()).map(|said| format!("Published values: {said}"))
    }

    /// The verdict on these comparisons; `None` if there are none.
    pub fn verdict(&self, values: &[&Compared<'_>]) -> Option<String> {
        let compared: Vec<&&Compared<'_>> = values.iter().filter(|value| value.comparable()).collect();
        if compared.is_empty() {
            let why = values.iter().find_map(|value| match &value.standing {
                Standing::NotComparable(why) => Some(why),
                _ => None,
            })?;
            return Some(format!("not comparable: {why}."));
        }
        let outside: Vec<String> =
            compared.iter().filter(|v| v.standing == Standing::Outside).map(|v| v.named()).collect();
        let within = compared.len() - outside.len();
        let tolerance = |metric: Metric, t: f64| format!("{} ±{t}", metric.title());
        let mut tolerances: Vec<String> =
            compared.iter().filter_map(|v| Some(tolerance(v.published.metric, v.tolerance?))).collect();
        tolerances.dedup();
        let word = if outside.is_empty() { "within" } else { "outside" };
        let named = if outside.is_empty() { String::new() } else { format!("; outside: {}", outside.join(", ")) };
        let reason = self.comparable.map(|c| c.reason.trim()).unwrap_or_default();
        let (count, tolerances) = (compared.len(), tolerances.join(", "));
        Some(format!("{word}: {within} of {count} within tolerance ({tolerances}){named}. The tolerance: {reason}"))
    }
}

impl Compared<'_> {
    fn comparable(&self) -> bool {
        !matches!(self.standing, Standing::NotComparable(_))
    }

    /// Our value, averaged in the same way as the published value if that way is known.
    fn like_theirs(&self) -> Option<f64> {
        if self.published.pairs == Some(Pairs::OneDirection) { self.one_direction } else { self.ours }
    }

    /// Our value minus the published value, if the two can be compared.
    fn difference(&self) -> Option<f64> {
        self.comparable().then(|| self.like_theirs().map(|ours| ours - self.published.value)).flatten()
    }

    /// `GCPA ARI, M = 10: 0.250 (paper 0.300, -0.050)`.
    fn named(&self) -> String {
        let Published { value, kind, .. } = self.published;
        let ours = self.like_theirs().map_or(MISSING.to_string(), |ours| format!("{ours:.3}"));
        let by = self.difference().map_or(String::new(), |difference| format!(", {difference:+.3}"));
        format!("{}: {ours} ({} {value:.3}{by})", self.published.named(), kind.name())
    }
}

/// Our values: over ordered pairs, and over one direction of each pair.
#[derive(Default)]
struct Ours {
    ordered: Option<f64>,
    one_direction: Option<f64>,
}

/// Our value, if the group has the measure.
fn ours(summary: &Summary<'_>, group: &Group, measure: &Measure, published: &Published) -> Option<Ours> {
    let space = summary.headline(group, measure)?;
    let means = summary.means(group, measure, space);
    let views = summary.views(&group.view_set);
    if let Some([source, target]) = &published.pair {
        let place = |name: &str| views.iter().position(|view| *view == name);
        let ordered = place(source).zip(place(target)).and_then(|pair| means.get(&pair).copied());
        return Some(Ours { ordered, one_direction: None });
    }
    let directed = !measure.metric.is_symmetric() && means.keys().any(|(source, target)| source != target);
    let forward: Vec<f64> = means.iter().filter(|((source, target), _)| source < target).map(|(_, v)| *v).collect();
    let all: Vec<f64> = means.into_values().collect();
    let better = if measure.metric.higher_is_better() { f64::min } else { f64::max };
    let reduce = |values: &[f64]| match published.of {
        Of::Mean => (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64),
        Of::Worst => values.iter().copied().reduce(better),
    };
    Some(Ours { ordered: reduce(&all), one_direction: directed.then(|| reduce(&forward)).flatten() })
}

/// Whether the records and the published values are of the same data set.
fn same_data(comparable: &Comparable, records: &[Record]) -> Result<(), String> {
    let Some(record) = records.first() else { return Err("nothing has run".into()) };
    match &record.stand_in {
        Some(stand_in) => Err(format!("stand-in data (`{stand_in}` in place of `{}`)", record.data)),
        None if record.data != comparable.data => {
            Err(format!("ours is of `{}`, the published ones of `{}`", record.data, comparable.data))
        }
        None => Ok(()),
    }
}

/// The method with its default parameters, on clean data with this number of views.
fn group(summary: &Summary<'_>, published: &Published) -> Result<Group, String> {
    let of_method = || summary.groups.iter().filter(|g| g.method.name == published.method && g.condition.is_clean());
    let count = |group: &Group| summary.views(&group.view_set).len();
    let Some(first) = of_method().next() else { return Err("ours has no such method".into()) };
    let right = |group: &&Group| published.is_over(&group.view_set, count(group));
    if !of_method().any(|group| right(&group)) {
        let mut found: Vec<String> = of_method().map(|group| count(group).to_string()).collect();
        found.dedup();
        return Err(format!("ours is over {} views, the published one over {}", found.join(", "), published.views));
    }
    match of_method().filter(right).find(|group| group.method.is_default()) {
        Some(group) => Ok(group.clone()),
        None => Err(format!("ours has other parameters: {}", first.method.label())),
    }
}

#[cfg(test)]
mod tests {
    use align::{Coordinates, Method};
    use tasks::noise::Noise;

    use super::*;
    use crate::paper::Paper;
    use grid::keys::Params;

    const PAPER: &str = r#"{
        "title": "T", "grid": "g.yaml", "columns": ["ari"],
        "compare": {"data": "massive", "tolerance": {"ari": 0.02, "rank1": 0.07}, "reason": "measured."},
        "published": [
            {"method": "na", "metric": "ari", "value": 0.2, "views": 2, "kind": "paper", "source": "s"},
            {"method": "gpa", "metric": "ari", "value": 0.3, "views": 2, "kind": "paper", "source": "s"},
            {"method": "gpa", "metric": "nmi", "value": 0.5, "views": 2, "kind": "paper", "source": "s"},
            {"method": "gcpa", "metric": "ari", "value": 0.6, "views": 2, "kind": "paper", "source": "s"}
        ]
    }"#;

    fn record(method: &str, metric: &str, value: f64) -> Record {
        let default = Method::from_name(method).unwrap();
        Record {
            cell: method.into(),
            data: "massive".into(),
            views: "all=a,b".parse().unwrap(),
            method: Some(method.into()),
            params: Some(Params::of(&default, method)),
            noise: Some(Noise::default()),
            task: Some("clustering".into()),
            task_params: Some(Params::default()),
            space: Some(Coordinates::Universe),
            source: Some("a".into()),
            metric: Some(metric.parse().unwrap()),
            value: Some(value),
            ..Record::default()
        }
    }

    fn agreement<'p>(paper: &'p Paper, records: &[Record], quick: bool) -> Agreement<'p> {
        Agreement::new(&paper.published, paper.compare.as_ref(), &Summary::new(records), quick)
    }

    fn verdicts(agreement: &Agreement<'_>) -> Vec<String> {
        let table = agreement.table("T", &[]).unwrap();
        table.rows.iter().map(|row| row[8..].join(" | ")).collect()
    }

    #[test]
    fn every_value_is_within_outside_or_not_comparable() {
        let paper: Paper = serde_json::from_str(PAPER).unwrap();
        let records = [record("na", "ari", 0.215), record("gpa", "ari", 0.25), record("gpa", "nmi", 0.5)];
        let agreement = agreement(&paper, &records, false);
        assert_eq!(
            verdicts(&agreement),
            [
                "+0.015 | 0.020 | within",
                "-0.050 | 0.020 | outside",
                "n/a | n/a | not comparable: no tolerance is stated for nmi",
                "n/a | 0.020 | not comparable: ours has no such method",
            ]
        );
        assert_eq!(
            agreement.sentence().unwrap(),
            "Published values: outside: 1 of 2 within tolerance (ARI ±0.02); outside: GPA ARI, M = 2: 0.250 \
             (paper 0.300, -0.050). The tolerance: measured."
        );
    }

    #[test]
    fn other_data_and_fewer_views_are_not_compared() {
        let paper: Paper = serde_json::from_str(PAPER).unwrap();
        let said = |change: &dyn Fn(&mut Record), quick: bool| {
            let mut records = [record("na", "ari", 0.2), record("gpa", "ari", 0.3)];
            records.iter_mut().for_each(change);
            agreement(&paper, &records, quick).sentence().unwrap()
        };
        let start = "Published values: ";
        assert!(said(&|_| (), false).starts_with(&format!("{start}within: 2 of 2 within")));
        assert_eq!(
            said(&|r| r.stand_in = Some("massive10".into()), false),
            format!("{start}not comparable: stand-in data (`massive10` in place of `massive`).")
        );
        assert_eq!(
            said(&|r| r.data = "mine".into(), false),
            format!("{start}not comparable: ours is of `mine`, the published ones of `massive`.")
        );
        assert_eq!(
            said(&|r| r.views = "all=a,b,c".parse().unwrap(), false),
            format!("{start}not comparable: ours is over 3 views, the published one over 2.")
        );
        assert_eq!(said(&|_| (), true), format!("{start}not comparable: a quick run."));
    }

    /// The six pairs of the independent rerun at M = 3: its mean and worst pair over ordered pairs, and what the authors'
    /// code made of them while it wrote one direction into both cells.
    #[test]
    fn both_averages_of_pairs_are_told_and_a_value_is_held_against_its_own() {
        let pairs = [
            ("en", "es", 0.7160),
            ("en", "fr", 0.7774),
            ("es", "en", 0.7468),
            ("es", "fr", 0.6115),
            ("fr", "en", 0.7852),
            ("fr", "es", 0.5928),
        ];
        let records: Vec<Record> = pairs
            .iter()
            .map(|(source, target, value)| Record {
                data: "ted_multi".into(),
                views: "m3=en,es,fr".parse().unwrap(),
                task: Some("retrieval".into()),
                source: Some((*source).into()),
                target: Some((*target).into()),
                ..record("gcpa", "rank1", *value)
            })
            .collect();
        let value = |over: &str| {
            format!(r#"{{"method": "gcpa", "metric": "rank1", "views": 3, "kind": "rerun", "source": "s", {over}}}"#)
        };
        let published = [
            value(r#""value": 0.7049, "pairs": "ordered""#),
            value(r#""value": 0.7016, "pairs": "one_direction""#),
            value(r#""value": 0.5928, "of": "worst", "pairs": "ordered""#),
            value(r#""value": 0.6115, "of": "worst", "pairs": "one_direction""#),
            value(r#""value": 0.5928, "pair": ["fr", "es"]"#),
        ];
        let published: Vec<Published> = published.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        let comparable =
            Comparable { data: "ted_multi".into(), tolerance: [(Metric::Rank1, 0.0001)].into(), reason: "r".into() };
        let agreement = Agreement::new(&published, Some(&comparable), &Summary::new(&records), false);
        assert!(agreement.values.iter().all(|v| v.standing == Standing::Within), "{:?}", agreement.values);
        let table = agreement.table("T", &[]).unwrap();
        assert_eq!(table.rows[0][2..6], ["3", "mean over ordered pairs", "0.705", "0.702"]);
        assert_eq!(table.rows[4][3..6], ["fr→es", "0.593", "n/a"]);
    }
}
