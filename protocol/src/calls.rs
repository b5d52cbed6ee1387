//! The calls of `io.writ.Agent`, one type each.
//!
//! Unknown and doubled keys are errors: a caller of another version is told so
//! instead of being half understood.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answers::{
    Accepted, Ask as AskReply, Decided, Listed, Nothing, PrepareRun as PreparedReply, Proof,
    Roles as RolesReply, Run as RunReply, Shown, Status as StatusReply,
};
use crate::courier::{self, CourierSettings, CourierState, Enroll, Events, Outbox};
pub use crate::envelope::{Incoming, Method, Outgoing, Replies};
use crate::explained::{Explained, Supposed};
use crate::signed::{DecideSigned, HostKey, HostKeyReply, Offline, SignedQuestion};

/// Whom a command runs as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunAs {
    /// The user's name.
    pub user: String,
    /// The user's number.
    pub uid: u32,
    /// The group's name, when one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// What is to run. Every string but those of `run_as` is in the form of
/// [`crate::text::encode`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The path that the door resolved.
    pub path: String,
    /// The whole argument vector; with `edit`, the files.
    pub argv: Vec<String>,
    /// The working directory.
    pub cwd: String,
    /// Whom it runs as.
    pub run_as: RunAs,
    /// A sudoedit.
    pub edit: bool,
}

/// A session that a service of PAM opens. Every string but those of `run_as` is in the
/// form of [`crate::text::encode`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The service, such as `su-l`.
    pub service: String,
    /// Whose session it is to be.
    pub run_as: RunAs,
    /// The command line of the program that asks, where the person typed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed: Vec<String>,
}

/// May this command run, or this session be opened? Exactly one of the two is set. See
/// the interface file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// 32 hexadecimal digits, drawn at random by the door.
    pub attempt: String,
    /// The door's name: `sudo`, `pam`.
    pub door: String,
    /// What is to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Which session is to be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// Where somebody comes from who logs in: what the service knows, since there is no
    /// session yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_host: Option<String>,
    /// The terminal, such as `/dev/pts/3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// Whether a person can be asked for more and shown progress.
    pub interactive: bool,
    /// What policy allows by itself is started at once: its start may go on record
    /// with the answer ([`crate::answers::Answer::started_boot_ms`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_once: bool,
    /// This is an emergency, and `reason` says which: only for what answers while the agent
    /// cannot be reached. With the agent there it is [`BreakGlass`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
    /// Why, in the requester's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// For how long a start is good that went on record with the answer. A door that was
/// stopped meanwhile takes it back, and asks anew.
pub const START_WITHIN: Duration = Duration::from_secs(1);

/// The command is about to start: does the grant still stand?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The attempt of the [`Ask`].
    pub attempt: String,
    /// The ID of its answer.
    pub id: String,
}

/// How a command ended: exactly one is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// It exited, with this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<i32>,
    /// It was ended by this signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// It could not be executed, for this errno(3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_errno: Option<i32>,
}

/// The command has ended, or did not start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// The attempt of the [`Ask`].
    pub attempt: String,
    /// The ID of its answer.
    pub id: String,
    /// How it ended.
    pub ending: Ending,
    /// From its start to its end, in milliseconds.
    pub runtime_ms: u64,
}

/// A command that has started starts another: what sudo tells where sudoers says
/// `log_subcmds`. It is on record when this returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subcommand {
    /// The attempt of the [`Ask`].
    pub attempt: String,
    /// The ID of its answer.
    pub id: String,
    /// What it starts.
    pub command: Command,
    /// How many before it could not, or not surely, be told of.
    #[serde(default, skip_serializing_if = "is_none")]
    pub missed: u32,
}

/// Asks in advance for a command of one's own, or for a window of a role: exactly
/// one of the two is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// The role that is to be open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// How long the grant is to stand at most, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_ms: Option<u64>,
    /// How often it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
}

/// Asks that a grant of one's own stand longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    /// The grant.
    pub id: String,
    /// How much longer, in milliseconds; as long as the policy gives at most where
    /// it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_ms: Option<u64>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// Is a window of the role open for the caller, so that [`Run`] may come next?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrepareRun {
    /// The role.
    pub role: String,
}

/// Starts a command as the caller himself, with what his window of a role lends. Its
/// standard input, output and error come with the first byte of the call. Every
/// string but the role is in the form of [`crate::text::encode`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The role.
    pub role: String,
    /// The file; absolute.
    pub path: String,
    /// The whole argument vector.
    pub argv: Vec<String>,
    /// The working directory.
    pub cwd: String,
    /// `NAME=value`; what is not in [`crate::run::ENVIRONMENT_KEPT`] is left out.
    pub environment: Vec<String>,
    /// The mask of the modes of new files (umask(2)).
    pub umask: u32,
}

/// Waits for the end of a run that was started on another connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwaitRun {
    /// The attempt that [`Run`] answered with.
    pub attempt: String,
}

/// Sends a signal to what runs on this connection, while its end is awaited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalRun {
    /// Its number (signal(7)).
    pub signal: i32,
}

/// The roles that the caller has on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {}

/// What does the policy in force say of this command, and why? Nothing comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// Of whom, by name; of the caller where it is left out. For root, of anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The command.
    pub command: Command,
    /// In which circumstances.
    #[serde(default)]
    pub supposed: Supposed,
}

/// The caller says that this is an emergency: the sudo that his process becomes
/// (execve(2)) goes ahead without a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// Why.
    pub reason: String,
}

/// The caller has looked at what another did in an emergency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The use of break-glass.
    pub id: String,
    /// What he has to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What [`List`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// What the caller may decide.
    Decidable,
    /// What he asked for or was granted.
    Own,
    /// Everything; for root.
    All,
}

/// Lists open requests and grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Which ones.
    pub scope: Scope,
}

/// One request with its question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The request.
    pub id: String,
}

/// A person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may be.
    Approve,
    /// It may not.
    Deny,
}

/// Decides on the question with that digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The request.
    pub id: String,
    /// SHA-256 of its question, 64 hexadecimal digits.
    pub digest: String,
    /// The answer.
    pub verdict: Verdict,
    /// What the approver has to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Narrows how long the grant stands, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_ms: Option<u64>,
    /// Narrows how often it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
}

/// Begins to prove who the caller is, for his approval of the question with that digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prove {
    /// The request.
    pub id: String,
    /// SHA-256 of its question, 64 hexadecimal digits.
    pub digest: String,
}

/// Answers what was asked for the proof that is under way on this connection. It has no
/// `Debug`: it is a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerProof {
    /// What was typed.
    pub answer: String,
}

/// An approver or root takes a grant back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// The grant.
    pub id: String,
    /// What he has to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// The requester takes his open request back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The request.
    pub id: String,
}

/// The requester gives his grant back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The grant.
    pub id: String,
}

/// The state of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {}

/// Reads the policy files again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reload {}

/// Root has seen that the ledger is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeBreak {
    /// What root has to say; it goes on record.
    pub comment: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

macro_rules! methods {
    ($($method:ident => $name:literal, $reply:ty;)*) => {
        $(impl Method for $method {
            const NAME: &'static str = concat!("io.writ.Agent.", $name);
            type Reply = $reply;
        })*
    };
}

methods! {
    Ask => "Ask", AskReply;
    Confirm => "Confirm", Nothing;
    Finish => "Finish", Nothing;
    Subcommand => "Subcommand", Nothing;
    Request => "Request", AskReply;
    Extend => "Extend", AskReply;
    PrepareRun => "PrepareRun", PreparedReply;
    Run => "Run", RunReply;
    AwaitRun => "AwaitRun", RunReply;
    SignalRun => "SignalRun", Nothing;
    Roles => "Roles", RolesReply;
    Explain => "Explain", Explained;
    BreakGlass => "BreakGlass", Nothing;
    Review => "Review", Nothing;
    List => "List", Listed;
    Show => "Show", Shown;
    Prove => "Prove", Proof;
    AnswerProof => "AnswerProof", Proof;
    Decide => "Decide", Decided;
    Offline => "Offline", SignedQuestion;
    HostKey => "HostKey", HostKeyReply;
    DecideSigned => "DecideSigned", Decided;
    Revoke => "Revoke", Nothing;
    Cancel => "Cancel", Nothing;
    End => "End", Nothing;
    Status => "Status", StatusReply;
    Reload => "Reload", Nothing;
    AcknowledgeBreak => "AcknowledgeBreak", Accepted;
    CourierSettings => "CourierSettings", courier::Settings;
    Events => "Events", courier::EventReply;
    CourierState => "CourierState", Nothing;
    Outbox => "Outbox", courier::OutboxReply;
    Enroll => "Enroll", courier::Enrollment;
}
