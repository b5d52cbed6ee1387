//! `writ run` and `writ shell`: with what a role lends, as oneself, and no longer than
//! its window.

mod attacks;
mod ending;
mod passing;
mod privileges;
mod terminal;

use attacks::{
    a_descriptor_of_another_users_terminal_is_refused,
    a_number_of_descriptors_but_three_is_refused, a_run_of_another_user_is_not_there,
    files_and_network_sockets_are_refused, nobody_without_a_window_hands_over_anything,
    the_agent_stays_small_and_answers,
};
use ending::{
    a_lost_caller_takes_the_command_along, a_revoked_window_stops_what_runs,
    an_agent_that_is_killed_finds_its_commands_again, no_unit_is_left_behind,
    the_end_of_the_window_stops_what_runs, what_an_agent_left_behind_is_let_go_by_the_next,
    what_does_not_want_to_end_is_killed,
    what_runs_when_its_window_is_extended_goes_on_to_the_new_end,
    while_the_agent_is_dead_pid_1_ends_it,
};
use passing::{
    arguments_arrive_as_they_were_typed, data_goes_through_pipes_and_files_both_ways,
    folder_umask_and_environment_are_the_callers, signals_reach_the_command,
    the_exit_status_is_the_commands_own, what_cannot_run_is_told,
};
use privileges::{
    a_role_that_lends_nothing_runs_nothing, a_role_with_groups_alone_lends_them,
    it_has_the_capabilities_of_the_role_and_no_other, it_is_on_record_with_its_command,
    the_capability_works_and_the_rest_does_not, who_came_by_another_account_stays_known,
    without_a_window_one_is_asked_for,
};
use terminal::{
    a_command_at_a_terminal_has_one_of_its_own, a_resize_reaches_the_command,
    ctrl_c_and_job_control_work_in_the_shell, ctrl_z_stops_a_command_between_pipes,
    the_terminal_is_as_it_was_before,
};
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: lending,
    both: [
        it_has_the_capabilities_of_the_role_and_no_other,
        the_capability_works_and_the_rest_does_not,
        a_role_with_groups_alone_lends_them,
        a_role_that_lends_nothing_runs_nothing,
        it_is_on_record_with_its_command,
        without_a_window_one_is_asked_for,
        who_came_by_another_account_stays_known,
        folder_umask_and_environment_are_the_callers,
        arguments_arrive_as_they_were_typed,
        data_goes_through_pipes_and_files_both_ways,
        the_exit_status_is_the_commands_own,
        what_cannot_run_is_told,
        signals_reach_the_command,
        a_command_at_a_terminal_has_one_of_its_own,
        ctrl_c_and_job_control_work_in_the_shell,
        ctrl_z_stops_a_command_between_pipes,
        a_resize_reaches_the_command,
        the_terminal_is_as_it_was_before,
        the_end_of_the_window_stops_what_runs,
        what_does_not_want_to_end_is_killed,
        a_revoked_window_stops_what_runs,
        a_lost_caller_takes_the_command_along,
        an_agent_that_is_killed_finds_its_commands_again,
        while_the_agent_is_dead_pid_1_ends_it,
        what_runs_when_its_window_is_extended_goes_on_to_the_new_end,
        what_an_agent_left_behind_is_let_go_by_the_next,
        nobody_without_a_window_hands_over_anything,
        a_number_of_descriptors_but_three_is_refused,
        files_and_network_sockets_are_refused,
        a_descriptor_of_another_users_terminal_is_refused,
        a_run_of_another_user_is_not_there,
        the_agent_stays_small_and_answers,
        no_unit_is_left_behind,
    ],
}

/// `capture` is open for whoever says so, `asked` asks bob.
const POLICY: PolicyFiles<'_> = &[
    (
        "writ.toml",
        r#"mode = "enforce"
unmatched = "deny"
[ask]
from = ["bob"]
justification = "optional"
"#,
    ),
    (
        "roles.d/lend.toml",
        r#"[role.capture]
members = ["alice", "dave"]
capabilities = ["CAP_NET_RAW"]
groups = ["www-data"]
decision = "allow"
max_duration = "1h"

[role.bind]
members = ["alice"]
capabilities = ["CAP_NET_BIND_SERVICE"]
decision = "allow"

[role.asked]
members = ["alice"]
capabilities = ["CAP_NET_RAW", "CAP_SYS_NICE"]

[role.web]
members = ["alice"]
groups = ["www-data"]
decision = "allow"

[role.rules]
members = ["alice"]
decision = "allow"
[[role.rules.rule]]
commands = ["/usr/bin/id"]
decision = "ask"

[role.brief]
members = ["carol"]
capabilities = ["CAP_NET_RAW"]
decision = "allow"
"#,
    ),
];

fn lending(host: &Host) {
    host.install_product(POLICY);
    // Their logins are many; user managers that stay make each a quick one.
    host.root(&["loginctl", "enable-linger", "alice", "bob", "carol", "dave"]).ok();
    host.as_user("alice", "writ request capture --for 1h").ok();
}

/// How many services of `writ run` PID 1 has.
fn limits(host: &Host) -> String {
    let list = "systemctl list-units --all --plain --no-legend 'writ-*-limit.timer'";
    host.root_sh(list).ok().to_owned()
}

fn units(host: &Host) -> String {
    let list = "systemctl list-units --all --plain --no-legend 'writ-*-*-*.service'";
    host.root_sh(list).ok().to_owned()
}
