//! Background storage of finished cells.
//!
//! With [`Durability::Cell`] a cell is synced to disk and renamed before its worker continues. With
//! [`Durability::Batch`] cells wait beside their places; every two seconds a thread syncs all of them together and then
//! renames them. A cell counts as finished only after its renaming.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use anyhow::Result;
use files::{Fault, Staged};

use crate::cells::{StagedCell, Store};
use crate::durable::{self, Durability};

/// Longest wait of a finished cell.
const PERIOD: Duration = Duration::from_secs(2);
/// Maximal number of waiting cells: more would only increase the loss in a crash.
const MOST: usize = 256;

/// Storage thread for finished cells.
pub struct Keeper<'a> {
    store: &'a Store,
    durability: Durability,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<StagedCell>,
    /// Error of the first cell that could not be stored.
    error: Option<String>,
    closed: bool,
}

impl<'a> Keeper<'a> {
    /// A keeper for cells of this store.
    pub fn new(store: &'a Store, durability: Durability) -> Self {
        Self { store, durability, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Starts the thread that stores the waiting cells; call [`Keeper::close`] at the end.
    pub fn start<'scope, 'env: 'scope>(&'env self, scope: &'scope Scope<'scope, 'env>) {
        if self.durability == Durability::Batch {
            scope.spawn(|| {
                while !self.wait() {
                    self.flush();
                }
            });
        }
    }

    /// Takes a cell.
    ///
    /// # Errors
    /// This cell, or one before it, could not be stored.
    pub fn keep(&self, cell: StagedCell) -> Result<()> {
        match self.durability {
            Durability::Cell => self.commit(vec![cell])?,
            Durability::Batch => {
                let mut state = self.lock();
                state.waiting.push(cell);
                let full = state.waiting.len() >= MOST;
                drop(state);
                if full {
                    self.flush();
                }
            }
        }
        self.outcome()
    }

    /// Stores the waiting cells and ends the thread. [`Keeper::outcome`] gives the result after the thread has ended.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
        self.flush();
    }

    /// Whether all cells could be stored so far.
    ///
    /// # Errors
    /// The error of the first cell that could not be stored.
    pub fn outcome(&self) -> Result<()> {
        self.lock().error.as_ref().map_or(Ok(()), |error| Err(Fault::unwritable(error.as_str()).into()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of a period; true at the end of the run.
    fn wait(&self) -> bool {
        let end = Instant::now() + PERIOD;
        let mut state = self.lock();
        while !state.closed {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn flush(&self) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        if let Err(error) = self.commit(waiting) {
            self.lock().error.get_or_insert(format!("{error:#}"));
        }
    }

    /// Syncs cells to disk together, and renames the synced ones.
    fn commit(&self, cells: Vec<StagedCell>) -> Result<()> {
        if cells.is_empty() {
            return Ok(());
        }
        let files: Vec<&Staged> = cells.iter().flat_map(|cell| cell.files()).collect();
        let mut synced = durable::sync_all(&files).into_iter();
        let mut outcome = Ok(());
        for cell in cells {
            let whole: Result<()> = synced.by_ref().take(cell.files().len()).collect::<Vec<_>>().into_iter().collect();
            outcome = outcome.and(whole.and_then(|()| cell.publish()));
        }
        files::sync_folder(&self.store.root().join("cells"));
        outcome
    }
}
