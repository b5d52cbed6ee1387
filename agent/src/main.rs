//! writd: see [`writ_agent`].
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use writ_agent::policy_files;
use writ_agent::sentence;
use writ_agent::serve::serve;
use writ_agent::settings::{Action, CommandLine, Places};
use writ_protocol::Connection;
use writ_protocol::calls::Reload;

/// How long a reload may take.
const RELOAD_MAX: Duration = Duration::from_secs(30);

/// How many threads may look at files and names at once.
const BLOCKING_THREADS_MAX: usize = 8;

fn main() -> ExitCode {
    let CommandLine { action, places } = CommandLine::parse();
    let done = match action {
        None => run(places),
        Some(Action::Reload) => reload(&places),
        Some(Action::Check { dir }) => policy_files::read(&dir).map(drop),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("writd: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(places: Places) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build()
        .map_err(|error| format!("no event loop: {error}"))?;
    runtime.block_on(serve(places)).map_err(|error| sentence(&error))
}

/// The agent reads its files itself; what is wrong with them comes back.
fn reload(places: &Places) -> Result<(), String> {
    let mut connection =
        Connection::open(&places.socket, RELOAD_MAX).map_err(|error| error.to_string())?;
    connection.call(&Reload {}, RELOAD_MAX).map(drop).map_err(|error| error.to_string())
}
