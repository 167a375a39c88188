//! Parts of fits of forms outside this crate.

use std::collections::BTreeMap;

use super::arrays::{Arrays, finite, other_shape, put_scaling};
use super::{Array, OwnOutline, OwnView, Parts, Values};
use crate::prep::ZScore;
use crate::{AlignError, Matrix};

/// Parts of a fit of a form outside this crate: arrays, standardisations, and fits of other methods that it contains.
///
/// [`FittedMaps::parts`](crate::FittedMaps::parts) makes them with the methods `with_…`. The reader of the form ([`Fitted::register_form`](crate::Fitted::register_form)) takes
/// them out with the methods `take_…`; it must take all of them. Names can contain any characters, so
/// `format!("{view}.anchors")` is a name.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnParts {
    form: String,
    views: Vec<(String, usize)>,
    arrays: BTreeMap<String, Array>,
    scalings: BTreeMap<String, ZScore>,
    fits: BTreeMap<String, Parts>,
}

impl OwnParts {
    /// No parts, of a form. The name of the method is a good name for its form.
    pub fn new(form: &str) -> Self {
        Self {
            form: form.to_string(),
            views: Vec::new(),
            arrays: BTreeMap::new(),
            scalings: BTreeMap::new(),
            fits: BTreeMap::new(),
        }
    }

    /// Name of the form.
    pub fn form(&self) -> &str {
        &self.form
    }

    /// Names and widths of the views of a stored fit, in order; empty before it is stored.
    pub fn views(&self) -> &[(String, usize)] {
        &self.views
    }

    /// With an array. Store a single number as a vector.
    pub fn with_array(mut self, name: impl Into<String>, array: Array) -> Self {
        self.arrays.insert(name.into(), array);
        self
    }

    /// With a standardisation.
    pub fn with_scaling(mut self, name: impl Into<String>, prep: &ZScore) -> Self {
        self.scalings.insert(name.into(), prep.clone());
        self
    }

    /// With the parts of another fit ([`Fitted::parts`](crate::Fitted::parts)).
    pub fn with_fit(mut self, name: impl Into<String>, parts: Parts) -> Self {
        self.fits.insert(name.into(), parts);
        self
    }

    /// Takes out an array.
    ///
    /// # Errors
    /// [`AlignError::MissingPart`].
    pub fn take_array(&mut self, name: &str) -> Result<Array, AlignError> {
        self.arrays.remove(name).ok_or_else(|| missing(name))
    }

    /// Takes out an array of two dimensions in single precision, of any shape.
    ///
    /// # Errors
    /// [`AlignError::MissingPart`], [`AlignError::PartShape`]; [`AlignError::PartValue`] for a value that is not finite.
    pub fn take_matrix(&mut self, name: &str) -> Result<Matrix, AlignError> {
        match self.take_array(name)? {
            Array { shape, values: Values::Single(values) } if shape.len() == 2 => {
                Matrix::new(shape[0], shape[1], finite(name, values)?)
            }
            other => Err(AlignError::PartShape {
                part: name.to_string(),
                got: other.describe(),
                want: "f32 of two dimensions".into(),
            }),
        }
    }

    /// Takes out a vector in double precision with this number of values.
    ///
    /// # Errors
    /// The errors of [`OwnParts::take_matrix`].
    pub fn take_numbers(&mut self, name: &str, count: usize) -> Result<Vec<f64>, AlignError> {
        match self.take_array(name)? {
            Array { shape, values: Values::Double(values) } if shape == [count] && values.len() == count => {
                finite(name, values)
            }
            other => Err(other_shape(name, &other, "f64", &[count])),
        }
    }

    /// Takes out a standardisation.
    ///
    /// # Errors
    /// [`AlignError::MissingPart`].
    pub fn take_scaling(&mut self, name: &str) -> Result<ZScore, AlignError> {
        self.scalings.remove(name).ok_or_else(|| missing(name))
    }

    /// Takes out the parts of another fit, for [`Fitted::from_parts`](crate::Fitted::from_parts).
    ///
    /// # Errors
    /// [`AlignError::MissingPart`].
    pub fn take_fit(&mut self, name: &str) -> Result<Parts, AlignError> {
        self.fits.remove(name).ok_or_else(|| missing(name))
    }

    /// A part that is left.
    pub(super) fn left(&self) -> Option<&String> {
        self.arrays.keys().chain(self.scalings.keys()).chain(self.fits.keys()).next()
    }
}

fn missing(part: &str) -> AlignError {
    AlignError::MissingPart { part: part.to_string() }
}

/// Prefixes of the names of arrays in files. They tell the three kinds of parts from each other and from the arrays of a
/// file that do not belong to the fit.
const ARRAY: &str = "own.array.";
const SCALING: &str = "own.scaling.";
const FIT: &str = "own.fit.";

impl OwnOutline {
    /// Puts in the arrays of these parts, and returns the rest of them.
    pub(super) fn of(parts: OwnParts, views: &[(&str, usize)], arrays: &mut BTreeMap<String, Array>) -> Self {
        arrays.extend(parts.arrays.into_iter().map(|(name, array)| (format!("{ARRAY}{name}"), array)));
        let scaling = |(name, prep): (String, ZScore)| {
            let scaling = put_scaling(arrays, &format!("{SCALING}{name}."), &prep);
            (name, scaling)
        };
        let scalings = parts.scalings.into_iter().map(scaling).collect();
        let fit = |(at, (name, fit)): (usize, (String, Parts))| {
            arrays.extend(fit.arrays.into_iter().map(|(part, array)| (format!("{FIT}{at}.{part}"), array)));
            (name, fit.outline)
        };
        let fits = parts.fits.into_iter().enumerate().map(fit).collect();
        let views = views.iter().map(|&(name, width)| OwnView { name: name.to_string(), width }).collect();
        Self { form: parts.form, views, scalings, fits }
    }

    /// The parts with these arrays.
    pub(super) fn parts(self, arrays: &mut Arrays) -> Result<OwnParts, AlignError> {
        let mut parts = OwnParts::new(&self.form);
        parts.views = self.views.into_iter().map(|view| (view.name, view.width)).collect();
        for (name, scaling) in self.scalings {
            let start = format!("{SCALING}{name}.");
            let width = arrays.0.get(&format!("{start}mean")).map_or(0, |mean| mean.shape.iter().product());
            parts.scalings.insert(name, arrays.scaling(&start, width, scaling)?);
        }
        for (at, (name, outline)) in self.fits.into_iter().enumerate() {
            let own = take_prefixed(arrays, &format!("{FIT}{at}."));
            parts.fits.insert(name, Parts { outline, arrays: own });
        }
        parts.arrays = take_prefixed(arrays, ARRAY);
        Ok(parts)
    }
}

/// Takes out the arrays whose names start with a prefix, without it.
fn take_prefixed(arrays: &mut Arrays, prefix: &str) -> BTreeMap<String, Array> {
    let names: Vec<String> = arrays.0.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    let taken = names.into_iter().filter_map(|name| {
        let array = arrays.0.remove(&name)?;
        Some((name[prefix.len()..].to_string(), array))
    });
    taken.collect()
}
