//! Fits on rows that are read some at a time.

use crate::aligner::{BaseFit, BaseViews, Method, RowSource};
use crate::moments::{Incomplete, SufficientStatistics};
use crate::progress::Watch;
use crate::{AlignError, Fit};

/// Fits on rows that are read some at a time.
impl Method {
    /// Fits rows that are larger than memory, from the sums over them and from the rows themselves, some at a time. A
    /// method that [can](crate::Aligner::moments) be fitted from sums does not read the rows again; GPA's corrector,
    /// GCPA, draws its batches from them. The fit is that of [`Method::fit`] up to rounding, and where views miss items,
    /// up to the items that have no direction in a view: they are known only once they are read.
    ///
    /// Memory: that of the sums and of a step, for GCPA also the held-out items (at most 16,384) and 12 bytes for each item.
    ///
    /// ```
    /// use align::methods::gcpa::{FastTraining, GcpaParams, Training};
    /// use align::moments::{Incomplete, Precision, SufficientStatistics};
    /// use align::{Method, Watch, synthetic::Synthetic};
    ///
    /// let rows = Synthetic::default().generate(1)?.train.views;
    /// let training = Training::Fast(FastTraining { epochs: 1, steps_per_epoch: 10, ..FastTraining::default() });
    /// let method = Method::from(GcpaParams { training, ..GcpaParams::default() });
    /// let weights = method.sums_weights().unwrap_or(Incomplete::MeanOfPresent);
    /// let sums = SufficientStatistics::of(&rows, weights, Precision::Double);
    /// let fit = method.fit_streamed(&sums, &rows, 42, &Watch::default())?;
    /// assert!(fit.report.corrector.is_some());
    /// # Ok::<(), align::AlignError>(())
    /// ```
    ///
    /// # Errors
    /// The errors of [`Method::fit_statistics`], and [`AlignError::NeedsRows`] for a method that has to see all rows at
    /// once; rows that cannot be read; [`AlignError::OtherViews`] if the sums are of other views or of another number of
    /// rows.
    pub fn fit_streamed(
        &self,
        sums: &SufficientStatistics,
        rows: &dyn RowSource,
        seed: u64,
        watch: &Watch,
    ) -> Result<Fit, AlignError> {
        let describe = |names: &[String], rows| format!("{rows} rows of {}", names.join(", "));
        let (got, want) = (describe(sums.names(), sums.rows()), describe(&rows.names(), rows.rows()));
        if got != want {
            return Err(AlignError::OtherViews { got, want });
        }
        match (self.streamed(), self.base()) {
            (Some(streamed), Some(BaseFit { method, views: BaseViews::All })) => {
                self.validate()?;
                let base = method.fit_streamed(sums, rows, seed, watch)?;
                self.examined(streamed.fit_stream_on(&base, rows, seed, watch)?)
            }
            _ => self.fit_statistics_watched(sums, seed, watch),
        }
    }

    /// How the sums for this method weight items that some views miss; `None` if it cannot be fitted from sums, nor
    /// from sums and some rows at a time.
    pub fn sums_weights(&self) -> Option<Incomplete> {
        match (self.moments(), self.streamed(), self.base()) {
            (Some(method), ..) => Some(method.spec().incomplete),
            (None, Some(_), Some(BaseFit { method, views: BaseViews::All })) => method.sums_weights(),
            _ => None,
        }
    }
}
