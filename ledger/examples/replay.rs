//! Measures the ledger: appending and replaying 100,000 records of about 500 bytes.
//!
//! `cargo run --release -p writ-ledger --example replay [DIRECTORY]`

use std::convert::Infallible;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use writ_ledger::{Durability, Ledger, Options, Record, verify};

const RECORDS: usize = 100_000;
const RECORD_BYTES: usize = 500;
const BATCH_RECORDS: usize = 16;
const SYNCED_RECORDS: usize = 1000;

/// All in one segment, so that opening replays all of it.
const OPTIONS: Options = Options { segment_bytes: u64::MAX, group: None };

fn main() -> Result<(), Box<dyn Error>> {
    let home = tempfile::tempdir()?;
    let directory =
        std::env::args_os().nth(1).map_or_else(|| home.path().join("ledger"), PathBuf::from);
    let filler = "x".repeat(RECORD_BYTES - "{\"filler\":\"\"}".len());
    let record = Record::from_json(&format!("{{\"filler\":\"{filler}\"}}"))?;

    let (mut ledger, _) = open(&directory)?;
    let batch = vec![record.clone(); BATCH_RECORDS];
    let start = Instant::now();
    for _ in 0..RECORDS / BATCH_RECORDS {
        ledger.append(&batch, Durability::WrittenThrough)?;
    }
    ledger.sync()?;
    say("append, written through", RECORDS, start.elapsed());

    drop(ledger);
    let start = Instant::now();
    let (mut ledger, lines) = open(&directory)?;
    say("replay", lines, start.elapsed());

    let start = Instant::now();
    for _ in 0..SYNCED_RECORDS {
        ledger.append(std::slice::from_ref(&record), Durability::Synced)?;
    }
    say("append, synced one by one", SYNCED_RECORDS, start.elapsed());

    let start = Instant::now();
    let report = verify(&directory)?;
    say("verify", usize::try_from(report.lines)?, start.elapsed());
    Ok(())
}

fn open(directory: &std::path::Path) -> Result<(Ledger, usize), Box<dyn Error>> {
    let mut lines = 0;
    let (ledger, _) = Ledger::open(directory, OPTIONS, |_| {
        lines += 1;
        Ok::<_, Infallible>(())
    })?;
    Ok((ledger, lines))
}

fn say(what: &str, lines: usize, took: Duration) {
    let seconds = took.as_secs_f64();
    let count = f64::from(u32::try_from(lines).unwrap_or(u32::MAX));
    println!(
        "{what:<26} {lines:>7} lines  {:>8.1} ms  {:>9.0} lines/s",
        seconds * 1000.0,
        count / seconds
    );
}
