//! Tokenizer of Japanese BERT: words by MeCab's search in a dictionary, then pieces of words or characters.

mod archive;
mod dictionary;
mod encoding;
mod faults;
mod pieces;
mod settings;
mod special;
mod tokenizer;

pub(super) use settings::Settings;
pub(super) use tokenizer::Japanese;
