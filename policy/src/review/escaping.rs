//! Rules that allow more than they seem to.

use super::{Remark, Remarks};
use crate::escapes::escape_of_pattern;
use crate::keys::{DecisionKey, RoleKeys};

/// Remarks what is allowed without a question and gives its user a shell. What is asked
/// about, an approver is told of when he is asked.
pub(super) fn look(roles: &[RoleKeys], remarks: &mut Remarks) {
    let rules = roles.iter().flat_map(|role| &role.rules);
    for rule in rules.filter(|rule| rule.decision.value == DecisionKey::Allow) {
        for pattern in &rule.commands {
            if let Some((program, how)) = escape_of_pattern(&pattern.value) {
                remarks.note(&pattern.place, Remark::Escapes { program, how });
            }
        }
    }
}
