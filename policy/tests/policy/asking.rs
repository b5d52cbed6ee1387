//! Who is asked, and how: [ask], and `ask` of roles and rules over it.

use crate::{assert_refused, taken};
use writ_engine::policy::{Ask, Decision, Justification};
use writ_engine::time::Span;

const BOB: (&str, &str) =
    ("approvers.d/bob.toml", "[approver.bob]\nunix_user = \"bob\"\nteams = [\"oncall\"]\n");
const CAROL: (&str, &str) =
    ("approvers.d/carol.toml", "[approver.carol]\nunix_user = \"carol\"\nteams = [\"oncall\"]\n");

fn role(more: &str, rule: &str) -> String {
    format!(
        "[role.r]\nmembers = [\"alice\"]\n{more}\n[[role.r.rule]]\ncommands = [\"ALL\"]\ndecision = \"ask\"\n{rule}\n"
    )
}

fn ask_of(host: &str, role_text: &str) -> Ask {
    let loaded = taken(&[("writ.toml", host), ("roles.d/r.toml", role_text), BOB, CAROL]);
    match &loaded.policy.settings().roles[0].rules[0].decision {
        Decision::Ask(ask) => (**ask).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_key_is_taken_from_the_nearest_table_that_has_it() {
    let ask = ask_of(
        "[ask]\nfrom = [\"@oncall\"]\ncount = 2\ntimeout = \"9m\"\njustification = \"required\"\nticket = 'A[0-9]'\nmax_duration = \"2h\"\n",
        &role(
            "ask = { timeout = \"4m\", ticket = false, uses = 3, reauth = true }",
            "ask = { from = [\"bob\", \"%ops\", \"bob\"] }",
        ),
    );
    assert_eq!(ask.from.iter().map(ToString::to_string).collect::<Vec<_>>(), ["bob", "%ops"]);
    assert_eq!((ask.count, ask.uses), (2, 3));
    assert_eq!(ask.timeout, Span::from_secs(240));
    assert_eq!(ask.justification, Justification::Required);
    assert_eq!(ask.ticket, None);
    assert!(ask.reauth);
    assert_eq!(ask.max_duration, Span::from_secs(7200));
}

#[test]
fn the_longest_of_a_role_narrows_what_its_rules_inherit() {
    let host = "[ask]\nfrom = [\"bob\"]\n";
    let longest = |role_text: &str| ask_of(host, role_text).max_duration;
    assert_eq!(longest(&role("", "")), Span::from_secs(3600));
    assert_eq!(longest(&role("max_duration = \"10m\"", "")), Span::from_secs(600));
    assert_eq!(longest(&role("max_duration = \"3h\"", "")), Span::from_secs(3600));
    let own = role("max_duration = \"3h\"", "ask = { max_duration = \"2h\" }");
    assert_eq!(longest(&own), Span::from_secs(7200));
}

#[test]
fn a_rule_longer_than_its_role_is_refused() {
    let role = role(
        "max_duration = \"1h\"\nask = { max_duration = \"61m\" }",
        "ask = { max_duration = \"2h\" }",
    );
    assert_refused(
        &[("writ.toml", "ask.from = [\"bob\"]"), ("roles.d/r.toml", &role)],
        r#"
error: this is longer than the `max_duration` of the role
 --> roles.d/r.toml:4:24
  |
4 | ask = { max_duration = "61m" }
  |                        ^^^^^
  = help: shorten it, or lengthen that of the role

error: this is longer than the `max_duration` of the role
 --> roles.d/r.toml:8:24
  |
8 | ask = { max_duration = "2h" }
  |                        ^^^^
  = help: shorten it, or lengthen that of the role
"#,
    );
}

#[test]
fn asking_with_nobody_to_ask_is_refused_where_it_is_said() {
    assert_refused(
        &[("roles.d/r.toml", &role("", ""))],
        r#"
error: this asks, and there is nobody to ask
 --> roles.d/r.toml:6:12
  |
6 | decision = "ask"
  |            ^^^^^
  = help: say whom with `from`, in `ask` here, in `ask` of the role or in [ask] of writ.toml
"#,
    );
    assert_refused(
        &[("writ.toml", "unmatched = \"ask\"\n")],
        r#"
error: this asks, and there is nobody to ask
 --> writ.toml:1:13
  |
1 | unmatched = "ask"
  |             ^^^^^
  = help: say whom with `from`, in `ask` here, in `ask` of the role or in [ask] of writ.toml
"#,
    );
}

#[test]
fn an_empty_list_of_people_is_refused() {
    assert_refused(
        &[("writ.toml", "[ask]\nfrom = []\n"), ("roles.d/r.toml", &role("", ""))],
        r#"
error: `from` is empty
 --> writ.toml:2:8
  |
2 | from = []
  |        ^^
  = help: put at least one into the list
"#,
    );
}

#[test]
fn a_team_that_nobody_is_of_is_refused() {
    let role = role("", "ask = { from = [\"@oncal\", \"@security\"] }");
    assert_refused(
        &[("roles.d/r.toml", &role), BOB],
        r#"
error: no approver is of the team `@oncal`
 --> roles.d/r.toml:7:17
  |
7 | ask = { from = ["@oncal", "@security"] }
  |                 ^^^^^^^^
  = help: did you mean `@oncall`?

error: no approver is of the team `@security`
 --> roles.d/r.toml:7:27
  |
7 | ask = { from = ["@oncal", "@security"] }
  |                           ^^^^^^^^^^^
  = help: the teams of approvers.d are `@oncall`
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask]\nfrom = [\"@oncall\"]\n")],
        r#"
error: no approver is of the team `@oncall`
 --> writ.toml:2:9
  |
2 | from = ["@oncall"]
  |         ^^^^^^^^^
  = help: add `teams = ["oncall"]` to an approver in approvers.d
"#,
    );
}

#[test]
fn a_team_is_not_called_unknown_while_a_file_of_approvers_is_wrong() {
    assert_refused(
        &[
            ("writ.toml", "[ask]\nfrom = [\"@oncall\"]\n"),
            ("approvers.d/bob.toml", "[approver.bob\nteams = [\"oncall\"]\n"),
        ],
        r#"
error: not valid TOML: unclosed table, expected `]`
 --> approvers.d/bob.toml:1:14
  |
1 | [approver.bob
  |              ^
"#,
    );
}

#[test]
fn nobody_is_missed_while_the_file_that_names_them_is_wrong() {
    assert_refused(
        &[("writ.toml", "[ask]\nfrom = [\"a b\"]\n"), ("roles.d/r.toml", &role("", ""))],
        r#"
error: "a b" is no name; names have no white space, no control characters and none of / : , ; " '
 --> writ.toml:2:9
  |
2 | from = ["a b"]
  |         ^^^^^
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask\nfrom = [\"bob\"]\n"), ("roles.d/r.toml", &role("", ""))],
        r#"
error: not valid TOML: unclosed table, expected `]`
 --> writ.toml:1:5
  |
1 | [ask
  |     ^
"#,
    );
}

#[test]
fn more_people_than_are_named_can_never_approve() {
    let three = role("", "ask = { count = 3 }");
    let host = ("writ.toml", "[ask]\nfrom = [\"bob\", \"@oncall\"]\n");
    assert_refused(
        &[host, ("roles.d/r.toml", &three), BOB, CAROL],
        r#"
error: 3 people must approve, and `from` names only 2
 --> roles.d/r.toml:7:17
  |
7 | ask = { count = 3 }
  |                 ^
  = help: name more people in `from`, or lower `count`
"#,
    );
    let dave = ("writ.toml", "[ask]\nfrom = [\"dave\", \"@oncall\"]\n");
    taken(&[dave, ("roles.d/r.toml", &three), BOB, CAROL]);
    let group = ("writ.toml", "[ask]\nfrom = [\"bob\", \"%ops\"]\n");
    taken(&[group, ("roles.d/r.toml", &three), BOB, CAROL]);
}

#[test]
fn one_person_under_two_names_is_one() {
    let robert = ("approvers.d/bob.toml", "[approver.robert]\nunix_user = \"bob\"\n");
    let host = ("writ.toml", "[ask]\nfrom = [\"bob\", \"robert\"]\ncount = 2\n");
    assert_refused(
        &[host, ("roles.d/r.toml", &role("", "")), robert],
        r#"
error: 2 people must approve, and `from` names only 1
 --> writ.toml:3:9
  |
3 | count = 2
  |         ^
  = help: name more people in `from`, or lower `count`
"#,
    );
}

#[test]
fn a_count_of_none_or_of_a_crowd_is_refused() {
    assert_refused(
        &[("writ.toml", "[ask]\ncount = 0\n")],
        r#"
error: `count` must be a whole number from 1 to 100
 --> writ.toml:2:9
  |
2 | count = 0
  |         ^
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask]\ncount = 101\n")],
        r#"
error: `count` must be a whole number from 1 to 100
 --> writ.toml:2:9
  |
2 | count = 101
  |         ^^^
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask]\ncount = -1\n")],
        r#"
error: `count` must be a whole number from 1 to 100
 --> writ.toml:2:9
  |
2 | count = -1
  |         ^^
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask]\ncount = 1.5\n")],
        r#"
error: `count` must be a whole number, not a number with a fraction
 --> writ.toml:2:9
  |
2 | count = 1.5
  |         ^^^
"#,
    );
}

#[test]
fn people_who_cannot_be_are_refused() {
    assert_refused(
        &[("writ.toml", "[ask]\nfrom = [\"ALL\", \"\", \"%\", \"a b\"]\n")],
        r#"
error: `ALL` names nobody here
 --> writ.toml:2:9
  |
2 | from = ["ALL", "", "%", "a b"]
  |         ^^^^^
  = help: name users such as "alice", or a group such as "%sudo"

error: "" names nobody; write a user such as "bob", or "%" and a group of the host
 --> writ.toml:2:16
  |
2 | from = ["ALL", "", "%", "a b"]
  |                ^^

error: "%" names nobody; write a user such as "bob", or "%" and a group of the host
 --> writ.toml:2:20
  |
2 | from = ["ALL", "", "%", "a b"]
  |                    ^^^

error: "a b" is no name; names have no white space, no control characters and none of / : , ; " '
 --> writ.toml:2:25
  |
2 | from = ["ALL", "", "%", "a b"]
  |                         ^^^^^
"#,
    );
}

#[test]
fn a_ticket_pattern_that_is_none_is_refused() {
    assert_refused(
        &[("writ.toml", "[ask]\nticket = '[A-Z+'\n")],
        r#"
error: `[A-Z+` is no pattern for tickets: non-empty character class has no closing bracket
 --> writ.toml:2:10
  |
2 | ticket = '[A-Z+'
  |          ^^^^^^^
  = help: write a regular expression in single quotes, such as '[A-Z]+-[0-9]+'
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask]\nticket = true\n")],
        r#"
error: `ticket` must be a text in quotes, not true or false
 --> writ.toml:2:10
  |
2 | ticket = true
  |          ^^^^
"#,
    );
}

#[test]
fn keys_of_a_later_grammar_are_not_accepted_in_silence() {
    let role = role(
        "uses = 3\nservices = [\"sshd\"]",
        "without_agent = \"pass\"\nask = { all_of = [{ from = [\"bob\"] }], escalate = [] }",
    );
    assert_refused(
        &[("writ.toml", "ask.from = [\"bob\"]"), ("roles.d/r.toml", &role)],
        r#"
error: unknown key `uses` in [role.r]
 --> roles.d/r.toml:3:1
  |
3 | uses = 3
  | ^^^^
  = help: the keys here are `actions`, `allow_dangerous`, `ask`, `capabilities`, `decision`, `description`, `end_on_logout`, `except`, `except_hosts`, `groups`, `hosts`, `hours`, `max_duration`, `members`, `not_after`, `on_end`, `rule`, `time_zone`

error: unknown key `services` in [role.r]
 --> roles.d/r.toml:4:1
  |
4 | services = ["sshd"]
  | ^^^^^^^^
  = help: the keys here are `actions`, `allow_dangerous`, `ask`, `capabilities`, `decision`, `description`, `end_on_logout`, `except`, `except_hosts`, `groups`, `hosts`, `hours`, `max_duration`, `members`, `not_after`, `on_end`, `rule`, `time_zone`

error: unknown key `without_agent` in [[role.r.rule]]
 --> roles.d/r.toml:8:1
  |
8 | without_agent = "pass"
  | ^^^^^^^^^^^^^
  = help: the keys here are `allow_writable`, `ask`, `commands`, `decision`, `hours`, `name`, `not_after`, `run_as`, `run_as_groups`, `services`, `sha256`, `when`

error: unknown key `all_of` in `ask`
 --> roles.d/r.toml:9:9
  |
9 | ask = { all_of = [{ from = ["bob"] }], escalate = [] }
  |         ^^^^^^
  = help: the keys here are `count`, `from`, `justification`, `max_duration`, `reauth`, `ticket`, `timeout`, `uses`

error: unknown key `escalate` in `ask`
 --> roles.d/r.toml:9:40
  |
9 | ask = { all_of = [{ from = ["bob"] }], escalate = [] }
  |                                        ^^^^^^^^
  = help: the keys here are `count`, `from`, `justification`, `max_duration`, `reauth`, `ticket`, `timeout`, `uses`
"#,
    );
}
