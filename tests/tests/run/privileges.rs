//! What a command has, and what it has not.

use writ_tests::{Host, PATIENCE};

/// capabilities(7): CAP_NET_RAW is number 13, CAP_SYS_NICE 23.
const NET_RAW: &str = "0000000000002000";
const NET_RAW_AND_NICE: &str = "0000000000802000";

/// Opens a raw socket.
const RAW: &str = "python3 -c \"import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); print('open')\"";

pub(crate) fn it_has_the_capabilities_of_the_role_and_no_other(host: &Host) {
    let ran = host.as_user("alice", "writ run capture -- cat /proc/self/status");
    let of = |name: &str| {
        let line = ran.stdout.lines().find(|line| line.starts_with(name));
        line.map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" "))
    };
    ran.ok();
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(of(set).as_deref(), Some(NET_RAW), "{set} {ran}");
    }
    assert_eq!(of("NoNewPrivs:").as_deref(), Some("1"));
    let uid = host.as_user("alice", "id -u").ok().to_owned();
    assert_eq!(of("Uid:"), Some([uid.as_str(); 4].join(" ")));
    let gid = host.as_user("alice", "id -g").ok().to_owned();
    assert_eq!(of("Gid:"), Some([gid.as_str(); 4].join(" ")));
    let groups = of("Groups:").expect("a line");
    let own = host.root(&["id", "-G", "alice"]).ok().to_owned();
    let lent = host.root_sh("getent group www-data | cut -d: -f3").ok().to_owned();
    for group in own.split_whitespace().chain([lent.as_str()]) {
        assert!(groups.split(' ').any(|has| has == group), "{group} is not in {groups}");
    }
}

pub(crate) fn the_capability_works_and_the_rest_does_not(host: &Host) {
    assert_eq!(host.as_user("alice", &format!("writ run capture -- {RAW}")).ok(), "open");
    assert!(host.as_user("alice", RAW).stderr.contains("Operation not permitted"));
    let other = "writ run capture -- python3 -c \"import socket; socket.socket().bind(('', 80))\"";
    assert!(host.as_user("alice", other).stderr.contains("Permission denied"));
    // Neither root's file nor sudo, whose set-user-ID does nothing.
    assert_eq!(host.as_user("alice", "writ run capture -- cat /etc/shadow").status, 1);
    let sudo = host.as_user("alice", "writ run capture -- sudo -n true");
    assert!(sudo.stderr.contains("no new privileges"), "{sudo}");
}

pub(crate) fn a_role_with_groups_alone_lends_them(host: &Host) {
    let ran =
        host.as_user("alice", "writ run web -- sh -c 'id -nG; grep CapEff /proc/self/status'");
    assert!(ran.ok().contains("www-data"), "{ran}");
    assert!(ran.stdout.contains("0000000000000000"), "{ran}");
}

pub(crate) fn a_role_that_lends_nothing_runs_nothing(host: &Host) {
    let opened = host.as_user("alice", "writ request rules");
    let ran = host.as_user("alice", "writ run rules -- id");
    assert_eq!(ran.status, 3, "{opened}{ran}");
    for role in ["no-such-role", "brief"] {
        let refused = host.as_user("alice", &format!("writ run {role} -- id"));
        assert!(refused.failed_with(3).contains(role), "{refused}");
    }
}

pub(crate) fn it_is_on_record_with_its_command(host: &Host) {
    host.as_user("alice", "cd /srv; writ run capture -- sh -c 'exit 7' on-record").failed_with(7);
    let record = |event: &str| {
        let match_event = format!("WRIT_EVENT={event}");
        let said = host.root(&["journalctl", "-o", "json", "--no-pager", &match_event]);
        said.stdout.lines().rfind(|line| line.contains("on-record")).map(str::to_owned)
    };
    host.wait_until("the end on record", PATIENCE, || record("command.finished").is_some());
    let started = record("command.started").expect("a start");
    for part in [
        r#""WRIT_ROLE":"capture""#,
        r#""WRIT_CWD":"/srv""#,
        r#""WRIT_RUN_AS":"alice""#,
        r#""WRIT_DOOR":"writ""#,
    ] {
        assert!(started.contains(part), "{part} is not in {started}");
    }
    let finished = record("command.finished").expect("an end");
    assert!(finished.contains(r#""WRIT_EXIT_STATUS":"7""#), "{finished}");
}

pub(crate) fn without_a_window_one_is_asked_for(host: &Host) {
    let waiting =
        host.start_as("alice", "writ run asked --reason look -- grep CapEff /proc/self/status");
    waiting.expect_stderr("waiting for bob");
    let id = asked(host);
    host.as_user("bob", &format!("writ approve --yes {id}")).ok();
    let ran = waiting.finish(PATIENCE);
    // Nothing but the command's own is in its output.
    assert_eq!(ran.ok(), format!("CapEff:\t{NET_RAW_AND_NICE}"));
    host.as_user("alice", &format!("writ end {id}")).ok();
    let waiting = host.start_as("alice", "writ run asked -- touch /tmp/denied");
    waiting.expect_stderr("waiting for bob");
    host.as_user("bob", &format!("writ deny {}", asked(host))).ok();
    waiting.finish(PATIENCE).failed_with(3);
    assert!(!host.has("/tmp/denied"));
}

fn asked(host: &Host) -> String {
    let mut id = String::new();
    host.wait_until("a request", PATIENCE, || {
        let pending = host.as_user("bob", "writ pending --json");
        let pending = writ_tests::json(&pending);
        let first = pending["requests"][0]["id"].as_str().map(str::to_owned);
        id = first.unwrap_or_default();
        !id.is_empty()
    });
    id
}

pub(crate) fn who_came_by_another_account_stays_known(host: &Host) {
    let alices = host.as_user("alice", "id -u").ok().to_owned();
    let alice = host.login("alice");
    alice.type_line("su - dave");
    alice.expect("Password: ");
    alice.type_line("dave");
    alice.prompt();
    let (group, status) = alice.run("writ run capture -- cat /proc/self/cgroup");
    assert!(status == 0 && group.contains(&format!("/user-{alices}.slice/writ-")), "{group}");
    // What PID 1 starts has no login identity: the slice says whose session it came from.
    let group = host.as_user("alice", "writ run capture -- cat /proc/self/cgroup");
    let uid = host.as_user("alice", "id -u").ok().to_owned();
    assert!(group.ok().contains(&format!("/user-{uid}.slice/writ-")), "{group}");
    // Within it, alice is alice: her own request is not hers to approve.
    let id = host.as_user("alice", "writ request --no-wait asked").ok().to_owned();
    let approve = format!("writ run capture -- writ approve --yes {id}");
    assert_eq!(host.as_user("alice", &approve).status, 5);
    host.as_user("alice", &format!("writ cancel {id}")).ok();
}
