//! What the ledger holds: the events, each whole enough to be replayed.
//!
//! The names (`request.opened` and so on) are public and stable.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use writ_signed::{Answer, Fingerprint};

use crate::facts::{Account, Act, AttemptId, Command, Ending, Leader, Person};
use crate::hinges::DoorChange;
use crate::id::{IdKey, RequestId};
use crate::policy::{Escalation, Seats, Selector, WithoutHub};
use crate::seating::Place;
use crate::time::{Now, Span, WallTime};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    #[serde(flatten)]
    pub at: Now,
    /// The request that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// Who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The policy, by itself.
    Policy,
    /// A person.
    Person(Person),
    /// The agent: a deadline, a reboot.
    Agent,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// By policy: yes.
    Allow,
    /// By policy or a person: no.
    Deny,
    /// By a person: yes.
    Approve,
    /// In observe mode: people would have been asked.
    WouldAsk,
    /// No role speaks of it and sudoers alone decides, or root invoked sudo.
    Pass,
}

/// Whether a decision was acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Force {
    /// It was.
    Enforced,
    /// It was not: observe mode.
    Observed,
}

/// The role and rule that spoke.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Source {
    /// The role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why nobody could say whether the rule's condition held, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

impl Opened {
    /// How many seats there are of each kind.
    pub(crate) fn seats(&self) -> Vec<u32> {
        match self.all_of.as_slice() {
            [] => Vec::from([self.needed]),
            all => all.iter().map(|seats| seats.count).collect(),
        }
    }
}

impl Source {
    /// A role as a whole.
    #[must_use]
    pub fn of_role(role: impl Into<String>) -> Self {
        Self { role: Some(role.into()), ..Self::default() }
    }

    /// A rule of a role.
    pub(crate) fn of_rule(role: &str, rule: &str, doubt: Option<&String>) -> Self {
        Self { role: Some(role.into()), rule: Some(rule.into()), doubt: doubt.cloned() }
    }
}

/// Why a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its time was up.
    Expired,
    /// Every use was used and has ended.
    Used,
    /// The requester gave it back.
    GivenBack,
    /// An approver or root took it back.
    Revoked,
    /// The host was booted anew.
    Reboot,
    /// The policy no longer has it.
    Policy,
    /// A part of the ledger was lost, and root went on without it.
    Broken,
    /// The requester's last login session ended, and the role says that this ends it.
    Logout,
}

/// Why a request ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryReason {
    /// Silence is a no.
    Silence,
    /// The host was booted anew.
    Reboot,
    /// The policy no longer lets it be asked for.
    Policy,
    /// A part of the ledger was lost, and root went on without it.
    Broken,
    /// The grant that it was to extend ended before.
    GrantEnded,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum What {
    /// The agent started.
    #[serde(rename = "agent.started")]
    AgentStarted {
        /// Its version.
        version: String,
        /// What tells this boot from any other.
        boot_id: String,
        /// What IDs are drawn with; the first start of a ledger sets it.
        ids: IdKey,
        /// A torn last line that was cut off the ledger, in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        torn_bytes: Option<u64>,
    },
    /// The agent stopped in good order.
    #[serde(rename = "agent.stopped")]
    AgentStopped,
    /// A policy is in force.
    #[serde(rename = "policy.loaded")]
    PolicyLoaded {
        /// SHA-256 over its files.
        digest: String,
        /// Whether it binds.
        force: Force,
    },
    /// Policy files were not taken.
    #[serde(rename = "policy.refused")]
    PolicyRefused {
        /// Each error with its place.
        message: String,
    },
    /// People are asked.
    #[serde(rename = "request.opened")]
    RequestOpened(Opened),
    /// The same was asked for again and joined the open request.
    #[serde(rename = "request.joined")]
    RequestJoined {
        /// By whom.
        attempt: AttemptId,
    },
    /// Nobody answered for a while, and more people may.
    #[serde(rename = "request.escalated")]
    RequestEscalated {
        /// Who may decide from now on too, as the policy names them.
        from: Vec<Selector>,
    },
    /// The requester took it back.
    #[serde(rename = "request.cancelled")]
    RequestCancelled {
        /// Who.
        by: Person,
    },
    /// Nobody answered.
    #[serde(rename = "request.expired")]
    RequestExpired {
        /// Why.
        reason: ExpiryReason,
    },
    /// Policy or a person decided.
    #[serde(rename = "decision.made")]
    DecisionMade(Made),
    /// A signed answer did not count.
    #[serde(rename = "answer.refused")]
    AnswerRefused(AnswerRefused),
    /// The answer is no.
    #[serde(rename = "request.denied")]
    RequestDenied {
        /// Who said so.
        by: By,
        /// What he had to say, or why the policy refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// It may be used.
    #[serde(rename = "grant.started")]
    GrantStarted {
        /// How long it stands.
        lasts: Span,
        /// How often it may be used; 0 for a window, whose uses are not counted.
        uses: u32,
    },
    /// It may be used no more.
    #[serde(rename = "grant.ended")]
    GrantEnded {
        /// Why.
        reason: EndReason,
        /// Who ended it.
        by: By,
        /// What he had to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// A grant stands longer.
    #[serde(rename = "grant.extended")]
    GrantExtended {
        /// The request that people allowed it by, which is over with this.
        request: RequestId,
        /// How much longer.
        lasts: Span,
    },
    /// A command starts.
    #[serde(rename = "command.started")]
    CommandStarted {
        /// Which run of it.
        attempt: AttemptId,
        /// The process that it starts from; none in what was written before it was
        /// put on record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leader: Option<Leader>,
        /// What it is, where the ID is that of a window, which is for many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Box<About>>,
    },
    /// A command that runs starts another.
    #[serde(rename = "subcommand.started")]
    SubcommandStarted {
        /// The run that it is of.
        attempt: AttemptId,
        /// What starts.
        command: Command,
        /// How many before it the door could not, or not surely, tell of.
        #[serde(default, skip_serializing_if = "is_none")]
        missed: u32,
    },
    /// A command ended.
    #[serde(rename = "command.finished")]
    CommandFinished {
        /// Which run of it.
        attempt: AttemptId,
        /// How.
        ending: Ending,
        /// From its start to its end, where the door could tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        runtime: Option<Span>,
    },
    /// What still ran on a grant that has ended is stopped.
    #[serde(rename = "session.ended")]
    SessionEnded(SessionEnd),
    /// Somebody went ahead without a decision: break-glass.
    #[serde(rename = "break_glass.used")]
    BreakGlassUsed(BreakGlass),
    /// Somebody else has looked at that.
    #[serde(rename = "break_glass.reviewed")]
    BreakGlassReviewed {
        /// Who.
        by: Person,
        /// What he had to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// A door hangs otherwise than before.
    #[serde(rename = "door.changed")]
    DoorChanged(DoorChange),
    /// Root has seen that the ledger was broken.
    #[serde(rename = "ledger.acknowledged")]
    LedgerAcknowledged {
        /// Who.
        by: Person,
        /// What he had to say.
        comment: String,
        /// What was wrong, with its place.
        what: String,
    },
}

/// A use of break-glass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    /// Who, what and why; the run that it lets start, where the agent let it.
    pub about: About,
    /// Where that was while the agent was not there: when, and which escalation it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_agent: Option<LetPass>,
}

/// What still ran on a grant that has ended, when it was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// Which run; none for processes that held a group which was lent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// Whose it was.
    pub account: Account,
    /// How it ends.
    pub how: SessionEnding,
    /// What there was, as far as it is put down.
    pub processes: Vec<StoppedProcess>,
    /// How many more there were.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more: u32,
}

/// How what still ran on a grant that has ended comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnding {
    /// It is told to end (SIGHUP, SIGTERM), and killed after a grace.
    Stopped,
    /// It was gone when the agent came to stop it: PID 1 had done so, or it had ended.
    Gone,
}

/// A process that is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedProcess {
    /// Its number.
    pub pid: i32,
    /// Its name (proc_pid_comm(5)).
    pub name: String,
}

/// A request that people are asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The host that it is asked for.
    pub host: String,
    /// Who asks.
    pub requester: Person,
    /// What for.
    pub act: Act,
    /// SHA-256 of the command's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The role and rule that ask.
    #[serde(flatten)]
    pub source: Source,
    /// Who is asked, as the policy names them.
    pub asked: Vec<String>,
    /// How many must approve.
    pub needed: u32,
    /// The seats that must be filled, where several kinds are asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<Seats>,
    /// Who may decide beside those who are asked, after a silence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalate: Vec<Escalation>,
    /// After how long, again and again, whoever has not answered is told once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind: Option<Span>,
    /// What becomes of it when those who answer from afar cannot be reached.
    #[serde(default, skip_serializing_if = "WithoutHub::is_default")]
    pub without_hub: WithoutHub,
    /// Whether the requester may approve it himself, where he is one of those who are asked.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub self_approval: bool,
    /// Why, in the requester's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Until silence is a no.
    pub timeout: Span,
    /// How long the grant is to stand.
    pub lasts: Span,
    /// How often it is to be used; 0 for a window, whose uses are not counted.
    pub uses: u32,
    /// The grant that is to stand longer by `lasts`, where that is what is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<RequestId>,
    /// Whether who approves must prove who he is first.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub reauth: bool,
    /// Whether only signed answers approve.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub signed: bool,
    /// The exact text of the question.
    pub question: String,
    /// SHA-256 of it, hexadecimal.
    pub digest: String,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Who decided.
    pub by: By,
    /// What.
    pub outcome: Outcome,
    /// Whether it was acted on.
    pub force: Force,
    /// What a person had to say, or why the policy refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The digest of the question that was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How long the grant is to stand at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    /// How often it may be used at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// Whether he had proved who he is, a moment before and for this question.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub proved: bool,
    /// What he signed, where that is how he answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Box<SignedBy>>,
    /// The places that he may take, where he is one of those who are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// The approver whose place he took, where that was not his own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place_of: Option<String>,
    /// Whether he decided on his own request, where the policy lets him.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub self_approval: bool,
    /// What was decided about, where no request was opened before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// Where that was while the agent was not there: when, and which escalation it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_agent: Option<LetPass>,
}

/// What was let pass while the agent was not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetPass {
    /// When, by the wall clock.
    pub at: WallTime,
    /// The name that its door gave it.
    pub attempt: AttemptId,
}

/// A signed answer, whole: whoever reads the ledger can verify it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBy {
    /// The key that it verified with, as the policy had it.
    pub key: String,
    /// Its short name.
    pub fingerprint: Fingerprint,
    /// The key of this host, which the answer is bound to.
    pub host_key: Fingerprint,
    /// The answer.
    pub answer: Answer,
}

/// A signed answer that did not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRefused {
    /// Who handed it in.
    pub by: Person,
    /// The approver that it names, who need not have to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// The key that it names, which need not have signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// Why it did not count.
    pub why: String,
    /// How many more did not since the last one that is on record.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more: u32,
}

/// What a decision of the policy was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The run that it lets start; none where it lets nothing start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// Who asked.
    pub requester: Person,
    /// What for.
    pub act: Act,
    /// Why, where he said so unasked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket, where he gave one unasked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The SHA-256 of the command's file, where the decision hung on it; what starts must
    /// have it still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The role and rule that spoke.
    #[serde(flatten)]
    pub source: Source,
}

impl What {
    /// The public name, such as `request.opened`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AgentStarted { .. } => "agent.started",
            Self::AgentStopped => "agent.stopped",
            Self::PolicyLoaded { .. } => "policy.loaded",
            Self::PolicyRefused { .. } => "policy.refused",
            Self::RequestOpened(_) => "request.opened",
            Self::RequestJoined { .. } => "request.joined",
            Self::RequestEscalated { .. } => "request.escalated",
            Self::RequestCancelled { .. } => "request.cancelled",
            Self::RequestExpired { .. } => "request.expired",
            Self::DecisionMade(_) => "decision.made",
            Self::RequestDenied { .. } => "request.denied",
            Self::GrantStarted { .. } => "grant.started",
            Self::GrantEnded { .. } => "grant.ended",
            Self::GrantExtended { .. } => "grant.extended",
            Self::CommandStarted { .. } => "command.started",
            Self::SubcommandStarted { .. } => "subcommand.started",
            Self::CommandFinished { .. } => "command.finished",
            Self::SessionEnded(_) => "session.ended",
            Self::BreakGlassUsed(_) => "break_glass.used",
            Self::BreakGlassReviewed { .. } => "break_glass.reviewed",
            Self::DoorChanged(_) => "door.changed",
            Self::AnswerRefused(_) => "answer.refused",
            Self::LedgerAcknowledged { .. } => "ledger.acknowledged",
        }
    }
}

impl By {
    /// The name to show.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Policy => "policy",
            Self::Person(person) => person.name(),
            Self::Agent => "agent",
        }
    }

    /// The account, where a person decided who has one on this host.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Person(person) => person.has_account().then_some(&person.account),
            Self::Policy | Self::Agent => None,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none(number: &u32) -> bool {
    *number == 0
}
