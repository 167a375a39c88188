//! Data sets of other programs: folders of latentis, of embedded texts, and of one file per item.

pub(super) mod beir;
pub(super) mod embedded;
pub(super) mod latentis;
pub(super) mod vectors;
