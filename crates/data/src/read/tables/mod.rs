//! Tables: parquet and csv, and the content of their columns.

pub(super) mod columns;
mod footer;
pub(super) mod parquet;
pub(super) mod pictures;
pub(super) mod translations;
