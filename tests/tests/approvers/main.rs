//! People decide: who sees a question, who may answer it, and what an answer does.

mod deciding;
mod desk;
mod notices;
mod own_requests;
mod people;
mod policy;
mod standing_in;
mod verbs;

use deciding::{
    a_decision_on_another_digest_is_refused, a_denial_ends_it_and_its_reason_is_told,
    a_grant_asked_for_in_advance_lets_sudo_pass_once, a_grant_ends_when_its_time_is_up,
    a_grant_is_given_back_or_revoked_by_who_may, an_approver_narrows_what_was_asked_for,
    two_different_people_are_two, two_terminals_with_one_command_share_one_request,
};
use notices::{
    a_flood_of_requests_does_not_flood_a_terminal, a_hostile_command_shows_nothing_that_acts,
    only_who_is_asked_and_takes_messages_is_told,
};
use own_requests::{
    a_detached_process_does_not_help_a_requester, another_login_does_not_help_a_requester,
    root_does_not_help_a_requester, su_does_not_help_a_requester,
    who_asked_through_another_account_cannot_answer_through_his_own,
};
use people::{
    doors_are_for_root_alone, users_groups_and_teams_are_asked, varlinkctl_can_talk_to_the_agent,
    who_is_not_asked_neither_sees_nor_decides,
};
use policy::{
    a_policy_that_is_wrong_is_refused_with_its_place, observing_blocks_nothing_and_records_all,
};
use standing_in::{
    a_deputy_answers_for_who_is_away_and_is_seen_to_look,
    who_is_on_call_is_asked_and_reminded_and_nobody_else,
};
use verbs::{
    every_exit_code_is_met, listings_fit_their_screens, listings_have_the_fields_of_the_protocol,
    the_whole_question_is_seen_and_answered_at_a_terminal,
};
use writ_tests::{Host, PolicyFiles, scenarios};

scenarios! {
    prepare: asking,
    both: [
        the_whole_question_is_seen_and_answered_at_a_terminal,
        every_exit_code_is_met,
        listings_have_the_fields_of_the_protocol,
        listings_fit_their_screens,
        su_does_not_help_a_requester,
        another_login_does_not_help_a_requester,
        root_does_not_help_a_requester,
        a_detached_process_does_not_help_a_requester,
        who_asked_through_another_account_cannot_answer_through_his_own,
        who_is_not_asked_neither_sees_nor_decides,
        doors_are_for_root_alone,
        users_groups_and_teams_are_asked,
        two_different_people_are_two,
        a_denial_ends_it_and_its_reason_is_told,
        an_approver_narrows_what_was_asked_for,
        a_decision_on_another_digest_is_refused,
        a_grant_asked_for_in_advance_lets_sudo_pass_once,
        a_grant_ends_when_its_time_is_up,
        a_grant_is_given_back_or_revoked_by_who_may,
        two_terminals_with_one_command_share_one_request,
        only_who_is_asked_and_takes_messages_is_told,
        a_hostile_command_shows_nothing_that_acts,
        a_flood_of_requests_does_not_flood_a_terminal,
        a_deputy_answers_for_who_is_away_and_is_seen_to_look,
        who_is_on_call_is_asked_and_reminded_and_nobody_else,
        a_policy_that_is_wrong_is_refused_with_its_place,
        observing_blocks_nothing_and_records_all,
    ],
    trixie: [varlinkctl_can_talk_to_the_agent],
}

/// Everybody may ask for everything below /srv; who is asked is in the path.
const POLICY: PolicyFiles<'_> = &[
    (
        "writ.toml",
        r#"mode = "enforce"
unmatched = "deny"
[ask]
from = ["bob"]
[noninteractive]
wait = "1s"
"#,
    ),
    (
        "roles.d/srv.toml",
        r#"[role.srv]
members = ["alice", "bob", "carol", "dave", "erin"]
[[role.srv.rule]]
name = "look"
commands = ["/usr/bin/id **"]
decision = "allow"
[[role.srv.rule]]
name = "shell"
commands = ["/bin/bash", "/usr/bin/bash"]
decision = "ask"
[[role.srv.rule]]
name = "bob alone"
commands = ["/usr/bin/touch /srv/bob/*"]
decision = "ask"
[[role.srv.rule]]
name = "everybody"
commands = ["/usr/bin/touch /srv/everybody/*"]
decision = "ask"
ask = { from = ["alice", "bob", "carol", "erin"] }
[[role.srv.rule]]
name = "group"
commands = ["/usr/bin/touch /srv/group/*"]
decision = "ask"
ask = { from = ["%oncall"] }
[[role.srv.rule]]
name = "team"
commands = ["/usr/bin/touch /srv/team/*"]
decision = "ask"
ask = { from = ["@managers"] }
[[role.srv.rule]]
name = "two people"
commands = ["/usr/bin/touch /srv/two/*"]
decision = "ask"
ask = { from = ["bob", "carol", "erin"], count = 2 }
[[role.srv.rule]]
name = "quick"
commands = ["/usr/bin/touch /srv/quick/*"]
decision = "ask"
ask = { timeout = "2s" }
"#,
    ),
    ("approvers.d/carol.toml", "[approver.carol]\nunix_user = \"carol\"\nteams = [\"managers\"]\n"),
];

fn asking(host: &Host) {
    host.root_sh("cd /srv && mkdir bob everybody group team two quick").ok();
    host.install_product(POLICY);
    // Their logins are many; user managers that stay make each a quick one.
    host.root(&["loginctl", "enable-linger", "alice", "bob", "carol", "dave", "erin"]).ok();
}
