//! Coordinates in which views are compared, and linear parts of maps between views.

use crate::Matrix;

/// The coordinates in which two views are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coordinates {
    /// The encoders' own coordinates.
    Input,
    /// The shared coordinates.
    Universe,
    /// The target view's coordinates, reached from the source view.
    Translated,
}

crate::names! {
    Coordinates, "coordinates" {
        Input = "input",
        Universe = "universe",
        Translated = "translated",
    }
}

/// Linear part of the map from one view to another.
#[derive(Clone, Debug, PartialEq)]
pub enum LinearStep {
    /// The map is not linear, or there is none.
    None,
    /// The rows do not change.
    Identity,
    /// A matrix between standardised coordinates, d_s × d_t.
    Map(Matrix<f64>),
}
