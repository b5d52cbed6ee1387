//! The signatures on record, verified again: by the keys that stand beside them, and
//! against what the records say was decided.

use serde::Serialize;
use writ_engine::Record;
use writ_engine::record::{By, Made, Outcome, SignedBy, What};
use writ_ledger::{Content, Reader};
use writ_signed::{AnswerError, ApproverKey, ApproverKeyError, DecisionError, Expected, Verdict};

use super::source::{LEDGER, SourceError};
use crate::host::Host;

/// What of them verifies.
#[derive(Debug, Default, Serialize)]
pub(super) struct Signatures {
    /// How many do.
    pub(super) verified: u64,
    /// Those that do not.
    pub(super) wrong: Vec<Wrong>,
}

/// A decision on record that its signature does not bear out.
#[derive(Debug, Serialize)]
pub(super) struct Wrong {
    /// The number of its line.
    pub(super) seq: u64,
    /// The request.
    pub(super) id: String,
    /// Why.
    pub(super) why: String,
}

/// Why a decision is not borne out.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the key beside it {0}")]
    Key(#[from] ApproverKeyError),
    #[error(transparent)]
    Answer(#[from] AnswerError),
    #[error(transparent)]
    Decision(#[from] DecisionError),
    #[error("what was signed is not what is on record: {0} differs")]
    Other(&'static str),
}

/// Verifies those of the whole ledger, as far as its chain goes.
///
/// # Errors
/// When the ledger cannot be opened.
pub(super) fn verify(host: &Host) -> Result<Signatures, SourceError> {
    let mut found = Signatures::default();
    for entry in Reader::open(&host.path(LEDGER))?.map_while(Result::ok) {
        let Content::Record(json) = &entry.content else { continue };
        let Ok(record) = serde_json::from_str::<Record>(json) else { continue };
        match bears_out(&record) {
            None => {}
            Some(Ok(())) => found.verified = found.verified.saturating_add(1),
            Some(Err(fault)) => found.wrong.push(Wrong {
                seq: entry.link.seq,
                id: record.id.map(|id| id.to_string()).unwrap_or_default(),
                why: fault.to_string(),
            }),
        }
    }
    Ok(found)
}

/// Whether the signature of a decision bears it out; nothing where it has none.
fn bears_out(record: &Record) -> Option<Result<(), Fault>> {
    let What::DecisionMade(made) = &record.what else { return None };
    let by = match &made.by {
        By::Person(person) => person.approver.as_deref(),
        By::Policy | By::Agent => None,
    };
    match (&made.signed, by) {
        (None, None) => None,
        (Some(signed), Some(approver)) => Some(check(record, made, signed, approver)),
        // Who is known by nothing but a signature must have one, and the other way round.
        _ => Some(Err(Fault::Other("whether it was signed"))),
    }
}

fn check(record: &Record, made: &Made, signed: &SignedBy, approver: &str) -> Result<(), Fault> {
    let key: ApproverKey = signed.key.parse()?;
    let verified = signed.answer.verify([&key])?;
    let decision = verified.decision;
    let id = record.id.map(|id| id.to_string()).unwrap_or_default();
    decision.check(&Expected {
        host_key: signed.host_key,
        id: &id,
        question: made.digest.as_deref().unwrap_or_default(),
        now_wall_ms: record.at.wall.0,
    })?;
    let outcome = match decision.verdict {
        Verdict::Approve => Outcome::Approve,
        Verdict::Deny => Outcome::Deny,
    };
    let alike = [
        ("the approver", decision.approver == approver),
        ("the verdict", outcome == made.outcome),
        ("the key", verified.key == signed.fingerprint),
        ("the comment", decision.comment == made.comment),
        ("how long it stands", decision.lasts_ms == made.lasts.map(|lasts| lasts.0)),
        ("how often it may be used", decision.uses == made.uses),
    ];
    match alike.into_iter().find(|(_, alike)| !alike) {
        Some((what, _)) => Err(Fault::Other(what)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use writ_engine::facts::Person;
    use writ_engine::record::Force;
    use writ_engine::time::{BootTime, Now, Span, WallTime};
    use writ_signed::{Answer, Decision, HostKey, Namespace, Signature, digest};

    const WALL_MS: u64 = 1_800_000_000_000;

    fn record() -> Record {
        let (host, bob) = (HostKey::from_seed(&[1; 32]), HostKey::from_seed(&[2; 32]));
        let decision = Decision {
            version: 1,
            host: "web-1".to_owned(),
            host_key: host.fingerprint(),
            id: "7K3M-Q2".to_owned(),
            question: digest("a question"),
            verdict: Verdict::Approve,
            comment: None,
            lasts_ms: Some(60_000),
            uses: None,
            approver: "bob".to_owned(),
            made_wall_ms: WALL_MS - 1000,
            expires_wall_ms: WALL_MS + 1000,
        };
        let text = decision.text().unwrap();
        let signature = Signature::Ssh(bob.sign(Namespace::Decision, text.as_bytes()));
        let signed = SignedBy {
            key: bob.public().line(),
            fingerprint: bob.fingerprint(),
            host_key: host.fingerprint(),
            answer: Answer { decision: text, signature },
        };
        let made = Made {
            by: By::Person(Person::by_signature("bob", None)),
            outcome: Outcome::Approve,
            force: Force::Enforced,
            comment: None,
            digest: Some(digest("a question")),
            lasts: Some(Span(60_000)),
            uses: None,
            proved: false,
            signed: Some(Box::new(signed)),
            places: Vec::new(),
            in_place_of: None,
            self_approval: false,
            about: None,
            without_agent: None,
        };
        let at = Now { boot: BootTime(1), wall: WallTime(WALL_MS) };
        Record { at, id: Some("7K3M-Q2".parse().unwrap()), what: What::DecisionMade(made) }
    }

    fn changed(change: impl FnOnce(&mut Record, &mut Made)) -> Option<Result<(), Fault>> {
        let mut record = record();
        let What::DecisionMade(mut made) = record.what.clone() else { unreachable!() };
        change(&mut record, &mut made);
        record.what = What::DecisionMade(made);
        bears_out(&record)
    }

    #[test]
    fn a_signature_bears_out_what_is_on_record_and_nothing_else() {
        assert!(matches!(bears_out(&record()), Some(Ok(()))));
        let wrong: [fn(&mut Record, &mut Made); 9] = [
            |_, made| made.outcome = Outcome::Deny,
            |_, made| made.lasts = None,
            |_, made| made.uses = Some(5),
            |_, made| made.comment = Some("go on".to_owned()),
            |_, made| made.digest = Some(digest("another")),
            |record, _| record.id = Some("7K3M-Q3".parse().unwrap()),
            |record, _| record.at.wall = WallTime(WALL_MS + 1000),
            |_, made| made.by = By::Person(Person::by_signature("carol", None)),
            |_, made| made.signed = None,
        ];
        for (at, change) in wrong.into_iter().enumerate() {
            assert!(matches!(changed(change), Some(Err(_))), "{at}");
        }
        let other = changed(|_, made| {
            if let Some(signed) = &mut made.signed {
                signed.key = HostKey::from_seed(&[3; 32]).public().line();
            }
        });
        assert!(matches!(other, Some(Err(Fault::Answer(_)))));
    }

    #[test]
    fn what_is_not_signed_needs_no_signature() {
        assert!(changed(|_, made| (made.by, made.signed) = (By::Policy, None)).is_none());
    }
}
