//! Parts of files on a command line.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::Place;

/// A part of a file on a command line: `file`, or `file#tensor` with a tensor, a column, `prefix*` for several columns,
/// or an array of an archive.
///
/// Names of files and columns may contain a `#`. If a file with the whole text as name exists, it is that file.
/// Otherwise the text is split at the last `#` before which there is the name of an existing file; without such a file,
/// at the last `#`. `embed` reads its `--input` by the same rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The file.
    pub file: PathBuf,
    /// Part of the file.
    pub tensor: Option<String>,
}

impl Member {
    pub(super) fn place(&self, key: &str) -> Place {
        Place { file: self.file.clone(), line_col: None, key: key.to_owned() }
    }
}

impl From<PathBuf> for Member {
    /// The only tensor of the file.
    fn from(file: PathBuf) -> Self {
        Self { file, tensor: None }
    }
}

impl FromStr for Member {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let whole = || Path::new(text).exists().then_some((text, None));
        let split_at = |at: usize| (&text[..at], Some(&text[at + 1..]));
        let marks = || text.rmatch_indices('#').map(|(at, _)| split_at(at));
        let there = || marks().find(|(file, _)| Path::new(file).is_file());
        let (file, tensor) = whole().or_else(there).or_else(|| marks().next()).unwrap_or((text, None));
        if file.is_empty() || tensor.is_some_and(str::is_empty) {
            return Err(format!("`{text}` names no file; expected FILE or FILE#TENSOR"));
        }
        Ok(Self { file: file.into(), tensor: tensor.map(str::to_owned) })
    }
}

/// `NAME=FILE#TENSOR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedMember {
    /// The view's or labelling's name.
    pub name: String,
    /// The values.
    pub member: Member,
}

impl FromStr for NamedMember {
    type Err = String;

    /// A text without a name gets the name of the column, or of the file. A `=` in the path of an existing file is not
    /// a separator.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, member) = parts(text)?;
        let stem = || member.file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.or_else(|| member.tensor.clone()).unwrap_or_else(stem);
        Ok(Self { name, member })
    }
}

impl NamedMember {
    /// Like [`NamedMember::from_str`], but a text without a name has none: a list of ids for all files.
    ///
    /// # Errors
    /// A text without a file, or with an empty name.
    pub fn of_ids(text: &str) -> Result<Self, String> {
        let (name, member) = parts(text)?;
        Ok(Self { name: name.unwrap_or_default(), member })
    }
}

/// The name before a `=`, and the part after it.
fn parts(text: &str) -> Result<(Option<String>, Member), String> {
    let unnamed = text.parse::<Member>().is_ok_and(|member| member.file.is_file());
    match text.split_once('=').filter(|_| !unnamed) {
        Some((name, member)) if !name.is_empty() => Ok((Some(name.to_owned()), member.parse()?)),
        Some(_) => Err(format!("`{text}` has an empty name; expected NAME=FILE#TENSOR")),
        None => Ok((None, text.parse()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (String, Option<String>) {
        let member: Member = text.parse().expect("a member");
        (member.file.display().to_string(), member.tensor)
    }

    #[test]
    fn the_last_mark_separates_unless_a_file_says_otherwise() {
        let pair = |file: &str, tensor: Option<&str>| (file.to_owned(), tensor.map(str::to_owned));
        assert_eq!(split("a.npy"), pair("a.npy", None));
        assert_eq!(split("run #1/a.npz#x"), pair("run #1/a.npz", Some("x")), "nothing is there: the last mark");
        for wrong in ["#x", "a.npz#", ""] {
            assert!(wrong.parse::<Member>().is_err(), "{wrong}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        for name in ["a#1.npy", "b.csv", "c=d.csv"] {
            std::fs::write(path(name), "").expect("a file");
        }
        assert_eq!(split(&path("a#1.npy")), (path("a#1.npy"), None), "a file of the whole name");
        assert_eq!(split(&path("a#1.npy#x")), (path("a#1.npy"), Some("x".to_owned())));
        assert_eq!(split(&path("b.csv#size #2")), (path("b.csv"), Some("size #2".to_owned())), "a column with a mark");
        let named: NamedMember = path("c=d.csv#label").parse().expect("a named member");
        assert_eq!((named.name.as_str(), named.member.file), ("label", path("c=d.csv").into()));
        let named: NamedMember = format!("y={}#label", path("b.csv")).parse().expect("a named member");
        assert_eq!((named.name.as_str(), named.member.file), ("y", path("b.csv").into()));
    }
}
