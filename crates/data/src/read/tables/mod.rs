//! Tables: parquet and csv, and what a column of theirs holds.

pub(super) mod columns;
mod footer;
pub(super) mod parquet;
pub(super) mod translations;
