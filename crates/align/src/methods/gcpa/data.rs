//! Training data of a corrector: universe vectors and consensus directions.

use crate::corrector::NormalizedRows;
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

    /// The members of `rows` for which a view has a direction.
    fn of_view(&self, view: usize, rows: &[u32]) -> Result<Vec<u32>, AlignError> {
        let own: Vec<u32> = rows.iter().copied().filter(|&row| self.has(view, row as usize)).collect();
        if own.is_empty() {
            return Err(AlignError::TooFewPresent { name: self.names[view].clone(), got: 0, want: 1 });
        }
        Ok(own)
    }

    /// [`TrainingData::of_view`] for every view.
    pub(super) fn by_view(&self, rows: &[u32]) -> Result<Vec<Vec<u32>>, AlignError> {
        (0..self.views.len()).map(|view| self.of_view(view, rows)).collect()
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
