//! Who is away, who is on call, who has looked, and who is told again.

use writ_tests::{Host, PolicyFiles};

use crate::POLICY;
use crate::desk::Desk;
use crate::notices::forget_what_was_told;
use crate::verbs::in_advance;

/// bob is away, and carol answers for him; of the team duty, carol is on call.
const STANDING_IN: PolicyFiles<'_> = &[
    POLICY[0],
    (
        "roles.d/srv.toml",
        r#"[role.srv]
members = ["alice", "bob", "dave"]
[[role.srv.rule]]
name = "bob alone"
commands = ["/usr/bin/touch /srv/bob/*"]
decision = "ask"
[[role.srv.rule]]
name = "duty"
commands = ["/usr/bin/touch /srv/team/*"]
decision = "ask"
ask = { from = ["@duty"], remind = "10s" }
"#,
    ),
    (
        "approvers.d/all.toml",
        r#"[approver.bob]
unix_user = "bob"
teams = ["duty"]
away = { until = 2099-12-31, to = "carol" }
[approver.carol]
unix_user = "carol"
teams = ["duty"]
[approver.dave]
unix_user = "dave"
teams = ["duty"]
[on_call.duty]
shifts = [{ from = 2020-01-01, until = "2099-12-31 12:00", who = ["carol"] }]
"#,
    ),
];

pub(crate) fn a_deputy_answers_for_who_is_away_and_is_seen_to_look(host: &Host) {
    host.take_policy(STANDING_IN);
    let (carol, dave) = (Desk::of(host, "carol"), Desk::of(host, "dave"));
    let alice = host.login("alice");
    alice.look_away();
    alice.type_line("sudo touch /srv/bob/away; echo \"<$?>\"");
    let id = host.request_of("pending", "/srv/bob/away");
    dave.fails(1, &format!("writ show {id}"));
    let pending = carol.ok("writ pending");
    assert!(pending.contains(&id), "{pending}");
    alice.expect("seen by carol");
    let own = host.as_user("alice", "writ status");
    assert!(own.ok().contains("seen by carol"), "{own}");
    carol.ok(&format!("writ approve {id} --yes"));
    alice.expect("\r\n<0>");
    assert!(host.has("/srv/bob/away"));
    let journal = host.root(&["journalctl", "-o", "export", &format!("WRIT_ID={id}")]);
    assert!(journal.ok().contains("\nWRIT_IN_PLACE_OF=bob\n"), "{journal}");
    let told = host.root(&["writ", "audit", "show", &id]);
    assert!(told.ok().contains("carol, for bob"), "{told}");

    // What bob asks for himself is not carol's to decide in his place.
    let own = in_advance(host, "bob", "/srv/bob/own", "");
    carol.fails(1, &format!("writ approve {own} --yes"));
    Desk::of(host, "bob").fails(5, &format!("writ approve {own} --yes"));
    host.as_user("bob", &format!("writ cancel {own}")).ok();
    host.take_policy(POLICY);
}

pub(crate) fn who_is_on_call_is_asked_and_reminded_and_nobody_else(host: &Host) {
    host.take_policy(STANDING_IN);
    forget_what_was_told(host);
    let checked = host.root(&["writ", "check"]);
    assert!(!checked.ok().contains("on call"), "{checked}");
    let carol = host.login("carol");
    carol.type_line("echo re''ady; stty -echo; cat");
    carol.expect("ready\r\n");
    let id = in_advance(host, "alice", "/srv/team/duty", "");
    carol.expect(&format!("writ approve {id}"));
    let dave = Desk::of(host, "dave");
    dave.fails(1, &format!("writ approve {id} --yes"));
    carol.look_away();
    carol.expect(&format!("writ approve {id}"));
    host.as_user("carol", &format!("writ deny {id}")).ok();
    host.take_policy(POLICY);
}
