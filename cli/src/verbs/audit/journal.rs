//! The ledger's head as the journal has it. A chain cannot show by itself that
//! lines were cut off at its end; a copy that is kept elsewhere can.

use std::io;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::host::Host;

/// How many of the agent's newest journal entries are looked through. A tail that
/// was cut off is missed for as long as its entries are among them, however the
/// agent went on.
const ENTRIES_MAX: &str = "2000";

/// After this event the ledger goes on from before a break: what the journal has
/// from earlier may be in the part that was put aside.
const ACKNOWLEDGED: &str = "ledger.acknowledged";

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
    #[serde(rename = "WRIT_EVENT")]
    event: Option<String>,
    #[serde(rename = "WRIT_LEDGER_SEQ")]
    seq: Option<String>,
    #[serde(rename = "WRIT_LEDGER_HEAD")]
    digest: Option<String>,
}

/// The newest head that the journal has, as of [`heads`].
///
/// # Errors
/// As [`heads`].
pub(crate) fn newest_head(host: &Host) -> io::Result<Option<JournalHead>> {
    Ok(heads(host)?.into_iter().next())
}

/// The heads that the journal has, newest first, back to the last break that root
/// acknowledged; none where the caller may not read it. Only root's own entries
/// count.
///
/// # Errors
/// When journalctl(1) cannot be run.
pub(crate) fn heads(host: &Host) -> io::Result<Vec<JournalHead>> {
    let output = Command::new(host.path("/usr/bin/journalctl"))
        .args(["--quiet", "--no-pager", "--output=json", "--reverse"])
        .arg(format!("--lines={ENTRIES_MAX}"))
        .arg("--output-fields=WRIT_EVENT,WRIT_LEDGER_SEQ,WRIT_LEDGER_HEAD")
        .args(["_UID=0", "SYSLOG_IDENTIFIER=writd"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    Ok(heads_in(&String::from_utf8_lossy(&output.stdout)))
}

/// The heads that the lines name; they are newest first.
fn heads_in(lines: &str) -> Vec<JournalHead> {
    let mut heads = Vec::new();
    for line in lines.lines() {
        let Ok(entry) = serde_json::from_str::<JournalEntry>(line) else { continue };
        if let (Some(seq), Some(digest)) = (entry.seq, entry.digest)
            && let Ok(seq) = seq.parse()
        {
            heads.push(JournalHead { seq, digest });
        }
        if entry.event.as_deref() == Some(ACKNOWLEDGED) {
            break;
        }
    }
    heads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_without_a_head_are_passed_over() {
        let lines = "{\"MESSAGE\":\"x\"}\n\
                     {\"WRIT_LEDGER_SEQ\":\"17\",\"WRIT_LEDGER_HEAD\":\"ab\",\"__CURSOR\":\"c\"}\n\
                     {\"WRIT_LEDGER_SEQ\":\"16\",\"WRIT_LEDGER_HEAD\":\"cd\"}\n";
        let seqs: Vec<u64> = heads_in(lines).iter().map(|head| head.seq).collect();
        assert_eq!(seqs, [17, 16]);
        assert_eq!(heads_in("no json"), []);
    }

    #[test]
    fn what_is_older_than_an_acknowledged_break_is_not_compared() {
        let lines = "{\"WRIT_LEDGER_SEQ\":\"9\",\"WRIT_LEDGER_HEAD\":\"ab\"}\n\
                     {\"WRIT_EVENT\":\"ledger.acknowledged\",\"WRIT_LEDGER_SEQ\":\"8\",\
                     \"WRIT_LEDGER_HEAD\":\"cd\"}\n\
                     {\"WRIT_LEDGER_SEQ\":\"17\",\"WRIT_LEDGER_HEAD\":\"ef\"}\n";
        let seqs: Vec<u64> = heads_in(lines).iter().map(|head| head.seq).collect();
        assert_eq!(seqs, [9, 8]);
    }
}
