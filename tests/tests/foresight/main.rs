//! What a policy will do, before it does.

mod explaining;
mod glass;
mod past;
mod policy;

use explaining::*;
use glass::*;
use past::*;
use writ_tests::scenarios;

scenarios! {
    prepare: policy::enforced,
    both: [
        explain_says_what_sudo_then_does,
        only_root_asks_about_others_and_sees_their_roles,
        what_is_lent_is_not_believed_by_explain,

        each_log_of_sudo_is_replayed_to_the_same_end,

        in_an_emergency_named_people_go_ahead_and_everybody_is_told,
        who_is_not_named_cannot_break_the_glass_nor_use_anothers,
    ],
}
