//! The views in which fits are judged, and the ways between views.

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

/// The linear part of the way from one view to another.
#[derive(Clone, Debug, PartialEq)]
pub enum LinearStep {
    /// The way is not linear, or there is none.
    None,
    /// The view's rows stay as they are.
    Identity,
    /// Between standardised coordinates, d_s × d_t.
    Map(Matrix<f64>),
}
