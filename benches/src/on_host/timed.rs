//! Runs one command again and again, each time that it is told to.

use std::io::{self, BufRead, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// For each line of standard input: runs the command, and prints how long it took, in
/// nanoseconds.
///
/// # Panics
/// When it fails.
pub(crate) fn serve(command: &[&str]) {
    let mut stdout = io::stdout();
    for line in io::stdin().lock().lines() {
        line.expect("a readable standard input");
        let nanoseconds = time_of(command).as_nanos();
        writeln!(stdout, "{nanoseconds}").and_then(|()| stdout.flush()).expect("a reader");
    }
}

/// From before it is forked until it is waited for.
fn time_of(command: &[&str]) -> Duration {
    let mut program = Command::new(command[0]);
    program.args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = program.status().expect("a program that can be started");
    let took = start.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    took
}
