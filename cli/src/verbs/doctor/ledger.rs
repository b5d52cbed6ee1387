//! The ledger, against itself, the journal and the clock.

use writ_ledger::{ReadError, verify};

use super::Diagnosis;
use crate::host::Host;
use crate::moment::{local, now_wall_ms};
use crate::verbs::audit::{LEDGER, newest_head, newest_record_wall_ms};

/// Clocks are set back a little by time servers; more is somebody's doing. In
/// milliseconds.
const CLOCK_BACK_MS_MAX: u64 = 60_000;

pub(super) fn look(host: &Host, diagnosis: &mut Diagnosis) {
    // Read first: the agent writes on, and the ledger is always ahead.
    let told = newest_head(host).ok().flatten();
    let report = match verify(&host.path(LEDGER)) {
        Ok(report) => report,
        Err(ReadError::File(file)) if file.source.kind() == std::io::ErrorKind::NotFound => {
            return diagnosis
                .note("There is no ledger yet: the agent starts one when it runs first.");
        }
        Err(ReadError::File(file)) => return diagnosis.unreadable(LEDGER, &file.source),
        Err(error @ ReadError::Broken(_)) => {
            return diagnosis.find(error.to_string(), "`writ audit verify` says more");
        }
    };
    if let Some(broken) = &report.broken {
        diagnosis.find(
            format!("the ledger is broken: {broken}"),
            "find out how it came about, then `writ audit acknowledge --comment …`",
        );
        return;
    }
    if let (Some(head), Some(told)) = (report.head, told)
        && told.seq > head.link.seq
    {
        diagnosis.find(
            format!(
                "the ledger ends with number {}, the journal has number {}: lines were cut off",
                head.link.seq, told.seq
            ),
            "`writ audit verify` says more; find out who could write to the ledger",
        );
    }
    look_at_clock(host, diagnosis);
}

fn look_at_clock(host: &Host, diagnosis: &mut Diagnosis) {
    let now = now_wall_ms();
    if let Ok(Some(newest)) = newest_record_wall_ms(host)
        && newest > now.saturating_add(CLOCK_BACK_MS_MAX)
    {
        diagnosis.find(
            format!(
                "the clock says {}, but the newest event was recorded at {}: the clock was set back",
                local(now),
                local(newest)
            ),
            "set the clock (`timedatectl`); deadlines do not depend on it, the times on record do",
        );
    }
}
