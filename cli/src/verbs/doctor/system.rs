//! What the agent needs of the system.

use super::Diagnosis;
use crate::host::Host;

/// Where events are copied to: the journal's own socket, or any syslog's.
const JOURNAL_SOCKETS: [&str; 2] = ["/run/systemd/journal/socket", "/dev/log"];

pub(super) fn look(host: &Host, diagnosis: &mut Diagnosis) {
    if !JOURNAL_SOCKETS.iter().any(|path| host.path(path).exists()) {
        diagnosis.find(
            "neither journald nor a syslog takes events: there is no copy of the ledger",
            "`systemctl status systemd-journald`",
        );
    }
}
