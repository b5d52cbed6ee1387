//! writ-remote: see [`writ_remote`].
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    writ_remote::run()
}
