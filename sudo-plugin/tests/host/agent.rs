//! An agent that answers as it was told, and keeps what it was asked.

use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tempfile::TempDir;
use writ_protocol::{FrameDecoder, WITHOUT_AGENT_SOCKET};

/// How long a call may be in coming.
const CALL_PATIENCE: Duration = Duration::from_secs(10);

/// What the agent does with one call.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Sends this, and waits for the next call.
    Frame(Value),
    /// Sends this, and goes on with the next answer to the same call.
    Continued(Value),
    /// Says nothing more.
    Silence,
    /// Closes the connection.
    HangUp,
    /// Closes it before anything was asked.
    GiveWay,
}

impl Answer {
    pub(crate) fn state(state: &str) -> Self {
        Self::Frame(json!({ "parameters": { "answer": answer(state) } }))
    }

    /// Allowed, with the start on record since so many milliseconds.
    pub(crate) fn started(ago_ms: i64) -> Self {
        let now = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap();
        let mut answer = answer("allowed");
        answer["started_boot_ms"] = json!(i64::try_from(now.as_millis()).unwrap() - ago_ms);
        Self::Frame(json!({ "parameters": { "answer": answer } }))
    }

    /// Passes without the agent, on record since so many milliseconds.
    pub(crate) fn passes(ago_ms: i64) -> Self {
        let Self::Frame(mut frame) = Self::started(ago_ms) else { return Self::Silence };
        frame["parameters"]["answer"]["id"] = Value::Null;
        frame["parameters"]["answer"]["message"] = json!("this passes");
        Self::Frame(frame)
    }

    pub(crate) fn said(state: &str, message: &str) -> Self {
        let mut answer = answer(state);
        answer["message"] = json!(message);
        Self::Frame(json!({ "parameters": { "answer": answer } }))
    }

    pub(crate) fn waiting() -> Self {
        let mut answer = answer("waiting");
        answer["remaining_ms"] = json!(60_000);
        Self::Continued(json!({ "parameters": { "answer": answer }, "continues": true }))
    }

    pub(crate) fn wanted_reason() -> Self {
        let mut answer = answer("wanted");
        answer["wants_reason"] = json!(true);
        Self::Frame(json!({ "parameters": { "answer": answer } }))
    }

    pub(crate) fn done() -> Self {
        Self::Frame(json!({ "parameters": {} }))
    }

    pub(crate) fn error(name: &str, message: &str) -> Self {
        Self::Frame(
            json!({ "error": format!("io.writ.Agent.{name}"), "parameters": { "message": message } }),
        )
    }

    pub(crate) fn not_found() -> Self {
        Self::Frame(
            json!({ "error": "io.writ.Agent.NotFound", "parameters": { "id": super::super::ID } }),
        )
    }

    pub(crate) fn silence() -> Self {
        Self::Silence
    }

    pub(crate) fn hang_up() -> Self {
        Self::HangUp
    }

    pub(crate) fn give_way() -> Self {
        Self::GiveWay
    }
}

fn answer(state: &str) -> Value {
    json!({ "state": state, "id": super::super::ID, "asked": ["@oncall"], "needed": 1 })
}

/// The agent.
pub(crate) struct Scripted {
    folder: TempDir,
    calls: Receiver<Value>,
}

impl Scripted {
    /// One list of answers for each connection, in order; what comes after the last
    /// answer is kept unanswered.
    pub(crate) fn start<const N: usize>(script: [Vec<Answer>; N]) -> Self {
        Self::called("agent", tempfile::tempdir().unwrap(), script)
    }

    /// No agent, and what answers while there is none.
    pub(crate) fn beside_no_agent<const N: usize>(script: [Vec<Answer>; N]) -> Self {
        Self::called(WITHOUT_AGENT_SOCKET, tempfile::tempdir().unwrap(), script)
    }

    /// What answers while there is no agent, beside this one.
    pub(crate) fn and_beside<const N: usize>(&self, script: [Vec<Answer>; N]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let beside = Self::called(WITHOUT_AGENT_SOCKET, folder, script);
        let socket = beside.folder.path().join(WITHOUT_AGENT_SOCKET);
        let link = self.folder.path().join(WITHOUT_AGENT_SOCKET);
        std::os::unix::fs::symlink(socket, link).unwrap();
        beside
    }

    fn called<const N: usize>(name: &str, folder: TempDir, script: [Vec<Answer>; N]) -> Self {
        let listener = UnixListener::bind(folder.path().join(name)).unwrap();
        let (sender, calls) = channel();
        thread::spawn(move || {
            for answers in script {
                let (stream, _) = listener.accept().unwrap();
                let sender = sender.clone();
                thread::spawn(move || serve(stream, answers, &sender));
            }
        });
        Self { folder, calls }
    }

    /// Where the agent is, or would be.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    /// Whether it was asked nothing.
    pub(crate) fn heard_nothing(&self) -> bool {
        self.calls.try_recv().is_err()
    }

    /// The next `count` calls.
    pub(crate) fn calls(&self, count: usize) -> Vec<Value> {
        (0..count).map(|_| self.calls.recv_timeout(CALL_PATIENCE).unwrap()).collect()
    }
}

fn serve(mut stream: UnixStream, answers: Vec<Answer>, calls: &Sender<Value>) {
    if matches!(answers.first(), Some(Answer::GiveWay)) {
        return;
    }
    let mut answers = answers.into_iter();
    let mut decoder = FrameDecoder::default();
    let mut buffer = [0; 4096];
    loop {
        let read = std::io::Read::read(&mut stream, &mut buffer).unwrap_or(0);
        if read == 0 {
            return;
        }
        decoder.push(&buffer[..read]);
        while let Some(frame) = decoder.next_frame().unwrap() {
            let _ = calls.send(serde_json::from_slice(&frame).unwrap());
            loop {
                let (value, continued) = match answers.next() {
                    Some(Answer::Frame(value)) => (value, false),
                    Some(Answer::Continued(value)) => (value, true),
                    Some(Answer::HangUp | Answer::GiveWay) => return,
                    Some(Answer::Silence) | None => break,
                };
                let mut bytes = serde_json::to_vec(&value).unwrap();
                bytes.push(0);
                stream.write_all(&bytes).unwrap();
                if !continued {
                    break;
                }
            }
        }
    }
}
