//! Training rows as the bank of a correction for hubs, prepared as the queries are.

use std::borrow::Cow;

use align::prep::cosine_rows;
use align::{Coordinates, Matrix, Projections, Views};

use crate::ranking::entries::Entries;
use crate::ranking::scoring::Scoring;
use crate::scores::score::check_finite;
use crate::{TaskError, TaskInput};

/// Training rows of every view of the test split, in the order of its views, each projected once.
pub(crate) struct Banks<'a> {
    input: TaskInput<'a>,
    views: Views,
    items: BankItems,
    projections: Projections<'a>,
}

/// Training rows that are in a bank.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BankItems {
    /// Every row of a view's file that is an item of the view, once.
    OwnRows,
    /// A row for every item that all views have.
    Common,
}

impl<'a> Banks<'a> {
    /// The banks of a correction whose bank is the training rows; `None` for the others.
    pub(crate) fn of(scoring: Scoring, input: &TaskInput<'a>, items: BankItems) -> Result<Option<Self>, TaskError> {
        if !scoring.reads_training_rows() {
            return Ok(None);
        }
        let names: Vec<&str> = input.test.views.names().collect();
        let train = input.train.select(&names)?;
        let views = if items == BankItems::Common { train.complete()?.views } else { train.views };
        let projections = {
            let rows: Vec<Cow<'_, Matrix>> = (0..names.len()).map(|view| rows(&views, view, items)).collect();
            input.fitted.projections(names.iter().copied().zip(rows.iter().map(Cow::as_ref)))?
        };
        for (name, projected) in names.iter().zip(projections.shared()) {
            let place = || format!("{name} (training rows)");
            check_finite(input.fitted.coordinates()[0], &place, projected)?;
        }
        Ok(Some(Self { input: *input, views, items, projections }))
    }

    /// Unit rows of every view in the coordinates that all views share.
    pub(crate) fn shared(&self) -> Vec<Matrix> {
        self.projections.shared().iter().map(cosine_rows).collect()
    }

    /// Unit rows of the view at position `source`, translated to the view at position `target`, and unit rows of the
    /// target, both standardised by the target's training rows.
    pub(crate) fn translated(&self, source: usize, target: usize) -> Result<(Matrix, Matrix), TaskError> {
        let name = self.views.nth(target).name();
        let standardise = self.input.standardisation(name)?;
        let moved = self.projections.standardised(source, name, &standardise)?;
        let place = || format!("{}->{name} (training rows)", self.views.nth(source).name());
        check_finite(Coordinates::Translated, &place, &moved)?;
        let own = standardise.apply(&rows(&self.views, target, self.items))?;
        Ok((cosine_rows(&moved), cosine_rows(&own)))
    }
}

fn rows(views: &Views, view: usize, items: BankItems) -> Cow<'_, Matrix> {
    match items {
        BankItems::Common => Cow::Borrowed(views.at(view)),
        BankItems::OwnRows => Entries::of(views.nth(view), &vec![0; views.rows()]).select(views.at(view)),
    }
}
