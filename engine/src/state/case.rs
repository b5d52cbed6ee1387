//! Where one ID stands. Each state is a type of its own, and leaving it consumes
//! it: what was left cannot be used again.
//!
//! ```text
//! OpenRequest ──► Grant or OpenWindow ──► (over)   people decide
//!      │            └─────► Outlived ──► (over)   its commands still run
//!      └──► (denied, cancelled, expired; or over by making a grant stand longer)
//! Permit ──► Outlived ──► (over)          the policy decides by itself
//!    └──► (never started)
//! ```

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::facts::{Aim, AttemptId, Door, Leader, Person, Uid, Window};
use crate::limits::CONFIRM_WAIT_MAX;
use crate::policy::{Escalation, Occasion, own_place};
use crate::record::{About, Opened, Outcome};
use crate::seating::{Place, Seating};
use crate::time::{BootTime, Now, Span, WallTime};

/// The commands that run.
pub(crate) type Running = BTreeMap<AttemptId, Run>;

/// A command that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// The process that it started from, where the ledger names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) leader: Option<Leader>,
    /// What it is, where it runs under a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<Box<About>>,
}

/// What an ID stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Case {
    /// People are asked.
    Open(OpenRequest),
    /// People have allowed it.
    Granted(Grant),
    /// A role is open.
    Window(OpenWindow),
    /// The policy has allowed it, and it has not started.
    Permitted(Permit),
    /// Nothing more may start under it, and something still runs.
    Outlived(Outlived),
}

/// A request that people are asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenRequest {
    pub(crate) at: Now,
    pub(crate) opened: Box<Opened>,
    pub(crate) decisions: Vec<Decision>,
    /// How many steps of its escalation have come.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) escalated: usize,
}

/// What one person answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) at: Now,
    pub(crate) by: Person,
    pub(crate) outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lasts: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uses: Option<u32>,
    /// The places that he might take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) places: Vec<Place>,
    /// Whose place he took, where that was not his own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) in_place_of: Option<String>,
}

/// What people have allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) request: OpenRequest,
    /// It does not stand from this instant on.
    pub(crate) until: BootTime,
    pub(crate) uses_left: u32,
    pub(crate) running: Running,
}

/// A role that is open: what it would ask about passes, and what it lends is lent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenWindow {
    pub(crate) request: OpenRequest,
    /// It is not open from this instant on.
    pub(crate) until: BootTime,
    pub(crate) running: Running,
}

/// What the policy has allowed by itself, for one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permit {
    pub(crate) about: Box<About>,
    pub(crate) attempt: AttemptId,
    /// It does not stand from this instant on.
    pub(crate) until: BootTime,
}

/// Commands that still run when nothing more may start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outlived {
    pub(crate) origin: Origin,
    pub(crate) running: Running,
}

/// Whence a running command had its permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// Of people.
    Request(OpenRequest),
    /// Of the policy.
    Policy(Box<About>),
}

impl OpenRequest {
    pub(crate) fn new(at: Now, opened: Opened) -> Self {
        Self { at, opened: Box::new(opened), decisions: Vec::new(), escalated: 0 }
    }

    /// Silence is a no from this instant on.
    pub(crate) fn deadline(&self) -> BootTime {
        self.at.boot.after(self.opened.timeout)
    }

    /// Who may decide now, as the policy names them.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = self.opened.asked.clone();
        let came = self.opened.escalate.iter().take(self.escalated);
        for name in came.flat_map(|step| &step.from).map(ToString::to_string) {
            if !asked.contains(&name) {
                asked.push(name);
            }
        }
        asked
    }

    /// The next step of its escalation, and when it comes; none that would come when
    /// silence is a no already.
    pub(crate) fn next_escalation(&self) -> Option<(BootTime, &Escalation)> {
        let next = self.opened.escalate.get(self.escalated)?;
        let at = self.at.boot.after(next.after);
        (at < self.deadline()).then_some((at, next))
    }

    /// The next step has come.
    pub(crate) fn escalated(mut self) -> Self {
        self.escalated = self.escalated.saturating_add(1);
        self
    }

    /// Who is seated by approving it.
    pub(crate) fn seating(&self) -> Seating {
        let mut seating = Seating::of(self.opened.seats());
        for decision in self.approvals_made() {
            match decision.places.as_slice() {
                // Written before places were put on record.
                [] => seating.admit(&[Place {
                    of: own_place(&decision.by),
                    deputy: false,
                    seats: Vec::new(),
                }]),
                places => seating.admit(places),
            };
        }
        seating
    }

    pub(crate) fn approvals(&self) -> u32 {
        self.seating().filled()
    }

    /// Who has approved, and when.
    pub(crate) fn approvals_made(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|decision| decision.outcome == Outcome::Approve)
    }

    /// What an answer of this instant hangs on.
    pub(crate) fn occasion(&self, now: WallTime) -> Occasion<'_> {
        Occasion { requester: Some(&self.opened.requester), asked: self.at.wall, now }
    }

    pub(crate) fn denial(&self) -> Option<&Decision> {
        self.decisions.iter().find(|decision| decision.outcome == Outcome::Deny)
    }

    /// What a grant comes to: what was asked for, narrowed by every approver.
    pub(crate) fn granted_lasts(&self) -> Span {
        self.decisions
            .iter()
            .filter_map(|decision| decision.lasts)
            .fold(self.opened.lasts, Span::min)
    }

    pub(crate) fn granted_uses(&self) -> u32 {
        self.decisions.iter().filter_map(|decision| decision.uses).fold(self.opened.uses, u32::min)
    }

    pub(crate) fn decided(mut self, decision: Decision) -> Self {
        self.decisions.push(decision);
        self
    }

    pub(crate) fn granted(self, at: Now, lasts: Span, uses: u32) -> Case {
        let (until, running) = (at.boot.after(lasts), Running::new());
        match self.opened.act.aim {
            Aim::Command(_) | Aim::Session(_) => {
                Case::Granted(Grant { request: self, until, uses_left: uses, running })
            }
            Aim::Window(_) => Case::Window(OpenWindow { request: self, until, running }),
        }
    }
}

impl Grant {
    /// One use of it begins; gives it back unchanged when there is none left.
    pub(crate) fn started(mut self, attempt: AttemptId, run: Run) -> Result<Self, Self> {
        match self.uses_left.checked_sub(1) {
            Some(left) if !self.running.contains_key(&attempt) => {
                self.running.insert(attempt, run);
                self.uses_left = left;
                Ok(self)
            }
            _ => Err(self),
        }
    }

    pub(crate) fn finished(mut self, attempt: &AttemptId) -> Self {
        self.running.remove(attempt);
        self
    }

    /// Whether every use was used and has ended.
    pub(crate) fn is_used_up(&self) -> bool {
        self.uses_left == 0 && self.running.is_empty()
    }

    pub(crate) fn ended(self) -> Option<Outlived> {
        let origin = Origin::Request(self.request);
        (!self.running.is_empty()).then_some(Outlived { origin, running: self.running })
    }
}

impl OpenWindow {
    /// What is open.
    pub(crate) fn window(&self) -> Option<&Window> {
        self.request.opened.act.aim.window()
    }

    /// Whether it is open for a person: the very one who asked for it, by all that is
    /// known of him.
    pub(crate) fn is_for(&self, person: &Person) -> bool {
        let requester = &self.request.opened.requester;
        let known = |person: &Person| person.identities().collect::<BTreeSet<Uid>>();
        requester.account.uid == person.account.uid && known(requester) == known(person)
    }

    /// A command begins under it; gives it back unchanged when it runs already, or
    /// nothing says what it is.
    pub(crate) fn started(mut self, attempt: AttemptId, run: Run) -> Result<Self, Self> {
        if run.about.is_none() || self.running.contains_key(&attempt) {
            return Err(self);
        }
        self.running.insert(attempt, run);
        Ok(self)
    }

    pub(crate) fn finished(mut self, attempt: &AttemptId) -> Self {
        self.running.remove(attempt);
        self
    }

    pub(crate) fn ended(self) -> Option<Outlived> {
        let origin = Origin::Request(self.request);
        (!self.running.is_empty()).then_some(Outlived { origin, running: self.running })
    }
}

impl Permit {
    pub(crate) fn new(at: Now, about: About, attempt: AttemptId) -> Self {
        Self { about: Box::new(about), attempt, until: at.boot.after(CONFIRM_WAIT_MAX) }
    }

    pub(crate) fn started(self, run: Run) -> Outlived {
        let running = Running::from([(self.attempt, run)]);
        Outlived { origin: Origin::Policy(self.about), running }
    }
}

impl Outlived {
    pub(crate) fn finished(mut self, attempt: &AttemptId) -> Option<Self> {
        self.running.remove(attempt);
        (!self.running.is_empty()).then_some(self)
    }
}

impl Case {
    /// The request, where people were asked.
    pub(crate) fn request(&self) -> Option<&OpenRequest> {
        match self {
            Self::Open(request)
            | Self::Granted(Grant { request, .. })
            | Self::Window(OpenWindow { request, .. })
            | Self::Outlived(Outlived { origin: Origin::Request(request), .. }) => Some(request),
            Self::Permitted(_) | Self::Outlived(_) => None,
        }
    }

    /// What the policy decided about, where it decided by itself.
    pub(crate) fn about(&self) -> Option<&About> {
        match self {
            Self::Permitted(Permit { about, .. })
            | Self::Outlived(Outlived { origin: Origin::Policy(about), .. }) => Some(about),
            Self::Open(_) | Self::Granted(_) | Self::Window(_) | Self::Outlived(_) => None,
        }
    }

    /// When it ends by itself, if it does.
    pub(crate) fn deadline(&self) -> Option<BootTime> {
        match self {
            Self::Open(request) => Some(request.deadline()),
            Self::Granted(grant) => Some(grant.until),
            Self::Window(open) => Some(open.until),
            Self::Permitted(permit) => Some(permit.until),
            Self::Outlived(_) => None,
        }
    }

    /// When something is to be done about it, if nothing happens before.
    pub(crate) fn due(&self) -> Option<BootTime> {
        match self {
            Self::Open(request) => {
                Some(request.next_escalation().map_or_else(|| request.deadline(), |(at, _)| at))
            }
            _ => self.deadline(),
        }
    }

    /// The commands that run under it.
    pub(crate) fn running(&self) -> impl Iterator<Item = &AttemptId> {
        self.runs_all().into_iter().flat_map(Running::keys)
    }

    /// Whether a command runs under it.
    pub(crate) fn runs(&self, attempt: &AttemptId) -> bool {
        self.run(attempt).is_some()
    }

    /// The process that a running command started from, where the ledger names it.
    pub(crate) fn leader(&self, attempt: &AttemptId) -> Option<Leader> {
        self.run(attempt)?.leader
    }

    /// What an attempt of it is for: a window is for many things.
    pub(crate) fn aim_of(&self, attempt: &AttemptId) -> Option<&Aim> {
        let of_run = self.run(attempt).and_then(|run| run.about.as_deref());
        let request = self.request().map(|request| &request.opened.act.aim);
        let about = of_run.or(self.about()).map(|about| &about.act.aim);
        about.or(request)
    }

    /// Whether a running command is one of `writ run`: a command that was asked for in
    /// advance came in there too, and is run by sudo.
    pub(crate) fn is_service(&self, attempt: &AttemptId) -> bool {
        let about = self.run(attempt).and_then(|run| run.about.as_deref());
        about.is_some_and(|about| about.act.door == Door::Writ)
    }

    /// A command that runs under it.
    pub(crate) fn run(&self, attempt: &AttemptId) -> Option<&Run> {
        self.runs_all()?.get(attempt)
    }

    /// What a command that runs without people's word on it is.
    pub(crate) fn about_run(&self, attempt: &AttemptId) -> Option<&About> {
        let run = self.run(attempt)?;
        run.about.as_deref().or_else(|| self.about())
    }

    /// Whether nothing more may start under it.
    pub(crate) fn is_outlived(&self) -> bool {
        matches!(self, Self::Outlived(_))
    }

    /// The commands that run under it.
    pub(crate) fn runs_all(&self) -> Option<&Running> {
        match self {
            Self::Granted(grant) => Some(&grant.running),
            Self::Window(open) => Some(&open.running),
            Self::Outlived(outlived) => Some(&outlived.running),
            Self::Open(_) | Self::Permitted(_) => None,
        }
    }

    /// The person whose it is.
    pub(crate) fn requester(&self) -> Option<&Person> {
        let of_request = self.request().map(|request| &request.opened.requester);
        of_request.or_else(|| self.about().map(|about| &about.requester))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none(number: &usize) -> bool {
    *number == 0
}
