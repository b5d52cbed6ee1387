//! The policy of the theme.

use writ_tests::{Host, PolicyFiles};

pub(crate) const WRIT_TOML: &str =
    "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"bob\"]\n";

pub(crate) const ROLES: &str = r#"
[role.web]
members = ["alice"]

[[role.web.rule]]
name = "look"
commands = ["/usr/bin/id **"]
decision = "allow"

[[role.web.rule]]
name = "restart"
commands = ["/usr/bin/systemctl restart *"]
decision = "ask"

[role.logs]
members = ["alice"]
groups = ["adm"]
decision = "allow"
max_duration = "30m"

[role.lent]
members = ["%adm"]

[[role.lent.rule]]
commands = ["/usr/bin/true"]
decision = "allow"

[role.secret]
members = ["erin"]

[[role.secret.rule]]
name = "secret"
commands = ["ALL"]
decision = "allow"
"#;

/// What holds in every scenario.
pub(crate) const POLICY: PolicyFiles<'static> =
    &[("writ.toml", WRIT_TOML), ("roles.d/roles.toml", ROLES)];

/// The product with [`POLICY`] in force.
pub(crate) fn enforced(host: &Host) {
    host.install_product(POLICY);
}
