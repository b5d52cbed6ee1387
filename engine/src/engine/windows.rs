//! Windows of roles: asked for as a whole, and what runs under them.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::actions::group_of;
use super::asking::Settled;
use super::circumstance::Circumstance;
use super::opening::{Bound, sound};
use super::{Engine, sentences};
use crate::effect::{Answer, Effect, Refusal, Step};
use crate::facts::{Action, Aim, AttemptId, Evidence, Person, Uid, Window};
use crate::id::RequestId;
use crate::policy::{Ask, Asking, Policy, Verdict, WindowTerms, WindowVerdict};
use crate::record::{About, By, Force, Made, Outcome, Source, What};
use crate::seating::Seating;
use crate::state::{Asked, Attempt, Decision, OpenWindow, Stand};
use crate::time::{BootTime, Now, Span};

/// A membership that an open window lends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loan<'a> {
    /// To whom.
    pub person: &'a Person,
    /// Which group.
    pub group: Cow<'a, str>,
    /// Its number.
    pub gid: u32,
    /// It is not lent from this instant on, whether its end is on record or not.
    pub until: BootTime,
}

/// A role that is open for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenRole {
    /// The grant.
    pub id: RequestId,
    /// Until it ends.
    pub remaining: Span,
}

impl Engine {
    /// The window of a role that is open for a person, the one that ends last.
    #[must_use]
    pub fn open_role(&self, now: Now, person: &Person, role: &str) -> Option<OpenRole> {
        let (id, open) = self.open_window_of(now, person, role)?;
        Some(OpenRole { id, remaining: open.until.since(now.boot) })
    }

    pub(super) fn open_window_of(
        &self,
        now: Now,
        person: &Person,
        role: &str,
    ) -> Option<(RequestId, &OpenWindow)> {
        let all = self.windows_of(now, person);
        let of_role = all.filter(|(_, open)| open.window().is_some_and(|open| open.role == role));
        of_role.max_by_key(|(_, open)| open.until)
    }

    /// Every membership that is lent.
    pub fn loans(&self) -> impl Iterator<Item = Loan<'_>> {
        self.durable.cases.windows().flat_map(|(_, open)| {
            let (person, until) = (&open.request.opened.requester, open.until);
            let groups = open.window().into_iter().flat_map(|window| &window.groups);
            let groups = groups.map(|(group, gid)| (Cow::Borrowed(group.as_str()), *gid));
            let actions = open.window().into_iter().flat_map(|window| &window.actions);
            let actions = actions.map(|(action, gid)| (Cow::Owned(group_of(action)), *gid));
            groups.chain(actions).map(move |(group, gid)| Loan { person, group, gid, until })
        })
    }

    /// The windows that lend groups: which, until when, to whom, on what terms.
    pub fn lending(&self) -> impl Iterator<Item = (RequestId, BootTime, &Person, &Window)> {
        self.durable.cases.windows().filter_map(|(id, open)| {
            let window = open.window().filter(|window| !window.groups.is_empty())?;
            Some((id, open.until, &open.request.opened.requester, window))
        })
    }

    /// Whose windows end with their last login session.
    pub fn until_logout(&self) -> impl Iterator<Item = Uid> {
        let windows = self.durable.cases.windows();
        let until_logout =
            windows.filter(|(_, open)| open.window().is_some_and(|window| window.end_on_logout));
        until_logout.map(|(_, open)| open.request.opened.requester.logged_in_as())
    }

    /// The window of a person's that stands for the answer to what a rule of `role`
    /// asks: one that the policy opened by itself, or one whose approvers would have
    /// been enough for the rule too, proof of who they are included. So nothing passes
    /// under a window that those who allowed it could not have allowed.
    pub(super) fn covering(
        &self,
        now: Now,
        person: &Person,
        role: &str,
        ask: &Ask,
    ) -> Option<(RequestId, &OpenWindow)> {
        let policy = self.policy().ok()?;
        let enough = |open: &OpenWindow| {
            let seats = ask.seats();
            let mut seating = Seating::of(seats.iter().map(|seats| seats.count));
            let requester = &open.request.opened.requester;
            let counting = |said: &&Decision| ask.self_approval || !requester.may_be(&said.by);
            for said in open.request.approvals_made().filter(counting) {
                // By who they were when they approved, so that no window closes with a shift.
                let on = open.request.occasion(said.at.wall);
                seating.admit(&policy.places(&said.by, &seats, on));
            }
            let needed = seats.iter().fold(0_u32, |sum, seats| sum.saturating_add(seats.count));
            let proved = open.request.opened.reauth || !ask.reauth;
            let signed = open.request.opened.signed || !ask.signed;
            open.request.opened.needed == 0 || (proved && signed && seating.filled() >= needed)
        };
        self.windows_of(now, person).find(|(_, open)| {
            open.window().is_some_and(|window| window.role == role) && enough(open)
        })
    }

    /// The windows that are open for a person, as himself: somebody who came to his
    /// account by another one has none of them.
    pub(super) fn windows_of<'a, 'p>(
        &'a self,
        now: Now,
        person: &'p Person,
    ) -> impl Iterator<Item = (RequestId, &'a OpenWindow)> + use<'a, 'p> {
        let all = self.durable.cases.windows_of(person.account.uid);
        all.filter(move |(_, open)| now.boot < open.until && open.is_for(person))
    }

    /// What the policy says of a command or a session of a person who may have windows
    /// open; nothing of a window, which is another question.
    pub(super) fn verdict<'a>(
        &self,
        now: Now,
        policy: &'a Policy,
        asked: &Asked,
        evidence: Option<&Evidence>,
    ) -> Option<Verdict<'a>> {
        let of = Circumstance::of(now, asked).with_file(evidence).with_windows(self);
        match &asked.act.aim {
            Aim::Command(command) => Some(policy.decide(&asked.person, command, of)),
            Aim::Session(session) => Some(policy.decide_session(&asked.person, session, of)),
            Aim::Window(_) => None,
        }
    }

    /// Somebody asks for a role as a whole.
    pub(super) fn window_asked(
        &self,
        now: Now,
        policy: &Policy,
        attempt: AttemptId,
        asked: Asked,
        role: &str,
    ) -> Step {
        let terms = match policy.window_at(&asked.person, role, now.wall) {
            WindowVerdict::Allow(terms) | WindowVerdict::Ask(_, terms) => terms,
            WindowVerdict::Deny(why) => {
                let settled = Settled {
                    outcome: Outcome::Deny,
                    source: why.source(),
                    why: Some(why.to_string()),
                    sha256: None,
                };
                return self.settle(now, policy, attempt, asked, settled);
            }
        };
        if let Err(refusal) = short_enough(&asked, role, terms) {
            return Step::refused(refusal);
        }
        if terms.groups.is_empty() && terms.actions.is_empty() {
            return self.groups_found(now, attempt.clone(), Some(asked), &Found::default());
        }
        let mut step = Step::default();
        let mut groups = terms.groups.clone();
        groups.extend(terms.actions.iter().map(|action| group_of(action)));
        let numbers = self.numbers_for(&terms.actions);
        step.effects.push(Effect::FindGroups { attempt: attempt.clone(), groups, numbers });
        step.stands(attempt, Attempt { asked, stand: Stand::Examining });
        step
    }

    /// The groups that the window would lend were looked up; `asked` where there are
    /// none and so nobody had to wait.
    pub(super) fn groups_found(
        &self,
        now: Now,
        attempt: AttemptId,
        asked: Option<Asked>,
        found: &Found,
    ) -> Step {
        let waiting = || match self.attempts.get(&attempt) {
            Some(Attempt { asked, stand: Stand::Examining }) => Some(asked.clone()),
            // The door left meanwhile, or this was said before.
            _ => None,
        };
        let Some(mut asked) = asked.or_else(waiting) else { return Step::default() };
        let Aim::Window(wanted) = &asked.act.aim else { return Step::default() };
        let role = wanted.role.clone();
        let policy = match self.policy() {
            Ok(policy) => policy,
            Err(refusal) => return Step::refused(refusal),
        };
        let (terms, asking) = match policy.window_at(&asked.person, &role, now.wall) {
            WindowVerdict::Allow(terms) => (terms, None),
            WindowVerdict::Ask(asking, terms) => (terms, Some(asking)),
            // The policy changed meanwhile.
            WindowVerdict::Deny(_) => {
                return self.window_asked(now, policy, attempt, asked, &role);
            }
        };
        let window = match self.window_of(&role, terms, found) {
            Ok(window) => window,
            Err(why) => {
                let source = Source::of_role(role);
                let why = Some(why);
                let settled = Settled { outcome: Outcome::Deny, source, why, sha256: None };
                return self.settle(now, policy, attempt, asked, settled);
            }
        };
        asked.act.aim = Aim::Window(window);
        match asking {
            Some(asking) => self.ask_people(now, attempt, asked, &asking, None),
            None => self.open_window(now, policy, attempt, asked, terms),
        }
    }

    /// The policy opens a window by itself: the same story as if people had, with
    /// the policy in their place.
    fn open_window(
        &self,
        now: Now,
        policy: &Policy,
        attempt: AttemptId,
        asked: Asked,
        terms: &WindowTerms,
    ) -> Step {
        if let Some(step) = self.join(now, policy, &attempt, &asked, None) {
            return step;
        }
        let role = asked.act.aim.window().map(|window| window.role.clone());
        let asking = Asking {
            source: Source { role, ..Source::default() },
            ask: &of_nobody(policy, terms),
            allow_writable: false,
        };
        let bound = Bound { sha256: None, extends: None, needed: 0 };
        let (id, opened) = match self.put_question(now, policy, &asked, &asking, bound) {
            Ok(opened) => opened,
            Err(refusal) => {
                let mut step = Step::refused(refusal);
                step.is_no_more(attempt);
                return step;
            }
        };
        let (lasts, digest) = (opened.lasts, opened.digest.clone());
        let mut step = Step::default();
        step.sync();
        step.record(now, Some(id), What::RequestOpened(opened));
        step.record(now, Some(id), What::DecisionMade(by_policy(digest)));
        step.record(now, Some(id), What::GrantStarted { lasts, uses: 0 });
        step.effects.push(Effect::Lend);
        let message = Some(format!("{id} is open for {}", sentences::span(lasts)));
        step.dismiss(attempt, Answer::Allowed { id, message, remaining: Some(lasts) });
        step
    }

    /// A command that would be asked about, and whose role is open.
    pub(super) fn covered(
        &self,
        now: Now,
        policy: &Policy,
        attempt: AttemptId,
        asked: Asked,
        asking: &Asking<'_>,
        evidence: Option<&Evidence>,
    ) -> Step {
        if let Err(why) = sound(&asked, asking, evidence) {
            let (source, why) = (asking.source.clone(), Some(why));
            let settled = Settled { outcome: Outcome::Deny, source, why, sha256: None };
            return self.settle(now, policy, attempt, asked, settled);
        }
        let role = asking.source.role.as_deref().unwrap_or_default();
        let Some((id, open)) = self.covering(now, &asked.person, role, asking.ask) else {
            // It ended while the file was looked at.
            return self.ask_people(now, attempt, asked, asking, evidence);
        };
        let remaining = open.until.since(now.boot);
        let answer = Answer::Allowed { id, message: None, remaining: Some(remaining) };
        let mut step = Step::default();
        let stands = Attempt { asked, stand: Stand::Reserved { id } };
        if stands.will_run() {
            step.stands(attempt.clone(), stands);
        } else {
            step.is_no_more(attempt.clone());
        }
        step.answer(attempt, answer);
        step
    }

    /// What a command that starts under a window is, as the policy has it now; or
    /// nothing, when it is no longer covered by that window.
    pub(super) fn about_covered(
        &self,
        now: Now,
        attempt: &AttemptId,
        open: &OpenWindow,
        sha256: Option<&str>,
    ) -> Option<Box<About>> {
        let Attempt { asked, .. } = self.attempts.get(attempt)?;
        let policy = self.policy().ok()?;
        let found = Evidence::on_record(sha256.map(ToString::to_string));
        let verdict = self.verdict(now, policy, asked, Some(&found))?;
        let Verdict::Covered(asking) = verdict else { return None };
        (open.window()?.role == *asking.source.role.as_ref()?).then(|| {
            Box::new(About {
                attempt: Some(attempt.clone()),
                requester: asked.person.clone(),
                act: asked.act.clone(),
                reason: asked.wish.reason.clone(),
                ticket: asked.wish.ticket.clone(),
                sha256: sha256.map(ToString::to_string),
                source: asking.source,
            })
        })
    }
}

/// What a host says of groups.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) groups: BTreeMap<String, Option<u32>>,
    pub(super) free: BTreeSet<u32>,
}

impl Engine {
    /// What would be opened; or the sentence that says which group is not there.
    fn window_of(&self, role: &str, terms: &WindowTerms, found: &Found) -> Result<Window, String> {
        let mut groups = BTreeMap::new();
        for group in &terms.groups {
            let Some(gid) = found.groups.get(group).copied().flatten() else {
                return Err(format!(
                    "the role {role:?} lends the group {group:?}, and this host has no such group; have it made, or taken out of the role"
                ));
            };
            groups.insert(group.clone(), gid);
        }
        Ok(Window {
            role: role.to_string(),
            groups,
            actions: self.numbered(&terms.actions, &found.groups, &found.free)?,
            capabilities: terms.capabilities.clone(),
            root_equivalent: terms.root_equivalent.clone(),
            on_end: terms.on_end,
            end_on_logout: terms.end_on_logout,
        })
    }
}

fn short_enough(asked: &Asked, role: &str, terms: &WindowTerms) -> Result<(), Refusal> {
    match asked.wish.lasts {
        Some(lasts) if lasts > terms.max_duration => Err(Refusal::Refused(format!(
            "the role {role:?} is given for {} at most, not for {}; ask for less",
            sentences::span(terms.max_duration),
            sentences::span(lasts)
        ))),
        _ => Ok(()),
    }
}

/// How the policy asks where it asks nobody: only the bounds of the grant count.
pub(super) fn of_nobody(policy: &Policy, terms: &WindowTerms) -> Ask {
    Ask {
        from: Vec::new(),
        count: 0,
        all_of: Vec::new(),
        escalate: Vec::new(),
        remind: None,
        self_approval: false,
        reauth: false,
        signed: false,
        max_duration: terms.max_duration,
        ..policy.settings().ask.clone()
    }
}

/// The policy's own word on a question that was put to nobody.
pub(super) fn by_policy(digest: String) -> Made {
    Made {
        by: By::Policy,
        outcome: Outcome::Allow,
        force: Force::Enforced,
        comment: None,
        digest: Some(digest),
        lasts: None,
        uses: None,
        proved: false,
        signed: None,
        places: Vec::new(),
        in_place_of: None,
        self_approval: false,
        about: None,
        without_agent: None,
    }
}

/// Whether a policy no longer gives a window as it was given: its role is gone or no
/// longer the person's, or no longer lends all of what is lent.
pub(super) fn is_withdrawn(policy: &Policy, person: &Person, window: &Window) -> bool {
    match policy.window(person, &window.role) {
        WindowVerdict::Deny(_) => true,
        WindowVerdict::Allow(terms) | WindowVerdict::Ask(_, terms) => {
            !window.groups.keys().all(|group| terms.groups.contains(group))
                || !window.actions.keys().all(|action| terms.actions.contains(action))
                || !window.capabilities.is_subset(&terms.capabilities)
        }
    }
}

/// Whether an act has a file to look at before people are asked, or a window covers it.
pub(super) fn has_file(asked: &Asked) -> bool {
    asked.act.aim.command().is_some_and(|command| command.action == Action::Run)
}
