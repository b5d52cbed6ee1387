//! What `Explain` returns: why the policy says what it says of a command.
//!
//! `writ explain --json` prints it too, so that it is the same whoever decided.

use serde::{Deserialize, Serialize};

use crate::answers::{Deputies, Escalation, Mode, OnCall, Seats};

/// What is supposed of a use of sudo that nobody made. Left out, it is one at a terminal,
/// now, of somebody who did not come from afar and says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supposed {
    /// Whether nobody is at a terminal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unattended: bool,
    /// Where the login session came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// When, in milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
}

/// What the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    /// It is allowed at once.
    Allow,
    /// People are asked.
    Ask,
    /// It is refused.
    Deny,
    /// sudoers alone decides.
    Pass,
}

/// What a role is to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleStanding {
    /// He has it on this host.
    Has,
    /// He does not have it.
    NotMember,
    /// He has it on other hosts.
    OtherHost,
    /// He is a member, and it leaves him out.
    Excepted,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleFate {
    /// It decides.
    Decides,
    /// It matches, and the rule of another role goes before it.
    Outranked,
    /// It matches, and an earlier rule of its role speaks for the role.
    Preceded,
    /// It is for other target users or groups.
    OtherRunAs,
    /// It matches, and it is not its time.
    OtherTime,
    /// It matches, and its condition does not hold.
    Unmet,
    /// None of its patterns matches.
    NoPattern,
}

/// A rule of a role that the person has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedRule {
    /// Its name.
    pub rule: String,
    /// What it says where it decides: allow, ask or deny.
    pub decision: Says,
    /// What became of it.
    pub fate: RuleFate,
    /// The same as a sentence. May hold what somebody typed: pass it through
    /// [`crate::text::shown`].
    pub why: String,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedRole {
    /// Its name.
    pub role: String,
    /// What it is to the person.
    pub standing: RoleStanding,
    /// Its rules, in their order, where he has it.
    pub rules: Vec<ExplainedRule>,
    /// How many more rules there are, which have no part in it.
    pub more_rules: u32,
}

/// Reply of `Explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Of whom.
    pub user: String,
    /// His groups, as the policy is decided by.
    pub groups: Vec<String>,
    /// On which host.
    pub host: String,
    /// Whether decisions bind.
    pub mode: Mode,
    /// What the policy says.
    pub decision: Says,
    /// The role whose rule decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// That rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Whether it passes also while the agent cannot be reached.
    #[serde(default)]
    pub without_agent: bool,
    /// The decision as a sentence, where no rule made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Who would be asked, as the policy names them.
    pub asked: Vec<String>,
    /// How many different people would have to approve; 0 where nobody is asked.
    pub needed: u32,
    /// The seats that would have to be filled, where several kinds are asked for.
    #[serde(default)]
    pub all_of: Vec<Seats>,
    /// Who could decide too, after a silence.
    #[serde(default)]
    pub escalate: Vec<Escalation>,
    /// Who of those who would be asked is away then, and who may take his place.
    #[serde(default)]
    pub deputies: Vec<Deputies>,
    /// Who is on call then, of the teams that have a schedule.
    #[serde(default)]
    pub on_call: Vec<OnCall>,
    /// Whether the person could approve it himself, where he is one of those who are asked.
    #[serde(default)]
    pub self_approval: bool,
    /// After how long silence is a no, in milliseconds; 0 where nobody is asked.
    pub timeout_ms: u64,
    /// How long a grant may stand, in milliseconds; 0 where nobody is asked.
    pub max_duration_ms: u64,
    /// Whether a reason would be wanted.
    pub wants_reason: bool,
    /// The regular expression that a ticket would have to match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_pattern: Option<String>,
    /// The roles, by name: to others than root only those that the caller has.
    pub roles: Vec<ExplainedRole>,
}
