//! Processes that hold a group which was lent.

use std::time::Instant;

use writ_tests::{Host, PATIENCE};

use crate::policy::{GRACE, LATE_MAX, event, opened};

/// The processes of alice's that hold `games`.
fn holding(host: &Host) -> usize {
    let script = "for p in /proc/[0-9]*; do grep -qs '^Uid:.1000' $p/status && grep -qs '^Groups:.*\\b60\\b' $p/status && echo $p; done | wc -l";
    host.root_sh(script).ok().parse().expect("a number")
}

pub(crate) fn a_login_during_a_window_ends_with_it(host: &Host) {
    let before = host.login("alice");
    let (id, since) = opened(host, "alice", "ops --for 8s");
    let during = host.login("alice");
    assert!(during.run("id -nG").0.contains("games"));
    during.run("tmux new-session -d 'sleep 1000'");
    during.type_line("stubborn");
    during.expect("\r\nup");
    during.expect(&format!("writ: {id} ends in 3 seconds, "));
    during.expect(&format!("writ: {id} has ended, and what holds a group of it ends now"));
    event(host, &id, "session.ended", PATIENCE);
    host.wait_until("the last process to be gone", PATIENCE, || holding(host) == 0);
    let late = since.elapsed().saturating_sub(std::time::Duration::from_secs(8));
    println!(
        "{}: {late:?} from the deadline to the last process with the group gone",
        host.release()
    );
    assert!(late < GRACE + LATE_MAX, "{late:?}");
    assert_eq!(before.run("echo here").0, "here");
    let ended = event(host, &id, "session.ended", PATIENCE);
    assert!(ended["processes"].to_string().contains("stubborn"), "{ended}");
    assert_eq!(ended["account"]["name"], "alice", "{ended}");
}

pub(crate) fn who_has_the_group_by_right_or_by_another_window_is_left_alone(host: &Host) {
    // alice is in developers by right, and ops lends it.
    let (ops, _) = opened(host, "alice", "ops --for 10m");
    let (more, _) = opened(host, "alice", "more --for 10m");
    let alice = host.login("alice");
    let bob = host.login("bob");
    crate::policy::close(host, &ops);
    event(host, &ops, "grant.ended", PATIENCE);
    assert!(alice.run("id -nG").0.contains("games"));
    host.root(&["usermod", "--append", "--groups", "games", "alice"]).ok();
    crate::policy::close(host, &more);
    assert!(alice.run("id -nG").0.contains("games"));
    assert_eq!(bob.run("echo here").0, "here");
    host.root(&["gpasswd", "--delete", "alice", "games"]).ok();
    let stopped = crate::policy::events(host, &more);
    assert!(!stopped.contains(&"session.ended".to_owned()), "{stopped:?}");
}

pub(crate) fn what_was_left_of_a_group_is_found_after_a_restart(host: &Host) {
    let (id, _) = opened(host, "alice", "ops --for 4s");
    let during = host.start_as("alice", "exec sleep 1000");
    host.wait_until("the login", PATIENCE, || holding(host) > 0);
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
    let stopped = Instant::now();
    host.wait_until("the end", PATIENCE, || stopped.elapsed().as_secs() >= 5);
    assert!(holding(host) > 0);
    host.root(&["systemctl", "start", "writd.socket", "writd.service"]).ok();
    event(host, &id, "session.ended", PATIENCE);
    host.wait_until("the last process to be gone", PATIENCE, || holding(host) == 0);
    drop(during);
}
