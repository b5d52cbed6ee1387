//! The policies under which is measured.

use std::fmt::Write as _;

use writ_tests::PolicyFiles;

/// alice may run `true`, and is asked about `echo`; bob answers.
pub(crate) const SMALL: PolicyFiles<'static> =
    &[("writ.toml", WRIT_TOML), ("roles.d/people.toml", ROLES_TOML)];

const WRIT_TOML: &str = r#"
mode = "enforce"
unmatched = "deny"

[ask]
from = ["bob"]
timeout = "1h"
"#;

const ROLES_TOML: &str = r#"
[role.people]
members = ["alice", "carol", "dave"]

[[role.people.rule]]
name = "harmless"
commands = ["/usr/bin/true", "/srv/writ-bench **"]
decision = "allow"

[[role.people.rule]]
name = "sensitive"
commands = ["/usr/bin/echo **"]
decision = "ask"
"#;

/// The same, answered by who is on call, at a hub: the settings and the roles.
pub(crate) fn asking_the_hub(url: &str) -> (String, &'static str) {
    let settings = WRIT_TOML.replace("bob", "@oncall");
    (format!("{settings}\n[hub]\nurl = \"{url}\"\n"), ROLES_TOML)
}

/// Roles of the large policy, all of them alice's.
pub(crate) const ROLES: usize = 200;

/// Rules of each role.
pub(crate) const RULES_PER_ROLE: usize = 50;

/// Roles in one file of it.
const ROLES_PER_FILE: usize = 20;

/// The large policy: names and texts of its files.
pub(crate) fn large() -> Vec<(String, String)> {
    let mut files = vec![("writ.toml".to_owned(), WRIT_TOML.to_owned())];
    for first in (0..ROLES).step_by(ROLES_PER_FILE) {
        let mut text = String::new();
        for role in first..first + ROLES_PER_FILE {
            text.push_str(&large_role(role));
        }
        files.push((format!("roles.d/{first}.toml"), text));
    }
    files
}

fn large_role(role: usize) -> String {
    let mut text = format!("[role.r{role}]\nmembers = [\"%group{role}\", \"alice\"]\n");
    for rule in 0..RULES_PER_ROLE {
        let written = writeln!(
            text,
            "[[role.r{role}.rule]]\nname = \"rule {rule}\"\n\
             commands = [\"/usr/bin/systemctl restart unit-{role}-{rule}\", \"/opt/app{role}/bin/tool{rule} --file /var/log/* **\"]\n\
             run_as = [\"root\"]\ndecision = \"ask\"\nask = {{ timeout = \"3m\" }}"
        );
        written.expect("a string takes everything");
    }
    text
}
