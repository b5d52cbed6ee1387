//! What a host's courier calls: its questions in, how they ended, the answers out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;
use writ_engine::question::Question;
use writ_signed::{PublicKey, SignedQuestion};

use crate::api::summary;
use crate::clock::now_ms;
use crate::hub::Hub;
use crate::limits::{ANSWERS_WAIT_MAX, QUESTION_OPEN_MS_MAX, SIGNED_QUESTION_BYTES_MAX};
use crate::live::Event;
use crate::problem::{Kind, Problem};
use crate::store::{Host, Over, Put, Stored, Taking};
use crate::web::body::{Json, Text};
use crate::web::params::{Path, Query};
use crate::web::who::HostCaller;

/// Bytes of how a question ended, of who ended it, and of why an answer does not count.
const REMARK_BYTES_MAX: usize = 2_048;

/// `PUT /v1/host/questions/{digest}`
///
/// # Errors
/// When it is not a question of this host, or cannot be kept.
pub async fn put(
    State(hub): State<Arc<Hub>>,
    HostCaller(host): HostCaller,
    Path(digest): Path<String>,
    Text(json): Text<SIGNED_QUESTION_BYTES_MAX>,
) -> Result<StatusCode, Problem> {
    let signed =
        SignedQuestion::parse(&json).map_err(|error| Kind::Malformed.because(error.to_string()))?;
    let key = PublicKey::from_line(&host.key_line)
        .map_err(|error| Kind::Fault.because(format!("the host's key is none: {error}")))?;
    signed.verify(&key).map_err(|error| Kind::NotVerified.because(error.to_string()))?;
    if signed.digest() != digest {
        return Err(Kind::NotVerified.because(format!(
            "the question's digest is {}, and it was put under {digest}",
            signed.digest()
        )));
    }
    let question = Question::parse(&signed.question)
        .map_err(|error| Kind::Malformed.because(error.to_string()))?;
    if question.host != host.name {
        return Err(Kind::NotYours.because(format!(
            "the question is of host {:?}, and this credential is of host {:?}; enrol the host under its present name",
            question.host, host.name
        )));
    }
    let now = now_ms();
    let put = Put {
        digest: &digest,
        id: &question.id.to_string(),
        requester: &summary::requester(&question),
        summary: &summary::aim(&question),
        text: &signed.question,
        signature: &signed.signature,
        closes_ms: closes(&question, now),
    };
    match hub.store.put_question(&host, &put, now).await? {
        Stored::New => {
            hub.push.asked(&hub, &host, &digest).await?;
            hub.tell(Event::Question(digest)).await;
            Ok(StatusCode::CREATED)
        }
        Stored::Known => Ok(StatusCode::OK),
        Stored::Others => Err(Kind::Conflict.because("another host has put this question")),
        Stored::TooMany => Err(Kind::TooOften.because(
            "the hub holds as many open questions of this host as it takes; those that are over make room",
        )),
    }
}

/// When silence is a no, by the hub's clock. The host's word is taken where it can be true;
/// a clock that is off makes a question neither end at once nor stay for ever.
fn closes(question: &Question, now: i64) -> i64 {
    let timeout =
        i64::try_from(question.timeout_ms.0).unwrap_or(i64::MAX).min(QUESTION_OPEN_MS_MAX);
    let latest = now.saturating_add(timeout);
    let opened = i64::try_from(question.opened_wall_ms.0).unwrap_or(i64::MAX);
    let said = opened.saturating_add(timeout);
    if said > now { said.min(latest) } else { latest }
}

/// How a question ended.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// In a word or a few, such as `approved`.
    outcome: String,
    /// By whom, where somebody decided.
    #[serde(default)]
    by: Option<String>,
}

/// `POST /v1/host/questions/{digest}/over`
///
/// # Errors
/// When the host has put no such question.
pub async fn over(
    State(hub): State<Arc<Hub>>,
    HostCaller(host): HostCaller,
    Path(digest): Path<String>,
    Json(ended): Json<Ended>,
) -> Result<StatusCode, Problem> {
    short("outcome", Some(&ended.outcome))?;
    short("by", ended.by.as_deref())?;
    let over = Over { digest: &digest, outcome: &ended.outcome, by: ended.by.as_deref() };
    if hub.store.close_question(&host, &over, now_ms()).await? {
        hub.push.over(&hub, &host, &digest).await?;
        hub.tell(Event::Over(digest)).await;
    } else if !hub.store.has_question(&host, &digest).await? {
        return Err(no_question());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What a host asks for answers with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The number of the last that it has seen.
    #[serde(default)]
    after: i64,
    /// For how many seconds it waits for the next.
    #[serde(default)]
    wait: u64,
}

/// Answers in the host's order.
#[derive(Debug, Serialize)]
pub struct Answers {
    answers: Vec<Numbered>,
}

#[derive(Debug, Serialize)]
struct Numbered {
    seq: i64,
    answer: Box<RawValue>,
}

/// `GET /v1/host/answers?after=SEQ&wait=SECONDS`
///
/// # Errors
/// When the store does not answer, or too many calls of the host wait already.
pub async fn answers(
    State(hub): State<Arc<Hub>>,
    HostCaller(host): HostCaller,
    Query(which): Query<Which>,
) -> Result<axum::Json<Answers>, Problem> {
    let until = Instant::now() + Duration::from_secs(which.wait).min(ANSWERS_WAIT_MAX);
    let Some(place) = hub.live.wait(&host.id) else {
        return Err(Kind::TooOften.because(
            "calls of this host wait for answers already; is its courier running twice?",
        ));
    };
    loop {
        // Before the look, so that nothing comes between the two.
        let mut told = std::pin::pin!(place.notify().notified());
        told.as_mut().enable();
        let answers = waiting(&hub, &host, which.after).await?;
        if !answers.is_empty() {
            return Ok(axum::Json(Answers { answers }));
        }
        tokio::select! {
            () = told => {}
            () = tokio::time::sleep_until(until) => return Ok(axum::Json(Answers { answers })),
            () = hub.ended() => return Ok(axum::Json(Answers { answers })),
        }
    }
}

async fn waiting(hub: &Hub, host: &Host, after: i64) -> Result<Vec<Numbered>, Problem> {
    let waiting = hub.store.waiting(host, after).await?;
    waiting
        .into_iter()
        .map(|(seq, answer)| {
            let answer = RawValue::from_string(answer)
                .map_err(|error| Kind::Fault.because(format!("answer {seq} is none: {error}")))?;
            Ok(Numbered { seq, answer })
        })
        .collect()
}

/// What the host makes of an answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Whether it counts.
    accepted: bool,
    /// Why not.
    #[serde(default)]
    why: Option<String>,
}

/// `POST /v1/host/answers/{seq}/taken`
///
/// # Errors
/// When the host has no such answer.
pub async fn taken(
    State(hub): State<Arc<Hub>>,
    HostCaller(host): HostCaller,
    Path(seq): Path<i64>,
    Json(taken): Json<Taken>,
) -> Result<StatusCode, Problem> {
    short("why", taken.why.as_deref())?;
    let taking = Taking { seq, accepted: taken.accepted, why: taken.why.as_deref() };
    let Some(question) = hub.store.taken(&host, &taking, now_ms()).await? else {
        return Err(Kind::NotFound.because(format!("there is no answer {seq} for this host")));
    };
    hub.tell(Event::Question(question)).await;
    Ok(StatusCode::NO_CONTENT)
}

fn no_question() -> Problem {
    Kind::NotFound.because("this host has put no such question, or it is past keeping")
}

fn short(what: &str, text: Option<&str>) -> Result<(), Problem> {
    if text.is_some_and(|text| text.len() > REMARK_BYTES_MAX) {
        return Err(Kind::TooLarge.because(format!(
            "{what:?} is longer than the {REMARK_BYTES_MAX} bytes that it may have"
        )));
    }
    Ok(())
}
