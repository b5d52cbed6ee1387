//! A window ends.

use std::time::{Duration, Instant};

use writ_tests::{Host, PATIENCE};

use crate::policy::{
    LOOK_UP_LIMIT, POLICY, WRIT_TOML, as_bob, end, end_reason, id_in, is_in, opened,
};

pub(crate) fn a_window_ends_on_time_at_the_next_look_up(host: &Host) {
    let id = opened(host, "alice", "logs --for 3s");
    let since = Instant::now();
    assert!(is_in(host, "alice", "adm"));
    host.wait_until("the end of the membership", PATIENCE, || !is_in(host, "alice", "adm"));
    let lasted = since.elapsed();
    assert!(lasted < Duration::from_secs(3) + LOOK_UP_LIMIT, "{lasted:?}");
    host.wait_until("the end on record", PATIENCE, || {
        crate::policy::events(host, &id).contains(&"grant.ended".to_owned())
    });
    assert_eq!(end_reason(host, &id), "expired");
}

pub(crate) fn a_window_ends_by_hand_and_by_revocation(host: &Host) {
    let id = opened(host, "alice", "logs --for 10m");
    assert_eq!(
        host.as_user("dave", &format!("writ end {id}")).status,
        1,
        "it is not there for dave"
    );
    end(host, "alice", &id);
    assert_eq!(end_reason(host, &id), "given_back");
    let id = opened(host, "alice", "logs --for 10m");
    as_bob(host, &format!("writ revoke {id}")).ok();
    assert!(!is_in(host, "alice", "adm"));
    assert_eq!(end_reason(host, &id), "revoked");
}

pub(crate) fn a_window_ends_when_its_role_is_gone(host: &Host) {
    let id = opened(host, "alice", "logs --for 10m");
    host.take_policy(&[("writ.toml", WRIT_TOML)]);
    let lent = is_in(host, "alice", "adm");
    host.take_policy(POLICY);
    assert!(!lent);
    assert_eq!(end_reason(host, &id), "policy");
}

pub(crate) fn a_window_of_a_user_who_is_gone_leaves_nothing_behind(host: &Host) {
    host.root(&["useradd", "frank"]).ok();
    let asked = host.root_sh("runuser -u frank -- writ request logs --no-wait");
    let id = id_in(asked.ok());
    as_bob(host, &format!("writ approve --yes {id}")).ok();
    assert!(is_in(host, "frank", "adm"));
    host.root(&["userdel", "frank"]).ok();
    assert_ne!(host.root(&["id", "frank"]).status, 0);
    assert!(!is_in(host, "alice", "adm"));
    as_bob(host, &format!("writ revoke {id}")).ok();
    host.root(&["useradd", "frank"]).ok();
    assert!(!is_in(host, "frank", "adm"));
    host.root_sh("userdel frank; ! ls /run/systemd/userdb | grep writ").ok();
}

pub(crate) fn a_killed_agent_lends_nothing_and_a_restarted_one_what_is_open(host: &Host) {
    let id = opened(host, "alice", "logs --for 10m");
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
    assert!(!is_in(host, "alice", "adm"));
    host.root(&["systemctl", "start", "writd.socket", "writd.service"]).ok();
    assert!(is_in(host, "alice", "adm"));
    host.root(&["systemctl", "kill", "--signal=KILL", "writd"]).ok();
    host.wait_until("the agent to lend again", PATIENCE, || is_in(host, "alice", "adm"));
    end(host, "alice", &id);
}

pub(crate) fn a_boot_ends_every_window(host: &Host) {
    let id = opened(host, "alice", "logs --for 10m");
    host.reboot();
    assert!(!is_in(host, "alice", "adm"));
    host.root(&["writ", "status"]).ok();
    assert!(!is_in(host, "alice", "adm"));
    assert_eq!(end_reason(host, &id), "reboot");
    let id = opened(host, "alice", "logs --for 10m");
    host.cut_power();
    host.root(&["writ", "status"]).ok();
    assert!(!is_in(host, "alice", "adm"));
    assert_eq!(end_reason(host, &id), "reboot");
}
