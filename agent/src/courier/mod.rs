//! The agent's side of the courier, which carries to the network what the agent, which
//! has none, may not: what it is to carry ([`settings`]), the events of the ledger
//! ([`events`]), and how it fares ([`standing`]).
//!
//! Invariant: these calls tell, and count; none of them decides or changes anything that
//! is granted. A courier in the wrong hands can hold back what it is to carry.

mod cursor;
mod ends;
mod enroll;
mod events;
mod outbox;
mod settings;
mod standing;
mod story;
mod unreachable;

pub(crate) use ends::Ends;
pub(crate) use enroll::enroll;
pub(crate) use events::events;
pub(crate) use outbox::outbox;
pub(crate) use settings::settings;
pub(crate) use standing::{findings, listed, state};
pub(crate) use unreachable::refuse_what_cannot_go;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::watch;
use writ_policy::Remote;
use writ_protocol::ErrorReply;
use writ_protocol::courier::{ACCOUNT, CollectorState};

use crate::agent::Agent;
use crate::connection::Caller;
use crate::stream::StreamError;

/// What the agent knows of the courier.
#[derive(Debug)]
pub(crate) struct Courier {
    remote: watch::Sender<Remote>,
    /// Connections on which it is told what to carry: it is there while there is one.
    present: Rc<Cell<usize>>,
    /// Connections that read events.
    readers: Rc<Cell<usize>>,
    /// Connections that read questions.
    outbox_readers: Rc<Cell<usize>>,
    collectors: RefCell<Vec<CollectorState>>,
    hub_error: RefCell<Option<String>>,
}

/// Why nothing more is told on a connection.
pub(crate) enum Ended {
    /// The connection cannot be used any more.
    Stream(StreamError),
    /// The caller is told why.
    Refused(ErrorReply),
}

impl From<StreamError> for Ended {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

impl From<ErrorReply> for Ended {
    fn from(error: ErrorReply) -> Self {
        Self::Refused(error)
    }
}

impl Courier {
    /// With what the policy has for it.
    #[must_use]
    pub(crate) fn new(remote: Remote) -> Self {
        Self {
            remote: watch::Sender::new(remote),
            present: Rc::default(),
            readers: Rc::default(),
            outbox_readers: Rc::default(),
            collectors: RefCell::default(),
            hub_error: RefCell::default(),
        }
    }

    /// Takes what a new policy has for it.
    pub(crate) fn set(&self, remote: Remote) {
        self.remote.send_if_modified(|known| {
            let is_new = *known != remote;
            *known = remote;
            is_new
        });
    }

    /// Whether questions do not get to the hub that they should get to.
    fn is_hub_away(&self) -> bool {
        self.remote.borrow().hub.is_some() && !self.carries()
    }

    /// Whether questions get to a hub.
    fn carries(&self) -> bool {
        let is_there = self.present.get() > 0 && self.hub_error.borrow().is_none();
        self.remote.borrow().hub.is_some() && is_there
    }

    /// Whether it has anything to carry.
    #[must_use]
    pub(crate) fn is_wanted(&self) -> bool {
        let remote = self.remote.borrow();
        remote.hub.is_some() || !remote.audit.collectors.is_empty()
    }
}

/// One more of something, until it is dropped.
struct Counted(Rc<Cell<usize>>);

impl Counted {
    fn one_more(of: &Rc<Cell<usize>>) -> Self {
        of.set(of.get().saturating_add(1));
        Self(Rc::clone(of))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// Lets root and the courier's account pass.
///
/// # Errors
/// For everybody else.
pub(crate) async fn admit(agent: &Rc<Agent>, caller: &Caller) -> Result<(), ErrorReply> {
    if caller.peer.is_root() {
        return Ok(());
    }
    let person = agent.person(caller.peer.uid, &caller.process).await?;
    if person.account.name == ACCOUNT { Ok(()) } else { Err(ErrorReply::PermissionDenied) }
}
