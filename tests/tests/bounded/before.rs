//! Before the end: warnings, and grants that stand longer.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::policy::{GRACE, event, gone, left, opened, property, scopes};

pub(crate) fn whoever_is_about_to_lose_something_is_warned(host: &Host) {
    let alice = host.login("alice");
    let (id, _) = opened(host, "alice", "ops --for 5s");
    alice.type_line("sudo sh -c 'echo up; sleep 1000'");
    alice.expect("\r\nup");
    alice.expect(&format!(
        "writ: {id} ends in 3 seconds, and what runs on it is stopped then; `writ extend {id}` asks for longer"
    ));
    alice.expect(&format!("writ: {id} ends in 1 second, "));
    alice.expect(&format!("writ: {id} has ended, and what runs on it ends now"));
    alice.prompt();
}

pub(crate) fn a_grant_that_stands_longer_is_not_ended_by_its_old_backstop(host: &Host) {
    let alice = host.login("alice");
    let (id, since) = opened(host, "alice", "ops --for 4s");
    alice.type_line("sudo breeding");
    alice.expect("\r\nup");
    alice.expect(&format!("writ: {id} ends in 3 seconds, "));
    let old = scopes(host, &id);
    host.as_user("alice", &format!("writ extend {id} --for 16s")).ok();
    host.wait_until("the new scope alone", PATIENCE, || {
        let now = scopes(host, &id);
        now.len() == 1 && now != old
    });
    let limit = property(host, &scopes(host, &id)[0], "RuntimeMaxUSec");
    assert!(limit.starts_with("2") && limit.ends_with('s'), "{limit}");
    let old_backstop = Duration::from_secs(4) + GRACE;
    host.wait_until("the old limit to pass", PATIENCE, || {
        since.elapsed() > old_backstop + Duration::from_secs(1)
    });
    assert!(left(host, &id) > 2, "it was ended by the old limit");
    // Warned anew.
    alice.expect(&format!("writ: {id} ends in 3 seconds, "));
    event(host, &id, "grant.ended", PATIENCE);
    gone(host, &id, Instant::now());
}

pub(crate) fn a_limit_that_could_not_be_put_off_is_put_off_after_a_restart(host: &Host) {
    let alice = host.login("alice");
    let (id, _) = opened(host, "alice", "ops --for 1m");
    alice.type_line("sudo sh -c 'echo up; sleep 1000'");
    alice.expect("\r\nup");
    let limit = || {
        let there = scopes(host, &id);
        assert_eq!(there.len(), 1, "{there:?}");
        property(host, &there[0], "RuntimeMaxUSec")
    };
    let before = limit();
    assert!(before.starts_with("1min "), "{before}");
    host.root_sh("mount --bind /dev/null /run/dbus/system_bus_socket && systemctl restart writd")
        .ok();
    let extended = host.as_user("alice", &format!("writ extend {id} --for 10m"));
    host.root(&["umount", "/run/dbus/system_bus_socket"]).ok();
    extended.ok();
    assert_eq!(limit(), before);
    host.root(&["systemctl", "restart", "writd"]).ok();
    host.wait_until("the new limit", PATIENCE, || {
        let there = scopes(host, &id);
        there.len() == 1 && property(host, &there[0], "RuntimeMaxUSec").starts_with("11min ")
    });
    assert!(left(host, &id) > 1);
    crate::policy::close(host, &id);
}
