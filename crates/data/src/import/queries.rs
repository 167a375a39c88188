//! Queries of an index, imported with its documents: their entries in the manifest, and judgements by rows.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use super::{Import, ImportProblem, NamedMember, join::rows_of, list::texts, request::QueryFiles};
use crate::{
    DataError, FileProblem, SplitName,
    judgements::{Names, lines, resolve},
    manifest::entry::{FileEntry, JudgementsEntry, QueriesEntry, RolesEntry},
    nearest,
    read::{as_printed, sha256_file},
};

/// Items as documents, in the order of the index.
pub(super) struct Documents {
    pub(super) count: usize,
    pub(super) ids: Option<Vec<String>>,
}

/// Queries before they are written.
pub(super) struct Searched {
    pub(super) roles: RolesEntry,
    /// Judgements by rows, as they are written.
    pub(super) text: String,
    /// Ids of the queries, if they are integers.
    pub(super) ids: Option<Vec<i64>>,
}

impl Searched {
    /// # Errors
    /// Queries of other views than the items; ids that are not one per query, or not unique; judgements of queries or
    /// documents that are not there, of a relevance that is no number, or given twice.
    pub(super) fn of(
        import: &Import,
        of: &QueryFiles,
        documents: &Documents,
        seen: impl Fn(&Path) -> PathBuf,
    ) -> Result<Self, DataError> {
        let known: Vec<String> = import.splitting.views().map(|view| view.name.clone()).collect();
        for view in &of.views {
            if !known.contains(&view.name) {
                let nearest = nearest(&view.name, known.iter().map(String::as_str)).map(str::to_owned);
                let problem = ImportProblem::QueriesOfNothing { name: view.name.clone(), nearest, known };
                return Err(DataError::import(&view.member.place(""), problem));
            }
        }
        let mut entries = BTreeMap::new();
        let mut count = 0;
        for name in &known {
            let Some(view) = of.views.iter().find(|view| view.name == *name) else {
                let at = crate::Place::nowhere("queries");
                return Err(DataError::import(&at, ImportProblem::WithoutQueries { name: name.clone() }));
            };
            count = rows_of(view)?;
            let entry = FileEntry {
                file: seen(&view.member.file),
                sha256: sha256_file(&view.member.file)?,
                tensor: view.member.tensor.clone(),
            };
            entries.insert(name.clone(), entry);
        }
        let ids = of.ids.as_ref().map(|ids| texts(ids, count)).transpose()?;
        let queries = match (&ids, &of.ids) {
            (Some(ids), Some(list)) => unique(ids, list)?,
            _ => Names::Rows(count),
        };
        let documents = match &documents.ids {
            Some(ids) => Names::of(ids),
            None => Names::Rows(documents.count),
        };
        let unreadable = |reason| DataError::file(&of.judgements, FileProblem::Unreadable { reason });
        let text = fs::read(&of.judgements).map_err(unreadable)?;
        let lines = lines(&of.judgements, &String::from_utf8_lossy(&text))?;
        let mut text = "query\tdocument\trelevance\n".to_owned();
        for judged in resolve(&of.judgements, &lines, &queries, &documents)? {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{}\t{}\t{}", judged.query, judged.document, judged.relevance);
        }
        let ids = ids.and_then(|ids| ids.iter().map(|id| as_printed(id)).collect());
        let file = PathBuf::new();
        let judgements = JudgementsEntry { file, sha256: files::checksum::sha256(text.as_bytes()) };
        Ok(Self { roles: RolesEntry { queries: QueriesEntry { views: entries, ids: None, judgements } }, text, ids })
    }
}

/// Names of rows that are told by ids, no two the same.
fn unique(ids: &[String], list: &NamedMember) -> Result<Names, DataError> {
    let mut rows: HashMap<String, usize> = HashMap::with_capacity(ids.len());
    for (second, id) in ids.iter().enumerate() {
        if let Some(first) = rows.insert(id.clone(), second) {
            let problem = ImportProblem::TextIdTwice { id: id.clone(), first, second };
            return Err(DataError::import(&list.member.place(""), problem));
        }
    }
    Ok(Names::Ids(rows))
}

/// Splits in the order in which their items are documents.
pub(super) const ORDER: [SplitName; 3] = [SplitName::Train, SplitName::Validation, SplitName::Test];
