//! Tells the hub what is asked and what is over, again and again until it has it.

use std::convert::Infallible;

use reqwest::{Method, StatusCode};
use serde::Serialize;
use tokio::time::sleep;
use writ_uplink::Backoff;
use writ_uplink::http::REPLY_MAX;

use super::Hub;
use super::client::{HubClient, HubError};
use super::desk::{Desk, Errand};
use crate::sentence;

#[derive(Serialize)]
struct Over<'a> {
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
}

/// Sends what there is, for ever.
pub(super) async fn send(hub: &Hub, client: &HubClient, desk: &Desk) -> Infallible {
    let mut backoff = Backoff::from(hub.pace.first_wait);
    loop {
        let Some(errand) = desk.next() else {
            desk.changed.notified().await;
            continue;
        };
        match run(client, desk, &errand).await {
            Ok(()) => {
                hub.standing.hub_reached();
                backoff.reset();
            }
            Err(error) => {
                hub.standing.hub_failed(sentence(&error));
                sleep(backoff.wait()).await;
            }
        }
    }
}

async fn run(client: &HubClient, desk: &Desk, errand: &Errand) -> Result<(), HubError> {
    let kept = |kept: std::io::Result<()>| {
        // A courier that is started anew would not tell the hub of its end; the hub closes
        // by itself what has run out.
        if let Err(error) = kept {
            eprintln!("which questions the hub knows cannot be kept: {error}");
        }
    };
    match errand {
        Errand::Put(digest, signed) => {
            kept(desk.telling(digest));
            let path = format!("/v1/host/questions/{digest}");
            let sent = client.send(Method::PUT, &path, Some(signed.clone()), REPLY_MAX).await;
            match sent {
                Err(error) if !error.is_final() => Err(error),
                sent => {
                    desk.put(digest);
                    sent.map(drop)
                }
            }
        }
        Errand::Over(closed) => {
            let path = format!("/v1/host/questions/{}/over", closed.digest);
            let over = Over { outcome: &closed.outcome, by: closed.by.as_deref() };
            match client.post(&path, &over).await {
                Err(error) if !error.is_final() => Err(error),
                sent => {
                    kept(desk.done(&closed.digest));
                    match sent {
                        // It never heard of it, or has forgotten it.
                        Err(HubError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(()),
                        sent => sent.map(drop),
                    }
                }
            }
        }
    }
}
