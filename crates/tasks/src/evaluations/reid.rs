//! Re-identification: items of one view are looked up by their class among the items of another view.

use align::named::ParameterDoc;
use std::collections::BTreeMap;

use align::linalg::{Accum, MatrixViewMut, Threads, gemm};
use align::parallel::prelude::*;
use align::prep::cosine_rows;
use align::rng::{Purpose, permutation, stream};
use align::{Coordinates, Dataset, Labels, Matrix, Split, Views};
use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::evaluations::parameters;
use crate::labels::{NamedList, groups, keep_groups, labels};
use crate::living::incomparable;
use crate::ranking::entries::{Entries, share_a_class};
use crate::ranking::pairs::{each_translated_of, project_all};
use crate::ranking::ranks::TIE;
use crate::scores::score::check_numbers;
use crate::{ItemScope, Metric, Place, Quantity, Scores, TaskError, TaskInput};

/// The assignment of a class's training items to views.
const TRAIN_MATCHING: Purpose = Purpose::new(21);
/// The assignment of a class's test items to views.
const TEST_MATCHING: Purpose = Purpose::new(28);

const TASK: &str = "reid";

/// Re-identification: retrieval by class between views that hold different items.
///
/// # Formula
/// For an ordered pair (query view, gallery view) the gallery is sorted by cosine. Let $P_i$ be the gallery items that
/// have the class of query $i$, and $\rho_i(j)$ the rank of item $j$. Then
///
/// $$ \operatorname{CMC}(k) = \frac{1}{n} \sum_i \mathbf{1} \lbrace \min_{j \in P_i} \rho_i(j) \le k \rbrace , \qquad
/// \operatorname{AP}(i) = \frac{1}{\lvert P_i \rvert} \sum_{j \in P_i} \frac{\lvert \lbrace l \in P_i : \rho_i(l) \le
/// \rho_i(j) \rbrace \rvert}{\rho_i(j)} , $$
///
/// and mAP is the mean of $\operatorname{AP}(i)$. A query without an item of its class in the gallery is dropped; $n$
/// counts the other queries. The classes are labels, or groups ([`ReidBy`]). Items that are one row of a view's file
/// ([`align::views::View::source_rows`]) are one query and one gallery item of this view. An item of another class whose cosine is within $10^{-6}$ of a match ranks ahead of the
/// match.
///
/// # Shapes
/// Views are $n \times d_m$ with one class per row. Every ordered pair and every space that the method offers gets one
/// value of each metric, and one average precision and one first rank per query.
///
/// # Cost
/// Per pair one product of $n \times d$ by $d \times n$ and $n$ sorts. The memory is $O(n)$ per thread.
///
/// # Source
/// arXiv 2602.06205; `scripts/3_reid.py` of the authors' code at e4f854e.
///
/// # Departures
/// None in the metrics. The protocol needs views that hold different items of the same classes; [`disjoint_by_class`]
/// makes them from matched views. With matched views, `exclude_self` removes the query's own item from the gallery.
/// With [`queries`](ReidParams::queries), items of the gallery are no queries, and queries are not searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReidParams {
    /// Name of the labelling. Default: the first labelling of the data.
    pub label: Option<String>,
    /// Leave the query's own row out of the gallery, for views that hold the same items.
    pub exclude_self: bool,
    /// Classes of the items.
    #[serde(deserialize_with = "align::choice", skip_serializing_if = "ReidBy::is_labels")]
    pub by: ReidBy,
    /// Name of a labelling that is 1 for queries and 0 for items of the gallery. Default: every item is both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queries: Option<String>,
}

/// Classes of the items in re-identification.
///
/// In a grid file `by: groups`, or with the name of a grouping `by: {groups: {name: person}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReidBy {
    /// Labels of the labelling in [`ReidParams::label`].
    #[default]
    Labels,
    /// Groups, such as the pictures of one person.
    Groups(NamedList),
}

impl ReidBy {
    fn is_labels(&self) -> bool {
        *self == Self::Labels
    }
}

/// As lists show them.
const PARAMETERS: &[ParameterDoc] = &[
    parameters::LABEL,
    ParameterDoc::new(
        "exclude_self",
        "false",
        "true, false",
        "Leave the query's own row out of the gallery, for views of the same items",
    ),
    ParameterDoc::new("by", "labels", "labels, groups", "Classes of the items: labels, or groups"),
    parameters::grouping("by.groups.name"),
    ParameterDoc::new(
        "queries",
        "null",
        "name of a labelling, or null",
        "Labelling that is 1 for queries and 0 for the gallery; null makes every item both",
    ),
];

impl Evaluation for ReidParams {
    fn name(&self) -> &'static str {
        TASK
    }

    fn title(&self) -> &'static str {
        "Re-identification"
    }

    fn summary(&self) -> &'static str {
        "retrieval by class or group between views that hold disjoint items: mAP, CMC"
    }

    fn parameter_docs(&self) -> &'static [ParameterDoc] {
        PARAMETERS
    }

    fn version(&self) -> u32 {
        2
    }

    fn needs_labels(&self) -> bool {
        self.by.is_labels()
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    fn item_scope(&self) -> ItemScope {
        if self.by.is_labels() { ItemScope::Pairs } else { ItemScope::OwnRows }
    }

    fn needs_groups(&self) -> bool {
        !self.by.is_labels()
    }

    fn grouping(&self) -> Option<&str> {
        match &self.by {
            ReidBy::Labels => None,
            ReidBy::Groups(list) => list.name.as_deref(),
        }
    }

    fn validate(&self) -> Result<(), TaskError> {
        match (&self.label, &self.by) {
            (Some(label), ReidBy::Groups(_)) => {
                let (got, want) =
                    (format!("{label}, beside `by: groups`"), "no labelling with groups: `by: {groups: {name: ..}}`");
                Err(TaskError::Parameter { task: TASK, parameter: "label", got, want })
            }
            _ => Ok(()),
        }
    }

    fn score(&self, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
        score(self, input)
    }
}

const METRICS: [Metric; 3] = [Metric::Cmc1, Metric::Cmc5, Metric::Map];

/// Queries per block.
const BLOCK: usize = 256;

/// Results of the queries of one ordered pair; NaN for queries without a match.
pub struct Found {
    /// Average precision.
    pub average_precision: Vec<f32>,
    /// Rank of the first match, from 1.
    pub first_match: Vec<f32>,
}

impl Found {
    /// Drops the results of items that are no queries.
    fn keep(&mut self, is_query: &[bool]) {
        for values in [&mut self.average_precision, &mut self.first_match] {
            values
                .iter_mut()
                .zip(is_query)
                .filter(|(_, is_query)| !**is_query)
                .for_each(|(value, _)| *value = f32::NAN);
        }
    }
}

/// Whether each entry of each view is a query.
fn roles(name: &str, input: &TaskInput<'_>) -> Result<Vec<Vec<bool>>, TaskError> {
    let list = labels(TASK, Some(name), input.test)?;
    if let Some(other) = list.values.iter().find(|value| ![0, 1].contains(*value)) {
        let (got, want) = (format!("{name}, with the value {other}"), "a labelling of 1 (queries) and 0 (gallery)");
        return Err(TaskError::Parameter { task: TASK, parameter: "queries", got, want });
    }
    let of_view = |view: &align::views::View| {
        Entries::of(view, &list.values).classes().iter().map(|roles| roles.contains(&1)).collect()
    };
    Ok(input.test.views.iter().map(of_view).collect())
}

/// Sorts the gallery for every query; rows of both normalised, n × d.
///
/// # Errors
/// [`TaskError::Shape`] if the widths differ, or if there is not one class per row; [`TaskError::NoNumber`].
pub fn find(
    queries: &Matrix,
    gallery: &Matrix,
    query_class: &[i64],
    gallery_class: &[i64],
    exclude_self: bool,
) -> Result<Found, TaskError> {
    for (left_name, left, right_name, right) in [
        ("columns of the queries", queries.cols(), "columns of the gallery", gallery.cols()),
        ("classes of queries", query_class.len(), "queries", queries.rows()),
        ("classes of the gallery", gallery_class.len(), "rows of the gallery", gallery.rows()),
    ] {
        if left != right {
            let (left, right) = (left.to_string(), right.to_string());
            return Err(TaskError::Shape { op: TASK, left_name, left, right_name, right });
        }
    }
    find_by(queries, gallery, |i, j| gallery_class[j] == query_class[i], |i, j| exclude_self && j == i)
}

/// Like [`find`], with functions that decide whether a query and a candidate match, and whether the candidate is left
/// out.
fn find_by(
    queries: &Matrix,
    gallery: &Matrix,
    matches: impl Fn(usize, usize) -> bool + Sync,
    left_out: impl Fn(usize, usize) -> bool + Sync,
) -> Result<Found, TaskError> {
    check_numbers(TASK, "queries", queries)?;
    check_numbers(TASK, "gallery rows", gallery)?;
    let n = gallery.rows();
    if n == 0 {
        let none = vec![f32::NAN; queries.rows()];
        return Ok(Found { average_precision: none.clone(), first_match: none });
    }
    let blocks: Vec<Vec<(f32, f32)>> = (0..queries.rows().div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let (start, end) = (block * BLOCK, queries.rows().min((block + 1) * BLOCK));
            let mut similarities = vec![0.0f32; (end - start) * n];
            let out = MatrixViewMut::from_slice(end - start, n, &mut similarities);
            let rows = queries.view().subrows(start, end - start);
            gemm(out, Accum::Replace, rows, gallery.view().transpose(), Threads::One);
            let of_query = |(i, row): (usize, &[f32])| {
                let query = start + i;
                let item = |(j, &s): (usize, &f32)| {
                    let matches = matches(query, j);
                    (!left_out(query, j)).then_some((if matches { s } else { s + TIE }, matches))
                };
                let mut items: Vec<(f32, bool)> = row.iter().enumerate().filter_map(item).collect();
                // Descending; of equal candidates, another class comes first.
                items.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
                precision(&items)
            };
            similarities.chunks_exact(n).enumerate().map(of_query).collect()
        })
        .collect();
    let (average_precision, first_match) = blocks.into_iter().flatten().unzip();
    Ok(Found { average_precision, first_match })
}

/// Average precision and rank of the first match of a sorted gallery.
fn precision(items: &[(f32, bool)]) -> (f32, f32) {
    let (mut matches, mut sum, mut first) = (0usize, 0.0f64, None);
    for (i, _) in items.iter().enumerate().filter(|(_, (_, matches))| *matches) {
        matches += 1;
        sum += matches as f64 / (i + 1) as f64;
        first.get_or_insert(i + 1);
    }
    match first {
        Some(first) => ((sum / matches as f64) as f32, first as f32),
        None => (f32::NAN, f32::NAN),
    }
}

/// Scores every ordered pair of the test split's views in every space on offer.
fn score(params: &ReidParams, input: &TaskInput<'_>) -> Result<Scores, TaskError> {
    let list = match &params.by {
        ReidBy::Labels => labels(TASK, params.label.as_deref(), input.test)?,
        ReidBy::Groups(list) => groups(TASK, list.name.as_deref(), input.test)?,
    };
    let names: Vec<&str> = input.test.views.names().collect();
    let entries: Vec<Entries> = input.test.views.iter().map(|view| Entries::of(view, &list.values)).collect();
    let is_query: Option<Vec<Vec<bool>>> = params.queries.as_deref().map(|name| roles(name, input)).transpose()?;
    let projections = project_all(input)?;
    type Answer = Result<Result<Found, String>, TaskError>;
    let find = |s: usize, t: usize, queries: &Matrix, gallery: &Matrix| -> Answer {
        if let Some(reason) = incomparable((names[s], names[t]), (queries, gallery)) {
            return Ok(Err(reason));
        }
        let matches = |i: usize, j: usize| share_a_class(&entries[s].classes()[i], &entries[t].classes()[j]);
        let left_out = |i: usize, j: usize| {
            is_query.as_ref().is_some_and(|is_query| is_query[t][j])
                || params.exclude_self && entries[s].share_an_item(i, &entries[t], j)
        };
        let mut found = find_by(queries, gallery, matches, left_out)?;
        if let Some(is_query) = &is_query {
            found.keep(&is_query[s]);
        }
        Ok(Ok(found))
    };
    let mut out = Scores::default();
    for &space in input.coordinates() {
        let mut found: BTreeMap<(usize, usize), Result<Found, String>> = BTreeMap::new();
        if space == Coordinates::Translated {
            let select = |view: usize, x: Matrix| cosine_rows(&entries[view].select(&x));
            each_translated_of(input, &projections, select, |s, t, queries, gallery| {
                found.insert((s, t), find(s, t, queries, gallery)?);
                Ok(())
            })?;
        } else {
            let rows: Vec<Matrix> =
                projections.shared().iter().zip(&entries).map(|(x, of)| cosine_rows(&of.select(x))).collect();
            for (s, t) in (0..names.len()).flat_map(|s| (0..names.len()).map(move |t| (s, t))).filter(|(s, t)| s != t) {
                found.insert((s, t), find(s, t, &rows[s], &rows[t])?);
            }
        }
        for ((s, t), found) in found {
            report(Place::pair(space, names[s], names[t]), &entries[s], found, &mut out);
        }
    }
    if !params.by.is_labels() {
        keep_groups(list, input, &mut out);
    }
    Ok(out)
}

fn report(place: Place<'_>, queries: &Entries, found: Result<Found, String>, out: &mut Scores) {
    let Found { average_precision, first_match } = match found {
        Ok(found) => found,
        Err(reason) => return out.undefined(place, &METRICS, 0, &reason),
    };
    let asked: Vec<f32> = first_match.iter().copied().filter(|rank| !rank.is_nan()).collect();
    let share = |k: f32| asked.iter().filter(|&&rank| rank <= k).count() as f64 / asked.len() as f64;
    let precision: f64 = average_precision.iter().filter(|p| !p.is_nan()).map(|&p| f64::from(p)).sum();
    for (metric, value) in METRICS.into_iter().zip([share(1.0), share(5.0), precision / asked.len() as f64]) {
        let value = if asked.is_empty() { Err("no query has an item of its class in the gallery") } else { Ok(value) };
        out.figure_or_reason(place, metric, asked.len(), value);
    }
    out.keep(place, Quantity::FirstMatch, queries.by_item(&first_match));
    out.keep(place, Quantity::AveragePrecision, queries.by_item(&average_precision));
}

/// A data set for the re-identification protocol, made from a matched one: every view gets its own share of each
/// class's rows, drawn by seed. Row i is the same class in every view, never the same item.
///
/// Each of M views gets ⌊c/M⌋ rows of a class with c rows, in train and in test; rows are ordered by class. A class
/// with fewer rows than views is left out. A row that its view misses stays missing. Validation rows, ids and groups
/// are dropped.
///
/// # Errors
/// Labels that are missing or do not fit; no class with a row for every view.
pub fn disjoint_by_class(data: &Dataset, label: Option<&str>, seed: u64) -> Result<Dataset, TaskError> {
    let deal = |split: &Split, purpose: Purpose| -> Result<Split, TaskError> {
        let of = labels(TASK, label, split)?;
        let views = split.views.len();
        let mut members: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        let mut rng = stream(seed, purpose, None);
        for row in permutation(of.values.len(), &mut rng) {
            members.entry(of.values[row]).or_default().push(row);
        }
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); views];
        let mut values = Vec::new();
        for (&class, members) in &members {
            for hand in members.chunks_exact(views) {
                rows.iter_mut().zip(hand).for_each(|(rows, &row)| rows.push(row));
                values.push(class);
            }
        }
        if values.is_empty() {
            let (got, want) = (format!("{} views", views), "no more views than the largest class has rows");
            return Err(TaskError::Parameter { task: "pairing by class", parameter: "views", got, want });
        }
        let dealt = split.views.iter().zip(&rows).map(|(s, rows)| (s.name().to_string(), s.values().select_rows(rows)));
        let mut views = Views::new(dealt)?;
        for (position, (view, rows)) in split.views.iter().zip(&rows).enumerate() {
            let missing: Vec<bool> = rows.iter().map(|&row| !view.has(row)).collect();
            if missing.contains(&true) {
                views = views.with_missing(position, &missing)?;
            }
        }
        let labels = vec![Labels { name: of.name.clone(), values }];
        Ok(Split { views, labels, groups: Vec::new(), ids: None })
    };
    let (train, test) = (deal(&data.train, TRAIN_MATCHING)?, deal(&data.test, TEST_MATCHING)?);
    Ok(Dataset { train, validation: None, test, corpus: data.corpus.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use align::synthetic::Synthetic;

    #[test]
    fn precision_is_that_of_the_definition() {
        let items = |matches: &[bool]| -> Vec<(f32, bool)> { matches.iter().map(|&m| (0.0, m)).collect() };
        assert_eq!(precision(&items(&[true, false, true])), (((1.0 + 2.0 / 3.0) / 2.0) as f32, 1.0));
        assert_eq!(precision(&items(&[false, false, true])), ((1.0 / 3.0) as f32, 3.0));
        assert!(precision(&items(&[false])).0.is_nan());
    }

    #[test]
    fn ties_count_against_the_query_and_it_can_be_left_out() {
        let gallery = Matrix::from_vec(3, 1, vec![1.0, 1.0, 1.0]);
        let found = find(&gallery, &gallery, &[0, 0, 1], &[0, 0, 1], false).expect("sound");
        assert_eq!(found.first_match, [2.0, 2.0, 3.0]);
        let found = find(&gallery, &gallery, &[0, 0, 1], &[0, 0, 1], true).expect("sound");
        assert!(found.first_match[..2] == [2.0, 2.0] && found.first_match[2].is_nan());
    }

    #[test]
    fn what_is_no_number_or_does_not_fit_is_an_error() {
        let (sound, odd) = (Matrix::zeros(2, 1), Matrix::from_vec(2, 1, vec![0.0, f32::NAN]));
        let text = |found: Result<Found, TaskError>| found.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(
            text(find(&sound, &odd, &[0, 1], &[0, 1], false)).starts_with("reid: the gallery rows hold NaN at row 1")
        );
        let short = text(find(&sound, &sound, &[0], &[0, 1], false));
        assert_eq!(short, "reid: classes of queries is 1, queries is 2; they must match");
        // Without a gallery nothing is found, and nothing breaks.
        let none = find(&sound, &Matrix::zeros(0, 1), &[0, 1], &[], false).expect("sound");
        assert!(none.first_match.len() == 2 && none.average_precision.iter().all(|p| p.is_nan()));
    }

    #[test]
    fn views_get_disjoint_items_of_the_same_classes() {
        let data = Synthetic { widths: vec![8; 3], fit_rows: 200, test_rows: 90, classes: 5, ..Synthetic::default() };
        let data = data.generate(4).expect("valid");
        let dealt = disjoint_by_class(&data, None, 9).expect("enough rows");
        let class_of = |row: &[f32], view: usize| {
            let at = (0..200).find(|&i| data.train.views.at(view).row(i) == row).expect("a row of train");
            (at, data.train.labels[0].values[at])
        };
        let mut seen = std::collections::BTreeSet::new();
        for i in 0..dealt.train.views.rows() {
            for view in 0..3 {
                let (item, class) = class_of(dealt.train.views.at(view).row(i), view);
                assert_eq!(class, dealt.train.labels[0].values[i]);
                assert!(seen.insert(item), "item {item} is dealt twice");
            }
        }
        assert!(dealt.train.labels[0].values.is_sorted());
        assert!(seen.len() > 180, "few rows are left over: {}", seen.len());
    }
}
