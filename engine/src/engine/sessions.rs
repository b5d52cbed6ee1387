//! Commands that run on the word of people, or under a window: they end with it. What
//! the policy allows by itself has no end.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Engine;
use crate::effect::{Effect, Remains, RunLeft, Step};
use crate::facts::{Act, AttemptId, Leader, OnEnd, Person};
use crate::id::RequestId;
use crate::record::{EndReason, SessionEnd, What};
use crate::state::{Case, Loans};
use crate::time::{BootTime, Now};

/// A command that runs and ends with its grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session<'a> {
    /// The grant.
    pub id: RequestId,
    /// Which run of it.
    pub attempt: &'a AttemptId,
    /// The process that it started from, where the ledger names it.
    pub leader: Option<Leader>,
    /// From this instant on the grant does not stand; none when it has ended.
    pub until: Option<BootTime>,
    /// Who runs it.
    pub requester: &'a Person,
    /// What runs.
    pub act: &'a Act,
    /// What becomes of it when the grant ends.
    pub on_end: OnEnd,
}

impl Engine {
    /// Every command that ends with its grant.
    pub fn sessions(&self) -> impl Iterator<Item = Session<'_>> {
        let running = self.durable.cases.running();
        running.filter_map(|(attempt, id, case)| Session::of(id, attempt, case))
    }

    /// One of them.
    #[must_use]
    pub fn session<'a>(&'a self, attempt: &'a AttemptId) -> Option<Session<'a>> {
        let (id, case) = self.durable.cases.of_attempt(attempt)?;
        Session::of(id, attempt, case)
    }

    /// A grant ends while it is in use.
    pub(super) fn end_sessions(&self, step: &mut Step, id: RequestId, reason: EndReason) {
        // A boot ended every process; and what a lost part of the ledger told of is found
        // by its units.
        if matches!(reason, EndReason::Used | EndReason::Reboot | EndReason::Broken) {
            return;
        }
        let remains = self.durable.cases.get(id).and_then(|case| Remains::of(id, case));
        step.effects.extend(remains.map(|remains| Effect::End(Box::new(remains))));
    }

    /// What an earlier life of the agent may have left running: commands whose grant has
    /// ended, and processes that got a group in this boot that is lent no more.
    pub(super) fn end_what_was_left(&self, step: &mut Step) {
        for (id, case) in self.durable.cases.iter().filter(|(_, case)| case.is_outlived()) {
            let remains = Remains::of(id, case);
            step.effects.extend(remains.map(|remains| Effect::End(Box::new(remains))));
        }
        for remains in self.durable.lent.once_lent() {
            step.effects.push(Effect::End(Box::new(remains)));
        }
    }

    /// What ran on a grant that has ended is about to be stopped: on the disk before it is.
    pub(super) fn session_ended(&self, now: Now, id: RequestId, end: SessionEnd) -> Step {
        let mut step = Step::default();
        let runs = |attempt: &AttemptId| {
            self.durable
                .cases
                .of_attempt(attempt)
                .is_some_and(|(of, case)| of == id && case.runs(attempt))
        };
        if end.attempt.as_ref().is_none_or(runs) {
            step.sync();
            step.record(now, Some(id), What::SessionEnded(end));
        }
        step
    }
}

impl<'a> Session<'a> {
    fn of(id: RequestId, attempt: &'a AttemptId, case: &'a Case) -> Option<Self> {
        let (request, run) = (case.request()?, case.run(attempt)?);
        let about = run.about.as_deref();
        let opened = &request.opened;
        let act = about.map_or(&opened.act, |about| &about.act);
        // What `writ run` starts is a service of PID 1, with an end of its own.
        (!case.is_service(attempt)).then_some(Self {
            id,
            attempt,
            leader: run.leader,
            until: case.deadline(),
            requester: about.map_or(&opened.requester, |about| &about.requester),
            act,
            on_end: on_end(case),
        })
    }
}

impl Remains {
    /// What a grant leaves behind when it ends; none where it was not used.
    fn of(id: RequestId, case: &Case) -> Option<Self> {
        let request = case.request()?;
        let attempts = case.running();
        let sessions = attempts.filter_map(|attempt| Session::of(id, attempt, case));
        let runs: Vec<RunLeft> = sessions.map(RunLeft::of).collect();
        let window = request.opened.act.aim.window();
        let groups = window.map(|window| window.groups.clone()).unwrap_or_default();
        let was_used = match case {
            Case::Granted(grant) => grant.uses_left < request.granted_uses(),
            _ => window.is_some(),
        };
        (!runs.is_empty() || was_used).then(|| Self {
            id,
            person: request.opened.requester.clone(),
            on_end: on_end(case),
            runs,
            groups,
        })
    }
}

impl RunLeft {
    fn of(session: Session<'_>) -> Self {
        let Session { attempt, leader, act, requester, .. } = session;
        Self { attempt: attempt.clone(), leader, person: requester.clone(), tty: act.tty.clone() }
    }
}

impl Loans {
    fn once_lent(&self) -> impl Iterator<Item = Remains> {
        self.iter().map(|(id, account, groups)| Remains {
            id,
            person: Person::known_by(account.clone()),
            on_end: OnEnd::Terminate,
            runs: Vec::new(),
            groups: groups.clone(),
        })
    }
}

fn on_end(case: &Case) -> OnEnd {
    let window = case.request().and_then(|request| request.opened.act.aim.window());
    window.map_or(OnEnd::Terminate, |window| window.on_end)
}
