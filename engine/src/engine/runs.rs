//! `writ run`: a command of somebody's own, with what a window of a role lends him.
//!
//! Nobody is asked about the command: the window was what was asked for. But it is on
//! record before it starts, as every command is.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use super::Engine;
use crate::effect::{Done, Effect, Refusal, Step};
use crate::event::Wish;
use crate::facts::{Act, AttemptId, Door, Leader, Person};
use crate::id::RequestId;
use crate::record::{About, Source, What};
use crate::state::{Asked, OpenWindow};
use crate::time::Now;

/// What is to start.
pub(super) struct Start {
    pub(super) attempt: AttemptId,
    pub(super) person: Person,
    pub(super) act: Act,
    pub(super) role: String,
    pub(super) leader: Leader,
}

impl Engine {
    pub(super) fn run_asked(&self, now: Now, start: Start) -> Step {
        let Start { attempt, person, act, role, leader } = start;
        let asked = Asked { person, act, wish: Wish::default() };
        let under = self.admits(&asked).and_then(|()| self.may_run(now, &asked, &role));
        let (id, open) = match under {
            Ok(under) => under,
            Err(refusal) => return Step::refused(refusal),
        };
        let about = About {
            attempt: Some(attempt.clone()),
            requester: asked.person,
            act: asked.act,
            reason: None,
            ticket: None,
            sha256: None,
            source: Source::of_role(role),
        };
        let mut step = Step::default();
        step.sync();
        let (leader, about) = (Some(leader), Some(Box::new(about)));
        step.record(now, Some(id), What::CommandStarted { attempt, leader, about });
        step.result = Ok(Done::Runs { id, remaining: open.until.since(now.boot) });
        step
    }

    /// The window that a command runs under: of those of the role, the one that ends last.
    fn may_run(
        &self,
        now: Now,
        asked: &Asked,
        role: &str,
    ) -> Result<(RequestId, &OpenWindow), Refusal> {
        let is_own = asked.act.door == Door::Writ
            && asked.act.aim.command().is_some_and(|command| {
                command.run_as.uid == asked.person.account.uid && command.run_as.group.is_none()
            });
        if !is_own {
            return Err(Refusal::Refused(
                "`writ run` starts a command as the user himself; use sudo for another".into(),
            ));
        }
        let Some((id, open)) = self.open_window_of(now, &asked.person, role) else {
            return Err(Refusal::Refused(format!(
                "the role {role:?} is not open for you; ask for it with `writ request {role}`, `writ roles` lists yours"
            )));
        };
        let lends = open
            .window()
            .is_some_and(|lent| !lent.capabilities.is_empty() || !lent.groups.is_empty());
        if !lends {
            return Err(Refusal::Refused(format!(
                "the role {role:?} lends neither groups nor capabilities, so that there is nothing to run a command with; its commands are run with sudo"
            )));
        }
        Ok((id, open))
    }

    /// What runs as a service under a case that ends, or has ended.
    pub(super) fn stop_runs(&self, step: &mut Step, id: RequestId) {
        let Some(case) = self.durable.cases.get(id) else { return };
        let running = case.running().filter(|attempt| case.is_service(attempt));
        let stops = running.map(|attempt| Effect::Stop { attempt: attempt.clone(), id });
        step.effects.extend(stops);
    }
}
