//! Files in pieces: opened without being read, and their rows in and out, some at a time.

pub(crate) mod input;
pub(crate) mod map;
pub(crate) mod rows;
pub(crate) mod sink;
pub(crate) mod stream;
