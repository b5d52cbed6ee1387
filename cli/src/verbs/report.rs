//! `writ report`: what enforcing would have done while the policy was only observed.

use std::collections::BTreeMap;

use serde::Serialize;
use writ_engine::facts::Aim;
use writ_engine::record::{Force, Made, Outcome, Record, What};
use writ_protocol::text::shown;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;
use crate::moment::local;
use crate::past::numbers;
use crate::screen::{Screen, print, print_json};
use crate::table::Table;
use crate::verbs::audit::{Since, lines, parse_since};
use crate::view::command;

/// Say what enforcing would have done while the policy was only observed
///
/// With mode = "observe" every decision is made and recorded, and nothing is blocked.
/// This counts those decisions, as the ledger has them: for each rule and each user, with
/// examples. What another policy would have decided, `writ replay` says.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The ledger is for root and the members of the group adm to read.")]
pub(crate) struct Arguments {
    /// Only since: a length of time ago (2h, 7d), or a local time (2026-11-23,
    /// '2026-11-23 18:00')
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    since: Option<Since>,

    /// Print JSON: {"from_wall_ms": …, "until_wall_ms": …, "total": {…}, "rules": […],
    /// "users": […]}
    #[arg(long)]
    json: bool,
}

/// How many examples of a rule are given.
const EXAMPLES_MAX: usize = 3;

/// How many commands came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct Counts {
    allowed: u64,
    asked: u64,
    refused: u64,
    passed: u64,
}

/// What one rule did, or that no rule spoke.
#[derive(Debug, Default, Serialize)]
struct OfRule {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    counts: Counts,
    users: BTreeMap<String, u64>,
    examples: Vec<String>,
}

/// What one user would have met with.
#[derive(Debug, Serialize)]
struct OfUser<'r> {
    user: &'r str,
    counts: Counts,
}

/// What was observed.
#[derive(Debug, Default)]
struct Observed {
    from_wall_ms: Option<u64>,
    until_wall_ms: Option<u64>,
    total: Counts,
    rules: BTreeMap<(Option<String>, Option<String>), OfRule>,
    users: BTreeMap<String, Counts>,
}

/// The same as `--json` prints it.
#[derive(Debug, Serialize)]
struct Printed<'r> {
    from_wall_ms: Option<u64>,
    until_wall_ms: Option<u64>,
    total: Counts,
    rules: Vec<&'r OfRule>,
    users: Vec<OfUser<'r>>,
}

pub(crate) fn run(host: &Host, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut observed = Observed::default();
    let mut fault = None;
    for line in lines(host)? {
        match line {
            Ok(line) => {
                let record = line.record.as_ref().filter(|record| {
                    arguments.since.is_none_or(|since| record.at.wall.0 >= since.wall_ms())
                });
                if let Some(record) = record {
                    observed.hear(record);
                }
            }
            Err(error) => fault = Some(error),
        }
    }
    if arguments.json {
        print_json(&observed.printed())?;
    } else {
        print(&observed.text(Screen::of_stdout()))?;
    }
    match fault {
        // What precedes the break was told.
        Some(error) => Err(error.into()),
        None => Ok(Exit::Done),
    }
}

impl Observed {
    fn hear(&mut self, record: &Record) {
        let What::DecisionMade(made) = &record.what else { return };
        let Made { force: Force::Observed, outcome, about: Some(about), .. } = made else { return };
        let Aim::Command(asked) = &about.act.aim else { return };
        let wall_ms = record.at.wall.0;
        self.from_wall_ms = Some(self.from_wall_ms.map_or(wall_ms, |from| from.min(wall_ms)));
        self.until_wall_ms = Some(self.until_wall_ms.map_or(wall_ms, |until| until.max(wall_ms)));
        let user = &about.requester.account.name;
        let source = (about.source.role.clone(), about.source.rule.clone());
        let rule = self.rules.entry(source.clone()).or_default();
        (rule.role, rule.rule) = source;
        for counts in
            [&mut self.total, &mut rule.counts, self.users.entry(user.clone()).or_default()]
        {
            counts.add(*outcome);
        }
        *rule.users.entry(user.clone()).or_default() += 1;
        if rule.examples.len() < EXAMPLES_MAX {
            let example = format!("{}: {}", shown(user), command::line(&command::of(asked)));
            if !rule.examples.contains(&example) {
                rule.examples.push(example);
            }
        }
    }

    fn printed(&self) -> Printed<'_> {
        Printed {
            from_wall_ms: self.from_wall_ms,
            until_wall_ms: self.until_wall_ms,
            total: self.total,
            rules: self.in_order(),
            users: self
                .users
                .iter()
                .map(|(user, counts)| OfUser { user, counts: *counts })
                .collect(),
        }
    }

    /// What would have been refused or asked about first, the most of it on top.
    fn in_order(&self) -> Vec<&OfRule> {
        let mut rules: Vec<&OfRule> = self.rules.values().collect();
        rules.sort_by_key(|rule| {
            let Counts { refused, asked, allowed, passed } = rule.counts;
            std::cmp::Reverse((refused, asked, allowed + passed))
        });
        rules
    }

    fn text(&self, screen: Screen) -> String {
        let (Some(from), Some(until)) = (self.from_wall_ms, self.until_wall_ms) else {
            return "No decision was only observed in that time.\n".to_owned();
        };
        let total = self.total;
        let mut text = format!(
            "{} commands of {} users were only observed, from {} to {}.\nEnforcing would have allowed {}, asked people about {}, refused {} and passed {} on to sudoers.\n\n",
            numbers::grouped(total.sum()),
            self.users.len(),
            local(from),
            local(until),
            numbers::grouped(total.allowed),
            numbers::grouped(total.asked),
            numbers::grouped(total.refused),
            numbers::grouped(total.passed),
        );
        let mut rules =
            Table::new(["ROLE", "RULE", "REFUSED", "ASKED", "ALLOWED"], "BY, AND EXAMPLES");
        for rule in self.in_order() {
            let name = |name: &Option<String>| name.as_deref().map_or("-".to_owned(), shown);
            let users = rule.users.iter().map(|(user, count)| format!("{} ({count})", shown(user)));
            let users = users.collect::<Vec<_>>().join(", ");
            let last = [users].into_iter().chain(rule.examples.iter().cloned()).collect();
            let Counts { allowed, asked, refused, passed } = rule.counts;
            let counts = [refused, asked, allowed + passed].map(numbers::grouped);
            let [refused, asked, allowed] = counts;
            rules.row([name(&rule.role), name(&rule.rule), refused, asked, allowed], last);
        }
        text.push_str(&rules.render(screen));
        text.push('\n');
        let mut users = Table::new(["USER", "REFUSED", "ASKED"], "ALLOWED");
        for (user, counts) in &self.users {
            let Counts { allowed, asked, refused, passed } = *counts;
            let row = [shown(user), numbers::grouped(refused), numbers::grouped(asked)];
            users.row(row, vec![numbers::grouped(allowed + passed)]);
        }
        text.push_str(&users.render(screen));
        text
    }
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Allow | Outcome::Approve => self.allowed += 1,
            Outcome::WouldAsk => self.asked += 1,
            Outcome::Deny => self.refused += 1,
            Outcome::Pass => self.passed += 1,
        }
    }

    fn sum(self) -> u64 {
        self.allowed + self.asked + self.refused + self.passed
    }
}
