//! What changes, as it does, for whoever looks (server-sent events).

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{self, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use crate::clock::now_ms;
use crate::hub::{Hub, View};
use crate::limits::VIEW_ALIVE_EVERY;
use crate::live::Event;
use crate::problem::Problem;
use crate::store::{Sees, SessionKind};
use crate::web::who::PersonCaller;

/// `GET /v1/events`
///
/// # Errors
/// When too many look at once.
pub async fn events(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Problem> {
    let looking = Looking {
        events: hub.live.events(),
        _view: hub.view(&caller.session.person.id)?,
        check: Instant::now() + VIEW_ALIVE_EVERY,
        digest: caller.digest,
        kind: caller.kind,
        sees: caller.sees,
        begun: false,
        hub,
    };
    let stream = stream::unfold(looking, |mut looking| async move {
        let event = looking.next().await?;
        Some((Ok(event), looking))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(VIEW_ALIVE_EVERY)))
}

struct Looking {
    hub: Arc<Hub>,
    events: Receiver<Event>,
    _view: View,
    /// When it is looked whether the session still stands.
    check: Instant,
    digest: String,
    kind: SessionKind,
    sees: Sees,
    begun: bool,
}

impl Looking {
    async fn next(&mut self) -> Option<sse::Event> {
        if !self.begun {
            self.begun = true;
            return Some(named("resync", "all"));
        }
        loop {
            tokio::select! {
                event = self.events.recv() => match event {
                    Ok(event) => if self.is_seen(&event).await
                        && let Some(event) = told(&event)
                    {
                        return Some(event);
                    },
                    // It was too slow to hear everything: it looks anew.
                    Err(RecvError::Lagged(_)) => return Some(named("resync", "all")),
                    Err(RecvError::Closed) => return None,
                },
                () = sleep_until(self.check) => {
                    let session = self.hub.store.session(&self.digest, self.kind, now_ms()).await;
                    let Ok(Some(session)) = session else { return None };
                    self.sees = self.hub.store.sees(&session.person).await.ok()?;
                    self.check = Instant::now() + VIEW_ALIVE_EVERY;
                }
                () = self.hub.ended() => return None,
            }
        }
    }
}

impl Looking {
    /// Whether it is about a host that he sees. What cannot be told is not said.
    async fn is_seen(&self, event: &Event) -> bool {
        let (Event::Question(digest) | Event::Over(digest)) = event else { return true };
        if self.sees == Sees::All {
            return true;
        }
        let host = self.hub.store.host_of_question(digest).await;
        matches!(host, Ok(Some(host)) if self.sees.host(&host))
    }
}

fn told(event: &Event) -> Option<sse::Event> {
    match event {
        Event::Question(digest) => Some(named("question", digest)),
        Event::Over(digest) => Some(named("over", digest)),
        Event::Hosts => Some(named("hosts", "all")),
        Event::Resync => Some(named("resync", "all")),
        Event::Answer(_) | Event::Notice => None,
    }
}

fn named(name: &str, data: &str) -> sse::Event {
    sse::Event::default().event(name).data(data)
}
