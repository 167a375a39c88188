//! What messages share: names that were probably meant, places in files, turns of phrase.

pub(crate) mod nearest;
pub(crate) mod place;
pub(crate) mod words;
