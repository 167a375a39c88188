//! Parts of messages: suggestions of names, places in files, phrases.

pub(crate) mod nearest;
pub(crate) mod place;
pub(crate) mod words;
