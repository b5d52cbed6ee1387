//! The journal's `MESSAGE_ID` of each event. The catalog that is shipped is their
//! only source, so that an event and its explanation cannot drift apart.

use std::collections::HashMap;
use std::sync::OnceLock;

/// The message catalog (`journalctl --catalog`).
const CATALOG: &str = include_str!("../../../systemd/writ.catalog");

/// The ID of an event's name: 32 hexadecimal digits.
#[must_use]
pub(crate) fn message_id(event: &str) -> Option<&'static str> {
    static IDS: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    IDS.get_or_init(read_catalog).get(event).copied()
}

/// Above each entry (`-- ID`) a comment names its event (`# request.opened`).
fn read_catalog() -> HashMap<&'static str, &'static str> {
    CATALOG
        .lines()
        .zip(CATALOG.lines().skip(1))
        .filter_map(|(above, line)| Some((above.strip_prefix("# ")?, line.strip_prefix("-- ")?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_an_id_of_its_own() {
        let events = [
            "request.opened",
            "request.joined",
            "request.escalated",
            "request.cancelled",
            "request.expired",
            "decision.made",
            "request.denied",
            "answer.refused",
            "grant.started",
            "grant.extended",
            "grant.ended",
            "command.started",
            "command.finished",
            "subcommand.started",
            "session.ended",
            "break_glass.used",
            "break_glass.reviewed",
            "policy.loaded",
            "policy.refused",
            "agent.started",
            "agent.stopped",
            "ledger.acknowledged",
            "door.changed",
        ];
        let mut ids: Vec<&str> =
            events.iter().map(|event| message_id(event).expect(event)).collect();
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), events.len());
    }
}
