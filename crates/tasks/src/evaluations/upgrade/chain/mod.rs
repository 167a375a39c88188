//! Chains of models: queries that reach an old index step by step.

mod routes;
mod way;

pub(crate) use routes::Routes;
pub(crate) use way::{Chain, translated};
