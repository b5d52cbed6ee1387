//! Logs that `writ replay` reads.

use writ_cli::{LogSource, acts_in_log};

/// Any file is read to its end, and no more acts come out of it than it has lines.
pub fn run(data: &[u8]) {
    for source in [LogSource::AuthLog, LogSource::SudoJson, LogSource::Journal] {
        let acts = acts_in_log(source, data).expect("bytes in memory can be read");
        let lines = data.split(|byte| *byte == b'\n').count();
        assert!(acts <= lines, "{acts} acts in {lines} lines of {source:?}");
    }
}
