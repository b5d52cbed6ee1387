//! Who is asked, and how: [ask], and `ask` of roles and rules over it.

use crate::{assert_refused, taken};
use writ_engine::policy::{Ask, Decision, Escalation, Justification, Selector};
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
    let role = role("uses = 3\nservices = [\"sshd\"]", "without_hub = \"deny\"");
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

error: unknown key `without_hub` in [[role.r.rule]]
 --> roles.d/r.toml:8:1
  |
8 | without_hub = "deny"
  | ^^^^^^^^^^^
  = help: the keys here are `allow_writable`, `ask`, `commands`, `decision`, `hours`, `name`, `not_after`, `run_as`, `run_as_groups`, `services`, `sha256`, `when`, `without_agent`
"#,
    );
}

fn seats_of(ask: &Ask) -> Vec<(u32, String)> {
    let of = |from: &[Selector]| from.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    ask.all_of.iter().map(|seats| (seats.count, of(&seats.from))).collect()
}

#[test]
fn several_kinds_of_seats_are_asked_for_and_all_of_them_count() {
    let rule =
        "ask = { all_of = [{ from = [\"bob\", \"%ops\"] }, { from = [\"@oncall\"], count = 2 }] }";
    let ask = ask_of("[ask]\nfrom = [\"@oncall\"]\ncount = 2\n", &role("", rule));
    assert_eq!(seats_of(&ask), [(1, "bob %ops".to_owned()), (2, "@oncall".to_owned())]);
    assert_eq!(
        ask.from.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["bob", "%ops", "@oncall"]
    );
    assert_eq!(ask.count, 3);
}

#[test]
fn from_and_all_of_take_each_others_place() {
    let all_of = "[[ask.all_of]]\nfrom = [\"bob\"]\n[[ask.all_of]]\nfrom = [\"carol\"]\n";
    let inherited = ask_of(all_of, &role("", ""));
    assert_eq!((inherited.count, inherited.all_of.len()), (2, 2));
    let replaced = ask_of(all_of, &role("", "ask = { from = [\"@oncall\"] }"));
    assert_eq!(
        (replaced.count, replaced.all_of.len()),
        (1, 0),
        "the count of seats is not inherited"
    );
    assert_refused(
        &[("writ.toml", all_of), ("roles.d/r.toml", &role("", "ask = { count = 2 }"))],
        r#"
error: `count` says nothing here: a farther `ask` has `all_of`, which says how many
 --> roles.d/r.toml:7:17
  |
7 | ask = { count = 2 }
  |                 ^
  = help: say `from` beside it, or `all_of`, or take it out
"#,
    );
}

#[test]
fn seats_beside_from_or_empty_or_too_many_are_refused() {
    let rule = "ask = { all_of = [{ from = [\"bob\"] }], count = 1 }";
    assert_refused(
        &[("roles.d/r.toml", &role("", rule))],
        r#"
error: `all_of` stands beside `from` or `count`
 --> roles.d/r.toml:7:18
  |
7 | ask = { all_of = [{ from = ["bob"] }], count = 1 }
  |                  ^^^^^^^^^^^^^^^^^^^^
  = help: put `from` and `count` into an item of `all_of`, such as { from = ["@oncall"], count = 1 }
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask]\nall_of = []\n"), ("roles.d/r.toml", &role("", ""))],
        r#"
error: `all_of` is empty
 --> writ.toml:2:10
  |
2 | all_of = []
  |          ^^
  = help: put at least one into the list
"#,
    );
    assert_refused(
        &[("writ.toml", "[ask]\nall_of = [{ from = [\"@security\"], conut = 2 }]\n"), BOB],
        r#"
error: no approver is of the team `@security`
 --> writ.toml:2:21
  |
2 | all_of = [{ from = ["@security"], conut = 2 }]
  |                     ^^^^^^^^^^^
  = help: the teams of approvers.d are `@oncall`

error: unknown key `conut` in an item of `all_of`
 --> writ.toml:2:35
  |
2 | all_of = [{ from = ["@security"], conut = 2 }]
  |                                   ^^^^^
  = help: did you mean `count`?
"#,
    );
    let nine = ["{ from = [\"%ops\"] }"; 9].join(", ");
    let text = format!("[ask]\nall_of = [{nine}]\n");
    let told = crate::read(&[("writ.toml", &text)]).unwrap_err().to_string();
    assert!(told.contains("this list may have 8 items at most"), "{told}");
}

#[test]
fn seats_that_the_people_named_can_never_fill_are_refused() {
    // Bob and Carol are of @oncall, and one person fills one seat.
    let seats = "ask = { all_of = [{ from = [\"@oncall\"], count = 2 }, { from = [\"bob\"] }] }";
    assert_refused(
        &[("roles.d/r.toml", &role("", seats)), BOB, CAROL],
        r#"
error: 3 different people must approve, and those whom `all_of` names can fill only 2 of the seats
 --> roles.d/r.toml:7:18
  |
7 | ask = { all_of = [{ from = ["@oncall"], count = 2 }, { from = ["bob"] }] }
  |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: name more people, or lower a `count`: one person fills one seat
"#,
    );
    let with_a_group =
        "ask = { all_of = [{ from = [\"@oncall\"], count = 2 }, { from = [\"bob\", \"%ops\"] }] }";
    taken(&[("roles.d/r.toml", &role("", with_a_group)), BOB, CAROL]);
    let enough = "ask = { all_of = [{ from = [\"@oncall\"] }, { from = [\"bob\"] }] }";
    taken(&[("roles.d/r.toml", &role("", enough)), BOB, CAROL]);
}

#[test]
fn more_people_are_asked_after_a_silence() {
    let escalate = "escalate = [{ after = \"90s\", from = [\"carol\"] }, { after = \"2m\", from = [\"%ops\"] }]";
    let host = format!("[ask]\nfrom = [\"bob\"]\n{escalate}\n");
    let steps = |ask: &Ask| {
        let step = |step: &Escalation| (step.after.0 / 1000, step.from[0].to_string());
        ask.escalate.iter().map(step).collect::<Vec<_>>()
    };
    assert_eq!(steps(&ask_of(&host, &role("", ""))), [(90, "carol".into()), (120, "%ops".into())]);
    assert_eq!(steps(&ask_of(&host, &role("", "ask = { escalate = [] }"))), []);
    let seats = "ask = { all_of = [{ from = [\"bob\"] }, { from = [\"carol\"] }] }";
    assert_eq!(steps(&ask_of(&host, &role("", seats))), [], "that of the host is not for seats");
    // Bob and whoever is asked later are enough for two.
    ask_of(&host, &role("", "ask = { count = 2 }"));
}

#[test]
fn steps_that_could_never_come_or_stand_beside_seats_are_refused() {
    let late = role(
        "",
        "ask = { timeout = \"90s\", escalate = [{ after = \"90s\", from = [\"carol\"] }, { after = \"30s\", from = [\"%ops\"] }] }",
    );
    assert_refused(
        &[("writ.toml", "ask.from = [\"bob\"]"), ("roles.d/r.toml", &late)],
        r#"
error: this comes too late: silence is a no after 1m30s
 --> roles.d/r.toml:7:48
  |
7 | ask = { timeout = "90s", escalate = [{ after = "90s", from = ["carol"] }, { after = "30s", from = ["%ops"] }] }
  |                                                ^^^^^
  = help: lengthen `timeout`, or shorten this

error: this step does not come after the one before it
 --> roles.d/r.toml:7:85
  |
7 | … escalate = [{ after = "90s", from = ["carol"] }, { after = "30s", from = ["%ops"] }] }
  |                                                              ^^^^^
  = help: put the steps in the order in which they come
"#,
    );
    let beside = role(
        "",
        "ask = { all_of = [{ from = [\"bob\"] }], escalate = [{ after = \"9s\", from = [\"carol\"] }] }",
    );
    assert_refused(
        &[("roles.d/r.toml", &beside)],
        r#"
error: `escalate` says nothing beside `all_of`: nobody can take the place of others there
 --> roles.d/r.toml:7:51
  |
7 | ask = { all_of = [{ from = ["bob"] }], escalate = [{ after = "9s", from = ["carol"] }] }
  |                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: name more people in the items of `all_of`, or write `from` and `count`
"#,
    );
    let nobody = role(
        "",
        "ask = { escalate = [{ after = \"9s\", from = [\"@nobody\"] }, { from = [\"bob\"] }] }",
    );
    assert_refused(
        &[("writ.toml", "ask.from = [\"bob\"]"), ("roles.d/r.toml", &nobody), BOB],
        r#"
error: no approver is of the team `@nobody`
 --> roles.d/r.toml:7:45
  |
7 | ask = { escalate = [{ after = "9s", from = ["@nobody"] }, { from = ["bob"] }] }
  |                                             ^^^^^^^^^
  = help: the teams of approvers.d are `@oncall`

error: an item of `escalate` has no `after`
 --> roles.d/r.toml:7:59
  |
7 | ask = { escalate = [{ after = "9s", from = ["@nobody"] }, { from = ["bob"] }] }
  |                                                           ^^^^^^^^^^^^^^^^^^
  = help: add a line such as `after = "90s"`
"#,
    );
}

#[test]
fn approving_ones_own_request_is_said_in_a_rule_or_a_role_and_not_for_all() {
    let host = "[ask]\nfrom = [\"bob\"]\n";
    assert!(!ask_of(host, &role("", "")).self_approval);
    assert!(ask_of(host, &role("", "ask = { self_approval = true }")).self_approval);
    assert!(ask_of(host, &role("ask = { self_approval = true }", "")).self_approval);
    let not_here = role("ask = { self_approval = true }", "ask = { self_approval = false }");
    assert!(!ask_of(host, &not_here).self_approval);
    assert_refused(
        &[("writ.toml", "[ask]\nfrom = [\"bob\"]\nself_approval = true\n")],
        r#"
error: `self_approval` in [ask] would let everybody who is asked approve what he asks for himself
 --> writ.toml:3:17
  |
3 | self_approval = true
  |                 ^^^^
  = help: say it in `ask` of the rule or role that it is meant for
"#,
    );
}
