//! What the engine knows when it asks the policy.

use super::Engine;
use crate::facts::{Act, Evidence, Host, Person};
use crate::policy::{Ask, Circumstances, Facts, FileSeen};
use crate::record::{About, Opened};
use crate::state::Asked;
use crate::time::Now;

/// Who asks for what, and when.
#[derive(Clone, Copy)]
pub(super) struct Circumstance<'a> {
    now: Now,
    person: &'a Person,
    act: &'a Act,
    reason: Option<&'a str>,
    ticket: Option<&'a str>,
    /// What was found at the command's file, where somebody looked.
    evidence: Option<&'a Evidence>,
    /// The engine, where open windows count.
    windows: Option<&'a Engine>,
}

impl<'a> Circumstance<'a> {
    /// As a door asks; no window counts.
    pub(super) fn of(now: Now, asked: &'a Asked) -> Self {
        let (reason, ticket) = (asked.wish.reason.as_deref(), asked.wish.ticket.as_deref());
        Self::new(now, &asked.person, &asked.act, (reason, ticket))
    }

    /// As was asked in a request.
    pub(super) fn of_request(now: Now, opened: &'a Opened) -> Self {
        let (reason, ticket) = (opened.reason.as_deref(), opened.ticket.as_deref());
        Self::new(now, &opened.requester, &opened.act, (reason, ticket))
    }

    /// As was asked of what the policy let pass.
    pub(super) fn of_act(now: Now, about: &'a About) -> Self {
        let (reason, ticket) = (about.reason.as_deref(), about.ticket.as_deref());
        Self::new(now, &about.requester, &about.act, (reason, ticket))
    }

    fn new(
        now: Now,
        person: &'a Person,
        act: &'a Act,
        (reason, ticket): (Option<&'a str>, Option<&'a str>),
    ) -> Self {
        Self { now, person, act, reason, ticket, evidence: None, windows: None }
    }

    /// With what was found at the command's file.
    pub(super) fn with_file(self, evidence: Option<&'a Evidence>) -> Self {
        Self { evidence, ..self }
    }

    /// With the windows that are open.
    pub(super) fn with_windows(self, engine: &'a Engine) -> Self {
        Self { windows: Some(engine), ..self }
    }
}

impl Circumstances for Circumstance<'_> {
    fn covers(&self, role: &str, ask: &Ask) -> bool {
        let covering =
            self.windows.map(|engine| engine.covering(self.now, self.person, role, ask).is_some());
        covering == Some(true)
    }

    fn facts<'a>(&'a self, host: &'a Host) -> Option<Facts<'a>> {
        let Self { now, person, act, reason, ticket, .. } = *self;
        Some(Facts { person, act, reason, ticket, host, wall: now.wall })
    }

    fn file(&self) -> FileSeen<'_> {
        self.evidence.map_or(FileSeen::Not, FileSeen::As)
    }
}
