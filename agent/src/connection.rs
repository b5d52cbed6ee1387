//! One connection, from its first frame to its end.

use std::cell::OnceCell;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use writ_engine::facts::AttemptId;
use writ_protocol::ErrorReply;
use writ_protocol::answers::Nothing;
use writ_protocol::calls::{self, Incoming, Method};
use writ_protocol::courier;
use writ_protocol::signed;

use crate::agent::Agent;
use crate::asking::Asking;
use crate::courier::Ended;
use crate::introspection;
use crate::limits::{CALLER_FRAME_BYTES_MAX, Holder, IDLE_MAX};
use crate::peer::Peer;
use crate::process::Process;
use crate::proving::Standing;
use crate::runs::Following;
use crate::serve::COPY_WITHIN;
use crate::socket::Socket;
use crate::stream::{Follows, FrameStream, StreamError};
use crate::{
    courier as courier_side, deciding, door, explaining, glass, overview, proving, roles, runs,
    sessions, signing,
};

/// How long after its start the end of a command is not waited for: a short command tells
/// its end without waking the agent, which is read when its records are copied.
const SHORT_COMMAND: Duration = COPY_WITHIN;

/// Who calls: the peer, and what `/proc` said of it when it connected.
#[derive(Debug)]
pub(crate) struct Caller {
    /// The peer.
    pub peer: Peer,
    /// What it is.
    pub process: Process,
    /// Where its session came from, where that was looked at ahead.
    origin: Option<Origin>,
    /// Whether he proves, or has proved, who he is.
    pub proof: Standing,
}

/// Where a login session came from, which does not change.
#[derive(Debug)]
struct Origin {
    session: String,
    remote_host: Option<String>,
}

impl Caller {
    /// A peer that was looked at, of which nothing more is known.
    pub(crate) fn new(peer: Peer, process: Process) -> Self {
        Self { peer, process, origin: None, proof: Standing::default() }
    }

    /// Where the login session came from, if it came from afar.
    pub(crate) fn source_ip(&self) -> Option<String> {
        let session = self.process.session.as_deref()?;
        match &self.origin {
            Some(origin) if origin.session == session => origin.remote_host.clone(),
            _ => sessions::session(session)?.remote_host,
        }
    }
}

/// What a call came to, besides its reply.
pub(crate) enum Next {
    /// The next call.
    Call,
    /// A door stays with its attempt until it leaves; answers may follow before the
    /// next call.
    Stays(Asking),
    /// The next call, whenever it comes.
    Whenever,
}

/// Serves a connection until it ends. A frame that is none, too long or too slow
/// closes it and is counted; nothing else is touched.
pub(crate) async fn serve(agent: Rc<Agent>, connection: OwnedFd) {
    let Ok(socket) = Socket::new(connection) else { return };
    let Ok(peer) = Peer::of(&socket) else { return };
    let frame_bytes_max =
        if peer.is_root() { writ_protocol::FRAME_BYTES_MAX } else { CALLER_FRAME_BYTES_MAX };
    let mut stream = FrameStream::new(socket, frame_bytes_max);
    let origin = OnceCell::new();
    if peer.is_root() && !has_begun(&agent, &peer, &mut stream, &origin).await {
        return;
    }
    // Who it is, is looked at when it begins to ask: sudo changes its real user while
    // it reads sudoers.
    let Ok(process) = peer.look_at() else { return };
    let holder =
        if peer.is_root() { Holder::Door(process.real_uid) } else { Holder::Caller(peer.uid) };
    let place = match agent.connections.take(holder) {
        Ok(place) => place,
        Err(full) => {
            agent.count_refused();
            let _ = stream.refuse(&ErrorReply::TooMany { message: full.to_string() }).await;
            return;
        }
    };
    stream.take_turns(place.turns());
    let caller = Caller { peer, process, origin: origin.into_inner(), proof: Standing::default() };
    if let Err(error) = converse(&agent, &caller, &mut stream).await
        && error.is_misbehaviour()
    {
        agent.count_refused();
    }
}

/// Waits for a door to begin to ask. Doors connect when their programs start and ask some
/// milliseconds later: what takes time and binds nobody is done meanwhile.
async fn has_begun(
    agent: &Rc<Agent>,
    peer: &Peer,
    stream: &mut FrameStream,
    origin: &OnceCell<Origin>,
) -> bool {
    let silence = agent.silent.enter();
    tokio::select! {
        biased;
        begun = stream.begin(IDLE_MAX) => begun.is_ok(),
        () = silence.is_crowded_out() => false,
        () = prepare(agent, peer, origin) => false,
    }
}

/// Has ready what the door will be asked about, and goes on for ever. Nothing that is
/// found here is taken for true later, but what cannot change: since when the process
/// runs, where a session came from, and what the name service says within its short
/// memory.
async fn prepare(agent: &Rc<Agent>, peer: &Peer, origin: &OnceCell<Origin>) {
    if let (Ok(ahead), Ok(_)) = (peer.look_ahead(), peer.leader()) {
        if let Some(session) = ahead.session
            && let Some(known) = sessions::session(&session)
        {
            let _ = origin.set(Origin { session, remote_host: known.remote_host });
        }
        let who = ahead.login.or_else(|| peer.look_at().ok().map(|process| process.real_uid));
        if let Some(who) = who {
            let _ = agent.accounts.plain_person(who).await;
        }
    }
    std::future::pending().await
}

async fn converse(
    agent: &Rc<Agent>,
    caller: &Caller,
    stream: &mut FrameStream,
) -> Result<(), StreamError> {
    // The door's attempt, kept until the connection ends: then it leaves.
    let mut asking: Option<Asking> = None;
    let mut patience: Option<Duration> = Some(IDLE_MAX);
    loop {
        let frame = match &mut asking {
            Some(waiting) if !waiting.is_settled() => {
                tokio::select! {
                    // What is told is ready at once where policy decides.
                    biased;
                    told = waiting.next() => {
                        waiting.reply(stream, told).await?;
                        if waiting.has_begun() {
                            stream.rest(SHORT_COMMAND).await?;
                        }
                        continue;
                    }
                    // A call while answers are owed is against the protocol.
                    frame = stream.next_frame(None) => {
                        frame?;
                        return Err(StreamError::Malformed);
                    }
                }
            }
            _ => stream.next_frame(patience).await?,
        };
        match call(agent, caller, stream, &frame).await? {
            Next::Call => {}
            Next::Stays(begun) => {
                asking = Some(begun);
                // A door stays until its command has ended; who asked for himself has
                // his answer, and may not keep the place for nothing.
                patience = if caller.peer.is_root() { None } else { Some(IDLE_MAX) };
            }
            Next::Whenever => patience = None,
        }
    }
}

async fn call(
    agent: &Rc<Agent>,
    caller: &Caller,
    stream: &mut FrameStream,
    frame: &[u8],
) -> Result<Next, StreamError> {
    let incoming = Incoming::parse(frame).ok_or(StreamError::Malformed)?;
    if incoming.upgrade {
        return Err(StreamError::Malformed);
    }
    let method = incoming.method.as_ref();
    if method.starts_with("org.varlink.service.") {
        if !incoming.oneway {
            introspection::call(stream, method, incoming.parameters).await?;
        }
        return Ok(Next::Call);
    }
    macro_rules! dispatch {
        ($($call:ty => $handle:expr;)*) => {
            match method {
                $(<$call as Method>::NAME => match parameters::<$call>(&incoming) {
                    Ok(parameters) => {
                        let reply = $handle(agent, caller, parameters).await;
                        answer(stream, &incoming, reply).await?;
                        Ok(Next::Call)
                    }
                    Err(error) => refuse(stream, &incoming, &error).await,
                },)*
                _ => refuse(stream, &incoming, &ErrorReply::MethodNotFound { method: method.to_owned() }).await,
            }
        };
    }
    match method {
        calls::Ask::NAME => match parameters::<calls::Ask>(&incoming) {
            Ok(ask) => begin(stream, &incoming, door::ask(agent, caller, ask).await).await,
            Err(error) => refuse(stream, &incoming, &error).await,
        },
        calls::Request::NAME => match parameters::<calls::Request>(&incoming) {
            Ok(request) => {
                begin(stream, &incoming, door::request(agent, caller, request).await).await
            }
            Err(error) => refuse(stream, &incoming, &error).await,
        },
        calls::Extend::NAME => match parameters::<calls::Extend>(&incoming) {
            Ok(extend) => begin(stream, &incoming, door::extend(agent, caller, extend).await).await,
            Err(error) => refuse(stream, &incoming, &error).await,
        },
        calls::PrepareRun::NAME => {
            let prepared = match parameters::<calls::PrepareRun>(&incoming) {
                Ok(prepare) => runs::prepare(agent, caller, stream, prepare).await,
                Err(error) => Err(error),
            };
            answer(stream, &incoming, prepared).await?;
            Ok(Next::Call)
        }
        calls::Run::NAME => {
            let descriptors = stream.take_descriptors();
            match parameters::<calls::Run>(&incoming) {
                Ok(run) => {
                    let begun = runs::begin(agent, caller, run, descriptors).await;
                    follow(agent, stream, &incoming, begun).await
                }
                Err(error) => refuse(stream, &incoming, &error).await,
            }
        }
        calls::AwaitRun::NAME => match parameters::<calls::AwaitRun>(&incoming) {
            Ok(run) => follow(agent, stream, &incoming, runs::known(agent, caller, &run)).await,
            Err(error) => refuse(stream, &incoming, &error).await,
        },
        courier::CourierSettings::NAME => match parameters::<courier::CourierSettings>(&incoming) {
            Ok(_) if !incoming.more => refuse(stream, &incoming, &ErrorReply::ExpectedMore).await,
            Ok(_) => {
                let Err(ended) = courier_side::settings(agent, caller, stream).await;
                end(stream, &incoming, ended).await
            }
            Err(error) => refuse(stream, &incoming, &error).await,
        },
        courier::Outbox::NAME => match parameters::<courier::Outbox>(&incoming) {
            Ok(_) if !incoming.more => refuse(stream, &incoming, &ErrorReply::ExpectedMore).await,
            Ok(_) => {
                let Err(ended) = courier_side::outbox(agent, caller, stream).await;
                end(stream, &incoming, ended).await
            }
            Err(error) => refuse(stream, &incoming, &error).await,
        },
        courier::Events::NAME => match parameters::<courier::Events>(&incoming) {
            Ok(_) if !incoming.more => refuse(stream, &incoming, &ErrorReply::ExpectedMore).await,
            Ok(events) => {
                let Err(ended) = courier_side::events(agent, caller, stream, events).await;
                end(stream, &incoming, ended).await
            }
            Err(error) => refuse(stream, &incoming, &error).await,
        },
        calls::Confirm::NAME => match parameters::<calls::Confirm>(&incoming) {
            Ok(confirm) => {
                let confirmed = door::confirm(agent, caller, confirm).await;
                let (reply, next) = match confirmed {
                    Ok(place) => (Ok(Nothing {}), Next::Stays(place)),
                    Err(error) => (Err(error), Next::Whenever),
                };
                answer(stream, &incoming, reply).await?;
                Ok(next)
            }
            Err(error) => refuse(stream, &incoming, &error).await,
        },
        _ => dispatch! {
            calls::Finish => door::finish;
            calls::Subcommand => door::subcommand;
            calls::Roles => roles::list;
            calls::Explain => explaining::explain;
            calls::BreakGlass => glass::break_glass;
            calls::Review => glass::review;
            calls::List => overview::list;
            calls::Show => overview::show;
            calls::Prove => proving::prove;
            calls::AnswerProof => proving::answer;
            calls::Decide => deciding::decide;
            signed::Offline => signing::offline;
            signed::HostKey => signing::host_key;
            signed::DecideSigned => signing::decide;
            calls::Revoke => deciding::revoke;
            calls::Cancel => deciding::cancel;
            calls::End => deciding::end;
            calls::Status => overview::status;
            calls::Reload => overview::reload;
            calls::AcknowledgeBreak => overview::acknowledge_break;
            courier::CourierState => courier_side::state;
            courier::Enroll => courier_side::enroll;
        },
    }
}

/// Nothing more is told on a connection, or the caller hears why.
async fn end(
    stream: &mut FrameStream,
    incoming: &Incoming<'_>,
    ended: Ended,
) -> Result<Next, StreamError> {
    match ended {
        Ended::Stream(error) => Err(error),
        Ended::Refused(error) => refuse(stream, incoming, &error).await,
    }
}

/// The parameters of a call, strictly: an unknown or doubled key is named.
fn parameters<M: Method + DeserializeOwned>(incoming: &Incoming<'_>) -> Result<M, ErrorReply> {
    let text = incoming.parameters.map_or("{}", serde_json::value::RawValue::get);
    serde_json::from_str(text).map_err(|error| ErrorReply::InvalidParameter {
        // serde's sentence, with the caller's own text in it escaped.
        parameter: writ_protocol::text::shown(&error.to_string()),
    })
}

async fn begin(
    stream: &mut FrameStream,
    incoming: &Incoming<'_>,
    asked: Result<Asking, ErrorReply>,
) -> Result<Next, StreamError> {
    match asked {
        Ok(asking) => Ok(Next::Stays(asking.with_more(incoming.more))),
        Err(error) => refuse(stream, incoming, &error).await,
    }
}

/// Tells of a run until it has ended.
async fn follow(
    agent: &Rc<Agent>,
    stream: &mut FrameStream,
    incoming: &Incoming<'_>,
    begun: Result<Following, ErrorReply>,
) -> Result<Next, StreamError> {
    match begun {
        Ok(_) if !incoming.more => refuse(stream, incoming, &ErrorReply::ExpectedMore).await,
        Ok(following) => following.tell(agent, stream).await.map(|()| Next::Call),
        Err(error) => refuse(stream, incoming, &error).await,
    }
}

async fn answer<R: serde::Serialize>(
    stream: &mut FrameStream,
    incoming: &Incoming<'_>,
    reply: Result<R, ErrorReply>,
) -> Result<(), StreamError> {
    match reply {
        _ if incoming.oneway => Ok(()),
        Ok(reply) => stream.reply(&reply, Follows::Nothing).await,
        Err(error) => stream.refuse(&error).await,
    }
}

async fn refuse(
    stream: &mut FrameStream,
    incoming: &Incoming<'_>,
    error: &ErrorReply,
) -> Result<Next, StreamError> {
    if !incoming.oneway {
        stream.refuse(error).await?;
    }
    Ok(Next::Call)
}

/// A name for an escalation that has no door: drawn at random.
#[must_use]
pub(crate) fn fresh_attempt() -> Option<AttemptId> {
    AttemptId::parse(&format!("{:032x}", crate::random::number()?))
}
