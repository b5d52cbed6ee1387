//! The window of a role.

use writ_engine::policy::Decision;

use super::asking::Layers;
use super::people::People;
use crate::findings::Findings;
use crate::keys::{DecisionKey, RoleKeys};
use crate::lending::RoleLending;

/// The window of a role: asked for where `decision` does not say; none where that
/// was never said, nothing is lent and nobody can be asked.
pub(super) fn compile(
    role: &RoleKeys,
    layers: &Layers<'_>,
    people: &People<'_>,
    found: &mut Findings,
) -> Option<RoleLending> {
    let lends = !role.groups.is_empty() || !role.capabilities.is_empty();
    if role.decision.is_none() && !lends && !layers.name_somebody() {
        return None;
    }
    let (decision, place) = match &role.decision {
        Some(decision) => (decision.value, &decision.place),
        None => (DecisionKey::Ask, &role.name.place),
    };
    let ask = layers.ask(role.max_duration);
    Some(RoleLending {
        groups: role.groups.clone(),
        capabilities: role.capabilities.clone(),
        max_duration: role.max_duration.unwrap_or(ask.max_duration),
        decision: match decision {
            DecisionKey::Allow => Decision::Allow,
            DecisionKey::Deny => Decision::Deny,
            DecisionKey::Ask => {
                layers.check_reach(place, people, found);
                Decision::Ask(Box::new(ask))
            }
        },
        on_end: role.on_end,
    })
}
