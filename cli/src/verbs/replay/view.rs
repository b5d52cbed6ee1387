//! What a replay tells, laid out.

use writ_protocol::text::shown;

use super::proposals::Proposal;
use super::tally::{Change, Counts, Replayed, Then};
use crate::past::Today;
use crate::past::numbers::grouped;
use crate::screen::Screen;
use crate::table::Table;

/// How many days are listed; `--json` has all.
const DAYS_MAX: usize = 31;

/// How many changes are listed; `--json` has more.
const CHANGES_MAX: usize = 20;

/// How many rules that were never used are listed; `--json` has all.
const NEVER_USED_MAX: usize = 40;

pub(super) fn text(replayed: &Replayed, screen: Screen) -> String {
    let mut text = head(replayed);
    if replayed.acts > 0 {
        text.push_str(&rules(replayed, screen));
        text.push_str(&days(replayed, screen));
        text.push_str(&changes(replayed, screen));
        text.push_str(&proposals(&replayed.proposals));
    }
    text.push_str(&never_used(replayed));
    text.push_str(&passed(replayed));
    text
}

fn head(replayed: &Replayed) -> String {
    let Counts { denied, asked, allowed, passed } = replayed.counts;
    format!(
        "{} acts of {} users, as on the host {}: {} allowed, {} asked about, {} denied, {} passed on to sudoers.\n",
        grouped(replayed.acts),
        replayed.users,
        shown(&replayed.host),
        grouped(allowed),
        grouped(asked),
        grouped(denied),
        grouped(passed),
    )
}

fn word(then: Then) -> &'static str {
    match then {
        Then::Denied => "denied",
        Then::Asked => "asked",
        Then::Allowed => "allowed",
        Then::Passed => "passed",
    }
}

fn rules(replayed: &Replayed, screen: Screen) -> String {
    let days = u64::try_from(replayed.days.iter().filter(|day| day.day.is_some()).count());
    let days = days.unwrap_or(1).max(1);
    let mut table = Table::new(["ROLE", "RULE", "THEN", "ACTS", "A DAY"], "OF WHOM, BY WHOM");
    for rule in &replayed.rules {
        let name = |name: &Option<String>| name.as_deref().map_or("-".to_owned(), shown);
        let asked: Vec<String> = rule.asks.iter().map(|name| shown(name)).collect();
        let asked = match (asked.is_empty(), rule.needed) {
            (true, _) => None,
            (false, 0 | 1) => Some(format!("asked of {}", asked.join(", "))),
            (false, needed) => Some(format!("asked of {}, {needed} people", asked.join(", "))),
        };
        let users: Vec<String> = rule.users.iter().map(|user| shown(user)).collect();
        let tenths = rule.acts.saturating_mul(10) / days;
        table.row(
            [
                name(&rule.source.role),
                name(&rule.source.rule),
                rule.says.map_or("", word).to_owned(),
                grouped(rule.acts),
                format!("{}.{}", grouped(tenths / 10), tenths % 10),
            ],
            asked.into_iter().chain([users.join(", ")]).collect(),
        );
    }
    format!("\n{}", table.render(screen))
}

fn days(replayed: &Replayed, screen: Screen) -> String {
    let mut table = Table::new(["DAY", "DENIED", "ASKED", "ALLOWED"], "PASSED");
    let left_out = replayed.days.len().saturating_sub(DAYS_MAX);
    for day in replayed.days.iter().skip(left_out) {
        let Counts { denied, asked, allowed, passed } = day.counts;
        let name = day.day.map_or("unknown".to_owned(), |day| day.to_string());
        let row = [name, grouped(denied), grouped(asked), grouped(allowed)];
        table.row(row, vec![grouped(passed)]);
    }
    let more = match left_out {
        0 => String::new(),
        more => format!("({more} earlier days are in --json)\n"),
    };
    format!("\n{}{more}", table.render(screen))
}

fn changes(replayed: &Replayed, screen: Screen) -> String {
    if replayed.changes.is_empty() {
        return "\nNothing would change for anybody.\n".to_owned();
    }
    let mut table = Table::new(["ACTS", "WAS", "THEN", "USER"], "COMMAND");
    for Change { user, command, run_as, was, then, acts } in
        replayed.changes.iter().take(CHANGES_MAX)
    {
        let was = match was {
            Today::Ran => "ran",
            Today::Asked => "asked",
            Today::Refused => "refused",
        };
        let as_whom = if run_as == "root" { String::new() } else { format!(" as {run_as}") };
        let row = [grouped(*acts), was.to_owned(), word(*then).to_owned(), shown(user)];
        table.row(row, vec![format!("{command}{as_whom}")]);
    }
    let listed: u64 = replayed.changes.iter().take(CHANGES_MAX).map(|change| change.acts).sum();
    let more = match replayed.changed.saturating_sub(listed) {
        0 => String::new(),
        more => format!("({} more would change)\n", grouped(more)),
    };
    format!("\nWhat would change:\n{}{more}", table.render(screen))
}

fn proposals(proposals: &[Proposal]) -> String {
    if proposals.is_empty() {
        return String::new();
    }
    let mut text =
        "\nFrequent and harmless by the looks of it; rules to consider, before those that ask:\n"
            .to_owned();
    for proposal in proposals {
        let users: Vec<String> = proposal.users.iter().map(|user| shown(user)).collect();
        let role = proposal.role.as_deref().unwrap_or("frequent");
        let new = match proposal.role {
            Some(_) => "",
            None => "; no role speaks of it yet, so say who is a member",
        };
        // A name with a dot needs quotes as a key.
        text.push_str(&format!(
            "\n# {} times, by {}{new}\n[[role.\"{role}\".rule]]\ncommands = [{}]\nrun_as = [{}]\ndecision = \"allow\"\n",
            grouped(proposal.acts),
            users.join(", "),
            toml_text(&proposal.command),
            toml_text(&proposal.run_as),
        ));
    }
    text
}

/// A basic string of TOML. What cannot be seen was left out before; the rest is escaped.
fn toml_text(text: &str) -> String {
    format!("\"{}\"", shown(text).replace('\\', "\\\\").replace('"', "\\\""))
}

fn never_used(replayed: &Replayed) -> String {
    if replayed.never_used.is_empty() || replayed.acts == 0 {
        return String::new();
    }
    let mut text = "\nNothing came to these rules; consider to take them out:\n".to_owned();
    for source in replayed.never_used.iter().take(NEVER_USED_MAX) {
        let name = |name: &Option<String>| name.as_deref().map_or_else(String::new, shown);
        text.push_str(&format!("  {} of the role {}\n", name(&source.rule), name(&source.role)));
    }
    match replayed.never_used.len().saturating_sub(NEVER_USED_MAX) {
        0 => {}
        more => text.push_str(&format!("  ({more} more are in --json)\n")),
    }
    text
}

fn passed(replayed: &Replayed) -> String {
    let passed = &replayed.passed;
    let mut parts = Vec::new();
    for (count, what) in [
        (passed.torn, "were not whole"),
        (passed.too_long, "were too long"),
        (passed.forged, "were written in sudo's name by another program"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", grouped(count)));
        }
    }
    let mut text = match parts.as_slice() {
        [] => String::new(),
        parts => format!(
            "\nOf {} lines, {}; they do not count.\n",
            grouped(passed.read),
            parts.join(", ")
        ),
    };
    if passed.too_many_people > 0 {
        text.push_str(&format!(
            "\n{} acts are of users who were too many to be looked up; they count as of nobody's groups.\n",
            grouped(passed.too_many_people)
        ));
    }
    if replayed.not_remembered > 0 {
        text.push_str(&format!(
            "\n{} acts were too many different ones to be listed; they are only counted.\n",
            grouped(replayed.not_remembered)
        ));
    }
    text
}
