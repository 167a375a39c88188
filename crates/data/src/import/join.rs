//! Joining of the rows of different files by the ids of their items.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use super::{
    Files, ImportProblem, NamedMember,
    list::{all_texts, texts},
};
use crate::{DataError, Place, SetProblem, nearest, pieces::map, read::Floats};

/// Row of every item in every file.
#[derive(Debug)]
pub(super) struct Order {
    by: By,
    /// Whether views may miss items.
    missing: bool,
    /// Rows of each view without numbers, ascending: items that the view misses.
    empty: BTreeMap<String, Vec<usize>>,
}

#[derive(Debug)]
enum By {
    /// Row i of every file is item i; with the number of items.
    Rows(usize),
    /// Rows joined by ids.
    Ids(Joined),
}

impl Order {
    /// Joins the files if they have ids of their own; otherwise row i is item i. With `missing`, a view may miss items:
    /// it holds NaN in their rows, or lacks their ids.
    ///
    /// # Errors
    /// Fewer than two views; views with different numbers of rows; files that cannot be joined.
    pub(super) fn of(files: &Files, missing: bool) -> Result<Self, DataError> {
        if files.views.len() < 2 {
            let place = files.views.first().map_or_else(|| Place::nowhere("views"), |view| view.member.place(""));
            return Err(DataError::set(&place, SetProblem::TooFewViews { got: files.views.len() }));
        }
        let by = match files.ids.iter().find(|ids| !ids.name.is_empty()) {
            None => By::Rows(same_rows(files)?),
            Some(named) => match files.ids.iter().find(|ids| ids.name.is_empty()) {
                None => By::Ids(Joined::of(files, missing)?),
                Some(unnamed) => {
                    let problem = ImportProblem::MixedIds { name: named.name.clone() };
                    return Err(DataError::import(&unnamed.member.place(""), problem));
                }
            },
        };
        let mut empty = BTreeMap::new();
        for view in files.views.iter().filter(|_| missing) {
            empty.insert(view.name.clone(), with_floats(view, |floats| floats.nan_rows())?);
        }
        Ok(Self { by, missing, empty })
    }

    /// Number of items.
    pub(super) fn count(&self) -> usize {
        match &self.by {
            By::Rows(count) => *count,
            By::Ids(joined) => joined.ids.len(),
        }
    }

    /// The id of every item, if files are joined by ids.
    pub(super) fn ids(&self) -> Option<&[String]> {
        match &self.by {
            By::Rows(_) => None,
            By::Ids(joined) => Some(&joined.ids),
        }
    }

    /// Row of every item in a view's file; an empty entry is an item that the view misses. `None` if row i is item i.
    pub(super) fn rows(&self, view: &str) -> Option<Vec<Option<usize>>> {
        let empty = self.empty.get(view).map(Vec::as_slice).unwrap_or_default();
        let there = |row: &usize| empty.binary_search(row).is_err();
        match &self.by {
            By::Rows(_) if !self.missing => None,
            By::Rows(count) => Some((0..*count).map(|row| Some(row).filter(there)).collect()),
            By::Ids(joined) => Some(joined.rows(Kind::View, view).iter().map(|row| row.filter(there)).collect()),
        }
    }

    /// Whether several items have the same id.
    pub(super) fn repeated(&self) -> bool {
        matches!(&self.by, By::Ids(joined) if joined.repeated)
    }

    /// One text per item, from a list.
    pub(super) fn values(&self, kind: Kind, list: &NamedMember) -> Result<Vec<String>, DataError> {
        match &self.by {
            By::Rows(count) => texts(list, *count),
            By::Ids(joined) => {
                let rows = joined.rows(kind, &list.name);
                let values = texts(list, joined.totals.get(&(kind, list.name.clone())).copied().unwrap_or(0))?;
                // Every item is in every list, although views may miss it.
                Ok(rows.iter().flatten().map(|&row| values[row].clone()).collect())
            }
        }
    }

    /// Rows that were left out.
    pub(super) fn left_out(&self) -> &[LeftOut] {
        match &self.by {
            By::Rows(_) => &[],
            By::Ids(joined) => &joined.left_out,
        }
    }
}

/// Number of rows of all views, which must be the same.
fn same_rows(files: &Files) -> Result<usize, DataError> {
    let mut first: Option<(&str, usize)> = None;
    for view in &files.views {
        let got = rows_of(view)?;
        let (name, want) = *first.get_or_insert((&view.name, got));
        if got != want {
            let (first, view_name) = (name.to_owned(), view.name.clone());
            let problem = SetProblem::Rows { view: view_name, split: None, got, first, first_line: None, want };
            return Err(DataError::set(&view.member.place(""), problem));
        }
    }
    Ok(first.map_or(0, |(_, rows)| rows))
}

/// Number of rows of a view.
pub(super) fn rows_of(view: &NamedMember) -> Result<usize, DataError> {
    with_floats(view, |floats| floats.rows())
}

/// Applies a function to the matrix of a view.
fn with_floats<T>(view: &NamedMember, ask: impl Fn(&Floats<'_>) -> T) -> Result<T, DataError> {
    let map = map::open(&view.member.file)?;
    Ok(ask(&Floats::of(&view.member.file, map.bytes(), view.member.tensor.as_deref())?))
}

/// Rows that were left out because another file lacks their items.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The view, labelling or grouping.
    pub name: String,
    /// Number of rows left out.
    pub count: usize,
    /// Number of all rows.
    pub total: usize,
    /// Id of the first row left out.
    pub example: String,
    /// A view, labelling or grouping without this id.
    pub lacking: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, count, total, example, lacking } = self;
        write!(
            f,
            "{count} of {total} rows of `{name}` are left out: other files lack their ids (`{example}` is not in `{lacking}`)"
        )
    }
}

/// Items that all files have (or all labellings and groupings and at least one view), with their rows in each file.
#[derive(Debug)]
struct Joined {
    /// For each view, labelling and grouping the row of every item; an empty entry is an item that a view misses.
    rows: BTreeMap<(Kind, String), Vec<Option<usize>>>,
    /// Number of rows of each file.
    totals: BTreeMap<(Kind, String), usize>,
    /// The id of every item.
    ids: Vec<String>,
    /// Whether several items have one id, such as the captions of a picture.
    repeated: bool,
    left_out: Vec<LeftOut>,
}

/// Kind of a file: views, labellings and groupings may have the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    View,
    Labelling,
    Grouping,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Labelling => "labelling",
            Self::Grouping => "grouping",
        }
    }
}

/// A file with the ids of its rows.
struct Listed<'a> {
    kind: Kind,
    named: &'a NamedMember,
    ids: Vec<String>,
    rows: HashMap<String, Vec<usize>>,
}

impl Joined {
    /// Joins the files by the ids that are named for each of them; with `missing`, a view may lack some.
    ///
    /// # Errors
    /// A file without ids, ids of nothing, ids that are not one for each row, no id that all files have, an id that
    /// several files repeat differently often.
    fn of(files: &Files, missing: bool) -> Result<Self, DataError> {
        let kinds = [(Kind::View, &files.views), (Kind::Labelling, &files.labels), (Kind::Grouping, &files.groups)];
        let members: Vec<(Kind, &NamedMember)> =
            kinds.into_iter().flat_map(|(kind, list)| list.iter().map(move |named| (kind, named))).collect();
        for ids in &files.ids {
            if !members.iter().any(|(_, named)| named.name == ids.name) {
                let known: Vec<String> = members.iter().map(|(_, named)| named.name.clone()).collect();
                let nearest = nearest(&ids.name, known.iter().map(String::as_str)).map(str::to_owned);
                let problem = ImportProblem::IdsOfNothing { name: ids.name.clone(), nearest, known };
                return Err(DataError::import(&ids.member.place(""), problem));
            }
        }
        let mut listed = Vec::new();
        for (kind, named) in members {
            let Some(ids) = files.ids.iter().find(|ids| ids.name == named.name) else {
                let problem = ImportProblem::WithoutIds { kind: kind.name(), name: named.name.clone() };
                return Err(DataError::import(&named.member.place(""), problem));
            };
            let ids = match kind {
                Kind::View => texts(ids, rows_of(named)?)?,
                Kind::Labelling | Kind::Grouping => all_texts(ids)?,
            };
            let mut by_id: HashMap<String, Vec<usize>> = HashMap::with_capacity(ids.len());
            ids.iter().enumerate().for_each(|(row, id)| by_id.entry(id.clone()).or_default().push(row));
            listed.push(Listed { kind, named, ids, rows: by_id });
        }
        Self::join(&listed, missing)
    }

    fn join(listed: &[Listed<'_>], missing: bool) -> Result<Self, DataError> {
        let may_lack = |file: &Listed<'_>| missing && file.kind == Kind::View;
        let first = listed.first();
        let totals = listed.iter().map(|file| ((file.kind, file.named.name.clone()), file.ids.len())).collect();
        let mut joined = Self { rows: BTreeMap::new(), totals, ids: Vec::new(), repeated: false, left_out: Vec::new() };
        let mut rows: Vec<Vec<Option<usize>>> = vec![Vec::new(); listed.len()];
        let mut seen = HashSet::new();
        let leading = listed.iter().enumerate().filter(|(at, file)| *at == 0 || may_lack(file));
        for id in leading.flat_map(|(_, file)| &file.ids).filter(|id| seen.insert(id.as_str())) {
            let places: Vec<Option<&Vec<usize>>> = listed.iter().map(|file| file.rows.get(id)).collect();
            if listed.iter().zip(&places).any(|(file, place)| place.is_none() && !may_lack(file)) {
                continue;
            }
            // The row of a picture belongs to each of its captions; two lists of captions are matched in their own
            // order.
            let times = |rows: &Option<&Vec<usize>>| rows.map_or(0, Vec::len);
            let most = places.iter().map(times).max().unwrap_or(0);
            if let Some(odd) = places.iter().position(|rows| ![0, 1, most].contains(&times(rows))) {
                let at = places.iter().position(|rows| times(rows) == most).unwrap_or(0);
                let count = |file: usize| (listed[file].named.name.clone(), times(&places[file]));
                let problem =
                    ImportProblem::RepeatedDifferently { id: id.clone(), first: count(at), second: count(odd) };
                return Err(DataError::import(&listed[odd].named.member.place(""), problem));
            }
            joined.repeated |= most > 1;
            for k in 0..most {
                joined.ids.push(id.clone());
                for (rows, places) in rows.iter_mut().zip(&places) {
                    rows.push(places.map(|places| if places.len() == 1 { places[0] } else { places[k] }));
                }
            }
        }
        for (file, rows) in listed.iter().zip(rows) {
            joined.left_out.extend(left_out(file, listed, may_lack));
            joined.rows.insert((file.kind, file.named.name.clone()), rows);
        }
        let alone = |view: &&Listed<'_>| {
            let shares = |other: &Listed<'_>| other.ids.iter().any(|id| view.rows.contains_key(id));
            may_lack(view)
                && !listed.iter().any(|other| may_lack(other) && other.named.name != view.named.name && shares(other))
        };
        let alone = listed.iter().find(alone);
        match (joined.ids.is_empty() || alone.is_some(), alone.or(first)) {
            (true, Some(first)) => {
                let apart = |other: &&Listed<'_>| other.ids.iter().all(|id| !first.rows.contains_key(id));
                let others = listed.iter().filter(|other| other.named.name != first.named.name);
                let other = others.clone().find(apart).or(others.clone().next_back()).unwrap_or(first);
                let example =
                    |file: &Listed<'_>| (file.named.name.clone(), file.ids.first().cloned().unwrap_or_default());
                let problem = ImportProblem::NothingInCommon { first: example(first), second: example(other) };
                Err(DataError::import(&other.named.member.place(""), problem))
            }
            _ => Ok(joined),
        }
    }

    /// Row of every item in a file.
    fn rows(&self, kind: Kind, name: &str) -> &[Option<usize>] {
        self.rows.get(&(kind, name.to_owned())).map_or(&[], Vec::as_slice)
    }
}

/// The rows of a file whose ids another lacks that may not, or all that may.
fn left_out(
    file: &Listed<'_>,
    listed: &[Listed<'_>],
    may_lack: impl Fn(&Listed<'_>) -> bool + Copy,
) -> Option<LeftOut> {
    let lacks = |id: &String, other: &&Listed<'_>| !other.rows.contains_key(id);
    let lacking = |id: &String| {
        let of_all = listed.iter().filter(|other| !may_lack(other)).find(|other| lacks(id, other));
        let mut some = listed.iter().filter(|other| may_lack(other)).peekable();
        of_all.or_else(|| some.peek().copied().filter(|_| some.all(|other| lacks(id, &other))))
    };
    let mut out = file.ids.iter().filter_map(|id| Some((id, lacking(id)?)));
    let (example, lacking) = out.next()?;
    Some(LeftOut {
        name: file.named.name.clone(),
        count: 1 + out.count(),
        total: file.ids.len(),
        example: example.clone(),
        lacking: lacking.named.name.clone(),
    })
}
