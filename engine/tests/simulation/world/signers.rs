//! Approvers who answer from afar, and others who would like to be taken for them.

use writ_signed::{Answer, Decision, Namespace, Signature, Verdict};

use super::*;
use crate::cast::{person, same_human};
use crate::rules::{host_key, secret_of};

const NAMES: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

impl World {
    /// An answer that may be right, or wrong in one way or several.
    pub(super) fn somebody_signs(&mut self) {
        let Some((id, right)) = self.some_request(Stage::Pending) else { return };
        let here = host_key().fingerprint();
        let name = *self.random.pick(&NAMES);
        let key = if self.random.one_in(6) { *self.random.pick(&NAMES) } else { name };
        let question = if self.random.one_in(8) { "0".repeat(64) } else { right };
        let is_here = !self.random.one_in(8);
        let there = secret_of(name).fingerprint();
        let wall_ms = self.now.wall.0;
        let is_late = self.random.one_in(8) && wall_ms > 2;
        let word = if self.random.one_in(8) { Word::Deny } else { Word::Approve };
        let decision = Decision {
            version: 1,
            host: "web-1".into(),
            host_key: if is_here { here } else { there },
            id: id.to_string(),
            question: question.clone(),
            verdict: match word {
                Word::Approve => Verdict::Approve,
                Word::Deny => Verdict::Deny,
            },
            comment: None,
            lasts_ms: self.random.one_in(4).then(|| self.random.between(1_000, 60_000)),
            uses: None,
            approver: name.into(),
            made_wall_ms: if is_late { wall_ms - 2 } else { wall_ms },
            expires_wall_ms: if is_late { wall_ms - 1 } else { wall_ms + 60_000 },
        };
        let text = decision.text().unwrap();
        let signature = secret_of(key).sign(Namespace::Decision, text.as_bytes());
        let answer = Answer { decision: text, signature: Signature::Ssh(signature) };
        let signer = person(name, None, None);
        let account = Some(signer.clone());
        let event = Event::Signed { answer, host_key: here, account };
        let story = &self.model.stories[&id];
        let trusted = self.settings.approvers.contains_key(name) && key == name;
        let good = trusted && is_here && !is_late;
        // Whatever the policy says of approving one's own.
        let others = !same_human(story.requester(), &signer);
        let must = story.must_count(self.now, &signer, &question, word, &self.settings);
        let must = must && (word == Word::Deny || self.model.extends_what_stands(self.now, id));
        match self.handle(event.clone()) {
            Heard::Answered(Ok(_)) => {
                assert!(good && others && must, "{name} with the key of {key} was heard on {id}");
                assert!(self.ledger.is_synced(), "a decision that a power cut could undo");
            }
            Heard::Answered(Err(refusal)) => {
                let right = good && others && must;
                assert!(!right, "{name} was not heard on {id}: {refusal}");
            }
            Heard::NoRecord | Heard::Nobody => {}
        }
        if self.random.one_in(3) {
            self.mail.push(event);
        }
    }
}
