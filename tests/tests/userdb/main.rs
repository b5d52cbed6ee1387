//! The user database: what is lent is a group like any other, at once and not a
//! moment longer, and nobody's look-up waits for an agent that hangs, is flooded or
//! is gone.

mod agent_itself;
mod doctor;
mod hanging;
mod lender;
mod misuse;
mod seeing;
mod speed;

use agent_itself::{
    an_agent_that_starts_clears_what_a_dead_one_left_and_sees_no_nscd,
    the_agent_decides_on_groups_that_it_does_not_lend,
};
use doctor::doctor_tells_the_hosts_that_can_lend_from_those_that_cannot;
use hanging::{
    a_hung_loop_and_a_hung_thread_are_ended_within_five_seconds,
    a_killed_server_takes_what_it_lent_with_it,
    a_stopped_server_is_ended_within_five_seconds_and_lends_again,
    an_agent_at_rest_says_that_it_lives_at_half_of_what_its_unit_allows,
    at_rest_the_watchdog_is_the_units,
};
use misuse::{
    garbage_and_clients_that_never_read_hold_nobody_up,
    three_hundred_connections_of_one_user_hold_nobody_up,
};
use seeing::{
    getent_lists_a_lent_member_where_groups_are_merged, programs_of_systemd_see_it_too,
    what_is_lent_is_seen_everywhere_at_once_and_not_once_it_has_ended,
    with_userdbd_running_it_is_the_same,
};
use speed::a_look_up_with_three_lent_groups_against_one_without;
use writ_tests::{PolicyFiles, scenarios};

scenarios! {
    prepare: lender::product_and_lender,
    both: [
        what_is_lent_is_seen_everywhere_at_once_and_not_once_it_has_ended,
        with_userdbd_running_it_is_the_same,
        getent_lists_a_lent_member_where_groups_are_merged,
        programs_of_systemd_see_it_too,
        the_agent_decides_on_groups_that_it_does_not_lend,
        an_agent_that_starts_clears_what_a_dead_one_left_and_sees_no_nscd,
        doctor_tells_the_hosts_that_can_lend_from_those_that_cannot,
        at_rest_the_watchdog_is_the_units,
        an_agent_at_rest_says_that_it_lives_at_half_of_what_its_unit_allows,
        a_killed_server_takes_what_it_lent_with_it,
        a_stopped_server_is_ended_within_five_seconds_and_lends_again,
        a_hung_loop_and_a_hung_thread_are_ended_within_five_seconds,
        garbage_and_clients_that_never_read_hold_nobody_up,
        three_hundred_connections_of_one_user_hold_nobody_up,
        a_look_up_with_three_lent_groups_against_one_without,
    ],
}

/// Of `id` only who is in adm, of `true` everybody who is named.
const POLICY: PolicyFiles<'_> = &[
    ("writ.toml", "mode = \"enforce\"\nunmatched = \"deny\"\n"),
    (
        "roles.d/groups.toml",
        r#"[role.administration]
members = ["%adm"]
groups = ["games"]
decision = "allow"
[[role.administration.rule]]
name = "look"
commands = ["/usr/bin/id **"]
decision = "allow"

[role.everybody]
members = ["alice", "bob"]
[[role.everybody.rule]]
name = "nothing"
commands = ["/usr/bin/true"]
decision = "allow"
"#,
    ),
];
