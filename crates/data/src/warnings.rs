//! Warnings about data: properties with which methods can work, but which readers of the scores should know.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
};

use align::prep::{ConstantColumns, ZScore};
use align::{Dataset, Labels, Matrix, Split, Views, views::View};
use rayon::prelude::*;

use crate::SplitName;
use crate::messages::words::grouped;

/// Standard deviations of train from which on a column counts as far from it.
const FAR: f64 = 10.0;

/// Kind of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// Zero rows, whose cosine with anything is undefined.
    ZeroRows,
    /// Constant columns of train.
    ConstantColumns,
    /// Columns whose rows lie many standard deviations of train away from its mean: they rule standardised rows.
    ShiftedColumns,
    /// Classes of train that test does not have.
    ClassesWithoutTestRows,
    /// Rows equal to an earlier row of their split: their true match cannot be distinguished.
    DuplicateRows,
    /// Rows of test that train also has.
    TrainTestRows,
    /// Groups (a picture, a person, a document) with items in train and in test: the fit has seen items of a test
    /// item's group.
    SharedGroups,
    /// Groups with several items in test: the true match of an item is not the only right one.
    ManyToOne,
    /// Columns that nearly repeat an earlier one.
    NearDuplicateColumns,
    /// Rows with nearly the direction of an earlier row of their split, without being equal to it.
    NearDuplicateRows,
    /// Rows of test with nearly the direction of a row of train, without being equal to it.
    NearTrainTestRows,
    /// No more rows of train than columns: a whitening method then finds perfect agreement in any data.
    FewRows,
    /// Columns of a table that are pandas' index, and were not read as dimensions.
    IndexLeftOut,
    /// Dimensions that only number the rows, like an index: any two views with one agree in it.
    RowCounters,
    /// A header line that looks like a row: the first item may have been lost.
    NumbersAsNames,
    /// Rows of a view's file that are no item of the data set, because other files lack them or they hold no numbers.
    RowsLeftOut,
    /// Other views with which a view agrees no more than with their rows in random order.
    UnmatchedRows,
    /// Items that a view misses.
    MissingRows,
    /// Items that some view misses.
    IncompleteItems,
    /// Items that have the same row of the view's file as an earlier item, as the captions of a picture have.
    SharedRows,
    /// Rows equal to earlier rows of their own group only: right answers for a task that uses groups.
    DuplicatesInGroups,
    /// Rows with nearly the direction of earlier rows of their own group only, and not equal to any.
    NearDuplicatesInGroups,
}

align::names! {
    WarningKind, "warning" {
        ZeroRows = "zero_rows",
        ConstantColumns = "constant_columns",
        ShiftedColumns = "shifted_columns",
        ClassesWithoutTestRows = "classes_without_test_rows",
        DuplicateRows = "duplicate_rows",
        TrainTestRows = "train_test_rows",
        SharedGroups = "shared_groups",
        ManyToOne = "many_to_one",
        NearDuplicateColumns = "near_duplicate_columns",
        NearDuplicateRows = "near_duplicate_rows",
        NearTrainTestRows = "near_train_test_rows",
        FewRows = "few_rows",
        IndexLeftOut = "index_left_out",
        RowCounters = "row_counters",
        NumbersAsNames = "numbers_as_names",
        RowsLeftOut = "rows_left_out",
        UnmatchedRows = "unmatched_rows",
        MissingRows = "missing_rows",
        IncompleteItems = "incomplete_items",
        SharedRows = "shared_rows",
        DuplicatesInGroups = "duplicates_in_groups",
        NearDuplicatesInGroups = "near_duplicates_in_groups",
    }
}

impl WarningKind {
    fn title(self) -> &'static str {
        match self {
            Self::ZeroRows => "all-zero rows in",
            Self::ConstantColumns => "constant columns in",
            Self::ShiftedColumns => "columns far from those of train in",
            Self::ClassesWithoutTestRows => "classes without rows in",
            Self::DuplicateRows => "exact duplicate rows in",
            Self::TrainTestRows => "rows of train found again in",
            Self::SharedGroups => "groups of train found again in",
            Self::ManyToOne => "groups with several items in",
            Self::NearDuplicateColumns => "nearly repeated columns in",
            Self::NearDuplicateRows => "nearly repeated rows in",
            Self::NearTrainTestRows => "rows of train nearly found again in",
            Self::FewRows => "no more rows than columns in",
            Self::IndexLeftOut => "columns of pandas' index left out of",
            Self::RowCounters => "columns that number the rows in",
            Self::NumbersAsNames => "lines of names that are numbers in",
            Self::RowsLeftOut => "rows left out of",
            Self::UnmatchedRows => "other views whose rows do not correspond in",
            Self::MissingRows => "missing items in",
            Self::IncompleteItems => "items that some view misses in",
            Self::SharedRows => "items that share a row with an earlier item in",
            Self::DuplicatesInGroups => "exact duplicates of rows of their own group in",
            Self::NearDuplicatesInGroups => "rows that nearly repeat one of their own group in",
        }
    }

    /// Whether it describes the data without being a reason to doubt a score.
    pub fn is_note(self) -> bool {
        matches!(self, Self::SharedRows | Self::DuplicatesInGroups | Self::NearDuplicatesInGroups)
    }
}

/// Number of occurrences of a problem in one view or labelling of one split.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Kind of the problem.
    pub kind: WarningKind,
    /// The split.
    pub split: SplitName,
    /// The view, if the warning is about a view.
    pub view: Option<String>,
    /// The labelling, if the warning is about a labelling.
    pub labelling: Option<String>,
    /// Number of affected rows, columns or classes; never zero.
    pub count: usize,
    /// Number of all rows, columns or classes.
    pub total: usize,
    /// The first affected one: row or column from 0, or the class.
    pub example: i64,
}

impl Warning {
    /// A warning from its record, where `whose` names the view or the labelling. Records do not keep the first affected
    /// row.
    pub fn counted(kind: WarningKind, split: SplitName, whose: Option<String>, count: usize, total: usize) -> Self {
        let of_labels =
            matches!(kind, WarningKind::ClassesWithoutTestRows | WarningKind::SharedGroups | WarningKind::ManyToOne);
        let (view, labelling) = if of_labels { (None, whose) } else { (whose, None) };
        Self { kind, split, view, labelling, count, total, example: 0 }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (split, count, total, first) = (self.split.name(), grouped(self.count), grouped(self.total), self.example);
        let whose = self.view.as_deref().or(self.labelling.as_deref()).unwrap_or_default();
        match self.kind {
            WarningKind::ZeroRows => {
                write!(f, "{split}: {count} of {total} rows of view `{whose}` are all zero, first row {first}")
            }
            WarningKind::ConstantColumns => {
                write!(f, "{split}: {count} of {total} columns of view `{whose}` are constant, first column {first}")
            }
            WarningKind::ShiftedColumns => write!(
                f,
                "{split}: {count} of {total} columns of view `{whose}` lie more than {FAR} standard deviations of train from \
                 its mean (root mean square), first column {first}; they outweigh the others in methods that standardise \
                 columns: leave them out, or compare with `pairwise: {{columns: centre}}`"
            ),
            WarningKind::ClassesWithoutTestRows => {
                write!(f, "{split}: {count} of {total} classes of `{whose}` have no rows, first class {first}")
            }
            WarningKind::DuplicateRows => write!(
                f,
                "{split}: {count} of {total} rows of view `{whose}` repeat an earlier row exactly, first row {first}"
            ),
            WarningKind::TrainTestRows => {
                write!(
                    f,
                    "{split}: {count} of {total} rows of view `{whose}` occur in train exactly, first row {first}"
                )
            }
            WarningKind::SharedGroups => {
                write!(
                    f,
                    "{split}: {count} of {total} groups of `{whose}` have items in train too, first group {first}"
                )
            }
            WarningKind::ManyToOne => {
                write!(f, "{split}: {count} of {total} groups of `{whose}` have several items, first group {first}")
            }
            WarningKind::NearDuplicateColumns => write!(
                f,
                "{split}: {count} of {total} columns of view `{whose}` all but repeat an earlier one, first column {first}"
            ),
            WarningKind::NearDuplicateRows => write!(
                f,
                "{split}: {count} of {total} rows of view `{whose}` all but repeat an earlier one, first row {first}"
            ),
            WarningKind::FewRows => write!(
                f,
                "{split}: view `{whose}` has {count} rows for {total} columns; methods that whiten (gcca, cca, sumcor) find \
                 perfect agreement in any views of this shape: set their `ridge` or `shrinkage` above 0 (try 0.1)"
            ),
            WarningKind::NearTrainTestRows => {
                write!(f, "{split}: {count} of {total} rows of view `{whose}` nearly occur in train, first row {first}")
            }
            WarningKind::IndexLeftOut => write!(
                f,
                "{split}: {count} of {total} columns of view `{whose}` are pandas' index and were left out, first column {first}"
            ),
            WarningKind::RowCounters => write!(
                f,
                "{split}: {count} of {total} columns of view `{whose}` number the rows, as an index does, first column {first}; name the columns that are meant: `file#prefix*`"
            ),
            WarningKind::NumbersAsNames => write!(
                f,
                "{split}: the first of {total} lines of view `{whose}` holds numbers and was taken for the columns' names; if it is an item, put a line of names above it"
            ),
            WarningKind::RowsLeftOut => write!(
                f,
                "{count} of {total} rows of view `{whose}` are in no split: other files lack these items, or the rows hold no numbers; first row {first}"
            ),
            WarningKind::UnmatchedRows => write!(
                f,
                "{split}: rows of view `{whose}` do not correspond to those of {count} of {total} other views: they agree no \
                 more than in a random order; check that row i is the same item in every file"
            ),
            WarningKind::MissingRows => {
                let share = 100.0 * self.count as f64 / self.total.max(1) as f64;
                write!(f, "{split}: view `{whose}` misses {count} of {total} items ({share:.1}%), first item {first}")
            }
            WarningKind::IncompleteItems => {
                let left = grouped(self.total - self.count);
                write!(f, "{split}: {left} of {total} items are in all views; first item that is not: {first}")
            }
            WarningKind::SharedRows => write!(
                f,
                "{split}: {count} of {total} items of view `{whose}` share a row of its file with an earlier item, first \
                 item {first}; retrieval by item counts copies of a row as ties against the query, `retrieval: {{positives: \
                 groups}}` asks for each row once"
            ),
            WarningKind::DuplicatesInGroups => write!(
                f,
                "{split}: {count} of {total} rows of view `{whose}` repeat an earlier row of their own group exactly, first \
                 row {first}; with `positives: groups` both are right answers"
            ),
            WarningKind::NearDuplicatesInGroups => write!(
                f,
                "{split}: {count} of {total} rows of view `{whose}` nearly repeat an earlier row of their own group, first \
                 row {first}; with `positives: groups` both are right answers"
            ),
        }
    }
}

/// One line for each kind and split, with the range over views.
pub fn summarise(warnings: &[Warning]) -> Vec<String> {
    let mut groups: BTreeMap<_, Vec<&Warning>> = BTreeMap::new();
    for warning in warnings {
        groups.entry((warning.kind, warning.split, &warning.labelling)).or_default().push(warning);
    }
    let line = |((kind, split, labelling), group): ((WarningKind, SplitName, &Option<String>), Vec<&Warning>)| {
        let range = |f: fn(&&Warning) -> usize| {
            let (low, high) = (group.iter().map(f).min().unwrap_or(0), group.iter().map(f).max().unwrap_or(0));
            if low == high { grouped(low) } else { format!("{} to {}", grouped(low), grouped(high)) }
        };
        let views: Vec<String> = group.iter().flat_map(|w| &w.view).map(|v| format!("`{v}`")).collect();
        let whose = match (labelling, views.as_slice()) {
            (Some(labelling), _) => format!(" (labelling `{labelling}`)"),
            (None, []) => String::new(),
            (None, [only]) => format!(" (view {only})"),
            (None, few @ ([_, _] | [_, _, _])) => format!(" per view (views {})", few.join(", ")),
            (None, many) => format!(" per view ({} views)", many.len()),
        };
        let (count, total) = (range(|w| w.count), range(|w| w.total));
        format!("{} {}: {count} of {total}{whose}", kind.title(), split.name())
    };
    groups.into_iter().map(line).collect()
}

/// All warnings about a data set, by kind, split and view.
pub(crate) fn find(data: &Dataset) -> Vec<Warning> {
    let views: Vec<usize> = (0..data.train.views.len()).collect();
    let found = views.par_iter().map(|&position| of_view(&data.train, &data.test, position));
    let mut found: Vec<Warning> = found.collect::<Vec<_>>().into_iter().flatten().collect();
    found.extend(missing(data));
    found.extend(shifted(data));
    let pairs = data.train.labels.iter().zip(&data.test.labels);
    found.extend(pairs.filter_map(|(train, test)| classes_without_test_rows(train, test)));
    found.extend(data.train.groups.iter().zip(&data.test.groups).flat_map(|(train, test)| of_groups(train, test)));
    // stable: views stay in the manifest's order
    found.sort_by_key(|w| (w.kind, w.split));
    found
}

/// Columns of held-out rows and of queries that are far from those of train.
fn shifted(data: &Dataset) -> Vec<Warning> {
    let queries = data.corpus.as_ref().map(|corpus| (SplitName::Queries, &corpus.queries.views));
    let compared: Vec<(SplitName, &Views)> =
        [Some((SplitName::Test, &data.test.views)), queries].into_iter().flatten().collect();
    let of_view = |view: &View| {
        let train = ZScore::fit(&view.observed(), ConstantColumns::Clamp);
        let of_split = |&(split, views): &(SplitName, &Views)| {
            let x = views.space(view.name()).ok()?.observed();
            let which = far_columns(&train, &x);
            let (view, count, example) = (Some(view.name().to_owned()), which.len(), *which.first()? as i64);
            Some(Warning {
                kind: WarningKind::ShiftedColumns,
                split,
                view,
                labelling: None,
                count,
                total: x.cols(),
                example,
            })
        };
        compared.iter().filter_map(of_split).collect::<Vec<_>>()
    };
    let views: Vec<&View> = data.train.views.iter().collect();
    views.into_par_iter().flat_map_iter(of_view).collect()
}

/// Columns that vary in train and whose root mean square, in standard deviations of train, is above [`FAR`].
fn far_columns(train: &ZScore, x: &Matrix) -> Vec<usize> {
    let mut squares = vec![0.0; x.cols()];
    for i in 0..x.rows() {
        let row = x.row(i).iter().zip(train.mean());
        squares.iter_mut().zip(row).for_each(|(sum, (&x, mean))| *sum += (f64::from(x) - mean).powi(2));
    }
    let far = |&j: &usize| {
        let std = train.std()[j];
        std > 0.0 && squares[j] > x.rows() as f64 * (FAR * std).powi(2)
    };
    (0..x.cols()).filter(far).collect()
}

/// Items that views miss, by view and in all.
fn missing(data: &Dataset) -> Vec<Warning> {
    let validation = data.validation.as_ref().map(|split| (SplitName::Validation, split));
    let splits = [Some((SplitName::Train, &data.train)), validation, Some((SplitName::Test, &data.test))];
    let mut found = Vec::new();
    for (split, data) in splits.into_iter().flatten().filter(|(_, data)| !data.views.complete()) {
        let (views, total) = (&data.views, data.views.rows());
        let mut warn = |kind, view: Option<&View>, is_missing: &dyn Fn(usize) -> bool| {
            let mut which = (0..total).filter(|&row| is_missing(row));
            if let Some(first) = which.next() {
                let (view, count) = (view.map(|view| view.name().to_owned()), 1 + which.count());
                found.push(Warning { kind, split, view, labelling: None, count, total, example: first as i64 });
            }
        };
        for view in views.iter() {
            warn(WarningKind::MissingRows, Some(view), &|row| !view.has(row));
        }
        warn(WarningKind::IncompleteItems, None, &|row| views.views_of(row) < views.len());
    }
    found
}

fn of_view(in_train: &Split, in_test: &Split, position: usize) -> Vec<Warning> {
    let [train, test] = [in_train, in_test].map(|split| split.views.nth(position));
    let name = train.name();
    let places = [train, test].map(|view| (0..view.values().rows()).filter(|&row| view.has(row)).collect::<Vec<_>>());
    let sources = [train, test].map(View::source_rows);
    let (train, test) = (&*train.observed(), &*test.observed());
    let mut found = Vec::new();
    let mut warn = |kind: WarningKind, split, total, which: Vec<usize>| {
        if let Some(&first) = which.first() {
            let first = match (kind, split) {
                (WarningKind::ConstantColumns, _) => first,
                (_, SplitName::Train) => places[0][first],
                _ => places[1][first],
            };
            let (view, example) = (Some(name.to_owned()), first as i64);
            found.push(Warning { kind, split, view, labelling: None, count: which.len(), total, example });
        }
    };
    for (split, matrix) in [(SplitName::Train, train), (SplitName::Test, test)] {
        let zero = (0..matrix.rows()).filter(|&i| matrix.row(i).iter().all(|x| *x == 0.0)).collect();
        warn(WarningKind::ZeroRows, split, matrix.rows(), zero);
    }
    let (mut train_rows, mut test_rows) = (Rows::of(train), Rows::of(test));
    for (at, name, split, rows) in
        [(0, SplitName::Train, in_train, &mut train_rows), (1, SplitName::Test, in_test, &mut test_rows)]
    {
        let repeats = rows.add_all(&places[at], sources[at], split);
        let total = places[at].len();
        warn(WarningKind::DuplicateRows, name, total, repeats.others);
        warn(WarningKind::DuplicatesInGroups, name, total, repeats.in_groups);
        warn(WarningKind::SharedRows, name, total, repeats.shared);
    }
    warn(WarningKind::ConstantColumns, SplitName::Train, train.cols(), constant_columns(train));
    let again = (0..test.rows()).filter(|&i| train_rows.have(hash(test.row(i)), test.row(i))).collect();
    warn(WarningKind::TrainTestRows, SplitName::Test, test.rows(), again);
    found
}

/// Whether two items are in one group, by any of the split's groupings.
pub(crate) fn in_one_group(split: &Split, one: usize, other: usize) -> bool {
    split.groups.iter().any(|grouping| grouping.values[one] == grouping.values[other])
}

fn constant_columns(matrix: &Matrix) -> Vec<usize> {
    let first = matrix.row(0);
    let mut constant: Vec<usize> = (0..matrix.cols()).collect();
    for i in 1..matrix.rows() {
        // usually empty after the second row
        if constant.is_empty() {
            break;
        }
        let row = matrix.row(i);
        constant.retain(|&j| row[j] == first[j]);
    }
    constant
}

fn classes_without_test_rows(train: &Labels, test: &Labels) -> Option<Warning> {
    let in_train: BTreeSet<i64> = train.values.iter().copied().collect();
    let in_test: BTreeSet<i64> = test.values.iter().copied().collect();
    let mut missing = in_train.difference(&in_test);
    let example = *missing.next()?;
    Some(Warning {
        kind: WarningKind::ClassesWithoutTestRows,
        split: SplitName::Test,
        view: None,
        labelling: Some(train.name.clone()),
        count: missing.count() + 1,
        total: in_train.union(&in_test).count(),
        example,
    })
}

/// Warnings about groups that train also has, and about groups with several items.
fn of_groups(train: &Labels, test: &Labels) -> Vec<Warning> {
    let in_train: BTreeSet<i64> = train.values.iter().copied().collect();
    let mut sizes: BTreeMap<i64, usize> = BTreeMap::new();
    test.values.iter().for_each(|group| *sizes.entry(*group).or_default() += 1);
    let warn = |kind, which: Vec<i64>| {
        let (split, labelling, example) = (SplitName::Test, Some(test.name.clone()), *which.first()?);
        Some(Warning { kind, split, view: None, labelling, count: which.len(), total: sizes.len(), example })
    };
    let shared = sizes.keys().copied().filter(|group| in_train.contains(group)).collect();
    let several = sizes.iter().filter(|(_, size)| **size > 1).map(|(group, _)| *group).collect();
    [warn(WarningKind::SharedGroups, shared), warn(WarningKind::ManyToOne, several)].into_iter().flatten().collect()
}

/// Rows of a view that are equal to an earlier one.
#[derive(Default)]
struct Repeats {
    /// Equal to a row of another group, or without groups.
    others: Vec<usize>,
    /// Equal to rows of their own group only.
    in_groups: Vec<usize>,
    /// The same row of the file.
    shared: Vec<usize>,
}

/// The distinct rows of a matrix, by hash.
struct Rows<'a> {
    matrix: &'a Matrix,
    by_hash: HashMap<u64, Vec<usize>>,
}

impl<'a> Rows<'a> {
    fn of(matrix: &'a Matrix) -> Self {
        Self { matrix, by_hash: HashMap::with_capacity(matrix.rows()) }
    }

    /// Adds all rows and returns those equal to an earlier one. Row i is item `places[i]` of the split, and `sources` has
    /// its row in the file.
    fn add_all(&mut self, places: &[usize], sources: Option<&[Option<usize>]>, split: &Split) -> Repeats {
        let mut repeats = Repeats::default();
        let mut seen = HashSet::new();
        for (i, &item) in places.iter().enumerate() {
            if sources.is_some_and(|sources| !seen.insert(sources[item])) {
                repeats.shared.push(i);
                continue;
            }
            let row = self.matrix.row(i);
            let same = self.by_hash.entry(hash(row)).or_default();
            let mut equal = same.iter().filter(|&&earlier| self.matrix.row(earlier) == row).peekable();
            if equal.peek().is_none() {
                same.push(i);
                continue;
            }
            if equal.all(|&earlier| in_one_group(split, places[earlier], item)) {
                repeats.in_groups.push(i);
                continue;
            }
            repeats.others.push(i);
            if !split.groups.is_empty() {
                // A later one may be of this one's group alone.
                same.push(i);
            }
        }
        repeats
    }

    /// Whether a row was added before; the hash only gives the place to look.
    fn have(&self, hash: u64, row: &[f32]) -> bool {
        self.by_hash.get(&hash).is_some_and(|same| same.iter().any(|&i| self.matrix.row(i) == row))
    }
}

fn hash(row: &[f32]) -> u64 {
    // adding 0.0 makes -0.0 hash as the 0.0 that it equals
    row.iter()
        .fold(0, |h: u64, x| (h.rotate_left(23) ^ u64::from((x + 0.0).to_bits())).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
