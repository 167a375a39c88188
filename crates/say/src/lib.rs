//! Output of the project's programs.
//!
//! `println!` panics if nobody reads any more (`runner list methods | head -1`), and if a redirected file finds no room on the
//! disk. With this crate, a command continues and ends as usual if its reader has left. Any other error of standard output is
//! kept until the end of the program, which then reports it and fails: [`trouble`].

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};
use std::sync::{Mutex, PoisonError};

/// The first error of standard output, except that the reader has left.
static TROUBLE: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line on standard output, like `println!`, without a panic if nobody reads it.
#[macro_export]
macro_rules! out {
    ($($line:tt)*) => { $crate::line(::std::format_args!($($line)*)) };
}

/// Prints a line on standard error, like `eprintln!`, without a panic if nobody reads it.
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

/// Prints a line on standard error. If that fails, there is no place left to report it.
pub fn error_line(line: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(format_args!("{line}\n"));
}

fn note(error: io::Error) {
    if error.kind() != ErrorKind::BrokenPipe {
        TROUBLE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// The reason why not all output was written, such as a full disk. A reader who has left is no error.
pub fn trouble() -> Option<String> {
    let trouble = TROUBLE.lock().unwrap_or_else(PoisonError::into_inner);
    trouble.as_ref().map(|error| format!("cannot write to standard output: {error}"))
}

/// The example of the README, compiled with the examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
