//! The ledger's head as the journal has it. A chain cannot show by itself that
//! lines were cut off at its end; a copy that is kept elsewhere can.

use std::io;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::host::Host;

/// How many of the agent's newest journal entries are looked through: few of them
/// do not name the ledger's head.
const ENTRIES_MAX: &str = "200";

/// A place in the ledger's chain, as the agent told it to the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JournalHead {
    /// The number of the line, from 1.
    pub(crate) seq: u64,
    /// Its digest, 64 hexadecimal digits.
    pub(crate) digest: String,
}

#[derive(Debug, Deserialize)]
struct JournalEntry {
    #[serde(rename = "WRIT_LEDGER_SEQ")]
    seq: String,
    #[serde(rename = "WRIT_LEDGER_HEAD")]
    digest: String,
}

/// The newest head that the journal has; `None` where it has none that the caller
/// may read. Only root's own entries count.
///
/// # Errors
/// When journalctl(1) cannot be run.
pub(crate) fn newest_head(host: &Host) -> io::Result<Option<JournalHead>> {
    let output = Command::new(host.path("/usr/bin/journalctl"))
        .args(["--quiet", "--no-pager", "--output=json", "--reverse"])
        .arg(format!("--lines={ENTRIES_MAX}"))
        .arg("--output-fields=WRIT_LEDGER_SEQ,WRIT_LEDGER_HEAD")
        .args(["_UID=0", "SYSLOG_IDENTIFIER=writd"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    Ok(newest_in(&String::from_utf8_lossy(&output.stdout)))
}

/// The first of the lines that names a head; they are newest first.
fn newest_in(lines: &str) -> Option<JournalHead> {
    lines.lines().find_map(|line| {
        let entry: JournalEntry = serde_json::from_str(line).ok()?;
        Some(JournalHead { seq: entry.seq.parse().ok()?, digest: entry.digest })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_without_a_head_are_passed_over() {
        let lines = "{\"MESSAGE\":\"x\"}\n\
                     {\"WRIT_LEDGER_SEQ\":\"17\",\"WRIT_LEDGER_HEAD\":\"ab\",\"__CURSOR\":\"c\"}\n\
                     {\"WRIT_LEDGER_SEQ\":\"16\",\"WRIT_LEDGER_HEAD\":\"cd\"}\n";
        let head = newest_in(lines).unwrap();
        assert_eq!((head.seq, head.digest.as_str()), (17, "ab"));
        assert_eq!(newest_in("no json"), None);
    }
}
