//! What the engine knows when it asks the policy.

use super::Engine;
use crate::facts::{Act, Host, Person};
use crate::policy::{Ask, Circumstances, Facts};
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
    /// The engine, where open windows count.
    windows: Option<&'a Engine>,
}

impl<'a> Circumstance<'a> {
    /// As a door asks; no window counts.
    pub(super) fn of(now: Now, asked: &'a Asked) -> Self {
        let (reason, ticket) = (asked.wish.reason.as_deref(), asked.wish.ticket.as_deref());
        Self { now, person: &asked.person, act: &asked.act, reason, ticket, windows: None }
    }

    /// As was asked in a request.
    pub(super) fn of_request(now: Now, opened: &'a Opened) -> Self {
        let (reason, ticket) = (opened.reason.as_deref(), opened.ticket.as_deref());
        Self { now, person: &opened.requester, act: &opened.act, reason, ticket, windows: None }
    }

    /// As was asked of what the policy let pass.
    pub(super) fn of_act(now: Now, about: &'a About) -> Self {
        let (reason, ticket) = (about.reason.as_deref(), about.ticket.as_deref());
        Self { now, person: &about.requester, act: &about.act, reason, ticket, windows: None }
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
}
