//! A command that has started is accompanied: its input and output, its signals, the
//! agent that watches it, to its end.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use writ_protocol::answers::{self, RunState};
use writ_protocol::calls::{AwaitRun, Replies, SignalRun};
use writ_protocol::{CallError, Connection, Received};

use super::relay::{self, Relay};
use super::signals::{Signals, stop};
use super::stdio::Running;
use crate::agent::{Agent, REPLY_PATIENCE};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::host::Host;

/// How long to try to come back to an agent that went away, as it does when it is
/// upgraded.
const RETURN_WITHIN: Duration = Duration::from_secs(10);

/// How long to leave an agent that is not there alone.
const RETURN_PAUSE: Duration = Duration::from_millis(200);

/// How long more of what a command wrote is waited for once it has ended: something that
/// it left behind may hold its output.
const OUTPUT_LAG: Duration = Duration::from_secs(2);

/// A command that runs.
pub(super) struct Journey<'a> {
    host: &'a Host,
    attempt: String,
    running: Running,
    signals: Signals,
    link: Link,
}

enum Link {
    Up(Connection),
    Lost { since: Instant },
}

impl<'a> Journey<'a> {
    pub(super) fn new(
        host: &'a Host,
        connection: Connection,
        attempt: String,
        running: Running,
        signals: Signals,
    ) -> Self {
        Self { host, attempt, running, signals, link: Link::Up(connection) }
    }

    /// Accompanies it, and tells how it ended. The terminal is as it was before then.
    ///
    /// # Errors
    /// When the agent is lost for good, or waiting fails.
    pub(super) fn finish(mut self) -> Result<answers::Run, Failure> {
        loop {
            if let Some(ended) = self.hear()? {
                self.drain()?;
                return Ok(ended);
            }
            self.wait()?;
        }
    }

    /// What the agent has told: the end, if it has come.
    fn hear(&mut self) -> Result<Option<answers::Run>, Failure> {
        if let Link::Lost { since } = self.link {
            self.come_back(since)?;
        }
        let Link::Up(connection) = &mut self.link else { return Ok(None) };
        loop {
            match connection.receive::<AwaitRun>() {
                Ok(Received::Reply(told, _)) if told.state == RunState::Ended => {
                    return Ok(Some(told));
                }
                Ok(Received::Reply(..)) => {}
                Ok(Received::Pending) => return Ok(None),
                Err(CallError::Closed | CallError::Io(_)) => {
                    self.link = Link::Lost { since: Instant::now() };
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Tries once to find the agent again.
    fn come_back(&mut self, since: Instant) -> Result<(), Failure> {
        let connected = Agent::connect(self.host).map_err(Failure::from).and_then(|agent| {
            let mut connection = agent.into_connection();
            let call = AwaitRun { attempt: self.attempt.clone() };
            connection.send(&call, Replies::More, REPLY_PATIENCE)?;
            Ok(connection)
        });
        match connected {
            Ok(connection) => self.link = Link::Up(connection),
            Err(_) if since.elapsed() < RETURN_WITHIN => {}
            Err(failure) => {
                let sentence = format!(
                    "{failure}; the command goes on until it ends or its window does, and nobody is here to tell how"
                );
                return Err(Failure::verb(Exit::Unreachable, sentence));
            }
        }
        Ok(())
    }

    /// Until something comes, and passes it on.
    fn wait(&mut self) -> Result<(), Failure> {
        let Self { running, signals, link, .. } = self;
        let mut events = vec![PollFd::new(&*signals, PollFlags::IN)];
        if let Link::Up(connection) = &*link {
            events.push(PollFd::new(connection, PollFlags::IN));
        }
        let first = events.len();
        let (into, inputs): (Vec<_>, Vec<_>) = relay::awaited(&running.input).unzip();
        let (out, outputs): (Vec<_>, Vec<_>) = relay::awaited(&running.output).unzip();
        events.extend(inputs);
        events.extend(outputs);
        let patience = matches!(link, Link::Lost { .. }).then_some(RETURN_PAUSE);
        let come = come(&mut events, patience)?;
        let has_signal = come.first() == Some(&true);
        let relays: Vec<bool> = come.into_iter().skip(first).collect();
        let (ins, outs) = relays.split_at(into.len().min(relays.len()));
        go_on(&mut running.input, &into, ins);
        go_on(&mut running.output, &out, outs);
        if has_signal {
            self.take_signals();
        }
        Ok(())
    }

    fn take_signals(&mut self) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::SIGWINCH => self.take_size(),
                Signal::SIGCONT => {}
                Signal::SIGTSTP => self.pause(),
                signal => self.pass_on(signal),
            }
        }
    }

    fn take_size(&self) {
        if let Some(terminal) = &self.running.terminal {
            terminal.take_size();
        }
    }

    /// Ctrl-Z where the terminal is the caller's own, or a signal from elsewhere: the
    /// command is stopped with this process, and goes on with it.
    fn pause(&mut self) {
        self.pass_on(Signal::SIGSTOP);
        if let Some(terminal) = &mut self.running.terminal {
            terminal.restore();
        }
        stop();
        if let Some(terminal) = &mut self.running.terminal {
            // One that is gone is told by a hang-up.
            let _ = terminal.make_raw();
        }
        self.take_size();
        self.pass_on(Signal::SIGCONT);
    }

    /// To the command. While the agent is away there is nobody to do it.
    fn pass_on(&mut self, signal: Signal) {
        if let Link::Up(connection) = &mut self.link {
            // A connection that is lost is noticed where it is read.
            let call = SignalRun { signal: signal as i32 };
            let _ = connection.send(&call, Replies::None, REPLY_PATIENCE);
        }
    }

    /// What was written before the end.
    fn drain(&mut self) -> Result<(), Failure> {
        let relays = &mut self.running.output;
        while relays.iter().any(|relay| !relay.is_done()) {
            let (of, mut events): (Vec<_>, Vec<_>) = relay::awaited(relays).unzip();
            let come = come(&mut events, Some(OUTPUT_LAG))?;
            if !come.contains(&true) {
                break;
            }
            go_on(relays, &of, &come);
        }
        Ok(())
    }
}

/// Which of the events have come.
fn come(events: &mut [PollFd<'_>], patience: Option<Duration>) -> Result<Vec<bool>, Failure> {
    let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
    match poll(events, patience.as_ref()) {
        Ok(_) => Ok(events.iter().map(|event| !event.revents().is_empty()).collect()),
        Err(Errno::INTR) => Ok(vec![false; events.len()]),
        Err(errno) => {
            let sentence = format!("waiting for the command failed: {errno}");
            Err(Failure::verb(Exit::Failed, sentence))
        }
    }
}

fn go_on(relays: &mut [Relay], of: &[usize], come: &[bool]) {
    for (index, come) in of.iter().zip(come) {
        if let Some(relay) = relays.get_mut(*index).filter(|_| *come) {
            relay.go_on();
        }
    }
}
