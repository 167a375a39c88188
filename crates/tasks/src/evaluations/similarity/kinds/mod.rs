//! One file for each measure.

pub(super) mod cka;
pub(super) mod neighbours;
pub(super) mod procrustes;
pub(super) mod rsa;
pub(super) mod svcca;
