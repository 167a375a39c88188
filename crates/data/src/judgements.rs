//! Files of judgements: lines of query, document and relevance with an optional header (as BEIR writes them), or TREC
//! qrels (query, iteration, document, relevance).

use std::{collections::HashMap, path::Path};

use align::Judgement;

use crate::{DataError, Place, SetProblem};

/// One line of a file of judgements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number, from 1.
    pub(crate) number: usize,
    pub(crate) query: String,
    pub(crate) document: String,
    pub(crate) relevance: i32,
}

/// Reads the lines of a file of judgements.
///
/// # Errors
/// A line with another number of columns than three or four, a relevance that is no whole number, a document that a
/// query judges twice.
pub(crate) fn lines(file: &Path, text: &str) -> Result<Vec<Line>, DataError> {
    let mut found: Vec<Line> = Vec::new();
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if line.trim().is_empty() {
            continue;
        }
        // Ids may contain spaces where tabs separate columns.
        let columns: Vec<&str> = match line.contains('\t') {
            true => line.split('\t').map(str::trim).collect(),
            false => line.split_whitespace().collect(),
        };
        let at = at(file, number);
        let (query, document, relevance) = match columns.as_slice() {
            [query, document, relevance] | [query, _, document, relevance] => (*query, *document, *relevance),
            other => return Err(DataError::set(&at, SetProblem::JudgementColumns { got: other.len() })),
        };
        let Ok(relevance) = relevance.parse::<i32>() else {
            // A header: names of columns in the first line.
            if number == 1 && columns.len() == 3 && relevance.parse::<f64>().is_err() {
                continue;
            }
            return Err(DataError::set(&at, SetProblem::Relevance { got: relevance.to_owned() }));
        };
        if let Some(first) = seen.insert((query.to_owned(), document.to_owned()), number) {
            let (query, document) = (query.to_owned(), document.to_owned());
            return Err(DataError::set(&at, SetProblem::JudgedTwice { query, document, first }));
        }
        found.push(Line { number, query: query.to_owned(), document: document.to_owned(), relevance });
    }
    match found.is_empty() {
        true => Err(DataError::set(&at(file, 1), SetProblem::NoJudgements)),
        false => Ok(found),
    }
}

/// Rows of queries or documents by their names in a file of judgements.
pub(crate) enum Names {
    /// Names are row numbers below this one.
    Rows(usize),
    /// Names are ids.
    Ids(HashMap<String, usize>),
}

impl Names {
    /// Names that are these ids, in order of the rows.
    pub(crate) fn of<T: ToString>(ids: &[T]) -> Self {
        Self::Ids(ids.iter().enumerate().map(|(row, id)| (id.to_string(), row)).collect())
    }

    fn row(&self, name: &str) -> Option<usize> {
        match self {
            Self::Rows(count) => name.parse().ok().filter(|row| row < count),
            Self::Ids(ids) => ids.get(name).copied(),
        }
    }

    fn expected(&self) -> String {
        match self {
            Self::Rows(count) => format!("a row from 0 to {}", count.saturating_sub(1)),
            Self::Ids(ids) => format!("one of the {} ids", ids.len()),
        }
    }
}

/// The judgements with rows in place of names.
///
/// # Errors
/// A query or a document that is not there; two names of one row that are judged twice.
pub(crate) fn resolve(
    file: &Path,
    lines: &[Line],
    queries: &Names,
    documents: &Names,
) -> Result<Vec<Judgement>, DataError> {
    let row = |line: &Line, names: &Names, what: &'static str, name: &str| {
        names.row(name).ok_or_else(|| {
            let problem = SetProblem::UnknownJudged { what, name: name.to_owned(), expected: names.expected() };
            DataError::set(&at(file, line.number), problem)
        })
    };
    let judgement = |line: &Line| {
        Ok(Judgement {
            query: row(line, queries, "query", &line.query)?,
            document: row(line, documents, "document", &line.document)?,
            relevance: line.relevance,
        })
    };
    lines.iter().map(judgement).collect()
}

fn at(file: &Path, line: usize) -> Place {
    Place { file: file.to_owned(), line_col: Some((line, 1)), key: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Judgement>, String> {
        let file = Path::new("qrels.tsv");
        let (queries, documents) = (Names::of(&["q1", "q 2"]), Names::of(&["d1", "d2", "d3"]));
        let lines = lines(file, text).map_err(|error| error.to_string())?;
        resolve(file, &lines, &queries, &documents).map_err(|error| error.to_string())
    }

    #[test]
    fn both_forms_are_read() {
        let judged = |query, document, relevance| Judgement { query, document, relevance };
        let want = vec![judged(0, 1, 1), judged(1, 2, 2)];
        assert_eq!(read("query-id\tcorpus-id\tscore\nq1\td2\t1\nq 2\td3\t2\n"), Ok(want.clone()));
        assert_eq!(read("q1\t0\td2\t1\r\n\r\nq 2\t0\td3\t2"), Ok(want));
        assert_eq!(read("q1 0 d2 1\n"), Ok(vec![judged(0, 1, 1)]));
        assert_eq!(read("q1 Q0 d1 -1"), Ok(vec![judged(0, 0, -1)]));
        let rows = Names::Rows(3);
        let lines = lines(Path::new("f"), "2 1 1").expect("reads");
        assert_eq!(resolve(Path::new("f"), &lines, &rows, &rows).expect("rows"), [judged(2, 1, 1)]);
    }

    #[test]
    fn every_problem_names_its_line() {
        let problem = |text: &str| read(text).expect_err("refused");
        let unknown =
            "qrels.tsv:2:1: there is no query `q3`, expected one of the 2 ids; correct the judgement or add the query";
        assert_eq!(problem("q1 d1 1\nq3 d1 1"), unknown);
        let unknown = "qrels.tsv:1:1: there is no document `d9`, expected one of the 3 ids; correct the judgement or add the document";
        assert_eq!(problem("q1 0 d9 1"), unknown);
        let relevance = "qrels.tsv:2:1: found the relevance `high`, expected a whole number such as 0, 1 or 2";
        assert_eq!(problem("q1 d1 1\nq1 d2 high"), relevance);
        assert_eq!(
            problem("q1 0 d2 0.5"),
            "qrels.tsv:1:1: found the relevance `0.5`, expected a whole number such as 0, 1 or 2"
        );
        let twice =
            "qrels.tsv:3:1: document `d1` is judged twice for query `q1`, first in line 1; remove one of the lines";
        assert_eq!(problem("q1 d1 1\nq1 d2 1\nq1 d1 2"), twice);
        let columns = "qrels.tsv:1:1: found 2 columns, expected 3 (query, document, relevance) or 4 (query, iteration, document, relevance)";
        assert_eq!(problem("q1 d1"), columns);
        assert_eq!(
            problem("query document relevance"),
            "qrels.tsv:1:1: found no judgement; a search needs at least one"
        );
    }
}
