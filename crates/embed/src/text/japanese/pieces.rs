//! From words to ids: WordPiece or characters.

use std::{fs, path::Path};

use tokenizers::{Model as _, models::wordpiece::WordPiece};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    settings::Subwords,
    special::{SPECIAL, UNKNOWN},
};
use crate::EmbedError;

const FORMAT: &str = "vocab.txt";
/// The vocabulary, with the rule that cuts words.
pub(super) struct Pieces {
    vocabulary: WordPiece,
    special: [u32; SPECIAL.len()],
    subwords: Subwords,
}

impl Pieces {
    /// Reads `vocab.txt`: one token per line; if a token has several lines, the last one counts.
    pub fn open(path: &Path, subwords: Subwords) -> Result<Self, EmbedError> {
        let format = |error: tokenizers::Error| EmbedError::format(path, FORMAT, error);
        let bytes = fs::read(path).map_err(|error| EmbedError::read(path, error))?;
        let text = String::from_utf8(bytes).map_err(|error| EmbedError::format(path, FORMAT, error))?;
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
        // The library's own reader would trim more than the ends of lines. It makes the map, whose type is not public.
        let mut ids = WordPiece::read_bytes(&[]).map_err(format)?;
        ids.extend(lines.zip(0..).map(|(token, id)| (token.to_owned(), id)));
        let mut special = [0; SPECIAL.len()];
        for (id, token) in special.iter_mut().zip(SPECIAL) {
            let missing = || format!("`{token}` is missing; expected one token per line");
            *id = *ids.get(token).ok_or_else(|| EmbedError::format(path, FORMAT, missing()))?;
        }
        let vocabulary = WordPiece::builder().vocab(ids).unk_token(SPECIAL[UNKNOWN].into()).build().map_err(format)?;
        Ok(Self { vocabulary, special, subwords })
    }

    /// Id of a special token by its position in [`SPECIAL`].
    pub fn special(&self, at: usize) -> u32 {
        self.special[at]
    }

    /// Appends the ids of a word of MeCab.
    pub fn add(&self, word: &str, ids: &mut Vec<u32>) -> Result<(), EmbedError> {
        if self.subwords == Subwords::Characters {
            let id = |c: char| self.vocabulary.token_to_id(c.encode_utf8(&mut [0; 4]));
            ids.extend(word.nfkc().map(|c| id(c).unwrap_or(self.special[UNKNOWN])));
            return Ok(());
        }
        for part in word.split(is_space).filter(|part| !part.is_empty()) {
            let pieces = self.vocabulary.tokenize(part).map_err(|error| EmbedError::Compute(error.to_string()))?;
            ids.extend(pieces.iter().map(|piece| piece.id));
        }
        Ok(())
    }
}

/// White space of the reference library: also the four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}
