//! The questions that people are asked, for the hub: each signed with the host's key, and
//! its end.
//!
//! It is told what is so, and not what happened: after a loss the courier asks anew, and
//! nothing had to be kept for it meanwhile.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;

use writ_engine::Stage;
use writ_engine::id::RequestId;
use writ_protocol::ErrorReply;
use writ_protocol::courier::{ClosedQuestion, OpenedQuestion, OutboxReply};
use writ_signed::SignedQuestion;

use super::{Counted, Ended, admit};
use crate::agent::Agent;
use crate::connection::Caller;
use crate::signing;
use crate::stream::{Follows, FrameStream, StreamError};

/// Questions that are told at once, as many as a hub takes of one host: further ones are
/// told when some of these are over. Local approvers are asked all.
const QUESTIONS_MAX: usize = 1024;

/// Connections that read them at once: the courier's, and one that is not yet gone.
const READERS_MAX: usize = 4;

/// Tells questions until the connection ends.
///
/// # Errors
/// Always: why it ends.
pub(crate) async fn outbox(
    agent: &Rc<Agent>,
    caller: &Caller,
    stream: &mut FrameStream,
) -> Result<Infallible, Ended> {
    admit(agent, caller).await?;
    let readers = &agent.courier.outbox_readers;
    if readers.get() >= READERS_MAX {
        let message = format!("{READERS_MAX} readers of questions are as many as there may be");
        return Err(ErrorReply::TooMany { message }.into());
    }
    let _reader = Counted::one_more(readers);
    let mut changed = agent.core.grants_changed.subscribe();
    // What was told as open: the digests, by the requests.
    let mut told: BTreeMap<RequestId, String> = BTreeMap::new();
    let mut is_first = true;
    loop {
        changed.borrow_and_update();
        for closed in take_closed(agent, &mut told) {
            let reply = OutboxReply { closed: Some(closed), ..OutboxReply::default() };
            stream.reply(&reply, Follows::More).await?;
        }
        while let Some((id, text)) = next_opened(agent, &told) {
            let signed = SignedQuestion::sign(signing::key(agent)?, text);
            let digest = signed.digest();
            let unwritten = |error: writ_signed::QuestionError| ErrorReply::Refused {
                message: format!("a question cannot be signed: {error}"),
            };
            let signed = signed.text().map_err(unwritten)?;
            told.insert(id, digest.clone());
            let opened = Some(OpenedQuestion { digest, signed });
            stream.reply(&OutboxReply { opened, ..OutboxReply::default() }, Follows::More).await?;
        }
        if std::mem::take(&mut is_first) {
            let reply = OutboxReply { current: true, ..OutboxReply::default() };
            stream.reply(&reply, Follows::More).await?;
        }
        tokio::select! {
            // The sender is the agent's own, which outlives the connection.
            _ = changed.changed() => {}
            frame = stream.next_frame(None) => {
                frame?;
                return Err(StreamError::Malformed.into());
            }
        }
    }
}

/// A question that people are asked and that was not told.
fn next_opened(agent: &Agent, told: &BTreeMap<RequestId, String>) -> Option<(RequestId, String)> {
    if told.len() >= QUESTIONS_MAX {
        return None;
    }
    agent.core.look(|engine| {
        let mut open = engine.list().filter(|listed| listed.stage == Stage::Pending);
        let next = open.find(|listed| !told.contains_key(&listed.id))?;
        Some((next.id, next.opened.question.clone()))
    })
}

/// Those that were told and are over.
fn take_closed(agent: &Agent, told: &mut BTreeMap<RequestId, String>) -> Vec<ClosedQuestion> {
    let over = |id: &RequestId| {
        agent
            .core
            .look(|engine| engine.get(*id).is_none_or(|listed| listed.stage != Stage::Pending))
    };
    let ids: Vec<RequestId> = told.keys().copied().filter(over).collect();
    let ends = agent.core.ends.borrow();
    ids.into_iter()
        .filter_map(|id| {
            let digest = told.remove(&id)?;
            let end = ends.of(id);
            let outcome = end.map_or("over", |end| end.outcome).to_owned();
            Some(ClosedQuestion { digest, outcome, by: end.and_then(|end| end.by.clone()) })
        })
        .collect()
}
