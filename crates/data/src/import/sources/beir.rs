//! Folders in the form of BEIR, with embeddings beside the texts: `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    DataError, FileProblem, Place,
    import::{Files, ImportProblem, Member, NamedMember, QueryFiles},
};

/// A folder in the form of BEIR as a request to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beir {
    /// The documents and their ids.
    pub files: Files,
    /// The queries and their judgements.
    pub queries: QueryFiles,
}

/// Extensions of files of embeddings.
const EXTENSIONS: [&str; 6] = ["safetensors", "npy", "npz", "parquet", "csv", "h5"];

/// The files of a folder: documents of the view `NAME` in `NAME.corpus.npy` (or another format) and queries in
/// `NAME.queries.npy`, with one row for each line of `corpus.jsonl` and `queries.jsonl`; judgements in `judgements`, or in
/// `qrels/test.tsv`.
///
/// # Errors
/// A folder that cannot be read; a missing file; a model with embeddings of documents only, or of queries only; fewer than
/// two models.
pub fn beir(folder: &Path, judgements: Option<PathBuf>) -> Result<Beir, DataError> {
    let unreadable = |reason| DataError::file(folder, FileProblem::Unreadable { reason });
    let mut found: BTreeMap<String, [Option<PathBuf>; 2]> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !path.extension().and_then(|e| e.to_str()).is_some_and(|e| EXTENSIONS.contains(&e)) {
            continue;
        }
        let Some(stem) = path.file_stem().and_then(|s| s.to_str()) else { continue };
        for (at, kind) in [".corpus", ".queries"].into_iter().enumerate() {
            if let Some(name) = stem.strip_suffix(kind).filter(|name| !name.is_empty()) {
                found.entry(name.to_owned()).or_default()[at] = Some(path.clone());
            }
        }
    }
    let at = Place { file: folder.to_owned(), line_col: None, key: String::new() };
    let lacks = |name: &str, lacks: &'static str| {
        DataError::import(&at, ImportProblem::HalfEmbedded { name: name.to_owned(), lacks })
    };
    let (mut files, mut queries) = (Files::default(), Vec::new());
    for (name, of) in found {
        let [Some(documents), Some(of_queries)] = of else {
            return Err(lacks(&name, if of[0].is_none() { "corpus" } else { "queries" }));
        };
        files.views.push(NamedMember { name: name.clone(), member: documents.into() });
        queries.push(NamedMember { name, member: of_queries.into() });
    }
    if files.views.len() < 2 {
        return Err(DataError::import(&at, ImportProblem::TooFewEmbedded { got: files.views.len() }));
    }
    let ids = |file: &str| NamedMember { name: String::new(), member: Member::from(folder.join(file)) };
    files.ids.push(ids("corpus.jsonl"));
    let judgements = judgements.unwrap_or_else(|| folder.join("qrels").join("test.tsv"));
    Ok(Beir { files, queries: QueryFiles { views: queries, ids: Some(ids("queries.jsonl")), judgements } })
}
