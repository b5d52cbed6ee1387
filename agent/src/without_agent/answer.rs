//! One question of a door, answered.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde::Serialize;
use writ_engine::facts::{Act, Action, Aim, AttemptId, Person};
use writ_engine::policy::{Alone, Mode, Policy};
use writ_engine::record::{About, Force, Source};
use writ_protocol::answers::{self, AnswerState};
use writ_protocol::calls::{Ask, Incoming, Method};
use writ_protocol::{ErrorReply, FRAME_BYTES_MAX, FrameDecoder, FrameError};

use super::entry::Entry;
use super::spool::{Spool, SpoolError};
use super::{glass, snapshot};
use crate::accounts::Accounts;
use crate::asking::blank;
use crate::connection::Caller;
use crate::door;
use crate::peer::Peer;
use crate::settings::Places;
use crate::{clock, examine};

/// How long the question may be in coming, and the answer in being taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// Threads that look things up or tell people, at most; the unit bounds them too.
const THREADS_MAX: usize = 8;

/// What a person reads when it passes.
const PASSES: &str =
    "this passes without Writ's agent, which cannot be reached, and goes on record";

/// What he reads when it does not.
const REFUSES: &str = "the policy lets nothing of the kind pass without the agent";

/// In observe mode nothing is blocked, and what cannot be kept for the ledger is in the
/// system's log alone.
const UNKEPT: &str = "; it is in the system's log alone";

/// Levels of syslog(3) at the start of a line, for PID 1 (sd-daemon(3)).
pub(super) const ALERT: &str = "<1>";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Nobody asks, or nobody reads.
    #[error("the door is gone: {0}")]
    Connection(#[from] io::Error),
    /// The door is gone, or was never there.
    #[error("{0}")]
    Peer(String),
    /// A message that is none.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// What is said to a door.
pub(super) type Answered = Result<answers::Answer, ErrorReply>;

#[derive(Serialize)]
struct Reply {
    parameters: answers::Ask,
}

/// Answers the one question that comes on a connection.
///
/// # Errors
/// When none comes, or nobody takes the answer.
pub fn answer(mut door: UnixStream, places: &Places) -> Result<(), AnswerError> {
    door.set_read_timeout(Some(PATIENCE))?;
    door.set_write_timeout(Some(PATIENCE))?;
    let peer = Peer::of(&door).map_err(|error| AnswerError::Peer(error.to_string()))?;
    let frame = frame(&mut door)?;
    let process = peer.look_at().map_err(|error| AnswerError::Peer(error.to_string()))?;
    let caller = Caller::new(peer, process);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(THREADS_MAX)
        .build()?;
    let reply = match runtime.block_on(answered(&caller, &frame, places)) {
        Ok(answer) => writ_protocol::encode(&Reply { parameters: answers::Ask { answer } })?,
        Err(error) => error.to_frame()?,
    };
    door.write_all(&reply)?;
    // A look-up that hangs holds nobody up.
    runtime.shutdown_background();
    Ok(())
}

fn frame(door: &mut UnixStream) -> Result<Vec<u8>, AnswerError> {
    let mut decoder = FrameDecoder::with_limit(FRAME_BYTES_MAX);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        if let Some(frame) = decoder.next_frame()? {
            return Ok(frame);
        }
        match door.read(&mut buffer)? {
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            read => decoder.push(buffer.get(..read).unwrap_or_default()),
        }
    }
}

async fn answered(caller: &Caller, frame: &[u8], places: &Places) -> Answered {
    let refused = |message: String| ErrorReply::Refused { message };
    let incoming = Incoming::parse(frame)
        .ok_or(ErrorReply::InvalidParameter { parameter: "method".to_owned() })?;
    if incoming.method != Ask::NAME {
        return Err(ErrorReply::MethodNotFound { method: incoming.method.into_owned() });
    }
    let text = incoming.parameters.map_or("{}", serde_json::value::RawValue::get);
    let ask: Ask = serde_json::from_str(text).map_err(|error| ErrorReply::InvalidParameter {
        parameter: writ_protocol::text::shown(&error.to_string()),
    })?;
    let attempt = door::may_speak(caller, &ask.attempt)?;
    let (reason, ticket, at_once) = (ask.reason.clone(), ask.ticket.clone(), ask.at_once);
    let is_emergency = ask.break_glass;
    let (uid, act) = door::act(caller, ask)?;
    let policy = snapshot::policy(places).map_err(|error| refused(error.to_string()))?;
    let accounts = Accounts::default();
    let person = accounts.person(uid, &caller.process).await;
    let person = person.map_err(|error| refused(error.to_string()))?;
    let spool = Spool::at(places.without_agent());
    // While it is only observed, nothing is there to be broken.
    if is_emergency && policy.settings().mode == Mode::Enforce {
        glass::may_break(&policy, &person, &act, reason.as_deref(), places)?;
        let source = Source::default();
        let about =
            About { attempt: None, requester: person, act, reason, ticket, sha256: None, source };
        return glass::broken(&spool, about, attempt).await;
    }
    let (force, source) = match verdict(&policy, &accounts, &person, &act).await {
        Ok(Passes::LeftAlone) => return Ok(blank(AnswerState::Unasked)),
        Ok(Passes::ByRule(source)) => (Force::Enforced, source),
        Ok(Passes::Observed) => (Force::Observed, Source::default()),
        Err(refusal) => return glass::offered(refusal, &policy, &person, &act, places),
    };
    // It is asked about once more before anything begins.
    if !at_once {
        return Ok(blank(AnswerState::Allowed));
    }
    let about =
        About { attempt: None, requester: person, act, reason, ticket, sha256: None, source };
    record(&spool, about, attempt, force)
}

/// What it passes by.
enum Passes {
    ByRule(Source),
    Observed,
    LeftAlone,
}

/// What the policy says, and that the file of the command is nothing that who asks could
/// make another of.
async fn verdict(
    policy: &Policy,
    accounts: &Accounts,
    person: &Person,
    act: &Act,
) -> Result<Passes, ErrorReply> {
    let refused = |message: String| ErrorReply::Refused { message };
    let (source, allow_writable) = match policy.without_agent(person, &act.aim) {
        Alone::LeftAlone => return Ok(Passes::LeftAlone),
        Alone::Observed => return Ok(Passes::Observed),
        Alone::Refused => return Err(refused(REFUSES.to_owned())),
        Alone::Allowed { source, allow_writable } => (source, allow_writable),
    };
    if let Aim::Command(command) = &act.aim
        && command.action == Action::Run
        && !allow_writable
    {
        let writers = accounts.writers(person).await;
        let writers = writers.map_err(|error| refused(error.to_string()))?;
        if let Some(writable) = examine::writable(&command.path, &writers) {
            let name = &person.account.name;
            return Err(refused(format!(
                "{name} may write {writable}, and without the agent no such command passes"
            )));
        }
    }
    Ok(Passes::ByRule(source))
}

/// On the disk first, then in the system's log, then said. While it is only observed, what
/// cannot be put on the disk is in the log, and blocks nothing.
fn record(spool: &Spool, about: About, attempt: AttemptId, force: Force) -> Answered {
    let now = clock::now();
    let entry = Entry { at: now.wall, attempt, force, glass: false, about };
    let kept = entry
        .fits()
        .and_then(|()| spool.put(&entry).map_err(|error: SpoolError| error.to_string()));
    let mut message = PASSES.to_owned();
    match (kept, force) {
        (Ok(_), _) => eprintln!("{ALERT}{}", entry.line()),
        (Err(why), Force::Observed) => {
            eprintln!("{ALERT}{}; it is on no other record: {why}", entry.line());
            message = message.replace(", and goes on record", UNKEPT);
        }
        (Err(message), Force::Enforced) => return Err(ErrorReply::NoRecord { message }),
    }
    Ok(answers::Answer {
        message: Some(message),
        started_boot_ms: Some(now.boot.0),
        ..blank(AnswerState::Allowed)
    })
}
