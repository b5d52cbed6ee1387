//! The connection to the agent, made and made again.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use writ_protocol::calls::{Method, Replies};
use writ_protocol::{CallError, ConnectError, Connection, Follows, Received, WITHOUT_AGENT_SOCKET};

use crate::talk::{Left, Talk, Woken};

/// How long the agent may take to take a connection or a call.
pub const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// How long a lost agent is tried again. systemd listens on its socket all the
/// while, so that this is the time of a restart.
pub(crate) const RECONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// How long a door looks for an answer before it sleeps. What policy decides comes within
/// it; to be woken from sleep would take about as long again.
const WAKEFUL: Duration = Duration::from_micros(300);

/// Before the second try; each pause after it is twice as long, up to
/// [`RETRY_PAUSE_MAX`], so that an agent that cannot start is not started without
/// end (systemd would give its socket up: systemd.socket(5), TriggerLimitBurst).
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause between two tries.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No reply, or an error.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The person left.
    #[error(transparent)]
    Left(#[from] Left),
}

impl LinkError {
    /// Whether the agent cannot be reached: it is not there, or says nothing.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Call(CallError::TimedOut)) || self.is_loss()
    }

    /// Whether the agent went away, so that another try is worth it.
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::Call(CallError::Closed | CallError::Io(_)))
    }
}

/// Where the agent listens, and the connection if there is one.
pub struct Link {
    socket: PathBuf,
    connection: Option<Connection>,
    /// Whether a call was just sent, so that its answer may come in a moment.
    is_sent: bool,
    /// Before the next try.
    pause: Duration,
    /// The connection was made ahead, and nothing has come on it yet: the agent may
    /// have let it go meanwhile.
    is_ahead: bool,
}

impl Link {
    /// Not connected yet.
    pub fn new(socket: PathBuf) -> Self {
        Self { socket, connection: None, is_sent: false, pause: RETRY_PAUSE, is_ahead: false }
    }

    /// Connected ahead, where that can be done at once: the agent gets ready while sudo
    /// reads its own files. Where it cannot, [`Link::connect`] says why.
    pub fn ahead(socket: PathBuf) -> Self {
        let connection = Connection::open(&socket, Duration::ZERO).ok();
        Self { is_ahead: connection.is_some(), connection, ..Self::new(socket) }
    }

    /// Says that a call follows at once, so that the agent gets ready while the door puts
    /// its question together. What cannot be done at once is not done.
    pub fn announce(&mut self) {
        if self.connection.is_none() {
            self.connection = Connection::open(&self.socket, Duration::ZERO).ok();
            self.is_ahead = self.connection.is_some();
        }
        if let Some(connection) = &mut self.connection {
            connection.announce();
        }
    }

    /// The way to what answers while the agent cannot be reached, which is beside it.
    pub(crate) fn without_agent(&self) -> Self {
        Self::new(self.socket.with_file_name(WITHOUT_AGENT_SOCKET))
    }

    /// Whether it is the way to the agent at `socket`.
    pub fn leads_to(&self, socket: &Path) -> bool {
        self.socket == socket
    }

    /// Drops a connection that was made ahead and never answered; says whether there
    /// was one. That it was lost is nothing to tell of.
    pub fn drop_ahead(&mut self) -> bool {
        let was_ahead = std::mem::take(&mut self.is_ahead);
        if was_ahead {
            self.connection = None;
        }
        was_ahead
    }

    /// Connects unless connected. An agent that is not there is told at once, one
    /// that is busy within [`CONNECT_PATIENCE`].
    pub fn connect(&mut self, talk: &mut dyn Talk) -> Result<(), LinkError> {
        if self.connection.is_some() {
            return Ok(());
        }
        let deadline = Instant::now() + CONNECT_PATIENCE;
        self.try_until(talk, deadline, |error| matches!(error, ConnectError::Busy { .. }))
    }

    /// Drops the connection and makes another, trying until `deadline`.
    pub fn reconnect(&mut self, talk: &mut dyn Talk, deadline: Instant) -> Result<(), LinkError> {
        self.connection = None;
        self.rest(talk, deadline)?;
        self.try_until(talk, deadline, |_| true)
    }

    fn try_until(
        &mut self,
        talk: &mut dyn Talk,
        deadline: Instant,
        may_pass: impl Fn(&ConnectError) -> bool,
    ) -> Result<(), LinkError> {
        loop {
            match Connection::open(&self.socket, Duration::ZERO) {
                Ok(connection) => {
                    self.connection = Some(connection);
                    return Ok(());
                }
                Err(error) if !may_pass(&error) || Instant::now() >= deadline => {
                    return Err(error.into());
                }
                Err(_) => self.rest(talk, deadline)?,
            }
        }
    }

    fn rest(&mut self, talk: &mut dyn Talk, deadline: Instant) -> Result<(), Left> {
        let end = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(RETRY_PAUSE_MAX);
        talk.pause(end.min(deadline))
    }

    /// Sends a call.
    pub fn send<M: Method>(&mut self, method: &M, replies: Replies) -> Result<(), LinkError> {
        let connection = self.connection.as_mut().ok_or(CallError::Closed)?;
        connection.send(method, replies, CONNECT_PATIENCE)?;
        self.is_sent = true;
        Ok(())
    }

    /// Waits for the next reply; `None` when the screen may have changed or
    /// `until` is there.
    pub fn reply<M: Method>(
        &mut self,
        talk: &mut dyn Talk,
        until: Instant,
    ) -> Result<Option<(M::Reply, Follows)>, LinkError> {
        let connection = self.connection.as_mut().ok_or(CallError::Closed)?;
        loop {
            let received = match std::mem::take(&mut self.is_sent) {
                true => wakefully(|| connection.receive::<M>())?,
                false => connection.receive::<M>()?,
            };
            if let Received::Reply(reply, follows) = received {
                self.pause = RETRY_PAUSE;
                self.is_ahead = false;
                return Ok(Some((reply, follows)));
            }
            if talk.until(Some(connection.as_fd()), until)? != Woken::Ready {
                return Ok(None);
            }
        }
    }

    /// Calls a method that has one reply.
    pub fn call<M: Method>(
        &mut self,
        talk: &mut dyn Talk,
        method: &M,
        patience: Duration,
    ) -> Result<M::Reply, LinkError> {
        let deadline = Instant::now() + patience;
        self.send(method, Replies::One)?;
        while Instant::now() < deadline {
            if let Some((reply, _)) = self.reply::<M>(talk, deadline)? {
                return Ok(reply);
            }
        }
        Err(CallError::TimedOut.into())
    }
}

/// Looks until something has come, or for [`WAKEFUL`]. In between others may run, the
/// agent first of all.
fn wakefully<R>(
    mut look: impl FnMut() -> Result<Received<R>, CallError>,
) -> Result<Received<R>, CallError> {
    let end = Instant::now() + WAKEFUL;
    loop {
        std::thread::yield_now();
        match look()? {
            Received::Pending if Instant::now() < end => {}
            received => return Ok(received),
        }
    }
}
