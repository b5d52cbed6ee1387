//! What others may look at.

use alloc::string::String;
use alloc::vec::Vec;

use super::Engine;
use crate::facts::{Act, AttemptId, Leader, Person, Uid, Window};
use crate::id::RequestId;
use crate::policy::Policy;
use crate::record::{About, Opened, Outcome, Record, Source, What};
use crate::state::{Case, OpenRequest, Stand};
use crate::time::{BootTime, Now};

/// Where a listed request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// People are asked.
    Pending,
    /// It may be used.
    Granted,
    /// A command runs under it.
    Running,
}

/// One request or grant that people were asked about.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// Its ID.
    pub id: RequestId,
    /// Where it stands.
    pub stage: Stage,
    /// What was asked, with its question and digest.
    pub opened: &'a Opened,
    /// When it was opened.
    pub at: Now,
    /// When it expires or ends; `None` when only its commands still run.
    pub deadline: Option<BootTime>,
    /// How often it may still be started.
    pub uses_left: u32,
    /// How many commands run under it.
    pub running: usize,
    request: &'a OpenRequest,
}

/// What one person answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// Who.
    pub by: &'a Person,
    /// The approver whose place he took, where that was not his own.
    pub in_place_of: Option<&'a str>,
    /// What: [`Outcome::Approve`] or [`Outcome::Deny`].
    pub outcome: Outcome,
    /// What he had to say.
    pub comment: Option<&'a str>,
    /// When.
    pub at: Now,
}

/// A command that runs, as far as the ledger knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running<'a> {
    /// Which run it is.
    pub attempt: &'a AttemptId,
    /// Its request or grant.
    pub id: RequestId,
    /// The process that it started from, where the ledger names it.
    pub leader: Option<Leader>,
    /// What started it.
    pub starter: Starter,
    /// Whose it is.
    pub account: Option<Uid>,
    /// When what it runs under is over, where that is known.
    pub until: Option<BootTime>,
}

/// What starts a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starter {
    /// Its door: sudo, from its own process.
    Door,
    /// PID 1, as a service: `writ run`.
    FirstProcess,
}

/// What a record is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Who asked.
    pub requester: &'a Person,
    /// What for.
    pub act: &'a Act,
    /// The role and rule.
    pub source: &'a Source,
    /// Why.
    pub reason: Option<&'a str>,
    /// The ticket.
    pub ticket: Option<&'a str>,
    /// The digest of the question, where people are asked.
    pub digest: Option<&'a str>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests that wait for people.
    pub open: usize,
    /// Grants that stand.
    pub granted: usize,
    /// Commands that run.
    pub running: usize,
}

impl Engine {
    /// Every request and grant that people were asked about, by ID.
    pub fn list(&self) -> impl Iterator<Item = Listed<'_>> {
        self.durable.cases.iter().filter_map(|(id, case)| Listed::of(id, case))
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: RequestId) -> Option<Listed<'_>> {
        Listed::of(id, self.durable.cases.get(id)?)
    }

    /// The exact text of a question, and its digest.
    #[must_use]
    pub fn question(&self, id: RequestId) -> Option<(&str, &str)> {
        let opened = self.get(id)?.opened;
        Some((&opened.question, &opened.digest))
    }

    /// What an ID is about. Gone when its last record was applied: see
    /// [`Engine::subject_of`].
    #[must_use]
    pub fn subject(&self, id: RequestId) -> Option<Subject<'_>> {
        let case = self.durable.cases.get(id)?;
        let request = case.request().map(|request| Subject::of_opened(&request.opened));
        request.or_else(|| case.about().map(Subject::of_about))
    }

    /// What a record of a step is about, to be asked before the step is applied.
    #[must_use]
    pub fn subject_of<'a>(&'a self, record: &'a Record) -> Option<Subject<'a>> {
        match &record.what {
            What::RequestOpened(opened) => Some(Subject::of_opened(opened)),
            What::DecisionMade(made) if made.about.is_some() => {
                made.about.as_ref().map(Subject::of_about)
            }
            What::BreakGlassUsed(used) => Some(Subject::of_about(&used.about)),
            What::CommandStarted { about: Some(about), .. } => Some(Subject::of_about(about)),
            What::SubcommandStarted { attempt, .. } | What::CommandFinished { attempt, .. } => {
                let run = self.durable.cases.get(record.id?)?.run(attempt);
                let about = run.and_then(|run| run.about.as_deref()).map(Subject::of_about);
                about.or_else(|| self.subject(record.id?))
            }
            _ => self.subject(record.id?),
        }
    }

    /// The file whose digest is wanted when an attempt confirms: the one that what
    /// allows it is bound to, or one that a rule under an open window may be pinned to.
    #[must_use]
    pub fn bound_file(&self, id: RequestId, attempt: &AttemptId) -> Option<&str> {
        let case = self.durable.cases.get(id)?;
        let aim = match case {
            Case::Granted(grant) => {
                let opened = &grant.request.opened;
                opened.sha256.is_some().then_some(&opened.act.aim)
            }
            Case::Permitted(permit) => {
                permit.about.sha256.is_some().then_some(&permit.about.act.aim)
            }
            // Its start is on record, and its door asks again.
            Case::Window(_) | Case::Outlived(_) if case.runs(attempt) => {
                let about = case.about_run(attempt);
                about.filter(|about| about.sha256.is_some()).map(|about| &about.act.aim)
            }
            Case::Window(_) if self.policy.as_ref()?.has_pins() => {
                self.attempts.get(attempt).map(|attempt| &attempt.asked.act.aim)
            }
            Case::Window(_) | Case::Open(_) | Case::Outlived(_) => None,
        };
        aim?.command().map(|command| command.path.as_str())
    }

    /// Whether a person may see a request: its requester, who is asked, who
    /// answered, and root.
    #[must_use]
    pub fn visible_to(&self, now: Now, person: &Person, id: RequestId) -> bool {
        let Some(case) = self.durable.cases.get(id) else { return false };
        let own = case.requester().is_some_and(|requester| requester.may_be(person));
        let asked = case.request().is_some_and(|request| {
            request.decisions.iter().any(|decision| decision.by.may_be(person))
                || self.places_in(now, person, request).is_ok_and(|places| !places.is_empty())
        });
        person.is_root() || own || asked
    }

    /// Whether an attempt waits for people.
    #[must_use]
    pub fn is_waiting(&self, attempt: &AttemptId) -> bool {
        matches!(self.attempts.get(attempt).map(|known| known.stand), Some(Stand::Waiting { .. }))
    }

    /// The commands that run. After a restart, the shell looks whether they still
    /// do, and says [`crate::Event::Left`] when not.
    pub fn running(&self) -> impl Iterator<Item = Running<'_>> {
        let running = self.durable.cases.running();
        running.map(|(attempt, id, case)| {
            let leader = case.leader(attempt);
            let starter =
                if case.is_service(attempt) { Starter::FirstProcess } else { Starter::Door };
            let account = case.requester().map(|person| person.account.uid);
            Running { attempt, id, leader, starter, account, until: case.deadline() }
        })
    }

    /// What a window lends, as long as it is open.
    #[must_use]
    pub fn window(&self, id: RequestId) -> Option<&Window> {
        match self.durable.cases.get(id)? {
            Case::Window(open) => open.window(),
            _ => None,
        }
    }

    /// How much there is.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            open: self.durable.cases.total().open,
            granted: self.durable.cases.granted(),
            running: self.running().count(),
        }
    }

    /// The policy in force, once started.
    #[must_use]
    pub fn policy_in_force(&self) -> Option<&Policy> {
        self.policy.as_deref()
    }

    /// The boot that the durable deadlines belong to.
    #[must_use]
    pub fn boot_id(&self) -> Option<&String> {
        self.durable.boot_id.as_ref()
    }
}

impl<'a> Listed<'a> {
    fn of(id: RequestId, case: &'a Case) -> Option<Self> {
        let request = case.request()?;
        let running = case.running().count();
        let (stage, uses_left) = match case {
            Case::Open(_) => (Stage::Pending, request.granted_uses()),
            Case::Granted(grant) if running == 0 => (Stage::Granted, grant.uses_left),
            Case::Granted(grant) => (Stage::Running, grant.uses_left),
            Case::Window(_) if running == 0 => (Stage::Granted, 0),
            Case::Window(_) => (Stage::Running, 0),
            Case::Outlived(_) | Case::Permitted(_) => (Stage::Running, 0),
        };
        let (opened, at, deadline) = (&*request.opened, request.at, case.deadline());
        Some(Self { id, stage, opened, at, deadline, uses_left, running, request })
    }

    /// Who may decide, as the policy names them.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.request.asked()
    }

    /// Who has answered what, in order.
    pub fn answers(&self) -> impl Iterator<Item = Answered<'a>> + use<'a> {
        self.request.decisions.iter().map(|decision| Answered {
            by: &decision.by,
            in_place_of: decision.in_place_of.as_deref(),
            outcome: decision.outcome,
            comment: decision.comment.as_deref(),
            at: decision.at,
        })
    }
}

impl<'a> Subject<'a> {
    fn of_opened(opened: &'a Opened) -> Self {
        Self {
            requester: &opened.requester,
            act: &opened.act,
            source: &opened.source,
            reason: opened.reason.as_deref(),
            ticket: opened.ticket.as_deref(),
            digest: Some(&opened.digest),
        }
    }

    fn of_about(about: &'a About) -> Self {
        Self {
            requester: &about.requester,
            act: &about.act,
            source: &about.source,
            reason: about.reason.as_deref(),
            ticket: about.ticket.as_deref(),
            digest: None,
        }
    }
}
