//! Who is away, who is on call, and what is wrong with what the files say of it.

use std::collections::BTreeSet;

use writ_engine::policy::{Ask, Away, Decision, WithoutHub};
use writ_engine::time::{Span, WallTime};
use writ_policy::{Colour, review_at};

use crate::{assert_refused, read, taken};

fn wall(text: &str) -> WallTime {
    let at: jiff::Timestamp = text.parse().unwrap();
    WallTime(u64::try_from(at.as_millisecond()).unwrap())
}

/// bob and carol, with more lines for bob, then more tables.
fn approvers(of_bob: &str, more: &str) -> String {
    format!(
        "[approver.carol]\nunix_user = \"carol\"\nteams = [\"oncall\"]\n[approver.bob]\nunix_user = \"bob\"\nteams = [\"oncall\"]\n{of_bob}\n{more}\n"
    )
}

fn away_of_bob(line: &str) -> Option<Away> {
    let loaded = taken(&[("approvers.d/a.toml", &approvers(line, ""))]);
    loaded.policy.settings().approvers["bob"].away.clone()
}

#[test]
fn somebody_is_away_from_a_day_or_time_to_another() {
    let berlin = "away = { until = \"2026-12-24\", to = \"carol\", time_zone = \"Europe/Berlin\" }";
    let until = wall("2026-12-24T23:00:00Z");
    assert_eq!(away_of_bob(berlin), Some(Away { from: None, until, to: "carol".into() }));
    let bare = "away = { from = 2026-12-21, until = 2026-12-24T09:30:00, to = \"carol\", time_zone = \"UTC\" }";
    let (from, until) = (Some(wall("2026-12-21T00:00:00Z")), wall("2026-12-24T09:30:00Z"));
    assert_eq!(away_of_bob(bare), Some(Away { from, until, to: "carol".into() }));
    let offset = "away = { until = 2026-12-24T09:30:00+01:00, to = \"carol\" }";
    assert_eq!(away_of_bob(offset).unwrap().until, wall("2026-12-24T08:30:00Z"));
    assert_eq!(away_of_bob(""), None);
}

#[test]
fn what_is_wrong_with_a_deputy_is_told_where_it_stands() {
    assert_refused(
        &[("approvers.d/a.toml", &approvers("away = { until = 2026-12-24, to = \"carl\" }", ""))],
        r#"
error: no approver is called `carl`, and so nobody can take his place
 --> approvers.d/a.toml:7:35
  |
7 | away = { until = 2026-12-24, to = "carl" }
  |                                   ^^^^^^
  = help: did you mean `carol`?
"#,
    );
    assert_refused(
        &[(
            "approvers.d/a.toml",
            &approvers("away = { from = 2026-12-25, until = 2026-12-24, to = \"carol\" }", ""),
        )],
        r#"
error: this ends before it begins
 --> approvers.d/a.toml:7:37
  |
7 | away = { from = 2026-12-25, until = 2026-12-24, to = "carol" }
  |                                     ^^^^^^^^^^
  = help: write an end that is later; a date without a time counts whole
"#,
    );
    assert_refused(
        &[(
            "approvers.d/a.toml",
            &approvers("away = { until = \"Christmas\", to = \"carol\" }", ""),
        )],
        r#"
error: "Christmas" is no date or time
 --> approvers.d/a.toml:7:18
  |
7 | away = { until = "Christmas", to = "carol" }
  |                  ^^^^^^^^^^^
  = help: write one such as 2026-12-24, "2026-12-24 09:00" or 2026-12-24T09:00:00+01:00
"#,
    );
}

/// Everybody away, each from one day to another of December, and to the next.
fn chain(away: &[(&str, u32, u32, &str)]) -> String {
    let approver = |(name, from, until, to): &(&str, u32, u32, &str)| {
        format!(
            "[approver.{name}]\nunix_user = \"{name}\"\naway = {{ from = 2026-12-{from}, until = 2026-12-{until}, to = \"{to}\" }}\n"
        )
    };
    let all = away.iter().map(approver).collect::<String>();
    all + "[approver.erin]\nunix_user = \"erin\"\n"
}

#[test]
fn those_who_would_send_for_each_other_at_one_time_are_refused() {
    let circles: [&[(&str, u32, u32, &str)]; 4] = [
        &[("bob", 10, 20, "bob")],
        &[("bob", 10, 20, "carol"), ("carol", 20, 25, "bob")],
        &[("bob", 10, 20, "carol"), ("carol", 12, 25, "dave"), ("dave", 15, 16, "bob")],
        // One who is not in it leads there.
        &[("bob", 10, 20, "carol"), ("carol", 12, 25, "dave"), ("dave", 15, 16, "carol")],
    ];
    for circle in circles {
        let refusal = read(&[("approvers.d/a.toml", &chain(circle))]).unwrap_err();
        let told = refusal.render(Colour::Plain);
        assert_eq!(told.matches("in a circle").count(), 1, "{told}");
    }
    let chains: [&[(&str, u32, u32, &str)]; 3] = [
        &[("bob", 10, 20, "carol"), ("carol", 21, 25, "bob")],
        &[("bob", 10, 15, "carol"), ("carol", 12, 25, "dave"), ("dave", 16, 17, "bob")],
        &[("bob", 10, 20, "carol"), ("carol", 12, 25, "dave"), ("dave", 15, 16, "erin")],
    ];
    for chain_of in chains {
        taken(&[("approvers.d/a.toml", &chain(chain_of))]);
    }
}

fn on_call(table: &str, at: &str) -> Vec<String> {
    let loaded = taken(&[("approvers.d/a.toml", &approvers("", table))]);
    let names: BTreeSet<String> = loaded.policy.settings().on_call["oncall"].at(wall(at));
    names.into_iter().collect()
}

#[test]
fn turns_are_a_week_and_begin_at_their_hour_in_summer_too() {
    let turns = "[on_call.oncall]\nrotation = [\"bob\", \"carol\"]\nsince = \"2026-03-16 09:00\"\ntime_zone = \"Europe/Berlin\"";
    for (at, who) in [
        ("2026-03-16T07:59:59Z", vec![]),
        ("2026-03-16T08:00:00Z", vec!["bob"]),
        ("2026-03-23T07:59:59Z", vec!["bob"]),
        ("2026-03-23T08:00:00Z", vec!["carol"]),
        // The clocks went forward on the 29th.
        ("2026-03-30T06:59:59Z", vec!["carol"]),
        ("2026-03-30T07:00:00Z", vec!["bob"]),
        ("2026-10-26T07:59:59Z", vec!["carol"]),
        ("2026-10-26T08:00:00Z", vec!["bob"]),
        ("2036-03-17T08:00:00Z", vec!["bob"]),
    ] {
        assert_eq!(on_call(turns, at), who, "{at}");
    }
}

#[test]
fn shifts_take_the_place_of_turns_and_may_be_all_there_is() {
    let shifts = "shifts = [{ from = \"2026-12-24 09:00\", until = \"2026-12-25 09:00\", who = [\"carol\"] }, { from = 2026-12-25, until = 2026-12-25, who = [\"bob\"] }]\ntime_zone = \"UTC\"";
    let alone = format!("[on_call.oncall]\n{shifts}");
    for (at, who) in [
        ("2026-12-24T08:59:59Z", vec![]),
        ("2026-12-24T09:00:00Z", vec!["carol"]),
        ("2026-12-25T08:00:00Z", vec!["bob", "carol"]),
        ("2026-12-25T09:00:00Z", vec!["bob"]),
        ("2026-12-26T00:00:00Z", vec![]),
    ] {
        assert_eq!(on_call(&alone, at), who, "{at}");
    }
    let both = format!("{alone}\nrotation = [\"bob\"]\nsince = 2026-12-01");
    assert_eq!(on_call(&both, "2026-12-24T08:00:00Z"), ["bob"]);
    assert_eq!(on_call(&both, "2026-12-24T10:00:00Z"), ["carol"]);
}

#[test]
fn a_schedule_is_of_approvers_of_its_team() {
    let stranger = approvers(
        "",
        "[on_call.oncall]\nrotation = [\"bob\", \"erin\"]\nsince = 2026-12-01\n[approver.erin]\nunix_user = \"erin\"",
    );
    assert_refused(
        &[("approvers.d/a.toml", &stranger)],
        r#"
error: `erin` is no approver of the team `@oncall`
 --> approvers.d/a.toml:9:20
  |
9 | rotation = ["bob", "erin"]
  |                    ^^^^^^
  = help: its approvers are `bob`, `carol`
"#,
    );
    for (table, told) in [
        ("[on_call.oncall]", "nobody is ever on call of `@oncall`"),
        ("[on_call.oncall]\nrotation = [\"bob\"]", "`rotation` stands without `since`"),
        (
            "[on_call.oncall]\nsince = 2026-12-01\nshifts = []",
            "`since` stands without a `rotation`",
        ),
        ("[on_call.oncall]\nrotation = []\nsince = 2026-12-01", "`rotation` is empty"),
        ("[on_call.nobody]\nrotation = [\"bob\"]\nsince = 2026-12-01", "no approver of the team"),
        (
            "[on_call.oncall]\nshifts = [{ from = 2026-12-02, until = 2026-12-01, who = [\"bob\"] }]",
            "this ends before it begins",
        ),
    ] {
        let refusal = read(&[("approvers.d/a.toml", &approvers("", table))]).unwrap_err();
        assert!(refusal.to_string().contains(told), "{refusal}");
    }
    let table = "[on_call.oncall]\nrotation = [\"bob\"]\nsince = 2026-12-01";
    let both =
        [("approvers.d/a.toml", approvers("", table)), ("approvers.d/b.toml", table.to_owned())];
    let both: Vec<_> = both.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let refusal = read(&both).unwrap_err();
    assert!(refusal.to_string().contains("a schedule of the team `oncall` already"), "{refusal}");
}

#[test]
fn schedules_are_compared_by_what_they_say() {
    let read = |table: &str| {
        let loaded = taken(&[("approvers.d/a.toml", &approvers("", table))]);
        loaded.policy.settings().on_call.clone()
    };
    let table = "[on_call.oncall]\nrotation = [\"bob\"]\nsince = 2026-12-01";
    assert_eq!(read(table), read(table));
    assert_ne!(read(table), read(&table.replace("bob", "carol")));
    assert_ne!(read(table), read(&format!("{table}\ntime_zone = \"Asia/Tokyo\"")));
}

fn ask_of(host: &str, rule: &str) -> Ask {
    let role = format!(
        "[role.r]\nmembers = [\"alice\"]\n[[role.r.rule]]\ncommands = [\"/bin/a\"]\ndecision = \"ask\"\nask = {{ {rule} }}\n"
    );
    let host = format!("[ask]\nfrom = [\"bob\"]\n{host}");
    let loaded = taken(&[("writ.toml", &host), ("roles.d/r.toml", &role)]);
    match &loaded.policy.settings().roles[0].rules[0].decision {
        Decision::Ask(ask) => (**ask).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn reminders_and_the_missing_hub_are_said_as_near_as_they_are_said() {
    let plain = ask_of("", "");
    assert_eq!((plain.remind, plain.without_hub), (None, WithoutHub::Local));
    let host = "remind = \"1m\"\nwithout_hub = \"deny\"";
    let of_host = ask_of(host, "");
    let minute = Some(Span::from_secs(60));
    assert_eq!((of_host.remind, of_host.without_hub), (minute, WithoutHub::Deny));
    let of_rule = ask_of(host, "remind = false, without_hub = \"local\"");
    assert_eq!((of_rule.remind, of_rule.without_hub), (None, WithoutHub::Local));
    assert_refused(
        &[("writ.toml", "[ask]\nremind = \"9s\"\nwithout_hub = \"allow\"\n")],
        r#"
error: reminders come every 10 seconds at most
 --> writ.toml:2:10
  |
2 | remind = "9s"
  |          ^^^^
  = help: lengthen it; `remind = false` is none

error: `without_hub` cannot be "allow"
 --> writ.toml:3:15
  |
3 | without_hub = "allow"
  |               ^^^^^^^
  = help: it can be `local`, `deny`
"#,
    );
}

/// What is remarked of these files at an instant.
fn remarked(approvers: &str, ask: &str, at: &str) -> Vec<String> {
    let role = format!(
        "[role.r]\nmembers = [\"alice\"]\nask = {{ {ask} }}\n[[role.r.rule]]\ncommands = [\"/bin/a\"]\ndecision = \"ask\"\n"
    );
    let loaded = taken(&[("approvers.d/a.toml", approvers), ("roles.d/r.toml", &role)]);
    let told = review_at(&loaded.sources, &loaded.policy, wall(at));
    let place = |told: &writ_policy::Diagnostic| told.position().map_or(0, |at| at.line);
    told.iter().map(|told| format!("{}: {}", place(told), told.message())).collect()
}

#[test]
fn check_tells_what_too_few_can_answer_now() {
    let away = approvers(
        "away = { from = 2026-12-21, until = 2026-12-24, to = \"carol\", time_zone = \"UTC\" }",
        "",
    );
    let both = "from = [\"@oncall\"], count = 2";
    let two = "6: 2 people must approve, and those who are there now come to 1";
    assert_eq!(remarked(&away, both, "2026-12-20T23:00:00Z"), Vec::<String>::new());
    assert_eq!(remarked(&away, both, "2026-12-21T00:00:00Z"), [two]);
    assert_eq!(remarked(&away, both, "2026-12-25T00:00:00Z"), Vec::<String>::new());
    // His deputy is there, though not asked himself.
    assert_eq!(remarked(&away, "from = [\"bob\"]", "2026-12-22T00:00:00Z"), Vec::<String>::new());
    let table = "[on_call.oncall]\nrotation = [\"bob\", \"carol\"]\nsince = 2026-12-01\ntime_zone = \"UTC\"";
    let turns = approvers("", table);
    assert_eq!(remarked(&turns, both, "2026-12-02T00:00:00Z"), [two]);
    assert_eq!(
        remarked(&turns, both, "2026-11-30T00:00:00Z"),
        ["8: nobody of `@oncall` is on call now, and so the whole team is asked"]
    );
    assert_eq!(
        remarked(&turns, "from = [\"@oncall\"]", "2026-12-02T00:00:00Z"),
        Vec::<String>::new()
    );
    let later =
        "from = [\"@oncall\"], count = 2, escalate = [{ after = \"1m\", from = [\"carol\"] }]";
    assert_eq!(remarked(&turns, later, "2026-12-02T00:00:00Z"), Vec::<String>::new());
    // What no time of the day helps is told elsewhere, and groups may have anybody.
    let group = "from = [\"@oncall\", \"%ops\"], count = 2";
    assert_eq!(remarked(&turns, group, "2026-12-02T00:00:00Z"), Vec::<String>::new());
}
