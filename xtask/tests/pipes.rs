//! A reader of the project's commands who has seen enough.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Stdio};

#[test]
fn a_reader_who_leaves_ends_nothing_and_is_no_error() {
    for args in [&["reproduce"][..], &["embed"], &["tidy"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(args).stdout(writer).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // What tidy finds is not what is asked here.
        let fine = output.status.success() || args == ["tidy"] && output.status.code() == Some(1);
        assert!(fine && !said.contains("panicked") && !said.contains("Broken pipe"), "{args:?}: {said}");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut unread = Command::new(env!("CARGO_BIN_EXE_xtask"));
    unread.args(["reproduce", "no such target"]).stderr(writer).stdout(Stdio::null());
    assert_eq!(unread.status().unwrap().code(), Some(1), "a failure is one, read or not");
}
