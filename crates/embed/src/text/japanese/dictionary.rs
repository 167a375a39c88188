//! A dictionary of MeCab: words with their costs, costs of neighbours, categories of characters, unknown words.

use std::{collections::BTreeSet, path::Path};

use files::checksum::Combined;
use vibrato::{SystemDictionaryBuilder, Tokenizer};

use super::{
    archive, encoding,
    faults::{self, CHARACTERS, MATRIX, UNKNOWN},
};
use crate::EmbedError;

const FORMAT: &str = "MeCab dictionary";
const SETTINGS: &str = "dicrc";
/// MeCab's own limit of characters, after the first, of an unknown word made from characters of one category.
const LONGEST_GROUP: usize = 24;

/// A dictionary, ready for a search.
pub(super) struct Dictionary {
    pub tokenizer: Tokenizer,
    /// SHA-256 of the files that were read. It is the same for an archive and for a folder with the same files.
    pub checksum: String,
}

impl Dictionary {
    /// Reads the sources of a dictionary, as MeCab's own compiler reads them, from a folder or an archive.
    ///
    /// # Errors
    /// A file that is missing, damaged, or contradicts another one.
    pub fn open(path: &Path) -> Result<Self, EmbedError> {
        let files = archive::read(path, |name| {
            name.ends_with(".csv") || [MATRIX, CHARACTERS, UNKNOWN, SETTINGS].contains(&name)
        })?;
        let wrong = |name: &str, detail: String| EmbedError::format(path, FORMAT, format!("{name}: {detail}"));
        let mut checksum = Combined::default();
        let mut words = String::new();
        let mut others = [const { String::new() }; 4];
        let names = [MATRIX, CHARACTERS, UNKNOWN, SETTINGS];
        for (name, bytes) in &files {
            checksum.add(name);
            checksum.add(bytes);
            let text = encoding::decode(bytes)
                .ok_or_else(|| wrong(name, "not encoded as EUC-JP; expected the sources of IPADIC".into()))?;
            match names.iter().position(|other| other == name) {
                Some(at) => others[at] = text,
                None => {
                    words.push_str(&text);
                    if !text.ends_with('\n') {
                        words.push('\n');
                    }
                }
            }
        }
        let missing: Vec<&str> = names.into_iter().take(3).chain(["*.csv"]).filter(|name| !has(&files, name)).collect();
        if !missing.is_empty() {
            return Err(EmbedError::Missing {
                folder: path.to_owned(),
                wanted: format!("`{}` of a MeCab dictionary", missing.join("`, `")),
                advice: format!(
                    "expected the sources {MATRIX}, {CHARACTERS}, {UNKNOWN} and *.csv, not the compiled files"
                ),
            });
        }
        let [matrix, characters, unknown, settings] = &others;
        check_charset(settings).map_err(|detail| wrong(SETTINGS, detail))?;
        check_matrix(matrix).map_err(|detail| wrong(MATRIX, detail))?;
        check_categories(characters, unknown).map_err(|(name, detail)| wrong(name, detail))?;
        let built = SystemDictionaryBuilder::from_readers(
            words.as_bytes(),
            matrix.as_bytes(),
            characters.as_bytes(),
            unknown.as_bytes(),
        );
        let tokenizer = built
            .and_then(|built| Tokenizer::new(built).ignore_space(true))
            .map_err(|error| {
                let detail = faults::find(&files).unwrap_or_else(|| error.to_string());
                EmbedError::format(path, FORMAT, detail)
            })?
            .max_grouping_len(LONGEST_GROUP);
        Ok(Self { tokenizer, checksum: checksum.finish() })
    }
}

fn has(files: &archive::Files, name: &str) -> bool {
    match name.strip_prefix('*') {
        Some(end) => files.keys().any(|file| file.ends_with(end)),
        None => files.contains_key(name),
    }
}

fn check_charset(settings: &str) -> Result<(), String> {
    let value = settings.lines().find_map(|line| line.trim().strip_prefix("config-charset")?.trim().strip_prefix('='));
    match value.map(str::trim) {
        None => Ok(()),
        Some(value) if value.eq_ignore_ascii_case("euc-jp") => Ok(()),
        Some(value) => Err(format!("config-charset: found `{value}`, expected EUC-JP")),
    }
}

/// The first line has the size of the matrix, which must fit the file: memory is reserved for it.
fn check_matrix(matrix: &str) -> Result<(), String> {
    let line = matrix.lines().next().unwrap_or_default();
    let sizes: Vec<usize> = line.split(' ').map_while(|size| size.parse().ok()).collect();
    match sizes[..] {
        [right, left] if (1..=65_535).contains(&right) && (1..=65_535).contains(&left) => {
            // Without this, the costs that are cut off would be zero.
            match matrix.lines().skip(1).filter(|line| !line.trim().is_empty()).count() {
                found if found == right * left => Ok(()),
                found => Err(format!("found {found} costs, expected {right} x {left}; fetch it again")),
            }
        }
        _ => Err(format!("found `{}` in line 1, expected two sizes", line.chars().take(40).collect::<String>())),
    }
}

/// Every category must be complete, so that every character has a word.
fn check_categories(characters: &str, unknown: &str) -> Result<(), (&'static str, String)> {
    let wrong = |detail: String| (CHARACTERS, detail);
    let mut defined = BTreeSet::new();
    let mut used = BTreeSet::from(["DEFAULT", "SPACE"]);
    for line in characters.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        if line.starts_with("0x") {
            if words.len() < 2 {
                return Err(wrong(format!("found `{line}`, expected a category after the characters")));
            }
            used.extend(&words[1..]);
        } else {
            if !words.get(3).is_some_and(|length| length.parse().is_ok_and(|length: u8| length < 16)) {
                return Err(wrong(format!("found `{line}`, expected a name, 0 or 1 twice, and a length below 16")));
            }
            defined.insert(words[0]);
        }
    }
    if defined.len() > 18 {
        return Err(wrong(format!("found {} categories, expected at most 18", defined.len())));
    }
    if let Some(name) = used.difference(&defined).next() {
        return Err(wrong(format!("category `{name}` is not defined")));
    }
    let words: BTreeSet<&str> = unknown.lines().filter_map(|line| line.split(',').next()).collect();
    match defined.difference(&words).next() {
        None => Ok(()),
        Some(name) => Err((UNKNOWN, format!("no word of the category `{name}` of {CHARACTERS}"))),
    }
}
