//! The verbs, each in a file of its own.

mod answer;
mod approve;
mod audit;
pub(crate) mod r#become;
mod breakglass;
mod cancel;
mod check;
mod deny;
mod disable;
mod doctor;
mod enable;
mod end;
mod enroll;
mod explain;
mod extend;
mod fmt;
mod host_key;
mod init;
mod offline;
mod pending;
mod replay;
mod report;
mod request;
mod revoke;
mod roles;
mod run;
mod shell;
mod show;
mod sign;
mod status;

use std::fmt::{Display, Formatter, Result as FmtResult};

use clap::{Subcommand, ValueEnum};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;

/// What `writ` can be told to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Request(request::Arguments),
    Run(run::Arguments),
    Shell(shell::Arguments),
    Breakglass(breakglass::Arguments),
    Roles(roles::Arguments),
    Status(status::Arguments),
    Extend(extend::Arguments),
    Cancel(cancel::Arguments),
    End(end::Arguments),
    Pending(pending::Arguments),
    Show(show::Arguments),
    Approve(approve::Arguments),
    Deny(deny::Arguments),
    Offline(offline::Arguments),
    Sign(sign::Arguments),
    Answer(answer::Arguments),
    HostKey(host_key::Arguments),
    Revoke(revoke::Arguments),
    Init(init::Arguments),
    Check(check::Arguments),
    Fmt(fmt::Arguments),
    Explain(explain::Arguments),
    Report(report::Arguments),
    Replay(replay::Arguments),
    Enable(enable::Arguments),
    Disable(disable::Arguments),
    Doctor(doctor::Arguments),
    Enroll(enroll::Arguments),
    #[command(subcommand, disable_help_subcommand = true)]
    Audit(audit::Verb),
}

/// Where escalations are caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Door {
    /// Every command of sudo(8), through its plugin interface.
    Sudo,
    /// Services of PAM, such as su and sshd, each by its file in /etc/pam.d.
    Pam,
}

impl Display for Door {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> FmtResult {
        formatter.write_str(match self {
            Self::Sudo => "sudo",
            Self::Pam => "pam",
        })
    }
}

impl Verb {
    /// Does it.
    pub(crate) fn run(&self, host: &Host) -> Result<Exit, Failure> {
        match self {
            Self::Request(arguments) => request::run(host, arguments),
            Self::Run(arguments) => run::run(host, arguments),
            Self::Shell(arguments) => shell::run(host, arguments),
            Self::Breakglass(arguments) => breakglass::run(host, arguments),
            Self::Roles(arguments) => roles::run(host, arguments),
            Self::Status(arguments) => status::run(host, arguments),
            Self::Extend(arguments) => extend::run(host, arguments),
            Self::Cancel(arguments) => cancel::run(host, arguments),
            Self::End(arguments) => end::run(host, arguments),
            Self::Pending(arguments) => pending::run(host, arguments),
            Self::Show(arguments) => show::run(host, arguments),
            Self::Approve(arguments) => approve::run(host, arguments),
            Self::Deny(arguments) => deny::run(host, arguments),
            Self::Offline(arguments) => offline::run(host, arguments),
            Self::Sign(arguments) => sign::run(host, arguments),
            Self::Answer(arguments) => answer::run(host, arguments),
            Self::HostKey(arguments) => host_key::run(host, arguments),
            Self::Revoke(arguments) => revoke::run(host, arguments),
            Self::Init(arguments) => init::run(host, arguments),
            Self::Check(arguments) => check::run(host, arguments),
            Self::Fmt(arguments) => fmt::run(host, arguments),
            Self::Explain(arguments) => explain::run(host, arguments),
            Self::Report(arguments) => report::run(host, arguments),
            Self::Replay(arguments) => replay::run(host, arguments),
            Self::Enable(arguments) => enable::run(host, arguments),
            Self::Disable(arguments) => disable::run(host, arguments),
            Self::Doctor(arguments) => doctor::run(host, arguments),
            Self::Enroll(arguments) => enroll::run(host, arguments),
            Self::Audit(verb) => audit::run(host, verb),
        }
    }
}
