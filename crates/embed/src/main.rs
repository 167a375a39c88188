//! `embed`: the command line.

fn main() {}
