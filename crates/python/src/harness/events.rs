//! Work of the harness in a thread of its own, whose events the calling thread tells to Python.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use runner::cells::execute::STACK;
use runner::cells::interrupt;
use runner::event::{Event, Observer};
use serde_json::{Value, json};

use crate::convert::to_python;
use crate::errors::of_panic;

/// Time between two looks at signals.
const TICK: Duration = Duration::from_millis(50);

/// What a thread of the harness sends.
enum Message<T> {
    Event(Value),
    End(T),
}

/// Observer of a run: it sends events to the thread that waits.
pub struct Told<T>(Mutex<Sender<Message<T>>>);

impl<T> Told<T> {
    fn send(&self, message: Message<T>) {
        // If nobody waits any more, nobody wants to know.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).send(message);
    }
}

impl<T: Send> Observer for Told<T> {
    fn on_event(&self, event: &Event<'_>) {
        if let Some(value) = described(event) {
            self.send(Message::Event(value));
        }
    }
}

/// Does `work` in a thread without the lock of the interpreter. `on_event` gets each event as a dict, in the calling thread.
///
/// A signal such as Ctrl-C, or an error of `on_event`, ends the runs of the process: cells that are being computed end at
/// their next step, and finished cells are stored. The error is returned then. At a second signal the thread is left alone.
///
/// # Errors
/// An error of `on_event` or of a signal; a panic of `work`.
pub fn watched<T: Send + 'static>(
    py: Python<'_>,
    on_event: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&dyn Observer) -> T + Send + 'static,
) -> PyResult<T> {
    interrupt::by_caller();
    let (send, messages) = mpsc::channel();
    let job = move || {
        let told = Told(Mutex::new(send));
        let end = work(&told);
        told.send(Message::End(end));
    };
    thread::Builder::new()
        .name("polyalign run".into())
        .stack_size(STACK)
        .spawn(job)
        .map_err(|error| PyRuntimeError::new_err(format!("cannot start a thread: {error}")))?;
    let messages = Mutex::new(messages);
    let wait = || py.detach(|| messages.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(TICK));
    let mut interrupted: Option<PyErr> = None;
    loop {
        let got = wait();
        if let Err(error) = py.check_signals() {
            if interrupted.is_some() {
                return Err(error);
            }
            interrupt::end_runs();
            interrupted = Some(error);
        }
        match got {
            Ok(Message::End(end)) => return interrupted.map_or(Ok(end), Err),
            Ok(Message::Event(value)) => {
                if let Some(on_event) = on_event.filter(|_| interrupted.is_none())
                    && let Err(error) = on_event.call1((to_python(py, &value)?,))
                {
                    interrupt::end_runs();
                    interrupted = Some(error);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(interrupted.unwrap_or_else(of_panic)),
        }
    }
}

/// The event as JSON; `None` for events of other commands.
fn described(event: &Event<'_>) -> Option<Value> {
    Some(match event {
        Event::Data { used, stand_in, notes, warnings } => {
            json!({"event": "data", "data": used, "stand_in": stand_in, "notes": notes, "warnings": warnings})
        }
        Event::Swept { files } => json!({"event": "swept", "files": files}),
        Event::Damaged { cell, why } => json!({"event": "damaged", "cell": cell, "why": why}),
        Event::CellsBegin { cells, work } => json!({"event": "cells_begin", "cells": cells, "work": work}),
        Event::CellEnded { label, seconds, failures, work } => {
            json!({"event": "cell_ended", "label": label, "seconds": seconds, "failures": failures, "work": work})
        }
        Event::CellsEnded => json!({"event": "cells_ended"}),
        Event::RunEnded { name, before, done, failed, left } => {
            json!({"event": "run_ended", "name": name, "before": before, "done": done, "failed": failed, "left": left})
        }
        Event::Findings(findings) => json!({"event": "findings", "findings": findings}),
        Event::Warnings(warnings) => json!({"event": "warnings", "warnings": warnings}),
        _ => return None,
    })
}
