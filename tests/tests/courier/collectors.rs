//! What rsyslog gets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use writ_tests::{Host, PATIENCE};

use crate::{POLICY, is_there, with_collectors};

const OVER_TCP: &str = "/var/log/collected-tcp.log";
const OVER_UDP: &str = "/var/log/collected-udp.log";

pub(crate) fn without_collectors_the_courier_is_not_there(host: &Host) {
    assert!(!is_there(host));
    assert!(!host.has("/var/lib/writ/courier-wanted"));
    with_collectors(host);
    host.take_policy(POLICY);
    host.wait_until("the courier to end", PATIENCE, || !is_there(host));
    let told = host.root(&["systemctl", "show", "--property=Result,NRestarts", "writ-courier"]);
    assert!(told.ok().contains("Result=success"), "{told}");
    host.root(&["writ", "doctor"]).ok();
}

pub(crate) fn every_event_reaches_rsyslog_with_the_fields_of_the_journal(host: &Host) {
    with_collectors(host);
    host.as_user("alice", "sudo -n echo 'a \"b\" ] \\ é'").ok();
    let id = host.as_user("alice", "writ request --no-wait -- touch /srv/collected");
    let id = id.ok().trim().to_owned();
    host.as_user("bob", &format!("writ approve {id} --yes --comment 'well ]'")).ok();
    host.as_user("alice", "sudo -n touch /srv/collected").ok();
    await_all(host, OVER_TCP);
    await_all(host, OVER_UDP);
    have_the_fields_of_the_journal(host, OVER_TCP);
    let told = host.root(&["writ", "status"]);
    for url in ["tcp://127.0.0.1:10601", "udp://[::1]:10514"] {
        assert!(told.ok().contains(url), "{told}");
    }
}

/// Each entry of the journal that names its line in the ledger has the same fields.
#[track_caller]
pub(crate) fn have_the_fields_of_the_journal(host: &Host, file: &str) {
    let journal = host.root(&["journalctl", "--all", "--output=json", "SYSLOG_IDENTIFIER=writd"]);
    let entries = journal.ok().lines().filter_map(|line| serde_json::from_str(line).ok());
    let messages = messages(host, file);
    let mut compared = 0;
    for entry in entries.collect::<Vec<Value>>() {
        let Some(seq) = entry["WRIT_LEDGER_SEQ"].as_str() else { continue };
        let message = &messages[&seq.parse::<u64>().expect("a number")];
        let fields = entry.as_object().expect("an entry");
        for (name, value) in fields.iter().filter(|(name, _)| name.starts_with("WRIT_")) {
            let value = value.as_str().expect("a text");
            // rsyslog writes the structured data as it came.
            let escaped: String = value.chars().flat_map(escaped).collect();
            assert!(message.contains(&format!(" {name}=\"{escaped}\"")), "{name}: {message}");
            compared += 1;
        }
        let event = fields["WRIT_EVENT"].as_str().expect("a text");
        let host_name = host.root(&["uname", "-n"]);
        let start = format!("writd {event} {} [writ@32473 ", host_name.ok().trim());
        assert!(message.starts_with(&start), "{message}");
    }
    assert!(compared > 50, "only {compared} fields were compared");
}

fn escaped(character: char) -> Vec<char> {
    match character {
        '"' | '\\' | ']' => vec!['\\', character],
        other => vec![other],
    }
}

pub(crate) fn what_a_collector_missed_comes_when_it_is_back(host: &Host) {
    with_collectors(host);
    await_all(host, OVER_TCP);
    for round in 0..2 {
        host.root(&["systemctl", "stop", "collector"]).ok();
        for number in 0..20 {
            host.as_user("alice", &format!("sudo -n echo missed {round} {number}")).ok();
        }
        // Whoever looks is told.
        host.wait_until("writ status to name the collector", PATIENCE, || {
            let told = host.root(&["writ", "status"]);
            told.to_string().contains("the collector tcp://127.0.0.1:10601 gets nothing")
        });
        assert!(host.root(&["writ", "doctor"]).to_string().contains("tcp://127.0.0.1:10601"));
        let as_alice = host.as_user("alice", "writ status");
        assert!(as_alice.ok().contains("root sees why"), "{as_alice}");
        if round == 1 {
            // Agent and courier are started anew meanwhile.
            host.root(&["systemctl", "kill", "--signal=KILL", "writ-courier"]).ok();
            host.root(&["systemctl", "restart", "writd"]).ok();
        }
        host.root(&["systemctl", "start", "collector"]).ok();
        await_all(host, OVER_TCP);
    }
    host.wait_until("writ doctor to be content", PATIENCE, || {
        host.root(&["writ", "doctor"]).status == 0
    });
    // In order, but for what was sent again after a loss.
    let mut highest = 0;
    for line in host.read(OVER_TCP).lines() {
        let seq = number(line);
        assert!(seq <= highest || events(host, highest + 1, seq).len() <= 1, "{highest}, {seq}");
        highest = highest.max(seq);
    }
}

/// Waits until the file has every event of the ledger.
#[track_caller]
pub(crate) fn await_all(host: &Host, file: &str) {
    let wanted: BTreeSet<u64> = events(host, 1, u64::MAX).into_iter().collect();
    assert!(wanted.len() > 1);
    // After an outage the courier tries again within a minute.
    let what = format!("all {} events in {file}", wanted.len());
    host.wait_until(&what, Duration::from_secs(60) + PATIENCE, || {
        let got: BTreeSet<u64> = messages(host, file).into_keys().collect();
        wanted.is_subset(&got)
    });
}

/// The numbers of the ledger's events, from one to another.
#[track_caller]
fn events(host: &Host, from: u64, to: u64) -> Vec<u64> {
    let lines = host.root_sh("grep -h '\"record\":' /var/lib/writ/ledger/*.jsonl");
    let seq = |line: &str| {
        let rest = line.strip_prefix("{\"seq\":")?;
        rest.split_once(',')?.0.parse::<u64>().ok()
    };
    lines.ok().lines().filter_map(seq).filter(|seq| (from..=to).contains(seq)).collect()
}

/// What the collector wrote, by the number of the line in the ledger.
pub(crate) fn messages(host: &Host, file: &str) -> BTreeMap<u64, String> {
    if !host.has(file) {
        return BTreeMap::new();
    }
    let text = host.read(file);
    text.lines().map(|line| (number(line), line.to_owned())).collect()
}

fn number(line: &str) -> u64 {
    let (_, rest) = line.split_once("WRIT_LEDGER_SEQ=\"").unwrap_or_else(|| panic!("{line}"));
    rest.split_once('"').and_then(|(seq, _)| seq.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}
