//! What outlasts a segment, a restart and a boot, and what does not.

use serde_json::Value;
use writ_tests::{Host, PATIENCE, json};

use crate::syslog::entries;
use crate::{LEDGER, approve, in_advance};

/// How often a long command line is run: enough to fill a segment of 16 MiB.
const RUNS: usize = 24;

/// Its length in bytes: several arguments of nearly the most that Linux takes in one.
const ARGUMENT_BYTES: usize = 120_000;
const ARGUMENTS: usize = 6;

pub(crate) fn the_ledger_rotates_and_keeps_what_is_open(host: &Host) {
    let open = in_advance(host, "/srv/rotated");
    let granted = in_advance(host, "/srv/rotated-granted");
    approve(host, &granted);
    // sudo itself would log each command in hundreds of lines.
    host.put("/etc/sudoers.d/quiet", "Defaults !syslog\n", 0o440);
    let segments = || host.root_sh(&format!("ls {LEDGER} | grep -c 'jsonl$'")).ok().to_owned();
    let before = segments();
    let arguments = "$word ".repeat(ARGUMENTS);
    let fill = format!(
        "word=$(printf %0{ARGUMENT_BYTES}d 0); for n in $(seq {RUNS}); do \
         sudo -n echo {arguments} last-$n >/dev/null || exit 1; done"
    );
    host.as_user("alice", &fill).ok();
    host.root(&["rm", "/etc/sudoers.d/quiet"]).ok();
    assert_ne!(segments(), before, "the ledger has not rotated");
    a_long_command_is_whole_in_the_journal(host);

    host.root(&["writ", "audit", "verify"]).ok();
    host.root(&["systemctl", "restart", "writd.service"]).ok();
    assert_eq!(host.request_of("pending", "/srv/rotated"), open);
    approve(host, &open);
    for file in ["/srv/rotated", "/srv/rotated-granted"] {
        host.as_user("alice", &format!("sudo -n touch {file}")).ok();
        assert!(host.has(file));
    }
    let story = host.root(&["writ", "audit", "show", &open]);
    for part in ["alice", "bob approved", "exited with 0"] {
        assert!(story.ok().contains(part), "{part} is not in {story}");
    }
    host.root(&["writ", "audit", "verify"]).ok();
}

/// Longer than a datagram (net.core.wmem_default), so that it goes as a file.
fn a_long_command_is_whole_in_the_journal(host: &Host) {
    let mut longest = None;
    host.wait_until("the last of them in the journal", PATIENCE, || {
        let started = entries(host, &["WRIT_EVENT=command.started", "-n", "1"]);
        longest = started.into_iter().next_back();
        longest.as_ref().is_some_and(|entry| {
            let command = entry["WRIT_COMMAND"].as_str().unwrap_or_default();
            command.ends_with(&format!(" last-{RUNS}"))
        })
    });
    let entry: Value = longest.expect("it was waited for");
    let command = entry["WRIT_COMMAND"].as_str().expect("a text");
    assert_eq!(command.matches('0').count() / ARGUMENT_BYTES, ARGUMENTS);
    // The line for syslog is cut, and says so.
    let line = entry["MESSAGE"].as_str().expect("a text");
    assert!(line.len() < 8 * 1024 && line.contains("bytes more are in the ledger"), "{line}");
}

pub(crate) fn a_reboot_ends_everything_on_record(host: &Host) {
    let open = in_advance(host, "/srv/reboot");
    let granted = in_advance(host, "/srv/reboot-granted");
    approve(host, &granted);
    host.reboot();
    let outlived = host.requests_of("/srv/reboot");
    assert!(outlived.is_empty(), "something outlived the boot: {outlived:?}");
    for (id, event) in [(&open, "request.expired"), (&granted, "grant.ended")] {
        let story = json(&host.root(&["writ", "audit", "show", "--json", id]));
        let last = story["events"].as_array().and_then(|events| events.last()).expect("an event");
        assert_eq!(last["record"]["event"], event, "{last}");
        assert_eq!(last["record"]["reason"], "reboot", "{last}");
        let told = entries(host, &[&format!("WRIT_ID={id}"), &format!("WRIT_EVENT={event}")]);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert_eq!(told[0]["WRIT_END_REASON"], "reboot");
    }
    // The door is there from the start, and the old grant does not open it.
    let asked = host.as_user("alice", "sudo -n touch /srv/reboot-granted");
    assert!(asked.failed_with(1).contains("stays open"), "{asked}");
    assert!(!host.has("/srv/reboot-granted"), "it ran");
    host.as_user("alice", "sudo -n id -u").ok();
    host.root(&["writ", "audit", "verify"]).ok();
}
