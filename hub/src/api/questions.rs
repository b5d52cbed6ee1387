//! One question, whole: for looking at, and as its host signed it.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use crate::api::lists::Line;
use crate::clock::now_ms;
use crate::hub::Hub;
use crate::live::Event;
use crate::problem::{Kind, Problem};
use crate::store::Received;
use crate::web::params::Path;
use crate::web::who::PersonCaller;

/// A question with how it stands.
#[derive(Debug, Serialize)]
pub struct Whole {
    /// The hub's clock.
    now_ms: i64,
    #[serde(flatten)]
    line: Line,
    /// The exact text, whose SHA-256 is the digest.
    question: String,
    /// The host's signature of it.
    signature: String,
    /// The host's key, an OpenSSH line.
    host_key_line: String,
    /// Its fingerprint, which decisions name.
    host_key: String,
    answers: Vec<Given>,
    notices: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Given {
    seq: i64,
    approver: String,
    verdict: String,
    given_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct Told {
    channel: String,
    event: String,
    state: String,
    attempts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// A question as its host signed it.
#[derive(Debug, Serialize)]
pub struct Signed {
    question: String,
    signature: String,
}

/// `GET /v1/questions/{digest}`
///
/// # Errors
/// When there is no such question.
pub async fn whole(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
    Path(digest): Path<String>,
) -> Result<axum::Json<Whole>, Problem> {
    let received = find(&hub, &caller, &digest).await?;
    let now = now_ms();
    if received.listed.seen_ms.is_none()
        && hub.store.question_seen(&digest, &caller.session.person.name, now).await?
    {
        hub.tell(Event::Question(digest.clone())).await;
    }
    let answers = hub.store.standing(&digest).await?.into_iter().map(|it| Given {
        seq: it.seq,
        approver: it.approver,
        verdict: it.verdict,
        given_ms: it.given_ms,
        taken_ms: it.taken_ms,
        accepted: it.accepted,
        why: it.why,
    });
    let notices = hub.store.notices(&digest).await?.into_iter().map(|it| Told {
        channel: it.channel,
        event: it.event,
        state: it.state,
        attempts: it.attempts,
        done_ms: it.done_ms,
        why: it.why,
    });
    Ok(axum::Json(Whole {
        now_ms: now,
        line: received.listed.into(),
        question: received.text,
        signature: received.signature,
        host_key_line: received.host_key_line,
        host_key: received.host_key,
        answers: answers.collect(),
        notices: notices.collect(),
    }))
}

/// `GET /v1/questions/{digest}/signed`
///
/// # Errors
/// When there is no such question.
pub async fn signed(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
    Path(digest): Path<String>,
) -> Result<axum::Json<Signed>, Problem> {
    let received = find(&hub, &caller, &digest).await?;
    Ok(axum::Json(Signed { question: received.text, signature: received.signature }))
}

/// A question of a host that the caller sees.
pub(super) async fn find(
    hub: &Hub,
    caller: &PersonCaller,
    digest: &str,
) -> Result<Received, Problem> {
    let found = hub.store.question(digest).await?.filter(|it| caller.sees.host(&it.listed.host));
    found.ok_or_else(|| Kind::NotFound.because("there is no such question, or it is past keeping"))
}
