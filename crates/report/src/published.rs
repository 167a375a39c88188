//! Published values: their sources, their reductions, and the tolerance of comparisons.

use std::collections::BTreeMap;

use align::Method;
use serde::{Deserialize, Serialize};
use tasks::Metric;

/// One published value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a published value (method, metric, value, std, views, view_set, of, pairs, pair, kind, source, date, note)"
)]
pub struct Published {
    /// Method name.
    pub method: String,
    /// The metric.
    pub metric: Metric,
    /// The value.
    pub value: f64,
    /// Published standard deviation, if it is known.
    pub std: Option<f64>,
    /// Number M of views behind the value.
    pub views: usize,
    /// The grid's subset of views behind the value, if several subsets have M views.
    pub view_set: Option<String>,
    /// Reduction from the values of views or pairs to this one.
    #[serde(default)]
    pub of: Of,
    /// Pairs of views behind the value; `None` if the metric has no pairs, or if the source does not say.
    pub pairs: Option<Pairs>,
    /// The ordered pair of views, if the value belongs to one pair.
    pub pair: Option<[String; 2]>,
    /// Origin of the value.
    pub kind: Kind,
    /// Source of the value.
    pub source: String,
    /// Date of the source, as far as it is known.
    pub date: Option<String>,
    /// A remark for the reader.
    pub note: Option<String>,
}

/// Reduction from the values of views or pairs to one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Of {
    /// Their mean.
    #[default]
    Mean,
    /// The least favourable.
    Worst,
}

/// Pairs of views behind an average or a worst value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pairs {
    /// All ordered pairs: each of two views is the query once.
    Ordered,
    /// One direction of each pair: the view that comes first in the subset is the query.
    OneDirection,
}

/// Origin of a value, the most reliable first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// The paper states it.
    Paper,
    /// Another source states that the paper has it.
    Secondary,
    /// Others ran the authors' code on embeddings that they made.
    Rerun,
}

/// Condition and tolerance of comparisons with published values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a comparison (data, tolerance, reason)")]
pub struct Comparable {
    /// The data set of the values. Values of other data are not compared.
    pub data: String,
    /// The largest absolute difference that counts as agreement, by metric.
    pub tolerance: BTreeMap<Metric, f64>,
    /// Reason for the tolerance.
    pub reason: String,
}

align::names! {
    Kind, "kind of published value" {
        Paper = "paper",
        Secondary = "secondary",
        Rerun = "rerun",
    }
}

impl Kind {
    fn meaning(self) -> &'static str {
        match self {
            Self::Paper => "stated by the paper",
            Self::Secondary => "reported by others as the paper's",
            Self::Rerun => "the authors' code run by others on embeddings made anew",
        }
    }
}

impl Published {
    /// Whether the value is a mean over a subset with this name and number of views.
    pub fn is_mean_of(&self, view_set: &str, views: usize) -> bool {
        self.of == Of::Mean && self.pair.is_none() && self.is_over(view_set, views)
    }

    /// Whether the value is over a subset with this name and number of views.
    pub fn is_over(&self, view_set: &str, views: usize) -> bool {
        self.views == views && self.view_set.as_deref().is_none_or(|wanted| wanted == view_set)
    }

    /// The reduction as text: `mean`, `mean over ordered pairs`, `worst of one direction`, `en→es`.
    pub fn what(&self) -> String {
        if let Some([source, target]) = &self.pair {
            return format!("{source}→{target}");
        }
        let of = match self.of {
            Of::Mean => "mean",
            Of::Worst => "worst",
        };
        match self.pairs {
            None => of.into(),
            Some(Pairs::Ordered) => format!("{of} over ordered pairs"),
            Some(Pairs::OneDirection) => format!("{of} over one direction"),
        }
    }

    /// `0.300 ± 0.024`.
    pub fn text(&self) -> String {
        match self.std {
            Some(std) => format!("{:.3} ± {std:.3}", self.value),
            None => format!("{:.3}", self.value),
        }
    }

    /// Kind, source and date as text.
    pub fn provenance(&self) -> String {
        let date = self.date.as_ref().map_or("date unknown".into(), |date| date.clone());
        format!("{} ({}): {}, {date}", self.kind.name(), self.kind.meaning(), self.source)
    }

    /// The value's name: `GCPA Rank-1, M = 3`, with the reduction if it is not the mean.
    pub fn named(&self) -> String {
        let what =
            if self.of == Of::Mean && self.pair.is_none() { String::new() } else { format!(", {}", self.what()) };
        format!("{} {}, M = {}{what}", method_title(&self.method), self.metric.title(), self.views)
    }
}

/// The published lead of a method over a rival on one subset, with its kind: the difference of two values of one source.
pub fn lead(
    published: &[Published],
    [method, rival]: [&str; 2],
    metric: Metric,
    of: Of,
    (view_set, views): (&str, usize),
) -> Vec<(Kind, f64)> {
    let mine = |p: &&Published| p.metric == metric && p.of == of && p.pair.is_none() && p.is_over(view_set, views);
    let of_method = |name: &str| published.iter().filter(mine).filter(move |p| p.method == name).collect::<Vec<_>>();
    let rivals = of_method(rival);
    let lead = |own: &&Published| {
        let other = rivals.iter().find(|other| other.source == own.source && other.pairs == own.pairs)?;
        Some((own.kind, own.value - other.value))
    };
    of_method(method).iter().filter_map(lead).collect()
}

/// Sources of the values, one sentence each, the most reliable first.
pub fn sources(published: &[Published]) -> Vec<String> {
    let mut sources: Vec<(Kind, String)> = published.iter().map(|p| (p.kind, format!("{}.", p.provenance()))).collect();
    sources.sort();
    sources.dedup();
    let mut told: Vec<String> = sources.into_iter().map(|(_, source)| source).collect();
    for note in published.iter().filter_map(|p| p.note.as_ref()) {
        let note = format!("{}.", note.trim_end_matches('.'));
        if !told.contains(&note) {
            told.push(note);
        }
    }
    told
}

/// A method's name in tables.
pub fn method_title(method: &str) -> &str {
    Method::from_name(method).map_or(method, |m| m.title())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::to_string(&kind).expect("serialises"), format!("\"{kind}\""));
        }
    }

    #[test]
    fn a_lead_is_of_one_source_one_average_and_one_number_of_views() {
        let value = |method: &str, value: f64, views: usize, source: &str| -> Published {
            let text = format!(
                r#"{{"method": "{method}", "metric": "rank1", "value": {value}, "views": {views}, "kind": "rerun",
                    "source": "{source}", "pairs": "ordered"}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        let published = [value("gcpa", 0.7, 3, "a"), value("gcca", 0.6, 3, "a"), value("gcca", 0.1, 3, "b")];
        let lead = |of, views| lead(&published, ["gcpa", "gcca"], Metric::Rank1, of, ("m3", views));
        let [(Kind::Rerun, by)] = lead(Of::Mean, 3)[..] else { panic!("one source has both") };
        assert!((by - 0.1).abs() < 1e-12);
        assert!(lead(Of::Mean, 5).is_empty() && lead(Of::Worst, 3).is_empty());
    }

    #[test]
    fn every_source_is_told_once_with_its_kind_and_date() {
        let text = r#"[
            {"method": "gpa", "metric": "ari", "value": 1, "views": 2, "kind": "rerun", "source": "s", "date": "July 2026"},
            {"method": "na", "metric": "ari", "value": 1, "views": 2, "kind": "paper", "source": "p", "note": "Why."},
            {"method": "gpa", "metric": "nmi", "value": 1, "views": 2, "kind": "rerun", "source": "s", "date": "July 2026"}
        ]"#;
        let published: Vec<Published> = serde_json::from_str(text).unwrap();
        assert_eq!(
            sources(&published),
            [
                "paper (stated by the paper): p, date unknown.",
                "rerun (the authors' code run by others on embeddings made anew): s, July 2026.",
                "Why."
            ]
        );
    }
}
