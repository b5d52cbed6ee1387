//! The approver proves who he is: what PAM asks goes to his terminal, and his answers to
//! the agent, which leads the proof.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr,
};
use writ_engine::id::RequestId;
use writ_protocol::answers::{Proof, ProofQuestion};
use writ_protocol::calls::{AnswerProof, Prove};
use writ_protocol::text::shown;

use crate::agent::Agent;
use crate::exit::Exit;
use crate::failure::Failure;

/// How long to wait for what PAM says next: the agent gives it a minute in all.
const PAM_PATIENCE: Duration = Duration::from_secs(75);

/// The longest answer that the agent takes, in bytes.
const ANSWER_BYTES_MAX: usize = 511;

/// What keys send (termios(3)).
const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const CTRL_BACKSLASH: u8 = 0x1c;
const BACKSPACE: [u8; 2] = [0x08, 0x7f];
const ENTER: [u8; 2] = [b'\n', b'\r'];

/// Proves it; `false` where the person leaves it (Ctrl-C, Ctrl-D).
///
/// # Errors
/// When there is no terminal, or PAM says no.
pub(super) fn prove(agent: &mut Agent, id: RequestId, digest: &str) -> Result<bool, Failure> {
    let mut terminal = open_terminal()?;
    let prove = Prove { id: id.to_string(), digest: digest.to_owned() };
    let mut step: Proof = agent.call_patiently(&prove, PAM_PATIENCE)?;
    loop {
        for line in &step.told {
            write!(terminal, "{}\r\n", shown(line)).map_err(unread)?;
        }
        let Some(question) = step.asks else {
            return Ok(true);
        };
        let Some(answer) = ask(&mut terminal, &question).map_err(unread)? else {
            return Ok(false);
        };
        step = agent.call_patiently(&AnswerProof { answer }, PAM_PATIENCE)?;
    }
}

fn open_terminal() -> Result<File, Failure> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    open("/dev/tty", flags, Mode::empty()).map(File::from).map_err(|_| {
        let sentence = "who approves this must prove who he is, and there is no terminal to do \
                        so at; log in to one, as by `ssh -t`";
        Failure::verb(Exit::Usage, sentence)
    })
}

fn unread(error: io::Error) -> Failure {
    let sentence = format!("the terminal cannot be used: {error}; nothing was decided");
    Failure::verb(Exit::Failed, sentence)
}

/// Asks, and reads a line; `None` where he leaves.
fn ask(terminal: &mut File, question: &ProofQuestion) -> io::Result<Option<String>> {
    // Before the question: whoever sees it may type at once, and nothing of it is shown.
    let quiet = Keys::each_by_itself(terminal)?;
    // What was typed before the question was seen is no answer to it.
    tcflush(&*terminal, QueueSelector::IFlush)?;
    let prompt = question.prompt.trim_end();
    write!(terminal, "{} ", shown(prompt))?;
    let answer = read_line(terminal, &quiet, question.echo);
    drop(quiet);
    write!(terminal, "\r\n")?;
    answer
}

fn read_line(terminal: &mut File, keys: &Keys, echo: bool) -> io::Result<Option<String>> {
    // Room for all of it, so that no copy stays behind.
    let mut line = Vec::with_capacity(ANSWER_BYTES_MAX);
    let mut byte = [0];
    loop {
        if !keys.pressed()? || terminal.read(&mut byte)? == 0 {
            return Ok(None);
        }
        let [key] = byte;
        match key {
            CTRL_C | CTRL_D | CTRL_BACKSLASH => return Ok(None),
            CTRL_U => line.clear(),
            _ if BACKSPACE.contains(&key) => drop(line.pop()),
            _ if ENTER.contains(&key) => break,
            // A line that is too long is none: the rest would go with the next question.
            _ if line.len() >= ANSWER_BYTES_MAX => return Ok(None),
            _ => {
                line.push(key);
                if echo && !key.is_ascii_control() {
                    terminal.write_all(&byte)?;
                }
            }
        }
    }
    match String::from_utf8(line) {
        Ok(answer) => Ok(Some(answer)),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is not in UTF-8")),
    }
}

/// While this lives, each key is read as it is pressed, shows nothing, and none sends a
/// signal: so the terminal is put in order again whatever is pressed. What others send to
/// end this strikes after that.
struct Keys {
    terminal: File,
    former: Termios,
    ends: SigSet,
    ended: SignalFd,
}

impl Keys {
    fn each_by_itself(terminal: &File) -> io::Result<Self> {
        let former = tcgetattr(terminal)?;
        let mut quiet = former.clone();
        quiet.local_modes -= LocalModes::ECHO
            | LocalModes::ECHONL
            | LocalModes::ICANON
            | LocalModes::ISIG
            | LocalModes::IEXTEN;
        let ends: SigSet = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT].into_iter().collect();
        let ended = SignalFd::with_flags(&ends, SfdFlags::SFD_CLOEXEC)?;
        let terminal = terminal.try_clone()?;
        ends.thread_block()?;
        let keys = Self { terminal, former, ends, ended };
        tcsetattr(&keys.terminal, OptionalActions::Now, &quiet)?;
        Ok(keys)
    }

    /// Waits for a key; `false` where somebody sent a signal to end this, which is left to
    /// strike.
    fn pressed(&self) -> io::Result<bool> {
        let mut fds = [&self.terminal as &dyn AsFd, &self.ended]
            .map(|source| PollFd::new(source.as_fd(), PollFlags::POLLIN));
        loop {
            match poll(&mut fds, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(fds.last().is_none_or(|ended| ended.any() != Some(true))),
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.former);
        // Blocking the same set went well.
        let _ = self.ends.thread_unblock();
    }
}
