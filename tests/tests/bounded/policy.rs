//! The policy of the theme, and what its people do under it.

use std::time::{Duration, Instant};

use serde_json::Value;
use writ_tests::{Host, PATIENCE, PolicyFiles, Terminal};

/// From the signals that tell processes to end to the one that kills them.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// How much later than promised the last process may be gone.
pub(crate) const LATE_MAX: Duration = Duration::from_secs(1);

const WRIT_TOML: &str = "mode = \"enforce\"\nunmatched = \"ask\"\n[ask]\nfrom = [\"bob\"]\n\
    justification = \"off\"\n[noninteractive]\nwait = \"1m\"\n[sessions]\nwarn = [\"3s\", \"1s\"]\n";

/// The policy gives windows of these roles by itself, to some of them with a group.
const ROLES: &str = r#"
[role.ops]
members = ["alice"]
groups = ["games", "developers"]
decision = "allow"
[[role.ops.rule]]
commands = ["ALL"]
decision = "ask"

[role.more]
members = ["alice"]
groups = ["games"]
decision = "allow"

[role.softly]
members = ["dave"]
groups = ["games"]
decision = "allow"
on_end = "warn"
[[role.softly.rule]]
commands = ["ALL"]
decision = "ask"

[role.visiting]
members = ["carol"]
decision = "allow"
end_on_logout = true
[[role.visiting.rule]]
commands = ["ALL"]
decision = "ask"

[role.looking]
members = ["alice", "carol", "dave"]
[[role.looking.rule]]
commands = ["/usr/bin/cat /proc/self/cgroup"]
decision = "allow"
"#;

pub(crate) const POLICY: PolicyFiles<'static> =
    &[("writ.toml", WRIT_TOML), ("roles.d/roles.toml", ROLES)];

/// The same without the roles.
pub(crate) const NO_ROLES: PolicyFiles<'static> = &[("writ.toml", WRIT_TOML)];

/// A command that takes no notice of being told to end.
const STUBBORN: &str = "#!/bin/bash\ntrap '' TERM HUP INT\necho up\nwhile :; do sleep 0.2; done\n";

/// A command that takes long, and its name with it.
const PATIENT: &str = "#!/bin/bash\nwhile :; do sleep 0.2; done\n";

/// One that starts another all the time.
const BREEDING: &str = "#!/bin/bash\necho up\n(while :; do (sleep 0.3 &) ; sleep 0.01; done) &\nwhile :; do sleep 0.2; done\n";

pub(crate) fn enforced(host: &Host) {
    host.install_product(POLICY);
    host.put("/usr/bin/stubborn", STUBBORN, 0o755);
    host.put("/usr/bin/patient", PATIENT, 0o755);
    host.put("/usr/bin/breeding", BREEDING, 0o755);
}

/// The first request ID in a text.
#[track_caller]
pub(crate) fn id_in(text: &str) -> String {
    let id = regex_lite::Regex::new("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}").expect("a form");
    id.find(text).unwrap_or_else(|| panic!("no ID in {text:?}")).as_str().to_owned()
}

/// A window that the policy gives, as `user` asks for it, and since when it is open.
#[track_caller]
pub(crate) fn opened(host: &Host, user: &str, options: &str) -> (String, Instant) {
    let asked = host.as_user(user, &format!("writ request {options}"));
    let id = asked.ok().to_owned() + &asked.stderr;
    (id_in(&id), Instant::now())
}

/// The command that this person waits for is approved by bob, for so long.
#[track_caller]
pub(crate) fn approved(host: &Host, person: &Terminal, lasts: &str) -> String {
    let id = id_in(&person.expect_regex(r"writ: [0-9A-Z]{4}-[0-9A-Z]{2} waiting for"));
    host.as_user("bob", &format!("writ approve --yes --for {lasts} {id}")).ok();
    id
}

/// The events of a request, in their order.
pub(crate) fn events(host: &Host, id: &str) -> Vec<String> {
    let listed = host.root(&["writ", "audit", "list", "--json", "--id", id]);
    let event = regex_lite::Regex::new(r#""event":"([a-z.]+)""#).expect("a form");
    event.captures_iter(listed.ok()).map(|found| found[1].to_owned()).collect()
}

/// Ends what is open. (Whoever logs in to give it back holds its groups, and ends too.)
#[track_caller]
pub(crate) fn close(host: &Host, id: &str) {
    host.root(&["writ", "revoke", id]).ok();
}

/// Waits for an event of a request, and gives it as the ledger has it.
#[track_caller]
pub(crate) fn event(host: &Host, id: &str, event: &str, limit: Duration) -> Value {
    let mut found: Option<Value> = None;
    host.wait_until(&format!("{event} of {id}"), limit, || {
        let listed = host.root(&["writ", "audit", "list", "--json", "--id", id, "--event", event]);
        let mut lines = listed.ok().lines().filter_map(|line| serde_json::from_str(line).ok());
        found = lines.next_back();
        found.is_some()
    });
    found.expect("it was waited for")["record"].take()
}

/// The scopes that are there of a grant.
pub(crate) fn scopes(host: &Host, id: &str) -> Vec<String> {
    let found = host.root_sh(&format!(
        "find /sys/fs/cgroup/user.slice -maxdepth 2 -name 'writ-{id}-*.scope' -printf '%f\\n'"
    ));
    found.ok().lines().map(str::to_owned).collect()
}

/// The processes that are left in them.
pub(crate) fn left(host: &Host, id: &str) -> usize {
    let found = host.root_sh(&format!(
        "cat /sys/fs/cgroup/user.slice/*/writ-{id}-*.scope/cgroup.procs 2>/dev/null | wc -l"
    ));
    found.ok().parse().expect("a number")
}

/// Waits until nothing is left of a grant, and gives how long after `since` that was.
#[track_caller]
pub(crate) fn gone(host: &Host, id: &str, since: Instant) -> Duration {
    host.wait_until("the last process to be gone", PATIENCE + GRACE, || left(host, id) == 0);
    since.elapsed()
}

/// A property of a unit.
pub(crate) fn property(host: &Host, unit: &str, name: &str) -> String {
    host.root(&["systemctl", "show", "--value", "--property", name, unit]).ok().to_owned()
}

/// The terminal is as it was.
pub(crate) fn modes(person: &Terminal) -> String {
    person.run("stty -a | tail -n +2 | xargs").0
}
