//! The agent as a service of the host: what it costs when nothing happens, and what
//! becomes of one that hangs.

mod rest;
mod watchdog;

use rest::{at_rest_nothing_wakes_it_and_little_is_held, fifty_sudo_leave_nothing_behind};
use watchdog::a_hung_agent_is_started_again_and_the_wait_goes_on;
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: serving,
    both: [
        at_rest_nothing_wakes_it_and_little_is_held,
        fifty_sudo_leave_nothing_behind,
        a_hung_agent_is_started_again_and_the_wait_goes_on,
    ],
}

/// Nobody has a terminal here, so the wait without one is long.
const POLICY: PolicyFiles<'_> = &[
    (
        "writ.toml",
        "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"bob\"]\n\
         [noninteractive]\nwait = \"5m\"\n",
    ),
    (
        "roles.d/srv.toml",
        r#"[role.srv]
members = ["alice", "carol"]
[[role.srv.rule]]
name = "look"
commands = ["/usr/bin/id **"]
decision = "allow"
[[role.srv.rule]]
name = "touch"
commands = ["/usr/bin/touch **"]
decision = "ask"
"#,
    ),
];

fn serving(host: &Host) {
    host.install_product(POLICY);
}
