//! Readers of fits of forms outside this crate.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::OwnOutline;
use super::arrays::Arrays;
use super::own::OwnParts;
use crate::fitted::{ResidualMaps, residual};
use crate::{AlignError, Fitted, FittedMaps};

impl OwnOutline {
    /// The fit, restored by the reader of its form.
    pub(super) fn restore(self, arrays: &mut Arrays) -> Result<Arc<dyn FittedMaps>, AlignError> {
        let form = self.form.clone();
        let registered = readers().iter().find(|(name, _)| *name == form).map(|(_, read)| Arc::clone(read));
        let built_in = (form == residual::FORM).then_some(ResidualMaps::read);
        if registered.is_none() && built_in.is_none() {
            return Err(AlignError::UnknownForm { form });
        }
        let mut parts = self.parts(arrays)?;
        let fitted = match (built_in, registered) {
            (Some(read), _) => read(&mut parts)?,
            (None, Some(read)) => read(&mut parts)?,
            (None, None) => return Err(AlignError::UnknownForm { form }),
        };
        if let Some(part) = parts.left() {
            return Err(AlignError::UnusedPart { part: part.clone() });
        }
        let same = |((got, cols), (name, width)): (&(&str, usize), &(String, usize))| got == name && cols == width;
        let views = fitted.views();
        if views.len() != parts.views().len() || !views.iter().zip(parts.views()).all(same) {
            let list = |views: Vec<String>| views.join(", ");
            return Err(AlignError::OtherForm {
                form,
                got: list(views.iter().map(|(name, width)| format!("{name} ({width})")).collect()),
                want: list(parts.views().iter().map(|(name, width)| format!("{name} ({width})")).collect()),
            });
        }
        drop(views);
        Ok(fitted)
    }
}

type Reader = dyn Fn(&mut OwnParts) -> Result<Arc<dyn FittedMaps>, AlignError> + Send + Sync;

/// Readers of the registered forms, by name.
static READERS: RwLock<Vec<(String, Arc<Reader>)>> = RwLock::new(Vec::new());

fn readers() -> RwLockReadGuard<'static, Vec<(String, Arc<Reader>)>> {
    READERS.read().unwrap_or_else(PoisonError::into_inner)
}

impl Fitted {
    /// Registers the reader of a form outside this crate, for the whole process. [`Fitted::from_parts`] and files of
    /// fits then restore fits of this form, whose [`FittedMaps::parts`] have its name. The reader takes all parts and
    /// checks what it needs: shapes that fit each other, numbers in their domains.
    ///
    /// # Errors
    /// [`AlignError::FormTaken`].
    pub fn register_form(
        form: &str,
        read: impl Fn(&mut OwnParts) -> Result<Arc<dyn FittedMaps>, AlignError> + Send + Sync + 'static,
    ) -> Result<(), AlignError> {
        let mut readers = READERS.write().unwrap_or_else(PoisonError::into_inner);
        if form == residual::FORM || readers.iter().any(|(name, _)| name == form) {
            return Err(AlignError::FormTaken { form: form.to_string() });
        }
        readers.push((form.to_string(), Arc::new(read)));
        Ok(())
    }
}
