//! From what the files say, each for itself, to one policy: defaults, what is
//! inherited, and what one file says of another.

mod approvers;
mod asking;
mod on_call;
mod people;
mod roles;
mod window;

use writ_engine::policy::{Ask, Justification, Mode, Settings, Unmatched};
use writ_engine::time::Span;

pub(crate) use self::asking::{Layers, Who};
use self::people::People;
use crate::findings::Findings;
use crate::host::HostName;
use crate::keys::{ApproverKeys, HostKeys, OnCallKeys, RoleKeys};
use crate::remote::Remote;

/// Whether decisions bind when `mode` is left out: they do not, so that a fresh
/// install blocks nothing.
pub const DEFAULT_MODE: Mode = Mode::Observe;
/// What becomes of acts that no role speaks of when `unmatched` is left out.
pub const DEFAULT_UNMATCHED: Unmatched = Unmatched::Pass;
/// How many people must approve when no `count` is given.
pub const DEFAULT_COUNT: u32 = 1;
/// After how long silence is a no when no `timeout` is given.
pub const DEFAULT_TIMEOUT: Span = Span::from_secs(5 * 60);
/// How long a grant may stand when no `max_duration` is given.
pub const DEFAULT_MAX_DURATION: Span = Span::from_secs(60 * 60);
/// Whether a reason is wanted when no `justification` is given.
pub const DEFAULT_JUSTIFICATION: Justification = Justification::Optional;
/// How long a door without a person waits when no `wait` is given: Ansible gives
/// up after 12 s.
pub const DEFAULT_UNATTENDED_WAIT: Span = Span::from_secs(8);

/// How long before its end what runs on a grant is warned when no `warn` is given.
pub const DEFAULT_WARN: [Span; 2] = [Span::from_secs(2 * 60), Span::from_secs(30)];

/// Whether every file of a kind could be read, so that what is not there can be
/// said to be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completeness {
    Whole,
    Partial,
}

/// What all files say.
pub(crate) struct Said {
    pub(crate) host: HostKeys,
    pub(crate) roles: Vec<RoleKeys>,
    pub(crate) approvers: Vec<ApproverKeys>,
    pub(crate) on_call: Vec<OnCallKeys>,
    pub(crate) approver_files: Completeness,
}

/// What it comes to.
pub(crate) struct Compiled {
    pub(crate) settings: Settings,
    pub(crate) remote: Remote,
}

/// Puts it together. What comes out is meant for use only when nothing was noted
/// that is an error.
pub(crate) fn compile(
    said: Said,
    name: &HostName,
    digest: String,
    found: &mut Findings,
) -> Compiled {
    let Said { host, roles, approvers, on_call, approver_files } = said;
    let approvers = approvers::compile(approvers, approver_files, found);
    let on_call = on_call::compile(on_call, &approvers, approver_files, found);
    let people = People::new(&approvers, approver_files);
    people.check_teams(&host.ask, found);

    let unmatched = host.unmatched.as_ref().map_or(DEFAULT_UNMATCHED, |word| word.value);
    let layers = Layers::of_host(&host.ask);
    if let Some(word) = host.unmatched.as_ref().filter(|word| word.value == Unmatched::Ask) {
        layers.check_reach(&word.place, &people, found);
    }
    let ask: Ask = layers.ask(None);
    let roles = roles::compile(roles, &layers, &people, found);

    let settings = Settings {
        mode: host.mode.unwrap_or(DEFAULT_MODE),
        unmatched,
        ask,
        unattended_wait: host.unattended_wait.unwrap_or(DEFAULT_UNATTENDED_WAIT),
        warn: host.warn.unwrap_or_else(|| DEFAULT_WARN.to_vec()),
        roles,
        approvers,
        on_call,
        break_glass: host.break_glass,
        host: name.tagged(host.tags),
        digest,
    };
    Compiled { settings, remote: host.remote }
}
