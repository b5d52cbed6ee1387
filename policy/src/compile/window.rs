//! The window of a role.

use std::collections::BTreeSet;
use std::sync::Arc;

use writ_engine::policy::{Ask, Decision, WindowTerms};

use super::asking::Layers;
use super::people::People;
use crate::action::action_power;
use crate::capability::Capability;
use crate::findings::Findings;
use crate::keys::{DecisionKey, RoleKeys};

/// The window of a role: asked for where `decision` does not say; none where that
/// was never said, nothing is lent and nobody can be asked.
pub(super) fn compile(
    role: &RoleKeys,
    layers: &Layers<'_>,
    people: &People<'_>,
    found: &mut Findings,
) -> Option<WindowTerms> {
    let lends =
        !role.groups.is_empty() || !role.actions.is_empty() || !role.capabilities.is_empty();
    if role.decision.is_none() && !lends && !layers.name_somebody() {
        return None;
    }
    let (decision, place) = match &role.decision {
        Some(decision) => (decision.value, &decision.place),
        None => (DecisionKey::Ask, &role.name.place),
    };
    // The role's own longest time is the window's, also where others are asked for less.
    let asks = layers.ask(None);
    let max_duration = role.max_duration.unwrap_or(asks.max_duration);
    let ask = Ask { max_duration, ..asks };
    let rootly = |capability: &&Capability| capability.root_power().is_some();
    let mut root_equivalent = names(role.capabilities.iter().filter(rootly));
    let rootly = role.actions.iter().filter(|action| action_power(action).is_some());
    root_equivalent.extend(rootly.cloned());
    Some(WindowTerms {
        groups: role.groups.clone(),
        actions: role.actions.clone(),
        capabilities: names(role.capabilities.iter()),
        root_equivalent,
        max_duration,
        decision: match decision {
            DecisionKey::Allow => Decision::Allow,
            DecisionKey::Deny => Decision::Deny,
            DecisionKey::Ask => {
                layers.check_reach(place, people, found);
                Decision::Ask(Arc::new(ask))
            }
        },
        on_end: role.on_end,
        end_on_logout: role.end_on_logout,
    })
}

fn names<'a>(capabilities: impl Iterator<Item = &'a Capability>) -> BTreeSet<String> {
    capabilities.map(|capability| capability.name().to_owned()).collect()
}
