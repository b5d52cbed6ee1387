//! The agent and its socket.

use std::fs;
use std::os::unix::fs::MetadataExt;

use writ_protocol::SOCKET_PATH;
use writ_protocol::answers::{Mode, Status};
use writ_protocol::calls;

use super::Diagnosis;
use crate::agent::Agent;
use crate::host::Host;
use crate::moment::local;
use crate::sudo::plugin::only_root_writes;

/// Everybody may connect; who calls is told by the kernel.
const SOCKET_MODE: u32 = 0o666;

/// Where the socket lies.
const SOCKET_FOLDER: &str = "/run/writ";

const OBSERVES: &str = "Writ observes: it records what it would decide and blocks nothing (mode = \"observe\" in /etc/writ/writ.toml).";

const NO_ROLES: &str = "Writ observes and has no role to go by; `writ init --approver NAME` writes a first policy, `--enforce` with it lets it bind.";

pub(super) fn look(host: &Host, diagnosis: &mut Diagnosis) {
    match Agent::connect(host) {
        Err(error) => diagnosis.find(
            error.to_string(),
            "`systemctl enable --now writd.socket`, then `journalctl -u writd` if it does not start",
        ),
        Ok(mut agent) => {
            look_at_socket(host, diagnosis);
            match agent.call(&calls::Status {}) {
                Ok(status) => look_at_status(&status, diagnosis),
                Err(error) => diagnosis.find(
                    error.to_string(),
                    "`systemctl restart writd`, then `journalctl -u writd`",
                ),
            }
        }
    }
}

/// Who could put another socket there would be the agent.
fn look_at_socket(host: &Host, diagnosis: &mut Diagnosis) {
    if !only_root_writes(host, SOCKET_FOLDER.as_ref()) {
        diagnosis.find(
            format!("{SOCKET_FOLDER} is not root's alone: others could take the agent's place"),
            "`systemctl restart writd.socket` after `chown root:root /run/writ; chmod 0755 /run/writ`",
        );
    }
    let mode = fs::metadata(host.socket()).map_or(0, |socket| socket.mode() & 0o777);
    if mode != SOCKET_MODE {
        diagnosis.find(
            format!("{SOCKET_PATH} has mode {mode:04o}, so that not everybody can ask the agent"),
            "`systemctl restart writd.socket` makes it anew with mode 0666",
        );
    }
}

fn look_at_status(status: &Status, diagnosis: &mut Diagnosis) {
    if let Some(why) = &status.sealed {
        diagnosis.find(
            format!("the agent refuses everything: {why}"),
            "look at it with `writ audit verify`, find out how it came about, then `writ audit acknowledge --comment …`",
        );
    }
    if let Some(error) = &status.policy_error {
        let since = local(status.policy_loaded_wall_ms);
        diagnosis.find(
            format!("the policy files were not taken, those of {since} are in force:\n{error}"),
            "mend the place and `systemctl reload writd`",
        );
    }
    diagnosis.findings.extend(status.findings.iter().cloned());
    diagnosis.note(match status.mode {
        Mode::Enforce => "Writ enforces its policy.",
        Mode::Observe if status.roles == 0 => NO_ROLES,
        Mode::Observe => OBSERVES,
    });
    if status.journal_lines_dropped > 0 {
        diagnosis.note(format!(
            "The journal did not take {} lines in time; the ledger has them.",
            status.journal_lines_dropped
        ));
    }
}
