//! The policy of the theme, and the agent's comings and goings.

use serde_json::Value;
use writ_tests::{Host, PATIENCE, PolicyFiles};

pub(crate) const WRIT_TOML: &str = "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"bob\"]\n[break_glass]\nfrom = [\"alice\"]\n";

pub(crate) const ROLES: &str = r#"
[role.ops]
members = ["alice", "dave"]

[[role.ops.rule]]
name = "always"
commands = ["/usr/bin/id **", "/usr/bin/touch /srv/passed-*", "/srv/tools/tool"]
decision = "allow"
without_agent = "allow"

[[role.ops.rule]]
name = "with the agent"
commands = ["/usr/bin/uptime"]
decision = "allow"

[[role.ops.rule]]
name = "become dave"
services = ["su"]
run_as = ["dave"]
decision = "allow"
without_agent = "allow"

[[role.ops.rule]]
name = "become root"
services = ["su"]
run_as = ["root"]
decision = "allow"

# It denies nothing that happens here, and the agent alone could say so.
[role.never]
members = ["dave"]
[[role.never.rule]]
commands = ["/usr/bin/id **"]
decision = "deny"
when = "tty && !tty"

[role.trusted]
members = ["carol"]
[[role.trusted.rule]]
commands = ["ALL"]
decision = "allow"
"#;

/// What holds in every scenario.
pub(crate) const POLICY: PolicyFiles<'static> =
    &[("writ.toml", WRIT_TOML), ("roles.d/roles.toml", ROLES)];

/// Where that lies which has passed.
pub(crate) const SPOOL: &str = "/var/lib/writ/without-agent";

/// What a person reads when something passes.
pub(crate) const PASSES: &str = "this passes without Writ's agent, which cannot be reached";

/// The product with [`POLICY`] in force, asked by su too.
pub(crate) fn enforced(host: &Host) {
    host.install_product(POLICY);
    host.root(&["writ", "enable", "pam", "su"]).ok();
}

/// The agent is stopped and nothing starts it.
pub(crate) fn away(host: &Host) {
    host.root(&["systemctl", "mask", "--runtime", "writd.socket", "writd.service"]).ok();
    host.root(&["systemctl", "stop", "writd.socket", "writd.service"]).ok();
}

/// It is back, and has taken what there was.
pub(crate) fn back(host: &Host) {
    host.root(&["systemctl", "unmask", "--runtime", "writd.socket", "writd.service"]).ok();
    host.root(&["systemctl", "start", "writd.socket", "writd.service"]).ok();
    host.wait_until("the record", PATIENCE, || kept(host).is_empty());
}

/// The names of what waits for the agent.
pub(crate) fn kept(host: &Host) -> Vec<String> {
    let listed = host.root_sh(&format!("ls {SPOOL} | grep json$ || true"));
    listed.ok().lines().map(str::to_owned).collect()
}

/// What is on record of what has passed without the agent, of commands with this word.
pub(crate) fn records(host: &Host, word: &str) -> Vec<Value> {
    let listed = host.root_sh("cat /var/lib/writ/ledger/*.jsonl");
    let lines = listed.ok().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let records = lines.filter(|line| !line["record"]["without_agent"].is_null());
    records.filter(|record| record.to_string().contains(word)).collect()
}
