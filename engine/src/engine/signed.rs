//! An approver decides from afar: by a signature.
//!
//! Whoever hands an answer in has no part in it. It counts as the approver's whose key
//! verifies it, under his account on this host too, where he has one.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;

use writ_signed::{Answer, Expected, Fingerprint, Verdict};

use super::Engine;
use super::deciding::Said;
use crate::effect::{Refusal, Step};
use crate::event::{Proof, Word};
use crate::facts::Person;
use crate::id::RequestId;
use crate::policy::Approver;
use crate::record::SignedBy;
use crate::state::{Case, OpenRequest};
use crate::time::{Now, Span};

impl Engine {
    pub(super) fn signed(
        &self,
        now: Now,
        answer: Answer,
        host_key: Fingerprint,
        account: Option<Person>,
    ) -> Step {
        match self.verified(now, answer, host_key, account) {
            Ok((id, said)) => self.decided(now, id, said),
            Err(refusal) => Step::refused(refusal),
        }
    }

    /// What an approver said, by his own key, on a question of this host that is open.
    fn verified(
        &self,
        now: Now,
        answer: Answer,
        host_key: Fingerprint,
        account: Option<Person>,
    ) -> Result<(RequestId, Said), Refusal> {
        let refused = |error: &dyn core::fmt::Display| Refusal::Refused(error.to_string());
        // Not verified yet: it says whose keys to verify with.
        let claimed = answer.claimed().map_err(|error| refused(&error))?.approver;
        let approver = self.policy()?.settings().approvers.get(&claimed);
        let keyed = approver.filter(|approver| !approver.keys.is_empty());
        let Some(approver) = keyed else {
            return Err(Refusal::NotYours(format!(
                "the policy of this host has no key of an approver {claimed:?}; his keys belong into approvers.d"
            )));
        };
        let verified = answer.verify(&approver.keys).map_err(|error| refused(&error))?;
        let decision = verified.decision;
        let id: RequestId = decision.id.parse().map_err(|error| refused(&error))?;
        let request = match self.durable.cases.get(id) {
            Some(Case::Open(request)) => Some(request),
            _ => None,
        };
        let expected = Expected {
            host_key,
            id: &decision.id,
            // What is not open is refused below.
            question: request.map_or(&decision.question, |request| &request.opened.digest),
            now_wall_ms: now.wall.0,
        };
        decision.check(&expected).map_err(|error| refused(&error))?;
        if let Some(request) = request {
            not_his_own(id, request, approver)?;
        }
        let here = account.filter(|person| approver.acts_as(&person.account.name));
        let key = approver.keys.iter().find(|key| key.fingerprint() == verified.key);
        let signed = SignedBy {
            key: key.map(ToString::to_string).unwrap_or_default(),
            fingerprint: verified.key,
            host_key,
            answer,
        };
        let said = Said {
            person: Person::by_signature(&approver.name, here),
            digest: decision.question,
            word: match decision.verdict {
                Verdict::Approve => Word::Approve,
                Verdict::Deny => Word::Deny,
            },
            comment: decision.comment,
            lasts: decision.lasts_ms.map(Span),
            uses: decision.uses,
            proof: Proof::None,
            signed: Some(Box::new(signed)),
        };
        Ok((id, said))
    }
}

/// Nobody signs for himself: neither who acts through the approver's account, nor, where
/// the policy gives the approver no account, who has one of his name.
fn not_his_own(id: RequestId, request: &OpenRequest, approver: &Approver) -> Result<(), Refusal> {
    let requester = &request.opened.requester;
    let names = [Some(&requester.account), requester.login.as_ref()];
    let his = approver.unix_user.as_ref().unwrap_or(&approver.name);
    if names.into_iter().flatten().all(|account| account.name != *his) {
        return Ok(());
    }
    Err(Refusal::NotYours(format!(
        "{id} was asked for by {}, who is the approver {} or may be; nobody decides on his own request, whichever key he has",
        requester.account.name, approver.name
    )))
}
