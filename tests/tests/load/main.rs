//! Many at once: everybody gets his own answer, and nobody keeps another out.

mod crowd;
mod flood;
mod waiting;

use crowd::allowed_commands_all_run_and_are_all_on_record;
use flood::a_flood_of_ones_requests_keeps_nobody_else_out;
use waiting::five_hundred_wait_at_once_and_each_gets_its_own_answer;
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: crowded,
    both: [
        five_hundred_wait_at_once_and_each_gets_its_own_answer,
        allowed_commands_all_run_and_are_all_on_record,
        a_flood_of_ones_requests_keeps_nobody_else_out,
    ],
}

/// Nobody has a terminal here, so the wait without one is long.
const POLICY: PolicyFiles<'_> = &[
    (
        "writ.toml",
        "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"bob\"]\ntimeout = \"20m\"\n\
         [noninteractive]\nwait = \"15m\"\n",
    ),
    (
        "roles.d/crowd.toml",
        r#"[role.crowd]
members = ["alice", "carol", "dave"]
[[role.crowd.rule]]
name = "asked"
commands = ["/srv/load/asked **"]
decision = "ask"
[[role.crowd.rule]]
name = "allowed"
commands = ["/srv/load/allowed **"]
decision = "allow"
"#,
    ),
];

/// Leaves a mark of its own, with the name of who called sudo, and ends with the
/// status that it was told.
const MARK: &str = "#!/bin/sh\necho \"$SUDO_USER\" >\"/srv/load/marks/$1\"\nexit \"$2\"\n";

fn crowded(host: &Host) {
    host.put("/srv/load/asked", MARK, 0o755);
    host.put("/srv/load/allowed", MARK, 0o755);
    host.put("/srv/load/crowd.py", include_str!("crowd.py"), 0o644);
    host.put("/srv/load/flood.py", include_str!("flood.py"), 0o644);
    host.root(&["mkdir", "/srv/load/marks"]).ok();
    host.install_product(POLICY);
}
