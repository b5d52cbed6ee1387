//! `writ-hub`: see [`writ_hub`].
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;
use writ_hub::command_line::CommandLine;
use writ_hub::verbs;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no event loop: {error}"))
        .and_then(|runtime| runtime.block_on(verbs::run(line)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("writ-hub: {message}");
            ExitCode::FAILURE
        }
    }
}
