//! writ-pam: speaks to PAM on behalf of Writ, in a process of its own.
//!
//! ```text
//! writ-pam account SERVICE USER
//! ```
//!
//! says what the account stack of SERVICE makes of USER: one line, the code of pam(3)
//! and its words.
//!
//! ```text
//! writ-pam prove USER
//! ```
//!
//! lets whoever is at the other end of standard input, a socket, prove to the service
//! `writ` that he is USER (see `talk`). The agent has PID 1 start it, as root.
//!
//! Modules may hang, crash or end the process that loads them, so neither the agent nor
//! `writ` loads any: they start this, and bound its time. Memory that held an answer is
//! cleared; the service's limit of core(5) is 0.
#![deny(unsafe_code)]

mod pam;
mod talk;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::talk::Talk;

/// Wrong usage, as of `writ`.
const USAGE: u8 = 2;

/// The service by which approvers prove who they are.
const SERVICE: &str = "writ";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["account", service, user] => account(service, user),
        ["prove", user] => prove(user),
        _ => usage(),
    }
}

fn account(service: &str, user: &str) -> ExitCode {
    let (Some(service), Some(user)) = (pam::word(service), pam::word(user)) else {
        return usage();
    };
    let said = pam::account(&service, &user);
    match writeln!(io::stdout(), "account {} {}", said.code, said.words) {
        Ok(()) if said.code == pam::PAM_SUCCESS => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn prove(user: &str) -> ExitCode {
    let (Some(service), Some(user)) = (pam::word(SERVICE), pam::word(user)) else {
        return usage();
    };
    let Ok(mut talk) = Talk::over_stdin() else {
        return usage();
    };
    let said = pam::prove(&service, &user, &mut talk);
    let (proved, words) = match said.code {
        pam::PAM_SUCCESS => (b'+', ""),
        _ => (b'-', said.words.as_str()),
    };
    match talk.say(proved, words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: writ-pam account SERVICE USER\n       writ-pam prove USER");
    ExitCode::from(USAGE)
}
