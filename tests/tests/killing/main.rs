//! The agent is killed at any moment, hundreds of times, while people use it.

mod ends;
mod storm;
mod story;

use ends::{
    a_command_that_ended_while_the_agent_was_away_has_ended_on_record,
    a_command_that_ends_after_the_agent_came_back_has_ended_on_record,
};
use storm::whatever_the_moment_of_a_kill_every_promise_holds;
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: people_at_work,
    both: [
        a_command_that_ended_while_the_agent_was_away_has_ended_on_record,
        a_command_that_ends_after_the_agent_came_back_has_ended_on_record,
        whatever_the_moment_of_a_kill_every_promise_holds,
    ],
}

const POLICY: PolicyFiles<'_> = &[
    (
        "writ.toml",
        "mode = \"enforce\"\nunmatched = \"deny\"\n[ask]\nfrom = [\"bob\"]\n\
         justification = \"off\"\n[noninteractive]\nwait = \"1m\"\n",
    ),
    (
        "roles.d/mark.toml",
        r#"[role.mark]
members = ["alice", "carol"]
[[role.mark.rule]]
name = "asked"
commands = ["/usr/bin/mark asked-* *"]
decision = "ask"
[[role.mark.rule]]
name = "allowed"
commands = ["/usr/bin/mark allowed-* *"]
decision = "allow"
"#,
    ),
];

/// What the commands have left behind, a line for each run: its name, and how long
/// each segment of the ledger was when it ran.
const MARKS: &str = "/srv/marks";

/// A command that says that it ran, and takes so many seconds.
const MARK: &str = "#!/bin/sh\n\
    echo \"$1\" $(stat -c %s /var/lib/writ/ledger/0*.jsonl) >>/srv/marks\n\
    exec sleep \"$2\"\n";

fn people_at_work(host: &Host) {
    host.install_product(POLICY);
    host.put("/usr/bin/mark", MARK, 0o755);
    host.put("/srv/storm.py", include_str!("storm.py"), 0o644);
}
