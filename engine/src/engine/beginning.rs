//! The agent starts, and policies come into force.

use alloc::string::String;
use alloc::sync::Arc;

use super::Engine;
use super::asking::force;
use super::ending::Over;
use crate::effect::Step;
use crate::id::{IdKey, IdSequence, RequestId};
use crate::policy::{Mode, Policy, Verdict};
use crate::record::{By, EndReason, What};
use crate::state::{Case, Change};
use crate::time::Now;

/// How the agent starts.
pub(super) struct Start {
    pub(super) version: String,
    pub(super) boot_id: String,
    pub(super) fresh_key: IdKey,
    pub(super) torn_bytes: Option<u64>,
}

impl Engine {
    pub(super) fn started(&self, now: Now, start: Start, policy: Arc<Policy>) -> Step {
        let Start { version, boot_id, fresh_key, torn_bytes } = start;
        let booted = self.durable.boot_id.as_ref().is_some_and(|before| *before != boot_id);
        let mut step = Step::default();
        step.sync();
        if booted {
            // Before the record of the new boot: should the write be cut off in
            // between, the next start finds the old boot and ends the rest.
            for (id, case) in self.durable.cases.iter() {
                self.end(&mut step, now, id, case, Over::Reboot);
            }
        }
        let ids = self.durable.ids.as_ref().map_or(fresh_key, IdSequence::key);
        step.record(now, None, What::AgentStarted { version, boot_id, ids, torn_bytes });
        self.take_policy(&mut step, now, &policy);
        if !booted {
            for (id, case) in self.durable.cases.iter() {
                if is_over(&policy, case) {
                    self.end(&mut step, now, id, case, Over::Policy);
                } else {
                    complete(&mut step, now, id, case);
                }
            }
        }
        step
    }

    pub(super) fn policy_loaded(&self, now: Now, policy: Arc<Policy>) -> Step {
        let mut step = Step::default();
        self.take_policy(&mut step, now, &policy);
        for (id, case) in self.durable.cases.iter() {
            if is_over(&policy, case) {
                self.end(&mut step, now, id, case, Over::Policy);
            }
        }
        step
    }

    fn take_policy(&self, step: &mut Step, now: Now, policy: &Arc<Policy>) {
        let digest = policy.settings().digest.clone();
        step.record(now, None, What::PolicyLoaded { digest, force: force(policy) });
        step.changes.push(Change::Policy(policy.clone()));
    }
}

/// Whether a policy no longer has what a case came of: it denies the act now, or
/// its role is gone or no longer the requester's. A policy that only observes
/// ends nothing.
fn is_over(policy: &Policy, case: &Case) -> bool {
    let request = case.request().map(|request| &request.opened);
    let asked = request.map(|opened| (&opened.requester, &opened.act));
    let asked = asked.or_else(|| case.about().map(|about| (&about.requester, &about.act)));
    let Some((person, act)) = asked else { return false };
    if matches!(case, Case::Outlived(_))
        || person.is_root()
        || policy.settings().mode == Mode::Observe
    {
        return false;
    }
    let role = request.and_then(|opened| opened.source.role.as_ref());
    role.is_some_and(|role| !policy.has_role(person, role))
        || matches!(policy.decide(person, act), Verdict::Deny(_))
}

/// The rest of a step whose records were cut off by a crash: the last of them
/// follow from the first.
fn complete(step: &mut Step, now: Now, id: RequestId, case: &Case) {
    match case {
        Case::Open(request) => {
            if let Some(no) = request.denial() {
                let (by, comment) = (By::Person(no.by.clone()), no.comment.clone());
                step.record(now, Some(id), What::RequestDenied { by, comment });
            } else if request.approvals() >= request.opened.needed {
                let (lasts, uses) = (request.granted_lasts(), request.granted_uses());
                step.record(now, Some(id), What::GrantStarted { lasts, uses });
            }
        }
        Case::Granted(grant) if grant.is_used_up() => {
            let (reason, by) = (EndReason::Used, By::Agent);
            step.record(now, Some(id), What::GrantEnded { reason, by, comment: None });
        }
        Case::Granted(_) | Case::Permitted(_) | Case::Outlived(_) => {}
    }
}
