//! People decide.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::answering::{allowed, spoke, still_asked, still_waiting};
use super::asking::{fits, spans};
use super::{Engine, sentences};
use crate::effect::{Answer, Done, Effect, Refusal, Step};
use crate::event::{Proof, Word};
use crate::facts::Person;
use crate::id::RequestId;
use crate::limits::REMARK_BYTES_MAX;
use crate::policy::{Seats, Selector, Stands};
use crate::record::{By, Force, Made, Outcome, SignedBy, What};
use crate::seating::Place;
use crate::state::{Attempt, Case, OpenRequest, Stand};
use crate::time::{Now, Span};

/// What a person said.
pub(super) struct Said {
    pub(super) person: Person,
    pub(super) digest: String,
    pub(super) word: Word,
    pub(super) comment: Option<String>,
    pub(super) lasts: Option<Span>,
    pub(super) uses: Option<u32>,
    pub(super) proof: Proof,
    /// What he signed, where that is how he said it.
    pub(super) signed: Option<Box<SignedBy>>,
}

impl Engine {
    pub(super) fn decided(&self, now: Now, id: RequestId, said: Said) -> Step {
        match self.heard(now, id, &said) {
            Err(refusal) => Step::refused(refusal),
            Ok((request, places)) => match said.word {
                Word::Deny => self.denied(now, id, request, said, &places),
                Word::Approve => self.approved(now, id, request, said, places),
            },
        }
    }

    /// Whether a person may approve the question with that digest, but for proving who he
    /// is; and whether he must.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub fn must_prove(
        &self,
        now: Now,
        person: &Person,
        id: RequestId,
        digest: &str,
    ) -> Result<bool, Refusal> {
        let (request, places) = self.decidable(now, person, id)?;
        if digest != request.opened.digest {
            return Err(Refusal::WrongDigest(id));
        }
        signed_where_wanted(id, request, None)?;
        seated(person, id, request, &places)?;
        Ok(request.opened.reauth)
    }

    /// Whether a person may decide on an open request.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub fn may_decide(&self, now: Now, person: &Person, id: RequestId) -> Result<(), Refusal> {
        self.decidable(now, person, id).map(|_| ())
    }

    /// The request that a word counts for, and the places that its speaker may take.
    fn heard(
        &self,
        now: Now,
        id: RequestId,
        said: &Said,
    ) -> Result<(&OpenRequest, Vec<Place>), Refusal> {
        let (request, places) = self.decidable(now, &said.person, id)?;
        if now.boot >= request.deadline() {
            return Err(Refusal::Refused(format!("{id} has expired; it has to be asked anew")));
        }
        if said.digest != request.opened.digest {
            return Err(Refusal::WrongDigest(id));
        }
        if said.word == Word::Approve {
            self.extends_what_stands(now, id, request)?;
            signed_where_wanted(id, request, said.signed.as_deref())?;
        }
        // A signature proves who he is, too.
        let proved = said.proof == Proof::Given || said.signed.is_some();
        if request.opened.reauth && said.word == Word::Approve && !proved {
            return Err(Refusal::ProofNeeded(id));
        }
        fits("the comment", said.comment.as_deref(), REMARK_BYTES_MAX)?;
        spans(said.lasts, said.uses)?;
        if said.uses.is_some() && request.opened.uses == 0 {
            return Err(Refusal::Refused(format!(
                "the uses of {id} are not counted; narrow how long it stands instead"
            )));
        }
        if said.word == Word::Approve {
            seated(&said.person, id, request, &places)?;
        }
        Ok((request, places))
    }

    /// A grant that is over comes to no life again, though its end is not on record yet.
    fn extends_what_stands(
        &self,
        now: Now,
        id: RequestId,
        request: &OpenRequest,
    ) -> Result<(), Refusal> {
        let Some(grant) = request.opened.extends else { return Ok(()) };
        match self.durable.cases.get(grant).and_then(Case::deadline) {
            Some(until) if now.boot < until => Ok(()),
            _ => Err(Refusal::Refused(format!(
                "{grant}, which {id} was to make stand longer, has ended; it has to be asked anew"
            ))),
        }
    }

    fn decidable(
        &self,
        now: Now,
        person: &Person,
        id: RequestId,
    ) -> Result<(&OpenRequest, Vec<Place>), Refusal> {
        let request = match self.durable.cases.get(id) {
            Some(Case::Open(request)) => request,
            Some(Case::Granted(_) | Case::Window(_)) if self.visible_to(now, person, id) => {
                return Err(Refusal::Refused(format!(
                    "{id} is granted already; `writ revoke {id}` takes it back"
                )));
            }
            _ => return Err(Refusal::NotFound(id)),
        };
        let own = request.opened.requester.may_be(person);
        if own && !request.opened.self_approval {
            return Err(Refusal::NotYours(format!(
                "{id} was asked for by {}, and nobody decides on his own request, whichever account he uses; somebody else has to",
                request.opened.requester.account.name
            )));
        }
        if own && person.approver.is_some() {
            return Err(Refusal::NotYours(format!(
                "{id} was asked for by {}, whose own signature does not count for it; somebody else has to answer, or he himself on the host",
                request.opened.requester.account.name
            )));
        }
        let places = self.places_in(now, person, request)?;
        if places.is_empty() {
            return Err(Refusal::NotYours(format!(
                "{id} is for {} to decide, and {} is not among them",
                request.asked().join(", "),
                person.name()
            )));
        }
        if let Some(earlier) = request.decisions.iter().find(|earlier| earlier.by.may_be(person)) {
            return Err(Refusal::Refused(format!(
                "{} has answered {id} already, under this or another account; a second answer of the same person does not count",
                earlier.by.name()
            )));
        }
        Ok((request, places))
    }

    /// The places that a person may take in deciding on a request, by the people of now.
    pub(super) fn places_in(
        &self,
        now: Now,
        person: &Person,
        request: &OpenRequest,
    ) -> Result<Vec<Place>, Refusal> {
        let opened = &request.opened;
        let on = request.occasion(now.wall);
        if !opened.all_of.is_empty() {
            return Ok(self.policy()?.places(person, &opened.all_of, on));
        }
        let from: Vec<Selector> =
            request.asked().iter().filter_map(|name| name.parse().ok()).collect();
        let seats = Seats { from, count: opened.needed };
        Ok(self.policy()?.places(person, core::slice::from_ref(&seats), on))
    }

    fn denied(
        &self,
        now: Now,
        id: RequestId,
        request: &OpenRequest,
        said: Said,
        places: &[Place],
    ) -> Step {
        // In his own place, where he has one.
        let own = places.iter().any(|place| !place.deputy);
        let in_place_of = places.first().filter(|_| !own).map(|place| place.of.clone());
        let name = spoke(&said.person, in_place_of.as_deref());
        let message =
            sentences::with_comment(&format!("{name} said no to {id}"), said.comment.as_deref());
        let comment = said.comment.clone();
        let by = By::Person(said.person.clone());
        let (approvals, needed) = (request.approvals(), request.opened.needed);
        let done = Done::Decided { granted: false, approvals, needed };
        let mut step = Step { result: Ok(done), ..Step::default() };
        step.sync();
        let made = Made { in_place_of, ..made(said, Outcome::Deny) };
        step.record(now, Some(id), What::DecisionMade(made));
        step.record(now, Some(id), What::RequestDenied { by, comment });
        self.dismiss_waiting(&mut step, id, &Answer::Denied { id: Some(id), message });
        step
    }

    fn approved(
        &self,
        now: Now,
        id: RequestId,
        request: &OpenRequest,
        said: Said,
        places: Vec<Place>,
    ) -> Step {
        let mut seating = request.seating();
        let place = seating.admit(&places).filter(|place| place.deputy);
        let in_place_of = place.map(|place| place.of.clone());
        let (approvals, needed) = (seating.filled(), request.opened.needed);
        let granted = approvals >= needed;
        let done = Done::Decided { granted, approvals, needed };
        let lasts =
            said.lasts.map_or(request.granted_lasts(), |span| span.min(request.granted_lasts()));
        // No grant outlasts the hours of its role and rule, whatever the clock was set to.
        let stands = match self.policy() {
            Ok(policy) => policy.stands(&request.opened.source, now.wall),
            Err(refusal) => return Step::refused(refusal),
        };
        if stands == Stands::Not {
            return Step::refused(Refusal::Refused(format!(
                "{id} can no longer be granted: the hours of its role or rule are over"
            )));
        }
        let lasts = stands.within(now.wall, lasts);
        let uses =
            said.uses.map_or(request.granted_uses(), |uses| uses.min(request.granted_uses()));
        let name = said.person.name().to_owned();
        let spoke = spoke(&said.person, in_place_of.as_deref());
        let mut step = Step { result: Ok(done), ..Step::default() };
        step.sync();
        let self_approval = request.opened.requester.may_be(&said.person);
        let made = Made { places, in_place_of, self_approval, ..made(said, Outcome::Approve) };
        step.record(now, Some(id), What::DecisionMade(made));
        if let Some(grant) = request.opened.extends.filter(|_| granted) {
            let answer = self.extended(&mut step, now, grant, id, lasts);
            self.dismiss_waiting(&mut step, id, &answer);
        } else if granted {
            step.record(now, Some(id), What::GrantStarted { lasts, uses });
            if request.opened.act.aim.window().is_some() {
                step.effects.push(Effect::Lend);
            }
            let answer = allowed(id, request, Some(spoke), lasts);
            self.admit_waiting(&mut step, id, uses, &answer);
        } else {
            let mut seen = self.seen_by(id, request);
            seen.retain(|by| *by != name);
            let answer = still_waiting(now, id, request, &seating, seen);
            for (attempt, _) in self.attempts.waiting_for(id) {
                step.answer(attempt.clone(), answer.clone());
            }
        }
        step
    }

    /// The first to come are the first to be let in, as far as the uses reach.
    fn admit_waiting(&self, step: &mut Step, id: RequestId, uses: u32, answer: &Answer) {
        let mut left = uses;
        for (attempt, waiting) in self.attempts.waiting_for(id) {
            if !waiting.will_run() {
                step.dismiss(attempt.clone(), answer.clone());
                continue;
            }
            let Some(after) = left.checked_sub(1) else {
                let message = sentences::run_again(&format!(
                    "{id} was approved for {}, and others that waited longer take it",
                    sentences::times(uses)
                ));
                step.dismiss(attempt.clone(), Answer::Denied { id: Some(id), message });
                continue;
            };
            left = after;
            let asked = waiting.asked.clone();
            step.stands(attempt.clone(), Attempt { asked, stand: Stand::Reserved { id } });
            step.answer(attempt.clone(), answer.clone());
        }
    }

    /// Every attempt that waits for a request gets this as its last answer.
    pub(super) fn dismiss_waiting(&self, step: &mut Step, id: RequestId, last: &Answer) {
        for (attempt, _) in self.attempts.waiting_for(id) {
            step.dismiss(attempt.clone(), last.clone());
        }
    }
}

/// Whether there is a seat for somebody who approves.
fn seated(
    person: &Person,
    id: RequestId,
    request: &OpenRequest,
    places: &[Place],
) -> Result<(), Refusal> {
    let mut seating = request.seating();
    let before = still_asked(request, &seating).join(", ");
    if seating.admit(places).is_some() {
        return Ok(());
    }
    Err(Refusal::Refused(format!(
        "{id} needs no more of those whom {} could approve for; it still needs one of {before}",
        person.name()
    )))
}

/// Whether an approval is signed, where only signed ones count.
fn signed_where_wanted(
    id: RequestId,
    request: &OpenRequest,
    signed: Option<&SignedBy>,
) -> Result<(), Refusal> {
    if !request.opened.signed || signed.is_some() {
        return Ok(());
    }
    Err(Refusal::Refused(format!(
        "{id} is approved by signed answers only: `writ offline {id}` shows its question as a block of text, `writ sign` signs an answer to that with your key, on whichever machine you have it, and `writ answer` hands the answer in here"
    )))
}

fn made(said: Said, outcome: Outcome) -> Made {
    Made {
        signed: said.signed,
        by: By::Person(said.person),
        outcome,
        force: Force::Enforced,
        comment: said.comment,
        digest: Some(said.digest),
        lasts: said.lasts,
        uses: said.uses,
        proved: said.proof == Proof::Given,
        places: Vec::new(),
        in_place_of: None,
        self_approval: false,
        about: None,
        without_agent: None,
    }
}
