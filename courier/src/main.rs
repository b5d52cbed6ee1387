//! writ-courier: see [`writ_courier`].
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use writ_courier::enroll::enroll;
use writ_courier::limits::Pace;
use writ_courier::sentence;
use writ_courier::serve::{Places, serve};

/// How many threads may look up names at once.
const BLOCKING_THREADS_MAX: usize = 4;

/// Writ's way to the network: carries events to collectors, and questions to the hub
#[derive(Debug, Parser)]
#[command(name = "writ-courier", version, about, after_help = "See writd(8).")]
struct CommandLine {
    /// What to do; without it, carry.
    #[command(subcommand)]
    action: Option<Action>,
    /// The agent's socket.
    #[arg(long, default_value = writ_protocol::SOCKET_PATH, value_name = "PATH")]
    socket: PathBuf,
    /// What is kept: how far each collector is.
    #[arg(long, default_value = "/var/lib/writ-courier", value_name = "DIR")]
    state: PathBuf,
    /// For tests: how long until what was sent counts as delivered.
    #[arg(long, value_name = "MS", hide = true)]
    settles_after_ms: Option<u64>,
    /// For tests: the longest wait after a first failure.
    #[arg(long, value_name = "MS", hide = true)]
    first_wait_ms: Option<u64>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes this host known to a hub; `writ enroll` runs it.
    Enroll,
}

fn main() -> ExitCode {
    let CommandLine { action, socket, state, settles_after_ms, first_wait_ms } =
        CommandLine::parse();
    let usual = Pace::default();
    let pace = Pace {
        settles_after: settles_after_ms.map_or(usual.settles_after, Duration::from_millis),
        first_wait: first_wait_ms.map_or(usual.first_wait, Duration::from_millis),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build();
    let served = match runtime {
        Err(error) => Err(format!("no event loop: {error}")),
        Ok(runtime) => match action {
            None => {
                let served = runtime.block_on(serve(Places { socket, state, pace }));
                served.map_err(|error| sentence(&error))
            }
            Some(Action::Enroll) => {
                let enrolled = runtime.block_on(enroll(&state));
                let enrolled = enrolled.map(|host| println!("{host}"));
                enrolled.map_err(|error| sentence(&error))
            }
        },
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("writ-courier: {message}");
            ExitCode::FAILURE
        }
    }
}
