//! Special tokens of BERT.

/// Tokens that a text may name. None is the beginning of another.
pub(super) const SPECIAL: [&str; 5] = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"];
/// Position of the token of unknown words.
pub(super) const UNKNOWN: usize = 0;
/// Position of the first token of a text.
pub(super) const START: usize = 1;
/// Position of the last token of a text.
pub(super) const END: usize = 2;
