//! What the engine wants done once its records are durable.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::facts::{AttemptId, Leader, OnEnd, Person};
use crate::id::RequestId;
use crate::policy::Selector;
use crate::record::{About, Record};
use crate::state::Change;
use crate::time::Span;

/// What follows of one event.
#[derive(Debug, Clone)]
pub struct Step {
    /// What must be in the ledger first.
    pub records: Vec<Record>,
    /// How safe it must be there.
    pub durability: Durability,
    /// What becomes true then, in order; applying it includes the records.
    pub changes: Vec<Change>,
    /// What is to be done then, in order.
    pub effects: Vec<Effect>,
    /// The answer to who caused the event, where it was a call.
    pub result: Result<Done, Refusal>,
}

impl Default for Step {
    /// Nothing follows.
    fn default() -> Self {
        Self {
            records: Vec::new(),
            durability: Durability::default(),
            changes: Vec::new(),
            effects: Vec::new(),
            result: Ok(Done::Done),
        }
    }
}

/// How safe a record must be before its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum Durability {
    /// Written to the file; synced soon, in a group.
    #[default]
    Written,
    /// On the disk.
    Synced,
}

/// What a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Done {
    /// It is done, or an answer follows as an [`Effect::Answer`].
    #[default]
    Done,
    /// A decision counts.
    Decided {
        /// Whether it is granted now.
        granted: bool,
        /// How many have approved.
        approvals: u32,
        /// How many must.
        needed: u32,
    },
    /// The policy lets a command run by itself, and its start is on record.
    Started,
    /// A command may run, and its start is on record. [`crate::Engine::window`] says
    /// what it is lent.
    Runs {
        /// The window that it runs under.
        id: RequestId,
        /// Until that ends.
        remaining: Span,
    },
}

/// Why a call came to nothing. Display is the sentence that the person reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No open request or grant has that ID.
    #[error("there is no open request or grant {0}")]
    NotFound(RequestId),
    /// Not for this person to do.
    #[error("{0}")]
    NotYours(String),
    /// The question is not the one that was decided on.
    #[error("the question of {0} is not the one that was shown")]
    WrongDigest(RequestId),
    /// Only somebody who has proved who he is may say this.
    #[error("who approves {0} must prove who he is first")]
    ProofNeeded(RequestId),
    /// Not possible now.
    #[error("{0}")]
    Refused(String),
    /// More than the engine takes.
    #[error("{0}")]
    TooMany(String),
}

/// Where an escalation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It may start, once confirmed.
    Allowed {
        /// Its ID.
        id: RequestId,
        /// A sentence for the person, where people decided.
        message: Option<String>,
        /// Until the grant ends, where it does.
        remaining: Option<Span>,
    },
    /// Nothing in the policy speaks of the service, which is left alone: no record, no
    /// ID, and nothing to confirm.
    LeftAlone,
    /// It may not.
    Denied {
        /// Its ID.
        id: Option<RequestId>,
        /// Why, and what to do.
        message: String,
    },
    /// Silence was a no.
    Expired {
        /// Its ID.
        id: RequestId,
        /// Who did not answer, and what to do.
        message: String,
    },
    /// People are asked.
    Waiting {
        /// Its ID.
        id: RequestId,
        /// Who is asked.
        asked: Vec<String>,
        /// How many have approved.
        approvals: u32,
        /// How many must.
        needed: u32,
        /// Those of `asked` whose approval still counts, others having approved.
        still_asked: Vec<String>,
        /// Who has looked at it and not answered.
        seen: Vec<String>,
        /// Until silence is a no.
        remaining: Span,
    },
    /// Something is missing.
    Wanted {
        /// A reason.
        reason: bool,
        /// A ticket; the pattern that it must match.
        ticket: Option<String>,
    },
    /// The wait is over, the request stays open.
    Open {
        /// Its ID.
        id: RequestId,
        /// What to do.
        message: String,
    },
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Look at the file of a command: digest it, and see whether the person may
    /// write it or a folder above it. Answered by [`crate::Event::Examined`].
    Examine {
        /// For whom.
        attempt: AttemptId,
        /// The resolved path.
        path: String,
        /// Who.
        person: Person,
    },
    /// Look up the numbers of groups, and which numbers no group has. Answered by [`crate::Event::GroupsFound`].
    FindGroups {
        /// For whom.
        attempt: AttemptId,
        /// Their names.
        groups: BTreeSet<String>,
        /// Numbers.
        numbers: BTreeSet<u32>,
    },
    /// What is lent has changed: bring [`crate::Engine::loans`] into force, before
    /// the effects that follow.
    Lend,
    /// What it ran under has ended: stop the service of a `writ run`.
    Stop {
        /// Which run.
        attempt: AttemptId,
        /// What it ran under.
        id: RequestId,
    },
    /// Tell the door of an attempt where it stands. Only `Waiting` is followed
    /// by another.
    Answer {
        /// Whom.
        attempt: AttemptId,
        /// What.
        answer: Answer,
    },
    /// A grant has ended while it was in use: end what still runs on it.
    End(Box<Remains>),
    /// A grant stands longer, and something runs on it.
    Prolong {
        /// Which one.
        id: RequestId,
    },
    /// Tell everybody who is at a terminal that somebody broke the glass.
    Announce {
        /// Which use.
        id: RequestId,
        /// Who, what and why.
        about: Box<About>,
    },
    /// Tell those again who are asked and have not answered.
    Remind {
        /// About what.
        id: RequestId,
    },
    /// Tell approvers who are logged in that they are asked.
    Notify {
        /// About what.
        id: RequestId,
        /// Whom.
        from: Vec<Selector>,
    },
}

/// What a grant leaves behind when it ends. A command may be over and have left others
/// behind it, which only the shell can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// The grant.
    pub id: RequestId,
    /// Whose it was.
    pub person: Person,
    /// What is to become of it.
    pub on_end: OnEnd,
    /// The commands that still run.
    pub runs: Vec<RunLeft>,
    /// The groups that were lent, by their numbers: whoever got one of them and has it
    /// from nowhere else now is to end, too.
    pub groups: BTreeMap<String, u32>,
}

/// A command that still runs when its grant has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLeft {
    /// Which run.
    pub attempt: AttemptId,
    /// The process that it started from, where the ledger names it.
    pub leader: Option<Leader>,
    /// Who runs it.
    pub person: Person,
    /// His terminal.
    pub tty: Option<String>,
}
