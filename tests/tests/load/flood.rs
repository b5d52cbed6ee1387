//! One user asks for as much as he can.

use std::time::{Duration, Instant};

use serde_json::Value;
use writ_tests::{Host, json};

use crate::crowd::CROWD_LIMIT;

/// The requests that one account may have open (`REQUESTS_OPEN_PER_ACCOUNT_MAX`).
const OPEN_MAX: u64 = 1024;

/// How long the others may have to wait meanwhile.
const OTHERS_LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn a_flood_of_ones_requests_keeps_nobody_else_out(host: &Host) {
    let mut flood = host.start_as("alice", "python3 /srv/load/flood.py");
    host.wait_until("alice to be refused", CROWD_LIMIT, || flood.stdout().contains('\n'));
    let told: Value = serde_json::from_str(flood.stdout().trim()).expect("JSON");
    assert_eq!(told["opened"], OPEN_MAX, "{told}");
    let limit = format!("alice has {OPEN_MAX} open requests");
    assert!(told["refusal"].to_string().contains(&limit), "{told}");
    let refused = host.as_user("alice", "sudo -n /srv/load/asked one-more 0");
    assert!(refused.failed_with(1).contains(&limit), "{refused}");

    let start = Instant::now();
    for user in ["carol", "dave", "alice"] {
        host.as_user(user, "sudo -n /srv/load/allowed beside-a-flood 0").ok();
    }
    host.root(&["sudo", "-n", "/srv/load/allowed", "beside-a-flood", "0"]).ok();
    let asking = host.start_as("carol", "sudo -n /srv/load/asked beside-a-flood-asked 0");
    let id = host.request_of("pending", "beside-a-flood-asked");
    let pending = json(&host.as_user("bob", "writ pending --json"));
    let shown = pending["requests"].as_array().expect("a list");
    assert_eq!(shown.len() as u64, OPEN_MAX + 1, "bob sees them all");
    host.as_user("bob", &format!("writ approve --yes {id}")).ok();
    asking.finish(CROWD_LIMIT).ok();
    assert!(start.elapsed() < OTHERS_LIMIT, "{:?}", start.elapsed());

    flood.close_stdin();
    let output = flood.finish(CROWD_LIMIT);
    let last = output.ok().lines().last().unwrap_or_default();
    assert_eq!(last, r#"{"not_taken_back": []}"#, "{output}");
    // What was taken back counts no more.
    host.as_user("alice", "writ request --no-wait -- /srv/load/asked again 0").ok();
}
