//! Files in pieces: opened without reading, with rows read and written some at a time.

pub(crate) mod map;
pub(crate) mod matrix_reader;
pub(crate) mod matrix_writer;
pub(crate) mod rows;
pub(crate) mod stream;
