//! A door asks.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::windows::has_file;
use super::{Engine, sentences};
use crate::effect::{Answer, Done, Effect, Refusal, Step};
use crate::event::Wish;
use crate::facts::{Aim, AttemptId, Door, Evidence, Leader};
use crate::limits::{
    ATTEMPTS_MAX, CASES_MAX, CASES_PER_ACCOUNT_MAX, COMMAND_BYTES_MAX, REMARK_BYTES_MAX,
    STATE_BYTES_MAX, STATE_BYTES_PER_ACCOUNT_MAX, TICKET_BYTES_MAX, USES_MAX,
};
use crate::policy::{Mode, Policy, Verdict};
use crate::record::{About, By, Force, Made, Outcome, Record, Source, What};
use crate::state::{Asked, Attempt, Case, Stand};
use crate::time::{Now, Span};

/// What the policy comes to by itself.
pub(super) struct Settled {
    pub(super) outcome: Outcome,
    pub(super) source: Source,
    /// Why, where it is a no.
    pub(super) why: Option<String>,
    /// The digest of the command's file, where somebody looked at it.
    pub(super) sha256: Option<String>,
}

impl Engine {
    pub(super) fn asked(&self, now: Now, attempt: AttemptId, asked: Asked) -> Step {
        let policy = match self.policy() {
            Ok(policy) => policy,
            Err(refusal) => return Step::refused(refusal),
        };
        if let Some(step) = self.asked_before(now, &attempt, &asked) {
            return step;
        }
        if let Err(refusal) = self.admits(&asked) {
            return Step::refused(refusal);
        }
        match &asked.act.aim {
            Aim::Session(session)
                if !asked.person.is_root() && !policy.names_service(&session.service) =>
            {
                let mut step = Step::default();
                step.dismiss(attempt, Answer::LeftAlone);
                step
            }
            Aim::Command(_) | Aim::Session(_) => self.judge(now, policy, attempt, asked, None),
            Aim::Window(window) => {
                let role = window.role.clone();
                self.window_asked(now, policy, attempt, asked, &role)
            }
        }
    }

    pub(super) fn asked_to_start(
        &self,
        now: Now,
        attempt: AttemptId,
        asked: Asked,
        leader: Leader,
    ) -> Step {
        let mut step = self.asked(now, attempt.clone(), asked);
        // What the policy lets run it names the attempt of; a file that it is bound to is
        // digested once more first.
        let lets_run = |made: &Made| {
            let about = made.about.as_ref();
            about.is_some_and(|about| about.attempt.is_some() && about.sha256.is_none())
        };
        let id = match step.records.as_slice() {
            [Record { id, what: What::DecisionMade(made), .. }] if lets_run(made) => *id,
            _ => None,
        };
        if let Some(id) = id {
            let (leader, about) = (Some(leader), None);
            step.record(now, Some(id), What::CommandStarted { attempt, leader, about });
            step.result = Ok(Done::Started);
        }
        step
    }

    pub(super) fn examined(&self, now: Now, attempt: AttemptId, evidence: &Evidence) -> Step {
        let asked = match self.attempts.get(&attempt) {
            Some(Attempt { asked, stand: Stand::Examining }) => asked.clone(),
            // The door left meanwhile, or this was said before.
            _ => return Step::default(),
        };
        match self.policy() {
            Ok(policy) => self.judge(now, policy, attempt, asked, Some(evidence)),
            Err(refusal) => Step::refused(refusal),
        }
    }

    /// What the policy says, as it is now.
    fn judge(
        &self,
        now: Now,
        policy: &Policy,
        attempt: AttemptId,
        asked: Asked,
        evidence: Option<&Evidence>,
    ) -> Step {
        if evidence.is_none() && hangs_on_file(policy, &asked) {
            return examine(attempt, asked);
        }
        let verdict = self.verdict(now, policy, &asked, evidence);
        let Some(verdict) = verdict else { return Step::default() };
        let sha256 = || evidence.and_then(|found| found.sha256.clone());
        let settle = |outcome, source, why| Settled { outcome, source, why, sha256: sha256() };
        let settled = match verdict {
            _ if asked.person.is_root() => settle(Outcome::Pass, Source::default(), None),
            Verdict::Allow(source) => settle(Outcome::Allow, source, None),
            Verdict::Deny(why) => settle(Outcome::Deny, why.source(), Some(format!("{why}"))),
            Verdict::Pass => settle(Outcome::Pass, Source::default(), None),
            Verdict::Ask(asking) if policy.settings().mode == Mode::Observe => {
                settle(Outcome::WouldAsk, asking.source, None)
            }
            Verdict::Ask(_) | Verdict::Covered(_) if has_file(&asked) && evidence.is_none() => {
                return examine(attempt, asked);
            }
            Verdict::Covered(asking) => {
                return self.covered(now, policy, attempt, asked, &asking, evidence);
            }
            Verdict::Ask(asking) => {
                return self.ask_people(now, attempt, asked, &asking, evidence);
            }
        };
        self.settle(now, policy, attempt, asked, settled)
    }

    /// The policy decides by itself: on record, then answered.
    pub(super) fn settle(
        &self,
        now: Now,
        policy: &Policy,
        attempt: AttemptId,
        asked: Asked,
        settled: Settled,
    ) -> Step {
        let Some(id) = self.durable.next_id() else { return Step::refused(no_id()) };
        let Settled { outcome, source, why, sha256 } = settled;
        // A window adds; observing holds nothing of it back and gives nothing away.
        let force = match asked.act.aim {
            Aim::Command(_) | Aim::Session(_) => force(policy),
            Aim::Window(_) => Force::Enforced,
        };
        let lets = force == Force::Observed || matches!(outcome, Outcome::Allow | Outcome::Pass);
        let answer = match &why {
            Some(why) if !lets => Answer::Denied { id: Some(id), message: why.clone() },
            _ => Answer::Allowed { id, message: in_advance(&asked, force), remaining: None },
        };
        let will_run = lets && asked.act.door != Door::Writ;
        let about = About {
            attempt: will_run.then(|| attempt.clone()),
            requester: asked.person,
            act: asked.act,
            reason: asked.wish.reason,
            ticket: asked.wish.ticket,
            // Observing blocks nothing, and so binds to nothing.
            sha256: sha256.filter(|_| will_run && force == Force::Enforced),
            source,
        };
        let made = Made {
            by: By::Policy,
            outcome,
            force,
            comment: why,
            digest: None,
            lasts: None,
            uses: None,
            proved: false,
            signed: None,
            places: Vec::new(),
            in_place_of: None,
            self_approval: false,
            about: Some(about),
            without_agent: None,
        };
        let mut step = Step::default();
        step.record(now, Some(id), What::DecisionMade(made));
        step.dismiss(attempt, answer);
        step
    }

    /// A door that asks again after it lost the answer gets it again.
    pub(super) fn asked_before(
        &self,
        now: Now,
        attempt: &AttemptId,
        asked: &Asked,
    ) -> Option<Step> {
        if let Some(known) = self.attempts.get(attempt) {
            let same = known.asked.person == asked.person && known.asked.act == asked.act;
            return Some(if same {
                self.answered_again(now, attempt, known.stand)
            } else {
                taken()
            });
        }
        let (id, case) = self.durable.cases.of_attempt(attempt)?;
        let mine = case.requester().is_some_and(|person| person.may_be(&asked.person));
        if !mine || case.aim_of(attempt) != Some(&asked.act.aim) {
            return Some(taken());
        }
        let stands = match case {
            Case::Granted(grant) => now.boot < grant.until,
            Case::Window(open) => now.boot < open.until,
            Case::Permitted(permit) => now.boot < permit.until,
            Case::Outlived(_) => case.about().is_some(),
            Case::Open(_) => false,
        };
        let mut step = Step::default();
        if stands {
            step.answer(attempt.clone(), Answer::Allowed { id, message: None, remaining: None });
        } else {
            step.result = Err(Refusal::Refused(sentences::stands_no_more(id)));
        }
        Some(step)
    }

    fn answered_again(&self, now: Now, attempt: &AttemptId, stand: Stand) -> Step {
        let answer = match stand {
            // The answer is under way.
            Stand::Examining => return Step::default(),
            Stand::Waiting { id, .. } => self.waiting_answer(now, id).ok_or(id),
            Stand::Reserved { id } => self.allowed_answer(now, id).ok_or(id),
        };
        match answer {
            Ok(answer) => {
                let mut step = Step::default();
                step.answer(attempt.clone(), answer);
                step
            }
            Err(id) => Step::refused(Refusal::Refused(sentences::stands_no_more(id))),
        }
    }

    /// Whether there is room for what is asked. Root's own is always let in.
    pub(super) fn admits(&self, asked: &Asked) -> Result<(), Refusal> {
        let wish = &asked.wish;
        fits_remarks(wish)?;
        spans(wish.lasts, wish.uses)?;
        fits_a_record(&asked.act.aim)?;
        if asked.person.is_root() {
            return Ok(());
        }
        let (all, own) =
            (self.durable.cases.total(), self.durable.cases.of_account(asked.person.account.uid));
        if own.cases >= CASES_PER_ACCOUNT_MAX || own.bytes >= STATE_BYTES_PER_ACCOUNT_MAX {
            return Err(Refusal::TooMany(format!(
                "{} has {} requests, grants and commands under way, which is as much as one account may have; wait until some of them have ended",
                asked.person.account.name, own.cases
            )));
        }
        let full = all.cases >= CASES_MAX || all.bytes >= STATE_BYTES_MAX;
        if full || self.attempts.len() >= ATTEMPTS_MAX {
            return Err(Refusal::TooMany(format!(
                "this host has {} requests, grants and commands under way and {} doors waiting, which is as much as the agent takes; try again later",
                all.cases,
                self.attempts.len()
            )));
        }
        Ok(())
    }

    /// The policy in force.
    pub(super) fn policy(&self) -> Result<&Policy, Refusal> {
        self.policy.as_deref().ok_or_else(|| {
            Refusal::Refused("the agent has not started yet; try again in a moment".into())
        })
    }
}

pub(super) fn fits_a_record(aim: &Aim) -> Result<(), Refusal> {
    let json_bytes = || serde_json::to_vec(aim).map_or(usize::MAX, |json| json.len());
    // No byte takes more than six in JSON: only long commands are measured.
    if aim.bytes() > COMMAND_BYTES_MAX / 6 && json_bytes() > COMMAND_BYTES_MAX {
        return Err(Refusal::TooMany(format!(
            "the command line is longer than the {COMMAND_BYTES_MAX} bytes that can be put on record; split it up"
        )));
    }
    Ok(())
}

/// Whether decisions of this policy bind.
pub(super) fn force(policy: &Policy) -> Force {
    match policy.settings().mode {
        Mode::Enforce => Force::Enforced,
        Mode::Observe => Force::Observed,
    }
}

/// Whether reason and ticket are short enough.
pub(super) fn fits_remarks(wish: &Wish) -> Result<(), Refusal> {
    fits("the reason", wish.reason.as_deref(), REMARK_BYTES_MAX)?;
    fits("the ticket", wish.ticket.as_deref(), TICKET_BYTES_MAX)
}

/// Whether a text that a person typed is short enough.
pub(super) fn fits(what: &str, text: Option<&str>, bytes_max: usize) -> Result<(), Refusal> {
    match text.map(str::len) {
        Some(bytes) if bytes > bytes_max => Err(Refusal::TooMany(format!(
            "{what} has {bytes} bytes, and at most {bytes_max} are taken; make it shorter"
        ))),
        _ => Ok(()),
    }
}

/// Whether a span and a number of uses are some at all.
pub(super) fn spans(lasts: Option<Span>, uses: Option<u32>) -> Result<(), Refusal> {
    if lasts.is_some_and(|lasts| lasts.0 < 1000) {
        return Err(Refusal::Refused(
            "a grant stands for a second at least; name a longer time".into(),
        ));
    }
    match uses {
        Some(0) => Err(Refusal::Refused("a grant is for one run at least; name how many".into())),
        Some(uses) if uses > USES_MAX => Err(Refusal::TooMany(format!(
            "a grant is for {USES_MAX} runs at most, not {uses}; name fewer"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn no_id() -> Refusal {
    Refusal::Refused("the agent has no ID to give; it has not started yet, or all are taken".into())
}

fn taken() -> Step {
    Step::refused(Refusal::Refused(
        "another escalation has this name already; run the command again".into(),
    ))
}

/// Whether the file must be looked at before the policy can say anything.
fn hangs_on_file(policy: &Policy, asked: &Asked) -> bool {
    let command = asked.act.aim.command().filter(|_| has_file(asked) && !asked.person.is_root());
    command.is_some_and(|command| policy.hangs_on_file(&asked.person, command))
}

fn examine(attempt: AttemptId, asked: Asked) -> Step {
    let mut step = Step::default();
    step.effects.push(Effect::Examine {
        attempt: attempt.clone(),
        path: asked.act.aim.command().map(|command| command.path.clone()).unwrap_or_default(),
        person: asked.person.clone(),
    });
    step.stands(attempt, Attempt { asked, stand: Stand::Examining });
    step
}

/// What somebody is told who asks in advance for what is not asked about.
fn in_advance(asked: &Asked, force: Force) -> Option<String> {
    let ahead = asked.act.door == Door::Writ;
    ahead.then(|| match force {
        Force::Enforced => "nobody has to be asked for this command; run it with sudo".into(),
        Force::Observed => "this host observes only and blocks nothing; run it with sudo".into(),
    })
}
