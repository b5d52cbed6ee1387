//! People are to be asked: an act joins what is there, or opens a request.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::asking::{Settled, no_id};
use super::{Engine, sentences};
use crate::effect::{Answer, Effect, Refusal, Step};
use crate::facts::{Action, Aim, AttemptId, Door, Evidence, Presence};
use crate::id::RequestId;
use crate::limits::{
    QUESTION_BYTES_MAX, REQUESTS_OPEN_MAX, REQUESTS_OPEN_PER_ACCOUNT_MAX, WAITING_PER_REQUEST_MAX,
};
use crate::policy::{Asking, Escalation, Justification, Policy};
use crate::question::{Later, QUESTION_VERSION, Question, Requester, digest};
use crate::record::{Opened, Outcome, What};
use crate::state::{Asked, Attempt, Case, Fingerprint, OpenWindow, Stand};
use crate::time::{BootTime, Now};

/// What a question is bound to.
pub(super) struct Bound {
    /// The digest of the command's file.
    pub(super) sha256: Option<String>,
    /// The grant that is to stand longer.
    pub(super) extends: Option<RequestId>,
    /// How many different people must approve; 0 where the policy does by itself.
    pub(super) needed: u32,
}

/// What keeps people from being asked.
enum Lack {
    /// It is refused, for this reason.
    Refused(String),
    /// More must be said.
    Wanted { reason: bool, ticket: Option<String>, sentence: String },
}

impl Engine {
    pub(super) fn ask_people(
        &self,
        now: Now,
        attempt: AttemptId,
        asked: Asked,
        asking: &Asking<'_>,
        evidence: Option<&Evidence>,
    ) -> Step {
        let policy = match self.policy() {
            Ok(policy) => policy,
            Err(refusal) => return Step::refused(refusal),
        };
        let sha256 = match sound(&asked, asking, evidence) {
            Ok(sha256) => sha256,
            Err(why) => return self.deny(now, policy, attempt, asked, asking, why),
        };
        if let Some(step) = self.join(now, policy, &attempt, &asked, sha256.as_deref()) {
            return step;
        }
        let bound = Bound { sha256, extends: None, needed: asking.ask.count.max(1) };
        self.put_to_people(now, policy, attempt, asked, asking, bound)
    }

    /// Opens a request, once all is said that is wanted.
    pub(super) fn put_to_people(
        &self,
        now: Now,
        policy: &Policy,
        attempt: AttemptId,
        asked: Asked,
        asking: &Asking<'_>,
        bound: Bound,
    ) -> Step {
        match justified(&asked, asking) {
            Ok(()) => self.open(now, policy, attempt, asked, asking, bound),
            Err(Lack::Refused(why)) => self.deny(now, policy, attempt, asked, asking, why),
            Err(Lack::Wanted { sentence, .. }) if asked.act.presence == Presence::Unattended => {
                self.deny(now, policy, attempt, asked, asking, sentence)
            }
            Err(Lack::Wanted { reason, ticket, .. }) => {
                let mut step = Step::default();
                step.dismiss(attempt, Answer::Wanted { reason, ticket });
                step
            }
        }
    }

    fn deny(
        &self,
        now: Now,
        policy: &Policy,
        attempt: AttemptId,
        asked: Asked,
        asking: &Asking<'_>,
        why: String,
    ) -> Step {
        let source = asking.source.clone();
        let settled = Settled { outcome: Outcome::Deny, source, why: Some(why), sha256: None };
        self.settle(now, policy, attempt, asked, settled)
    }

    /// Uses a grant of the same act, or joins its open request.
    pub(super) fn join(
        &self,
        now: Now,
        policy: &Policy,
        attempt: &AttemptId,
        asked: &Asked,
        sha256: Option<&str>,
    ) -> Option<Step> {
        let host = &policy.settings().host.name;
        let same = Fingerprint::new(host, &asked.person, &asked.act.aim, sha256);
        let mut open = None;
        for (id, case) in self.durable.cases.same(same) {
            match case {
                Case::Granted(grant) if now.boot < grant.until && self.free_uses(id) > 0 => {
                    return Some(self.reserve(now, id, attempt, asked));
                }
                Case::Window(window) if now.boot < window.until => {
                    return Some(self.open_already(now, id, attempt, window));
                }
                Case::Open(request) if now.boot < request.deadline() => open = Some(id),
                _ => {}
            }
        }
        open.map(|id| self.join_open(now, policy, id, attempt, asked))
    }

    fn reserve(&self, now: Now, id: RequestId, attempt: &AttemptId, asked: &Asked) -> Step {
        let mut step = Step::default();
        let stands = Attempt { asked: asked.clone(), stand: Stand::Reserved { id } };
        if stands.will_run() {
            step.stands(attempt.clone(), stands);
        } else {
            step.is_no_more(attempt.clone());
        }
        if let Some(answer) = self.allowed_answer(now, id) {
            step.answer(attempt.clone(), answer);
        }
        step
    }

    fn open_already(
        &self,
        now: Now,
        id: RequestId,
        attempt: &AttemptId,
        window: &OpenWindow,
    ) -> Step {
        let left = window.until.since(now.boot);
        let message = format!(
            "{id} is open already, for {} more; `writ extend {id}` asks for longer",
            sentences::span(left)
        );
        let mut step = Step::default();
        let (message, remaining) = (Some(message), Some(left));
        step.dismiss(attempt.clone(), Answer::Allowed { id, message, remaining });
        step
    }

    pub(super) fn join_open(
        &self,
        now: Now,
        policy: &Policy,
        id: RequestId,
        attempt: &AttemptId,
        asked: &Asked,
    ) -> Step {
        if self.attempts.waiting_for(id).count() >= WAITING_PER_REQUEST_MAX {
            let mut step = Step::refused(Refusal::TooMany(format!(
                "{WAITING_PER_REQUEST_MAX} others wait for {id} already; wait for the answer that they get"
            )));
            step.is_no_more(attempt.clone());
            return step;
        }
        let mut step = Step::default();
        step.record(now, Some(id), What::RequestJoined { attempt: attempt.clone() });
        step.stands(attempt.clone(), waiting(now, policy, id, asked.clone()));
        if let Some(answer) = self.waiting_answer(now, id) {
            step.answer(attempt.clone(), answer);
        }
        step
    }

    /// Opens a request: on the disk, before anybody is asked.
    fn open(
        &self,
        now: Now,
        policy: &Policy,
        attempt: AttemptId,
        asked: Asked,
        asking: &Asking<'_>,
        bound: Bound,
    ) -> Step {
        let opened = self
            .room_for_one_more(&asked)
            .and_then(|()| self.put_question(now, policy, &asked, asking, bound));
        let (id, opened) = match opened {
            Ok(opened) => opened,
            Err(refusal) => {
                let mut step = Step::refused(refusal);
                step.is_no_more(attempt);
                return step;
            }
        };
        let mut step = Step::default();
        step.sync();
        step.answer(
            attempt.clone(),
            Answer::Waiting {
                id,
                asked: opened.asked.clone(),
                approvals: 0,
                needed: opened.needed,
                still_asked: opened.asked.clone(),
                seen: Vec::new(),
                remaining: opened.timeout,
            },
        );
        step.effects.push(Effect::Notify { id, from: asking.ask.from.clone() });
        step.record(now, Some(id), What::RequestOpened(opened));
        step.stands(attempt, waiting(now, policy, id, asked));
        step
    }

    fn room_for_one_more(&self, asked: &Asked) -> Result<(), Refusal> {
        let own = self.durable.cases.of_account(asked.person.account.uid).open;
        if own >= REQUESTS_OPEN_PER_ACCOUNT_MAX {
            return Err(Refusal::TooMany(format!(
                "{} has {own} open requests, which is as many as one account may have; wait for answers, or take some back with `writ cancel`",
                asked.person.account.name
            )));
        }
        let all = self.durable.cases.total().open;
        if all >= REQUESTS_OPEN_MAX {
            return Err(Refusal::TooMany(format!(
                "this host has {all} open requests, which is as many as the agent takes; try again later"
            )));
        }
        Ok(())
    }

    /// The text of a question, and the record of its being put.
    pub(super) fn put_question(
        &self,
        now: Now,
        policy: &Policy,
        asked: &Asked,
        asking: &Asking<'_>,
        Bound { sha256, extends, needed }: Bound,
    ) -> Result<(RequestId, Opened), Refusal> {
        let id = self.durable.next_id().ok_or_else(no_id)?;
        let ask = asking.ask;
        let names: Vec<String> = ask.from.iter().map(ToString::to_string).collect();
        // What the policy allows by itself is asked of nobody.
        let (all_of, escalate, self_approval) = match needed {
            0 => (Vec::new(), Vec::new(), false),
            _ => (ask.all_of.clone(), ask.escalate.clone(), ask.self_approval),
        };
        let lasts = asked.wish.lasts.map_or(ask.max_duration, |lasts| lasts.min(ask.max_duration));
        // Neither a grant nor the wait for it outlasts the hours of its role and rule.
        let stands = policy.stands(&asking.source, now.wall);
        let lasts = stands.within(now.wall, lasts);
        let timeout = stands.within(now.wall, ask.timeout);
        let uses = match asked.act.aim {
            Aim::Command(_) | Aim::Session(_) if extends.is_none() => {
                asked.wish.uses.unwrap_or(1).min(ask.uses.max(1))
            }
            Aim::Command(_) | Aim::Session(_) | Aim::Window(_) => 0,
        };
        let (person, act) = (&asked.person, &asked.act);
        let question = Question {
            version: QUESTION_VERSION,
            host: policy.settings().host.name.clone(),
            id,
            requester: Requester {
                user: person.account.name.clone(),
                uid: person.account.uid,
                login_user: person.login.as_ref().map(|login| login.name.clone()),
                login_uid: person.login.as_ref().map(|login| login.uid),
                session_uid: person.session_owner,
            },
            door: act.door,
            aim: act.aim.clone(),
            extends,
            sha256: sha256.clone(),
            tty: act.tty.clone(),
            source_ip: act.source_ip.clone(),
            role: asking.source.role.clone(),
            rule: asking.source.rule.clone(),
            doubt: asking.source.doubt.clone(),
            reason: asked.wish.reason.clone(),
            ticket: asked.wish.ticket.clone(),
            asked: names.clone(),
            needed,
            all_of: all_of.clone(),
            escalate: escalate.iter().map(later).collect(),
            self_approval,
            opened_wall_ms: now.wall,
            timeout_ms: timeout,
            lasts_ms: lasts,
            uses,
            reauth: ask.reauth,
            signed: ask.signed,
        };
        let text = question.text().map_err(|error| Refusal::Refused(error.to_string()))?;
        if text.len() > QUESTION_BYTES_MAX {
            return Err(Refusal::TooMany(format!(
                "the command is too long to be asked about: the question would have {} bytes, and at most {QUESTION_BYTES_MAX} are shown whole; put it into a script and run that",
                text.len()
            )));
        }
        let opened = Opened {
            host: question.host,
            requester: person.clone(),
            act: act.clone(),
            sha256,
            source: asking.source.clone(),
            asked: names,
            needed,
            all_of,
            escalate,
            remind: ask.remind.filter(|_| needed > 0),
            without_hub: ask.without_hub,
            self_approval,
            reason: asked.wish.reason.clone(),
            ticket: asked.wish.ticket.clone(),
            timeout,
            lasts,
            uses,
            extends,
            reauth: ask.reauth,
            signed: ask.signed,
            digest: digest(&text),
            question: text,
        };
        Ok((id, opened))
    }
}

/// The digest that the question is bound to; or why people must not be asked.
/// For an edit there is none: the editor runs as the requester, and sudo itself
/// refuses to edit in folders that he may write (sudoedit_checkdir, sudoers(5)).
/// A window has none: what runs under it is looked at when it runs.
pub(super) fn sound(
    asked: &Asked,
    asking: &Asking<'_>,
    evidence: Option<&Evidence>,
) -> Result<Option<String>, String> {
    let command = asked.act.aim.command().filter(|command| command.action == Action::Run);
    let Some(command) = command else { return Ok(None) };
    let (name, path) = (&asked.person.account.name, &command.path);
    let evidence =
        evidence.ok_or_else(|| format!("{path} was not looked at; run the command again"))?;
    if let Some(writable) = evidence.writable.as_ref().filter(|_| !asking.allow_writable) {
        return Err(format!(
            "{name} may write {writable}, so approving {path} would approve whatever it becomes; have it owned by root, or set allow_writable in the rule"
        ));
    }
    match &evidence.sha256 {
        Some(sha256) => Ok(Some(sha256.clone())),
        None => Err(format!(
            "the file {path} could not be read, so nobody can say what would be approved; run a command that the agent can read"
        )),
    }
}

/// Whether reason and ticket are as the policy wants them.
fn justified(asked: &Asked, asking: &Asking<'_>) -> Result<(), Lack> {
    let reason = asking.ask.justification == Justification::Required && asked.wish.reason.is_none();
    let ticket = asking.ask.ticket.as_ref().filter(|pattern| {
        !asked.wish.ticket.as_deref().is_some_and(|ticket| pattern.matches(ticket))
    });
    // The module of PAM takes nothing from an environment, where anybody may have put it.
    let through_pam = asked.act.door == Door::Pam;
    let sentence = match (reason, ticket) {
        (false, None) if asking.ask.from.is_empty() => {
            return Err(Lack::Refused(
                "the policy names nobody who could be asked; have `from` set in [ask]".into(),
            ));
        }
        (false, None) => return Ok(()),
        (_, _) if through_pam => {
            "a reason or a ticket is wanted, and nobody can be asked for it here; do it at a terminal, where you are asked".into()
        }
        (true, None) => "a reason is wanted; set WRIT_REASON and run the command again".into(),
        (reason, Some(pattern)) => {
            let both = if reason { " and a reason in WRIT_REASON" } else { "" };
            format!(
                "a ticket is wanted that matches {}; set it in WRIT_TICKET{both} and run the command again",
                pattern.source()
            )
        }
    };
    let ticket = ticket.map(|pattern| pattern.source().to_string());
    Err(Lack::Wanted { reason, ticket, sentence })
}

fn later(step: &Escalation) -> Later {
    Later { after_ms: step.after, asked: step.from.iter().map(ToString::to_string).collect() }
}

fn waiting(now: Now, policy: &Policy, id: RequestId, asked: Asked) -> Attempt {
    let until: Option<BootTime> = match asked.act.presence {
        Presence::Interactive => None,
        Presence::Unattended => Some(now.boot.after(policy.settings().unattended_wait)),
    };
    Attempt { asked, stand: Stand::Waiting { id, until } }
}
