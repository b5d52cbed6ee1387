//! What the calls of `io.writ.Agent` return.
//!
//! Unknown keys are passed over here: a newer agent may say more than an older
//! caller understands.

use serde::{Deserialize, Serialize};

use crate::calls::{Command, Ending, Session, Verdict};

/// Where an escalation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerState {
    /// It may start; `Confirm` before it does.
    Allowed,
    /// It may not.
    Denied,
    /// It may not, as nobody answered in time.
    Expired,
    /// People are asked; more answers follow.
    Waiting,
    /// A reason or a ticket is missing.
    Wanted,
    /// The wait is over, the request stays open.
    Open,
    /// No rule names the service, which is left alone: nothing is on record.
    Unasked,
}

/// Where a proof of who somebody is stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// What he is to be told first; from PAM's modules: pass it through
    /// [`crate::text::shown`].
    #[serde(default)]
    pub told: Vec<String>,
    /// What he is asked; none once he has proved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<ProofQuestion>,
}

/// What somebody is asked who proves who he is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofQuestion {
    /// Such as `Password: `; from PAM's modules: pass it through [`crate::text::shown`].
    pub prompt: String,
    /// Whether the answer may be seen while it is typed.
    pub echo: bool,
}

/// Where an escalation stands, with what a person is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Where it stands.
    pub state: AnswerState,
    /// The request or grant, such as `7K3M-Q2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A sentence for the person: why, and what to do. May hold what somebody
    /// else typed: pass it through [`crate::text::shown`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Who is asked, as the policy names them.
    #[serde(default)]
    pub asked: Vec<String>,
    /// How many have approved.
    #[serde(default)]
    pub approvals: u32,
    /// How many must.
    #[serde(default)]
    pub needed: u32,
    /// While waiting: those of `asked` whose approval still counts, others having approved.
    #[serde(default)]
    pub still_asked: Vec<String>,
    /// While waiting: who has looked at it and not answered.
    #[serde(default)]
    pub seen: Vec<String>,
    /// While waiting: until silence is a no. When allowed: until the grant ends.
    /// Milliseconds.
    #[serde(default)]
    pub remaining_ms: u64,
    /// The start of the command is on record already, as if it had been confirmed:
    /// since when, in milliseconds of the boot-time clock. It is good for
    /// [`crate::calls::START_WITHIN`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_boot_ms: Option<u64>,
    /// A reason is missing.
    #[serde(default)]
    pub wants_reason: bool,
    /// A ticket is missing, or not of the pattern.
    #[serde(default)]
    pub wants_ticket: bool,
    /// The regular expression that a ticket must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_pattern: Option<String>,
}

/// So many seats, each to be filled by another one of these people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    /// Who may fill one, as the policy names them.
    pub from: Vec<String>,
    /// How many there are.
    pub count: u32,
}

/// More people who may decide, after a silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// How long after the request was opened, in milliseconds.
    pub after_ms: u64,
    /// Who, as the policy names them.
    pub from: Vec<String>,
}

/// Reply of `Ask` and `Request`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Where it stands.
    pub answer: Answer,
}

/// Reply of `PrepareRun`: a window of the role is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrepareRun {
    /// The window.
    pub id: String,
    /// Until it ends, in milliseconds.
    pub remaining_ms: u64,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Its command was executed; its end follows.
    Started,
    /// It has ended, or could not be executed.
    Ended,
}

/// Reply of `Run` and `AwaitRun`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Where it stands.
    pub state: RunState,
    /// The window that it runs under.
    pub id: String,
    /// Its name, for `AwaitRun`.
    pub attempt: String,
    /// How it ended; none of it where nobody could tell.
    #[serde(default)]
    pub ending: Ending,
    /// Why it could not be executed, or was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Reply of calls that return nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Nothing {}

/// Reply of `AcknowledgeBreak`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The file that holds what was put aside.
    pub kept: String,
}

/// What one person answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// His user name.
    pub by: String,
    /// The approver whose place he took, where that was not his own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place_of: Option<String>,
    /// Whether he decided on his own request, where the policy lets him.
    #[serde(default)]
    pub self_approval: bool,
    /// His answer.
    pub verdict: Verdict,
    /// What he had to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub wall_ms: u64,
}

/// Somebody who may decide has looked at a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// His user name.
    pub by: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub wall_ms: u64,
}

/// Somebody who is away, and who may take his place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deputies {
    /// The approver who is away.
    pub of: String,
    /// The approvers who may take his place.
    pub by: Vec<String>,
}

/// A team with a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCall {
    /// The team, without its `@`.
    pub team: String,
    /// The approvers of it who are on call now; none where the whole team is asked.
    pub who: Vec<String>,
}

/// Where a listed request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestState {
    /// People are asked.
    Pending,
    /// It may be used.
    Granted,
    /// A command runs under it.
    Running,
}

/// A window of a role: its asking rules pass without a question, and what it lends
/// is lent, until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The role.
    pub role: String,
    /// The groups that it lends.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The actions of polkit that it lends.
    #[serde(default)]
    pub actions: Vec<String>,
    /// The capabilities that it lends to what `writ run` and `writ shell` start.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Those capabilities and actions that are as good as root.
    #[serde(default)]
    pub root_equivalent: Vec<String>,
}

/// Whether a window of a role is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowDecision {
    /// It is, at once.
    Allow,
    /// People are asked.
    Ask,
    /// It is not; the role's rules alone count.
    Deny,
}

/// A role that the caller has on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// What a window of it lends.
    pub window: Window,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether a window of it is opened.
    pub decision: WindowDecision,
    /// Who is asked.
    #[serde(default)]
    pub asked: Vec<String>,
    /// How many must approve.
    #[serde(default)]
    pub needed: u32,
    /// The seats that must be filled, where several kinds are asked for.
    #[serde(default)]
    pub all_of: Vec<Seats>,
    /// Who may decide too, after a silence.
    #[serde(default)]
    pub escalate: Vec<Escalation>,
    /// Whether one of those who are asked may approve what he asks for himself.
    #[serde(default)]
    pub self_approval: bool,
    /// Who of those who are asked is away now, and who may take his place.
    #[serde(default)]
    pub deputies: Vec<Deputies>,
    /// Who is on call now, of the teams that have a schedule.
    #[serde(default)]
    pub on_call: Vec<OnCall>,
    /// The longest that a window stays open, in milliseconds.
    #[serde(default)]
    pub max_duration_ms: u64,
    /// The window that is open, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// Until it ends, in milliseconds.
    #[serde(default)]
    pub remaining_ms: u64,
}

/// Reply of `Roles`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// The roles, by name.
    pub roles: Vec<Role>,
}

/// One request or grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its ID.
    pub id: String,
    /// Where it stands.
    pub state: RequestState,
    /// Who asks.
    pub user: String,
    /// His number.
    pub uid: u32,
    /// Who logged in, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_user: Option<String>,
    /// The audit loginuid, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_uid: Option<u32>,
    /// The host.
    pub host: String,
    /// The door, such as `sudo`.
    pub door: String,
    /// The role that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What is to run, where it is for a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Which session is to be opened, where it is for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// What is to be open, where it is for a window of a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The grant that is to stand longer, where that is what is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// Where the login came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// Who is asked.
    pub asked: Vec<String>,
    /// How many must approve.
    pub needed: u32,
    /// Who of those who may decide has looked at it, as far as the agent keeps it in mind.
    #[serde(default)]
    pub seen: Vec<Seen>,
    /// Who has answered what.
    pub decisions: Vec<Decision>,
    /// When it was opened, in milliseconds since 1970-01-01 UTC.
    pub opened_wall_ms: u64,
    /// Until it expires or ends, in milliseconds.
    pub remaining_ms: u64,
    /// How often it may still be used; 0 for a window, whose uses are not counted.
    pub uses_left: u32,
    /// How many commands run under it.
    pub running: u32,
    /// SHA-256 of the question.
    pub digest: String,
    /// Whether the caller may decide it now.
    pub may_decide: bool,
    /// If not: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// Reply of `List`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Oldest first.
    pub requests: Vec<Request>,
}

/// Reply of `Show`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The request as it is listed.
    pub request: Request,
    /// The exact text that the digest is taken of.
    pub question: String,
    /// SHA-256 of it, 64 hexadecimal digits.
    pub digest: String,
}

/// Reply of `Decide`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Whether it is granted now.
    pub granted: bool,
    /// How many have approved.
    pub approvals: u32,
    /// How many must.
    pub needed: u32,
}

/// Whether decisions bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They do.
    Enforce,
    /// They are recorded, and nothing is blocked.
    Observe,
}

/// A thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Reply of `Status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The agent's version.
    pub version: String,
    /// The host's name.
    pub host: String,
    /// Whether decisions bind.
    pub mode: Mode,
    /// Why everything is refused, when the ledger is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
    /// SHA-256 of the policy files in force.
    pub policy_digest: String,
    /// When they were read, in milliseconds since 1970-01-01 UTC.
    pub policy_loaded_wall_ms: u64,
    /// Why the last reload was refused, with the place in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_error: Option<String>,
    /// How many roles there are.
    pub roles: u32,
    /// How many requests wait.
    pub pending: u32,
    /// How many grants stand.
    pub granted: u32,
    /// How many commands run.
    pub running: u32,
    /// Connections that were closed for what they sent or for a limit.
    pub connections_refused: u64,
    /// Lines that the journal did not take in time; the ledger has them.
    pub journal_lines_dropped: u64,
    /// The collectors of events.
    #[serde(default)]
    pub collectors: Vec<Collector>,
    /// What is not as it should be.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// A collector of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collector {
    /// As in the settings.
    pub url: String,
    /// How many lines of the ledger it was not sent yet.
    pub waiting: u64,
    /// Why it gets nothing at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
