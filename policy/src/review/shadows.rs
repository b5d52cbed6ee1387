//! Patterns that no command ever reaches.

use std::collections::{BTreeMap, BTreeSet};

use writ_engine::policy::{CommandPattern, Member, Times};

use super::{Remark, Remarks};
use crate::keys::{DecisionKey, RoleKeys, RuleKeys};
use crate::source::Placed;

/// Remarks what an earlier rule of the same role takes, and questions that a rule of
/// another role decides before they are asked.
pub(super) fn look(roles: &[RoleKeys], remarks: &mut Remarks) {
    for role in roles {
        within(role, remarks);
    }
    between(roles, remarks);
}

/// Inside a role, the first rule that matches decides.
fn within(role: &RoleKeys, remarks: &mut Remarks) {
    let mut before = Patterns::default();
    for rule in &role.rules {
        for pattern in &rule.commands {
            if let Some((other, first)) = before.covering(pattern, rule, |_| true) {
                let (by, at) = (other.name.clone(), first.place.clone());
                remarks.note(&pattern.place, Remark::Shadowed { by, at });
            }
        }
        // What is silent at times leaves those to others.
        if !rule.is_limited() {
            for pattern in &rule.commands {
                before.add(role, rule, pattern);
            }
        }
    }
}

/// Among roles, a `deny` and an `allow` go before every `ask`. What a role says is sure
/// only as far as none of its earlier rules asks, and nothing is sure that hangs on the
/// time or a condition.
fn between(roles: &[RoleKeys], remarks: &mut Remarks) {
    let mut sure = Patterns::default();
    for role in roles.iter().filter(|role| role.times == Times::default()) {
        let plain =
            |rule: &&RuleKeys| rule.decision.value != DecisionKey::Ask && !rule.is_limited();
        for rule in role.rules.iter().take_while(plain) {
            for pattern in &rule.commands {
                sure.add(role, rule, pattern);
            }
        }
    }
    for role in roles {
        let asks = role.rules.iter().filter(|rule| rule.decision.value == DecisionKey::Ask);
        for rule in asks {
            for pattern in &rule.commands {
                let applies = |other: &RoleKeys| is_for_all_of(other, role);
                if let Some((first, at, other)) = sure.covering_of(pattern, rule, applies) {
                    let says = match first.decision.value {
                        DecisionKey::Deny => "denies",
                        DecisionKey::Allow | DecisionKey::Ask => "allows",
                    };
                    let by = first.name.clone();
                    let role = other.name.value.clone();
                    let at = at.place.clone();
                    remarks.note(&pattern.place, Remark::Moot { by, role, says, at });
                }
            }
        }
    }
}

/// Whether `wide` is another role, which every member of `narrow` has wherever he has
/// that one.
fn is_for_all_of(wide: &RoleKeys, narrow: &RoleKeys) -> bool {
    let members = |role: &RoleKeys| -> BTreeSet<Member> {
        role.members.iter().map(|member| member.value.clone()).collect()
    };
    wide.name.value != narrow.name.value
        && wide.except.is_empty()
        && wide.except_hosts.is_empty()
        && (wide.hosts.is_empty() || wide.hosts == narrow.hosts)
        && members(narrow).is_subset(&members(wide))
}

type Found<'k> = (&'k RuleKeys, &'k Placed<CommandPattern>, &'k RoleKeys);

/// Patterns by the path of their program, so that only what can cover is compared.
#[derive(Default)]
struct Patterns<'k> {
    by_program: BTreeMap<&'k str, Vec<Found<'k>>>,
    /// Those of several programs, and edits.
    others: Vec<Found<'k>>,
}

impl<'k> Patterns<'k> {
    fn add(&mut self, role: &'k RoleKeys, rule: &'k RuleKeys, pattern: &'k Placed<CommandPattern>) {
        let found = (rule, pattern, role);
        match pattern.value.program() {
            Some(program) => self.by_program.entry(program).or_default().push(found),
            None => self.others.push(found),
        }
    }

    fn covering(
        &self,
        pattern: &Placed<CommandPattern>,
        rule: &RuleKeys,
        applies: impl Fn(&RoleKeys) -> bool,
    ) -> Option<(&'k RuleKeys, &'k Placed<CommandPattern>)> {
        self.covering_of(pattern, rule, applies).map(|(rule, pattern, _)| (rule, pattern))
    }

    fn covering_of(
        &self,
        pattern: &Placed<CommandPattern>,
        rule: &RuleKeys,
        applies: impl Fn(&RoleKeys) -> bool,
    ) -> Option<Found<'k>> {
        let program = pattern.value.program();
        let same = program.and_then(|program| self.by_program.get(program));
        let all = same.into_iter().flatten().chain(&self.others);
        all.copied().find(|(other, wide, role)| {
            wide.value.covers(&pattern.value) && other.run_as.covers(&rule.run_as) && applies(role)
        })
    }
}
