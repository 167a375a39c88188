//! Training data of a corrector: universe vectors and consensus directions.

use super::examples::Examples;
use crate::corrector::{Batch, Draw, NormalizedRows};
use crate::moments::FEWEST;
use crate::prep::unit_rows;
use crate::{AlignError, Matrix, Universe, Views};

/// Training data of a corrector: the linear universe vectors of every view that varies, for the items that at least two
/// views have, and the consensus directions of these items.
pub(crate) struct TrainingData {
    names: Vec<String>,
    /// Unit rows of the views; zero where a view has no direction for an item.
    pub(crate) views: Vec<NormalizedRows>,
    pub(crate) consensus: Matrix,
    /// For each view, whether it has a direction for an item.
    has: Vec<Vec<bool>>,
}

impl TrainingData {
    pub(crate) fn new(method: &'static str, universe: &Universe, train: &Views) -> Result<Self, AlignError> {
        let (mut names, mut views, mut has) = (Vec::new(), Vec::new(), Vec::new());
        for space in train.iter() {
            let view = NormalizedRows::new(&universe.project_linear(space.name(), space.values())?);
            let own: Vec<bool> = (0..view.rows()).map(|row| space.has(row) && view.has_direction(row)).collect();
            if own.contains(&true) {
                names.push(space.name().to_string());
                views.push(view);
                has.push(own);
            }
        }
        let count = |row: usize| has.iter().filter(|has| has[row]).count();
        let eligible: Vec<usize> = (0..train.rows()).filter(|&row| count(row) >= 2).collect();
        if eligible.len() < FEWEST {
            return Err(AlignError::TooFewRows { method, got: eligible.len(), want: FEWEST });
        }
        if eligible.len() < train.rows() {
            views = views.iter().map(|view| view.select(&eligible)).collect();
            has.iter_mut().for_each(|has| *has = eligible.iter().map(|&row| has[row]).collect());
        }
        let consensus = consensus_directions(&views, |view, row| has[view][row]);
        Ok(Self { names, views, consensus, has })
    }

    /// Whether a view has a direction for an item.
    pub(crate) fn has(&self, view: usize, row: usize) -> bool {
        self.has[view][row]
    }
}

impl Examples for TrainingData {
    fn views(&self) -> usize {
        self.views.len()
    }

    fn name(&self, view: usize) -> &str {
        &self.names[view]
    }

    fn width(&self) -> usize {
        self.consensus.cols()
    }

    fn items(&self) -> usize {
        self.consensus.rows()
    }

    fn has(&self, view: usize, item: u32) -> bool {
        Self::has(self, view, item as usize)
    }

    fn batch(&self, view: usize, drawn: &Draw, see: &mut dyn FnMut(&Batch<'_>)) -> Result<(), AlignError> {
        see(&Batch { x: &self.views[view], targets: &self.consensus, rows: drawn });
        Ok(())
    }

    fn select(&self, view: usize, items: &[u32]) -> Result<(NormalizedRows, Matrix), AlignError> {
        let rows: Vec<usize> = items.iter().map(|&item| item as usize).collect();
        Ok((self.views[view].select(&rows), self.consensus.select_rows(&rows)))
    }
}

/// Consensus directions `C_i = norm(mean over the views that have item i of norm(u_{m,i}))`, N × D, over all training
/// rows; an empty matrix if there is no view.
///
/// # Panics
/// If the views have different numbers of rows.
pub fn consensus_directions(prepared: &[NormalizedRows], has: impl Fn(usize, usize) -> bool) -> Matrix {
    let Some(first) = prepared.first() else { return Matrix::zeros(0, 0) };
    let mut mean = Matrix::<f32>::zeros(first.rows(), first.unit().cols());
    for i in 0..mean.rows() {
        let row = mean.row_mut(i);
        let mut views = 0;
        for (_, view) in prepared.iter().enumerate().filter(|(m, _)| has(*m, i)) {
            row.iter_mut().zip(view.unit().row(i)).for_each(|(m, &v)| *m += v);
            views += 1;
        }
        let scale = 1.0 / views.max(1) as f32;
        row.iter_mut().for_each(|m| *m *= scale);
    }
    unit_rows(&mean)
}
