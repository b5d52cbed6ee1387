//! Whoever talks nonsense to the agent's socket, at whatever speed, loses his
//! connection, and nobody else loses anything.

mod bystanders;
mod calls;
mod frames;
mod patience;

use calls::{
    ids_digests_and_numbers_of_any_kind_change_nothing,
    what_is_for_root_or_of_others_changes_nothing,
};
use frames::{
    a_frame_may_be_as_long_as_its_limit_and_no_longer, what_is_no_call_closes_its_connection,
    what_is_no_valid_call_is_refused_and_the_next_one_answered,
};
use patience::{
    a_flood_of_connections_is_its_owners_alone, long_frames_of_one_person_are_read_a_few_at_a_time,
    who_is_slow_or_idle_is_closed_in_time,
};
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: listening,
    both: [
        what_is_no_call_closes_its_connection,
        what_is_no_valid_call_is_refused_and_the_next_one_answered,
        a_frame_may_be_as_long_as_its_limit_and_no_longer,
        what_is_for_root_or_of_others_changes_nothing,
        ids_digests_and_numbers_of_any_kind_change_nothing,
        a_flood_of_connections_is_its_owners_alone,
        long_frames_of_one_person_are_read_a_few_at_a_time,
        who_is_slow_or_idle_is_closed_in_time,
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
members = ["alice", "carol", "dave"]
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

fn listening(host: &Host) {
    host.put("/srv/talk.py", include_str!("talk.py"), 0o644);
    host.put("/srv/dawdle.py", include_str!("dawdle.py"), 0o644);
    host.put("/srv/long.py", include_str!("long.py"), 0o644);
    host.put("/srv/crowd.py", include_str!("crowd.py"), 0o644);
    host.install_product(POLICY);
}
