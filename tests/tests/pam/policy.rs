//! The policy of the theme, the lines in the services' files, and what people do.

use writ_tests::{Host, Output, PATIENCE, PolicyFiles, Terminal, json};

/// What holds in all scenarios.
pub(crate) const POLICY: PolicyFiles<'static> =
    &[("writ.toml", WRIT_TOML), ("roles.d/people.toml", ROLES_TOML)];

/// Unless a role says otherwise, bob is asked.
pub(crate) const WRIT_TOML: &str = r#"
mode = "enforce"
unmatched = "deny"

[ask]
from = ["bob"]

[noninteractive]
wait = "1s"

[sessions]
warn = ["3s"]
"#;

/// alice is asked about for root and reasons for dave; carol may become root, and dave
/// may not become anybody. erin is asked about when she logs in, others are not.
const ROLES_TOML: &str = r#"
[role.admin]
members = ["alice"]

[[role.admin.rule]]
name = "look"
commands = ["/usr/bin/id **", "/usr/bin/true"]
decision = "allow"

[[role.admin.rule]]
name = "never"
commands = ["/usr/bin/whoami **"]
decision = "deny"

[[role.admin.rule]]
name = "anything else"
commands = ["ALL"]
decision = "ask"

[[role.admin.rule]]
name = "become root"
services = ["su"]
run_as = ["root"]
decision = "ask"

[[role.admin.rule]]
name = "become dave"
services = ["su"]
run_as = ["dave"]
decision = "ask"
ask = { justification = "required" }

[[role.admin.rule]]
name = "ask polkit"
services = ["polkit-1"]
decision = "ask"

[role.trusted]
members = ["carol"]
[[role.trusted.rule]]
services = ["su"]
run_as = ["root", "bob"]
decision = "allow"
[[role.trusted.rule]]
name = "not alice"
services = ["su"]
decision = "deny"

[role.logins]
members = ["alice", "bob", "carol", "dave"]
[[role.logins.rule]]
services = ["sshd", "login"]
decision = "allow"

[role.guests]
members = ["erin"]
[[role.guests.rule]]
name = "come in"
services = ["sshd", "login"]
decision = "ask"
"#;

/// The services whose stacks ask here. `su-l` takes in the one of `su`.
const SERVICES: [&str; 6] = ["su", "sshd", "login", "sudo", "doas", "polkit-1"];

/// The product with [`POLICY`] in force, enabled for every service that the host has.
pub(crate) fn enforced(host: &Host) {
    host.install_product(POLICY);
    let present = SERVICES.into_iter().filter(|service| {
        host.has(&format!("/etc/pam.d/{service}")) || host.has(&format!("/usr/lib/pam.d/{service}"))
    });
    let mut enable = vec!["writ", "enable", "pam"];
    enable.extend(present);
    host.root(&enable).ok();
}

/// The ID on the line that says that others are asked.
#[track_caller]
pub(crate) fn waiting_id(person: &Terminal) -> String {
    id_in(&person.expect_regex(r"writ: [0-9A-Z]{4}-[0-9A-Z]{2} waiting for bob"))
}

/// The first request ID in a text.
#[track_caller]
pub(crate) fn id_in(text: &str) -> String {
    let id = regex_lite::Regex::new("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}").expect("a form");
    id.find(text).unwrap_or_else(|| panic!("no ID in {text:?}")).as_str().to_owned()
}

/// bob approves.
#[track_caller]
pub(crate) fn approve(host: &Host, id: &str) {
    as_bob(host, &format!("writ approve --yes {id}")).ok();
}

/// bob approves, for so long.
#[track_caller]
pub(crate) fn approve_for(host: &Host, id: &str, span: &str) {
    as_bob(host, &format!("writ approve --yes --for {span} {id}")).ok();
}

pub(crate) fn as_bob(host: &Host, line: &str) -> Output {
    host.as_user("bob", line)
}

/// The events of a request, in their order.
pub(crate) fn events(host: &Host, id: &str) -> Vec<String> {
    let listed = host.root(&["writ", "audit", "list", "--json", "--id", id]);
    let event = regex_lite::Regex::new(r#""event":"([a-z.]+)""#).expect("a form");
    event.captures_iter(listed.ok()).map(|found| found[1].to_owned()).collect()
}

/// Waits until a request's story has this event.
#[track_caller]
pub(crate) fn event(host: &Host, id: &str, name: &str) {
    host.wait_until(name, PATIENCE, || events(host, id).iter().any(|event| event == name));
}

/// How many decisions there were.
pub(crate) fn decisions(host: &Host) -> usize {
    let listed = host.root(&["writ", "audit", "list", "--json"]);
    listed.ok().matches(r#""event":"decision.made""#).count()
}

/// What waits for an answer.
pub(crate) fn pending(host: &Host) -> usize {
    let status = json(&host.root(&["writ", "status", "--json"]));
    let requests = status["requests"].as_array().expect("a list").clone();
    requests.iter().filter(|request| request["state"] == "pending").count()
}
