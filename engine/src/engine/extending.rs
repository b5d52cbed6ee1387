//! A grant is to stand longer: a question of its own. The old end stands until it is
//! answered.

use alloc::format;
use alloc::string::String;

use super::circumstance::Circumstance;
use super::opening::Bound;
use super::windows::{by_policy, of_nobody};
use super::{Engine, sentences};
use crate::effect::{Answer, Effect, Refusal, Step};
use crate::event::Wish;
use crate::facts::{Act, Aim, AttemptId, Door, Evidence, Person, Presence};
use crate::id::RequestId;
use crate::policy::{Asking, Policy, Verdict, WindowTerms, WindowVerdict};
use crate::record::{Source, What};
use crate::state::{Asked, Case, OpenRequest};
use crate::time::{BootTime, Now, Span};

/// Who says whether a grant may stand longer.
enum Word<'a> {
    /// People.
    Of(Asking<'a>),
    /// The policy: it may.
    Allowed(&'a WindowTerms),
}

impl Engine {
    pub(super) fn extension_asked(
        &self,
        now: Now,
        attempt: AttemptId,
        person: Person,
        id: RequestId,
        wish: Wish,
    ) -> Step {
        let asked = self.policy().and_then(|policy| {
            let request = self.extendable(now, &person, id)?;
            Ok((policy, request, self.word_on(now, policy, &person, request)?))
        });
        let (policy, request, word) = match asked {
            Ok(asked) => asked,
            Err(refusal) => return Step::refused(refusal),
        };
        if let Err(refusal) = long_enough(id, &wish, &word) {
            return Step::refused(refusal);
        }
        let act =
            Act { door: Door::Writ, presence: Presence::Interactive, ..request.opened.act.clone() };
        let asked = Asked { person, act, wish };
        if let Some(open) = self.durable.cases.extension_of(id) {
            return self.join_open(now, policy, open, &attempt, &asked);
        }
        let sha256 = request.opened.sha256.clone();
        match word {
            Word::Of(asking) => {
                let needed = asking.ask.count.max(1);
                let bound = Bound { sha256, extends: Some(id), needed };
                self.put_to_people(now, policy, attempt, asked, &asking, bound)
            }
            Word::Allowed(terms) => self.extend(now, policy, attempt, asked, id, terms),
        }
    }

    /// A grant that stands, and is his.
    fn extendable(
        &self,
        now: Now,
        person: &Person,
        id: RequestId,
    ) -> Result<&OpenRequest, Refusal> {
        let (request, until) = match self.durable.cases.get(id) {
            Some(Case::Granted(grant)) => (&grant.request, grant.until),
            Some(Case::Window(open)) => (&open.request, open.until),
            Some(Case::Open(request)) if request.opened.requester.may_be(person) => {
                return Err(Refusal::Refused(format!(
                    "{id} is not granted yet, and so cannot stand longer"
                )));
            }
            _ => return Err(Refusal::NotFound(id)),
        };
        // By the account that it was given to: another one of his may have other roles.
        if request.opened.requester.account.uid != person.account.uid {
            return Err(self.not_requester(now, person, id, request));
        }
        if now.boot >= until {
            return Err(Refusal::Refused(sentences::stands_no_more(id)));
        }
        Ok(request)
    }

    fn word_on<'a>(
        &self,
        now: Now,
        policy: &'a Policy,
        person: &Person,
        request: &OpenRequest,
    ) -> Result<Word<'a>, Refusal> {
        match &request.opened.act.aim {
            Aim::Window(window) => match policy.window_at(person, &window.role, now.wall) {
                WindowVerdict::Ask(asking, _) => Ok(Word::Of(asking)),
                WindowVerdict::Allow(terms) => Ok(Word::Allowed(terms)),
                WindowVerdict::Deny(why) => Err(Refusal::Refused(format!("{why}"))),
            },
            Aim::Command(command) => {
                let found = Evidence::on_record(request.opened.sha256.clone());
                let of = Circumstance::of_request(now, &request.opened).with_file(Some(&found));
                of_rules(policy.decide(person, command, of))
            }
            Aim::Session(session) => {
                let of = Circumstance::of_request(now, &request.opened);
                of_rules(policy.decide_session(person, session, of))
            }
        }
    }

    /// The policy lets it stand longer by itself.
    fn extend(
        &self,
        now: Now,
        policy: &Policy,
        attempt: AttemptId,
        asked: Asked,
        id: RequestId,
        terms: &WindowTerms,
    ) -> Step {
        let role = asked.act.aim.window().map(|window| window.role.clone());
        let asking = Asking {
            source: Source { role, ..Source::default() },
            ask: &of_nobody(policy, terms),
            allow_writable: false,
        };
        let bound = Bound { sha256: None, extends: Some(id), needed: 0 };
        let (request, opened) = match self.put_question(now, policy, &asked, &asking, bound) {
            Ok(opened) => opened,
            Err(refusal) => return Step::refused(refusal),
        };
        let (lasts, digest) = (opened.lasts, opened.digest.clone());
        let mut step = Step::default();
        step.sync();
        step.record(now, Some(request), What::RequestOpened(opened));
        step.record(now, Some(request), What::DecisionMade(by_policy(digest)));
        let answer = self.extended(&mut step, now, id, request, lasts);
        step.dismiss(attempt, answer);
        step
    }

    /// The grant stands longer from now on, and the request is over.
    pub(super) fn extended(
        &self,
        step: &mut Step,
        now: Now,
        id: RequestId,
        request: RequestId,
        lasts: Span,
    ) -> Answer {
        let until = self.durable.cases.get(id).and_then(Case::deadline);
        let left = until.map_or(lasts, |until: BootTime| until.after(lasts).since(now.boot));
        step.record(now, Some(id), What::GrantExtended { request, lasts });
        step.effects.push(Effect::Lend);
        if self.durable.cases.get(id).is_some_and(|case| case.running().next().is_some()) {
            step.effects.push(Effect::Prolong { id });
        }
        let message: String = format!(
            "{id} stands {} longer, {} from now",
            sentences::span(lasts),
            sentences::span(left)
        );
        Answer::Allowed { id, message: Some(message), remaining: Some(left) }
    }
}

fn of_rules(verdict: Verdict<'_>) -> Result<Word<'_>, Refusal> {
    match verdict {
        Verdict::Ask(asking) => Ok(Word::Of(asking)),
        Verdict::Deny(why) => Err(Refusal::Refused(format!("{why}"))),
        Verdict::Allow(_) | Verdict::Pass | Verdict::Covered(_) => Err(Refusal::Refused(
            "nobody has to be asked for this any more; begin it anew when it has ended".into(),
        )),
    }
}

fn long_enough(id: RequestId, wish: &Wish, word: &Word<'_>) -> Result<(), Refusal> {
    super::asking::spans(wish.lasts, None)?;
    super::asking::fits_remarks(wish)?;
    let most = match word {
        Word::Of(asking) => asking.ask.max_duration,
        Word::Allowed(terms) => terms.max_duration,
    };
    match wish.lasts {
        Some(lasts) if lasts > most => Err(Refusal::Refused(format!(
            "{id} can be made to stand {} longer at a time, not {}; ask for less",
            sentences::span(most),
            sentences::span(lasts)
        ))),
        _ => Ok(()),
    }
}
