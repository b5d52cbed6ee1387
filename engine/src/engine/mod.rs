//! The engine: what follows of an event.
//!
//! One event at a time: [`Engine::step`], then the ledger, then [`Engine::apply`]
//! for each change, then the effects; only then the next event. A step whose
//! records could not be written is dropped as if its event had never come.

mod actions;
mod answering;
mod asking;
mod attending;
mod beginning;
mod circumstance;
mod clock;
mod deciding;
mod doors;
mod ending;
mod escalating;
mod extending;
mod glass;
mod opening;
mod running;
mod runs;
mod sentences;
mod sessions;
mod shaping;
mod signed;
mod views;
mod windows;
mod without_agent;

use alloc::string::{String, ToString};
use alloc::sync::Arc;

pub use sessions::Session;
pub use views::{Answered, Counts, Listed, Running, Stage, Starter, Subject};
pub use windows::{Loan, OpenRole};

use crate::effect::Step;
use crate::event::Event;
use crate::policy::Policy;
use crate::record::{Record, What};
use crate::state::{
    Asked, Attempts, AttentionChange, Attentions, Becomes, Case, Change, Durable, ReplayError,
};
use crate::time::Now;
use windows::Found;

/// Decides everything and touches nothing.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    durable: Durable,
    attempts: Attempts,
    attentions: Attentions,
    policy: Option<Arc<Policy>>,
}

impl Engine {
    /// The engine of an empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The engine of a snapshot; the records after it are to be replayed.
    ///
    /// # Errors
    /// When the text is no snapshot.
    pub fn restore(snapshot: &str) -> Result<Self, ReplayError> {
        let durable: Durable = serde_json::from_str(snapshot)
            .map_err(|error| ReplayError::Snapshot(error.to_string()))?;
        let attentions = Attentions::of(&durable.cases);
        Ok(Self { durable, attentions, ..Self::default() })
    }

    /// What is durable, as a JSON object.
    ///
    /// # Errors
    /// Never for the types as they are; serialising is fallible by its signature.
    pub fn snapshot(&self) -> Result<String, ReplayError> {
        serde_json::to_string(&self.durable)
            .map_err(|error| ReplayError::Snapshot(error.to_string()))
    }

    /// Makes true what a record of the ledger says.
    ///
    /// # Errors
    /// When it does not follow from the records before it; nothing is changed then.
    pub fn replay(&mut self, record: &Record) -> Result<(), ReplayError> {
        self.durable.apply(record)?;
        self.follow(record);
        Ok(())
    }

    /// Makes a change true, once the records of its step are in the ledger.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Record(record) => {
                // A step makes only records that follow; the simulation holds it to that.
                let follows = self.durable.apply(&record);
                debug_assert!(follows.is_ok(), "{follows:?}");
                self.follow(&record);
            }
            Change::Policy(policy) => self.policy = Some(policy),
            Change::Attempt(change) => self.attempts.set(change.attempt, change.stands),
            Change::Attention(change) => self.attend(change),
        }
    }

    /// What is known beside the ledger goes with what is in it.
    fn follow(&mut self, record: &Record) {
        match record.what {
            What::LedgerAcknowledged { .. } => self.attentions = Attentions::default(),
            What::GrantExtended { request, .. } => {
                self.attentions.follow(request, &self.durable.cases);
            }
            _ => {
                if let Some(id) = record.id {
                    self.attentions.follow(id, &self.durable.cases);
                }
            }
        }
    }

    fn attend(&mut self, change: AttentionChange) {
        let AttentionChange { id, becomes } = change;
        // It may have ended in the same step.
        if !matches!(self.durable.cases.get(id), Some(Case::Open(_))) {
            return;
        }
        match becomes {
            Becomes::SeenBy(seen) => self.attentions.see(id, seen),
            Becomes::RemindedAt(next) => self.attentions.remind_at(id, next),
        }
    }

    /// What follows of an event. Changes nothing.
    #[must_use]
    pub fn step(&self, now: Now, event: Event) -> Step {
        match event {
            Event::Started { version, boot_id, fresh_key, torn_bytes, policy } => {
                let start = beginning::Start { version, boot_id, fresh_key, torn_bytes };
                self.started(now, start, policy)
            }
            Event::Stopping => self.noted(now, What::AgentStopped),
            Event::DoorsSeen(doors) => self.doors_seen(now, &doors),
            Event::PolicyLoaded(policy) => self.policy_loaded(now, policy),
            Event::PolicyRefused { message } => self.noted(now, What::PolicyRefused { message }),
            Event::Asked { attempt, person, act, wish } => {
                self.asked(now, attempt, Asked { person, act, wish: wish.tidy() })
            }
            Event::AskedToStart { attempt, person, act, wish, leader } => {
                let asked = Asked { person, act, wish: wish.tidy() };
                self.asked_to_start(now, attempt, asked, leader)
            }
            Event::Examined { attempt, evidence } => self.examined(now, attempt, &evidence),
            Event::GroupsFound { attempt, groups, free } => {
                self.groups_found(now, attempt, None, &Found { groups, free })
            }
            Event::ExtensionAsked { attempt, person, id, wish } => {
                self.extension_asked(now, attempt, person, id, wish.tidy())
            }
            Event::LoggedOut { account } => self.logged_out(now, account),
            Event::Confirmed { attempt, id, sha256, leader } => {
                self.confirmed(now, id, sha256.as_deref(), attempt, leader)
            }
            Event::RunAsked { attempt, person, act, role, leader } => {
                self.run_asked(now, runs::Start { attempt, person, act, role, leader })
            }
            Event::Finished { attempt, id, ending, runtime } => {
                self.finished(now, attempt, id, ending, runtime)
            }
            Event::Left { attempt } => self.left(now, attempt),
            Event::SessionEnded { id, end } => self.session_ended(now, id, end),
            Event::Decided { person, id, digest, word, comment, lasts, uses, proof } => {
                let signed = None;
                let said =
                    deciding::Said { person, digest, word, comment, lasts, uses, proof, signed };
                self.decided(now, id, said)
            }
            Event::LookedAt { person, ids } => self.looked_at(now, &person, &ids),
            Event::HubUnreachable { id } => self.hub_unreachable(now, id),
            Event::Signed { answer, host_key, account } => {
                self.signed(now, answer, host_key, account)
            }
            Event::AnswerRefused(refused) => self.noted(now, What::AnswerRefused(refused)),
            Event::Revoked { person, id, comment } => self.revoked(now, person, id, comment),
            Event::Cancelled { person, id } => self.cancelled(now, person, id),
            Event::GivenBack { person, id } => self.given_back(now, person, id),
            Event::GlassBroken { attempt, person, act, reason } => {
                self.glass_broken(now, attempt, person, act, reason)
            }
            Event::Subcommand { attempt, id, command, missed } => {
                self.subcommand(now, attempt, id, command, missed)
            }
            Event::GlassReported { passed, about } => self.glass_reported(now, passed, *about),
            Event::LetPass { passed, about, force } => self.let_pass(now, passed, *about, force),
            Event::GlassReviewed { person, id, comment } => {
                self.glass_reviewed(now, person, id, comment)
            }
            Event::Acknowledged { person, comment, what } => {
                self.acknowledged(now, person, comment, what)
            }
            Event::Tick => self.tick(now),
        }
    }
}
