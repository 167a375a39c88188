//! Measures of similarity, one file each.

pub(super) mod cka;
pub(super) mod neighbours;
pub(super) mod procrustes;
pub(super) mod rsa;
pub(super) mod svcca;
