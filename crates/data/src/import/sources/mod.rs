//! Data sets that other programs have written: folders of latentis, of embedded texts, and of a file for each item.

pub(super) mod embedded;
pub(super) mod latentis;
pub(super) mod vectors;
