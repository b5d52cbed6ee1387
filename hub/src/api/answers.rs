//! An approver's answer comes in. It is checked as the host will check it, so that who sent it
//! hears at once what is wrong; what counts is the host's own check.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use writ_signed::{Answer, ApproverKey, Decision, Expected, Verdict};

use crate::api::questions::find;
use crate::clock::now_ms;
use crate::hub::Hub;
use crate::limits::BODY_BYTES_MAX;
use crate::live::Event;
use crate::problem::{Kind, Problem};
use crate::secret;
use crate::store::{Given, Person, Received, Submitted};
use crate::web::body::Text;
use crate::web::params::Path;
use crate::web::who::PersonCaller;

/// What who answered gets.
#[derive(Debug, Serialize)]
pub struct Accepted {
    /// The answer's number in the host's sequence.
    seq: i64,
}

/// `POST /v1/questions/{digest}/answers`
///
/// # Errors
/// When the host would refuse it, as far as can be said here.
pub async fn submit(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
    Path(digest): Path<String>,
    Text(json): Text<BODY_BYTES_MAX>,
) -> Result<(StatusCode, axum::Json<Accepted>), Problem> {
    let person = &caller.session.person;
    let answer =
        Answer::parse(&json).map_err(|error| Kind::Malformed.because(error.to_string()))?;
    let question = find(&hub, &caller, &digest).await?;
    let now = now_ms();
    let checked = check(&hub, person, &question, &answer, now).await;
    let decision = match checked {
        Ok(decision) => decision,
        Err(problem) => {
            let name = &person.name;
            hub.store.record(now, "answer.refused", name, &digest, &problem.detail).await?;
            return Err(problem);
        }
    };
    let text = answer.text().map_err(|error| Kind::Malformed.because(error.to_string()))?;
    let given = Given {
        digest: &secret::digest(&text),
        answer: &text,
        approver: &decision.approver,
        verdict: match decision.verdict {
            Verdict::Approve => "approve",
            Verdict::Deny => "deny",
        },
    };
    match hub.store.submit(&question, &given, now).await? {
        Submitted::Waits(seq) => {
            hub.tell(Event::Answer(question.host_id)).await;
            hub.tell(Event::Question(digest)).await;
            Ok((StatusCode::CREATED, axum::Json(Accepted { seq })))
        }
        Submitted::Known(seq) => Ok((StatusCode::OK, axum::Json(Accepted { seq }))),
        Submitted::Answered => {
            Err(Kind::Conflict.because("you have answered this question already"))
        }
        Submitted::Over => Err(Kind::Conflict.because("the question is over")),
        Submitted::TooMany => Err(Kind::Conflict.because(
            "there are as many answers to this question as the hub takes; answer it at the host",
        )),
    }
}

async fn check(
    hub: &Hub,
    person: &Person,
    question: &Received,
    answer: &Answer,
    now: i64,
) -> Result<Decision, Problem> {
    let no = |error: &dyn std::fmt::Display| Kind::NotVerified.because(error.to_string());
    // Only to choose whose keys: nothing is believed of it before they verify it.
    let claimed = answer.claimed().map_err(|error| no(&error))?;
    if claimed.approver != person.name {
        return Err(Kind::NotYours.because(format!(
            "the answer is in the name of {:?}, and you are logged in as {:?}",
            claimed.approver, person.name
        )));
    }
    let mut keys = Vec::new();
    for line in hub.store.lines(person).await? {
        keys.push(line.parse::<ApproverKey>().map_err(|error| {
            Kind::Fault.because(format!("a key that the hub has of you is none: {error}"))
        })?);
    }
    let verified = answer.verify(&keys).map_err(|error| no(&error))?;
    let decision = verified.decision;
    let host_key = question
        .host_key
        .parse()
        .map_err(|error| Kind::Fault.because(format!("the host's key is none: {error}")))?;
    decision
        .check(&Expected {
            host_key,
            id: &question.listed.id,
            question: &question.listed.digest,
            now_wall_ms: u64::try_from(now).unwrap_or(0),
        })
        .map_err(|error| no(&error))?;
    if decision.host != question.listed.host {
        return Err(Kind::NotVerified.because(format!(
            "the decision names host {:?}, and the question is of host {:?}",
            decision.host, question.listed.host
        )));
    }
    Ok(decision)
}
