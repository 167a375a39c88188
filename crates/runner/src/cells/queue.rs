//! The queue of cells: the cell with the highest forecast first, among those that fit into the memory beside the
//! running cells.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cells::fits::Fits;
use crate::cells::interrupt;
use grid::plan::Cell;

/// A cell and the forecast of its memory.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// Bytes besides those of the data set.
    pub bytes: u64,
}

/// The waiting cells, and the memory of the running ones.
pub struct Queue<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
    /// Limit on the bytes of all running cells and of the stored fits.
    budget: Option<u64>,
    fits: &'a Fits,
}

struct State<'a> {
    waiting: VecDeque<Waiting<'a>>,
    running: usize,
    taken: u64,
}

impl<'a> Queue<'a> {
    /// A queue of these cells in this order. `budget` limits the memory of the running cells together with the stored
    /// `fits`, which are dropped if memory is short.
    pub fn new(waiting: Vec<Waiting<'a>>, budget: Option<u64>, fits: &'a Fits) -> Self {
        Self {
            state: Mutex::new(State { waiting: waiting.into(), running: 0, taken: 0 }),
            changed: Condvar::new(),
            budget,
            fits,
        }
    }

    /// The next cell that fits beside the running cells. Waits if none fits. A cell that never fits runs alone. `None`
    /// at the end, and after an interruption.
    pub fn next(&self) -> Option<Waiting<'a>> {
        let mut state = self.lock();
        loop {
            if interrupt::requested() {
                state.waiting.clear();
            }
            if state.waiting.is_empty() {
                return None;
            }
            let room = self.budget.map_or(u64::MAX, |budget| budget.saturating_sub(state.taken));
            let fits = state.waiting.iter().position(|waiting| waiting.bytes <= room);
            let place = fits.or((state.running == 0).then_some(0));
            if let Some(next) = place.and_then(|place| state.waiting.remove(place)) {
                state.running += 1;
                state.taken = state.taken.saturating_add(next.bytes);
                if self.budget.is_some() {
                    // A stored fit can be made again; a waiting cell has no other way to run.
                    self.fits.shrink(room.saturating_sub(next.bytes));
                }
                return Some(next);
            }
            let pause = Duration::from_millis(200);
            state = self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Frees the memory of a cell that has ended.
    pub fn ended(&self, cell: Waiting<'a>) {
        let mut state = self.lock();
        state.running -= 1;
        state.taken = state.taken.saturating_sub(cell.bytes);
        self.changed.notify_all();
    }

    /// Starts no further cell.
    pub fn stop(&self) {
        self.lock().waiting.clear();
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use align::Method;
    use tasks::noise::Noise;

    use super::*;

    fn cell() -> Cell {
        Cell {
            index: 0,
            id: "c".into(),
            view_set: "all".into(),
            views: vec!["a".into()],
            setting: Default::default(),
            method: Method::from_name("na").expect("a method"),
            fit_rows: grid::FitRows::All,
            noise: Noise::default(),
            seed: 0,
            data_sha256: String::new(),
            size: align::FitSize::of_views(1),
        }
    }

    #[test]
    fn kept_fits_make_room_for_cells() {
        let (cell, fits) = (cell(), Fits::default());
        (0..4).for_each(|i| fits.hold(&i.to_string(), 2));
        let queue =
            Queue::new(vec![Waiting { cell: &cell, bytes: 5 }, Waiting { cell: &cell, bytes: 1 }], Some(10), &fits);
        assert_eq!((queue.next().map(|next| next.bytes), fits.bytes()), (Some(5), 4), "5 of 10 are left for fits of 2");
        assert_eq!((queue.next().map(|next| next.bytes), fits.bytes()), (Some(1), 4));
        // Without a limit, no fit is dropped.
        let queue = Queue::new(vec![Waiting { cell: &cell, bytes: 0 }], None, &fits);
        assert!(queue.next().is_some() && fits.bytes() == 4);
    }

    #[test]
    fn what_does_not_fit_waits_and_what_fits_nowhere_runs_alone() {
        let cell = cell();
        let waiting = |bytes| Waiting { cell: &cell, bytes };
        let fits = Fits::default();
        let queue = Queue::new(vec![waiting(9), waiting(6), waiting(5), waiting(3)], Some(8), &fits);
        // The cell of 9 bytes never fits beside others; the cell of 6 leaves room for none.
        let six = queue.next().expect("one");
        assert_eq!(six.bytes, 6);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| queue.next().map(|next| next.bytes));
            std::thread::sleep(Duration::from_millis(50));
            assert!(!second.is_finished(), "5 and 3 wait for 6");
            queue.ended(six);
            assert_eq!(second.join().expect("no panic"), Some(5));
        });
        assert_eq!(queue.next().map(|next| next.bytes), Some(3));
        queue.ended(waiting(5));
        queue.ended(waiting(3));
        assert_eq!(queue.next().map(|next| next.bytes), Some(9), "alone");
        assert!(queue.next().is_none());
    }
}
