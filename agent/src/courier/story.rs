//! What a record is about, kept beyond the record that ends it.

use writ_engine::facts::{Act, Person};
use writ_engine::id::RequestId;
use writ_engine::record::Source;
use writ_engine::{Record, Subject};

/// A [`Subject`] of its own.
pub(super) struct Story {
    id: RequestId,
    requester: Person,
    act: Act,
    source: Source,
    reason: Option<String>,
    ticket: Option<String>,
    digest: Option<String>,
}

impl Story {
    /// Keeps what a record is about, where it belongs to a request.
    pub(super) fn of(record: &Record, subject: Option<&Subject<'_>>) -> Option<Self> {
        let (id, subject) = (record.id?, subject?);
        Some(Self {
            id,
            requester: subject.requester.clone(),
            act: subject.act.clone(),
            source: subject.source.clone(),
            reason: subject.reason.map(str::to_owned),
            ticket: subject.ticket.map(str::to_owned),
            digest: subject.digest.map(str::to_owned),
        })
    }

    /// For another record of the same request.
    pub(super) fn subject_of(&self, record: &Record) -> Option<Subject<'_>> {
        (record.id == Some(self.id)).then_some(Subject {
            requester: &self.requester,
            act: &self.act,
            source: &self.source,
            reason: self.reason.as_deref(),
            ticket: self.ticket.as_deref(),
            digest: self.digest.as_deref(),
        })
    }
}
