//! Actions of polkit that a window lends.
//!
//! polkitd must wait for nobody, so nobody is asked: it looks up the groups of who acts,
//! and one shipped rule (packaging/49-writ.rules) says yes to whoever is in the group that is
//! named after the action. Such a group is there while a window lends it, and nowhere but
//! in the user database: nothing is written that could be left behind.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use core::ops::RangeInclusive;

use super::Engine;
use crate::state::Case;

/// The numbers of these groups. systemd leaves them unused (docs/UIDS-GIDS.md there), and
/// they are below 65536, so that containers with so many numbers can use them, too.
const NUMBERS: RangeInclusive<u32> = 60578..=61183;

/// Numbers that are looked at beyond those that are needed: others may take some
/// meanwhile.
const SPARE: usize = 16;

/// The name of the group that stands for an action.
pub(super) fn group_of(action: &str) -> String {
    format!("writ.{action}")
}

impl Engine {
    /// The numbers that groups of these actions could have, for seeing whether the host
    /// has them free.
    pub(super) fn numbers_for(&self, actions: &BTreeSet<String>) -> BTreeSet<u32> {
        if actions.is_empty() {
            return BTreeSet::new();
        }
        let used = self.numbers_in_use();
        let own = actions.iter().filter_map(|action| used.get(action).copied());
        let taken: BTreeSet<u32> = used.values().copied().collect();
        let fresh = NUMBERS.filter(|number| !taken.contains(number));
        own.chain(fresh.take(actions.len().saturating_add(SPARE))).collect()
    }

    /// A number for each action, of these that the host has free: the one that the action
    /// has in another window, or one that no other action has.
    ///
    /// # Errors
    /// Why there is none, in a sentence.
    pub(super) fn numbered(
        &self,
        actions: &BTreeSet<String>,
        groups: &BTreeMap<String, Option<u32>>,
        free: &BTreeSet<u32>,
    ) -> Result<BTreeMap<String, u32>, String> {
        let used = self.numbers_in_use();
        let taken: BTreeSet<u32> = used.values().copied().collect();
        let mut fresh = free.iter().copied().filter(|number| !taken.contains(number));
        let mut numbered = BTreeMap::new();
        for action in actions {
            let group = group_of(action);
            if groups.get(&group).copied() != Some(None) {
                return Err(format!(
                    "this host has a group {group:?} of its own, whose members have the action at all times; have it removed"
                ));
            }
            let number = match used.get(action) {
                Some(number) if free.contains(number) => Some(*number),
                Some(_) => None,
                None => fresh.next(),
            };
            let number = number.ok_or_else(|| {
                format!(
                    "no number is free for the group that stands for {action:?}: this host or other windows use those from {} to {}; try again, or have some freed",
                    NUMBERS.start(),
                    NUMBERS.end()
                )
            })?;
            numbered.insert(action.to_string(), number);
        }
        Ok(numbered)
    }

    /// The numbers of the actions that windows lend, or would if they were approved.
    fn numbers_in_use(&self) -> BTreeMap<String, u32> {
        let windows = self.durable.cases.iter().filter_map(|(_, case)| match case {
            Case::Open(request) => request.opened.act.aim.window(),
            Case::Window(open) => open.window(),
            _ => None,
        });
        let actions = windows.flat_map(|window| &window.actions);
        actions.map(|(action, number)| (action.clone(), *number)).collect()
    }
}
