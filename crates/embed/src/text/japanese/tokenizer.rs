//! From a text to ids.

use std::path::Path;

use rayon::prelude::*;
use unicode_normalization::UnicodeNormalization as _;
use vibrato::tokenizer::worker::Worker;

use super::{
    dictionary::Dictionary,
    pieces::Pieces,
    settings::{Settings, refuse_added},
    special::{END, SPECIAL, START},
};
use crate::EmbedError;

/// Longest text, in characters after normalisation: the sum of the costs of so many words cannot overflow.
const LONGEST: usize = 32_000;

/// Tokenizer of a Japanese BERT.
pub(crate) struct Japanese {
    settings: Settings,
    dictionary: Dictionary,
    pieces: Pieces,
    length: usize,
}

impl Japanese {
    /// Reads the vocabulary of a folder, and a dictionary.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    pub fn open(
        folder: &Path,
        vocabulary: &Path,
        settings: Settings,
        dictionary: Option<&Path>,
    ) -> Result<Self, EmbedError> {
        refuse_added(folder)?;
        let Some(dictionary) = dictionary else {
            return Err(EmbedError::Missing {
                folder: folder.to_owned(),
                wanted: "the dictionary IPADIC, by which MeCab splits words,".into(),
                advice: "name it with --dictionary (in jobs.json: `dictionary` of the view): the archive that `runner fetch massive` downloads, or a folder with its matrix.def, char.def, unk.def and *.csv".into(),
            });
        };
        let pieces = Pieces::open(vocabulary, settings.subwords)?;
        Ok(Self { settings, dictionary: Dictionary::open(dictionary)?, pieces, length: usize::MAX })
    }

    /// Checksum of the dictionary.
    pub fn checksum(&self) -> &str {
        &self.dictionary.checksum
    }

    /// Sets the number of ids at which texts are cut, both special ones included.
    pub fn cut(&mut self, length: usize) {
        self.length = length;
    }

    /// Ids of each text, special ones included.
    ///
    /// # Errors
    /// A text that is too long.
    pub fn ids(&self, texts: &[&str]) -> Result<Vec<Vec<u32>>, EmbedError> {
        let worker = || self.dictionary.tokenizer.new_worker();
        texts.par_iter().enumerate().map_init(worker, |worker, (i, text)| self.of(i, text, worker)).collect()
    }

    fn of(&self, i: usize, text: &str, worker: &mut Worker<'_>) -> Result<Vec<u32>, EmbedError> {
        let mut ids = vec![self.pieces.special(START)];
        let mut rest = text;
        while let Some((before, special, after)) = next_special(rest) {
            self.words(i, before, worker, &mut ids)?;
            ids.push(self.pieces.special(special));
            rest = after;
        }
        self.words(i, rest, worker, &mut ids)?;
        ids.truncate(self.length.saturating_sub(1));
        ids.push(self.pieces.special(END));
        Ok(ids)
    }

    /// Appends the ids of a text without special tokens.
    fn words(&self, i: usize, text: &str, worker: &mut Worker<'_>, ids: &mut Vec<u32>) -> Result<(), EmbedError> {
        // MeCab's text ends at a zero byte.
        let text = text.split('\0').next().unwrap_or_default();
        let text: String = if self.settings.normalise { text.nfkc().collect() } else { text.to_owned() };
        let length = text.chars().count();
        if length > LONGEST {
            let problem = format!("found {length} characters, expected at most {LONGEST}; split the text");
            return Err(EmbedError::OfItem { item: i, problem });
        }
        worker.reset_sentence(&text);
        worker.tokenize();
        for word in worker.token_iter() {
            match self.settings.lower && !SPECIAL.contains(&word.surface()) {
                true => self.pieces.add(&word.surface().to_lowercase(), ids)?,
                false => self.pieces.add(word.surface(), ids)?,
            }
        }
        Ok(())
    }
}

/// The text before the first special token, this token's position in [`SPECIAL`], and the text after it.
fn next_special(text: &str) -> Option<(&str, usize, &str)> {
    text.match_indices('[').find_map(|(at, _)| {
        let (before, from) = text.split_at(at);
        SPECIAL.iter().enumerate().find_map(|(i, token)| Some((before, i, from.strip_prefix(token)?)))
    })
}
