//! What the project's programs print.
//!
//! `println!` panics where nobody reads any more (`runner list methods | head -1`) and where a redirected file finds no room.
//! Here a reader who has seen enough ends nothing: what a command does goes on, and it ends as it would have. Any other
//! trouble with standard output is kept for the end, where the program says so and fails: [`trouble`].

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};
use std::sync::{Mutex, PoisonError};

/// The first trouble with standard output that was not a reader's leaving.
static TROUBLE: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line on standard output, as `println!` does where somebody reads it.
#[macro_export]
macro_rules! out {
    ($($line:tt)*) => { $crate::line(::std::format_args!($($line)*)) };
}

/// Prints a line on standard error, as `eprintln!` does where somebody reads it.
#[macro_export]
macro_rules! err {
    ($($line:tt)*) => { $crate::error_line(::std::format_args!($($line)*)) };
}

/// Prints a line on standard output.
pub fn line(line: Arguments<'_>) {
    print(format_args!("{line}\n"));
}

/// Prints on standard output.
pub fn print(text: Arguments<'_>) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        note(error);
    }
}

/// Prints a line on standard error. Where that cannot be, there is nobody left to tell.
pub fn error_line(line: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(format_args!("{line}\n"));
}

fn note(error: io::Error) {
    if error.kind() != ErrorKind::BrokenPipe {
        TROUBLE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Why not all that was printed came to its place, such as a full disk; a reader who has left is no trouble.
pub fn trouble() -> Option<String> {
    let trouble = TROUBLE.lock().unwrap_or_else(PoisonError::into_inner);
    trouble.as_ref().map(|error| format!("cannot write to standard output: {error}"))
}

/// The example of the README, compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
