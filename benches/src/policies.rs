//! The policies under which is measured.

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
members = ["alice"]

[[role.people.rule]]
name = "harmless"
commands = ["/usr/bin/true", "/srv/writ-bench **"]
decision = "allow"

[[role.people.rule]]
name = "sensitive"
commands = ["/usr/bin/echo **"]
decision = "ask"
"#;
