//! The talk with the process that leads a proof: lines that end in NUL, over one socket.
//! Its lines begin with what they are; an answer is a line without more.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use writ_engine::id::RequestId;
use writ_protocol::ErrorReply;

use crate::agent::Agent;
use crate::connection::fresh_attempt;
use crate::limits::{PROOF_LINE_BYTES_MAX, PROOF_MAX};
use crate::units::{Bounds, Errand, Exec, Kind, UnitName};

/// What leads it.
const PROGRAM: &str = "/usr/libexec/writ/writ-pam";

/// From being told to end to being killed.
const GRACE: Duration = Duration::from_secs(1);

/// What the process says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Something for the person to read.
    Tells(String),
    /// Something for him to answer.
    Asks {
        /// What.
        prompt: String,
        /// Whether the answer may be seen.
        echo: bool,
    },
    /// He is who he says.
    Proved,
    /// He is not, in PAM's words.
    Fails(String),
}

/// A process that leads a proof. When this is dropped, PID 1 ends it.
pub(super) struct Conversation {
    agent: Rc<Agent>,
    unit: UnitName,
    socket: UnixStream,
    heard: Vec<u8>,
    until: Instant,
}

impl std::fmt::Debug for Conversation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Conversation({})", self.unit)
    }
}

impl Conversation {
    /// Starts the process for an account.
    ///
    /// # Errors
    /// When PID 1 cannot, or will not.
    pub(super) async fn begin(
        agent: &Rc<Agent>,
        id: RequestId,
        account: &str,
    ) -> Result<Self, ErrorReply> {
        let failed = |why: &dyn std::fmt::Display| ErrorReply::Refused {
            message: format!("the proof cannot be begun: {why}; nothing was decided"),
        };
        let attempt = fresh_attempt().ok_or_else(|| failed(&"the kernel gives no numbers"))?;
        let (ours, theirs) = StdStream::pair().map_err(|error| failed(&error))?;
        ours.set_nonblocking(true).map_err(|error| failed(&error))?;
        let socket = UnixStream::from_std(ours).map_err(|error| failed(&error))?;
        let unit = UnitName::new(Kind::Service, id, &attempt);
        let argv = ["writ-pam", "prove", account].map(str::to_owned);
        let errand = Errand {
            description: format!("Proof that it is {account} who approves {id}"),
            exec: Exec { path: PROGRAM, argv: &argv },
            stdin: theirs.as_fd(),
            bounds: Bounds { runtime_max: PROOF_MAX, grace: GRACE },
        };
        let until = Instant::now() + PROOF_MAX;
        let conversation = Self { agent: Rc::clone(agent), unit, socket, heard: Vec::new(), until };
        let started = agent.units.start_errand(&conversation.unit, &errand).await;
        started.map_err(|error| failed(&error))?;
        Ok(conversation)
    }

    /// When it is over at the latest.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// Answers what was asked last.
    ///
    /// # Errors
    /// When the process is gone.
    pub(super) async fn answer(&mut self, answer: &str) -> Result<(), ErrorReply> {
        let mut line = answer.as_bytes().to_vec();
        line.push(0);
        let sent = self.socket.write_all(&line).await;
        line.fill(0);
        sent.map_err(|_| gone())
    }

    /// What it says next. May wait as long as a module does.
    ///
    /// # Errors
    /// When the process is gone, or says what it never says.
    pub(super) async fn next(&mut self) -> Result<Line, ErrorReply> {
        let mut part = [0; PROOF_LINE_BYTES_MAX];
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == 0) {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return parse(line.strip_suffix(&[0]).unwrap_or(&line)).ok_or_else(gone);
            }
            if self.heard.len() > PROOF_LINE_BYTES_MAX {
                return Err(gone());
            }
            match self.socket.read(&mut part).await {
                Ok(read @ 1..) => self.heard.extend_from_slice(part.get(..read).unwrap_or(&[])),
                _ => return Err(gone()),
            }
        }
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let (agent, unit) = (Rc::clone(&self.agent), self.unit.clone());
        // What PID 1 cannot be told now, it ends by itself a minute later.
        tokio::task::spawn_local(async move {
            let _ = agent.units.stop(&unit).await;
        });
    }
}

fn parse(line: &[u8]) -> Option<Line> {
    let (kind, text) = line.split_first()?;
    let text = String::from_utf8_lossy(text).into_owned();
    match kind {
        b't' => Some(Line::Tells(text)),
        b'a' => Some(Line::Asks { prompt: text, echo: false }),
        b'A' => Some(Line::Asks { prompt: text, echo: true }),
        b'+' => Some(Line::Proved),
        b'-' => Some(Line::Fails(text)),
        _ => None,
    }
}

fn gone() -> ErrorReply {
    ErrorReply::Refused {
        message: "PAM ended in the middle of it (`journalctl -t writ-pam` may say why); nothing was decided"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_as_proved_is_proved() {
        assert_eq!(parse(b"+"), Some(Line::Proved));
        assert_eq!(parse(b"t+"), Some(Line::Tells("+".to_owned())));
        let asks = Line::Asks { prompt: "Password: ".to_owned(), echo: false };
        assert_eq!(parse(b"aPassword: "), Some(asks));
        assert_eq!(parse(b"-no"), Some(Line::Fails("no".to_owned())));
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"x"), None);
    }
}
