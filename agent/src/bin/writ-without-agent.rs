//! writ-without-agent: answers one door while the agent cannot be reached, see
//! [`writ_agent::without_agent`]. PID 1 starts it for a connection, which is its standard
//! input (systemd.socket(5), `Accept=yes`).
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use clap::Parser;
use writ_agent::settings::Places;
use writ_agent::without_agent::{AnswerError, answer};

/// Answers one question of sudo or PAM while Writ's agent cannot be reached
#[derive(Debug, Parser)]
#[command(name = "writ-without-agent", version)]
struct CommandLine {
    #[command(flatten)]
    places: Places,
}

fn main() -> ExitCode {
    let CommandLine { places } = CommandLine::parse();
    let answered = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(AnswerError::from)
        .and_then(|connection| answer(UnixStream::from(connection), &places));
    match answered {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
