//! Approvers prove who they are before they approve (`reauth = true`).

mod given;
mod hanging;
mod refused;

use given::{
    a_no_needs_no_proof, root_proves_himself_like_anybody,
    the_right_password_approves_and_is_on_record_as_proof,
};
use hanging::{
    a_module_that_hangs_holds_nobody_up_and_is_ended,
    an_agent_that_is_restarted_ends_what_was_being_proved,
};
use refused::{
    a_proof_counts_once_and_for_its_own_question, a_wrong_password_approves_nothing,
    an_account_that_has_expired_proves_nothing, ctrl_c_leaves_everything_as_it_was,
    nobody_approves_past_the_command_line, too_many_wrong_passwords_have_to_wait,
    who_is_ended_at_the_prompt_leaves_a_terminal_that_shows_what_is_typed,
    without_a_terminal_it_says_so,
};
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: asking,
    both: [
        the_right_password_approves_and_is_on_record_as_proof,
        root_proves_himself_like_anybody,
        a_no_needs_no_proof,
        a_wrong_password_approves_nothing,
        ctrl_c_leaves_everything_as_it_was,
        who_is_ended_at_the_prompt_leaves_a_terminal_that_shows_what_is_typed,
        without_a_terminal_it_says_so,
        nobody_approves_past_the_command_line,
        a_proof_counts_once_and_for_its_own_question,
        an_account_that_has_expired_proves_nothing,
        too_many_wrong_passwords_have_to_wait,
        an_agent_that_is_restarted_ends_what_was_being_proved,
        a_module_that_hangs_holds_nobody_up_and_is_ended,
    ],
}

const POLICY: PolicyFiles<'_> = &[
    (
        "writ.toml",
        r#"mode = "enforce"
unmatched = "deny"
[ask]
from = ["bob", "carol", "dave", "root"]
timeout = "10m"
[noninteractive]
wait = "1s"
"#,
    ),
    (
        "roles.d/srv.toml",
        r#"[role.srv]
members = ["alice"]
[[role.srv.rule]]
name = "look"
commands = ["/usr/bin/true"]
decision = "allow"
[[role.srv.rule]]
name = "touch"
commands = ["/usr/bin/touch *"]
decision = "ask"
ask = { reauth = true }
"#,
    ),
];

fn asking(host: &Host) {
    host.install_product(POLICY);
}

/// alice asks for `touch FILE`; gives the request's ID.
#[track_caller]
fn asked(host: &Host, file: &str) -> String {
    host.as_user("alice", &format!("writ request --no-wait -- touch {file}")).ok();
    host.request_of("pending", file)
}

/// The processes of root's that lead proofs.
fn provers(host: &Host) -> String {
    host.root_sh("pgrep -a -x writ-pam || true").stdout
}
