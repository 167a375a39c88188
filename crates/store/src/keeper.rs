//! Finished cells on their way to disk.
//!
//! With [`Durability::Cell`] a cell is forced to disk and renamed before its worker goes on. With
//! [`Durability::Batch`] cells wait beside their places, and every two seconds a thread forces all of them to disk
//! together and then renames them; a cell counts as done only once it is renamed.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use files::Staged;

use crate::cells::{StagedCell, Store};
use crate::durable::{self, Durability};

/// Longest wait of a finished cell.
const PERIOD: Duration = Duration::from_secs(2);
/// Cells that wait at most: more would only pile up what a crash costs.
const MOST: usize = 256;

/// Takes finished cells until it is closed.
pub struct Keeper<'a> {
    store: &'a Store,
    durability: Durability,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<StagedCell>,
    /// Of the first cell that could not be kept.
    error: Option<String>,
    closed: bool,
}

impl<'a> Keeper<'a> {
    /// A keeper of cells of this store.
    pub fn new(store: &'a Store, durability: Durability) -> Self {
        Self { store, durability, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Starts the thread that keeps what waits; to be followed by [`Keeper::close`].
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
    /// This cell, or one before it, could not be kept.
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

    /// Keeps what waits and ends. What that came to, [`Keeper::outcome`] says once the thread has ended too.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
        self.flush();
    }

    /// Whether all cells could be kept so far.
    ///
    /// # Errors
    /// That of the first that could not.
    pub fn outcome(&self) -> Result<()> {
        self.lock().error.as_ref().map_or(Ok(()), |error| Err(anyhow!("{error}")))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of a period; whether this is the end of all.
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

    /// Forces cells to disk together and renames those that are there.
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
