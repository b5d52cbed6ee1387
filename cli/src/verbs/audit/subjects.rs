//! What each ID is about, learned while reading on: later events of an ID do not
//! say it again.

use std::collections::BTreeMap;

use writ_engine::facts::{Act, AttemptId, Person};
use writ_engine::id::RequestId;
use writ_engine::record::{About, Record, Source, What};

/// Who asked for what, and why.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) requester: Person,
    pub(crate) act: Act,
    pub(crate) reason: Option<String>,
    pub(crate) ticket: Option<String>,
    pub(crate) source: Source,
    /// The question that it was put as; none where the policy decided at once, and so
    /// nobody looked at what a window would lend.
    pub(crate) question: Option<Question>,
}

/// What a question says beyond the act.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) sha256: Option<String>,
    /// The grant that was to stand longer, where that was asked.
    pub(crate) extends: Option<RequestId>,
}

impl Subject {
    /// The grant that was to stand longer, where that was asked.
    pub(crate) fn extends(&self) -> Option<RequestId> {
        self.question.as_ref()?.extends
    }

    /// Whether the requester acts through, or came in by, the account `user`.
    pub(crate) fn is_of(&self, user: &str) -> bool {
        let person = &self.requester;
        person.account.name == user || person.login.as_ref().is_some_and(|login| login.name == user)
    }

    fn of(record: &Record) -> Option<Self> {
        match &record.what {
            What::RequestOpened(opened) => Some(Self {
                requester: opened.requester.clone(),
                act: opened.act.clone(),
                reason: opened.reason.clone(),
                ticket: opened.ticket.clone(),
                source: opened.source.clone(),
                question: Some(Question { sha256: opened.sha256.clone(), extends: opened.extends }),
            }),
            What::DecisionMade(made) => made.about.as_ref().map(Self::of_about),
            What::BreakGlassUsed(used) => Some(Self::of_about(&used.about)),
            _ => None,
        }
    }

    fn of_about(about: &About) -> Self {
        Self {
            requester: about.requester.clone(),
            act: about.act.clone(),
            reason: about.reason.clone(),
            ticket: about.ticket.clone(),
            source: about.source.clone(),
            question: None,
        }
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known<'a> {
    /// What its ID is about, where that is known.
    pub(crate) subject: Option<&'a Subject>,
    /// The command that runs, where the ID is that of a window, which is for many.
    pub(crate) run: Option<&'a Subject>,
}

/// The subjects of the events that were read.
#[derive(Debug, Default)]
pub(crate) struct Subjects {
    by_id: BTreeMap<RequestId, Subject>,
    /// The commands that run under a window; each to its end.
    runs: BTreeMap<AttemptId, Subject>,
    /// The one that started or ended with the record that was learned last.
    run: Option<Subject>,
}

impl Subjects {
    /// Learns from a record, and returns what it is about. Where the part of the
    /// ledger that said so was removed, that is unknown.
    pub(crate) fn of(&mut self, record: &Record) -> Known<'_> {
        let Some(id) = record.id else { return Known::default() };
        if let Some(subject) = Subject::of(record) {
            self.by_id.insert(id, subject);
        }
        self.run = match &record.what {
            What::CommandStarted { attempt, about: Some(about), .. } => {
                let run = Subject::of_about(about);
                self.runs.insert(attempt.clone(), run.clone());
                Some(run)
            }
            What::CommandFinished { attempt, .. } => self.runs.remove(attempt),
            _ => None,
        };
        Known { subject: self.by_id.get(&id), run: self.run.as_ref() }
    }
}
