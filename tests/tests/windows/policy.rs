//! The policy of the theme, and what its people do under it.

use std::time::Duration;

use writ_tests::{Host, Output, PolicyFiles};

/// How long a look-up may see what has just ended: no time at all, but that of the
/// look-up itself on a busy machine.
pub(crate) const LOOK_UP_LIMIT: Duration = Duration::from_secs(5);

pub(crate) const WRIT_TOML: &str =
    "mode = \"enforce\"\nunmatched = \"ask\"\n[ask]\nfrom = [\"bob\"]\n";

pub(crate) const ROLES: &str = r#"
[role.logs]
description = "Reads the logs"
members = ["alice", "dave", "frank"]
groups = ["adm"]
max_duration = "30m"

[[role.logs.rule]]
name = "restart"
commands = ["/usr/bin/touch /srv/*", "/usr/local/bin/staffed"]
decision = "ask"

[[role.logs.rule]]
name = "two"
commands = ["/usr/bin/id **"]
decision = "ask"
ask = { from = ["bob", "erin"], count = 2 }

[role.staff]
members = ["alice"]
groups = ["adm", "staff"]
decision = "allow"
max_duration = "1h"

[role.nowhere]
members = ["alice"]
groups = ["no-such-group"]

[role.never]
members = ["alice"]
groups = ["adm"]
decision = "deny"
"#;

/// What holds in every scenario.
pub(crate) const POLICY: PolicyFiles<'static> =
    &[("writ.toml", WRIT_TOML), ("roles.d/roles.toml", ROLES)];

/// The product with [`POLICY`] in force.
pub(crate) fn enforced(host: &Host) {
    host.install_product(POLICY);
}

/// The first request ID in a text.
#[track_caller]
pub(crate) fn id_in(text: &str) -> String {
    let id = regex_lite::Regex::new("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}").expect("a form");
    id.find(text).unwrap_or_else(|| panic!("no ID in {text:?}")).as_str().to_owned()
}

pub(crate) fn as_bob(host: &Host, line: &str) -> Output {
    host.as_user("bob", line)
}

/// A window that `user` asked for with these options, and bob approved.
#[track_caller]
pub(crate) fn opened(host: &Host, user: &str, options: &str) -> String {
    let asked = host.as_user(user, &format!("writ request --no-wait {options}"));
    let id = id_in(asked.ok());
    as_bob(host, &format!("writ approve --yes {id}")).ok();
    id
}

/// The groups of `user`, as every program of the host sees them.
#[track_caller]
pub(crate) fn groups(host: &Host, user: &str) -> Vec<String> {
    let listed = host.root(&["id", "-nG", user]);
    listed.ok().split(' ').map(str::to_owned).collect()
}

#[track_caller]
pub(crate) fn is_in(host: &Host, user: &str, group: &str) -> bool {
    groups(host, user).iter().any(|name| name == group)
}

/// The events of a request, in their order.
pub(crate) fn events(host: &Host, id: &str) -> Vec<String> {
    let listed = host.root(&["writ", "audit", "list", "--json", "--id", id]);
    let event = regex_lite::Regex::new(r#""event":"([a-z.]+)""#).expect("a form");
    event.captures_iter(listed.ok()).map(|found| found[1].to_owned()).collect()
}

/// Why a grant ended, by the ledger.
#[track_caller]
pub(crate) fn end_reason(host: &Host, id: &str) -> String {
    let listed =
        host.root(&["writ", "audit", "list", "--json", "--id", id, "--event", "grant.ended"]);
    let reason = regex_lite::Regex::new(r#""reason":"([a-z_]+)""#).expect("a form");
    let found = reason.captures(listed.ok()).unwrap_or_else(|| panic!("{listed}"));
    found[1].to_owned()
}

/// Gives back what is open.
#[track_caller]
pub(crate) fn end(host: &Host, user: &str, id: &str) {
    host.as_user(user, &format!("writ end {id}")).ok();
    assert!(!is_in(host, user, "adm"), "{user} is still in adm");
}
