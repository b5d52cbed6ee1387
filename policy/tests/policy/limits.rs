//! `when`, `hours` and `not_after`.

use std::collections::BTreeSet;

use writ_engine::facts::{
    Account, Act, Action, Aim, Command, Door, Host, Person, Presence, RunAs, Uid,
};
use writ_engine::policy::{Ask, Circumstances, Facts, Stands, Verdict};
use writ_engine::record::Source;
use writ_engine::time::WallTime;

use crate::{assert_refused, taken};

/// A rule of alice's with these lines, before one that asks bob.
fn role(lines: &str) -> String {
    format!(
        "[role.r]\nmembers = [\"alice\"]\ntime_zone = \"UTC\"\nask = {{ from = [\"bob\"] }}\n\
         [[role.r.rule]]\nname = \"limited\"\ncommands = [\"/bin/a **\"]\ndecision = \"allow\"\n{lines}\n\
         [[role.r.rule]]\nname = \"others\"\ncommands = [\"ALL\"]\ndecision = \"ask\"\n"
    )
}

/// alice, who runs `/bin/a one two`.
struct Asks {
    person: Person,
    act: Act,
    ticket: Option<String>,
    wall: WallTime,
}

impl Circumstances for Asks {
    fn covers(&self, _: &str, _: &Ask) -> bool {
        false
    }

    fn facts<'a>(&'a self, host: &'a Host) -> Option<Facts<'a>> {
        let Self { person, act, ticket, wall } = self;
        let (reason, ticket, wall) = (None, ticket.as_deref(), *wall);
        Some(Facts { person, act, reason, ticket, host, wall })
    }
}

/// On Wednesday, the 25th of November 2026, at this time in UTC.
fn asks(hour: u64, minute: u64) -> Asks {
    let command = Command {
        path: "/bin/a".into(),
        argv: ["a", "one", "two"].map(str::to_owned).to_vec(),
        cwd: "/home/alice".into(),
        run_as: RunAs { user: "root".into(), uid: Uid(0), group: None },
        action: Action::Run,
    };
    let account = Account { uid: Uid(1000), name: "alice".into() };
    Asks {
        person: Person { groups: BTreeSet::from(["ops".into()]), ..Person::known_by(account) },
        act: Act {
            door: Door::Sudo,
            aim: Aim::Command(command),
            tty: Some("/dev/pts/0".into()),
            source_ip: None,
            presence: Presence::Interactive,
        },
        ticket: None,
        wall: WallTime((1_795_564_800 + hour * 3600 + minute * 60) * 1000),
    }
}

/// Which rule speaks, with what doubt.
fn speaks(lines: &str, asks: Asks) -> String {
    let loaded = taken(&[("roles.d/r.toml", &role(lines))]);
    let Aim::Command(command) = asks.act.aim.clone() else { panic!("it is a command") };
    match loaded.policy.decide(&asks.person.clone(), &command, asks) {
        Verdict::Allow(source) => format!("{} allows", source.rule.unwrap()),
        Verdict::Ask(asking) => match asking.source.doubt {
            Some(doubt) => format!("{} asks: {doubt}", asking.source.rule.unwrap()),
            None => format!("{} asks", asking.source.rule.unwrap()),
        },
        other => format!("{other:?}"),
    }
}

#[test]
fn every_fact_is_what_the_reference_says() {
    for condition in [
        "user == 'alice' && groups == ['ops']",
        "host == 'web-1' && tags == []",
        "door == 'sudo' && !('service' in known)",
        "command == '/bin/a' && args == ['one', 'two'] && cwd == '/home/alice'",
        "run_as == 'root'",
        "tty && interactive",
        "!('source_ip' in known) && !('reason' in known) && !('ticket' in known)",
        "hour == 14 && weekday == 'Wed' && date == '2026-11-25'",
    ] {
        let said = speaks(&format!("when = \"{condition}\""), asks(14, 59));
        assert_eq!(said, "limited allows", "{condition}");
    }
}

#[test]
fn a_rule_whose_condition_does_not_hold_leaves_the_next_to_speak() {
    assert_eq!(speaks("when = \"hour < 14\"", asks(14, 0)), "others asks");
    assert_eq!(speaks("when = \"!tty\"", asks(14, 0)), "others asks");
}

#[test]
fn a_rule_that_allows_asks_where_a_fact_is_missing() {
    let lines = "when = \"ticket.startsWith('OPS-')\"";
    assert_eq!(speaks(lines, asks(14, 0)), "limited asks: `ticket` is not known");
    let told = |ticket: &str| Asks { ticket: Some(ticket.into()), ..asks(14, 0) };
    assert_eq!(speaks(lines, told("OPS-1")), "limited allows");
    assert_eq!(speaks(lines, told("X")), "others asks");
}

#[test]
fn a_rule_speaks_in_its_hours_and_until_its_last_day() {
    for (lines, said) in [
        ("hours = \"Mon-Fri 09:00-18:00\"", "limited allows"),
        ("hours = \"Mon-Fri 09:00-14:00\"", "others asks"),
        ("hours = \"Mon-Fri 09:00-14:30 Europe/Berlin\"", "others asks"),
        ("not_after = 2026-11-25", "limited allows"),
        ("not_after = 2026-11-24", "others asks"),
    ] {
        assert_eq!(speaks(lines, asks(14, 0)), said, "{lines}");
    }
}

#[test]
fn a_grant_stands_no_longer_than_the_hours_of_its_role_and_rule() {
    let text =
        role("hours = \"09:00-18:00\"").replace("time_zone", "hours = \"08:00-16:00\"\ntime_zone");
    let loaded = taken(&[("roles.d/r.toml", &text)]);
    let source = |rule: &str| Source { rule: Some(rule.into()), ..Source::of_role("r") };
    let at = |hour| asks(hour, 0).wall;
    assert_eq!(loaded.policy.stands(&source("limited"), at(14)), Stands::Until(at(16)));
    assert_eq!(loaded.policy.stands(&source("limited"), at(8)), Stands::Not);
    assert_eq!(loaded.policy.stands(&source("others"), at(8)), Stands::Until(at(16)));
}

#[test]
fn what_is_wrong_with_limits_is_told_where_it_stands() {
    let lines = "when = \"usr == 'alice'\"\nhours = \"Mo 09:00-18:00\"\nnot_after = \"2026-12-31\"";
    assert_refused(
        &[("roles.d/r.toml", &role(lines))],
        r#"
error: a condition knows nothing called `usr`
 --> roles.d/r.toml:9:8
  |
9 | when = "usr == 'alice'"
  |        ^^^^^^^^^^^^^^^^
  = help: did you mean `user`?

error: "Mo 09:00-18:00" has "Mo" for a day; days are Mon, Tue, Wed, Thu, Fri, Sat and Sun
  --> roles.d/r.toml:10:9
   |
10 | hours = "Mo 09:00-18:00"
   |         ^^^^^^^^^^^^^^^^

error: `not_after` must be a date without quotes, not a text
  --> roles.d/r.toml:11:13
   |
11 | not_after = "2026-12-31"
   |             ^^^^^^^^^^^^
"#,
    );
}

#[test]
fn a_time_zone_must_be_known_and_a_last_day_be_a_day() {
    let text = role("not_after = 2026-12-31T10:00:00").replace("\"UTC\"", "\"Nowhere/City\"");
    assert_refused(
        &[("roles.d/r.toml", &text)],
        r#"
error: this host knows no time zone "Nowhere/City"
 --> roles.d/r.toml:3:13
  |
3 | time_zone = "Nowhere/City"
  |             ^^^^^^^^^^^^^^
  = help: write one such as Europe/Berlin or UTC; the package tzdata has them

error: this is no last day
 --> roles.d/r.toml:9:13
  |
9 | not_after = 2026-12-31T10:00:00
  |             ^^^^^^^^^^^^^^^^^^^
  = help: write the last day that counts, such as 2026-12-31
"#,
    );
}

#[test]
fn members_and_hosts_are_left_out() {
    let text = role("").replace("time_zone", "except = [\"%ops\"]\ntime_zone");
    let asks = asks(14, 0);
    let loaded = taken(&[("roles.d/r.toml", &text)]);
    assert!(!loaded.policy.has_role(&asks.person, "r"));
    let text = role("").replace("time_zone", "except_hosts = [\"WEB-*\"]\ntime_zone");
    let loaded = taken(&[("roles.d/r.toml", &text)]);
    assert!(!loaded.policy.has_role(&asks.person, "r"));
}
