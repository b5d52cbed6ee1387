//! `writ enroll`: makes this host known to its hub.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::unistd::geteuid;
use serde::Serialize;
use writ_protocol::courier::{Enroll, Enrollment, HubSettings};
use writ_protocol::text::shown;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::print;

/// The longest file with a token, in bytes.
const TOKEN_FILE_BYTES_MAX: u64 = 1024;

/// What speaks to the network, and with which rights: its account's, and the box of its
/// unit as far as it goes for a moment.
const COURIER: &str = "/usr/libexec/writ/writ-courier";
const BOX: &[&str] = &[
    "User=writ-courier",
    "Group=writ-courier",
    "StateDirectory=writ-courier",
    "StateDirectoryMode=0700",
    "UMask=0077",
    "CapabilityBoundingSet=",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "RuntimeMaxSec=120",
];

/// Make this host known to the hub, where approvers answer from afar
///
/// As root. The hub is the one of [hub] in writ.toml. `writ-hub token` prints a token
/// there; it is asked for here, or read from a file.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The hub, to be sure that it is the one of writ.toml
    url: Option<String>,
    /// Read the token from a file instead of standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// What the courier is given.
#[derive(Serialize)]
struct Prepared {
    hub: HubSettings,
    token: String,
    host: String,
    key: String,
    signature: String,
}

/// Why the host was not enrolled.
#[derive(Debug, thiserror::Error)]
enum EnrollFailure {
    #[error("the token cannot be read: {0}")]
    Token(io::Error),
    #[error(
        "the hub of writ.toml is {known}, not {named}; change `url` in its table [hub] and `systemctl reload writd`, or name that one"
    )]
    OtherHub { known: String, named: String },
    #[error("{COURIER} cannot be run: {0}")]
    Courier(io::Error),
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    if !geteuid().is_root() {
        return Err(Failure::NotRoot("writ enroll"));
    }
    let failed = |error: EnrollFailure| Failure::verb(Exit::Failed, error);
    let token = token(arguments).map_err(|error| failed(EnrollFailure::Token(error)))?;
    let enroll = Enroll { token: token.trim().to_owned() };
    let Enrollment { hub, host: name, key, signature } = Agent::connect(host)?.call(&enroll)?;
    if let Some(named) = &arguments.url
        && named.trim_end_matches('/') != hub.url
    {
        let (known, named) = (shown(&hub.url), shown(named));
        return Err(failed(EnrollFailure::OtherHub { known, named }));
    }
    let url = shown(&hub.url);
    let prepared = Prepared { hub, token: enroll.token, host: name, key, signature };
    if !send(host, &prepared).map_err(|error| failed(EnrollFailure::Courier(error)))? {
        // It has said why.
        return Ok(Exit::Failed);
    }
    print(&format!("This host is enrolled at {url}.\n"))?;
    Ok(Exit::Done)
}

fn token(arguments: &Arguments) -> io::Result<String> {
    let mut token = String::new();
    match &arguments.token_file {
        Some(path) => {
            File::open(path)?.take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut token)?;
        }
        None => {
            eprint!("Token of the hub (`writ-hub token` prints one there): ");
            io::stdin().read_line(&mut token)?;
        }
    }
    Ok(token)
}

/// Has the courier send it; what goes wrong, it says on standard error.
fn send(host: &Host, prepared: &Prepared) -> io::Result<bool> {
    let mut run = Command::new(host.path("/usr/bin/systemd-run"));
    run.args(["--quiet", "--wait", "--pipe", "--collect", "--service-type=exec"]);
    run.args(BOX.iter().map(|property| format!("--property={property}")));
    let mut run =
        run.args([COURIER, "enroll"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let input = serde_json::to_vec(prepared)?;
    if let Some(mut stdin) = run.stdin.take() {
        // A courier that has ended has said why.
        let _ = stdin.write_all(&input);
    }
    Ok(run.wait()?.success())
}
