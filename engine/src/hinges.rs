//! How the doors hang: whether what opens them still lets them ask.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::{Deserialize, Serialize};

/// How many doors are kept track of; a host has one for sudo, and one for each service
/// of PAM that asks.
pub const DOORS_MAX: usize = 64;

/// Whether a door asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It asks.
    On,
    /// Nothing says that it should.
    #[default]
    Off,
    /// Something says that it should, and what does is not as it has to be.
    Broken,
}

/// How a door hangs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hinge {
    /// Whether it asks.
    pub standing: Standing,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// SHA-256 of the plugin or module, hexadecimal, where it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// How a door hangs from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorChange {
    /// Which: `sudo`, or a service of PAM such as `pam:su`.
    pub door: String,
    /// How it hung before.
    pub was: Standing,
    /// How it hangs.
    pub hinge: Hinge,
}

/// Doors by their names; those that are off are left out.
pub type Hinges = BTreeMap<String, Hinge>;

/// What has changed from `before` to `now`, by name.
pub(crate) fn changes<'a>(
    before: &'a Hinges,
    now: &'a Hinges,
) -> impl Iterator<Item = DoorChange> + 'a {
    let gone = before.keys().filter(|door| !now.contains_key(*door));
    let gone = gone.map(|door| (door, Hinge::default()));
    let there = now.iter().take(DOORS_MAX).map(|(door, hinge)| (door, hinge.clone()));
    gone.chain(there).filter_map(|(door, hinge)| {
        let was = before.get(door).cloned().unwrap_or_default();
        let change = DoorChange { door: door.clone(), was: was.standing, hinge };
        (was != change.hinge).then_some(change)
    })
}
