//! The PAM door, with the real programs that are in front of it.

mod agent_away;
mod commands;
mod logins;
mod policy;
mod su;

use agent_away::*;
use commands::*;
use logins::*;
use su::*;
use writ_tests::scenarios;

scenarios! {
    prepare: policy::enforced,
    both: [
        su_waits_until_another_person_approves,
        su_is_allowed_and_denied_by_its_target,
        an_agent_that_is_restarted_while_a_password_is_typed_is_asked_all_the_same,
        the_login_form_of_su_is_no_way_around,
        a_reason_is_asked_for_in_the_conversation,
        su_without_a_terminal_leaves_the_data_and_the_request_alone,
        ctrl_c_leaves_su_and_not_the_request,
        a_shell_of_su_ends_with_its_grant,
        what_is_typed_is_told_and_the_environment_is_not,

        sudo_asks_once_where_its_plugin_is,
        doas_asks_for_its_command,
        doas_runs_the_approved_command_once,

        a_login_by_key_is_told_why_not_and_passes_once_it_is_approved,
        a_login_by_password_waits,
        a_login_that_is_asked_for_is_answered_in_the_conversation,
        a_login_waits_for_less_than_sshd_gives_it,
        a_login_on_the_console_asks,
        root_logs_in_with_a_record,
        a_login_ends_with_its_grant,
        who_has_logged_in_is_warned_before_his_login_ends,
        a_window_until_logout_ends_with_the_login_that_su_was_in,
        many_logins_pass_while_others_wait,

        without_the_agent_root_passes_and_others_are_refused,
        a_frozen_agent_refuses_in_time,
        a_service_that_no_rule_names_goes_on_without_a_record,
        no_control_of_a_stack_lets_anybody_in,
        the_module_is_clean_under_valgrind,
    ],
    trixie: [
        pkexec_asks_for_a_session,
        run0_asks_as_pkexec_does,
        sudo_rs_asks_for_its_command,
        sudo_rs_lists_and_checks_without_a_question,
        commands_have_the_same_verdict_through_sudo_and_sudo_rs,
        a_name_that_may_be_two_files_is_refused,
    ],
}
