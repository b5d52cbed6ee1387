//! Where an attempt stands, in answers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Engine;
use crate::effect::Answer;
use crate::facts::Person;
use crate::id::RequestId;
use crate::record::Outcome;
use crate::seating::Seating;
use crate::state::{Case, Grant, OpenRequest};
use crate::time::{Now, Span};

impl Engine {
    pub(super) fn waiting_answer(&self, now: Now, id: RequestId) -> Option<Answer> {
        match self.durable.cases.get(id)? {
            Case::Open(request) => {
                let seen = self.seen_by(id, request);
                Some(still_waiting(now, id, request, &request.seating(), seen))
            }
            _ => None,
        }
    }

    pub(super) fn allowed_answer(&self, now: Now, id: RequestId) -> Option<Answer> {
        match self.durable.cases.get(id)? {
            Case::Granted(grant) if now.boot < grant.until => {
                Some(allowed(id, &grant.request, None, grant.until.since(now.boot)))
            }
            _ => None,
        }
    }

    /// Uses that neither ran nor are kept for an attempt.
    pub(super) fn free_uses(&self, id: RequestId) -> u32 {
        let left = match self.durable.cases.get(id) {
            Some(Case::Granted(Grant { uses_left, .. })) => *uses_left,
            _ => 0,
        };
        let kept = u32::try_from(self.attempts.reserved_of(id).count()).unwrap_or(u32::MAX);
        left.saturating_sub(kept)
    }
}

pub(super) fn still_waiting(
    now: Now,
    id: RequestId,
    request: &OpenRequest,
    seating: &Seating,
    seen: Vec<String>,
) -> Answer {
    Answer::Waiting {
        id,
        asked: request.asked(),
        approvals: seating.filled(),
        needed: request.opened.needed,
        still_asked: still_asked(request, seating),
        seen,
        remaining: request.deadline().since(now.boot),
    }
}

/// Those whose approval still counts, as the policy names them.
pub(super) fn still_asked(request: &OpenRequest, seating: &Seating) -> Vec<String> {
    let opened = &request.opened;
    if opened.all_of.is_empty() {
        return request.asked();
    }
    let mut names: Vec<String> = Vec::new();
    for (kind, seats) in (0..).zip(&opened.all_of) {
        let from = seats.from.iter().filter(|_| seating.has_room(kind)).map(ToString::to_string);
        for name in from {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// `last`: who made the quorum, when that is not on record yet.
pub(super) fn allowed(
    id: RequestId,
    request: &OpenRequest,
    last: Option<String>,
    remaining: Span,
) -> Answer {
    let approvers =
        request.decisions.iter().filter(|decision| decision.outcome == Outcome::Approve);
    let names = approvers.map(|decision| spoke(&decision.by, decision.in_place_of.as_deref()));
    let by: Vec<String> = names.chain(last).collect();
    Answer::Allowed {
        id,
        message: Some(format!("{id} was approved by {}", by.join(", "))),
        remaining: Some(remaining),
    }
}

/// Who answered, and in whose place where it is not his own.
pub(super) fn spoke(by: &Person, in_place_of: Option<&str>) -> String {
    let name = by.account.name.as_str();
    in_place_of.map_or_else(|| name.to_string(), |owner| format!("{name} (for {owner})"))
}
