//! The agent cannot be reached, and policy lets some pass on record.

mod attacks;
mod glass;
mod passing;
mod policy;

use attacks::*;
use glass::*;
use passing::*;
use writ_tests::scenarios;

scenarios! {
    prepare: policy::enforced,
    both: [
        what_a_rule_lets_pass_runs_and_all_else_is_refused,
        su_passes_by_its_rule_and_for_no_other_target,
        a_service_that_no_rule_names_is_left_alone,
        a_hung_agent_is_gone_without_and_takes_the_record_when_it_is_back,
        while_it_is_only_observed_a_lost_agent_refuses_nobody,
        explain_and_doctor_tell_of_it,

        users_reach_neither_the_policy_nor_the_record_nor_the_socket,
        a_policy_that_the_agent_has_not_taken_lets_nothing_pass,
        a_copy_of_the_policy_that_is_a_link_or_a_users_is_none,
        what_cannot_be_put_down_does_not_run,
        a_program_that_who_asks_may_write_is_refused,
        what_was_typed_acts_on_nobody_who_reads_it,

        at_his_terminal_he_says_why_everybody_is_told_and_somebody_else_reviews_it,
        who_says_nothing_or_is_not_named_breaks_no_glass,
        writ_breakglass_says_it_once_and_needs_no_terminal,
        what_cannot_be_put_down_or_is_of_another_policy_breaks_no_glass,
        an_agent_that_is_there_decides_whatever_a_user_does,
        of_a_hung_agent_it_is_broken_and_on_record_when_it_is_back,
    ],
}
