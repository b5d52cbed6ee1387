//! What each ID is about, learned while reading on: later events of an ID do not
//! say it again.

use std::collections::BTreeMap;

use writ_engine::facts::{Act, Action, Person};
use writ_engine::id::RequestId;
use writ_engine::record::{Record, Source, What};
use writ_protocol::calls::{Command, RunAs};

/// Who asked for what, and why.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) requester: Person,
    pub(crate) act: Act,
    pub(crate) reason: Option<String>,
    pub(crate) ticket: Option<String>,
    pub(crate) source: Source,
    pub(crate) sha256: Option<String>,
}

impl Subject {
    /// The command in the form that it is shown in.
    pub(crate) fn command(&self) -> Command {
        let command = &self.act.command;
        Command {
            path: command.path.clone(),
            argv: command.argv.clone(),
            cwd: command.cwd.clone(),
            run_as: RunAs {
                user: command.run_as.user.clone(),
                uid: command.run_as.uid.0,
                group: command.run_as.group.clone(),
            },
            edit: command.action == Action::Edit,
        }
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
                sha256: opened.sha256.clone(),
            }),
            What::DecisionMade(made) => made.about.as_ref().map(|about| Self {
                requester: about.requester.clone(),
                act: about.act.clone(),
                reason: about.reason.clone(),
                ticket: about.ticket.clone(),
                source: about.source.clone(),
                sha256: None,
            }),
            _ => None,
        }
    }
}

/// The subjects of the events that were read.
#[derive(Debug, Default)]
pub(crate) struct Subjects {
    by_id: BTreeMap<RequestId, Subject>,
}

impl Subjects {
    /// Learns from a record, and returns what it is about. Where the part of the
    /// ledger that said so was removed, that is unknown.
    pub(crate) fn of(&mut self, record: &Record) -> Option<&Subject> {
        let id = record.id?;
        if let Some(subject) = Subject::of(record) {
            self.by_id.insert(id, subject);
        }
        self.by_id.get(&id)
    }
}
