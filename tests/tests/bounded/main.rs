//! What runs on the word of people ends with it: commands, what they have started, and
//! processes that hold a group which was lent.

mod agent_away;
mod before;
mod crashes;
mod ends;
mod groups;
mod held;
mod policy;

use agent_away::*;
use before::*;
use crashes::*;
use ends::*;
use groups::*;
use held::*;
use writ_tests::scenarios;

scenarios! {
    prepare: policy::enforced,
    both: [
        a_command_of_people_runs_in_a_scope_that_ends,
        what_policy_allows_stays_where_it_is,
        every_way_to_call_sudo_goes_on_working_in_a_scope,
        who_opens_a_session_with_sudo_is_put_back_and_known_as_before,
        a_command_that_was_asked_for_in_advance_is_held_and_warned_where_it_runs,
        what_cannot_be_held_is_not_started_and_root_is_never_kept_out,
        a_slow_pid_1_holds_nobody_else_up,

        a_shell_ends_with_its_grant_and_leaves_the_terminal_usable,
        what_will_not_end_is_killed_after_the_grace_and_the_terminal_is_usable,
        whatever_ends_a_grant_ends_what_runs_on_it,
        what_a_command_left_behind_ends_with_its_window,
        a_role_that_only_warns_ends_nothing,
        a_window_ends_with_the_last_login_session,

        whoever_is_about_to_lose_something_is_warned,
        a_grant_that_stands_longer_is_not_ended_by_its_old_backstop,
        a_limit_that_could_not_be_put_off_is_put_off_after_a_restart,

        a_login_during_a_window_ends_with_it,
        who_has_the_group_by_right_or_by_another_window_is_left_alone,
        what_was_left_of_a_group_is_found_after_a_restart,

        pid_1_ends_commands_on_time_and_the_agent_records_it,
        what_is_open_goes_on_and_what_has_ended_is_ended,
        a_scope_that_no_grant_stands_for_is_stopped,
        a_command_in_the_background_goes_on_over_a_restart,

        whatever_is_lost_no_elevation_outlives_its_end_and_no_end_is_unrecorded,

        what_a_lost_part_of_the_ledger_told_of_is_stopped_once_root_goes_on,
    ],
}
