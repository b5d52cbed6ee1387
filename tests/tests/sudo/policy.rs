//! The policy of the theme, and what its people do under it.

use writ_tests::{Host, Output, PolicyFiles, Terminal};

/// What holds unless a scenario says otherwise.
pub(crate) const POLICY: PolicyFiles<'static> =
    &[("writ.toml", WRIT_TOML), ("roles.d/people.toml", ROLES_TOML)];

/// Unless a role says otherwise, bob is asked.
const WRIT_TOML: &str = r#"
mode = "enforce"
unmatched = "ask"

[ask]
from = ["bob"]

[noninteractive]
wait = "1s"
"#;

/// carol may do everything; the others are asked but for what stands here.
const ROLES_TOML: &str = r#"
[role.trusted]
members = ["carol"]
[[role.trusted.rule]]
commands = ["ALL"]
decision = "allow"

[role.admin]
members = ["alice", "dave"]

[[role.admin.rule]]
name = "hasty"
commands = ["/usr/bin/uptime **"]
decision = "ask"
ask = { timeout = "2s" }

[[role.admin.rule]]
name = "reasoned"
commands = ["/usr/bin/tee /srv/*", "/usr/bin/tty"]
decision = "ask"
ask = { justification = "required" }

[[role.admin.rule]]
name = "ticketed"
commands = ["/usr/bin/arch **"]
decision = "ask"
ask = { justification = "required", ticket = 'OPS-[0-9]+' }

[role.shells]
members = ["dave"]

[[role.shells.rule]]
name = "shells"
commands = ["/bin/sh **", "/usr/bin/sh **", "/usr/bin/dash **", "/usr/bin/id **"]
decision = "allow"

[[role.shells.rule]]
name = "never"
commands = ["/usr/bin/whoami"]
decision = "deny"
"#;

/// The product with [`POLICY`] in force.
pub(crate) fn enforced(host: &Host) {
    host.install_product(POLICY);
}

/// The ID on the line that this person waits at.
#[track_caller]
pub(crate) fn waiting_id(person: &Terminal) -> String {
    id_in(&person.expect_regex(r"writ: [0-9A-Z]{4}-[0-9A-Z]{2} waiting for"))
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

/// bob takes his approval back.
#[track_caller]
pub(crate) fn revoke(host: &Host, id: &str) {
    as_bob(host, &format!("writ revoke {id}")).ok();
}

pub(crate) fn as_bob(host: &Host, line: &str) -> Output {
    host.as_user("bob", line)
}

/// The request that is left open by a command of this person's that has no terminal.
#[track_caller]
pub(crate) fn left_open(host: &Host, user: &str, line: &str) -> String {
    let left = host.as_user(user, line);
    let said = left.failed_with(1);
    assert!(said.contains("stays open; run the same command again once it is approved"), "{left}");
    id_in(said)
}

/// The events of a request, in their order.
pub(crate) fn events(host: &Host, id: &str) -> Vec<String> {
    let listed = host.root(&["writ", "audit", "list", "--json", "--id", id]);
    let event = regex_lite::Regex::new(r#""event":"([a-z.]+)""#).expect("a form");
    event.captures_iter(listed.ok()).map(|found| found[1].to_owned()).collect()
}

/// What sudoers says besides, until it is dropped.
pub(crate) struct Sudoers<'a>(&'a Host);

impl<'a> Sudoers<'a> {
    const FILE: &'static str = "/etc/sudoers.d/scenario";

    #[track_caller]
    pub(crate) fn say(host: &'a Host, line: &str) -> Self {
        host.put(Self::FILE, format!("{line}\n"), 0o440);
        Self(host)
    }
}

impl Drop for Sudoers<'_> {
    fn drop(&mut self) {
        self.0.root(&["rm", "-f", Self::FILE]);
    }
}
