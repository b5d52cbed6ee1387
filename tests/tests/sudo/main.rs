//! The sudo door, as the person at the terminal meets it.

mod agent_away;
mod attacks;
mod commands;
mod policy;
mod reason;
mod unattended;
mod waiting;

use agent_away::*;
use attacks::*;
use commands::*;
use reason::*;
use unattended::*;
use waiting::*;
use writ_tests::scenarios;

scenarios! {
    prepare: policy::enforced,
    both: [
        sudo_waits_until_another_person_approves,
        the_line_fits_a_narrow_terminal,
        a_password_is_asked_first_where_sudoers_wants_one,
        a_denial_is_told_with_its_comment,
        silence_is_a_no,
        ctrl_c_leaves_at_once_and_the_same_command_comes_back,
        ctrl_z_and_fg_keep_the_place,
        a_job_in_the_background_leaves_the_terminal_alone,
        a_hang_up_ends_sudo_and_not_the_request,
        term_ends_sudo_and_not_the_request,
        what_was_revoked_while_sudo_was_stopped_does_not_run,
        what_has_expired_while_sudo_was_stopped_does_not_run,

        a_reason_is_typed_at_the_terminal_and_edited,
        a_reason_is_asked_beside_a_pipeline_whose_data_stays_whole,
        reason_and_ticket_come_from_the_environment,
        a_ticket_that_does_not_match_is_asked_for_again,
        a_reason_that_nobody_can_be_asked_for_is_named,

        without_a_terminal_the_request_stays_open,
        sudo_n_at_a_terminal_never_asks,
        ansible_becomes_root_where_policy_allows_it,
        ansible_does_not_hang_on_an_approval,

        what_policy_allows_runs_at_once,
        a_command_in_the_background_goes_on_and_its_end_is_on_record,
        files_are_edited_with_sudoedit,
        intercepted_commands_are_decided_one_by_one,
        logged_subcommands_are_on_record_and_decided_on_by_nobody,
        subcommands_wait_for_no_agent,
        a_command_inherits_no_descriptor,
        exit_status_and_signal_are_passed_on_and_recorded,

        an_argument_of_any_bytes_runs_unchanged_and_is_shown_escaped,
        a_long_argument_is_whole,
        a_command_that_the_requester_may_write_is_refused,
        a_program_that_was_replaced_is_not_started,
        nothing_runs_unapproved_under_tight_limits_or_without_descriptors,
        the_environment_decides_nothing,

        root_passes_with_a_record,
        without_the_agent_root_passes_and_others_are_refused,
        a_frozen_agent_refuses_in_time,
        a_restarted_agent_keeps_the_wait,
    ],
}
