//! Fits from sums over rows: one method, or many candidates that share work.

use std::any::{Any, TypeId};

use crate::aligner::{Method, MomentAligner, MomentSpec};
use crate::methods::shared::groups::in_groups;
use crate::moments::{Moments, SufficientStatistics};
use crate::progress::Watch;
use crate::{AlignError, Fit};

/// Fits from sums over rows.
impl Method {
    /// Fits from sums over rows alone ([`SufficientStatistics`]). Memory and time do not depend on the number of rows.
    /// For methods that [can](crate::Aligner::moments) be fitted from moments; for GPA without `robust`.
    ///
    /// # Errors
    /// The errors of [`Method::fit`]; [`AlignError::NeedsRows`] for a method that has to read the rows;
    /// [`AlignError::OtherViews`] if views miss items and the sums weight these items differently from the method.
    pub fn fit_statistics(&self, sums: &SufficientStatistics, seed: u64) -> Result<Fit, AlignError> {
        self.fit_statistics_watched(sums, seed, &Watch::default())
    }

    /// As [`Method::fit_statistics`], with a watch that follows the fit and can end it.
    ///
    /// # Errors
    /// As [`Method::fit_statistics`]; [`AlignError::Cancelled`].
    pub fn fit_statistics_watched(
        &self,
        sums: &SufficientStatistics,
        seed: u64,
        watch: &Watch,
    ) -> Result<Fit, AlignError> {
        let method = self.fits_from(sums)?;
        watch.check()?;
        let moments = Moments::of(sums, method.spec().standardisation)?.watched_by(watch.clone());
        self.concluded(method.fit_moments(&moments, seed))
    }

    /// Fits many candidates on the same sums: any methods with any parameters. The result has one fit or one error for
    /// each candidate, in their order; an error of one candidate does not prevent the fits of others.
    ///
    /// Each fit is that of [`Method::fit_statistics`], except for the tolerance of iterations: candidates of one method
    /// share what their parameters have in common ([`MomentAligner::fit_settings`]). GCCA decomposes the views once and
    /// solves one eigenproblem for each ridge, with the largest rank; CCA decomposes each pair of views once for each
    /// ridge; GPA and SUMCOR solve once for all ranks. All fits are in memory at the end, and the moments of one
    /// standardisation at a time.
    ///
    /// ```
    /// use align::methods::gcca::GccaParams;
    /// use align::moments::{Incomplete, Precision, SufficientStatistics};
    /// use align::{Method, Watch, synthetic::Synthetic};
    ///
    /// let train = Synthetic::default().generate(1)?.train.views;
    /// let sums = SufficientStatistics::of(&train, Incomplete::PairwiseComplete, Precision::Double);
    /// let candidates: Vec<Method> = [8, 16, 99].map(|rank| GccaParams::textbook(Some(rank), 0.1).into()).to_vec();
    /// let fits = Method::fit_candidates(&candidates, &sums, 42, &Watch::default());
    /// assert!(fits[0].is_ok() && fits[1].is_ok());
    /// assert!(fits[2].is_err(), "the views have 32 columns");
    /// # Ok::<(), align::AlignError>(())
    /// ```
    pub fn fit_candidates(
        candidates: &[Self],
        sums: &SufficientStatistics,
        seed: u64,
        watch: &Watch,
    ) -> Vec<Result<Fit, AlignError>> {
        let checked: Vec<Result<&dyn MomentAligner, AlignError>> =
            candidates.iter().map(|candidate| candidate.fits_from(sums)).collect();
        let able: Vec<(&Self, &dyn MomentAligner)> =
            candidates.iter().zip(&checked).filter_map(|(method, able)| Some((method, *able.as_ref().ok()?))).collect();
        let standardisation = |(_, method): (&Self, &dyn MomentAligner)| method.spec().standardisation;
        let fits = in_groups(&able, standardisation, |standardisation, able| {
            let moments = || Ok(Moments::of(sums, standardisation)?.watched_by(watch.clone()));
            match watch.check().and_then(|()| moments()) {
                Ok(moments) => in_groups(able, type_of, |_, alike| fit_alike(alike, &moments, seed)),
                Err(error) => vec![Err(error); able.len()],
            }
        });
        let mut fits = fits.into_iter();
        let next = |(candidate, able): (&Self, Result<_, AlignError>)| {
            able?;
            fits.next().unwrap_or_else(|| Err(candidate.lacks_a_fit()))
        };
        candidates.iter().zip(checked).map(next).collect()
    }

    /// The error of a candidate that got no fit.
    fn lacks_a_fit(&self) -> AlignError {
        let message = "`fit_settings` returned fewer fits than it got settings; make it return one for each";
        AlignError::Own { method: self.name().into(), message: message.into() }
    }

    /// The method, if its parameters are valid and these sums suffice for it.
    fn fits_from(&self, sums: &SufficientStatistics) -> Result<&dyn MomentAligner, AlignError> {
        self.validate()?;
        let Some(method) = self.moments() else {
            return Err(AlignError::NeedsRows { method: self.name(), instead: from_sums() });
        };
        self.needs().check_views(self.name(), &sums.names().iter().map(String::as_str).collect::<Vec<_>>())?;
        let MomentSpec { incomplete, .. } = method.spec();
        if !sums.complete() && sums.incomplete() != incomplete {
            let describe = |incomplete| format!("items weighted as {incomplete:?}");
            return Err(AlignError::OtherViews { got: describe(sums.incomplete()), want: describe(incomplete) });
        }
        Ok(method)
    }

    /// The fit with its warnings; an error about rows names the methods that do not need them.
    fn concluded(&self, fit: Result<Fit, AlignError>) -> Result<Fit, AlignError> {
        match fit {
            Err(AlignError::NeedsRows { method, .. }) => Err(AlignError::NeedsRows { method, instead: from_sums() }),
            fit => self.examined(fit?),
        }
    }
}

/// The type of a candidate's parameters.
fn type_of((_, method): (&Method, &dyn MomentAligner)) -> TypeId {
    let any: &dyn Any = method;
    any.type_id()
}

/// Fits of candidates that have the same moments and parameters of one type.
fn fit_alike(
    candidates: &[(&Method, &dyn MomentAligner)],
    moments: &Moments,
    seed: u64,
) -> Vec<Result<Fit, AlignError>> {
    let settings: Vec<&dyn MomentAligner> = candidates.iter().map(|(_, method)| *method).collect();
    let mut fits = match (moments.watch().check(), settings.first()) {
        (Ok(()), Some(first)) => first.fit_settings(&settings, moments, seed).into_iter(),
        (Err(error), _) => vec![Err(error); settings.len()].into_iter(),
        (Ok(()), None) => Vec::new().into_iter(),
    };
    let next = |(method, _): &(&Method, &dyn MomentAligner)| {
        fits.next().map_or_else(|| Err(method.lacks_a_fit()), |fit| method.concluded(fit))
    };
    candidates.iter().map(next).collect()
}

/// Names of the methods that can be fitted from sums.
fn from_sums() -> Vec<&'static str> {
    Method::all().iter().filter(|method| method.moments().is_some()).map(Method::name).collect()
}
