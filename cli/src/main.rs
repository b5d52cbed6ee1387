//! `writ`, the command-line tool of Writ.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    writ_cli::run()
}
