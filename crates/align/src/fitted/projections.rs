//! Rows of several views, each projected once and then translated to every view.

use super::fit::Fitted;
use crate::prep::ZScore;
use crate::{AlignError, Matrix};

/// Rows of several views in the coordinates that all views share, ready for translations to every view.
///
/// Each view is projected once, whereas [`Fitted::translate`] projects again for every target; the results are the
/// same. If translations continue from other rows than the shared coordinates
/// ([`Rescale::Universe`](crate::Rescale::Universe)), both are kept.
#[derive(Clone, Debug)]
pub struct Projections<'a> {
    fitted: &'a Fitted,
    names: Vec<String>,
    shared: Vec<Matrix>,
    onward: Option<Vec<Matrix>>,
}

impl Fitted {
    /// Projects these rows, view by view.
    ///
    /// # Errors
    /// Unknown view, wrong width.
    pub fn projections<'r>(
        &self,
        rows: impl IntoIterator<Item = (&'r str, &'r Matrix)>,
    ) -> Result<Projections<'_>, AlignError> {
        let (mut names, mut shared, mut onward) = (Vec::new(), Vec::new(), Vec::new());
        for (name, x) in rows {
            names.push(name.to_string());
            match self {
                Self::Input(input) => shared.push(input.project(name, x)?),
                Self::Own(_) => {
                    if self.projects() {
                        shared.push(self.project(name, x)?);
                    }
                    if self.translates() {
                        onward.push(x.clone());
                    }
                }
                Self::Pairwise(maps) => onward.push(maps.onward(name, x)?),
                Self::Universe(universe) => {
                    let (seen, goes_on) = universe.both(name, x)?;
                    shared.push(seen);
                    onward.extend(goes_on);
                }
            }
        }
        let apart = matches!(self, Self::Pairwise(_)) || !onward.is_empty();
        Ok(Projections { fitted: self, names, shared, onward: apart.then_some(onward) })
    }
}

impl Projections<'_> {
    /// The rows in the coordinates that all views share, as [`Fitted::project`] gives them, in the given order; empty
    /// for pairwise maps.
    pub fn shared(&self) -> &[Matrix] {
        &self.shared
    }

    /// The rows of the view at position `source` in the raw coordinates of `target`, as [`Fitted::translate`] gives
    /// them.
    ///
    /// # Errors
    /// The errors of [`Fitted::translate`].
    pub fn translated(&self, source: usize, target: &str) -> Result<Matrix, AlignError> {
        if let Fitted::Own(_) = self.fitted {
            return self.fitted.translate(self.name(source)?, target, self.rows(source)?);
        }
        let (prep, z) = self.arrived(source, target)?;
        Ok(prep.restored(&z))
    }

    /// [`Projections::translated`], standardised by `by` in one step, without rounding in between.
    ///
    /// # Errors
    /// The errors of [`Fitted::translate`] and of [`ZScore::apply`].
    pub fn standardised(&self, source: usize, target: &str, by: &ZScore) -> Result<Matrix, AlignError> {
        if let Fitted::Own(_) = self.fitted {
            return by.apply(&self.translated(source, target)?);
        }
        let (prep, z) = self.arrived(source, target)?;
        z.check_width("standardise", "the fitted rows", by.width())?;
        Ok(between(prep, by, z))
    }

    /// The rows from which translations of the view at this position continue.
    fn rows(&self, source: usize) -> Result<&Matrix, AlignError> {
        self.onward.as_ref().unwrap_or(&self.shared).get(source).ok_or_else(|| self.nothing(source))
    }

    fn name(&self, source: usize) -> Result<&str, AlignError> {
        self.names.get(source).map(String::as_str).ok_or_else(|| self.nothing(source))
    }

    fn nothing(&self, source: usize) -> AlignError {
        AlignError::UnknownView { name: format!("at position {source}"), known: self.names.join(", ") }
    }

    /// The rows in the standardised coordinates of `target`.
    fn arrived(&self, source: usize, target: &str) -> Result<(&ZScore, Matrix), AlignError> {
        let rows = self.rows(source)?;
        match self.fitted {
            Fitted::Input(_) | Fitted::Own(_) => {
                Err(AlignError::NoSuchSpace { method: "na", space: "translated", offers: "input" })
            }
            Fitted::Pairwise(maps) => maps.arrive(&self.names[source], target, rows),
            Fitted::Universe(universe) => universe.arrive(target, rows),
        }
    }
}

/// Changes the standardisation of coordinates from `of` to `by`, in place.
fn between(of: &ZScore, by: &ZScore, mut z: Matrix) -> Matrix {
    let (scales, divisors, width) = (of.scales(), by.divisors(), z.cols().max(1));
    let factors: Vec<f64> = scales.iter().zip(&divisors).map(|(scale, divisor)| scale / divisor).collect();
    let means = of.mean().iter().zip(by.mean()).zip(&divisors);
    let shifts: Vec<f64> = means.map(|((mean, other), divisor)| (mean - other) / divisor).collect();
    for row in z.as_mut_slice().chunks_mut(width) {
        let affine = factors.iter().zip(&shifts);
        row.iter_mut().zip(affine).for_each(|(z, (factor, shift))| *z = (f64::from(*z) * factor + shift) as f32);
    }
    z
}
