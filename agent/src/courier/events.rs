//! The events of the ledger, to whoever carries them to collectors.
//!
//! They are read from its files beside the loop, a few at a time, and no further than the
//! caller takes them: what a collector does not take waits in the ledger.

use std::convert::Infallible;
use std::rc::Rc;

use writ_protocol::ErrorReply;
use writ_protocol::courier::{EventReply, Events};

use super::cursor::{Cursor, EventsError};
use super::{Counted, Ended, admit};
use crate::agent::Agent;
use crate::connection::Caller;
use crate::stream::{Follows, FrameStream, StreamError};

/// Connections that read events at once: one for each collector, and a few for root.
const READERS_MAX: usize = writ_policy::COLLECTORS_MAX + 2;

/// Tells events until the connection ends.
///
/// # Errors
/// Always: why it ends.
pub(crate) async fn events(
    agent: &Rc<Agent>,
    caller: &Caller,
    stream: &mut FrameStream,
    events: Events,
) -> Result<Infallible, Ended> {
    admit(agent, caller).await?;
    let readers = &agent.courier.readers;
    if readers.get() >= READERS_MAX {
        let message = format!("{READERS_MAX} readers of events are as many as there may be");
        return Err(ErrorReply::TooMany { message }.into());
    }
    let _reader = Counted::one_more(readers);
    let mut synced = agent.core.synced.subscribe();
    let mut cursor = Cursor::behind(agent.places.ledger(), events.after, events.digest);
    loop {
        let head = *synced.borrow_and_update();
        if let Some(why) = agent.core.sealed() {
            let message = format!("there are no events, as the ledger is broken: {why}");
            return Err(ErrorReply::Refused { message }.into());
        }
        while cursor.is_behind(head) {
            for reply in batch(&mut cursor, head).await? {
                stream.reply(&reply, Follows::More).await?;
            }
        }
        tokio::select! {
            // The sender is the agent's own, which outlives the connection.
            _ = synced.changed() => {}
            frame = stream.next_frame(None) => {
                frame?;
                return Err(StreamError::Malformed.into());
            }
        }
    }
}

/// Reads on a thread for blocking work.
async fn batch(cursor: &mut Cursor, head: u64) -> Result<Vec<EventReply>, ErrorReply> {
    let place = Cursor::behind(Default::default(), 0, None);
    let mut moved = std::mem::replace(cursor, place);
    let read = tokio::task::spawn_blocking(move || {
        let events = moved.read(head);
        (moved, events)
    });
    let refused = |message: String| ErrorReply::Refused { message };
    let (moved, events) = read.await.map_err(|panic| refused(panic.to_string()))?;
    *cursor = moved;
    events.map_err(|error: EventsError| refused(error.to_string()))
}
