//! What the engine is told.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::facts::{Act, AttemptId, Command, Ending, Evidence, Leader, Person, Uid};
use crate::hinges::Hinges;
use crate::id::{IdKey, RequestId};
use crate::policy::Policy;
use crate::record::{About, AnswerRefused, Force, LetPass, SessionEnd};
use crate::time::Span;

/// A person's word on a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It may be.
    Approve,
    /// It may not.
    Deny,
}

/// Whether a person has proved who he is, to the agent and for the question that he
/// decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// He acts from his account, and no more is known.
    None,
    /// He has, a moment before.
    Given,
}

/// What a requester adds to an act.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wish {
    /// Why.
    pub reason: Option<String>,
    /// The ticket.
    pub ticket: Option<String>,
    /// How long the grant is to stand at most.
    pub lasts: Option<Span>,
    /// How often it may be used.
    pub uses: Option<u32>,
}

impl Wish {
    /// The same, without a reason or ticket that is nothing but white space.
    pub(crate) fn tidy(self) -> Self {
        let said = |text: &String| !text.trim().is_empty();
        Self { reason: self.reason.filter(said), ticket: self.ticket.filter(said), ..self }
    }
}

/// Something that happened outside.
#[derive(Debug, Clone)]
pub enum Event {
    /// The agent started; the ledger was replayed before.
    Started {
        /// Its version.
        version: String,
        /// What tells this boot from any other.
        boot_id: String,
        /// A fresh random key for IDs, used only when the ledger has none yet.
        fresh_key: IdKey,
        /// A torn last line that was cut off the ledger, in bytes.
        torn_bytes: Option<u64>,
        /// The policy in force.
        policy: Arc<Policy>,
    },
    /// The agent stops in good order.
    Stopping,
    /// New policy files were taken.
    PolicyLoaded(Arc<Policy>),
    /// New policy files were not taken.
    PolicyRefused {
        /// Each error with its place.
        message: String,
    },
    /// How the doors hang; those that are off are left out.
    DoorsSeen(Hinges),
    /// A door or `writ request` asks. For `writ request` the attempt is one that
    /// the agent drew, and nothing is reserved or confirmed under it.
    Asked {
        /// Its name.
        attempt: AttemptId,
        /// Who.
        person: Person,
        /// What for.
        act: Act,
        /// What he adds.
        wish: Wish,
    },
    /// A door asks, and is about to start the command: where the policy lets it by itself,
    /// its start goes on record with the decision ([`crate::effect::Done::Started`]).
    AskedToStart {
        /// Its name.
        attempt: AttemptId,
        /// Who.
        person: Person,
        /// What for.
        act: Act,
        /// What he adds.
        wish: Wish,
        /// The process that it starts from.
        leader: Leader,
    },
    /// The answer to [`crate::Effect::Examine`].
    Examined {
        /// For whom.
        attempt: AttemptId,
        /// What was found.
        evidence: Evidence,
    },
    /// The answer to [`crate::Effect::FindGroups`].
    GroupsFound {
        /// For whom.
        attempt: AttemptId,
        /// Each group's number; `None` where this host has no such group.
        groups: BTreeMap<String, Option<u32>>,
        /// Of the numbers that were asked about, those that no group of this host has.
        free: BTreeSet<u32>,
    },
    /// The requester asks that his grant stand longer; the attempt is one that the
    /// agent drew.
    ExtensionAsked {
        /// Its name.
        attempt: AttemptId,
        /// Who.
        person: Person,
        /// Which grant.
        id: RequestId,
        /// How much longer, and why.
        wish: Wish,
    },
    /// The last login session of an account has ended.
    LoggedOut {
        /// Whose.
        account: Uid,
    },
    /// The command of an allowed attempt is about to start.
    Confirmed {
        /// Which one.
        attempt: AttemptId,
        /// The ID that it was given.
        id: RequestId,
        /// SHA-256 of the command's file now, where the grant is bound to one
        /// ([`crate::Engine::bound_file`] says so).
        sha256: Option<String>,
        /// The process that it starts from.
        leader: Leader,
    },
    /// `writ run` asks to start a command with what a window of a role lends. The
    /// attempt is one that the agent drew; its end is [`Event::Finished`].
    RunAsked {
        /// Its name.
        attempt: AttemptId,
        /// Who.
        person: Person,
        /// What for: a command, to be run as himself.
        act: Act,
        /// The role whose window it runs under.
        role: String,
        /// The process that asks.
        leader: Leader,
    },
    /// A command that runs starts another, and its door tells of it.
    Subcommand {
        /// The run that it is of.
        attempt: AttemptId,
        /// The ID that it was given.
        id: RequestId,
        /// What starts.
        command: Command,
        /// How many before it the door did not tell of.
        missed: u32,
    },
    /// A command ended.
    Finished {
        /// Which one.
        attempt: AttemptId,
        /// The ID that it was given.
        id: RequestId,
        /// How.
        ending: Ending,
        /// How long it took, where the door could tell.
        runtime: Option<Span>,
    },
    /// The door of an attempt went away: Ctrl-C, a hang-up, the end.
    Left {
        /// Which one.
        attempt: AttemptId,
    },
    /// What still runs on a grant that has ended is about to be stopped.
    SessionEnded {
        /// The grant.
        id: RequestId,
        /// What, and how.
        end: SessionEnd,
    },
    /// A person decided.
    Decided {
        /// Who.
        person: Person,
        /// On what.
        id: RequestId,
        /// The digest of the question that he saw.
        digest: String,
        /// His word.
        word: Word,
        /// What he adds.
        comment: Option<String>,
        /// Narrows how long the grant stands.
        lasts: Option<Span>,
        /// Narrows how often it may be used.
        uses: Option<u32>,
        /// Whether he has proved who he is.
        proof: Proof,
    },
    /// Somebody has looked at requests, on his list or one by one.
    LookedAt {
        /// Who.
        person: Person,
        /// At which.
        ids: Vec<RequestId>,
    },
    /// Those who answer from afar cannot be reached about a request.
    HubUnreachable {
        /// About which.
        id: RequestId,
    },
    /// Somebody has handed in a signed answer.
    Signed {
        /// The answer.
        answer: writ_signed::Answer,
        /// The key of this host.
        host_key: writ_signed::Fingerprint,
        /// The account of the approver that it names, where he has one on this host.
        account: Option<Person>,
    },
    /// A signed answer did not count, which is to be put on record.
    AnswerRefused(AnswerRefused),
    /// An approver or root takes a grant back.
    Revoked {
        /// Who.
        person: Person,
        /// Which.
        id: RequestId,
        /// What he has to say.
        comment: Option<String>,
    },
    /// The requester takes his open request back.
    Cancelled {
        /// Who.
        person: Person,
        /// Which.
        id: RequestId,
    },
    /// The requester gives his grant back.
    GivenBack {
        /// Who.
        person: Person,
        /// Which.
        id: RequestId,
    },
    /// A door asks for somebody who has said that this is an emergency, and why.
    GlassBroken {
        /// The attempt.
        attempt: AttemptId,
        /// Who.
        person: Person,
        /// What for.
        act: Act,
        /// Why.
        reason: String,
    },
    /// A door let somebody pass in an emergency while the agent was not there.
    GlassReported {
        /// When, and which escalation.
        passed: LetPass,
        /// Who, what for and why; `attempt` is none, as the run is not the agent's.
        about: Box<About>,
    },
    /// Something was let pass while the agent was not there.
    LetPass {
        /// When, and which escalation.
        passed: LetPass,
        /// Who, what for and on whose word; `attempt` is none, as the run is not the
        /// agent's.
        about: Box<About>,
        /// What it passed as: allowed by a rule, or in observe mode.
        force: Force,
    },
    /// Somebody has looked at a use of break-glass.
    GlassReviewed {
        /// Who.
        person: Person,
        /// Which.
        id: RequestId,
        /// What he has to say.
        comment: Option<String>,
    },
    /// Root has seen that the ledger was broken; what was open in the broken
    /// part is lost, and ended.
    Acknowledged {
        /// Who.
        person: Person,
        /// What he has to say.
        comment: String,
        /// What was wrong, with its place.
        what: String,
    },
    /// Time has passed; [`crate::Engine::next_deadline`] says when to come.
    Tick,
}
