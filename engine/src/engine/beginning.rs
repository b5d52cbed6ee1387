//! The agent starts, and policies come into force.

use alloc::string::String;
use alloc::sync::Arc;

use super::Engine;
use super::asking::force;
use super::circumstance::Circumstance;
use super::ending::Over;
use super::windows::is_withdrawn;
use crate::effect::{Effect, Step};
use crate::facts::{Aim, Evidence};
use crate::id::{IdKey, IdSequence, RequestId};
use crate::policy::{Mode, Policy, Verdict};
use crate::record::{By, EndReason, ExpiryReason, What};
use crate::state::{Case, Change, OpenRequest};
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
                if is_over(now, &policy, case) {
                    self.end(&mut step, now, id, case, Over::Policy);
                } else {
                    self.complete(&mut step, now, id, case);
                }
            }
        }
        // Whatever an earlier life of the agent lent, what is lent now is said anew.
        step.effects.push(Effect::Lend);
        if !booted {
            self.end_what_was_left(&mut step);
        }
        step
    }

    pub(super) fn policy_loaded(&self, now: Now, policy: Arc<Policy>) -> Step {
        let mut step = Step::default();
        self.take_policy(&mut step, now, &policy);
        for (id, case) in self.durable.cases.iter() {
            if is_over(now, &policy, case) {
                self.end(&mut step, now, id, case, Over::Policy);
            }
        }
        step
    }

    /// The rest of a step whose records were cut off by a crash: the last of them
    /// follow from the first.
    fn complete(&self, step: &mut Step, now: Now, id: RequestId, case: &Case) {
        match case {
            Case::Open(request) => self.complete_request(step, now, id, request),
            Case::Granted(grant) if grant.is_used_up() => {
                let (reason, by) = (EndReason::Used, By::Agent);
                step.record(now, Some(id), What::GrantEnded { reason, by, comment: None });
                self.follow_the_end(step, now, id, reason);
            }
            // Said before a crash, and perhaps not done.
            Case::Outlived(_) => self.stop_runs(step, id),
            Case::Granted(_) | Case::Window(_) | Case::Permitted(_) => {}
        }
    }

    fn complete_request(&self, step: &mut Step, now: Now, id: RequestId, request: &OpenRequest) {
        let lasts = request.granted_lasts();
        if let Some(no) = request.denial() {
            let (by, comment) = (no.by.clone(), no.comment.clone());
            step.record(now, Some(id), What::RequestDenied { by: By::Person(by), comment });
            return;
        }
        let quorum = request.approvals() >= request.opened.needed;
        match request.opened.extends {
            Some(grant) if self.durable.cases.get(grant).is_none_or(Case::is_outlived) => {
                self.expire(step, now, id, request, ExpiryReason::GrantEnded);
            }
            Some(grant) if quorum => {
                self.extended(step, now, grant, id, lasts);
            }
            None if quorum => {
                let uses = request.granted_uses();
                step.record(now, Some(id), What::GrantStarted { lasts, uses });
            }
            Some(_) | None => {}
        }
    }

    fn take_policy(&self, step: &mut Step, now: Now, policy: &Arc<Policy>) {
        let digest = policy.settings().digest.clone();
        step.record(now, None, What::PolicyLoaded { digest, force: force(policy) });
        step.changes.push(Change::Policy(policy.clone()));
    }
}

/// Whether a policy no longer has what a case came of: it denies the act now, or
/// its role is gone or no longer the requester's. A policy that only observes
/// ends nothing but windows, which add.
fn is_over(now: Now, policy: &Policy, case: &Case) -> bool {
    let request = case.request().map(|request| &request.opened);
    let asked = request.map(|opened| (&opened.requester, &opened.act));
    let asked = asked.or_else(|| case.about().map(|about| (&about.requester, &about.act)));
    let Some((person, act)) = asked else { return false };
    if case.is_outlived() || person.is_root() {
        return false;
    }
    let loses_its_role = || {
        let role = request.and_then(|opened| opened.source.role.as_ref());
        role.is_some_and(|role| !policy.has_role(person, role))
    };
    let of_request = request.map(|opened| &opened.sha256);
    let sha256 = of_request.or_else(|| case.about().map(|about| &about.sha256));
    let found = Evidence::on_record(sha256.cloned().flatten());
    let circumstance = || {
        let of_request = request.map(|opened| Circumstance::of_request(now, opened));
        let of = of_request.or_else(|| case.about().map(|about| Circumstance::of_act(now, about)));
        of.map(|of| of.with_file(Some(&found)))
    };
    let is_denied = |verdict| matches!(verdict, Verdict::Deny(_));
    match &act.aim {
        Aim::Window(window) => is_withdrawn(policy, person, window),
        Aim::Command(_) | Aim::Session(_) if policy.settings().mode == Mode::Observe => false,
        Aim::Command(command) => {
            let is_denied = |of| is_denied(policy.decide(person, command, of));
            loses_its_role() || circumstance().is_some_and(is_denied)
        }
        Aim::Session(session) => {
            let is_denied = |of| is_denied(policy.decide_session(person, session, of));
            loses_its_role()
                || policy.names_service(&session.service) && circumstance().is_some_and(is_denied)
        }
    }
}
