//! A run is told of until its end, to whoever started it.

use std::rc::Rc;

use tokio::sync::watch;
use writ_engine::facts::{AttemptId, Ending};
use writ_engine::id::RequestId;
use writ_protocol::answers::{Run, RunState};
use writ_protocol::calls::{self, Incoming, Method};

use super::begin::{STEP_EXEC, STEP_FOLDER};
use super::stop;
use crate::agent::Agent;
use crate::stream::{Follows, FrameStream, StreamError};
use crate::units::{Kind, UnitName};

/// The greatest number of a signal (signal(7), `SIGRTMAX`).
const SIGNAL_MAX: i32 = 64;

/// A run whose end is owed to a connection.
pub(crate) struct Following {
    id: RequestId,
    attempt: AttemptId,
    ended: watch::Receiver<Option<Ending>>,
    /// Why it was not even executed.
    message: Option<String>,
}

impl Following {
    pub(super) fn new(
        id: RequestId,
        attempt: AttemptId,
        ended: watch::Receiver<Option<Ending>>,
    ) -> Self {
        Self { id, attempt, ended, message: None }
    }

    pub(super) fn not_executed(
        id: RequestId,
        attempt: AttemptId,
        step: i32,
        unit: &UnitName,
    ) -> Self {
        let (_, ended) = watch::channel(Some(super::begin::not_executed(step)));
        let why = match step {
            STEP_FOLDER => "its working directory cannot be entered",
            STEP_EXEC => {
                "its file is of no form that the kernel executes, or its interpreter is not there"
            }
            _ => "PID 1 could not do all that comes before",
        };
        let message = format!(
            "the command could not be executed: {why} (step {step} in systemd.exec(5)); root sees more with `journalctl -u {unit}`"
        );
        Self { id, attempt, ended, message: Some(message) }
    }

    /// Tells of its start and of its end. Its caller may send it signals meanwhile;
    /// when he is gone, it is told to end.
    ///
    /// # Errors
    /// When he is gone, or says something else.
    pub(crate) async fn tell(
        mut self,
        agent: &Rc<Agent>,
        stream: &mut FrameStream,
    ) -> Result<(), StreamError> {
        match self.converse(agent, stream).await {
            Ok(ended) => stream.reply(&ended, Follows::Nothing).await,
            Err(error) => {
                tokio::task::spawn_local(stop(Rc::clone(agent), self.id, self.attempt));
                Err(error)
            }
        }
    }

    async fn converse(
        &mut self,
        agent: &Rc<Agent>,
        stream: &mut FrameStream,
    ) -> Result<Run, StreamError> {
        let unit = UnitName::new(Kind::Service, self.id, &self.attempt);
        if self.message.is_none() {
            let started = self.reply(RunState::Started, calls::Ending::default());
            stream.reply(&started, Follows::More).await?;
        }
        let mut told = self.ended.clone();
        loop {
            tokio::select! {
                biased;
                ended = told.wait_for(Option::is_some) => {
                    let ending = ended.ok().and_then(|ending| *ending).unwrap_or(Ending::Unknown);
                    let is_over = agent.core.look(|engine| engine.window(self.id).is_none());
                    if is_over && self.message.is_none() {
                        self.message = Some(format!("{} has ended, and with it what ran under it", self.id));
                    }
                    return Ok(self.reply(RunState::Ended, as_told(ending)));
                }
                frame = stream.next_frame(None) => {
                    let signal = signal(&frame?).ok_or(StreamError::Malformed)?;
                    if let Err(error) = agent.units.kill(&unit, signal).await {
                        eprintln!("{unit} cannot be sent a signal: {error}");
                    }
                }
            }
        }
    }

    fn reply(&self, state: RunState, ending: calls::Ending) -> Run {
        Run {
            state,
            id: self.id.to_string(),
            attempt: self.attempt.as_str().to_owned(),
            ending,
            message: self.message.clone(),
        }
    }
}

fn signal(frame: &[u8]) -> Option<i32> {
    let incoming: Incoming<'_> = serde_json::from_slice(frame).ok()?;
    if incoming.method != calls::SignalRun::NAME || !incoming.oneway {
        return None;
    }
    let call: calls::SignalRun = serde_json::from_str(incoming.parameters?.get()).ok()?;
    (1..=SIGNAL_MAX).contains(&call.signal).then_some(call.signal)
}

fn as_told(ending: Ending) -> calls::Ending {
    let blank = calls::Ending::default();
    match ending {
        Ending::ExitStatus(status) => calls::Ending { exit_status: Some(status), ..blank },
        Ending::Signal(signal) => calls::Ending { signal: Some(signal), ..blank },
        Ending::ExecErrno(errno) => calls::Ending { exec_errno: Some(errno), ..blank },
        Ending::Unknown => blank,
    }
}
