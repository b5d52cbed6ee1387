//! Standard input, output and error of the command.
//!
//! At a terminal it gets one of its own. Otherwise it gets what its caller has, where
//! the agent takes it: pipes, Unix sockets, the caller's terminal. What else there is,
//! a file above all, is read and written here and reaches it by a pipe.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl, fstat};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::getuid;
use writ_protocol::run::{DESCRIPTORS, passable};

use super::relay::Relay;
use super::terminal::Terminal;

/// What the command has, and what is relayed for it.
#[derive(Debug)]
pub(super) struct Stdio {
    for_command: [OwnedFd; DESCRIPTORS],
    terminal: Option<Terminal>,
    /// Into the command.
    input: Vec<Relay>,
    /// Out of it.
    output: Vec<Relay>,
}

/// What [`super::Journey`] goes on with.
pub(super) struct Running {
    pub(super) terminal: Option<Terminal>,
    pub(super) input: Vec<Relay>,
    pub(super) output: Vec<Relay>,
}

impl Stdio {
    /// # Errors
    /// What the system says.
    pub(super) fn of_caller() -> io::Result<Self> {
        let (input, output, error) = (io::stdin(), io::stdout(), io::stderr());
        if input.is_terminal() && output.is_terminal() {
            Self::with_terminal(error.as_fd())
        } else {
            Self::without_terminal(input.as_fd(), output.as_fd(), error.as_fd())
        }
    }

    fn with_terminal(error: BorrowedFd<'_>) -> io::Result<Self> {
        let (terminal, own) = Terminal::open()?;
        let master = terminal.master();
        unblock(master)?;
        let input = vec![Relay::new(clone(io::stdin())?, master.try_clone()?)];
        let mut output = vec![Relay::new(master.try_clone()?, clone(io::stdout())?)];
        let error =
            if error.is_terminal() { own.try_clone()? } else { handed_out(error, &mut output)? };
        let for_command = [own.try_clone()?, own, error];
        Ok(Self { for_command, terminal: Some(terminal), input, output })
    }

    fn without_terminal(
        input: BorrowedFd<'_>,
        output: BorrowedFd<'_>,
        error: BorrowedFd<'_>,
    ) -> io::Result<Self> {
        let (mut into, mut out) = (Vec::new(), Vec::new());
        let for_input = if is_passable(input) {
            input.try_clone_to_owned()?
        } else {
            let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
            unblock(&writer)?;
            into.push(Relay::new(input.try_clone_to_owned()?, writer));
            reader
        };
        let for_output = handed_out(output, &mut out)?;
        // One pipe for what is one file, so that the order of the lines stays.
        let for_error = if !is_passable(error) && is_same(output, error) {
            for_output.try_clone()?
        } else {
            handed_out(error, &mut out)?
        };
        let for_command = [for_input, for_output, for_error];
        Ok(Self { for_command, terminal: None, input: into, output: out })
    }

    /// What is sent to the agent.
    pub(super) fn for_command(&self) -> [BorrowedFd<'_>; DESCRIPTORS] {
        let [input, output, error] = &self.for_command;
        [input.as_fd(), output.as_fd(), error.as_fd()]
    }

    /// The command has its own now: ours are closed, so that its end is seen, and the
    /// keys are for it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn started(self) -> io::Result<Running> {
        let Self { for_command, mut terminal, input, output } = self;
        drop(for_command);
        if let Some(terminal) = &mut terminal {
            terminal.make_raw()?;
        }
        Ok(Running { terminal, input, output })
    }
}

/// What the command writes to in the place of `to`.
fn handed_out(to: BorrowedFd<'_>, relays: &mut Vec<Relay>) -> io::Result<OwnedFd> {
    if is_passable(to) {
        return to.try_clone_to_owned();
    }
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    unblock(&reader)?;
    relays.push(Relay::new(reader, to.try_clone_to_owned()?));
    Ok(writer)
}

fn is_passable(descriptor: BorrowedFd<'_>) -> bool {
    passable(descriptor, getuid().as_raw()).is_ok()
}

fn is_same(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> bool {
    match (fstat(one), fstat(other)) {
        (Ok(one), Ok(other)) => (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino),
        _ => false,
    }
}

fn clone(descriptor: impl AsFd) -> io::Result<OwnedFd> {
    descriptor.as_fd().try_clone_to_owned()
}

/// Only what was made here: others see the flag too (fcntl(2), `O_NONBLOCK`).
fn unblock(descriptor: &OwnedFd) -> io::Result<()> {
    Ok(fcntl_setfl(descriptor, fcntl_getfl(descriptor)? | OFlags::NONBLOCK)?)
}
