//! What a policy says of acts, counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use writ_engine::facts::Command;
use writ_engine::policy::{NothingKnown, Policy, Rule, Verdict};
use writ_engine::record::Source;

use super::people::People;
use super::proposals::{self, Proposal};
use crate::past::{Act, Day, Passed, Today};
use crate::view::command;

/// How many different commands of different users are remembered, so that the same is
/// decided once and can be proposed; and how many bytes of them.
const REMEMBERED_MAX: usize = 200_000;
const REMEMBERED_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How many days are told apart.
const DAYS_MAX: usize = 4000;

/// How many changes are listed, the most frequent first.
const CHANGES_MAX: usize = 50;

/// What a policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Then {
    Denied,
    Asked,
    Allowed,
    Passed,
}

/// How many acts come to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) denied: u64,
    pub(super) asked: u64,
    pub(super) allowed: u64,
    pub(super) passed: u64,
}

/// What comes of one rule, or where none speaks.
#[derive(Debug, Default, Serialize)]
pub(super) struct OfRule {
    #[serde(flatten)]
    pub(super) source: Source,
    pub(super) says: Option<Then>,
    pub(super) acts: u64,
    pub(super) users: BTreeSet<String>,
    /// Whom it asks, and how many must approve.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) asks: Vec<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) needed: u32,
}

/// What would be otherwise than it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    pub(super) user: String,
    pub(super) command: String,
    pub(super) run_as: String,
    pub(super) was: Today,
    pub(super) then: Then,
    pub(super) acts: u64,
}

/// What a day would have been like.
#[derive(Debug, Serialize)]
pub(super) struct OfDay {
    /// None for what the log tells no day of.
    pub(super) day: Option<Day>,
    pub(super) counts: Counts,
}

/// All that is told.
#[derive(Debug, Serialize)]
pub(super) struct Replayed {
    pub(super) host: String,
    pub(super) acts: u64,
    pub(super) users: usize,
    pub(super) counts: Counts,
    pub(super) days: Vec<OfDay>,
    pub(super) rules: Vec<OfRule>,
    /// How many acts would be otherwise than they were.
    pub(super) changed: u64,
    pub(super) changes: Vec<Change>,
    pub(super) proposals: Vec<Proposal>,
    pub(super) never_used: Vec<Source>,
    pub(super) passed: Passed,
    /// Acts whose command was too many to be remembered: counted, and neither listed nor
    /// proposed.
    pub(super) not_remembered: u64,
}

/// What is counted of one command of one user.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) then: Then,
    pub(super) rule: usize,
    pub(super) ran: u64,
    pub(super) asked: u64,
    pub(super) refused: u64,
}

/// Counts.
pub(super) struct Tally<'p> {
    policy: &'p Policy,
    pub(super) people: People,
    acts: u64,
    users: BTreeSet<String>,
    counts: Counts,
    days: BTreeMap<Option<Day>, Counts>,
    rules: Vec<OfRule>,
    places: HashMap<(Source, Then), usize>,
    remembered: HashMap<(String, BTreeSet<String>, Command), Remembered>,
    remembered_bytes: usize,
    not_remembered: u64,
    not_remembered_changed: u64,
}

impl<'p> Tally<'p> {
    pub(super) fn new(policy: &'p Policy, people: People) -> Self {
        Self {
            policy,
            people,
            acts: 0,
            users: BTreeSet::new(),
            counts: Counts::default(),
            days: BTreeMap::new(),
            rules: Vec::new(),
            places: HashMap::new(),
            remembered: HashMap::new(),
            remembered_bytes: 0,
            not_remembered: 0,
            not_remembered_changed: 0,
        }
    }

    /// Counts an act.
    pub(super) fn hear(&mut self, act: Act) {
        let Act { day, user, groups, command, today } = act;
        self.acts += 1;
        let key = (user, groups.unwrap_or_default(), command);
        let then = match self.remembered.get_mut(&key) {
            Some(remembered) => {
                remembered.count(today);
                let (then, rule) = (remembered.then, remembered.rule);
                if let Some(rule) = self.rules.get_mut(rule) {
                    rule.acts += 1;
                }
                then
            }
            None => self.hear_first(key, today),
        };
        self.counts.add(then);
        let day = if self.days.len() < DAYS_MAX { day } else { None };
        self.days.entry(day).or_default().add(then);
    }

    fn hear_first(&mut self, key: (String, BTreeSet<String>, Command), today: Today) -> Then {
        let (user, groups, command) = &key;
        let on_record = (!groups.is_empty()).then(|| groups.clone());
        let person = self.people.person(user, on_record);
        let (then, rule) = if person.is_root() {
            // Root itself always passes.
            (Then::Passed, self.place(Source::default(), Then::Passed, &[], 0))
        } else {
            match self.policy.decide(&person, command, NothingKnown) {
                Verdict::Allow(source) => {
                    (Then::Allowed, self.place(source, Then::Allowed, &[], 0))
                }
                Verdict::Deny(why) => {
                    (Then::Denied, self.place(why.source(), Then::Denied, &[], 0))
                }
                Verdict::Ask(asking) | Verdict::Covered(asking) => {
                    let (from, count) = (&asking.ask.from, asking.ask.count);
                    (Then::Asked, self.place(asking.source, Then::Asked, from, count))
                }
                Verdict::Pass => {
                    (Then::Passed, self.place(Source::default(), Then::Passed, &[], 0))
                }
            }
        };
        if let Some(of_rule) = self.rules.get_mut(rule) {
            of_rule.acts += 1;
            if self.users.len() < REMEMBERED_MAX {
                of_rule.users.insert(user.clone());
                self.users.insert(user.clone());
            }
        }
        let mut remembered = Remembered { then, rule, ran: 0, asked: 0, refused: 0 };
        remembered.count(today);
        let bytes = user.len() + command.bytes();
        if self.remembered.len() < REMEMBERED_MAX
            && self.remembered_bytes + bytes <= REMEMBERED_BYTES_MAX
        {
            self.remembered_bytes += bytes;
            self.remembered.insert(key, remembered);
        } else {
            self.not_remembered += 1;
            self.not_remembered_changed += u64::from(changes(today, then));
        }
        then
    }

    fn place(
        &mut self,
        source: Source,
        says: Then,
        from: &[writ_engine::policy::Selector],
        needed: u32,
    ) -> usize {
        let next = self.rules.len();
        let rules = &mut self.rules;
        *self.places.entry((source.clone(), says)).or_insert_with(|| {
            let asks = from.iter().map(ToString::to_string).collect();
            rules.push(OfRule { source, says: Some(says), asks, needed, ..OfRule::default() });
            next
        })
    }

    /// All that is told of it.
    pub(super) fn finish(self, frequent: u64, passed: Passed) -> Replayed {
        let never_used = self.never_used();
        let proposals = proposals::of(self.policy, &self.remembered, &self.rules, frequent);
        let mut changes = self.changes();
        let listed: u64 = changes.iter().map(|change| change.acts).sum();
        changes.truncate(CHANGES_MAX);
        let mut rules = self.rules;
        rules.sort_by(|one, other| {
            (one.says, std::cmp::Reverse(one.acts), &one.source.role, &one.source.rule).cmp(&(
                other.says,
                std::cmp::Reverse(other.acts),
                &other.source.role,
                &other.source.rule,
            ))
        });
        let days = self.days.into_iter().map(|(day, counts)| OfDay { day, counts });
        Replayed {
            host: self.policy.settings().host.name.clone(),
            acts: self.acts,
            users: self.users.len(),
            counts: self.counts,
            days: days.collect(),
            rules,
            changed: listed + self.not_remembered_changed,
            changes,
            proposals,
            never_used,
            passed,
            not_remembered: self.not_remembered,
        }
    }

    fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for ((user, _, asked), remembered) in &self.remembered {
            for (was, acts) in [
                (Today::Ran, remembered.ran),
                (Today::Asked, remembered.asked),
                (Today::Refused, remembered.refused),
            ] {
                if acts > 0 && self::changes(was, remembered.then) {
                    let asked = command::of(asked);
                    changes.push(Change {
                        user: user.clone(),
                        command: command::line(&asked),
                        run_as: command::run_as(&asked),
                        was,
                        then: remembered.then,
                        acts,
                    });
                }
            }
        }
        changes.sort_by(|one, other| {
            (one.then, std::cmp::Reverse(one.acts), &one.user, &one.command).cmp(&(
                other.then,
                std::cmp::Reverse(other.acts),
                &other.user,
                &other.command,
            ))
        });
        changes
    }

    /// Rules for this host that decided nothing.
    fn never_used(&self) -> Vec<Source> {
        let used: BTreeSet<(&Option<String>, &Option<String>)> =
            self.rules.iter().map(|rule| (&rule.source.role, &rule.source.rule)).collect();
        let here = self.policy.settings().roles.iter().filter(|role| role.is_here(self.policy));
        let sources = here.flat_map(|role| {
            let of_role = |rule: &Rule| Source {
                role: Some(role.name.clone()),
                rule: Some(rule.name.clone()),
                doubt: None,
            };
            role.rules.iter().map(of_role)
        });
        sources.filter(|source| !used.contains(&(&source.role, &source.rule))).collect()
    }
}

/// Whether something would be otherwise for who did it. What sudo refused is refused
/// before Writ is asked; so it stays.
fn changes(was: Today, then: Then) -> bool {
    match (was, then) {
        (Today::Ran, Then::Allowed | Then::Passed) | (Today::Asked, Then::Asked) => false,
        (Today::Ran | Today::Asked, _) => true,
        (Today::Refused, then) => then != Then::Denied,
    }
}

impl Remembered {
    fn count(&mut self, today: Today) {
        match today {
            Today::Ran => self.ran += 1,
            Today::Asked => self.asked += 1,
            Today::Refused => self.refused += 1,
        }
    }
}

impl Counts {
    fn add(&mut self, then: Then) {
        match then {
            Then::Denied => self.denied += 1,
            Then::Asked => self.asked += 1,
            Then::Allowed => self.allowed += 1,
            Then::Passed => self.passed += 1,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
