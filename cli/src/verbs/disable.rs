//! `writ disable`: a door no longer asks Writ.

mod pam;
mod sudo;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::screen::print;
use crate::verbs::Door;

/// Let a door no longer ask Writ
///
/// Takes Writ's lines out of /etc/sudo.conf, or out of the files of services of PAM, by
/// rename; everything else in them stays. Needs no agent. Done twice, it changes nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The door
    door: Door,

    /// Services of PAM; without any, all that ask
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// Do nothing unless an `enable --rollback-after` waits for its confirmation
    #[arg(long, conflicts_with = "services")]
    if_unconfirmed: bool,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    if !host.is_mine() {
        return Err(Failure::NotRoot(match arguments.door {
            Door::Sudo => "writ disable sudo",
            Door::Pam => "writ disable pam",
        }));
    }
    match arguments.door {
        Door::Sudo if !arguments.services.is_empty() => {
            let sentence = "`writ disable sudo` takes no services; those are of `writ disable pam`";
            return Err(Failure::verb(Exit::Usage, sentence));
        }
        Door::Sudo => print(sudo::run(host, arguments)?)?,
        Door::Pam => print(&pam::run(host, arguments)?)?,
    }
    Ok(Exit::Done)
}
