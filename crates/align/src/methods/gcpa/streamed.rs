//! Training data of a corrector that are read when a step needs them.

use super::data::consensus_directions;
use super::examples::Examples;
use crate::aligner::RowSource;
use crate::corrector::{Batch, Draw, NormalizedRows};
use crate::moments::FEWEST;
use crate::{AlignError, Matrix, Universe};

/// Rows of a source, of which every step reads and projects its own: those of all views, because the targets are the
/// consensus of all. In memory are the numbers of the rows alone.
pub(super) struct StreamedData<'a> {
    source: &'a dyn RowSource,
    universe: &'a Universe,
    /// Name and position of each view that varies.
    views: Vec<(String, usize)>,
    /// Items that at least two of these views have; `None` if all have all.
    items: Option<Vec<u32>>,
    count: usize,
}

impl<'a> StreamedData<'a> {
    pub(super) fn new(
        method: &'static str,
        universe: &'a Universe,
        dead: &[String],
        source: &'a dyn RowSource,
    ) -> Result<Self, AlignError> {
        let rows = source.rows();
        let Ok(end) = u32::try_from(rows) else {
            let message = format!("trains on at most {} items, these are {rows}; take fewer", u32::MAX);
            return Err(AlignError::Own { method: method.to_owned(), message });
        };
        let views: Vec<(String, usize)> =
            source.names().into_iter().zip(0..).filter(|(name, _)| !dead.contains(name)).collect();
        let count = |item: u32| views.iter().filter(|(_, view)| source.has(*view, item as usize)).count();
        let items = (0..end).any(|item| count(item) < 2).then(|| (0..end).filter(|&item| count(item) >= 2).collect());
        let count = items.as_ref().map_or(rows, Vec::len);
        if count < FEWEST {
            return Err(AlignError::TooFewRows { method, got: count, want: FEWEST });
        }
        Ok(Self { source, universe, views, items, count })
    }

    /// The number of an item in the source.
    fn in_source(&self, item: u32) -> usize {
        self.items.as_ref().map_or(item, |items| items[item as usize]) as usize
    }

    /// A view's rows of these items, which ascend, with their targets, and whether a row has a direction.
    fn read(&self, view: usize, items: &[u32]) -> Result<(NormalizedRows, Matrix, Vec<bool>), AlignError> {
        let numbers: Vec<usize> = items.iter().map(|&item| self.in_source(item)).collect();
        let read = self.source.read(&numbers)?;
        let (mut rows, mut has) = (Vec::new(), Vec::new());
        for (name, position) in &self.views {
            let own = NormalizedRows::new(&self.universe.project_linear(name, read.get(name)?)?);
            let there = |row| self.source.has(*position, numbers[row]) && own.has_direction(row);
            has.push((0..own.rows()).map(there).collect::<Vec<bool>>());
            rows.push(own);
        }
        let targets = consensus_directions(&rows, |view, row| has[view][row]);
        Ok((rows.swap_remove(view), targets, has.swap_remove(view)))
    }
}

impl Examples for StreamedData<'_> {
    fn views(&self) -> usize {
        self.views.len()
    }

    fn name(&self, view: usize) -> &str {
        &self.views[view].0
    }

    fn width(&self) -> usize {
        self.universe.width()
    }

    fn items(&self) -> usize {
        self.count
    }

    fn has(&self, view: usize, item: u32) -> bool {
        self.source.has(self.views[view].1, self.in_source(item))
    }

    /// A row without a direction, which is known only once it is read, takes no part.
    fn batch(&self, view: usize, drawn: &Draw, see: &mut dyn FnMut(&Batch<'_>)) -> Result<(), AlignError> {
        let (x, targets, has) = self.read(view, drawn.rows())?;
        let rows = drawn.renumbered(|row| has[row]);
        if rows.drawn() == 0 {
            return Err(AlignError::TooFewPresent { name: self.name(view).to_owned(), got: 0, want: 1 });
        }
        see(&Batch { x: &x, targets: &targets, rows: &rows });
        Ok(())
    }

    fn select(&self, view: usize, items: &[u32]) -> Result<(NormalizedRows, Matrix), AlignError> {
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_unstable_by_key(|&at| items[at]);
        let ascending: Vec<u32> = order.iter().map(|&at| items[at]).collect();
        let (x, targets, _) = self.read(view, &ascending)?;
        let mut back = vec![0; order.len()];
        order.iter().zip(0..).for_each(|(&at, place)| back[at] = place);
        Ok((x.select(&back), targets.select_rows(&back)))
    }
}
