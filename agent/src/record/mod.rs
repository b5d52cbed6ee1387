//! The record that others read: journald, and through it the local syslog.
//!
//! They are copies: the ledger has every event first, and nothing waits for them.
//! One entry an event goes to the journal; its `MESSAGE` is the line of
//! `key="value"` pairs that the journal hands on to syslog (`ForwardToSyslog=`,
//! journald.conf(5)), so that each event is one line there too. Where there is no
//! journal the same line goes to `/dev/log` as RFC 3164 has it.

mod entry;
#[cfg(test)]
mod explanations;
mod journal;
mod message_id;
mod writer;

pub(crate) use entry::{Entry, run_as, wanted};
pub(crate) use message_id::message_id;
pub(crate) use writer::{JournalWriter, LedgerPlace};
