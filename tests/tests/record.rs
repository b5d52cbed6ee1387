//! The record: journal, syslog and ledger tell the same story, and nobody can forge it.

use writ_tests::{Host, scenarios};

scenarios! {
    prepare: nothing,
    both: [],
}

fn nothing(_host: &Host) {}
