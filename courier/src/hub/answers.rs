//! Answers, from the hub to the agent. What they say is the agent's to read: here they
//! are bytes of a bounded length, each handed over as it came, and the hub is told what
//! the agent made of it.

use std::convert::Infallible;
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};
use writ_protocol::signed::DecideSigned;
use writ_protocol::{CallError, ErrorReply};
use writ_uplink::Backoff;
use writ_uplink::http::REPLY_MAX;

use super::Hub;
use super::client::{HubClient, HubError};
use crate::agent::{Agent, AgentError};
use crate::limits::{ANSWER_BYTES_MAX, ANSWERS_MAX, ANSWERS_WAIT};
use crate::sentence;

/// The longest sentence that the hub is told of the agent's, in characters.
const WHY_CHARS_MAX: usize = 500;

#[derive(Deserialize)]
struct Answers {
    answers: Vec<Numbered>,
}

#[derive(Deserialize)]
struct Numbered {
    seq: i64,
    answer: Box<RawValue>,
}

#[derive(Debug, Serialize)]
struct Taken {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Fetches answers, for ever.
pub(super) async fn fetch(hub: &Hub, client: &HubClient) -> Infallible {
    let mut backoff = Backoff::from(hub.pace.first_wait);
    let mut after = 0;
    // At first, and after a failure, the hub is not asked to wait: its reply says at once
    // that it is well.
    let mut is_well = false;
    loop {
        let asked = Instant::now();
        let wait = if is_well { ANSWERS_WAIT } else { Duration::ZERO };
        let fetched = round(hub, client, &mut after, wait).await;
        let was_well = std::mem::replace(&mut is_well, fetched.is_ok());
        match fetched {
            Ok(Fetched::Good) => {
                hub.standing.hub_reached();
                backoff.reset();
            }
            // One bad answer is no reason to keep a good one waiting; many are bounded by
            // the agent, too.
            Ok(Fetched::Refused) => {
                hub.standing.hub_reached();
                sleep(hub.pace.first_wait).await;
            }
            // A hub that has nothing new to say and says it at once is asked less and less
            // often.
            Ok(Fetched::Nothing) if asked.elapsed() >= ANSWERS_WAIT / 2 => {
                hub.standing.hub_reached();
                backoff.reset();
            }
            Ok(Fetched::Nothing) if !was_well => hub.standing.hub_reached(),
            Ok(Fetched::Nothing) => {
                hub.standing.hub_reached();
                sleep(backoff.wait()).await;
            }
            Err(error) => {
                hub.standing.hub_failed(sentence(&error));
                sleep(backoff.wait()).await;
            }
        }
    }
}

enum Fetched {
    /// At least one that counts.
    Good,
    /// New ones, and none that counts.
    Refused,
    /// None that is new.
    Nothing,
}

async fn round(
    hub: &Hub,
    client: &HubClient,
    after: &mut i64,
    wait: Duration,
) -> Result<Fetched, HubError> {
    let path = format!("/v1/host/answers?after={after}&wait={}", wait.as_secs());
    let patience: Duration = wait + REPLY_MAX;
    let body = client.send(Method::GET, &path, None, patience).await?;
    let Answers { answers } =
        serde_json::from_slice(&body).map_err(|error| HubError::Malformed(error.to_string()))?;
    if answers.len() > ANSWERS_MAX {
        let count = answers.len();
        return Err(HubError::Malformed(format!(
            "{count} answers at once are more than {ANSWERS_MAX}"
        )));
    }
    let mut fetched = Fetched::Nothing;
    let before = *after;
    // What was handed over before is not handed over again.
    for Numbered { seq, answer } in answers.into_iter().filter(|answer| answer.seq > before) {
        let taken = hand_over(hub, answer.get()).await;
        fetched = match fetched {
            Fetched::Good => Fetched::Good,
            _ if taken.accepted => Fetched::Good,
            _ => Fetched::Refused,
        };
        match client.post(&format!("/v1/host/answers/{seq}/taken"), &taken).await {
            // It comes again, and the agent says again what it makes of it.
            Err(error) if !error.is_final() => return Err(error),
            _ => *after = (*after).max(seq),
        }
    }
    Ok(fetched)
}

/// Hands an answer to the agent, however long it is away.
async fn hand_over(hub: &Hub, answer: &str) -> Taken {
    let refused = |why: String| Taken {
        accepted: false,
        why: Some(why.chars().take(WHY_CHARS_MAX).collect()),
    };
    if answer.len() > ANSWER_BYTES_MAX {
        return refused(format!("it is longer than {ANSWER_BYTES_MAX} bytes"));
    }
    let call = DecideSigned { answer: answer.to_owned() };
    let mut backoff = Backoff::from(hub.pace.first_wait);
    loop {
        match Agent::ask(&hub.socket, &call).await {
            Ok(_) => return Taken { accepted: true, why: None },
            // Not about the answer: it would count another time.
            Err(AgentError::Call(CallError::Reply(
                ErrorReply::TooMany { .. } | ErrorReply::NoRecord { .. },
            ))) => sleep(backoff.wait()).await,
            Err(AgentError::Call(CallError::Reply(error))) => return refused(error.to_string()),
            Err(error) => {
                eprintln!("an answer waits for the agent: {}", sentence(&error));
                sleep(backoff.wait()).await;
            }
        }
    }
}
