//! Windows of roles: asked for as a whole, what they lend, what passes under them,
//! and their ends.

mod ends;
mod opening;
mod policy;
mod refused;
mod under;

use ends::*;
use opening::*;
use refused::*;
use under::*;
use writ_tests::scenarios;

scenarios! {
    prepare: policy::enforced,
    both: [
        a_role_is_asked_for_shown_approved_and_lent,
        a_role_that_the_policy_gives_is_open_at_once,
        who_may_ask_for_what_is_listed,
        asking_again_finds_the_open_window,
        a_window_stands_longer_once_people_say_so,

        a_command_of_the_role_passes_and_is_on_record_under_the_window,
        what_more_people_must_answer_is_asked_about_all_the_same,
        a_program_that_a_lent_group_may_write_is_not_let_through,
        one_window_ending_takes_nothing_that_another_lends,

        a_window_ends_on_time_at_the_next_look_up,
        a_window_ends_by_hand_and_by_revocation,
        a_window_ends_when_its_role_is_gone,
        a_window_of_a_user_who_is_gone_leaves_nothing_behind,
        a_killed_agent_lends_nothing_and_a_restarted_one_what_is_open,
        a_boot_ends_every_window,

        what_cannot_be_opened_is_refused_in_words,
    ],
}
