//! Items to embed: texts from a file of lines or of JSON objects, pictures and sounds from a folder or a list.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use files::checksum;
use serde_json::Value;

use crate::{EmbedError, folder::config::shown};

/// Checksum of texts, or of the checksums of files, in their order.
pub fn digest<T: AsRef<[u8]>>(items: impl IntoIterator<Item = T>) -> String {
    let mut digest = checksum::Combined::default();
    items.into_iter().for_each(|item| digest.add(&item));
    digest.finish()
}

/// SHA-256 of the bytes of each file.
///
/// # Errors
/// A file cannot be read.
pub fn checksums(paths: &[PathBuf]) -> Result<Vec<String>, EmbedError> {
    paths.iter().map(|path| sha256_file(path)).collect()
}

/// SHA-256 of a file's bytes.
pub(crate) fn sha256_file(path: &Path) -> Result<String, EmbedError> {
    checksum::sha256_file(path).map_err(|error| EmbedError::read(path, error))
}

/// Texts from `lines.txt`, one per line, or from `file.jsonl#field`, one JSON object per line. An empty line of a text
/// file is an empty text; an empty line of a JSON file is ignored.
///
/// # Errors
/// No such file, not UTF-8, not an object, no such field or no string in it, no text at all.
pub fn texts(input: &str) -> Result<Vec<String>, EmbedError> {
    let (path, field) = member(input);
    let is_json = path.extension().and_then(OsStr::to_str).is_some_and(|e| ["jsonl", "ndjson"].contains(&e));
    if is_json && field.is_none() {
        let problem = format!("`{input}` holds objects; say which field is the text: `{input}#text`");
        return Err(EmbedError::Argument { argument: "--input", problem });
    }
    let bytes = fs::read(path).map_err(|error| EmbedError::read(path, error))?;
    let texts = match field {
        Some(field) => fields(path, &bytes, field)?,
        None => lines(path, &bytes)?.map(|line| line.map(|(_, text)| text.to_owned())).collect::<Result<_, _>>()?,
    };
    if texts.is_empty() {
        return Err(EmbedError::Argument { argument: "--input", problem: format!("`{input}` holds no text") });
    }
    Ok(texts)
}

/// An error of [`crate::TextEncoder::encode`] with the file and the line of the text, and the line's `id` if it has one.
/// `first` is the number of the first text of the call among the [`texts`] of the input, from 0.
pub fn located(error: EmbedError, input: &str, first: usize) -> EmbedError {
    let EmbedError::OfItem { item: number, problem } = error else { return error };
    let (path, field) = member(input);
    match place(path, field, first + number) {
        Some((line, Some(id))) => item(path, line, format!("id {id}: {problem}")),
        Some((line, None)) => item(path, line, problem),
        None => EmbedError::OfItem { item: first + number, problem },
    }
}

/// The line of a text in its file, and its id.
fn place(path: &Path, field: Option<&str>, number: usize) -> Option<(usize, Option<String>)> {
    let bytes = fs::read(path).ok()?;
    let counts = |line: &Line<'_>| field.is_none() || line.as_ref().is_ok_and(|(_, line)| !line.trim().is_empty());
    let (line, text) = lines(path, &bytes).ok()?.filter(counts).nth(number)?.ok()?;
    let object: Option<Value> = field.and_then(|_| serde_json::from_str(text).ok());
    Some((line, object.as_ref().and_then(|object| object.get("id")).map(shown)))
}

/// A file and the part after `#`. If a file with the whole name exists, it is that file. Otherwise the text is split at
/// the last `#` before which there is the name of an existing file; without such a file, at the last `#`. `runner`
/// reads its `FILE#PART` by the same rule.
fn member(input: &str) -> (&Path, Option<&str>) {
    let marks = || input.rmatch_indices('#').map(|(at, _)| (Path::new(&input[..at]), Some(&input[at + 1..])));
    let whole = Some((Path::new(input), None)).filter(|(path, _)| path.exists());
    let there = || marks().find(|(path, _)| path.is_file());
    whole.or_else(there).or_else(|| marks().next()).unwrap_or((Path::new(input), None))
}

type Line<'a> = Result<(usize, &'a str), EmbedError>;

/// Lines with their numbers. `\n` or `\r\n` ends a line; the last line may have no end.
fn lines<'a>(path: &'a Path, bytes: &'a [u8]) -> Result<impl Iterator<Item = Line<'a>>, EmbedError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let ended = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = ended.split(|byte| *byte == b'\n').take(if bytes.is_empty() { 0 } else { usize::MAX });
    Ok(lines.enumerate().map(move |(i, line)| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match std::str::from_utf8(line) {
            Ok(text) => Ok((i + 1, text)),
            Err(error) => Err(item(path, i + 1, format!("not UTF-8 ({error}); convert the file"))),
        }
    }))
}

fn fields(path: &Path, bytes: &[u8], field: &str) -> Result<Vec<String>, EmbedError> {
    let mut texts = Vec::new();
    for line in lines(path, bytes)? {
        let (number, line) = line?;
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |problem: String| item(path, number, problem);
        let value: Value = serde_json::from_str(line).map_err(|error| wrong(format!("not JSON: {error}")))?;
        let Value::Object(mut object) = value else {
            return Err(wrong(format!("found {}, expected an object with the field `{field}`", shown(&value))));
        };
        match object.remove(field) {
            Some(Value::String(text)) => texts.push(text),
            Some(other) => return Err(wrong(format!("field `{field}` is {}, expected a string", shown(&other)))),
            None => {
                let known: Vec<String> = object.keys().take(8).map(|key| format!("`{key}`")).collect();
                return Err(wrong(format!("no field `{field}`; there are {}", known.join(", "))));
            }
        }
    }
    Ok(texts)
}

fn item(path: &Path, line: usize, problem: String) -> EmbedError {
    EmbedError::Item { path: path.to_owned(), line, problem }
}

/// Pictures of a folder (PNG and JPEG, sorted by name), or those in a list: a text file with one path per line,
/// relative to the list's folder.
///
/// # Errors
/// No such folder or file, not UTF-8, a listed picture that does not exist, no picture at all.
pub fn pictures(input: &Path) -> Result<Vec<PathBuf>, EmbedError> {
    files(input, "picture", &["png", "jpg", "jpeg"])
}

/// Sounds of a folder (WAV, FLAC, OGG and MP3, sorted by name), or those in a list: a text file with one path per line,
/// relative to the list's folder.
///
/// # Errors
/// No such folder or file, not UTF-8, a listed sound that does not exist, no sound at all.
pub fn sounds(input: &Path) -> Result<Vec<PathBuf>, EmbedError> {
    files(input, "sound", &["wav", "flac", "ogg", "mp3"])
}

fn files(input: &Path, what: &str, extensions: &[&str]) -> Result<Vec<PathBuf>, EmbedError> {
    let files = if input.is_dir() { of_folder(input, extensions)? } else { of_list(input, what)? };
    if files.is_empty() {
        let problem = format!("`{}` holds no {what} (.{})", input.display(), extensions.join(", ."));
        return Err(EmbedError::Argument { argument: "--input", problem });
    }
    Ok(files)
}

fn of_folder(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, EmbedError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| EmbedError::read(folder, error))? {
        let path = entry.map_err(|error| EmbedError::read(folder, error))?.path();
        let extension = path.extension().and_then(OsStr::to_str).map(str::to_lowercase);
        if extension.is_some_and(|e| extensions.contains(&e.as_str())) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn of_list(list: &Path, what: &str) -> Result<Vec<PathBuf>, EmbedError> {
    let bytes = fs::read(list).map_err(|error| EmbedError::read(list, error))?;
    let folder = list.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for line in lines(list, &bytes)? {
        let (number, name) = line?;
        let path = folder.join(name);
        if name.is_empty() || !path.is_file() {
            return Err(item(list, number, format!("no {what} `{}`", path.display())));
        }
        files.push(path);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, contents: &[u8], field: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, contents).unwrap();
        texts(&format!("{}{field}", path.display()))
            .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn one_text_a_line() {
        assert_eq!(read("a.txt", b"one\n\ntwo\r\nlast", "").unwrap(), ["one", "", "two", "last"]);
        assert_eq!(read("a.txt", b"\xef\xbb\xbfone\n", "").unwrap(), ["one"]);
        assert_eq!(read("a.txt", b"\n", "").unwrap(), [""]);
        assert_eq!(read("a#b.txt", b"x", "").unwrap(), ["x"], "a name may have the sign");
        assert!(read("a.txt", b"", "").unwrap_err().ends_with("a.txt` holds no text"));
        assert!(read("a.txt", b"a\nb\xff", "").unwrap_err().starts_with("a.txt:2: not UTF-8"));
    }

    #[test]
    fn one_object_a_line() {
        let lines = b"{\"id\": 1, \"t\": \"one\\n\"}\n\n{\"t\": \"two\"}\n";
        assert_eq!(read("a.jsonl", lines, "#t").unwrap(), ["one\n", "two"]);
        assert_eq!(read("a#b.jsonl", b"{\"text #2\": \"x\"}\n", "#text #2").unwrap(), ["x"], "a field may have it too");
        assert_eq!(read("a.jsonl", lines, "#u").unwrap_err(), "a.jsonl:1: no field `u`; there are `id`, `t`");
        assert_eq!(read("a.jsonl", lines, "#id").unwrap_err(), "a.jsonl:1: field `id` is 1, expected a string");
        assert!(read("a.jsonl", b"[]", "#t").unwrap_err().starts_with("a.jsonl:1: found a list, expected an object"));
        assert!(read("a.jsonl", b"{}\n{", "#t").unwrap_err().starts_with("a.jsonl:1: no field"));
        assert!(read("a.jsonl", b"{\"t\":\"\"}\n{", "#t").unwrap_err().starts_with("a.jsonl:2: not JSON"));
        assert!(read("a.jsonl", lines, "").unwrap_err().contains("say which field is the text"));
    }
}
