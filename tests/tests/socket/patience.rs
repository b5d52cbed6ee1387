//! Who is slow, and who comes in numbers.

use std::ops::RangeInclusive;

use serde_json::Value;
use writ_tests::{Host, PATIENCE};

use crate::bystanders::{Bystanders, SLOWEST};

/// The connections of one user (`CONNECTIONS_PER_CALLER_MAX`).
const CONNECTIONS_MAX: u64 = 64;

/// From the first byte of a frame to its last, or until a reply is read
/// (`FRAME_MAX`, `SEND_MAX`), and what a busy machine adds, in seconds.
const FRAME_SECONDS: RangeInclusive<f64> = 10.0..=40.0;

/// Without a call (`IDLE_MAX`), and what a busy machine adds, in seconds.
const IDLE_SECONDS: RangeInclusive<f64> = 60.0..=90.0;

/// Until those who idle are closed, by the clock of someone who came a little later.
const AFTER_IDLE_SECONDS: RangeInclusive<f64> = 45.0..=120.0;

/// At once, on a busy machine, in seconds.
const AT_ONCE_SECONDS: RangeInclusive<f64> = 0.0..=9.0;

pub(crate) fn a_flood_of_connections_is_its_owners_alone(host: &Host) {
    let bystanders = Bystanders::of(host, "flood");
    let mut crowd = host.start_as("alice", "python3 /srv/crowd.py");
    host.wait_until("alice to be refused", PATIENCE, || crowd.stdout().contains('\n'));
    let told: Value = serde_json::from_str(crowd.stdout().trim()).expect("JSON");
    assert_eq!(told["taken"], CONNECTIONS_MAX, "{told}");
    assert_eq!(told["refusal"]["error"], "io.writ.Agent.TooMany", "{told}");
    let limit = format!("{CONNECTIONS_MAX} connections");
    assert!(told["refusal"].to_string().contains(&limit), "{told}");
    let refused = host.as_user("alice", "writ status");
    assert!(refused.stderr.contains(&limit), "{refused}");
    assert_ne!(refused.status, 0, "{refused}");
    bystanders.are_served();
    // A door speaks for her with root's word, and has places of its own.
    host.as_user("alice", "sudo -n id -u").ok();
    crowd.close_stdin();
    crowd.finish(PATIENCE).ok();
    host.wait_until("alice to be let in again", PATIENCE, || {
        host.as_user("alice", "writ status").status == 0
    });
    bystanders.have_noticed_nothing(2);
}

pub(crate) fn long_frames_of_one_person_are_read_a_few_at_a_time(host: &Host) {
    /// A hundred such frames would be more than five times that, in KiB.
    const RESIDENT_KIB_MAX: u64 = 64 * 1024;

    let bystanders = Bystanders::of(host, "long");
    let mut sudos = host.start_root(&["python3", "/srv/long.py"]);
    sudos.expect_stdout("\n");
    let most = host.agent_memory_kib("VmHWM");
    assert!(most <= RESIDENT_KIB_MAX, "{most} KiB");
    bystanders.are_served();
    sudos.close_stdin();
    sudos.finish(PATIENCE).ok();
    // On a slow machine some have taken too long by now.
    bystanders.have_noticed_nothing_of(0..=100);
}

pub(crate) fn who_is_slow_or_idle_is_closed_in_time(host: &Host) {
    let bystanders = Bystanders::of(host, "slow");
    let dawdling = host.start_as("alice", "python3 /srv/dawdle.py");
    dawdling.expect_stdout("all are slow");
    bystanders.are_served();
    let output = dawdling.finish(SLOWEST);
    let told = output.ok().lines().last().unwrap_or_default();
    let told: Value = serde_json::from_str(told).expect("JSON");
    for (way, within, replies) in [
        ("says_nothing", IDLE_SECONDS, 0),
        ("says_nothing_more", IDLE_SECONDS, 1),
        ("has_its_answer", IDLE_SECONDS, 1),
        ("stops_within_a_frame", FRAME_SECONDS, 0),
        ("goes_on_byte_by_byte", FRAME_SECONDS, 0),
        ("goes_on_byte_by_byte_after_a_call", FRAME_SECONDS, 1),
        ("goes_on_byte_by_byte_while_it_waits", FRAME_SECONDS, 1),
        ("never_reads", FRAME_SECONDS, 0),
        ("closes_its_half", AT_ONCE_SECONDS, 1),
        ("closes_its_half_while_it_waits", AT_ONCE_SECONDS, 0),
        ("calls_again_while_it_waits", AT_ONCE_SECONDS, 0),
        ("is_killed_within_a_frame", AT_ONCE_SECONDS, 0),
        // He gets his answer after all others are gone.
        ("waits_in_silence", AFTER_IDLE_SECONDS, 1),
    ] {
        let ended = &told[way];
        let seconds = ended["seconds"].as_f64().unwrap_or_else(|| panic!("no {way} in {told}"));
        assert!(within.contains(&seconds), "{way}: {ended}");
        assert_eq!(ended["replies"], replies, "{way}: {ended}");
    }
    for file in ["/srv/dawdled", "/srv/half", "/srv/called-again"] {
        let id = host.request_of("pending", file);
        host.as_user("alice", &format!("writ cancel {id}")).ok();
    }
    // Idling is no misbehaviour, nor is leaving. The four that were slow within a frame
    // are, and who does not read, and who calls again.
    bystanders.have_noticed_nothing(6);
}
