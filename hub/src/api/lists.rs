//! What is open, what was, and which hosts there are.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};

use crate::clock::now_ms;
use crate::hub::Hub;
use crate::limits::CONNECTED_MS;
use crate::problem::Problem;
use crate::store::Listed;
use crate::web::params::Query;
use crate::web::who::PersonCaller;

/// A question in a list.
#[derive(Debug, Serialize)]
pub struct Line {
    /// SHA-256 of its text.
    digest: String,
    /// The host's name.
    host: String,
    /// The ID at the host.
    id: String,
    /// Who asks.
    requester: String,
    /// What for, perhaps cut: decisions are made on the text.
    summary: String,
    received_ms: i64,
    closes_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    over_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

impl From<Listed> for Line {
    fn from(listed: Listed) -> Self {
        Self {
            digest: listed.digest,
            host: listed.host,
            id: listed.id,
            requester: listed.requester,
            summary: listed.summary,
            received_ms: listed.received_ms,
            closes_ms: listed.closes_ms,
            seen_ms: listed.seen_ms,
            over_ms: listed.over_ms,
            outcome: listed.outcome,
            by: listed.over_by,
        }
    }
}

/// Questions.
#[derive(Debug, Serialize)]
pub struct Lines {
    /// The hub's clock.
    now_ms: i64,
    /// How many there are beyond those that are here.
    more: i64,
    questions: Vec<Line>,
}

/// `GET /v1/questions`
///
/// # Errors
/// When the store does not answer.
pub async fn open(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
) -> Result<axum::Json<Lines>, Problem> {
    let (now, person) = (now_ms(), &caller.session.person);
    let open = hub.store.open_questions(person, now).await?;
    let here = i64::try_from(open.len()).unwrap_or(i64::MAX);
    let more = hub.store.open_count(person, now).await?.saturating_sub(here).max(0);
    let questions = shown(&caller, open);
    Ok(axum::Json(Lines { now_ms: now, more, questions }))
}

fn shown(caller: &PersonCaller, listed: Vec<Listed>) -> Vec<Line> {
    listed.into_iter().filter(|it| caller.sees.host(&it.host)).map(Line::from).collect()
}

/// From where in the past.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// Only what was over before, in milliseconds since 1970-01-01 UTC.
    before: Option<i64>,
}

/// `GET /v1/history?before=MS`
///
/// # Errors
/// When the store does not answer.
pub async fn history(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
    Query(which): Query<Before>,
) -> Result<axum::Json<Lines>, Problem> {
    let before = which.before.unwrap_or(i64::MAX);
    let closed = hub.store.closed_questions(&caller.session.person, before).await?;
    let questions = shown(&caller, closed);
    Ok(axum::Json(Lines { now_ms: now_ms(), more: 0, questions }))
}

/// Hosts.
#[derive(Debug, Serialize)]
pub struct Hosts {
    /// The hub's clock.
    now_ms: i64,
    hosts: Vec<HostLine>,
}

#[derive(Debug, Serialize)]
struct HostLine {
    id: String,
    name: String,
    /// The fingerprint of its key.
    key: String,
    /// The key, an OpenSSH line.
    key_line: String,
    enrolled_ms: i64,
    seen_ms: i64,
    connected: bool,
    /// How many of its questions are open.
    open: i64,
}

/// `GET /v1/hosts`
///
/// # Errors
/// When the store does not answer.
pub async fn hosts(
    State(hub): State<Arc<Hub>>,
    caller: PersonCaller,
) -> Result<axum::Json<Hosts>, Problem> {
    let now = now_ms();
    let mut hosts = hub.store.hosts().await?;
    hosts.retain(|it| caller.sees.host(&it.host.name));
    let hosts = hosts.into_iter().map(|it| HostLine {
        connected: hub.live.is_waiting(&it.host.id) || now - it.seen_ms < CONNECTED_MS,
        id: it.host.id,
        name: it.host.name,
        key: it.host.fingerprint,
        key_line: it.host.key_line,
        enrolled_ms: it.enrolled_ms,
        seen_ms: it.seen_ms,
        open: it.open,
    });
    Ok(axum::Json(Hosts { now_ms: now, hosts: hosts.collect() }))
}
