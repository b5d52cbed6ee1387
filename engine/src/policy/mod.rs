//! Policy: who may have what, at once or when asked, of whom.
//!
//! These are the checked, compiled forms; `writ-policy` makes them of files.

mod asked;
mod circumstances;
mod decide;
mod explain;
mod index;
mod limits;
mod pattern;
mod pins;
mod places;
mod selector;
mod standing_in;
mod window;
mod without_agent;
mod word;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use writ_signed::ApproverKey;

pub use asked::{Escalation, Seats, WithoutHub};
pub use circumstances::{CONDITIONS_PER_DECISION_MAX, Circumstances, NothingKnown};
pub use decide::{Asking, Verdict, Why};
pub use explain::{Explanation, Fate, RoleStory, RuleStory, Standing};
pub use limits::{Condition, Facts, Hours, Limits, Stands, Times};
pub use pattern::{
    CommandPattern, Difference, Miss, PATTERN_BYTES_MAX, PatternError, PatternFault,
};
pub use pins::FileSeen;
pub(crate) use places::own_place;
pub use selector::{Member, NAME_BYTES_MAX, Selector, SelectorError};
pub use standing_in::{Away, Occasion, OnCall};
pub use window::{NoWindow, WindowVerdict};
pub use without_agent::{Alone, WithoutAgent};

use index::Index;

use crate::facts::{Host, OnEnd};
use crate::time::Span;

/// Whether decisions bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They do.
    Enforce,
    /// They are recorded, and nothing is blocked.
    Observe,
}

/// What becomes of an act that no role speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmatched {
    /// It is refused.
    Deny,
    /// It is asked about, by the defaults of `[ask]`.
    Ask,
    /// sudoers alone decides.
    Pass,
}

/// Whether a requester must say why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Justification {
    /// He must.
    Required,
    /// He may.
    Optional,
    /// He is not asked.
    Off,
}

/// How people are asked: what `[ask]`, a role's `ask` and a rule's `ask` come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Who may decide; with `all_of`, everybody whom its seats are for.
    pub from: Vec<Selector>,
    /// How many different people must approve; at least 1. With `all_of`, the sum.
    pub count: u32,
    /// The seats that must be filled, where several kinds are asked for.
    pub all_of: Vec<Seats>,
    /// Who may decide beside these when nobody has, the earliest step first.
    pub escalate: Vec<Escalation>,
    /// How long after the question, and after each reminder, whoever has not answered is
    /// told again; not at all where none is said.
    pub remind: Option<Span>,
    /// Whether somebody who is asked may approve what he asks for himself.
    pub self_approval: bool,
    /// After this long, silence is a no.
    pub timeout: Span,
    /// The longest that a grant may stand.
    pub max_duration: Span,
    /// The most runs of a command that a grant is for; who does not say gets one.
    pub uses: u32,
    /// Whether a reason is wanted.
    pub justification: Justification,
    /// What a ticket must look like; a ticket is wanted when this is set.
    pub ticket: Option<TicketPattern>,
    /// Whether who approves must prove who he is first.
    pub reauth: bool,
    /// What becomes of it when those who answer from afar cannot be reached.
    pub without_hub: WithoutHub,
    /// Whether only signed answers approve.
    pub signed: bool,
}

/// A regular expression for tickets, compiled outside of the engine.
#[derive(Clone)]
pub struct TicketPattern {
    source: String,
    matches: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl TicketPattern {
    /// A pattern of that source, and the pure function that it stands for.
    pub fn new(source: String, matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { source, matches: Arc::new(matches) }
    }

    /// As it stands in the file.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a ticket is of this pattern.
    #[must_use]
    pub fn matches(&self, ticket: &str) -> bool {
        (self.matches)(ticket)
    }
}

impl fmt::Debug for TicketPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TicketPattern").field(&self.source).finish()
    }
}

impl PartialEq for TicketPattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for TicketPattern {}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny,
    /// Ask, this way, which rules share.
    Ask(Arc<Ask>),
}

/// Whom a rule lets a command run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunAsFilter {
    /// Any user and group.
    Any,
    /// One of these users (names, or `#UID`), the group not named or among these.
    Only {
        /// User names; few.
        users: Vec<String>,
        /// Group names; few.
        groups: Vec<String>,
    },
}

/// One rule of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name; `#2` for the second when the file gives none.
    pub name: String,
    /// The commands that it speaks of.
    pub commands: Vec<CommandPattern>,
    /// The services of PAM that it speaks of; a rule has these or commands.
    pub services: BTreeSet<String>,
    /// Whom they may run as.
    pub run_as: RunAsFilter,
    /// What it says.
    pub decision: Decision,
    /// Ask even about a command whose file the requester may write.
    pub allow_writable: bool,
    /// What becomes of what it allows while the agent cannot be asked.
    pub without_agent: WithoutAgent,
    /// What it is limited to beside that; most rules to nothing.
    pub limits: Option<Box<Limits>>,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who has it.
    pub members: Vec<Member>,
    /// Who has it not, though a member.
    pub except: Vec<Member>,
    /// The hosts that it is for; none means every host.
    pub hosts: Vec<HostPattern>,
    /// The hosts that it is not for, though among these.
    pub except_hosts: Vec<HostPattern>,
    /// When it stands.
    pub times: Times,
    /// Its rules; the first that matches decides.
    pub rules: Vec<Rule>,
    /// The role as a whole, for a while; `None` where it cannot be had so.
    pub window: Option<WindowTerms>,
}

/// How a window of a role is had, for how long, and what it lends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowTerms {
    /// Whether it is opened.
    pub decision: Decision,
    /// Groups of the host.
    pub groups: BTreeSet<String>,
    /// Actions of polkit.
    pub actions: BTreeSet<String>,
    /// Capabilities (capabilities(7)) for `writ run` and `writ shell`.
    pub capabilities: BTreeSet<String>,
    /// Those capabilities and actions that are as good as root.
    pub root_equivalent: BTreeSet<String>,
    /// The longest that it stays open.
    pub max_duration: Span,
    /// What becomes of processes that hold what was lent when it ends.
    pub on_end: OnEnd,
    /// Whether it ends with the last login session of who has it.
    pub end_on_logout: bool,
}

/// A host, as a role names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// By name; `*` is any run of characters.
    Name(String),
    /// By tag.
    Tag(String),
}

/// Somebody who may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    /// The name that policy knows him by.
    pub name: String,
    /// The account through which he may answer on this host.
    pub unix_user: Option<String>,
    /// The teams that he is of.
    pub teams: BTreeSet<String>,
    /// When he is away, and who may take his place then.
    pub away: Option<Away>,
    /// What he signs his answers with from afar; few.
    pub keys: Vec<ApproverKey>,
}

/// What a policy is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether it binds.
    pub mode: Mode,
    /// What becomes of what no role speaks of.
    pub unmatched: Unmatched,
    /// The defaults of `[ask]`.
    pub ask: Ask,
    /// How long a door without a person waits.
    pub unattended_wait: Span,
    /// How long before its end what runs on a grant is warned, on its terminal.
    pub warn: Vec<Span>,
    /// The roles; no two of one name. Their order says nothing.
    pub roles: Vec<Role>,
    /// Who may go ahead without a decision in an emergency.
    pub break_glass: Vec<Member>,
    /// The approvers, by name.
    pub approvers: BTreeMap<String, Approver>,
    /// Who is on call, of the teams that have a schedule.
    pub on_call: BTreeMap<String, OnCall>,
    /// This host.
    pub host: Host,
    /// SHA-256 over the files that it was read from, hexadecimal.
    pub digest: String,
}

/// The whole policy of a host, ready to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    settings: Settings,
    index: Index,
    has_pins: bool,
    /// The approvers who are away at some time.
    away: Vec<String>,
}

impl Policy {
    /// Prepares a policy: sorts the roles, finds those that are for this host,
    /// and indexes their members and patterns.
    #[must_use]
    pub fn compile(mut settings: Settings) -> Self {
        settings.roles.sort_by(|one, other| one.name.cmp(&other.name));
        let index = Index::of(&settings.roles, &settings.host);
        let has_pins = settings.roles.iter().flat_map(|role| &role.rules).any(Rule::is_pinned);
        let away = settings.approvers.values().filter(|approver| approver.away.is_some());
        let away = away.map(|approver| approver.name.clone()).collect();
        Self { settings, index, has_pins, away }
    }

    /// What it is made of, the roles by name.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}
