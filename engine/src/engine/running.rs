//! Commands start and end, and doors go away.

use alloc::boxed::Box;
use alloc::format;

use super::{Engine, sentences};
use crate::effect::{Refusal, Step};
use crate::facts::{Aim, AttemptId, Command, Ending, Leader};
use crate::id::RequestId;
use crate::record::{About, By, EndReason, What};
use crate::state::{Attempt, Case, Grant, Stand};
use crate::time::{Now, Span};

/// How a command ended.
struct Finish {
    attempt: AttemptId,
    ending: Ending,
    runtime: Option<Span>,
}

impl Engine {
    /// The last look before a command starts: does its permission still stand?
    pub(super) fn confirmed(
        &self,
        now: Now,
        id: RequestId,
        sha256: Option<&str>,
        attempt: AttemptId,
        leader: Leader,
    ) -> Step {
        let no = || Step::refused(Refusal::Refused(sentences::stands_no_more(id)));
        let Some(case) = self.durable.cases.get(id) else { return no() };
        let runs = case.runs(&attempt);
        match case {
            // The run of another process is not this one's to go on with.
            _ if case.leader(&attempt).is_some_and(|first| first != leader) => no(),
            // Said again after a lost reply: no second use, and no second record. The file
            // may be another by now.
            Case::Outlived(_) if runs && case.about().is_some() => {
                again(id, case, &attempt, sha256)
            }
            Case::Granted(grant) if runs || self.is_kept_for(&attempt, id) => {
                match still_good(now, id, grant, sha256) {
                    Err(refusal) => Step::refused(refusal),
                    Ok(()) if runs => Step::default(),
                    Ok(()) if grant.uses_left == 0 => no(),
                    Ok(()) => start(now, id, attempt, leader, None),
                }
            }
            Case::Window(open) if now.boot >= open.until => no(),
            Case::Window(_) if runs => again(id, case, &attempt, sha256),
            Case::Window(open) if self.is_kept_for(&attempt, id) => {
                match self.about_covered(now, &attempt, open, sha256) {
                    Some(about) => start(now, id, attempt, leader, Some(about)),
                    None => no(),
                }
            }
            Case::Permitted(permit) if permit.attempt == attempt && now.boot < permit.until => {
                let (bound, aim) = (permit.about.sha256.as_deref(), &permit.about.act.aim);
                if let Err(refusal) = same_file(bound, sha256, aim, &format!("{id} was allowed")) {
                    return Step::refused(refusal);
                }
                let mut step = Step::default();
                let (leader, about) = (Some(leader), None);
                step.record(now, Some(id), What::CommandStarted { attempt, leader, about });
                step
            }
            _ => no(),
        }
    }

    pub(super) fn finished(
        &self,
        now: Now,
        attempt: AttemptId,
        id: RequestId,
        ending: Ending,
        runtime: Option<Span>,
    ) -> Step {
        match self.durable.cases.of_attempt(&attempt) {
            Some((of, case)) if of == id && case.runs(&attempt) => {
                let mut step = Step::default();
                self.finish(&mut step, now, id, case, Finish { attempt, ending, runtime });
                step
            }
            // sudo reports the end of what it could not even start.
            _ if self.is_kept_for(&attempt, id) => self.left(now, attempt),
            _ => Step::refused(Refusal::NotFound(id)),
        }
    }

    /// What a command starts changes nothing: whoever lets a shell run lets it run that.
    pub(super) fn subcommand(
        &self,
        now: Now,
        attempt: AttemptId,
        id: RequestId,
        command: Command,
        missed: u32,
    ) -> Step {
        match self.durable.cases.of_attempt(&attempt) {
            Some((of, case)) if of == id && case.runs(&attempt) => {
                let mut step = Step::default();
                let started = What::SubcommandStarted { attempt, command, missed };
                step.record(now, Some(id), started);
                step
            }
            _ => Step::refused(Refusal::NotFound(id)),
        }
    }

    pub(super) fn left(&self, now: Now, attempt: AttemptId) -> Step {
        let mut step = Step::default();
        if self.attempts.get(&attempt).is_some() {
            step.is_no_more(attempt);
            return step;
        }
        if let Some((id, case)) = self.durable.cases.of_attempt(&attempt)
            && case.runs(&attempt)
        {
            let finish = Finish { attempt, ending: Ending::Unknown, runtime: None };
            self.finish(&mut step, now, id, case, finish);
        }
        step
    }

    /// The end of a command, and of its grant when that was its last use.
    fn finish(&self, step: &mut Step, now: Now, id: RequestId, case: &Case, finish: Finish) {
        let Finish { attempt, ending, runtime } = finish;
        let used_up = matches!(case, Case::Granted(grant) if grant.uses_left == 0 && grant.running.len() == 1);
        step.record(now, Some(id), What::CommandFinished { attempt, ending, runtime });
        if used_up {
            let (reason, by) = (EndReason::Used, By::Agent);
            step.record(now, Some(id), What::GrantEnded { reason, by, comment: None });
            self.follow_the_end(step, now, id, reason);
        }
    }

    fn is_kept_for(&self, attempt: &AttemptId, id: RequestId) -> bool {
        let kept = Stand::Reserved { id };
        matches!(self.attempts.get(attempt), Some(Attempt { stand, .. }) if *stand == kept)
    }
}

/// A use that was kept begins: on the disk, since people decided it.
fn start(
    now: Now,
    id: RequestId,
    attempt: AttemptId,
    leader: Leader,
    about: Option<Box<About>>,
) -> Step {
    let mut step = Step::default();
    step.sync();
    let started = What::CommandStarted { attempt: attempt.clone(), leader: Some(leader), about };
    step.record(now, Some(id), started);
    step.is_no_more(attempt);
    step
}

/// What is on record as started is about to start.
fn again(id: RequestId, case: &Case, attempt: &AttemptId, sha256: Option<&str>) -> Step {
    let Some(about) = case.about_run(attempt) else { return Step::default() };
    let (bound, aim) = (about.sha256.as_deref(), &about.act.aim);
    match same_file(bound, sha256, aim, &format!("{id} was allowed")) {
        Ok(()) => Step::default(),
        Err(refusal) => Step::refused(refusal),
    }
}

fn still_good(now: Now, id: RequestId, grant: &Grant, sha256: Option<&str>) -> Result<(), Refusal> {
    if now.boot >= grant.until {
        return Err(Refusal::Refused(sentences::stands_no_more(id)));
    }
    let opened = &grant.request.opened;
    same_file(opened.sha256.as_deref(), sha256, &opened.act.aim, &format!("{id} was approved"))
}

/// Whether a command's file is the one that a decision was bound to, if to any.
fn same_file(
    bound: Option<&str>,
    found: Option<&str>,
    aim: &Aim,
    then: &str,
) -> Result<(), Refusal> {
    if bound.is_none() || bound == found {
        return Ok(());
    }
    let path = aim.command().map_or("", |command| command.path.as_str());
    let changed = format!("the file {path} is not what it was when {then}");
    Err(Refusal::Refused(sentences::run_again(&changed)))
}
