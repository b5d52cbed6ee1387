//! `writ host-key`: what others verify this host's questions with.

use writ_protocol::signed::HostKey;
use writ_protocol::text::shown;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::{print, print_json};

/// Show the public key of this host
///
/// The host signs its questions with it. The first line goes into the approver's
/// ~/.config/writ/hosts, which `writ sign` reads; the second is its fingerprint, to
/// compare by voice.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON: {"host": "…", "key": "…", "fingerprint": "SHA256:…"}
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let key = Agent::connect(host)?.call(&HostKey {})?;
    if arguments.json {
        print_json(&key)?;
    } else {
        let (name, line) = (shown(&key.host), shown(&key.key));
        print(&format!("{name} {line}\n# {}\n", shown(&key.fingerprint)))?;
    }
    Ok(Exit::Done)
}
